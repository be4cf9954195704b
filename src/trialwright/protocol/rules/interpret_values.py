"""Values of a rule for one patient: literals, data, differences of dates, and ``x if condition else y``."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.calendar import completed_months, day_number, day_of
from trialwright.protocol.rules.steps import INF, Data, Make, Measure, Names, Patient, Step, absent, base, is_measure
from trialwright.protocol.rules.types import DateType, Number, Type
from trialwright.protocol.rules.units import tidy

__all__ = ["VALUE_STEPS", "anchor_step"]


def _constant(value: Any) -> Step:
    return lambda patient: value


def _quantity(node: n.Quantity, make: Make) -> Step:
    value = base(node)
    return _constant((value, value, (), ()))


def _day(node: n.Day, make: Make) -> Step:
    value = float(day_number(node.value))
    return _constant((value, value, (), ()))


def _parameter(node: n.Parameter, make: Make) -> Step:
    if node.value is None:
        return _constant((-INF, INF, (), (node.name,)))
    return _constant((node.value, node.value, ((node.name, node.value),), ()))


def anchor_step(node: n.Anchor, make: Make) -> Step:
    """Return the step of a reference date."""
    name = node.name
    unknown: Measure = (-INF, INF, (), (name,))

    def step(patient: Patient) -> Measure:
        day = patient.anchors.get(name)
        if day is None:
            return unknown
        value = float(day_number(day))
        return value, value, ((name, day),), ()

    return step


def _datum(node: n.Datum, make: Make) -> Step:
    name = node.name
    unknown, shape = absent(node.kind, name), _shape(node.kind, node.scale)

    def step(patient: Patient) -> Any:
        value = patient.values.get(name)
        return unknown if value is None else shape(name, value)

    return step


def _field(node: n.Field, make: Make) -> Step:
    name, kind = node.name, node.kind
    shape = _shape(kind, node.scale)

    def step(patient: Patient) -> Any:
        value, full = patient.record.get(name), f"{patient.prefix}.{name}"
        return absent(kind, full) if value is None else shape(full, value)

    return step


def _shape(kind: Type, scale: int) -> Callable[[str, Any], Any]:
    def number(name: str, value: float) -> Measure:
        low = value if scale == 1 else tidy(value * scale)
        return low, low, ((name, value),), ()

    def day(name: str, value: date) -> Measure:
        low = float(day_number(value))
        return low, low, ((name, value),), ()

    def other(name: str, value: Any) -> tuple[Any, Data, Names]:
        return value, ((name, value),), ()

    return number if isinstance(kind, Number) else day if isinstance(kind, DateType) else other


def _sum(node: n.Sum, make: Make) -> Step:
    return _pair(node, make, lambda a, b, c, d: (tidy(a + c), tidy(b + d)))


def _difference(node: n.Difference, make: Make) -> Step:
    return _pair(node, make, lambda a, b, c, d: (tidy(a - d), tidy(b - c)))


def _days(node: n.Days, make: Make) -> Step:
    return _pair(node, make, lambda a, b, c, d: (c - b, d - a))


def _months(node: n.Months, make: Make) -> Step:
    return _pair(node, make, lambda a, b, c, d: (_months_between(b, c, -INF), _months_between(a, d, INF)))


def _pair(
    node: n.Sum | n.Difference | n.Days | n.Months, make: Make, low_high: Callable[..., tuple[float, float]]
) -> Step:
    first, second = (node.start, node.end) if isinstance(node, n.Days | n.Months) else (node.left, node.right)
    one, two = make(first), make(second)

    def step(patient: Patient) -> Measure:
        a, b = one(patient), two(patient)
        low, high = low_high(a[0], a[1], b[0], b[1])
        return low, high, a[2] + b[2], a[3] + b[3]

    return step


def _months_between(start: float, end: float, otherwise: float) -> float:
    known = math.isfinite(start) and math.isfinite(end)
    return float(completed_months(day_of(start), day_of(end))) if known else otherwise


def _if(node: n.If, make: Make) -> Step:
    then, condition, other = make(node.then), make(node.condition), make(node.other)
    join = _hull if is_measure(node.type) else _agreement

    def step(patient: Patient) -> Any:
        state, data, missing = condition(patient)
        if state is None:
            return join(then(patient), other(patient), missing)
        *value, seen, lacking = then(patient) if state else other(patient)
        return (*value, data + seen, lacking)

    return step


def _hull(one: Measure, two: Measure, missing: Names) -> Measure:
    return min(one[0], two[0]), max(one[1], two[1]), one[2] + two[2], missing + one[3] + two[3]


def _agreement(one: Any, two: Any, missing: Names) -> Any:
    if one[0] is not None and one[0] == two[0]:
        return one[0], one[1] + two[1], ()
    return None, (), missing + one[2] + two[2]


VALUE_STEPS: Final[dict[type[n.Node], Callable[[Any, Make], Step]]] = {
    n.Quantity: _quantity,
    n.Day: _day,
    n.Parameter: _parameter,
    n.Anchor: anchor_step,
    n.Datum: _datum,
    n.Field: _field,
    n.Fixed: lambda node, make: _constant((node.value, (), ())),
    n.Level: lambda node, make: _constant((node.name, (), ())),
    n.Sum: _sum,
    n.Difference: _difference,
    n.Days: _days,
    n.Months: _months,
    n.If: _if,
}
