"""One quantity of a fixed design from the others.

Two equations tie six quantities: Schoenfeld's, between events, power and hazard ratio; and the events expected at the
analysis, between events, hazard ratio, patients, accrual and follow-up. Four of the six leave two to be found. Every
search is Brent's between brackets on a function that only rises or falls, so that no answer means there is none; the
message then says what would be feasible.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from trialwright.design.event_formulas import FixedPlan
from trialwright.design.event_probability import Steps, time_of_events
from trialwright.design.size import check_share, check_test, events_schoenfeld, power_schoenfeld

__all__ = ["SolvedDesign", "solve_design"]

FAR = 1e4
"""No duration is longer than this many mean times to the control arm's event, taken at its smallest hazard above 0."""


@dataclass(frozen=True)
class SolvedDesign:
    """All six quantities; ``found`` names those that were not given. Nothing is rounded.

    >>> SolvedDesign(0.59, 0.8, 126.9, 198.0, 42.0, 0.5, ("follow_up",)).time
    42.5
    """

    hazard_ratio: float
    power: float
    events: float
    patients: float
    accrual: float
    follow_up: float
    found: tuple[str, ...]

    @property
    def time(self) -> float:
        """The analysis, counted from the first entry."""
        return self.accrual + self.follow_up


@dataclass(frozen=True)
class _Question:
    control: Steps
    dropout: Steps
    longest: float
    alpha: float
    sides: Literal[1, 2]
    ratio: float

    def plan(self, accrual: float, follow_up: float) -> FixedPlan:
        return FixedPlan(accrual, follow_up, self.control, self.dropout, longest=self.longest)

    def expected(self, known: _Known) -> float:
        plan = self.plan(known["accrual"], known["follow_up"])
        return plan.expected(known["hazard_ratio"], ratio=self.ratio, patients=known["patients"]).events

    def needed(self, known: _Known) -> float:
        return events_schoenfeld(
            known["hazard_ratio"], power=known["power"], alpha=self.alpha, sides=self.sides, ratio=self.ratio
        )

    @property
    def far(self) -> float:
        return FAR / min(rate for rate in self.control.rates if rate > 0)


_Known = dict[str, float]
_TEST = ("hazard_ratio", "power", "events")
_COURSE = ("patients", "accrual", "follow_up")


def solve_design(
    control: Steps,
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
    dropout: Steps | float = 0.0,
    longest: float = math.inf,
) -> SolvedDesign:
    """Return the design in which the two quantities left out of the six follow from the other four.

    ``control`` is the control arm's hazard, ``accrual`` and ``follow_up`` are durations in its unit; patients enter
    uniformly. A hazard ratio to be found is below 1. ValueError when other than four are given, when hazard ratio,
    power and events are all given, or when no design has them: the message says what would be feasible.

    >>> test = {"alpha": 0.05, "sides": 2, "ratio": 2, "hazard_ratio": 0.59, "power": 0.8}
    >>> found = solve_design(Steps.of(math.log(2) / 10), **test, patients=198, accrual=42)
    >>> round(found.events, 2), round(found.follow_up, 2)
    (126.87, 3.6)
    """
    given = dict(zip(_TEST + _COURSE, (hazard_ratio, power, events, patients, accrual, follow_up), strict=True))
    known = {name: float(value) for name, value in given.items() if value is not None}
    question = _Question(control, Steps.of(dropout), longest, alpha, sides, ratio)
    _check(question, known)
    found = tuple(name for name in given if name not in known)
    _solve(question, known)
    return SolvedDesign(**known, found=found)


def _solve(question: _Question, known: _Known) -> None:
    """Fill in what is missing, first by the equation that lacks one quantity only."""
    if sum(name not in known for name in _TEST) == 1:
        _by_the_test(question, known)
        missing = [name for name in _COURSE if name not in known]
        if missing:
            _BY_THE_COURSE[missing[0]](question, known)
        return
    if "power" in known:
        _hazard_ratio_of_power(question, known)
    elif "events" in known:
        _hazard_ratio_of_events(question, known)
    else:
        known["events"] = question.expected(known)
    _by_the_test(question, known)


def _by_the_test(question: _Question, known: _Known) -> None:
    missing = [name for name in _TEST if name not in known]
    if missing == ["events"]:
        known["events"] = question.needed(known)
    elif missing == ["power"]:
        known["power"] = power_schoenfeld(
            known["hazard_ratio"],
            events=known["events"],
            alpha=question.alpha,
            sides=question.sides,
            ratio=question.ratio,
        )
    elif missing == ["hazard_ratio"]:
        # Events fall with the square of the log hazard ratio.
        unit = question.needed(known | {"hazard_ratio": math.exp(-1)})
        known["hazard_ratio"] = math.exp(-math.sqrt(unit / known["events"]))


def _patients(question: _Question, known: _Known) -> None:
    known["patients"] = known["events"] / question.expected(known | {"patients": 1.0})


def _follow_up(question: _Question, known: _Known) -> None:
    least, most = (question.expected(known | {"follow_up": value}) for value in (0.0, question.far))
    if known["events"] < least:
        raise ValueError(_too_early(question, known, least))
    _enough(question, known, most)
    known["follow_up"] = _root(
        lambda value: question.expected(known | {"follow_up": value}) - known["events"], question
    )


def _accrual(question: _Question, known: _Known) -> None:
    shortest = 1e-9 / max(question.control.rates)
    least, most = (question.expected(known | {"accrual": value}) for value in (shortest, question.far))
    if known["events"] < least:
        fewer = known["patients"] * known["events"] / least
        raise ValueError(
            f"events ({known['events']:.6g}) are passed with {known['follow_up']:g} of follow-up however short accrual "
            f"is: at least {least:.6g} are expected; nearest: {fewer:.6g} patients, or a shorter follow-up"
        )
    _enough(question, known, most)
    known["accrual"] = _root(
        lambda value: question.expected(known | {"accrual": value}) - known["events"], question, shortest
    )


_BY_THE_COURSE: dict[str, Callable[[_Question, _Known], None]] = {
    "patients": _patients,
    "accrual": _accrual,
    "follow_up": _follow_up,
}


def _hazard_ratio_of_power(question: _Question, known: _Known) -> None:
    """Between exp(-2) and 1 events needed rise faster with the hazard ratio than those that come, whatever the plan."""

    def surplus(log_ratio: float) -> float:
        tried = known | {"hazard_ratio": math.exp(log_ratio)}
        return question.expected(tried) / question.needed(tried) - 1

    low, high = -2.0, -1e-6
    if surplus(low) < 0:
        raise ValueError(_too_few(question, known | {"hazard_ratio": math.exp(low)}))
    if surplus(high) > 0:
        raise ValueError(
            f"power ({known['power']:g}) would be exceeded even at a hazard ratio of 0.999999; ask for more"
        )
    known["hazard_ratio"] = math.exp(_brent(surplus, low, high))
    known["events"] = question.expected(known)


def _hazard_ratio_of_events(question: _Question, known: _Known) -> None:
    def surplus(log_ratio: float) -> float:
        return question.expected(known | {"hazard_ratio": math.exp(log_ratio)}) - known["events"]

    least, most = (surplus(value) + known["events"] for value in (-20.0, 0.0))
    if not least < known["events"] < most:
        raise ValueError(
            f"events must be between {least:.6g} and {most:.6g} for a hazard ratio below 1 with these patients and "
            f"this follow-up; got {known['events']:.6g}"
        )
    known["hazard_ratio"] = math.exp(_brent(surplus, -20.0, 0.0))


def _too_few(question: _Question, known: _Known) -> str:
    came, needed, h = question.expected(known), question.needed(known), known["hazard_ratio"]
    reached = power_schoenfeld(h, events=came, alpha=question.alpha, sides=question.sides, ratio=question.ratio)
    return (
        f"power ({known['power']:g}) needs {needed:.6g} events even at a hazard ratio of {h:.3g}, and {came:.6g} come; "
        f"nearest: {known['patients'] * needed / came:.6g} patients, or power {reached:.4g}"
    )


def _too_early(question: _Question, known: _Known, least: float) -> str:
    plan = question.plan(known["accrual"], 0.0)
    trial = plan.trial(known["hazard_ratio"], ratio=question.ratio, patients=known["patients"])
    time = time_of_events(trial, known["events"])
    enrolled = known["patients"] * time / known["accrual"]
    fewer = known["patients"] * known["events"] / least
    return (
        f"events ({known['events']:.6g}) are expected by {time:.4g}, before accrual ends at {known['accrual']:g}, with "
        f"{enrolled:.4g} of {known['patients']:g} patients entered; nearest: {fewer:.6g} patients and no follow-up"
    )


def _enough(question: _Question, known: _Known, most: float) -> None:
    if known["events"] <= most:
        return
    more = known["patients"] * known["events"] / most
    reached = power_schoenfeld(
        known["hazard_ratio"], events=most, alpha=question.alpha, sides=question.sides, ratio=question.ratio
    )
    raise ValueError(
        f"events ({known['events']:.6g}) are never reached: {known['patients']:g} patients have at most {most:.6g}; "
        f"nearest: {more:.6g} patients, or power {reached:.4g}"
    )


def _root(surplus: Callable[[float], float], question: _Question, low: float = 0.0) -> float:
    high = min(question.far, max(1.0, 2 * low))
    while surplus(high) < 0 and high < question.far:
        low, high = high, min(question.far, 2 * high)
    return _brent(surplus, low, high)


def _brent(surplus: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(surplus, low, high, xtol=1e-13, rtol=1e-14))


def _check(question: _Question, known: _Known) -> None:
    check_test(known.get("hazard_ratio", 0.5), question.alpha, question.sides, question.ratio)
    if not any(question.control.rates):
        raise ValueError("control must have a hazard above 0: without events nothing can be designed")
    if len(known) != 4 or all(name in known for name in _TEST):
        raise ValueError(
            f"give four of {', '.join(_TEST + _COURSE)}, not all of the first three; got {', '.join(known) or 'none'}"
        )
    for name in ("events", "patients", "accrual"):
        if not 0 < known.get(name, 1.0) < math.inf:
            raise ValueError(f"{name} must be a finite number greater than 0; got {known[name]}")
    if not 0 <= known.get("follow_up", 0.0) < math.inf:
        raise ValueError(f"follow_up must be a finite number of at least 0; got {known['follow_up']}")
    check_share("power", known.get("power", 0.5))
    if known.get("power", 1.0) <= question.alpha / question.sides:
        raise ValueError(f"power must exceed the type I error of one side; got {known['power']}")
