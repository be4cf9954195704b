"""A fitted Cox model as rows: all that residuals and tests of proportional hazards read of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray

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

    @property
    def centered(self) -> FloatArray:
        """Return the covariates less their means: nothing here depends on the origin, and an offset of 1e8 cancels."""
        centered: FloatArray = self.covariates - self.covariates.mean(axis=0)
        return centered


def _row(name: str, values: ArrayLike, n: int) -> FloatArray:
    row = np.array(values, dtype=np.float64)
    if row.shape != (n,):
        raise ValueError(f"{name} must have {n} entries; got shape {row.shape}")
    return row if np.isfinite(row).all() else _not_finite(name)


def _not_finite(name: str) -> FloatArray:
    raise ValueError(f"{name} must be known and finite in every row; leave rows out by a rule of the plan")
