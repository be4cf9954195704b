"""The weighted partial likelihood of a subdistribution hazard, and the residuals of its robust variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray
from trialwright.stats.competing import CompetingTimes
from trialwright.stats.partial_likelihood import Derivatives


@dataclass(frozen=True, eq=False)
class Subdistribution:
    """The likelihood of a cause: a product over the strata that have subjects, each with weights of its own.

    Zhou, Latouche, Rocha and Fine 2011, section 2.1: baseline hazard and censoring distribution by stratum.
    """

    strata: tuple[tuple[IntArray, Risk], ...]
    """The rows of each stratum, and their risk sets."""
    own: BoolArray
    """[n] event of the cause"""
    other: BoolArray
    """[n] event of another cause"""

    @classmethod
    def of(cls, times: CompetingTimes, code: int, after: bool) -> Subdistribution:
        """Return the risk sets of a cause in each stratum."""
        own, other = times.cause == code, (times.cause > 0) & (times.cause != code)
        rows = [np.flatnonzero(times.stratum == s) for s in range(len(times.strata))]
        parts = tuple((r, Risk.of(times.day[r], own[r], other[r], after)) for r in rows if len(r))
        return cls(parts, own, other)

    def evaluate(self, x: FloatArray, b: FloatArray, ties: str) -> Derivatives:
        """Return the derivatives at b [terms] for covariates x [n, terms], ties by Breslow or Efron."""
        parts = [evaluate(risk, x[rows], b, ties) for rows, risk in self.strata]
        return Derivatives(
            sum(part.log_likelihood for part in parts),
            np.sum([part.score for part in parts], axis=0),
            np.sum([part.information for part in parts], axis=0),
        )

    def scores(self, x: FloatArray, b: FloatArray) -> FloatArray:
        """Return what each subject adds to the score [n, terms], by way of the estimated weights too (section 2.3)."""
        scores = np.empty_like(x)
        for rows, risk in self.strata:
            scores[rows] = residual_scores(risk, x[rows], b) + censoring_scores(risk, x[rows], b)
        return scores


@dataclass(frozen=True, eq=False)
class Risk:
    """Subjects [n] of a stratum by place among its D distinct days, and the estimate G of being uncensored [D]."""

    place: IntArray
    own: BoolArray
    """[n] event of the cause"""
    other: BoolArray
    """[n] event of another cause"""
    uncensored: FloatArray
    """[D] G just before the day"""
    at_risk: FloatArray
    """[D] subjects at risk of censoring on the day"""
    censored: FloatArray
    """[D]"""
    after: bool
    """Whether those with an event on a day are no longer at risk of censoring on it."""

    @classmethod
    def of(cls, day: IntArray, own: BoolArray, other: BoolArray, after: bool) -> Risk:
        """Return the risk sets of subjects [n] with events of the cause and of others."""
        days, place = np.unique(day, return_inverse=True)
        leaving = np.bincount(place, minlength=len(days)).astype(float)
        censored = np.bincount(place, ~(own | other), len(days)).astype(float)
        at_risk = np.cumsum(leaving[::-1])[::-1] - (leaving - censored if after else 0.0)
        staying = 1 - np.divide(censored, at_risk, out=np.zeros(len(days)), where=at_risk > 0)
        uncensored = np.concatenate([[1.0], np.cumprod(staying)[:-1]])
        return cls(place, own, other, uncensored, at_risk, censored, after)

    @property
    def days(self) -> int:
        """Return D."""
        return len(self.uncensored)

    def sums(self, values: FloatArray, chosen: BoolArray | None = None) -> FloatArray:
        """Return the sum over subjects by day, [D, columns], of values [n, columns]."""
        parts = values if chosen is None else values * chosen[:, None]
        columns = [np.bincount(self.place, column, self.days) for column in parts.T]
        return np.stack(columns, axis=1)

    def weighted(self, values: FloatArray) -> FloatArray:
        """Return the sum over the risk set of each day, [D, columns]: those followed up to it and, weighted, those
        taken by another cause before it."""
        followed = np.cumsum(self.sums(values)[::-1], axis=0)[::-1]
        taken = self.taken(values)
        return followed + self.uncensored[:, None] * taken

    def taken(self, values: FloatArray) -> FloatArray:
        """Return the sum of values / G(X-) over those taken by another cause before each day, [D, columns]."""
        by_day = self.sums(values / self.uncensored[self.place][:, None], self.other)
        sums: FloatArray = np.cumsum(by_day, axis=0) - by_day
        return sums


def evaluate(risk: Risk, x: FloatArray, b: FloatArray, ties: str) -> Derivatives:
    """Return the derivatives at b [terms] for covariates x [n, terms], ties by Breslow or Efron."""
    moments = _moments(x, np.exp(x @ b))
    everyone, events = risk.weighted(moments), risk.sums(moments, risk.own)
    d = risk.sums(np.ones((len(x), 1)), risk.own)[:, 0].astype(int)
    day = np.repeat(np.arange(risk.days), d)
    passed = np.arange(len(day)) - np.repeat(np.cumsum(d) - d, d)
    share = passed / d[day] if ties == "efron" else np.zeros(len(day))
    sets = everyone[day] - share[:, None] * events[day]
    terms = x.shape[1]
    mean = sets[:, 1 : terms + 1] / sets[:, :1]
    second = (sets[:, terms + 1 :] / sets[:, :1]).sum(axis=0).reshape(terms, terms)
    own = x[risk.own].sum(axis=0)
    return Derivatives(float(own @ b - np.log(sets[:, 0]).sum()), own - mean.sum(axis=0), second - mean.T @ mean)


def residual_scores(risk: Risk, x: FloatArray, b: FloatArray) -> FloatArray:
    """Return the score residuals [n, terms], integrals of (x_i - mean) w_i dM_i (Fine and Gray 1999, section 3.2)."""
    mean, hazard, r = _baseline(risk, x, b)
    plain = _until(risk, x, mean, hazard, r)
    weight = risk.uncensored[:, None]
    total = np.cumsum(weight * hazard, axis=0)[-1]
    total_mean = np.cumsum(weight * hazard * mean, axis=0)[-1]
    so_far, so_far_mean = np.cumsum(weight * hazard, axis=0), np.cumsum(weight * hazard * mean, axis=0)
    later = x * (total - so_far)[risk.place] - (total_mean - so_far_mean)[risk.place]
    scores = np.where(risk.own[:, None], x - mean[risk.place], 0.0) - plain
    extended = (r / risk.uncensored[risk.place])[:, None] * later
    found: FloatArray = scores - np.where(risk.other[:, None], extended, 0.0)
    return found


def _until(risk: Risk, x: FloatArray, mean: FloatArray, hazard: FloatArray, r: FloatArray) -> FloatArray:
    """Return r_i times the integral of (x_i - mean) over the hazard up to the end of follow-up."""
    summed, with_mean = np.cumsum(hazard, axis=0)[risk.place], np.cumsum(hazard * mean, axis=0)[risk.place]
    until: FloatArray = r[:, None] * (x * summed - with_mean)
    return until


def censoring_scores(risk: Risk, x: FloatArray, b: FloatArray) -> FloatArray:
    """Return the part of the scores [n, terms] that comes from estimating G (Fine and Gray 1999, section 3.2)."""
    mean, hazard, r = _baseline(risk, x, b)
    weight = risk.uncensored[:, None] * hazard
    # days after u on which the weights of those taken before u depend on the censorings of u
    ahead, ahead_mean = (np.cumsum(v[::-1], axis=0)[::-1] for v in (weight, weight * mean))
    q = risk.taken(x * r[:, None]) * ahead - risk.taken(r[:, None]) * ahead_mean
    some = np.maximum(risk.at_risk, 1.0)[:, None]
    jump = q / some
    passed = np.cumsum(jump * risk.censored[:, None] / some, axis=0)
    last = risk.place - (risk.after & (risk.own | risk.other))
    spent = np.where((last >= 0)[:, None], passed[np.maximum(last, 0)], 0.0)
    censored = ~(risk.own | risk.other)
    found: FloatArray = np.where(censored[:, None], jump[risk.place], 0.0) - spent
    return found


def _baseline(risk: Risk, x: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the mean covariates [D, terms] and Breslow's hazard [D, 1] on each day, and exp(x b) [n]."""
    r = np.exp(x @ b)
    sums = risk.weighted(np.column_stack([r, x * r[:, None]]))
    d = risk.sums(np.ones((len(x), 1)), risk.own)
    happened = d > 0
    total = np.where(happened, sums[:, :1], 1.0)
    return np.where(happened, sums[:, 1:] / total, 0.0), d / total, r


def _moments(x: FloatArray, r: FloatArray) -> FloatArray:
    """Return r, r x and r x x' as columns, [n, 1 + terms + terms^2]."""
    first = x * r[:, None]
    second = (first[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    return np.column_stack([r, first, second])
