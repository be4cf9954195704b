"""The fields of a designed trial that a grid may set, and what each does to it.

Times are in the unit of the trial they are set on. All values are put in together and the trial is then checked as a
whole, so that their order does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from trialwright.design import ArmRates, Steps, Stratum, SupposedTrial
from trialwright.simulate.designed import (
    Allocating,
    Comparison,
    DesignedTrial,
    Entering,
    Look,
    Method,
    Scanning,
    Statistic,
    Trigger,
)

__all__ = ["DESIGN_FIELDS", "with_design_fields"]

DESIGN_FIELDS: Mapping[str, str] = {
    "patients": "patients enrolled; they enter faster or slower, over the same time",
    "accrual": "time over which patients enter; faster or slower, the same patients",
    "entering": "uniform, spaced or poisson",
    "longest": "longest follow-up of a patient",
    "control_median": "median of the control arm; the times to the event of both arms are stretched to meet it",
    "hazard_ratio": "hazard of the experimental arm over that of the control arm, at all times and in every stratum",
    "dropout": "hazard of leaving, in both arms",
    "strata": "so many equal strata without an effect of their own, instead of one",
    "ratio": "patients of the experimental and the control arm, such as 2:1",
    "block_sizes": "sizes of the permuted blocks, each equally likely",
    "allocation": "permuted blocks, simple or minimization",
    "by_stratum": "true: a list of its own for each stratum",
    "p_best": "chance of the better arm under minimization",
    "events": "events at each look; a new number of looks needs upper too",
    "upper": "critical value of z for efficacy at each look",
    "lower": "critical value of z for futility at each look",
    "scan_every": "time between scans; null: events are seen when they happen",
    "scan_window": "scans are taken up to so much before or after the plan",
    "scan_missed": "chance of a planned scan not being taken",
    "scan_gap": "missed scans in a row after which an event no longer counts; null: it counts",
    "test": "log-rank, cox, fleming-harrington, max-combo, restricted mean or milestone",
    "stratified": "true: the test is stratified",
    "weights": "pairs (rho, gamma) of Fleming and Harrington",
    "at": "time of the restricted mean or the milestone",
    "grid": "times to the event are rounded up to its multiples; null: they are not",
}
"""By name, what a field is in words."""


def with_design_fields(designed: DesignedTrial, values: Mapping[str, Any]) -> DesignedTrial:
    """Return the designed trial with some of ``DESIGN_FIELDS`` set.

    ValueError for a name that is none of them, a value that a field cannot take, or values that do not go together.

    >>> from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual
    >>> supposed = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2)
    >>> trial = DesignedTrial(supposed, 90, Allocating((2, 1), (3,)), (Look(Trigger(events=60), 1.96),))
    >>> other = with_design_fields(trial, {"patients": 120, "hazard_ratio": 0.7, "control_median": 6})
    >>> other.supposed.patients, round(other.supposed.strata[0].experimental.hazard.rates[0] / math.log(2), 4)
    (120.0, 0.1167)
    """
    unknown = [name for name in values if name not in DESIGN_FIELDS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not a design field; known: {', '.join(DESIGN_FIELDS)}")
    allocation = _allocation(designed.allocation, values)
    return DesignedTrial(
        supposed=_supposed(designed, values, allocation),
        patients=_whole("patients", values.get("patients", designed.patients)),
        allocation=allocation,
        looks=_looks(designed.looks, values),
        test=_test(designed.test, values),
        scans=_scans(designed.scans, values),
        entering=_word("entering", values.get("entering", designed.entering), get_args(Entering)),
        grid=_optional("grid", values.get("grid", designed.grid)),
    )


def _supposed(designed: DesignedTrial, values: Mapping[str, Any], allocation: Allocating) -> SupposedTrial:
    accrual = designed.supposed.accrual
    if "patients" in values:
        accrual = accrual.times(_number("patients", values["patients"]) / designed.patients)
    if "accrual" in values:
        accrual = _stretched(accrual, _positive("accrual", values["accrual"]) / accrual.starts[-1])
    return SupposedTrial(
        accrual,
        _strata(designed.supposed.strata, values),
        allocation.ratio[0] / allocation.ratio[1],
        _number("longest", values["longest"]) if "longest" in values else designed.supposed.longest,
    )


def _strata(strata: tuple[Stratum, ...], values: Mapping[str, Any]) -> tuple[Stratum, ...]:
    if "control_median" in values:
        factor = _positive("control_median", values["control_median"]) / _control_median(strata)
        strata = tuple(
            replace(s, experimental=_slower(s.experimental, factor), control=_slower(s.control, factor)) for s in strata
        )
    if "hazard_ratio" in values:
        ratio = _positive("hazard_ratio", values["hazard_ratio"])
        strata = tuple(
            replace(s, experimental=replace(s.experimental, hazard=s.control.hazard.times(ratio))) for s in strata
        )
    if "dropout" in values:
        leaving = Steps.of(_number("dropout", values["dropout"]))
        arms = (
            {name: replace(getattr(s, name), dropout=leaving) for name in ("experimental", "control")} for s in strata
        )
        strata = tuple(replace(s, **own) for s, own in zip(strata, arms, strict=True))
    return _split(strata, _whole("strata", values["strata"])) if "strata" in values else strata


def _split(strata: tuple[Stratum, ...], into: int) -> tuple[Stratum, ...]:
    if len(strata) != 1:
        raise ValueError(f"strata can be set where the trial has one stratum; it has {len(strata)}")
    if into < 1:
        raise ValueError(f"strata must be at least 1; got {into}")
    return (replace(strata[0], share=1 / into),) * into


def _slower(arm: ArmRates, factor: float) -> ArmRates:
    return replace(arm, hazard=_stretched(arm.hazard, factor))


def _stretched(rate: Steps, factor: float) -> Steps:
    """Return the rate of what takes ``factor`` times as long."""
    return Steps(tuple(start * factor for start in rate.starts), tuple(each / factor for each in rate.rates))


def _control_median(strata: tuple[Stratum, ...]) -> float:
    """Return the time by which half of the control arm, over all strata, has had the event."""

    def left(time: float) -> float:
        return math.fsum(s.share * math.exp(-float(s.control.hazard.until([time])[0])) for s in strata)

    if len(strata) == 1 and len(strata[0].control.hazard.rates) == 1 and strata[0].control.hazard.rates[0] > 0:
        return math.log(2) / strata[0].control.hazard.rates[0]
    high = 1.0
    while left(high) > 0.5:
        high *= 2
        if math.isinf(high):
            raise ValueError("control_median cannot be set: half of the control arm never has the event")
    from scipy.optimize import brentq

    return float(brentq(lambda time: left(time) - 0.5, 0.0, high, xtol=1e-13))


def _allocation(own: Allocating, values: Mapping[str, Any]) -> Allocating:
    changes: dict[str, Any] = {}
    if "ratio" in values:
        changes["ratio"] = _ratio(values["ratio"])
    if "block_sizes" in values:
        sizes = values["block_sizes"]
        changes["block_sizes"] = tuple(_whole("block_sizes", size) for size in _listed(sizes))
    if "allocation" in values:
        changes["method"] = _word("allocation", values["allocation"], get_args(Method))
    if "by_stratum" in values:
        changes["by_stratum"] = _word("by_stratum", values["by_stratum"], (True, False))
    if "p_best" in values:
        changes["p_best"] = _number("p_best", values["p_best"])
    return replace(own, **changes)


def _ratio(value: Any) -> tuple[int, int]:
    parts = str(value).split(":")
    if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
        raise ValueError(f"ratio must be two whole numbers with a colon, in quotes, such as '2:1'; got {value!r}")
    return int(parts[0]), int(parts[1])


def _looks(own: tuple[Look, ...], values: Mapping[str, Any]) -> tuple[Look, ...]:
    triggers = [look.trigger for look in own]
    if "events" in values:
        triggers = [Trigger(events=_whole("events", count)) for count in _listed(values["events"])]
    if len(triggers) != len(own) and "upper" not in values:
        raise ValueError(f"events at {len(triggers)} looks need as many bounds: set upper too")
    upper = _bounds("upper", values, [look.upper for look in own], len(triggers), math.inf)
    lower = _bounds("lower", values, [look.lower for look in own], len(triggers), -math.inf)
    return tuple(Look(*each) for each in zip(triggers, upper, lower, strict=True))


def _bounds(name: str, values: Mapping[str, Any], own: list[float], looks: int, none: float) -> list[float]:
    if name not in values:
        return own if len(own) == looks else [none] * looks
    given = [none if value is None else _number(name, value) for value in _listed(values[name])]
    if len(given) != looks:
        raise ValueError(f"{name} must have a number for each of {looks} looks; got {len(given)}")
    return given


def _test(own: Comparison, values: Mapping[str, Any]) -> Comparison:
    if "test" in values:
        test = _word("test", values["test"], get_args(Statistic))
        own = Comparison(test, own.stratified, _weights(values.get("weights", ())), _optional("at", values.get("at")))
    elif "weights" in values or "at" in values:
        raise ValueError("weights and at go with test: set it too")
    stratified = _word("stratified", values.get("stratified", own.stratified), (True, False))
    return replace(own, stratified=stratified)


def _weights(value: Any) -> tuple[tuple[float, float], ...]:
    pairs = [tuple(_number("weights", part) for part in _listed(pair)) for pair in value or ()]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"weights must be pairs such as [[0, 0], [0, 0.5]]; got {value!r}")
    return tuple((pair[0], pair[1]) for pair in pairs)


def _scans(own: Scanning | None, values: Mapping[str, Any]) -> Scanning | None:
    rest: dict[str, Any] = {
        name: _number(f"scan_{name}", values[f"scan_{name}"])
        for name in ("window", "missed")
        if f"scan_{name}" in values
    }
    if "scan_gap" in values:
        rest["gap"] = None if values["scan_gap"] is None else _whole("scan_gap", values["scan_gap"])
    if "scan_every" in values and values["scan_every"] is not None:
        own = replace(own or Scanning.regular(1), starts=(0.0,), every=(_positive("scan_every", values["scan_every"]),))
    elif "scan_every" in values:
        own = None
    if own is None and rest:
        raise ValueError(f"scan_{next(iter(rest))} needs scans: set scan_every too")
    return replace(own, **rest) if own and rest else own


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _word(name: str, value: Any, known: tuple[Any, ...]) -> Any:
    if not any(value is each or (isinstance(each, str) and value == each) for each in known):
        raise ValueError(f"{name} must be {' or '.join(map(str, known))}; got {value!r}")
    return value


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number; got {value!r}")
    return float(value)


def _positive(name: str, value: Any) -> float:
    if not 0 < _number(name, value) < math.inf:
        raise ValueError(f"{name} must be finite and greater than 0; got {value!r}")
    return float(value)


def _whole(name: str, value: Any) -> int:
    if _number(name, value) != int(value):
        raise ValueError(f"{name} must be a whole number; got {value!r}")
    return int(value)


def _optional(name: str, value: Any) -> float | None:
    return None if value is None else _number(name, value)
