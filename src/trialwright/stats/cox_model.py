"""One Cox model ready to be evaluated: rows centered within strata and scaled, small or large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.cox_data import CoxData
from trialwright.stats.cox_ties import Likelihood, likelihood_of
from trialwright.stats.partial_likelihood import Derivatives, TieRule
from trialwright.stats.risk_sets import RiskSets, Rows

LARGE = 10_000
"""Rows from which compiled code is used; below, loading or compiling it would take longer than the model."""
THREADED = 100_000
WORKERS = 2
NONE = np.zeros(0)


@dataclass(frozen=True, eq=False)
class CoxModel:
    """The likelihood of a data set in standard coefficients: x centered by its mean in the stratum, over its SD."""

    rows: Rows
    rule: TieRule
    scale: FloatArray
    """[p] SD within strata; 1 where a covariate is constant in each"""
    place: IntArray | None
    """[n] row of the data; None = in the same order"""
    events: int

    @classmethod
    def of(cls, data: CoxData, rule: TieRule) -> CoxModel:
        """Center, scale and, when large, sort the rows."""
        prepare = _prepare_large if len(data) >= LARGE and rule in ("efron", "breslow") else _prepare
        rows, scale, place = prepare(data)
        return cls(rows, rule, scale, place, int(data.event.sum()))

    @cached_property
    def sets(self) -> RiskSets:
        """The rows as risk sets."""
        return RiskSets.of(self.rows)

    @cached_property
    def likelihood(self) -> Likelihood:
        """The partial likelihood as a function of the standard coefficients [p]."""
        return likelihood_of(self.sets, self.rule) if self.place is None else _compiled(self.rows, self.rule)

    def refined(self, v: FloatArray, tolerance: float) -> CoxModel:
        """Return the model with each stratum divided by the values of v [n]; values nearer than tolerance are one."""
        order = np.argsort(v, kind="stable")
        step = np.zeros(len(v), np.int64)
        step[order[1:]] = np.cumsum(np.diff(v[order]) > tolerance)
        stratum = self.rows.stratum * (step.max() + 1) + step
        _, codes = np.unique(stratum, return_inverse=True)
        place = np.arange(len(v)) if self.place is None else self.place
        return replace(self, rows=self.rows._replace(stratum=codes.astype(np.int32)), place=None)._placed(place)

    def _placed(self, place: IntArray) -> CoxModel:
        """Return the model evaluated without compiled code, its rows back in the order of the data."""
        back = np.empty(len(place), np.int64)
        back[place] = np.arange(len(place))
        return replace(self, rows=self.rows.taken(back), place=None)


def _prepare(data: CoxData) -> tuple[Rows, FloatArray, None]:
    first = np.unique(data.stratum, return_index=True)[1]
    codes = np.unique(data.stratum, return_inverse=True)[1]
    x = data.covariates - data.covariates[first][codes]
    counts = np.bincount(codes)
    means = np.stack([np.bincount(codes, column) / counts for column in x.T], axis=1)
    x -= means[codes]
    scale = _scale(np.square(x).sum(axis=0), len(x))
    x /= scale
    return Rows(data.day, data.event, x, data.stratum, data.entry, data.weight, data.offset), scale, None


def _scale(squares: FloatArray, n: int) -> FloatArray:
    scale: FloatArray = np.sqrt(squares / n)
    scale[scale == 0] = 1.0
    return scale


def _prepare_large(data: CoxData) -> tuple[Rows, FloatArray, IntArray]:
    from trialwright.stats._kernels_cox import moments, sort_rows

    n, p = data.covariates.shape
    mean, squares = np.zeros((len(data.strata), p)), np.zeros(p)
    moments(data.covariates, data.stratum, mean, squares)
    scale = _scale(np.maximum(squares, 0.0), n)
    span = int(data.day.max()) + 1
    if len(data.strata) * span > 4 * n:
        return _sorted_by_comparison(data, mean, scale)
    day, event, x, order = np.empty_like(data.day), np.empty(n, bool), np.empty((n, p)), np.empty(n, np.int32)
    place = np.zeros(len(data.strata) * span * 2 + 1, np.int64)
    given = (data.day, data.event, data.covariates, data.stratum, mean, 1 / scale, span, place)
    sort_rows(*given, day, event, x, order)
    stratum = np.repeat(np.arange(len(data.strata), dtype=np.int32), np.bincount(data.stratum, minlength=len(mean)))
    return Rows(day, event, x, stratum, *_rest(data, order)), scale, order


def _sorted_by_comparison(data: CoxData, mean: FloatArray, scale: FloatArray) -> tuple[Rows, FloatArray, IntArray]:
    order = np.lexsort((~data.event, data.day, data.stratum))
    stratum = data.stratum[order]
    x = data.covariates[order]
    x -= mean[stratum]
    x /= scale
    return Rows(data.day[order], data.event[order], x, stratum, *_rest(data, order)), scale, order


def _rest(data: CoxData, order: IntArray) -> Iterator[Any]:
    for array in (data.entry, data.weight, data.offset):
        yield None if array is None else array[order]


def _compiled(rows: Rows, rule: TieRule) -> Likelihood:
    """Return the likelihood of sorted rows by one compiled walk for each stratum, summed in their order."""
    from trialwright.stats._kernels_cox import add_stratum

    cuts = np.concatenate([[0], np.flatnonzero(np.diff(rows.stratum)) + 1, [len(rows.stratum)]])
    parts = [_part(rows, low, high) for low, high in pairwise(cuts.tolist())]
    p = rows.x.shape[1]
    own, given = _events(rows)

    def one(part: tuple[Any, ...], b: FloatArray) -> FloatArray:
        out = np.zeros(1 + p + p * p)
        add_stratum(*(*part, b, rule == "efron", out))
        return out

    def likelihood(b: FloatArray) -> Derivatives:
        total = np.sum(_each(lambda part: one(part, b), parts, len(rows.stratum)), axis=0)
        return Derivatives(float(total[0] + own @ b + given), own + total[1 : 1 + p], total[1 + p :].reshape(p, p))

    return likelihood


def _events(rows: Rows) -> tuple[FloatArray, float]:
    """Return the sums over events of covariates [p] and offset, weighted: they do not change with b."""
    weight = rows.event.astype(float)
    if rows.weight is not None:
        weight *= rows.weight
    return weight @ rows.x, 0.0 if rows.offset is None else float(weight @ rows.offset)


def _part(rows: Rows, low: int, high: int) -> tuple[Any, ...]:
    own = slice(low, high)
    entry = NONE if rows.entry is None else rows.entry[own]
    by_entry = np.zeros(0, np.int64) if rows.entry is None else np.argsort(entry, kind="stable")
    weight, offset = (NONE if a is None else a[own] for a in (rows.weight, rows.offset))
    return (rows.day[own], rows.event[own], rows.x[own], weight, offset, entry, by_entry)


def _each(work: Callable[[Any], FloatArray], parts: list[Any], n: int) -> list[FloatArray]:
    if n < THREADED or len(parts) == 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, parts))
