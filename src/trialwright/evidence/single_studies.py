"""What the answer owes to single studies: one left out, one added at a time, and measures of influence.

Viechtbauer and Cheung 2010 (Res Synth Methods 1:112).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trialwright.evidence.heterogeneity import PoolingMethod, between_study_variance
from trialwright.evidence.inference import Inference, PoolingTest, infer
from trialwright.evidence.mixed_model import Fit, MixedModel
from trialwright.evidence.studies import Study, require
from trialwright.evidence.synthesis import Synthesis, default_test, pool

__all__ = ["Cumulated", "Influence", "LeftOut", "cumulative", "influence", "leave_one_out"]


@dataclass(frozen=True)
class LeftOut:
    """The synthesis without one study."""

    label: str
    synthesis: Synthesis


@dataclass(frozen=True)
class Cumulated:
    """The synthesis of the first studies."""

    label: str
    """The study added last."""
    k: int
    inference: Inference
    tau2: float | None
    """None for the first study, which stands alone with normal limits."""


@dataclass(frozen=True)
class Influence:
    """What one study does to the answer."""

    label: str
    residual: float
    """Of the study from the mean of the others, in its standard errors."""
    dffits: float
    """Change of the fitted mean without it, in standard errors."""
    cook: float
    """Squared change of the mean over its variance (Cook's distance)."""
    covariance_ratio: float
    """Variance of the mean without it over that with it; above 1 the study makes the answer surer."""
    tau2_without: float
    q_without: float
    weight: float
    """Share of the study."""
    is_influential: bool
    """Whether |DFFITS| > 3 sqrt(1 / (k - 1)), or the weight is above 3 / k, or the mean moves by more than its standard
    error, or half the chi-square distribution lies below Cook's distance."""


def leave_one_out(
    studies: Sequence[Study],
    *,
    method: PoolingMethod = "REML",
    test: PoolingTest | None = None,
    level: float = 0.95,
) -> tuple[LeftOut, ...]:
    """Return the synthesis without each study in turn; at least three studies.

    Without ``test`` all use the one that the full set would, so that only the study makes a difference.

    >>> studies = [Study(str(i), y, 0.2) for i, y in enumerate((0.1, 0.3, 0.9))]
    >>> [f"{each.synthesis.inference.estimate:.2f}" for each in leave_one_out(studies)]
    ['0.60', '0.50', '0.20']
    """
    require(studies, 3, "leaving one out")
    chosen = test or default_test(len(studies), method)
    rest = [[other for other in studies if other is not study] for study in studies]
    return tuple(
        LeftOut(study.label, pool(others, method=method, test=chosen, level=level))
        for study, others in zip(studies, rest, strict=True)
    )


def cumulative(
    studies: Sequence[Study],
    *,
    method: PoolingMethod = "REML",
    test: PoolingTest | None = None,
    level: float = 0.95,
) -> tuple[Cumulated, ...]:
    """Return the synthesis of the first one, two, three ... studies, in the order given.

    >>> studies = [Study(str(i), y, 0.2) for i, y in enumerate((0.1, 0.3, 0.9))]
    >>> [f"{each.inference.estimate:.2f}" for each in cumulative(studies)]
    ['0.10', '0.20', '0.43']
    """
    require(studies, 2, "cumulating")
    chosen = test or default_test(len(studies), method)
    found = [_first(studies[0], level)]
    for k in range(2, len(studies) + 1):
        pooled = pool(studies[:k], method=method, test=chosen, level=level)
        found.append(Cumulated(studies[k - 1].label, k, pooled.inference, pooled.heterogeneity.tau2))
    return tuple(found)


def influence(
    studies: Sequence[Study],
    *,
    method: PoolingMethod = "REML",
) -> tuple[Influence, ...]:
    """Return the measures of influence of each of at least three studies, tau2 taken as known.

    >>> studies = [Study(str(i), y, 0.2) for i, y in enumerate((0.1, 0.2, 0.3, 0.2, 2.9))]
    >>> [each.is_influential for each in influence(studies)]
    [False, False, False, False, True]
    """
    require(studies, 3, "influence")
    model = MixedModel.of(studies)
    fit = model.at(between_study_variance(model, method))
    left_out = leave_one_out(studies, method=method, test="z")
    return tuple(_influence(i, model, fit, each) for i, each in enumerate(left_out))


def _first(study: Study, level: float) -> Cumulated:
    return Cumulated(study.label, 1, infer("z", study.estimate, study.se, None, level), None)


def _influence(i: int, model: MixedModel, fit: Fit, left_out: LeftOut) -> Influence:
    without = left_out.synthesis
    k, rest = model.k, without.inference
    mean, tau2 = float(fit.coefficients[0]), without.heterogeneity.tau2
    weight = float(fit.weights[i] / fit.weights.sum())
    moved, variance = mean - rest.estimate, float(fit.covariance[0, 0])
    spread = float(model.v[i]) + tau2
    residual = (float(model.y[i]) - rest.estimate) / math.sqrt(spread + rest.se**2)
    dffits = moved / math.sqrt(weight * spread)
    in_errors = moved * math.sqrt(float((1 / (model.v + tau2)).sum()))
    cook = moved**2 / variance
    influential = (
        abs(dffits) > 3 * math.sqrt(1 / (k - 1)) or weight > 3 / k or abs(in_errors) > 1 or cook > _HALF_OF_CHI_SQUARE
    )
    return Influence(
        left_out.label, residual, dffits, cook, rest.se**2 / variance, tau2, without.heterogeneity.q, weight,
        influential,
    )  # fmt: skip


_HALF_OF_CHI_SQUARE = 0.454936423119572
"""Median of chi-square with one degree of freedom."""
