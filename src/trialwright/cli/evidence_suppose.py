"""``trialwright evidence suppose``: the least study that a trial's claims make, to be calibrated and rehearsed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

__all__ = ["suppose"]

WIDEST = 10**6
"""Width of a line that is never broken."""


def suppose(  # noqa: PLR0917 - each is an option of the command
    trial: Annotated[str, typer.Argument(metavar="STUDY|FILE", help="A study with claims, or a file of claims.")],
    accrual_months: Annotated[float, typer.Option(min=0.1, help="Months over which patients enter, uniformly.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write; STUDY-supposed by default.")] = None,
    scan_weeks: Annotated[float | None, typer.Option(min=1, help="Weeks between scans, where no claim says.")] = None,
    follow_up_months: Annotated[
        float | None, typer.Option(min=0.1, help="Median follow-up, where no claim says.")
    ] = None,
    hazard_ratio: Annotated[
        str | None,
        typer.Option(metavar="CLAIM", help="Comparison by the id of its claim; the first of PFS by default."),
    ] = None,
    patients: Annotated[
        list[str] | None, typer.Option(metavar="ARM=NUMBER", help="Patients of each arm, where no claim prints them.")
    ] = None,
) -> None:
    """Write the least protocol and scenario that answer a trial's claims; then calibrate and rehearse them.

    Arms, patients, rates and medians come from the claims; everything else is supposed, marked so, and listed.
    """
    from trialwright.cli.output import whole_folder
    from trialwright.errors import DocumentError
    from trialwright.evidence import ledger
    from trialwright.evidence import suppose as study_of

    (file, *others) = ledger(trial).files
    if others:
        raise DocumentError(f"{trial} holds {len(others) + 1} trials; name one of them")
    try:
        made = study_of(
            file.claims,
            accrual_months=accrual_months,
            scan_weeks=scan_weeks,
            follow_up_months=follow_up_months,
            hazard_ratio=hazard_ratio,
            patients=_by_arm(patients or ()),
        )
    except ValueError as error:
        raise DocumentError(f"{file.path}: {error}") from None
    target = out or Path(f"{made.protocol.identification.id}-supposed")
    with whole_folder(target, replace=False) as folder:
        why = f"made from the claims of {file.trial}, with the least that a simulation needs"
        _write(folder / "protocol.yaml", made.protocol, {"status": "assumed", "why": why})
        _write(folder / "scenario.yaml", made.scenario, {"status": "assumed", "why": why})
        _write(folder / "claims.yaml", made.claims, {})
    typer.echo(f"{target}: {made.protocol.identification.brief_title}")
    typer.echo("\n".join(f"supposed: {each}" for each in made.supposed))
    typer.echo(f"next: trialwright calibrate {target / 'protocol.yaml'}")


def _by_arm(given: Sequence[str]) -> dict[str, int] | None:
    pairs = [each.partition("=") for each in given]
    if not all(arm and number.isdigit() and int(number) > 0 for arm, _, number in pairs):
        raise ValueError(f"--patients must be ARM=NUMBER, as R=334; got {' '.join(given)}")
    return {arm: int(number) for arm, _, number in pairs} or None


def _write(path: Path, model: BaseModel, provenance: dict[str, str]) -> None:
    import yaml

    content = model.model_dump(mode="json", exclude_unset=True)
    marked = {key: _marked(value, provenance) for key, value in content.items()}
    path.write_text(yaml.safe_dump(marked, sort_keys=False, allow_unicode=True, width=WIDEST), encoding="utf-8")


def _marked(value: Any, provenance: dict[str, str]) -> Any:
    """Return a section with its provenance; a list has none of its own, its mappings have."""
    if isinstance(value, dict):
        return {**provenance, **value}
    return [_marked(each, provenance) for each in value] if isinstance(value, list) else value
