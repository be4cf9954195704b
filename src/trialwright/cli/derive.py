"""``trialwright derive``: what follows from the data of a trial, under named rules, with every reason."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trialwright.errors import CheckFailed, DataError

if TYPE_CHECKING:
    import polars as pl

    from trialwright.cli.derive_source import Source
    from trialwright.derive import Derived

__all__ = ["derive"]


def derive(  # noqa: PLR0917 - each is an option of the command
    path: Annotated[Path, typer.Argument(help="Folder of SDTM files, or of the tables of a trial.")],
    study: Annotated[
        str, typer.Option(help="A study that ships with the program, a protocol file, or a settings file.")
    ],
    rules: Annotated[
        str, typer.Option(help="Rule set of the times: protocol, fda, fda-stops, ema or template.")
    ] = "protocol",
    cutoff: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Data cut-off; applied before anything else.")
    ] = None,
    explain: Annotated[str | None, typer.Option(help="Print this subject's derivation rule by rule, and end.")] = None,
    compare: Annotated[bool, typer.Option("--compare", help="All rule sets side by side, and who differs.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder to write: ADaM, derived tables, findings.")] = None,
    format: Annotated[str, typer.Option(help="Format of the ADaM files: parquet, csv, xpt or json.")] = "parquet",
    sdtm: Annotated[Path | None, typer.Option(help="YAML file of how this study's SDTM is read.")] = None,
    replace: Annotated[bool, typer.Option(help="Replace the folder if it exists.")] = False,
) -> None:
    """Derive response and times to event from data, with the reason and the record behind every row.

    What is wrong with the data is listed and ends with code 1; what can be derived is derived all the same. Data
    without a protocol need a settings file: confirmation, minimum of stable disease, benefit, windows, scan interval.
    """
    from trialwright.cli.derive_source import checked, read_source
    from trialwright.derive import tables

    source = read_source(path, study, rules, cutoff.date() if cutoff else None, sdtm)
    if explain is not None:
        _explain(source, explain, rules, compare, out)
        return
    derived = checked(lambda: tables(source.data, source.plan))
    sides = _sides(source) if compare else {}
    if out is not None:
        _write(out, replace, source, derived, sides, format)
    _tell(source, derived, sides)


def _explain(source: Source, subject: str, rules: str, compare: bool, out: Path | None) -> None:
    from trialwright.cli.derive_source import checked
    from trialwright.derive import RULE_SETS, trace

    if out is not None:
        raise DataError("--explain prints one subject and writes nothing; leave --out out")
    sets = tuple(RULE_SETS) if compare else (rules,)
    typer.echo("\n".join(checked(lambda: trace(source.data, source.own, subject, sets))))


def _sides(source: Source) -> dict[str, pl.DataFrame]:
    """Return every time that scans decide under every rule set."""
    from trialwright.derive import RULE_SETS, side_by_side, under

    asked = [each for each in source.own.endpoints if each.kind == "time to event"]
    ruled = [each.id for each in asked if any(under(each, name) is not each for name in RULE_SETS)]
    return {id: side_by_side(source.data, source.own, id) for id in ruled}


def _write(  # noqa: PLR0917 - what is written, and where
    out: Path, replace: bool, source: Source, derived: Derived, sides: dict[str, pl.DataFrame], format: str
) -> None:
    from trialwright.cli.derive_files import write_derived
    from trialwright.cli.output import whole_folder

    with whole_folder(out, replace=replace) as folder:
        write_derived(folder, source, derived, sides, format)


def _tell(source: Source, derived: Derived, sides: dict[str, pl.DataFrame]) -> None:
    from trialwright.cli.derive_text import comparison, listed, summary

    lines = (*summary(source, derived), *comparison(sides), *listed(source.findings))
    typer.echo("\n".join(lines))
    if source.findings:
        raise CheckFailed(f"{len(source.findings)} findings in the data; what could be derived was derived")
