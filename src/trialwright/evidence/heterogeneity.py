"""How much true effects vary between studies: tau2 by nine methods, its Q-profile interval, Q, I2 and H2.

DL DerSimonian and Laird 1986 (Control Clin Trials 7:177); PM Paule and Mandel 1982 (J Res NBS 87:377); EB Morris 1983
(J Am Stat Assoc 78:47), whose equation has the root of PM; HE Hedges 1983 (Psychol Bull 93:388); HS Hunter and Schmidt
2004; SJ Sidik and Jonkman 2005 (J R Stat Soc C 54:367); ML and REML Viechtbauer 2005 (J Educ Behav Stat 30:261); all
with moderators in Viechtbauer and others 2015 (Psychol Methods 20:360). Estimates below 0 are 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from trialwright.evidence.mixed_model import FloatArray, MixedModel
from trialwright.evidence.quantiles import checked_level, chi_square_limit, chi_square_tail

__all__ = ["Heterogeneity", "PoolingMethod", "between_study_variance", "heterogeneity"]

PoolingMethod = Literal["common", "DL", "PM", "REML", "ML", "EB", "HE", "HS", "SJ"]
"""Common: one true effect in all studies, tau2 = 0. The others: the estimator of tau2."""
_STEPS = 96
"""Values of tau2 at which the score of a likelihood is looked at, evenly spread on the log scale."""
_EMPTY = "no tau2 is compatible: the studies agree more closely than their standard errors let expect"


@dataclass(frozen=True)
class Heterogeneity:
    """What studies differ by beyond chance.

    >>> from trialwright.evidence import Study, pool
    >>> found = pool([Study("a", -0.4, 0.2), Study("b", 0.1, 0.25), Study("c", -0.7, 0.3)], method="DL").heterogeneity
    >>> f"tau2 {found.tau2:.3f} ({found.lower:.3f} to {found.upper:.2f}), I2 {found.i2:.0%}, Q {found.q:.2f}"
    'tau2 0.079 (0.000 to 6.38), I2 56%, Q 4.58'
    """

    method: PoolingMethod
    tau2: float
    """Variance of the true effects, or of what moderators leave of it."""
    lower: float | None
    """Of the Q-profile interval of tau2; None with a problem."""
    upper: float | None
    level: float
    q: float
    """Cochran's Q, with weights 1 / v."""
    df: int
    p: float
    i2: float
    """Share of the variability that is heterogeneity, tau2 / (tau2 + typical v) (Higgins and Thompson 2002)."""
    i2_lower: float | None
    i2_upper: float | None
    h2: float
    problem: str | None = None
    """Why there is no interval."""


def heterogeneity(model: MixedModel, method: PoolingMethod, level: float = 0.95) -> Heterogeneity:
    """Return tau2 with its interval and the measures that go with it.

    Typical v = df / tr(P) at weights 1 / v. The common-effect model has I2 = (Q - df) / Q and H2 = Q / df instead.
    """
    tau2 = between_study_variance(model, method)
    at_zero = model.profile(0.0)
    q, typical = float(at_zero.q[0]), model.df / float(at_zero.trace[0])
    limits = q_profile(model, level)
    lower, upper = limits or (None, None)
    i2_lower, i2_upper = (None if end is None else end / (end + typical) for end in (lower, upper))
    i2, h2 = tau2 / (tau2 + typical), 1 + tau2 / typical
    if method == "common":
        i2, h2 = max(0.0, 1 - model.df / q) if q > 0 else 0.0, q / model.df
    p = chi_square_tail(q, model.df)
    problem = None if limits else _EMPTY
    return Heterogeneity(method, tau2, lower, upper, level, q, model.df, p, i2, i2_lower, i2_upper, h2, problem)


def between_study_variance(model: MixedModel, method: PoolingMethod) -> float:
    """Return tau2 by a method; ValueError naming the known ones."""
    if method not in get_args(PoolingMethod):
        raise ValueError(f"method must be one of {', '.join(get_args(PoolingMethod))}; got {method!r}")
    return max(0.0, _ESTIMATORS[method](model))


def q_profile(model: MixedModel, level: float) -> tuple[float, float] | None:
    """Return the values of tau2 at which y'P y meets the quantiles of chi-square (Viechtbauer 2007, Stat Med 26:37).

    None where even tau2 = 0 makes y'P y smaller than the lower quantile: no tau2 >= 0 is compatible.
    """
    tail = (1 - checked_level(level)) / 2
    upper = _where_q_is(model, chi_square_limit(model.df, 1 - tail))
    if upper is None:
        return None
    return _where_q_is(model, chi_square_limit(model.df, tail)) or 0.0, upper


def _where_q_is(model: MixedModel, target: float) -> float | None:
    """Return tau2 >= 0 with y'P y = target; None when y'P y is smaller at tau2 = 0 already.

    y'P y falls with tau2 and is at most the unweighted sum of squares over tau2: the root lies below their quotient.
    """
    from scipy.optimize import brentq

    def excess(tau2: float) -> float:
        return float(model.profile(tau2).q[0]) - target

    if excess(0.0) < 0:
        return None
    high = model.unweighted_squares / target
    return float(brentq(excess, 0.0, high * (1 + 1e-9) + 1e-300, xtol=high * 1e-15 + 1e-300, rtol=1e-14))


def _common(model: MixedModel) -> float:
    return 0.0


def _dersimonian_laird(model: MixedModel) -> float:
    found = model.profile(0.0)
    return (float(found.q[0]) - model.df) / float(found.trace[0])


def _paule_mandel(model: MixedModel) -> float:
    return _where_q_is(model, float(model.df)) or 0.0


def _hedges(model: MixedModel) -> float:
    return (model.unweighted_squares - model.unweighted_expected) / model.df


def _hunter_schmidt(model: MixedModel) -> float:
    found = model.profile(0.0)
    return (float(found.q[0]) - model.k) / float(found.sum_weights[0])


def _sidik_jonkman(model: MixedModel) -> float:
    """Start from the variance of the estimates themselves (divisor k), also where there are moderators."""
    start = float(model.y.var())
    return start * float(model.profile(start).q[0]) / model.df if start > 0 else 0.0


def _restricted_likelihood(model: MixedModel) -> float:
    def score(tau2: FloatArray) -> FloatArray:
        found = model.profile(tau2)
        return found.squares - found.trace

    def likelihood(tau2: FloatArray) -> FloatArray:
        found = model.profile(tau2)
        return found.log_weights - found.log_determinant - found.q

    return _most_likely(model, score, likelihood)


def _likelihood(model: MixedModel) -> float:
    def score(tau2: FloatArray) -> FloatArray:
        found = model.profile(tau2)
        return found.squares - found.sum_weights

    def likelihood(tau2: FloatArray) -> FloatArray:
        found = model.profile(tau2)
        return found.log_weights - found.q

    return _most_likely(model, score, likelihood)


Curve = Callable[[FloatArray], FloatArray]


def _most_likely(model: MixedModel, score: Curve, likelihood: Curve) -> float:
    """Return the highest of all maxima: the likelihood may have more than one.

    The score is below 0 beyond the root t of t^2 df = S (t + max v), S the unweighted sum of squares, because
    y'P P y <= S / t^2 and tr(P) >= df / (max v + t).
    """
    from scipy.optimize import brentq

    squares, df = model.unweighted_squares, model.df
    highest = (squares + math.sqrt(squares**2 + 4 * df * squares * float(model.v.max()))) / (2 * df)
    if highest <= float(model.v.min()) * 1e-12:
        return 0.0
    lowest = min(highest, float(model.v.min())) * 1e-6
    grid = np.concatenate(([0.0], np.geomspace(lowest, highest * (1 + 1e-9), _STEPS)))
    rising = score(grid) > 0
    peaks = [
        brentq(lambda t: float(score(t)[0]), grid[i], grid[i + 1], xtol=grid[i + 1] * 1e-15, rtol=1e-14)
        for i in np.flatnonzero(rising[:-1] & ~rising[1:])
    ]
    candidates = np.array(peaks if rising[0] else [0.0, *peaks])
    return float(candidates[int(np.argmax(likelihood(candidates)))]) if len(candidates) else 0.0


_ESTIMATORS: dict[str, Callable[[MixedModel], float]] = {
    "common": _common,
    "DL": _dersimonian_laird,
    "PM": _paule_mandel,
    "EB": _paule_mandel,
    "HE": _hedges,
    "HS": _hunter_schmidt,
    "SJ": _sidik_jonkman,
    "REML": _restricted_likelihood,
    "ML": _likelihood,
}
