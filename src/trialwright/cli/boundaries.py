"""``trialwright design boundaries``: critical values look by look."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import typer

from trialwright.cli.design_options import (
    AccrualInAll,
    AlphaOfBounds,
    BetaSpending,
    Binding,
    Bounds,
    DropoutInAYear,
    EventsAtLooks,
    FutilityConditionalPower,
    FutilityHazardRatio,
    FutilityPredictivePower,
    FutilityZ,
    GoesOn,
    HazardRatioOfBounds,
    Information,
    JsonOrText,
    MedianOfControl,
    PatientsInAll,
    Planned,
    PowerOfBounds,
    RatioOrNone,
    SidesOfBounds,
    Spending,
    SpendingTimes,
    Supposing,
)

if TYPE_CHECKING:
    from trialwright.cli.boundaries_asked import Asked, Course
    from trialwright.design import SurvivalLooks

__all__ = ["boundaries"]


def boundaries(  # noqa: PLR0917 - each is an option of the command
    alpha: AlphaOfBounds,
    information: Information = None,
    events: EventsAtLooks = None,
    spending: Spending = None,
    bounds: Bounds = None,
    sides: SidesOfBounds = 1,
    power: PowerOfBounds = None,
    hazard_ratio: HazardRatioOfBounds = None,
    ratio: RatioOrNone = None,
    spending_times: SpendingTimes = None,
    beta_spending: BetaSpending = None,
    futility_z: FutilityZ = None,
    futility_hazard_ratio: FutilityHazardRatio = None,
    futility_conditional_power: FutilityConditionalPower = None,
    futility_predictive_power: FutilityPredictivePower = None,
    supposing: Supposing = None,
    binding: Binding = False,
    planned: Planned = None,
    goes_on: GoesOn = False,
    patients: PatientsInAll = None,
    accrual: AccrualInAll = None,
    control_median: MedianOfControl = None,
    dropout: DropoutInAYear = 0.0,
    json: JsonOrText = False,
) -> None:
    """Print group sequential boundaries, by a spending function or by their shape.

    With --information: for each look the bound on z, the P value to go below
    there, and the alpha spent so far.

    With --events the same at their fractions; with --hazard-ratio and --ratio
    too the design in whole events, the hazard ratio at each bound and the
    chance to stop there. --information,
    --power, --hazard-ratio and --ratio find the events.

    With --planned the looks are those observed, and the last spends what is
    left. Recursive integration to 11 digits.
    """
    from trialwright.cli.boundaries_asked import Asked, Course
    from trialwright.cli.solve_design import split_ratio

    try:
        split = None if ratio is None else split_ratio(ratio)
        asked = Asked(
            spending, bounds, alpha, sides, power, beta_spending, futility_z, futility_hazard_ratio,  # type: ignore[arg-type]
            futility_conditional_power, futility_predictive_power, supposing, binding, spending_times, hazard_ratio,
            split, planned, goes_on,
        )  # fmt: skip
        text, values = _answer(asked, Course(patients, accrual, control_median, dropout), information, events)
    except ValueError as error:
        raise typer.BadParameter(_in_options(str(error))) from None
    typer.echo(_as_json(values) if json else text)


def _answer(asked: Asked, course: Course, information: str | None, events: str | None) -> tuple[str, dict[str, Any]]:
    """Return the text and the values it is made from."""
    from trialwright.cli.boundaries_asked import numbers, shares
    from trialwright.cli.boundaries_text import boundaries_text, boundaries_values, looks_text, looks_values

    if (information is None) == (events is None):
        raise ValueError("tell the looks either by --information, such as 0.6,1, or by --events, such as 76,127")
    if information is not None and asked.planned is not None:
        raise ValueError("--planned goes with --events, those observed")
    if asked.hazard_ratio is not None or asked.ratio is not None:
        values = looks_values(_in_events(asked, course, information, events))
        return looks_text(values), values
    course.trial(1.0, 1.0)
    if course.patients is not None:
        raise ValueError("months are told for events: add --hazard-ratio and --ratio")
    if events is not None:
        found = asked.at_events(_counts(numbers("--events", events)))
    else:
        found = asked.at(shares("--information", information or ""))
    values = boundaries_values(found, asked.power)
    return boundaries_text(values), values


def _counts(events: tuple[float, ...]) -> tuple[float, ...]:
    """Refuse what is no count of events at looks in order."""
    rising = all(before < after for before, after in pairwise(events))
    if not rising or any(not count.is_integer() or count < 1 for count in events):
        raise ValueError(f"--events must be whole numbers above 0 that rise; got {', '.join(f'{e:g}' for e in events)}")
    return events


def _in_events(asked: Asked, course: Course, information: str | None, events: str | None) -> SurvivalLooks:
    from trialwright.cli.boundaries_asked import numbers, shares
    from trialwright.design import planned_looks, survival_looks

    ratio, effect = asked.ratio, asked.hazard_ratio
    if ratio is None or effect is None:
        raise ValueError("a design in events needs both --hazard-ratio and --ratio, such as 0.59 and 2:1")
    trial = course.trial(effect, ratio)
    if events is not None:
        counts = numbers("--events", events)
        return survival_looks(asked.at_events, counts, hazard_ratio=effect, ratio=ratio, trial=trial)  # type: ignore[arg-type]
    if asked.power is None:
        raise ValueError("--information with a hazard ratio needs --power, to find the events; or tell --events")
    fractions = shares("--information", information or "")
    return planned_looks(
        asked.at_events, fractions, power=asked.power, hazard_ratio=effect, ratio=ratio, trial=trial
    )  # fmt: skip


def _in_options(message: str) -> str:
    from trialwright.cli.solve_design import as_options

    return as_options(message).replace(
        "use observed_boundaries", "use --events with --planned, and --goes-on where the last look is not the end"
    )


def _as_json(values: dict[str, Any]) -> str:
    import json

    return json.dumps(values, indent=1, allow_nan=False)
