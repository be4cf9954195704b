"""What explains why studies differ: their effects on moderators, weighted as in a synthesis.

Thompson and Higgins 2002 (Stat Med 21:1559); tests of Knapp and Hartung 2003 (Stat Med 22:2693); the share explained of
Raudenbush 2009. Moderators are facts of studies, so this is observational, and with few studies nearly anything fits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trialwright.evidence.heterogeneity import (
    Heterogeneity,
    PoolingMethod,
    between_study_variance,
    heterogeneity,
)
from trialwright.evidence.inference import Inference, PoolingTest
from trialwright.evidence.mixed_model import Fit, FloatArray, MixedModel
from trialwright.evidence.quantiles import chi_square_tail, f_tail
from trialwright.evidence.studies import Study, require
from trialwright.evidence.synthesis import coefficients, default_test, scale
from trialwright.stats import design_matrix

__all__ = ["MetaRegression", "Omnibus", "meta_regression"]


@dataclass(frozen=True)
class Omnibus:
    """The test that no moderator matters: chi-square, or F where the test refers to Student's t."""

    statistic: float
    df: int
    """Coefficients tested."""
    df_residual: int | None
    """Second degrees of freedom of F; None for chi-square."""
    p: float


@dataclass(frozen=True)
class MetaRegression:
    """The fitted model."""

    studies: tuple[Study, ...]
    heterogeneity: Heterogeneity
    """What the moderators leave."""
    test: PoolingTest
    coefficients: Mapping[str, Inference]
    """By column of the design, ``intercept`` first."""
    moderators: Omnibus
    explained: float | None
    """Share of tau2 without moderators that they take away, never below 0; None where there is none to explain."""

    def __getitem__(self, name: str) -> Inference:
        """Return a coefficient; ValueError listing the known ones."""
        if name not in self.coefficients:
            raise ValueError(f"coefficient {name!r} is not in the model; known: {', '.join(self.coefficients)}")
        return self.coefficients[name]


def meta_regression(
    studies: Sequence[Study],
    moderators: Mapping[str, ArrayLike],
    *,
    terms: Sequence[str] | None = None,
    method: PoolingMethod = "REML",
    test: PoolingTest | None = None,
    level: float = 0.95,
) -> MetaRegression:
    """Return the regression of the effects on ``moderators``, a value for each study in order.

    ``terms`` are those of ``stats.design_matrix``: columns of numbers, factors of text, interactions ``a:b``. A
    moderator that is the same in each study or follows from the others is refused by name.

    >>> studies = [Study(str(i), y, 0.2) for i, y in enumerate((0.1, 0.3, 0.2, 0.6, 0.5))]
    >>> found = meta_regression(studies, {"dose": [1, 2, 3, 4, 5]}, method="DL", test="z")
    >>> f"{found['dose'].estimate:.3f} {found['dose'].p:.3f} {found.moderators.statistic:.3f}"
    '0.110 0.082 3.025'
    """
    require(studies, 3, "meta-regression")
    _refuse_lengths(studies, moderators)
    design = design_matrix(moderators, terms)
    x = np.column_stack([np.ones(len(studies)), design.matrix])
    model = MixedModel.with_design(studies, x, ("intercept", *design.names))
    spread = heterogeneity(model, method, level)
    fit, chosen = model.at(spread.tau2), test or default_test(len(studies), method)
    found = dict(zip(model.names, coefficients(model, fit, chosen, level), strict=True))
    explained = _explained(studies, spread)
    return MetaRegression(tuple(studies), spread, chosen, found, _omnibus(model, fit, chosen), explained)


def _refuse_lengths(studies: Sequence[Study], moderators: Mapping[str, ArrayLike]) -> None:
    for name, values in moderators.items():
        if np.shape(values) != (len(studies),):
            raise ValueError(f"moderator {name} must hold a value for each of {len(studies)} studies in order")


def _omnibus(model: MixedModel, fit: Fit, test: PoolingTest) -> Omnibus:
    tested: FloatArray = fit.coefficients[1:]
    unscaled, m = float(tested @ np.linalg.solve(fit.covariance[1:, 1:], tested)), len(tested)
    factor = scale(model, fit, test)
    # a model that fits exactly leaves Hartung and Knapp nothing to scale by
    statistic = unscaled / factor if factor > 0 else math.inf
    if test == "z":
        return Omnibus(statistic, m, None, chi_square_tail(statistic, m))
    return Omnibus(statistic / m, m, model.df, f_tail(statistic / m, (m, model.df)))


def _explained(studies: Sequence[Study], spread: Heterogeneity) -> float | None:
    alone = between_study_variance(MixedModel.of(studies), spread.method)
    return max(0.0, 1 - spread.tau2 / alone) if alone > 0 else None
