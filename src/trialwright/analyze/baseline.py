"""Baseline characteristics of the patients as randomized."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from trialwright.analyze.study import Finding, Group, Place, Study

__all__ = ["baseline"]

SOURCE = "derive.baseline"


class _Variable(NamedTuple):
    name: str
    kind: str
    levels: Sequence[str]
    values: Mapping[str, float | str]
    """Known values by subject."""


def baseline(study: Study) -> Iterator[Finding]:
    """Return median and range of numbers and the share of each level, in each arm and in all, with what is missing.

    Shares are of the patients whose value is known. Dates have no summary. A stratification factor with the name of a
    variable is listed as ``name (as randomized)``.
    """
    place = Place(study.cut, "baseline", study.randomized_population)
    groups = study.groups(place.population)
    for variable in _variables(study):
        for group in groups:
            yield from _summary(place, group, variable)


def _variables(study: Study) -> Iterator[_Variable]:
    protocol = study.protocol
    values = _values(study)
    levels = {"yes/no": ("yes", "no")}
    for name, variable in protocol.variables.items():
        if variable.baseline and variable.type in ("number", "yes/no", "choice"):
            known = values.get((name, variable.type), {})
            yield _Variable(name, variable.type, levels.get(variable.type, variable.levels), known)
    for factor in protocol.randomization.strata:
        name = f"{factor.id} (as randomized)" if _is_shown(study, factor.id) else factor.id
        yield _Variable(name, "stratum", factor.levels, values.get((factor.id, "stratum"), {}))


def _is_shown(study: Study, name: str) -> bool:
    return name in study.protocol.variables and study.protocol.variables[name].baseline


def _values(study: Study) -> dict[tuple[str, str], dict[str, float | str]]:
    frame = study.derived.baseline
    found: dict[tuple[str, str], dict[str, float | str]] = {}
    names = ("subject", "variable", "kind", "number", "level")
    for subject, variable, kind, number, level in zip(*(frame[name].to_list() for name in names), strict=True):
        value = level if number is None else number
        if value is not None:
            found.setdefault((variable, kind), {})[subject] = value
    return found


def _summary(place: Place, group: Group, variable: _Variable) -> Iterator[Finding]:
    own = {s: variable.values[s] for s in group.subjects if s in variable.values}
    known = group if len(own) == len(group) else group.only(f"{variable.name} known", own)
    if variable.kind == "number":
        yield from _number(place, group, known, variable.name, [float(value) for value in own.values()])
    else:
        for level in variable.levels:
            by = group.only(f"{variable.name}={level}", (s for s, value in own.items() if value == level))
            yield place.share(known, "share", by, SOURCE, item=f"{variable.name}={level}")
    unknown = group.only(f"{variable.name} missing", set(group.subjects) - set(own))
    yield place.count(group, "missing", unknown, SOURCE, item=variable.name)


def _number(place: Place, group: Group, known: Group, name: str, values: list[float]) -> Iterator[Finding]:
    for statistic, method, summarize in (
        ("median", "value-median", median),
        ("minimum", "extreme", min),
        ("maximum", "extreme", max),
    ):
        value = float(summarize(values)) if values else None
        problem = None if values else "no known value"
        yield place.found(known, statistic, value, item=name, method=method, source=SOURCE, problem=problem)
