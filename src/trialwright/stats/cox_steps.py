"""One pass over the risk sets of a fitted Cox model: who is at risk when, and the weighted means there.

A tie group is a stratum and a day with an event. Under Efron's rule the d events of a group are taken one after the
other: at the l-th of them (l = 0..d-1) each counts with weight 1 - l/d in the risk set (Efron 1977). Under Breslow's
rule the group is one step. Both are lists of steps with a denominator, a mean and a covariance of the covariates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.fitted_cox import FittedCox


@dataclass(frozen=True, eq=False)
class CoxSteps:
    """The G tie groups of a model and the M steps in them."""

    fit: FittedCox
    time: FloatArray
    """[G]"""
    start: IntArray
    """[strata + 1] first group of each stratum."""
    first: IntArray
    """[n] first group at which the row is at risk."""
    last: IntArray
    """[n] the group after the last at which it is."""
    group: IntArray
    """[M] group of each step."""
    passed: FloatArray
    """[M] l/d, the share of the group's events that is over."""
    step_weight: FloatArray
    """[M] weight of the events of the step."""

    @classmethod
    def of(cls, fit: FittedCox) -> CoxSteps:
        """Return the risk sets of a fitted model."""
        times = np.unique(fit.exit[fit.event])
        span = len(times) + 1
        keys = np.unique(fit.stratum[fit.event] * span + np.searchsorted(times, fit.exit[fit.event]))
        reach = np.searchsorted(times, fit.exit, side="right")
        since = np.zeros(len(reach), int) if fit.entry is None else np.searchsorted(times, fit.entry, side="right")
        first = np.searchsorted(keys, fit.stratum * span + since)
        last = np.maximum(first, np.searchsorted(keys, fit.stratum * span + reach))
        strata = np.arange(int(fit.stratum.max()) + 2)
        group, passed, step_weight = _steps(fit, last[fit.event] - 1, len(keys))
        return cls(
            fit, times[keys % span], np.searchsorted(keys, strata * span), first, last, group, passed, step_weight
        )

    @cached_property
    def hazard(self) -> FloatArray:
        """[n] relative hazard exp(x b), scaled by the largest of the stratum so that nothing overflows."""
        predictor = self.fit.centered @ self.fit.coef
        if self.fit.offset is not None:
            predictor = predictor + self.fit.offset
        top = np.full(len(self.start) - 1, -np.inf)
        np.maximum.at(top, self.fit.stratum, predictor)
        hazard: FloatArray = np.exp(predictor - top[self.fit.stratum])
        return hazard

    @cached_property
    def own_group(self) -> IntArray:
        """[events] tie group of each event, rows in order."""
        own: IntArray = self.last[self.fit.event] - 1
        return own

    @cached_property
    def denominator(self) -> FloatArray:
        """[M] weighted relative hazards at risk."""
        return self._at_steps(np.ones((len(self.hazard), 1)))[:, 0]

    @cached_property
    def mean(self) -> FloatArray:
        """[M, p] weighted means of the centered covariates at risk."""
        mean: FloatArray = self._at_steps(self.fit.centered) / self.denominator[:, None]
        return mean

    @cached_property
    def covariance(self) -> FloatArray:
        """[M, p, p] weighted covariances of the covariates at risk."""
        p = self.fit.covariates.shape[1]
        i, j = np.triu_indices(p)
        products = self._at_steps(self.fit.centered[:, i] * self.fit.centered[:, j]) / self.denominator[:, None]
        second = np.empty((len(products), p, p))
        second[:, i, j] = second[:, j, i] = products
        covariance: FloatArray = second - self.mean[:, :, None] * self.mean[:, None, :]
        return covariance

    @cached_property
    def step_hazard(self) -> FloatArray:
        """[M] increments of the cumulative baseline hazard."""
        increments: FloatArray = self.step_weight / self.denominator
        return increments

    @cached_property
    def group_mean(self) -> FloatArray:
        """[G, p] means of the covariates at the events of each group, averaged over its steps."""
        steps = np.bincount(self.group, minlength=len(self.time))
        return self.by_group(self.mean) / steps[:, None]

    @cached_property
    def information(self) -> FloatArray:
        """[p, p] observed information of the coefficients."""
        return self.weighted_information(np.ones(len(self.group)))

    def weighted_information(self, g: FloatArray) -> FloatArray:
        """Return sum over steps of g V [p, p], V the covariance at the step times the weight of its events."""
        information: FloatArray = np.einsum("m,mij->ij", g * self.step_weight, self.covariance)
        return information

    def by_group(self, values: FloatArray) -> FloatArray:
        """Return the sums over the steps of each group [G, q] of values [M, q]."""
        sums: FloatArray = np.stack([np.bincount(self.group, v, len(self.time)) for v in values.T], axis=1)
        return sums

    def while_at_risk(self, values: FloatArray) -> FloatArray:
        """Return for each row the sum [n, q] of group values [G, q] over the groups at which it is at risk."""
        running = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
        total: FloatArray = running[self.last] - running[self.first]
        return total

    def _at_steps(self, values: FloatArray) -> FloatArray:
        """Return the sums of weight x hazard x values [M, q] over the rows at risk, events that are over taken off."""
        weighted = values * (self.hazard * self.fit.weight)[:, None]
        at_risk = self._at_risk(weighted)
        tied = _sums(self.own_group, weighted[self.fit.event], len(self.time))
        result: FloatArray = at_risk[self.group] - self.passed[:, None] * tied[self.group]
        return result

    def _at_risk(self, values: FloatArray) -> FloatArray:
        ever = self.first < self.last
        sums = _sums(self.last[ever] - 1, values[ever], len(self.time))
        late = ever & (self.first > self.start[self.fit.stratum])
        sums -= _sums(self.first[late] - 1, values[late], len(self.time))
        for begin, end in zip(self.start[:-1], self.start[1:], strict=True):
            sums[begin:end] = np.cumsum(sums[begin:end][::-1], axis=0)[::-1]
        return sums


def _steps(fit: FittedCox, own: IntArray, groups: int) -> tuple[Any, Any, Any]:
    d = np.bincount(own, minlength=groups)
    weight = np.bincount(own, fit.weight[fit.event], groups)
    if fit.ties == "breslow":
        return np.arange(groups), np.zeros(groups), weight
    group = np.repeat(np.arange(groups), d)
    place = np.arange(len(group)) - np.repeat(np.cumsum(d) - d, d)
    return group, place / d[group], (weight / np.maximum(d, 1))[group]


def _sums(place: IntArray, values: FloatArray, size: int) -> FloatArray:
    sums: FloatArray = np.stack([np.bincount(place, column, size) for column in values.T], axis=1)
    return sums
