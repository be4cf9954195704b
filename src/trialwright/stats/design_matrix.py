"""Covariates as numbers: treatment coding of factors, and interactions by name."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Design:
    """Covariates of n rows as a matrix of numbers."""

    names: tuple[str, ...]
    """[p] ``age``; ``grade=3`` for a level of a factor; ``age:grade=3`` for an interaction."""
    matrix: FloatArray
    """[n, p]"""
    terms: tuple[str, ...]
    """[p] the term each column comes from, such as ``grade``."""


def design_matrix(
    columns: Mapping[str, ArrayLike],
    terms: Sequence[str] | None = None,
    *,
    levels: Mapping[str, Sequence[Hashable]] | None = None,
) -> Design:
    """Return columns as covariates.

    ``terms``: names of columns, ``a:b`` for an interaction, ``a*b`` for ``a``, ``b`` and ``a:b``; all columns by
    default. A column of text or booleans, or one named in ``levels``, is a factor: each level but the first has a
    column that is 1 for it (treatment coding). ``levels`` gives the order; without it levels are sorted. Missing
    values are refused with their number.

    >>> design = design_matrix({"age": [50, 61, 47], "sex": ["m", "f", "m"]}, ["age*sex"])
    >>> design.names, design.matrix.tolist()
    (('age', 'sex=m', 'age:sex=m'), [[50.0, 1.0, 50.0], [61.0, 0.0, 0.0], [47.0, 1.0, 47.0]])
    """
    known = {name: _coded(name, np.asarray(column), (levels or {}).get(name)) for name, column in columns.items()}
    for name in levels or {}:
        _require(name, known)
    parts = [
        (term, name, column)
        for term in _expanded(list(columns) if terms is None else terms, known)
        for name, column in _interaction(term, known)
    ]
    if not parts:
        raise ValueError("terms must name at least one column that varies by level; got none")
    names = tuple(name for _, name, _ in parts)
    matrix = np.stack([column for _, _, column in parts], axis=1)
    return Design(names, matrix, tuple(term for term, _, _ in parts))


Coded = list[tuple[str, FloatArray]]


def _expanded(terms: Sequence[str], known: Mapping[str, Coded]) -> list[str]:
    """Return each term once, ``a*b`` written out, main effects first as they come."""
    found: dict[str, None] = {}
    for term in terms:
        factors = [part.strip() for part in term.split("*")]
        for part in factors:
            for name in part.split(":"):
                _require(name.strip(), known)
        for size in range(1, len(factors) + 1):
            for subset in _subsets(factors, size):
                found[":".join(subset)] = None
    return list(found)


def _subsets(factors: list[str], size: int) -> list[tuple[str, ...]]:
    from itertools import combinations

    return list(combinations(factors, size))


def _require(name: str, known: Mapping[str, Coded]) -> None:
    if name not in known:
        raise ValueError(f"column {name!r} is not known; known: {', '.join(known)}")


def _interaction(term: str, known: Mapping[str, Coded]) -> Coded:
    coded = [known[name.strip()] for name in term.split(":")]
    return [(":".join(n for n, _ in parts), np.prod([c for _, c in parts], axis=0)) for parts in product(*coded)]


def _coded(name: str, column: np.ndarray[Any, Any], levels: Sequence[Hashable] | None) -> Coded:
    if column.ndim != 1:
        raise ValueError(f"column {name} must be one row of values; got shape {column.shape}")
    if levels is None and column.dtype.kind in "iuf":
        numbers = column.astype(float)
        _refuse_missing(name, int(np.isnan(numbers).sum()))
        return [(name, numbers)]
    values = column.tolist()
    _refuse_missing(name, sum(map(_missing, values)))
    order = list(levels) if levels is not None else sorted(set(values), key=lambda v: (str(type(v)), v))
    unknown = [v for v in values if v not in set(order)]
    if unknown:
        raise ValueError(f"level {unknown[0]!r} of {name} is not known; known: {', '.join(map(str, order))}")
    return [(f"{name}={level}", np.array([v == level for v in values], float)) for level in order[1:]]


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _refuse_missing(name: str, count: int) -> None:
    if count:
        raise ValueError(
            f"column {name} must be known for each row; {count} {'is' if count == 1 else 'are'} missing. "
            f"Leave such rows out by a rule of the plan, or complete them."
        )
