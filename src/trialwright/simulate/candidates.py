"""Screening data of candidates, drawn column by column; one candidate's answers are a row of the same columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trialwright.design import Spread
from trialwright.errors import DocumentError
from trialwright.protocol import Variable
from trialwright.simulate.burden import Burden
from trialwright.simulate.recruitment import between
from trialwright.simulate.world import Candidates, World

__all__ = ["Drawn", "answers_of", "draw_variable", "level_index"]


@dataclass(frozen=True)
class Drawn:
    """One variable of many candidates: numbers, level codes, truths or days from ``recruitment.opens_on``."""

    spread: Spread
    values: NDArray[Any]
    levels: tuple[str, ...] = ()


def draw_variable(name: str, candidates: Candidates) -> Drawn | None:
    """Draw one variable of each candidate; None when it does not vary by itself (fixed, computed, or lesions)."""
    spread = candidates.world.scenario.candidates.variables[name]
    if spread.rule or spread.lesions or "fixed" in spread.model_fields_set:
        return None
    u = candidates.uniforms(f"variable {name}", 1)[:, 0]
    if spread.normal:
        return Drawn(spread, np.round(_normal(u, **spread.normal), spread.decimals))
    if spread.uniform:
        low, high = spread.uniform
        return Drawn(spread, np.round(low + u * (high - low), spread.decimals))
    if spread.choice:
        edges = np.cumsum(list(spread.choice.values()))
        return Drawn(spread, np.searchsorted(edges / edges[-1], u, side="right"), tuple(spread.choice))
    if spread.yes is not None:
        return Drawn(spread, u < spread.yes)
    if spread.before is not None and spread.days is not None:
        return Drawn(spread, candidates.anchors[spread.before] - between(u, spread.days))
    raise AssertionError(f"variable {name}: the scenario's model admits no other way")


def answers_of(world: World, drawn: Mapping[str, Drawn | None], burden: Burden, row: int) -> dict[str, Any]:
    """Return the answers of the candidate in one row, computed variables left out."""
    answers: dict[str, Any] = {}
    for name, spread in world.scenario.candidates.variables.items():
        column = drawn[name]
        if spread.lesions:
            answers[name] = lesion_records(world, burden, row)
        elif column is not None:
            answers[name] = _answer(world, world.protocol.variables[name], column, row)
        elif not spread.rule:
            answers[name] = typed(world.protocol.variables[name], spread.fixed)
    return answers


def lesion_records(world: World, burden: Burden, row: int) -> list[dict[str, Any]]:
    """Return one record per involved organ, in the fields the scenario names."""
    plan = world.scenario.lesions
    return [
        {plan.organ_field: organ, plan.measurable_field: bool(burden.measurable[row, index])}
        for index, organ in enumerate(plan.organs)
        if burden.involved[row, index]
    ]


def typed(variable: Variable, value: Any) -> Any:
    """Return a value of the scenario file as the type of its variable: dates are written as text there."""
    if variable.type == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if variable.type == "set":
        return frozenset(value)
    if variable.type == "records":
        return [{name: typed(variable.fields[name], item) for name, item in record.items()} for record in value]
    return value


def level_index(levels: Iterable[str], wanted: Iterable[str], where: str) -> list[int]:
    """Return the position of each wanted level; DocumentError when the protocol does not know one."""
    known = list(levels)
    for level in wanted:
        if level not in known:
            raise DocumentError(f"{where}: level {level!r} is not in the protocol; known: {', '.join(known)}")
    return [known.index(level) for level in wanted]


def _answer(world: World, variable: Variable, column: Drawn, row: int) -> Any:
    value = column.values[row]
    if column.levels:
        level = column.levels[int(value)]
        return float(level) if variable.type == "number" else level == "true" if variable.type == "yes/no" else level
    if variable.type == "date":
        return world.on(value)
    return bool(value) if variable.type == "yes/no" else float(value)


def _normal(uniform: NDArray[np.float64], mean: float, sd: float, low: float, high: float) -> NDArray[np.float64]:
    """Return a normal truncated to [low, high], by inversion."""
    from scipy.special import ndtr, ndtri

    first, last = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.asarray(mean + sd * ndtri(first + uniform * (last - first)))
