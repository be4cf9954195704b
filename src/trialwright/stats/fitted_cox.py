"""A fitted Cox model as rows: all that residuals and tests of proportional hazards read of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray
from trialwright.stats.cox import CoxFit
from trialwright.stats.cox_regression import CoxRegression
from trialwright.stats.event_times import EventTimes
from trialwright.stats.partial_likelihood import TieRule

RiskSetRule = Literal["efron", "breslow"]
"""The rules for ties whose likelihood is a product over risk sets; the exact rules have no residuals of this kind."""


@dataclass(frozen=True, eq=False)
class FittedCox:
    """The n rows of a Cox model with its p coefficients. A row is at risk on the days in (entry, exit]."""

    exit: FloatArray
    """[n]"""
    event: BoolArray
    """[n]"""
    covariates: FloatArray
    """[n, p]"""
    coef: FloatArray
    """[p] log hazard ratios."""
    names: tuple[str, ...]
    """[p]"""
    stratum: IntArray
    """[n]"""
    weight: FloatArray
    """[n] positive case weights."""
    ties: RiskSetRule
    entry: FloatArray | None = None
    """[n], or None where everybody is at risk from the start."""
    terms: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """Names of terms with the columns they own: a factor of four levels is one term of three columns."""
    offset: FloatArray | None = None
    """[n] known part of the linear predictor, or None."""

    @classmethod
    def of(
        cls,
        exit: ArrayLike,
        event: ArrayLike,
        covariates: ArrayLike,
        coef: ArrayLike,
        *,
        names: Sequence[str],
        ties: RiskSetRule,
        entry: ArrayLike | None = None,
        stratum: ArrayLike | None = None,
        weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        terms: Mapping[str, Sequence[int]] | None = None,
    ) -> FittedCox:
        """Return the rows, checked: shapes agree, numbers are finite, the rule for ties has risk sets.

        ``covariates`` [n, p], ``coef`` [p], all else [n]; ``terms`` names groups of columns, by default each column
        is a term. Raises ValueError.

        >>> fit = FittedCox.of([1, 2, 3], [1, 1, 0], [[0.0], [1.0], [0.0]], [0.3], names=["arm"], ties="efron")
        >>> fit.terms
        (('arm', (0,)),)
        """
        if ties not in ("efron", "breslow"):
            raise ValueError(f"ties must be efron or breslow; got {ties!r}. Residuals need a product over risk sets.")
        x = np.array(covariates, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != len(names) or len(names) == 0:
            raise ValueError(f"covariates must be [n, {len(names)}], one column for each name; got shape {x.shape}")
        n = len(x)
        columns = {name: (j,) for j, name in enumerate(names)} if terms is None else terms
        return cls(
            exit=_row("exit", exit, n),
            event=_row("event", event, n) > 0,
            covariates=x if np.isfinite(x).all() else _not_finite("covariates"),
            coef=_row("coef", coef, len(names)),
            names=tuple(names),
            stratum=np.zeros(n, int) if stratum is None else np.unique(np.asarray(stratum), return_inverse=True)[1],
            weight=np.ones(n) if weight is None else _row("weight", weight, n),
            ties=ties,
            entry=None if entry is None else _row("entry", entry, n),
            terms=tuple((name, tuple(owned)) for name, owned in columns.items()),
            offset=None if offset is None else _row("offset", offset, n),
        )

    @classmethod
    def from_regression(cls, fit: CoxRegression, terms: Sequence[str] | None = None) -> FittedCox:
        """Return the rows of a fitted regression. ``terms`` [p] names the term of each column, as in ``Design.terms``.

        Covariates without information are left out. Raises ValueError when a hazard ratio is 0 or infinite, and for
        the exact rules for ties.

        >>> from trialwright.stats import CoxData, cox_regression
        >>> fit = cox_regression(CoxData.of([1, 2, 3, 4], [1, 1, 1, 0], {"age": [50, 61, 47, 55]}))
        >>> FittedCox.from_regression(fit).names
        ('age',)
        """
        data = fit.data
        endless = [c.name for c in fit.coefficients if c.coef is not None and not np.isfinite(c.coef)]
        kept = [j for j, c in enumerate(fit.coefficients) if c.coef is not None]
        if endless or not kept:
            named = ", ".join(endless or data.names)
            raise ValueError(f"coefficients must be finite; not so for {named} ({fit.problem}). Leave them out.")
        return cls.of(
            data.day if data.values is None else data.values[data.day],
            data.event,
            data.covariates[:, kept],
            [c.coef for c in fit.coefficients if c.coef is not None],
            names=[data.names[j] for j in kept],
            ties=_with_risk_sets(fit.ties),
            entry=data.entry if data.entry is None or data.values is None else data.values[data.entry],
            stratum=data.stratum,
            weight=data.weight,
            offset=data.offset,
            terms=_grouped([(terms or data.names)[j] for j in kept]),
        )

    @classmethod
    def from_arms(cls, times: EventTimes, fit: CoxFit) -> FittedCox:
        """Return the rows of a fitted model of the arms; all arms together are one term, "arm".

        Raises ValueError when a hazard ratio is 0, infinite or not estimable, and for the exact rules for ties.

        >>> from trialwright.stats import EventTimes, cox
        >>> times = EventTimes.of([3, 5, 7, 9], [1, 1, 1, 1], ["A", "B", "A", "B"])
        >>> FittedCox.from_arms(times, cox(times)).terms
        (('arm', (0,)),)
        """
        coef = [e.coef for e in fit.effects if e.coef is not None and np.isfinite(e.coef)]
        if len(coef) < len(fit.effects):
            raise ValueError(f"hazard ratios must be finite; got {fit.problem or 'an arm without subjects'}")
        real = times.values
        return cls.of(
            times.day if real is None else real[times.day],
            times.event,
            times.arm[:, None] == np.arange(1, len(times.arms)),
            coef,
            names=times.arms[1:],
            ties=_with_risk_sets(fit.ties),
            entry=times.entry if times.entry is None or real is None else real[times.entry],
            stratum=times.stratum,
            weight=times.weight,
            terms={"arm": range(len(coef))},
        )

    @property
    def centered(self) -> FloatArray:
        """Return the covariates less their means: nothing here depends on the origin, and an offset of 1e8 cancels."""
        centered: FloatArray = self.covariates - self.covariates.mean(axis=0)
        return centered


def _with_risk_sets(ties: TieRule) -> RiskSetRule:
    if ties == "efron":
        return "efron"
    if ties == "breslow":
        return "breslow"
    raise ValueError(f"ties must be efron or breslow for residuals and tests of them; the model has {ties}")


def _grouped(terms: Sequence[str]) -> dict[str, list[int]]:
    """Return the columns of each term, terms in order of their first column."""
    return {term: [j for j, other in enumerate(terms) if other == term] for term in dict.fromkeys(terms)}


def _row(name: str, values: ArrayLike, n: int) -> FloatArray:
    row = np.array(values, dtype=np.float64)
    if row.shape != (n,):
        raise ValueError(f"{name} must have {n} entries; got shape {row.shape}")
    return row if np.isfinite(row).all() else _not_finite(name)


def _not_finite(name: str) -> FloatArray:
    raise ValueError(f"{name} must be known and finite in every row; leave rows out by a rule of the plan")
