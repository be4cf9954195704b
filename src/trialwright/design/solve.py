"""Any quantity of a fixed design from the others.

Three equations tie seven quantities: Schoenfeld's, between events, power and hazard ratio; the events expected at the
analysis, between events, hazard ratio, patients, accrual and follow-up; and patients = rate times duration of accrual
(relative speeds apart). Four of the seven leave three to be found. Every search is Brent's between brackets on a
function that only rises or falls, so that no answer means there is none; the error then holds what would be feasible.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from trialwright.design.design_question import DesignQuestion, Known, brent
from trialwright.design.event_probability import Steps
from trialwright.design.expected_test import Benefit
from trialwright.design.infeasible import InfeasibleDesignError, never, too_early, too_few
from trialwright.design.nearest_design import nearest_designs
from trialwright.design.planned_course import PlannedCourse, PlannedStratum
from trialwright.design.size import (
    check_effect,
    check_margin,
    check_share,
    check_test,
)

__all__ = ["SolvedDesign", "solve_design"]

_EVEN = Steps((0.0,), (1.0,))


@dataclass(frozen=True)
class SolvedDesign:
    """All seven quantities; ``found`` names those that were not given. Nothing is rounded.

    ``rate`` is the accrual per unit of time where its relative speed is 1; ``at_bound`` the hazard ratio estimated when
    the test just ends significant.

    >>> SolvedDesign(0.59, 0.8, 126.9, 198.0, 42.0, 0.5, 4.7, ("events", "follow_up", "rate"), 0.69).time
    42.5
    """

    hazard_ratio: float
    power: float
    events: float
    patients: float
    accrual: float
    follow_up: float
    rate: float
    found: tuple[str, ...]
    at_bound: float

    @property
    def time(self) -> float:
        """The analysis, counted from the first entry."""
        return self.accrual + self.follow_up


_TEST = ("hazard_ratio", "power", "events")
_COURSE = ("patients", "accrual", "follow_up", "rate")
_ENTRY = ("patients", "accrual", "rate")


def solve_design(
    control: Steps | Sequence[PlannedStratum],
    *,
    alpha: float,
    sides: Literal[1, 2],
    ratio: float,
    hazard_ratio: float | None = None,
    power: float | None = None,
    events: float | None = None,
    patients: float | None = None,
    accrual: float | None = None,
    follow_up: float | None = None,
    rate: float | None = None,
    margin: float = 1.0,
    benefit: Benefit | None = None,
    accrual_shape: Steps = _EVEN,
    dropout: Steps | float = 0.0,
    dropout_experimental: Steps | float | None = None,
    longest: float = math.inf,
) -> SolvedDesign:
    """Return the design in which the three quantities left out of the seven follow from the other four.

    ``control`` is the control arm's hazard, or strata each with its own and with its own dropout; the hazard ratio is
    one for all. Durations are in its unit. ``accrual_shape`` is the relative speed of accrual from each of its starts;
    where it rises steeply within the search for a duration of accrual, the first that fits is returned. A hazard ratio
    to be found is below ``margin``, or above it where more events are the ``benefit``; one that is given says which.

    ValueError when other than four are given, or not enough of either kind. InfeasibleDesignError, a ValueError too,
    when no design has them: its ``nearest`` says which single change is feasible.

    >>> test = {"alpha": 0.05, "sides": 2, "ratio": 2, "hazard_ratio": 0.59, "power": 0.8}
    >>> found = solve_design(Steps.of(math.log(2) / 10), **test, patients=198, accrual=42)
    >>> round(found.events, 2), round(found.follow_up, 2), round(found.at_bound, 3)
    (126.87, 3.6, 0.691)
    """
    values = (hazard_ratio, power, events, patients, accrual, follow_up, rate)
    known = {name: float(v) for name, v in zip(_TEST + _COURSE, values, strict=True) if v is not None}
    strata = _strata(control, dropout, dropout_experimental)
    check_test(known.get("hazard_ratio", 0.5), alpha, sides, ratio)
    check_margin(margin)
    course = PlannedCourse(strata, accrual_shape, ratio, longest)
    question = DesignQuestion(course, alpha, sides, ratio, margin, _side(benefit, hazard_ratio, margin))
    _check(question, known)
    found = tuple(name for name in _TEST + _COURSE if name not in known)
    try:
        whole = _whole(question, known)
    except InfeasibleDesignError as error:
        feasible = partial(_is_feasible, question)
        raise InfeasibleDesignError(error.why, nearest_designs(known, margin, feasible)) from None
    return SolvedDesign(**whole, found=found, at_bound=question.at_bound(whole["events"]))


def _whole(question: DesignQuestion, given: Known) -> Known:
    """Return all seven quantities."""
    known = dict(given)
    _entry(question, known)
    _solve(question, known)
    _entry(question, known)
    return known


def _is_feasible(question: DesignQuestion, given: Known) -> bool:
    try:
        _check(question, given)
        return all(map(math.isfinite, _whole(question, given).values()))
    except (ValueError, ArithmeticError):
        return False


def _entry(question: DesignQuestion, known: Known) -> None:
    """Fill in the third of patients, accrual and rate where two are known."""
    missing = [name for name in _ENTRY if name not in known]
    if missing == ["patients"]:
        known["patients"] = known["rate"] * question.course.per_rate(known["accrual"])
    elif missing == ["accrual"]:
        known["accrual"] = question.course.time_to_enter(known["patients"] / known["rate"])
    elif missing == ["rate"]:
        known["rate"] = known["patients"] / question.course.per_rate(known["accrual"])


def _solve(question: DesignQuestion, known: Known) -> None:
    """Fill in what is missing, first by the equation that lacks one quantity only."""
    if sum(name not in known for name in _TEST) == 1:
        _by_the_test(question, known)
        missing = [name for name in _COURSE if name not in known]
        if "follow_up" in missing:
            _follow_up(question, known)
        elif missing:
            _BY_THE_ENTRY[next(name for name in _ENTRY if name in known)](question, known)
        return
    if "power" in known:
        _hazard_ratio_of_power(question, known)
    elif "events" in known:
        _hazard_ratio_of_events(question, known)
    else:
        known["events"] = question.expected(known)
    _by_the_test(question, known)


def _by_the_test(question: DesignQuestion, known: Known) -> None:
    missing = [name for name in _TEST if name not in known]
    if missing == ["events"]:
        known["events"] = question.needed(known)
    elif missing == ["power"]:
        known["power"] = question.power(known["hazard_ratio"], known["events"])
    elif missing == ["hazard_ratio"]:
        known["hazard_ratio"] = question.detectable(known["power"], known["events"])


def _patients_of_accrual(question: DesignQuestion, known: Known) -> None:
    known["patients"] = known["events"] / question.expected(known | {"patients": 1.0})


def _follow_up(question: DesignQuestion, known: Known) -> None:
    def expected(value: float) -> float:
        return question.expected(known | {"follow_up": value})

    least, most = expected(0.0), expected(question.course.far)
    if known["events"] < least:
        raise too_early(question, known)
    if known["events"] > most:
        raise never(known, most)
    known["follow_up"] = _root(lambda value: expected(value) - known["events"], question)


def _accrual_of_patients(question: DesignQuestion, known: Known) -> None:
    def expected(value: float) -> float:
        return question.expected(known | {"accrual": value})

    shortest = 1e-9 / question.course.fastest
    if not question.course.per_rate(shortest) > 0:
        raise ValueError("accrual_shape must be above 0 from the start where the duration of accrual is to be found")
    least, most = expected(shortest), expected(question.course.far)
    if known["events"] < least:
        raise InfeasibleDesignError(
            f"events ({known['events']:.6g}) are passed with {known['follow_up']:g} of follow-up however short accrual "
            f"is: at least {least:.6g} are expected"
        )
    if known["events"] > most:
        raise never(known, most)
    known["accrual"] = _root(lambda value: expected(value) - known["events"], question, shortest)


def _accrual_of_rate(question: DesignQuestion, known: Known) -> None:
    """Events rise with the duration of accrual: more patients enter, and all others are followed for longer."""

    def surplus(value: float) -> float:
        patients = known["rate"] * question.course.per_rate(value)
        return question.expected(known | {"accrual": value, "patients": patients}) - known["events"] if patients else -1

    if surplus(question.course.far) < 0:
        raise InfeasibleDesignError(f"events ({known['events']:.6g}) are never reached at this rate")
    known["accrual"] = _root(surplus, question, 1e-9 / question.course.fastest)


_BY_THE_ENTRY: dict[str, Callable[[DesignQuestion, Known], None]] = {
    "patients": _accrual_of_patients,
    "accrual": _patients_of_accrual,
    "rate": _accrual_of_rate,
}


def _hazard_ratio_of_power(question: DesignQuestion, known: Known) -> None:
    found = question.smallest(known)
    if found is None:
        raise too_few(question, known)
    known["hazard_ratio"] = found
    known["events"] = question.expected(known)


def _hazard_ratio_of_events(question: DesignQuestion, known: Known) -> None:
    def surplus(distance: float) -> float:
        return question.expected(known | {"hazard_ratio": question.beyond(distance)}) - known["events"]

    ends = [surplus(value) + known["events"] for value in (0.0, 20.0)]
    least, most = min(ends), max(ends)
    if not least < known["events"] < most:
        side = "below" if question.side > 0 else "above"
        raise InfeasibleDesignError(
            f"events must be between {least:.6g} and {most:.6g} for a hazard ratio {side} {question.margin:g} with "
            f"these patients and this follow-up; got {known['events']:.6g}"
        )
    known["hazard_ratio"] = question.beyond(brent(surplus, 0.0, 20.0))


def _root(surplus: Callable[[float], float], question: DesignQuestion, low: float = 0.0) -> float:
    far = question.course.far
    high = min(far, max(1.0, 2 * low))
    while surplus(high) < 0 and high < far:
        low, high = high, min(far, 2 * high)
    return brent(surplus, low, high)


def _strata(
    control: Steps | Sequence[PlannedStratum], dropout: Steps | float, experimental: Steps | float | None
) -> tuple[PlannedStratum, ...]:
    own = None if experimental is None else Steps.of(experimental)
    if isinstance(control, Steps):
        return (PlannedStratum(control, 1.0, Steps.of(dropout), own),)
    if own is not None or any(Steps.of(dropout).rates):
        raise ValueError("dropout belongs to each stratum where control is given by strata")
    return tuple(control)


def _side(benefit: Benefit | None, hazard_ratio: float | None, margin: float) -> int:
    """Return 1 where a hazard ratio below the margin is the benefit, -1 where one above is."""
    if benefit not in (None, "fewer events", "more events"):
        raise ValueError(f"benefit must be 'fewer events' or 'more events'; got {benefit!r}")
    given = None if hazard_ratio is None else "fewer events" if hazard_ratio < margin else "more events"
    if None not in (benefit, given) and benefit != given and hazard_ratio != margin:
        raise ValueError(
            f"benefit is {benefit!r}; a hazard ratio of {hazard_ratio} with margin {margin} means {given!r}"
        )
    return -1 if "more events" in (benefit, given) else 1


def _check(question: DesignQuestion, known: Known) -> None:
    _check_count(known)
    if "hazard_ratio" in known:
        check_effect(known["hazard_ratio"], question.margin)
    for name in ("events", "patients", "accrual", "rate"):
        if not 0 < known.get(name, 1.0) < math.inf:
            raise ValueError(f"{name} must be a finite number greater than 0; got {known[name]}")
    if not 0 <= known.get("follow_up", 0.0) < math.inf:
        raise ValueError(f"follow_up must be a finite number of at least 0; got {known['follow_up']}")
    check_share("power", known.get("power", 0.5))
    if known.get("power", 1.0) <= question.alpha / question.sides:
        raise ValueError(f"power must exceed the type I error of one side; got {known['power']}")


def _check_count(known: Known) -> None:
    got = ", ".join(known) or "none"
    if len(known) != 4 or all(name in known for name in _TEST):
        raise ValueError(f"give four of {', '.join(_TEST + _COURSE)}, not all of the first three; got {got}")
    if all(name in known for name in _ENTRY):
        raise ValueError(f"give at most two of {', '.join(_ENTRY)}: the third follows; got {got}")
