"""Patients on every side of every boundary of some rules, as columns: what a rule says of all of them, it says always.

For each variable the values are those on and beside each limit the rules name; what lies between two limits is treated
alike. That holds while each comparison sets one variable against limits and one anchor; where a rule compares variables
with each other, adds them, looks at records or names several anchors, or where the combinations are too many, the grid
is not complete, and only existence may be concluded from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, product
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.calendar import day_number, month_reached
from trialwright.protocol.rules.column_data import Column, Records
from trialwright.protocol.rules.columns import Frame
from trialwright.protocol.rules.compiled import Compiled
from trialwright.protocol.rules.steps import base
from trialwright.protocol.rules.units import unit_of

if TYPE_CHECKING:
    from trialwright.protocol.eligibility import Variable

__all__ = ["Grid", "boundary_patients"]

_TODAY: Final = date(2020, 7, 15)
_MOST: Final = 200_000
_STEP: Final = 1e-6
_FULL_SET: Final = 8


@dataclass(frozen=True)
class Grid:
    """Enumerated patients; ``complete`` when every combination is among them."""

    frame: Frame
    complete: bool


def boundary_patients(rules: Sequence[Compiled]) -> Grid:
    """Return patients on all sides of all boundaries of some rules that share a vocabulary."""
    variables = rules[0].vocabulary.variables
    names = sorted({name for rule in rules for name in rule.variables})
    limits = _limits(rules)
    values = {name: _values(variables[name], limits) for name in names}
    size = prod(len(each) for each in values.values())
    picks = _picks([len(values[name]) for name in names], size)
    columns = {name: _column(variables[name], values[name], pick) for name, pick in zip(names, picks, strict=True)}
    anchors = dict.fromkeys(rules[0].vocabulary.anchors, day_number(_TODAY))
    count = len(picks[0]) if names else 1
    return Grid(Frame(count, columns, anchors), size <= _MOST and _covered([variables[name] for name in names], rules))


def _covered(variables: list[Variable], rules: Sequence[Compiled]) -> bool:
    """Whether the values enumerated stand for all values there are."""
    plain = all(one.type != "records" and (one.type != "set" or len(one.levels) <= _FULL_SET) for one in variables)
    one_anchor = len({anchor for rule in rules for anchor in rule.anchors}) <= 1
    nodes = [node for rule in rules for node in n.walk(rule.node)]
    return plain and one_anchor and all(_separable(node) for node in nodes)


def _separable(node: n.Node) -> bool:
    """Whether a comparison sets one variable against limits; a difference of days may have one variable end."""
    if isinstance(node, n.Compare | n.Days | n.Months):
        named = sum(isinstance(part, n.Datum) for part in n.walk(node))
        return named == 1 and not any(isinstance(part, n.If) for part in n.walk(node))
    return not isinstance(node, n.Sum | n.Difference | n.SameLevel)


def _picks(sizes: list[int], size: int) -> list[np.ndarray[Any, np.dtype[Any]]]:
    """For each variable the place of its value, for every patient."""
    if size <= _MOST:
        return list(np.indices(sizes).reshape(len(sizes), -1)) if sizes else []
    chance = np.random.Generator(np.random.Philox(key=0))
    return [chance.integers(0, one, _MOST) for one in sizes]


def _limits(rules: Iterable[Compiled]) -> dict[str, set[float]]:
    """Limits by dimension, in base units; dates as days since 1970-01-01."""
    found: dict[str, set[float]] = {"date": {float(day_number(_TODAY))}}
    for node in (node for rule in rules for node in n.walk(rule.node)):
        if isinstance(node, n.Quantity):
            found.setdefault(node.type.dimension, set()).add(base(node))
        elif isinstance(node, n.Parameter) and node.value is not None:
            found.setdefault(node.type.dimension, set()).add(node.value)
        elif isinstance(node, n.Day):
            found["date"].add(float(day_number(node.value)))
    return found


def _values(variable: Variable, limits: Mapping[str, set[float]]) -> list[Any]:
    kind = variable.type
    if kind == "number":
        return _numbers(variable, limits)
    if kind == "date":
        return _dates(limits)
    if kind == "set":
        return _subsets(variable.levels)
    if kind == "records":
        return _records(variable, limits)
    return [False, True] if kind == "yes/no" else list(range(len(variable.levels)))


def _numbers(variable: Variable, limits: Mapping[str, set[float]]) -> list[float]:
    unit = unit_of(variable.unit)
    at = [limit / unit.scale for limit in limits.get(unit.dimension, set())] or [0.0]
    return sorted({limit + step for limit in at for step in (-_STEP, 0.0, _STEP)})


def _dates(limits: Mapping[str, set[float]]) -> list[int]:
    spans = [timedelta(days=int(limit)) for limit in limits.get("days", set())]
    days = {_TODAY, *(_TODAY - span for span in spans), *(_TODAY + span for span in spans)}
    for months in limits.get("calendar months", set()):
        days |= {day for sign in (-1, 1) if (day := month_reached(_TODAY, sign * int(months)))}
    all_days = {day_number(day) for day in days} | {int(day) for day in limits["date"]}
    return sorted({day + step for day in all_days for step in (-1, 0, 1)})


def _subsets(levels: tuple[str, ...]) -> list[tuple[bool, ...]]:
    if len(levels) <= _FULL_SET:
        return list(product([False, True], repeat=len(levels)))
    chosen = [(), levels, *((level,) for level in levels)]
    return [tuple(level in some for level in levels) for some in chosen]


def _records(variable: Variable, limits: Mapping[str, set[float]]) -> list[tuple[tuple[Any, ...], ...]]:
    """No record, one record of each kind (at most 60 kinds), and some pairs."""
    fields = [_values(field, limits) for field in variable.fields.values()]
    rows = list(product(*fields))
    kinds = rows[:: max(1, len(rows) // 60)]
    pairs = list(combinations(kinds[:: max(1, len(kinds) // 8)], 2))
    return [(), *((row,) for row in kinds), *pairs]


def _column(variable: Variable, values: list[Any], pick: np.ndarray[Any, np.dtype[Any]]) -> Column | Records:
    if variable.type != "records":
        return Column(np.array(values)[pick])
    counts = np.array([len(rows) for rows in values])[pick]
    starts = np.cumsum([0, *(len(rows) for rows in values[:-1])])[pick]
    flat = [row for rows in values for row in rows]
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    places = np.repeat(starts, counts) + within
    fields = {name: Column(np.array([row[k] for row in flat])[places]) for k, name in enumerate(variable.fields)}
    return Records(np.repeat(np.arange(len(pick)), counts), len(pick), fields)
