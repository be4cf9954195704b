"""Comparing arms whose event times are known only between visits: score test and hazard ratio, stratified.

Progression found at a scan happened somewhere since the scan before. The score test of proportional hazards in that
likelihood is the generalized log-rank test for grouped data (Finkelstein 1986); its maximum gives the hazard ratio.
The baseline hazard of each stratum is free. Both use the observed information, baseline steps profiled out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.cox import HazardRatio
from trialwright.stats.estimates import Test, normal_tail, two_sided_z
from trialwright.stats.interval_likelihood import FAR, IntervalLikelihood, Maximum
from trialwright.stats.interval_times import IntervalTimes
from trialwright.stats.log_rank import quadratic_form

FLAT = 1e-4
"""Information of a log hazard ratio below which its likelihood is flat; one event is worth about 0.2."""
UNDETERMINED = "the intervals do not determine the hazard ratio: many have the same likelihood"
LEVEL = 1e-9
"""A gain of log-likelihood below which it rises no more."""
STEP = 1e-9


@dataclass(frozen=True, eq=False)
class IntervalCensored:
    """A comparison of arms with interval-censored times."""

    effects: tuple[HazardRatio, ...]
    """One for each arm but the first."""
    score: Test
    """Generalized log-rank test."""
    z: float | None
    """With two arms: below zero = later events in the second arm than expected."""
    p_one_sided: float | None
    """With two arms: probability of such a z or a smaller one."""
    likelihood_ratio: Test
    log_likelihood: float | None
    log_likelihood_null: float
    subjects: int
    seen: int
    """Subjects whose event was seen."""
    level: float
    problem: str | None = None


def interval_censored(times: IntervalTimes, *, level: float = 0.95) -> IntervalCensored:
    """Return the comparison of the arms with the first one, stratified by the strata of ``times``.

    Wald limits. Where the likelihood of two arms rises without end the ratio is 0 or infinite, and the finite limit is
    where the profile log-likelihood has fallen by z^2 / 2. Raises ValueError unless two arms or more have subjects,
    the first among them.

    >>> after, by = [0, 0, 56, 56, 0, 56, 112, 112], [56, 56, 112, 112, 56, 112, float("inf"), float("inf")]
    >>> found = interval_censored(IntervalTimes.of(after, by, list("AAAABBBB")))
    >>> f"{found.z:.3f} {found.effects[0].hazard_ratio:.3f}"
    '-1.669 0.210'
    """
    _require_arms(times)
    likelihood = IntervalLikelihood.of(times)
    null = likelihood.maximize(np.zeros(likelihood.arms - 1), fixed=True)
    if null is None:
        raise ArithmeticError("the baseline hazard at equal hazards did not settle; report the data to the maintainers")
    z, score = _score(null, likelihood.arms)
    names = [(arm, times.arms[0]) for arm in times.arms[1:]]
    found = _effects(likelihood, null, names, level) if score.problem is None else (None, None, score.problem)
    effects, best, problem = found
    return IntervalCensored(
        effects=tuple(effects or [_impossible(n, level, problem or NOTHING) for n in names]),
        score=score,
        z=z,
        p_one_sided=None if z is None else normal_tail(z),
        likelihood_ratio=_likelihood_ratio(best, null, score, problem),
        log_likelihood=best,
        log_likelihood_null=null.derivatives.log_likelihood,
        subjects=len(times),
        seen=int(times.seen.sum()),
        level=level,
        problem=problem,
    )


def _require_arms(times: IntervalTimes) -> None:
    present = [name for a, name in enumerate(times.arms) if (times.arm == a).any()]
    if len(present) < 2 or len(present) < len(times.arms):
        raise ValueError(
            f"a comparison needs subjects in each of at least two arms; got {', '.join(present)} "
            f"of {', '.join(times.arms)}. Name only arms with subjects."
        )


def _profiled(found: Maximum, q: int) -> FloatArray:
    """Return the information of the q log hazard ratios, baseline steps that are above zero profiled out."""
    information = found.derivatives.information
    steps = np.flatnonzero(found.at[q:] > 0) + q
    cross = information[:q, steps]
    own = information[:q, :q]
    profiled: FloatArray = (
        own - cross @ np.linalg.solve(information[np.ix_(steps, steps)], cross.T) if len(steps) else own
    )
    return profiled


NOTHING = "no information: no interval tells when subjects of two arms had their events"


def _score(null: Maximum, arms: int) -> tuple[float | None, Test]:
    u, v = null.derivatives.gradient[: arms - 1], _profiled(null, arms - 1)
    if not np.diag(v).max() > 1e-10:
        return None, Test.impossible(NOTHING)
    test = quadratic_form(u, v)
    return (float(u[0] / math.sqrt(v[0, 0])) if arms == 2 and test.problem is None else None), test


def _effects(
    likelihood: IntervalLikelihood, null: Maximum, names: list[tuple[str, str]], level: float
) -> tuple[list[HazardRatio], float | None, str | None]:
    q = likelihood.arms - 1
    best = likelihood.maximize(np.zeros(q), fixed=False, steps=null.at[q:])
    if best is not None:
        profiled = _profiled(best, q)
        if np.linalg.eigvalsh(profiled)[0] < FLAT:
            return [_impossible(n, level, UNDETERMINED) for n in names], best.derivatives.log_likelihood, UNDETERMINED
        se = np.sqrt(np.diag(np.linalg.inv(profiled)))
        found = [_estimated(n, level, float(b), float(s)) for n, b, s in zip(names, best.at[:q], se, strict=True)]
        return found, best.derivatives.log_likelihood, None
    if q == 1:
        return _unbounded(likelihood, null, names[0], level)
    problem = "some hazard ratio is 0 or infinite: compare two arms at a time for its limit"
    return [_impossible(n, level, problem) for n in names], None, problem


def _unbounded(
    likelihood: IntervalLikelihood, null: Maximum, names: tuple[str, str], level: float
) -> tuple[list[HazardRatio], float | None, str | None]:
    """Walk towards the end to which the likelihood rises, then back until it has fallen by z^2 / 2."""
    toward = math.copysign(1.0, null.derivatives.gradient[0])
    b, at, top = 0.0, null, null.derivatives.log_likelihood
    for k in range(1, int(FAR)):
        further = _profile(likelihood, toward * k, at)
        if further is None:
            break
        gain, at, b = further.derivatives.log_likelihood - top, further, toward * k
        top = further.derivatives.log_likelihood
        if gain < LEVEL:
            break
    limit = _fallen(likelihood, at, (b, -toward), top - two_sided_z(level) ** 2 / 2)
    problem = "the likelihood rises without end; the finite limit is of the profile likelihood"
    ratio, lower, upper = (0.0, 0.0, limit) if toward < 0 else (math.inf, limit, math.inf)
    effect = HazardRatio(*names, ratio, lower, upper, level, toward * math.inf, None, None, None, problem)
    return [effect], top, problem


def _fallen(likelihood: IntervalLikelihood, at: Maximum, start: tuple[float, float], drop: float) -> float | None:
    """Return the hazard ratio at which the profile log-likelihood has fallen to ``drop``, or None if it never does.

    ``start``: a log hazard ratio where it is still higher, and the direction in which it falls. Each maximum starts
    from its neighbor, because far jumps leave the baseline steps where Newton's method has no curvature to use.
    """
    b, step = start
    while abs(step) > STEP and abs(b) <= 2 * FAR:
        there = _profile(likelihood, b + step, at)
        if there is not None and there.derivatives.log_likelihood > drop:
            b, at = b + step, there
        else:
            step = step / 2
    return math.exp(b) if abs(step) <= STEP else None


def _profile(likelihood: IntervalLikelihood, b: float, near: Maximum) -> Maximum | None:
    """Return the maximum over baseline steps at a log hazard ratio, from one at a ratio nearby."""
    return likelihood.maximize(np.array([b]), fixed=True, steps=near.at[1:])


def _likelihood_ratio(best: float | None, null: Maximum, score: Test, problem: str | None) -> Test:
    if best is None:
        return Test.impossible(problem or NOTHING)
    return Test.chi_square(max(0.0, 2 * (best - null.derivatives.log_likelihood)), score.df)


def _estimated(names: tuple[str, str], level: float, b: float, se: float) -> HazardRatio:
    half = two_sided_z(level) * se
    ratio, lower, upper = (math.exp(v) for v in (b, b - half, b + half))
    return HazardRatio(*names, ratio, lower, upper, level, b, se, b / se, 2 * normal_tail(-abs(b / se)))


def _impossible(names: tuple[str, str], level: float, problem: str) -> HazardRatio:
    return HazardRatio(*names, None, None, None, level, None, None, None, None, problem)
