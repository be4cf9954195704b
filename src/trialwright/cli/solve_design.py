"""``trialwright design solve``: any quantity of a fixed design from the others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import typer

from trialwright.cli.design_options import (
    Accrual,
    AccrualSpeed,
    Alpha,
    ControlMedian,
    Dropout,
    DropoutExperimental,
    Events,
    FollowUp,
    HazardRatioOrNone,
    Json,
    Longest,
    Margin,
    MoreEvents,
    Patients,
    PowerOrNone,
    Rate,
    Ratio,
    Sides,
    Stratum,
)

if TYPE_CHECKING:
    from trialwright.design import PlannedStratum, SolvedDesign, Steps

__all__ = ["as_options", "check_alpha", "check_dropout", "solve", "split_ratio"]


def solve(  # noqa: PLR0917 - each is an option of the command
    alpha: Alpha,
    sides: Sides,
    control_median: ControlMedian = None,
    stratum: Stratum = None,
    ratio: Ratio = "1:1",
    hazard_ratio: HazardRatioOrNone = None,
    power: PowerOrNone = None,
    events: Events = None,
    patients: Patients = None,
    accrual: Accrual = None,
    follow_up: FollowUp = None,
    rate: Rate = None,
    margin: Margin = 1.0,
    more_events: MoreEvents = False,
    accrual_speed: AccrualSpeed = "0:1",
    dropout: Dropout = 0.0,
    dropout_experimental: DropoutExperimental = None,
    longest: Longest = None,
    json: Json = False,
) -> None:
    """Print the design in which the quantities left out follow from four that are given.

    Give four of --hazard-ratio, --power, --events, --patients, --accrual, --follow-up and --rate: not all of the first
    three, and at most two of --patients, --accrual, --rate. Events and power by Schoenfeld, one hazard ratio for all
    strata. What cannot be is refused with the nearest that can.
    """
    from trialwright.design import solve_design
    from trialwright.errors import DataError

    try:
        check_alpha(alpha)
        found = solve_design(
            _strata(control_median, stratum, dropout, dropout_experimental),
            alpha=alpha,
            sides=sides,  # type: ignore[arg-type]
            ratio=split_ratio(ratio),
            hazard_ratio=hazard_ratio,
            power=power,
            events=events,
            patients=patients,
            accrual=accrual,
            follow_up=follow_up,
            rate=rate,
            margin=margin,
            benefit="more events" if more_events else None,
            accrual_shape=_speed(accrual_speed),
            longest=math.inf if longest is None else longest,
        )
    except ValueError as error:
        raise DataError(as_options(str(error))) from error
    typer.echo(_as_json(found) if json else _as_text(found))


def split_ratio(text: str) -> float:
    """Return the experimental arm's patients for each in the control arm, from text such as 2:1."""
    try:
        experimental, control = (float(part) for part in text.split(":"))
    except ValueError:
        experimental = control = math.nan
    if not (0 < experimental < math.inf and 0 < control < math.inf):
        raise ValueError(f"--ratio must be two numbers above 0 with a colon, such as 2:1; got {text!r}")
    return experimental / control


def check_alpha(alpha: float) -> None:
    """Refuse a type I error that no test would have, such as a percentage."""
    if alpha > 0.5:
        near = 0.5 if alpha < 1 else min(0.5, alpha / 100)
        raise ValueError(f"--alpha must be at most 0.5; got {alpha:g}; nearest: {near:g}")


def check_dropout(option: str, share: float | None) -> None:
    """Refuse a chance that is none, such as a percentage."""
    if share is not None and not 0 <= share < 1:
        raise ValueError(f"{option} must be a share such as 0.1; got {share:g}")


def as_options(message: str) -> str:
    """Return a message about arguments with their options instead: all of those a sentence on what to give names.

    >>> as_options("hazard_ratio must differ from 1")
    '--hazard-ratio must differ from 1'
    >>> as_options("give at most two of patients, accrual, rate: the third follows; got power")
    'give at most two of --patients, --accrual, --rate: the third follows; got --power'
    """
    import re

    names = "hazard_ratio|follow_up|accrual_shape|power|events|patients|accrual|rate|alpha|sides|margin|tau"
    where = rf"\b({names})\b" if message.startswith("give ") else rf"^({names})(?= must)"
    return re.sub(where, lambda found: _option(found[0]), message)


def _option(name: str) -> str:
    return "--accrual-speed" if name == "accrual_shape" else f"--{name.replace('_', '-')}"


def _strata(
    median: float | None, strata: list[str] | None, dropout: float, experimental: float | None
) -> list[PlannedStratum]:
    from trialwright.design import PlannedStratum, Steps, dropout_hazard

    if (median is None) == (not strata):
        raise ValueError("give --control-median, or --stratum for each stratum; not both")
    pairs = [(1.0, median)] if median is not None else [_pair("--stratum", text) for text in strata or ()]
    check_dropout("--dropout", dropout)
    check_dropout("--dropout-experimental", experimental)
    leaving = Steps.of(dropout_hazard(dropout, within=12))
    own = None if experimental is None else Steps.of(dropout_hazard(experimental, within=12))
    return [PlannedStratum(Steps.of(_hazard(months)), share, leaving, own) for share, months in pairs]


def _hazard(median: float) -> float:
    if not 0 < median < math.inf:
        raise ValueError(f"a median must be a finite number of months greater than 0; got {median}")
    return math.log(2) / median


def _speed(text: str) -> Steps:
    from trialwright.design import Steps

    starts, rates = zip(*(_pair("--accrual-speed", part) for part in text.split(",")), strict=True)
    return Steps(starts, rates)


def _pair(option: str, text: str) -> tuple[float, float]:
    try:
        first, second = (float(part) for part in text.split(":"))
    except ValueError:
        raise ValueError(f"{option} must be two numbers with a colon, such as 0.4:8; got {text!r}") from None
    return first, second


def _content(found: SolvedDesign) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(found) | {"time": found.time}


def _as_json(found: SolvedDesign) -> str:
    import json

    return json.dumps(_content(found), indent=2, allow_nan=False)


_LABELS = {
    "hazard_ratio": "Hazard ratio",
    "power": "Power",
    "events": "Events",
    "patients": "Patients",
    "accrual": "Accrual, months",
    "follow_up": "Follow-up, months",
    "rate": "Accrual rate",
    "time": "Analysis, month",
    "at_bound": "Hazard ratio at the bound",
}


def _as_text(found: SolvedDesign) -> str:
    content = _content(found)
    given = set(_LABELS) - set(found.found) - {"time", "at_bound"}
    return "\n".join(
        f"{label:<26}{content[name]:>12.4f}{'  given' if name in given else ''}" for name, label in _LABELS.items()
    )
