"""One of many virtual trials in full: its records, its results, and whether they are those that were counted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from trialwright.errors import CheckFailed, DataError

if TYPE_CHECKING:
    from pathlib import Path

    from trialwright.cli.rehearsal import Study
    from trialwright.results import Results

__all__ = ["open_trial"]

CLOSE = 1e-9
"""Two ways of computing one number differ in rounding only."""
NOBODY = "/grade 3 or higher/"
"""A term that nobody had has no row among the results; its share was counted as 0."""


def open_trial(study: Study, seed: int, number: int, out: Path | None, json: bool) -> None:
    """Write trial ``number`` of a seed as a rehearsal's files, and check it against the same trial as arrays."""
    from trialwright import simulate
    from trialwright.cli.files import write_files
    from trialwright.cli.output import whole_folder
    from trialwright.cli.rehearsal import Rehearsal, analyze_trial

    if out is None:
        raise DataError("--open writes a whole trial; name the folder with --out")
    data = simulate.trial(study.protocol, study.scenario, seed, number)
    analysis = analyze_trial(data, study.protocol)
    counted = simulate.many(study.protocol, study.scenario, 1, seed, first=number).values
    with whole_folder(out, replace=False) as folder:
        write_files(Rehearsal(study, seed, data, analysis, None, (), (), ()), folder)
    agree, differ = agreement({key: float(values[0]) for key, values in counted.items()}, analysis.results)
    typer.echo(_as_json(number, seed, agree, differ) if json else _as_text(number, seed, agree, differ))
    if differ:
        raise CheckFailed(f"{len(differ)} numbers differ between the records and the arrays")


def agreement(counted: Mapping[str, float], results: Results) -> tuple[int, list[str]]:
    """Return how many numbers of a trial are the same counted and from its records, and each that is not, in words."""
    full = {row.key: row.value for row in results}
    differ = [
        f"{key}: {value:.12g} counted, {_shown(full, key)} from the records"
        for key, value in counted.items()
        if not _same(key, value, full)
    ]
    return len(counted) - len(differ), differ


def _same(key: str, counted: float, full: Mapping[str, float | None]) -> bool:
    if key not in full:  # a data cut-off never reached, or a term that nobody had
        return math.isnan(counted) or (NOBODY in key and counted == 0)
    value = full[key]
    return not math.isfinite(counted) if value is None else math.isclose(counted, value, rel_tol=CLOSE, abs_tol=CLOSE)


def _shown(full: Mapping[str, float | None], key: str) -> str:
    return "no number" if full.get(key) is None else f"{full[key]:.12g}"


def _as_text(number: int, seed: int, agree: int, differ: list[str]) -> str:
    head = f"virtual trial {number} of seed {seed}: {agree} numbers are the same from its records and from the arrays"
    return "\n".join([head, *differ])


def _as_json(number: int, seed: int, agree: int, differ: list[str]) -> str:
    from json import dumps

    return dumps({"trial": number, "seed": seed, "same": agree, "different": differ}, indent=1, ensure_ascii=False)
