"""A grid of trials: which values to vary, written in YAML, and the points that follow.

each:                                 # every combination
  hazard_ratio: [0.59, 0.7, 1]
  progression.B.hazard.0: [0.15, 0.2] # a number of the scenario, by its path
# or, one by one
points:
  - {patients: 150, hazard_ratio: 0.59}
  - {patients: 198, hazard_ratio: 0.65}
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from trialwright.design import Scenario
from trialwright.protocol import Misfit, raise_misfits, read_document
from trialwright.simulate.design_fields import DESIGN_FIELDS
from trialwright.simulate.sweep import Point, Simulating

__all__ = ["Grid", "read_points", "scenario_paths"]

Values = Mapping[str, Any]
MOST_POINTS = 100_000
"""More than anybody reads; a grid beyond it is a slip of the pen."""


class Grid(BaseModel):
    """Points of a sweep: every combination of some values, or a list."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    of: Literal["scenario", "planned"] = "scenario"
    """The trial that the fields change: the scenario's in days, or as it was planned in months."""
    each: dict[str, list[JsonValue]] | None = Field(default=None, min_length=1)
    """By field, the values to combine with every value of the other fields."""
    points: list[dict[str, JsonValue]] | None = Field(default=None, min_length=1)
    """Points one by one, each a mapping of fields to values."""

    @model_validator(mode="after")
    def _one_way(self) -> Grid:
        if (self.each is None) == (self.points is None):
            raise ValueError("a grid needs either each (every combination) or points (a list), not both")
        empty = [
            Misfit(("each", name), "expected at least one value") for name, vs in (self.each or {}).items() if not vs
        ]
        raise_misfits(empty)
        return self

    def combinations(self) -> Iterator[dict[str, Any]]:
        """Return the values of each point; of every combination the last field changes fastest.

        >>> list(Grid(each={"patients": [90, 120], "hazard_ratio": [0.7]}).combinations())
        [{'patients': 90, 'hazard_ratio': 0.7}, {'patients': 120, 'hazard_ratio': 0.7}]
        """
        if self.points is not None:
            yield from map(dict, self.points)
            return
        each = self.each or {}
        for values in itertools.product(*each.values()):
            yield dict(zip(each, values, strict=True))

    def fields(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Return each field set, with its place in the file."""
        for name in self.each or {}:
            yield ("each", name), name
        for index, point in enumerate(self.points or ()):
            for name in point:
                yield ("points", index, name), name


def read_points(
    path: Path,
    build: Callable[[str, Values], Simulating],
    *,
    paths: Iterable[str],
    fields: Iterable[str] = DESIGN_FIELDS,
) -> tuple[Point, ...]:
    """Return the points of a grid's file; ``build`` makes, from its ``of`` and values, what runs the trials of one.

    ``paths``: paths into the scenario, which a planned trial does not have, and ``fields``: fields of the design that
    may be set. DocumentError tells every name that is neither, with the nearest that is, and every point that ``build``
    refuses with ValueError, at its line.
    """
    known_paths, known_fields, points = list(paths), list(fields), list[Point]()

    class Checked(Grid):
        @model_validator(mode="after")
        def _names(self) -> Checked:
            here = known_paths if self.of == "scenario" else []
            names = (_stranger(loc, name, known_fields, here) for loc, name in self.fields())
            raise_misfits(misfit for misfit in names if misfit)
            raise_misfits(_built(self, build, points))
            return self

    read_document(path, Checked)
    return tuple(points)


def _built(grid: Grid, build: Callable[[str, Values], Simulating], points: list[Point]) -> Iterator[Misfit]:
    for index, values in enumerate(grid.combinations()):
        place: tuple[str | int, ...] = ("each",) if grid.each else ("points", index)
        if index == MOST_POINTS:
            yield Misfit(place, f"more than {MOST_POINTS:,} points; vary fewer fields, or give points one by one")
            return
        try:
            points.append(Point(values, build(grid.of, values)))
        except ValueError as error:
            shown = ", ".join(f"{name} {value}" for name, value in values.items())
            yield Misfit(place, f"the point with {shown} cannot be simulated: {error}")


def _stranger(loc: tuple[str | int, ...], name: str, fields: list[str], paths: list[str]) -> Misfit | None:
    if name in fields or name in paths:
        return None
    near = get_close_matches(name, [*fields, *paths], n=1)
    guess = [f"did you mean {near[0]!r}?"] if near else []
    design = [f"design fields: {', '.join(fields)}"] if fields else []
    scenario = [f"paths to numbers of the scenario: {', '.join(paths[:3])}, ..."] if paths else []
    message = "; ".join([f"{name!r} is no field of this grid", *guess, *design, *scenario])
    return Misfit(loc, message, at_key=True)


def scenario_paths(scenario: Scenario) -> tuple[str, ...]:
    """Return the path of every number of a scenario, as ``Scenario.with_values`` takes it; terms and ids name items."""
    return tuple(_paths(scenario.model_dump(exclude={"calibration", "planning", "sources"}), ()))


def _paths(content: Any, above: tuple[str, ...]) -> Iterator[str]:
    if isinstance(content, bool | str) or content is None:
        return
    if isinstance(content, int | float):
        yield ".".join(above)
    elif isinstance(content, dict):
        for name, value in content.items():
            yield from _paths(value, (*above, str(name)))
    elif isinstance(content, list | tuple):
        for index, item in enumerate(content):
            name = item.get("term", item.get("id")) if isinstance(item, dict) else None
            yield from _paths(item, (*above, str(name or index)))
