"""Partial likelihoods of the arm under four rules for ties: log-likelihood, score and information at b.

The reference arm is the first; b holds the log hazard ratios of the others. Efron 1977 and Breslow 1974 are sums over
weighted risk sets; the exact discrete likelihood (Cox 1972, conditional logistic) sums over all ways in which the
events of a day could have fallen on the arms; the exact marginal one (Kalbfleisch and Prentice 1973) over all orders in
which they could have come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, get_args

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.efron import efron_sums
from trialwright.stats.exact_marginal import TieGroups, marginal_sums
from trialwright.stats.risk_table import Ties

TieRule = Literal["efron", "breslow", "exact", "discrete"]
"""``exact`` is the exact marginal likelihood (SAS EXACT), ``discrete`` the discrete one (SAS DISCRETE, R exact)."""
MANY_TIES = 12
LARGE = 10_000
"""Events from which the compiled pass is worth loading."""
MOST_OUTCOMES = 4_000_000


class Derivatives(NamedTuple):
    """Log-likelihood, its gradient [arms] and its negative second derivative [arms, arms], reference arm included."""

    log_likelihood: float
    score: FloatArray
    information: FloatArray


class PartialLikelihood(Protocol):
    """Anything that can be evaluated at log hazard ratios b [arms], b[0] = 0."""

    def __call__(self, b: FloatArray) -> Derivatives:
        """Return the derivatives at b."""


def partial_likelihood(ties: Ties, rule: TieRule) -> PartialLikelihood:
    """Return the partial likelihood of the given ties under a rule."""
    if rule == "efron":
        return _efron(ties)
    if rule == "breslow":
        return _RiskSets(ties.events.sum(axis=0), ties.at_risk.T.copy(), ties.events.sum(axis=1))
    if rule == "exact":
        return _marginal(ties)
    if rule == "discrete":
        return _outcomes(ties) if len(ties.events) else _efron_risk_sets(ties)
    raise ValueError(f"ties must be one of {', '.join(get_args(TieRule))}; got {rule!r}")


@dataclass(frozen=True, eq=False)
class _RiskSets:
    """Likelihood prod w^events / prod (sum of w at_risk)^times."""

    events: FloatArray
    """[arms] in all"""
    at_risk: FloatArray
    """[arms, R] risk sets; this way round sums over arms are sums of long rows"""
    times: FloatArray
    """[R] how often each stands in the denominator"""

    def __call__(self, b: FloatArray) -> Derivatives:
        weighted = self.at_risk * np.exp(b)[:, None]
        total = weighted.sum(axis=0)
        share = weighted / total
        counted = share * self.times
        mean = counted.sum(axis=1)
        return Derivatives(
            float(self.events @ b - self.times @ np.log(total)),
            self.events - mean,
            np.diag(mean) - counted @ share.T,
        )


@dataclass(frozen=True, eq=False)
class _ManyTies:
    """Efron's likelihood of two arms where many events share a day: closed forms instead of a sum over the events."""

    ties: Ties

    def __call__(self, b: FloatArray) -> Derivatives:
        log, mean, spread = efron_sums(self.ties.events, self.ties.at_risk, float(b[1]))
        d1 = self.ties.events[:, 1]
        score, information = float((d1 - mean).sum()), float(spread.sum())
        return Derivatives(
            float(d1.sum() * b[1] - log.sum()),
            np.array([-score, score]),
            information * np.array([[1.0, -1.0], [-1.0, 1.0]]),
        )


@dataclass(frozen=True, eq=False)
class _Product:
    """The product of two likelihoods."""

    one: PartialLikelihood
    other: PartialLikelihood

    def __call__(self, b: FloatArray) -> Derivatives:
        x, y = self.one(b), self.other(b)
        return Derivatives(x.log_likelihood + y.log_likelihood, x.score + y.score, x.information + y.information)


@dataclass(frozen=True, eq=False)
class _Compiled:
    """Efron's likelihood of two arms in one compiled pass: worth its loading for large tables only."""

    rows: tuple[FloatArray, ...]
    """[C] each: events of the reference arm and of the other, at risk in the same order"""

    def __call__(self, b: FloatArray) -> Derivatives:
        from trialwright.stats._kernels_efron import efron_two_arms

        d0, d1, y0, y1 = self.rows
        log, score, information = efron_two_arms(d0, d1, y0, y1, float(b[1]))
        return Derivatives(log, np.array([-score, score]), information * np.array([[1.0, -1.0], [-1.0, 1.0]]))


def _efron(ties: Ties) -> PartialLikelihood:
    if ties.events.shape[1] == 2 and ties.events.sum() >= LARGE:
        columns = (*ties.events.T, *ties.at_risk.T)
        return _Compiled(tuple(np.ascontiguousarray(column) for column in columns))
    many = (ties.events.sum(axis=1) >= MANY_TIES) & (ties.events.shape[1] == 2)
    if not many.any():
        return _efron_risk_sets(ties)
    closed = _ManyTies(_some(ties, many))
    return closed if many.all() else _Product(closed, _efron_risk_sets(_some(ties, ~many)))


def _some(ties: Ties, chosen: FloatArray) -> Ties:
    return Ties(ties.stratum[chosen], ties.events[chosen], ties.at_risk[chosen])


def _efron_risk_sets(ties: Ties) -> _RiskSets:
    """At the l-th of d tied events each of them counts with weight 1 - l/d."""
    d = ties.events.sum(axis=1).astype(int)
    day = np.repeat(np.arange(len(d)), d)
    passed = (np.arange(len(day)) - np.repeat(np.cumsum(d) - d, d)) / d[day]
    at_risk = ties.at_risk.T[:, day] - passed * ties.events.T[:, day]
    return _RiskSets(ties.events.sum(axis=0), at_risk, np.ones(len(day)))


@dataclass(frozen=True, eq=False)
class _Orders:
    """Exact marginal likelihood of days with two events or more: all orders in which they could have come."""

    events: FloatArray
    """[G, arms]"""
    staying: FloatArray
    """[G, arms] still at risk after the day: at least one in all"""

    def __call__(self, b: FloatArray) -> Derivatives:
        weighted = self.staying * np.exp(b)
        total = weighted.sum(axis=1)
        share = weighted / total[:, None]
        arms = np.eye(len(b))
        groups = TieGroups(
            events=self.events,
            log_rate=b - np.log(total)[:, None],
            centered=arms - share[:, None, :],
            spread=share[:, :, None] * arms - share[:, :, None] * share[:, None, :],
        )
        return Derivatives(*marginal_sums(groups))


def _marginal(ties: Ties) -> PartialLikelihood:
    tied = ties.events.sum(axis=1) > 1
    staying = ties.at_risk - ties.events
    open_order = tied & (staying.sum(axis=1) > 0)  # nobody stays: the order is certain to end here, factor 1
    single = _efron_risk_sets(_some(ties, ~tied))
    return _Product(single, _Orders(ties.events[open_order], staying[open_order])) if open_order.any() else single


@dataclass(frozen=True, eq=False)
class _Outcomes:
    """Exact discrete likelihood: of the M ways to spread the events of each day over the arms, the one observed."""

    events: FloatArray
    """[arms] in all"""
    log_ways: FloatArray
    """[M] log of the number of sets of subjects with this spread"""
    spread: FloatArray
    """[M, arms] events by arm"""
    start: IntArray
    """[days] first row of each day"""
    day: IntArray
    """[M]"""

    def __call__(self, b: FloatArray) -> Derivatives:
        log = self.log_ways + self.spread @ b
        top = np.maximum.reduceat(log, self.start)
        weight = np.exp(log - top[self.day])
        total = np.add.reduceat(weight, self.start)
        share = weight / total[self.day]
        mean = np.add.reduceat(self.spread * share[:, None], self.start, axis=0)
        centered = self.spread - mean[self.day]
        return Derivatives(
            float(self.events @ b - (top + np.log(total)).sum()),
            self.events - mean.sum(axis=0),
            (centered * share[:, None]).T @ centered,
        )


def _outcomes(ties: Ties) -> _Outcomes:
    spreads = [_spreads(d, y) for d, y in zip(ties.events, ties.at_risk, strict=True)]
    sizes = np.array([len(s) for s in spreads])
    day = np.repeat(np.arange(len(sizes)), sizes)
    spread = np.concatenate(spreads)
    return _Outcomes(
        events=ties.events.sum(axis=0),
        log_ways=_log_choose(ties.at_risk[day], spread).sum(axis=1),
        spread=spread,
        start=np.cumsum(sizes) - sizes,
        day=day,
    )


def _spreads(events: FloatArray, at_risk: FloatArray) -> FloatArray:
    """Return all [ways, arms] with the day's number of events and no more than the subjects at risk."""
    d = int(events.sum())
    free = np.minimum(at_risk[1:], d).astype(int) + 1
    if np.prod(free, dtype=float) > MOST_OUTCOMES:
        raise ValueError(f"discrete ties of {d} events on one day in {len(at_risk)} arms are too many; use efron")
    others = np.indices(tuple(free.tolist())).reshape(len(free), -1).T
    first = d - others.sum(axis=1)
    kept = (first >= 0) & (first <= at_risk[0])
    return np.column_stack([first[kept], others[kept]]).astype(float)


def _log_choose(n: FloatArray, k: FloatArray) -> FloatArray:
    from scipy.special import gammaln

    result: FloatArray = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return result
