"""``trialwright evidence reconstruct``: patients behind a published curve."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trialwright.evidence import ReadCurve

__all__ = ["reconstruct"]


class TimeUnit(StrEnum):
    """Units of the times in the files."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


def reconstruct(  # noqa: PLR0917 - typer reads options by name
    curve: Annotated[Path, typer.Argument(metavar="CURVE", help="CSV: time,survival and arm if there are several.")],
    unit: Annotated[TimeUnit, typer.Option(help="Unit of the times in all files.")] = TimeUnit.MONTHS,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws; the same seed gives the same patients.")] = 1,
    at_risk: Annotated[Path | None, typer.Option(help="CSV: time,at_risk and arm if there are several.")] = None,
    marks: Annotated[Path | None, typer.Option(help="CSV of censoring marks: time, and arm.")] = None,
    patients: Annotated[
        list[str] | None, typer.Option(metavar="[ARM=]N", help="Patients, if not at risk at time 0 in the file.")
    ] = None,
    events: Annotated[
        list[str] | None, typer.Option(metavar="[ARM=]N", help="Printed events: of all arms together, or by arm.")
    ] = None,
    reference: Annotated[str | None, typer.Option(help="The arm that a hazard ratio is against.")] = None,
    hazard_ratio: Annotated[str | None, typer.Option(help="Printed hazard ratio against the reference.")] = None,
    p: Annotated[str | None, typer.Option(help="Printed P of the log-rank test, two-sided.")] = None,
    median: Annotated[list[str] | None, typer.Option(metavar="[ARM=]M", help="Printed median, in months.")] = None,
    rate: Annotated[
        list[str] | None, typer.Option(metavar="[ARM=]MONTH:SHARE", help="Printed rate at a month, as a share.")
    ] = None,
    percent: Annotated[bool, typer.Option("--percent", help="Survival in CURVE is in percent.")] = False,
    reading_error: Annotated[float, typer.Option(help="Standard deviation of a reading, as a share.")] = 0.002,
    stretch: Annotated[
        bool, typer.Option("--stretch", help="Suppose a misread vertical axis; find its factor from the events.")
    ] = False,
    solutions: Annotated[int, typer.Option(min=1, help="How many data sets to draw.")] = 20,
    out: Annotated[Path | None, typer.Option(help="CSV to write the patients of every data set to.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Draw patients that have a published curve, its numbers at risk and its events; exit code 1 if none can.

    Patients, numbers at risk and events are exact in every data set; together they show what the figure leaves open.
    Exit code 1 also when no data set prints one of the other printed figures.
    """
    from trialwright.cli.evidence_reconstruct_text import as_json, as_text, write_patients
    from trialwright.errors import CheckFailed, DataError
    from trialwright.evidence import read_curves
    from trialwright.evidence import reconstruct as drawn

    try:
        sizes = {arm: _whole("--patients", text) for arm, text in _named(patients, "all").items()}
        read = read_curves(
            curve, at_risk, marks, unit=unit.value, reading_error=reading_error, percent=percent, patients=sizes
        )
        curves = _from_reference(read, reference, hazard_ratio)
        first = curves[0].arm
        found = drawn(
            curves,
            seed=seed,
            events=_events(_named(events, "")),
            hazard_ratio=hazard_ratio,
            p=p,
            medians=_named(median, first),
            rates=_rates(_named(rate, first, often=True)),
            solutions=solutions,
            stretch=stretch,
        )
    except (DataError, ValueError) as error:
        raise CheckFailed(str(error)) from error
    if out is not None:
        write_patients(found, out)
    typer.echo(as_json(found) if json else f"times read as {unit.value}\n{as_text(found)}")
    unmet = [answer.name for answer in found.answers if not answer.met]
    if unmet:
        raise CheckFailed(f"printed, but in none of the data sets: {', '.join(unmet)}")


def _from_reference(
    curves: Sequence[ReadCurve], reference: str | None, hazard_ratio: str | None
) -> tuple[ReadCurve, ...]:
    """Return the curves, that of the reference first; a hazard ratio without its direction is refused."""
    known = ", ".join(curve.arm for curve in curves)
    if hazard_ratio is not None and reference is None:
        raise ValueError(f"a hazard ratio needs its direction: name the arm it is against with --reference; {known}")
    if reference is not None and reference not in [curve.arm for curve in curves]:
        raise ValueError(f"--reference: arm {reference!r} has no curve; known: {known}")
    return tuple(sorted(curves, key=lambda curve: curve.arm != reference)) if reference else tuple(curves)


def _named(given: Sequence[str] | None, otherwise: str, *, often: bool = False) -> dict[str, str]:
    """Return ARM=TEXT as a mapping; with ``often`` an arm may come again, and its place is added to its name."""
    found: dict[str, str] = {}
    for place, text in enumerate(given or ()):
        arm, equals, value = text.rpartition("=")
        name = (arm if equals else otherwise) + (f"\0{place}" if often else "")
        if name in found:
            raise ValueError(f"{text!r}: {name or 'the total'} is given twice")
        found[name] = value
    return found


def _events(given: dict[str, str]) -> int | dict[str, int] | None:
    if not given:
        return None
    counts = {arm: _whole("--events", text) for arm, text in given.items()}
    if "" in counts and len(counts) > 1:
        raise ValueError("--events: give one total, or ARM=N for every arm")
    return counts.get("", counts)


def _rates(given: dict[str, str]) -> dict[tuple[str, float], str]:
    """Return ARM=MONTH:SHARE by arm and month."""
    found: dict[tuple[str, float], str] = {}
    for name, text in given.items():
        month, colon, share = text.partition(":")
        if not colon or not month.replace(".", "", 1).isdecimal():
            raise ValueError(f"--rate must be [ARM=]MONTH:SHARE, such as 6:0.42; got {text!r}")
        found[name.partition("\0")[0], float(month)] = share
    return found


def _whole(option: str, text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{option} must be a whole number; got {text!r}")
    return int(text)
