"""The model behind every synthesis: y = X b + u + e with var(e) = v known and var(u) = tau2 (Raudenbush 2009).

With W = diag(1 / (v + tau2)) and P = W - W X (X'W X)^-1 X'W, nearly every estimator of tau2 is an equation in y'P y,
y'P P y and tr(P) (Viechtbauer, Lopez-Lopez, Sanchez-Meca and Marin-Martinez 2015, Psychol Methods 20:360). Columns of
X are first made orthonormal: then only the weights decide how well the equations are conditioned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trialwright.evidence.studies import Study

__all__ = ["Fit", "FloatArray", "MixedModel", "Profile"]

FloatArray = NDArray[np.float64]
_SAME = 1e-9
"""A column is collinear when so small a share of its length is left beside those before it."""
_WIDEST = 1e4
"""Standard errors further apart are of different units, and their weights beyond what double precision holds."""


class Profile(NamedTuple):
    """The quantities at G values of tau2, each [G]."""

    q: FloatArray
    """y'P y: the weighted sum of squared residuals."""
    squares: FloatArray
    """y'P P y."""
    trace: FloatArray
    """tr(P)."""
    log_weights: FloatArray
    """Sum of ln w."""
    sum_weights: FloatArray
    log_determinant: FloatArray
    """ln |X'W X|, but for a constant."""


class Fit(NamedTuple):
    """The model at one tau2."""

    tau2: float
    weights: FloatArray
    """[k] 1 / (v + tau2)"""
    coefficients: FloatArray
    """[p]"""
    covariance: FloatArray
    """[p, p] (X'W X)^-1"""
    q: float


@dataclass(frozen=True, eq=False)
class MixedModel:
    """Estimates [k] with known variances [k] and a design [k, p] of full rank, made by ``of`` or ``with_design``."""

    y: FloatArray
    v: FloatArray
    x: FloatArray
    names: tuple[str, ...]
    basis: FloatArray
    """[k, p] orthonormal columns that span those of x."""
    residual: FloatArray
    """[k] y less its fit with equal weights: P y is the same of it, without a large mean to round off."""

    @classmethod
    def of(cls, studies: Sequence[Study]) -> MixedModel:
        """Return the model of one mean."""
        return cls.with_design(studies, np.ones((len(studies), 1)), ("intercept",))

    @classmethod
    def with_design(cls, studies: Sequence[Study], x: FloatArray, names: Sequence[str]) -> MixedModel:
        """Return the model of a design; ValueError naming columns that are collinear, or too many."""
        if len(studies) <= x.shape[1]:
            raise ValueError(
                f"a model of {x.shape[1]} coefficients ({', '.join(names)}) needs at least {x.shape[1] + 1} studies; "
                f"got {len(studies)}. Leave out a moderator."
            )
        _refuse_collinear(x, names)
        _refuse_dwarfed(studies)
        y = np.array([study.estimate for study in studies], np.float64)
        v = np.array([study.variance for study in studies], np.float64)
        basis = np.linalg.qr(x)[0]
        return cls(y, v, x, tuple(names), basis, y - basis @ (basis.T @ y))

    @property
    def k(self) -> int:
        """Return the number of studies."""
        return len(self.y)

    @property
    def df(self) -> int:
        """Return studies less coefficients."""
        rows, columns = self.x.shape
        return int(rows) - int(columns)

    @property
    def unweighted_squares(self) -> float:
        """Return the sum of squared residuals with equal weights."""
        return float((self.residual**2).sum())

    @property
    def unweighted_expected(self) -> float:
        """Return what the sampling variances alone add to ``unweighted_squares`` on average."""
        return float(self.v.sum() - (self.basis**2 * self.v[:, None]).sum())

    def profile(self, tau2: FloatArray | float) -> Profile:
        """Return the quantities of the equations at values of tau2 [G]."""
        w = 1 / (self.v + np.atleast_1d(np.asarray(tau2, np.float64))[:, None])
        normal = np.einsum("gk,ki,kj->gij", w, self.basis, self.basis)
        right = np.einsum("gk,ki,k->gi", w, self.basis, self.residual)
        residual = self.residual - np.linalg.solve(normal, right[:, :, None])[:, :, 0] @ self.basis.T
        squared = np.einsum("gk,ki,kj->gij", w**2, self.basis, self.basis)
        lost = np.trace(np.linalg.solve(normal, squared), axis1=1, axis2=2)
        determinant = np.linalg.slogdet(normal)[1]
        total = w.sum(axis=1)
        return Profile(
            (w * residual**2).sum(axis=1),
            ((w * residual) ** 2).sum(axis=1),
            total - lost,
            np.log(w).sum(axis=1),
            total,
            determinant,
        )

    def at(self, tau2: float) -> Fit:
        """Return coefficients, their covariance and weights at one tau2."""
        w = 1 / (self.v + tau2)
        q, r = np.linalg.qr(self.x * np.sqrt(w)[:, None])
        inverse = np.linalg.inv(r)
        coefficients = inverse @ (q.T @ (np.sqrt(w) * self.y))
        residual = self.y - self.x @ coefficients
        return Fit(tau2, w, coefficients, inverse @ inverse.T, float((w * residual**2).sum()))


def _refuse_dwarfed(studies: Sequence[Study]) -> None:
    small, large = (end(studies, key=lambda study: study.se) for end in (min, max))
    if large.se > _WIDEST * small.se:
        raise ValueError(
            f"standard errors of studies must be of one scale; {small.label!r} has {small.se:g} and {large.label!r} "
            f"{large.se:g}, so that nothing but the first would count. Check their units."
        )


def _refuse_collinear(x: FloatArray, names: Sequence[str]) -> None:
    for j, name in enumerate(names):
        column, before = x[:, j], x[:, :j]
        length = float(np.linalg.norm(column))
        if length == 0:
            raise ValueError(f"column {name} of the design is 0 for each study; leave it out")
        scaled = before / np.linalg.norm(before, axis=0) if j else before
        share = np.linalg.lstsq(scaled, column / length, rcond=None)[0] if j else np.zeros(0)
        if j and np.linalg.norm(column / length - scaled @ share) < _SAME:
            raise ValueError(_collinear(name, [n for n, s in zip(names, share, strict=False) if abs(s) > _SAME]))


def _collinear(name: str, others: Sequence[str]) -> str:
    if list(others) == ["intercept"]:
        return f"column {name} is the same for each study, as is the intercept; leave it out"
    return (
        f"columns of the design are collinear: {name} follows from {', '.join(others)}. No data can tell their effects "
        f"apart; leave one of them out."
    )
