"""Do small studies say something else than large ones: Egger's regression, the rank test, trim and fill.

A difference may be missing studies, or true: small trials often treat other patients. With fewer than ten studies these
tests find next to nothing (Sterne and others 2011, BMJ 343:d4002).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from trialwright.evidence.heterogeneity import PoolingMethod
from trialwright.evidence.inference import Inference, PoolingTest
from trialwright.evidence.kendall import kendall_test
from trialwright.evidence.meta_regression import meta_regression
from trialwright.evidence.mixed_model import FloatArray, MixedModel
from trialwright.evidence.studies import Study, require
from trialwright.evidence.synthesis import Synthesis, pool

__all__ = ["Asymmetry", "RankTest", "TrimmedAndFilled", "egger", "rank_test", "trim_and_fill"]

EggerModel = Literal["dispersion", "random effects"]
Side = Literal["left", "right"]
Rule = Literal["L0", "R0", "Q0"]
_MOST_ROUNDS = 100


@dataclass(frozen=True)
class Asymmetry:
    """Egger's regression of the effects on their standard errors."""

    model: EggerModel
    slope: Inference
    """Its P is that of the test: 0 without small-study effects."""
    limit: Inference
    """The effect of a study with a standard error of 0."""


@dataclass(frozen=True)
class RankTest:
    """Kendall's tau between effects about their mean and variances."""

    tau: float
    p: float
    """Two-sided."""
    is_exact: bool
    """False where ties make the exact distribution unknown: P is normal then."""


@dataclass(frozen=True)
class TrimmedAndFilled:
    """What trim and fill supposes to be missing."""

    side: Side
    """On which the missing studies lie."""
    missing: int
    se: float | None
    """Standard error of their number; of R0 its own, and of L0; None for Q0."""
    filled: tuple[Study, ...]
    synthesis: Synthesis
    """With the filled studies."""


def egger(studies: Sequence[Study], *, model: EggerModel = "dispersion", level: float = 0.95) -> Asymmetry:
    """Return Egger's test of funnel asymmetry (Egger, Davey Smith, Schneider and Minder 1997, BMJ 315:629).

    ``dispersion``: as published, a weighted regression whose scatter multiplies the variances, Student's t with k - 2
    degrees of freedom. ``random effects``: scatter added as tau2 by REML, normal (Sterne and Egger 2005).

    >>> pairs = [(-0.1, 0.05), (-0.2, 0.10), (-0.1, 0.15), (-0.6, 0.20), (-0.5, 0.25), (-0.9, 0.30)]
    >>> found = egger([Study(str(i), *pair) for i, pair in enumerate(pairs)])
    >>> f"{found.slope.estimate:.3f} {found.slope.p:.4f}"
    '-2.361 0.0241'
    """
    if model not in get_args(EggerModel):
        raise ValueError(f"model must be one of {', '.join(get_args(EggerModel))}; got {model!r}")
    require(studies, 3, "Egger's test")
    _refuse_equal([study.se for study in studies])
    errors = {"standard error": [study.se for study in studies]}
    # With tau2 = 0 Hartung and Knapp's factor is the scatter of the weighted regression.
    method, test = _EGGER[model]
    found = meta_regression(studies, errors, method=method, test=test, level=level)
    return Asymmetry(model, found["standard error"], found["intercept"])


_EGGER: dict[str, tuple[PoolingMethod, PoolingTest]] = {"dispersion": ("common", "HK"), "random effects": ("REML", "z")}


def rank_test(studies: Sequence[Study]) -> RankTest:
    """Return the rank correlation test of Begg and Mazumdar 1994 (Biometrics 50:1088); exact without ties.

    >>> pairs = [(-0.1, 0.05), (-0.2, 0.10), (-0.1, 0.15), (-0.6, 0.20), (-0.5, 0.25), (-0.9, 0.30)]
    >>> found = rank_test([Study(str(i), *pair) for i, pair in enumerate(pairs)])
    >>> f"{found.tau:.3f} {found.p:.3f} {found.is_exact}"
    '-0.733 0.056 True'
    """
    require(studies, 3, "the rank test")
    _refuse_equal([study.se for study in studies])
    model = MixedModel.of(studies)
    fit = model.at(0.0)
    spread = np.sqrt(model.v - float(fit.covariance[0, 0]))
    tau, p, exact = kendall_test((model.y - float(fit.coefficients[0])) / spread, model.v)
    return RankTest(tau, p, exact)


def trim_and_fill(
    studies: Sequence[Study],
    *,
    rule: Rule = "L0",
    side: Side | None = None,
    method: PoolingMethod = "REML",
    test: PoolingTest | None = None,
    level: float = 0.95,
) -> TrimmedAndFilled:
    """Return the synthesis with mirror images of the most extreme studies (Duval and Tweedie 2000, Biometrics 56:455).

    ``rule``: how the number missing is estimated. ``side``: where they are missing; without it opposite to where small
    studies lie. It shows how far the answer hangs on symmetry, and is no estimate of what is true.

    >>> pairs = [(-0.1, 0.05), (-0.2, 0.10), (-0.1, 0.15), (-0.6, 0.20), (-0.5, 0.25), (-0.9, 0.30)]
    >>> found = trim_and_fill([Study(str(i), *pair) for i, pair in enumerate(pairs)], method="DL")
    >>> found.side, found.missing, f"{found.synthesis.inference.estimate:.3f}"
    ('right', 3, '-0.125')
    """
    require(studies, 3, "trim and fill")
    if rule not in get_args(Rule):
        raise ValueError(f"rule must be one of {', '.join(get_args(Rule))}; got {rule!r}")
    if side not in (*get_args(Side), None):
        raise ValueError(f"side must be one of {', '.join(get_args(Side))} or None; got {side!r}")
    where = side or _missing_side(studies, method)
    sign = 1.0 if where == "left" else -1.0
    ordered = sorted(studies, key=lambda study: sign * study.estimate)
    missing, center = _count_missing(ordered, sign, rule, method)
    filled = tuple(
        replace(study, label=f"filled {study.label}", estimate=2 * center - study.estimate)
        for study in ordered[len(ordered) - missing :]
    )
    synthesis = pool([*studies, *filled], method=method, test=test, level=level)
    return TrimmedAndFilled(where, missing, _missing_error(len(studies), missing, rule), filled, synthesis)


def _refuse_equal(errors: Sequence[float]) -> None:
    if max(errors) - min(errors) <= 1e-12 * max(errors):
        raise ValueError(f"standard errors of the studies must differ; all are {errors[0]:g}, none is small.")


def _missing_side(studies: Sequence[Study], method: PoolingMethod) -> Side:
    _refuse_equal([study.se for study in studies])
    errors = {"standard error": [study.se for study in studies]}
    slope = meta_regression(studies, errors, method=method, test="z")["standard error"].estimate
    return "right" if slope < 0 else "left"


def _count_missing(ordered: Sequence[Study], sign: float, rule: Rule, method: PoolingMethod) -> tuple[int, float]:
    """Return how many studies are missing on the low side and the mean of the trimmed: rounds until it stays."""
    k, missing = len(ordered), 0
    for _ in range(_MOST_ROUNDS):
        kept = ordered[: k - missing]
        center = kept[0].estimate if len(kept) == 1 else pool(kept, method=method, test="z").under("z").estimate
        distances = np.array([sign * (study.estimate - center) for study in ordered])
        found = max(0, round(_MISSING[rule](_signed_ranks(distances), k)))
        if found == missing:
            return missing, center
        missing = min(found, k - 1)
    raise ValueError(f"trim and fill by {rule} goes round and round on these studies; take another rule")


def _signed_ranks(distances: FloatArray) -> FloatArray:
    ranks = np.empty(len(distances))
    ranks[np.argsort(np.abs(distances), kind="stable")] = np.arange(1, len(distances) + 1)
    signed: FloatArray = np.sign(distances) * ranks
    return signed


def _linear(ranks: FloatArray, k: int) -> float:
    return (4 * float(ranks[ranks > 0].sum()) - k * (k + 1)) / (2 * k - 1)


def _rightmost(ranks: FloatArray, k: int) -> float:
    # with nobody below the mean all lie on it, and none is missing
    return k + float(ranks.min()) - 1 if ranks.min() < 0 else 0.0


def _quadratic(ranks: FloatArray, k: int) -> float:
    return k - 0.5 - math.sqrt(max(0.0, 2 * k**2 - 4 * float(ranks[ranks > 0].sum()) + 0.25))


_MISSING = {"L0": _linear, "R0": _rightmost, "Q0": _quadratic}


def _missing_error(k: int, missing: int, rule: Rule) -> float | None:
    return {"R0": math.sqrt(2 * max(0, missing) + 2)}.get(rule)
