"""One answer from several studies: the pooled effect, how sure it is, and what another study may show.

A random-effects mean weighs each study by 1 / (v + tau2). Limits by the normal distribution take tau2 as known and are
too narrow with few studies; Hartung and Knapp 2001 (Stat Med 20:3875) and Sidik and Jonkman 2002 (Stat Med 21:3153)
scale the variance by what the studies show and refer to Student's t (IntHout, Ioannidis and Borm 2014, BMC Med Res
Methodol 14:25). Where studies happen to agree closely this variance is absurdly small; the ad hoc correction lets it
never fall below that of z (Knapp and Hartung 2003, Stat Med 22:2693).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from trialwright.evidence.heterogeneity import Heterogeneity, PoolingMethod, heterogeneity
from trialwright.evidence.inference import Inference, PoolingTest, infer
from trialwright.evidence.mixed_model import Fit, MixedModel
from trialwright.evidence.quantiles import limit
from trialwright.evidence.studies import Study, require

__all__ = ["Prediction", "PredictionKind", "Synthesis", "pool"]

PredictionKind = Literal["z", "t, k-1", "t, k-2"]
"""Distribution of a prediction interval: normal; Student's t with k - 1 degrees of freedom; or with k - 2 (Higgins,
Thompson and Spiegelhalter 2009, J R Stat Soc A 172:137)."""
FEW = 10
"""With fewer studies Hartung and Knapp's limits are the answer and z stands beside it."""


@dataclass(frozen=True)
class Prediction:
    """Where the true effect of another study like these lies, or why that cannot be said."""

    kind: PredictionKind
    test: PoolingTest
    """Whose standard error of the mean it builds on."""
    level: float
    lower: float | None
    upper: float | None
    problem: str | None = None


@dataclass(frozen=True)
class Synthesis:
    """The pooled answer of k studies.

    >>> found = pool([Study("a", -0.4, 0.2), Study("b", 0.1, 0.25), Study("c", -0.7, 0.3)], method="DL")
    >>> found.test, found.inference == found.under("HK")
    ('HK', True)
    >>> [f"{weight:.2f}" for weight in found.weights]
    ['0.39', '0.33', '0.28']
    """

    studies: tuple[Study, ...]
    heterogeneity: Heterogeneity
    test: PoolingTest
    """The one chosen, by the user or by the number of studies."""
    inferences: tuple[Inference, ...]
    """By every test that the model allows."""
    weights: tuple[float, ...]
    """[k] shares of the studies; they add up to 1."""
    notes: tuple[str, ...] = ()

    @property
    def inference(self) -> Inference:
        """Return estimate, limits and P of the test chosen."""
        return self.under(self.test)

    def under(self, test: PoolingTest) -> Inference:
        """Return the same by another test; ValueError naming those the model allows."""
        for found in self.inferences:
            if found.test == test:
                return found
        raise ValueError(f"test must be one of {', '.join(i.test for i in self.inferences)}; got {test!r}")

    def predict(self, kind: PredictionKind = "t, k-2", test: PoolingTest | None = None) -> Prediction:
        """Return the interval for the true effect of another study: mean -+ c sqrt(tau2 + se^2).

        ``test``: the one whose standard error of the mean is taken; without it the one chosen.

        >>> log_ratios = zip("abc", (-0.4, 0.1, -0.7), (0.2, 0.25, 0.3))
        >>> pooled = pool([Study(*each) for each in log_ratios], method="DL", test="z")
        >>> found = pooled.predict("t, k-2")
        >>> f"{found.lower:.2f} to {found.upper:.2f}"
        '-4.81 to 4.18'
        """
        if kind not in get_args(PredictionKind):
            raise ValueError(f"kind must be one of {', '.join(map(repr, get_args(PredictionKind)))}; got {kind!r}")
        mean, k = self.under(test or self.test), len(self.studies)
        if self.heterogeneity.method == "common":
            return Prediction(kind, mean.test, mean.level, None, None, "a common effect is the effect of every study")
        df = {"z": None, "t, k-1": k - 1, "t, k-2": k - 2}[kind]
        if df == 0:
            return Prediction(kind, mean.test, mean.level, None, None, "Student's t with k - 2 needs three studies")
        half = limit(mean.level, df) * math.sqrt(self.heterogeneity.tau2 + mean.se**2)
        return Prediction(kind, mean.test, mean.level, mean.estimate - half, mean.estimate + half)


def pool(
    studies: Sequence[Study],
    *,
    method: PoolingMethod = "REML",
    test: PoolingTest | None = None,
    level: float = 0.95,
) -> Synthesis:
    """Return the pooled effect of at least two studies.

    ``method``: the estimator of tau2, or ``common`` for one effect in all studies. ``test``: without it Hartung and
    Knapp's for fewer than ten studies, z for more, and for a common effect; every other stands beside it.

    >>> trials = [
    ...     Study.of_ratio("first", 0.84, 0.66, 1.07, level=0.95),
    ...     Study.of_ratio("MAINTAIN", 0.57, 0.39, 0.85, level=0.95),
    ...     Study.of_ratio("postMONARCH", 0.73, 0.57, 0.95, level=0.95),
    ...     Study.of_ratio("PACE", 1.11, 0.79, 1.55, level=0.90),
    ... ]
    >>> found = pool(trials)
    >>> found.test, " ".join(f"{end:.3f}" for end in found.inference.ratio)
    ('HK', '0.787 0.532 1.163')
    >>> " ".join(f"{end:.3f}" for end in found.under("z").ratio)
    '0.787 0.633 0.977'
    """
    require(studies, 2, "pooling")
    model = MixedModel.of(studies)
    spread = heterogeneity(model, method, level)
    fit = model.at(spread.tau2)
    allowed = ("z", "t") if method == "common" else get_args(PoolingTest)
    found = tuple(coefficients(model, fit, each, level)[0] for each in allowed)
    shares = tuple(float(w) for w in fit.weights / fit.weights.sum())
    chosen = test or default_test(len(studies), method)
    if chosen not in allowed:
        raise ValueError(f"test must be one of {', '.join(allowed)}; got {chosen!r}")
    return Synthesis(tuple(studies), spread, chosen, found, shares, _notes(spread, chosen, found))


def default_test(k: int, method: PoolingMethod) -> PoolingTest:
    """Return the test where none was asked for."""
    return "HK" if k < FEW and method != "common" else "z"


def scale(model: MixedModel, fit: Fit, test: PoolingTest) -> float:
    """Return what multiplies the variance of the coefficients: Hartung and Knapp's y'P y / df, else 1."""
    if test not in get_args(PoolingTest):
        raise ValueError(f"test must be one of {', '.join(get_args(PoolingTest))}; got {test!r}")
    spread = fit.q / model.df
    return {"HK": spread, "HK ad hoc": max(1.0, spread)}.get(test, 1.0)


def coefficients(model: MixedModel, fit: Fit, test: PoolingTest, level: float) -> list[Inference]:
    """Return every coefficient with its limits and test."""
    df, factor = None if test == "z" else model.df, scale(model, fit, test)
    pairs = zip(fit.coefficients.tolist(), fit.covariance.diagonal().tolist(), strict=True)
    return [infer(test, b, math.sqrt(factor * variance), df, level) for b, variance in pairs]


def _notes(spread: Heterogeneity, chosen: PoolingTest, found: Sequence[Inference]) -> tuple[str, ...]:
    width = {each.test: each.upper - each.lower for each in found}
    notes = []
    if chosen == "HK" and width["HK"] < width["z"]:
        notes.append("the studies agree so closely that Hartung and Knapp's limits are narrower than those of z")
    if spread.problem:
        notes.append(spread.problem)
    return tuple(notes)
