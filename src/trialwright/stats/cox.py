"""The Cox model of the arm, stratified, from the risk table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trialwright.stats.arrays import BoolArray, FloatArray
from trialwright.stats.estimates import Test, normal_tail, two_sided_z
from trialwright.stats.event_times import EventTimes
from trialwright.stats.log_rank import NO_INFORMATION, quadratic_form, require_arms, uninformative_strata
from trialwright.stats.newton import MOST_STEPS, NOISE, STEP, Climb, climb
from trialwright.stats.partial_likelihood import Derivatives, PartialLikelihood, TieRule, partial_likelihood
from trialwright.stats.risk_table import RiskTable, Ties, as_table

FAR = 200.0
"""A log hazard ratio at which a monotone likelihood has reached its limit."""


@dataclass(frozen=True)
class HazardRatio:
    """The hazard ratio of an arm against the reference arm.

    Where the likelihood rises without end the ratio is 0 or infinite, there is no standard error, z or P value, and
    the finite limit comes from the likelihood ratio: the b at which it has fallen by z^2 / 2 from its bound.
    """

    arm: str
    reference: str
    hazard_ratio: float | None
    lower: float | None
    upper: float | None
    level: float
    coef: float | None
    """Log hazard ratio."""
    se: float | None
    z: float | None
    p: float | None
    """Two-sided, Wald."""
    problem: str | None = None


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted Cox model of the arm."""

    effects: tuple[HazardRatio, ...]
    """One for each arm but the reference."""
    covariance: FloatArray | None
    """[arms - 1, arms - 1] of the log hazard ratios; None where one of them is not finite."""
    wald: Test
    likelihood_ratio: Test
    score: Test
    log_likelihood: float | None
    log_likelihood_null: float
    subjects: int
    events: int
    ties: TieRule
    level: float
    uninformative_strata: tuple[str, ...]
    """Strata without an event while subjects of two arms are at risk; they contribute nothing."""
    problem: str | None = None

    @property
    def effect(self) -> HazardRatio:
        """Return the only hazard ratio of a model of two arms."""
        if len(self.effects) != 1:
            raise ValueError(f"this model has {len(self.effects)} hazard ratios; read effects")
        return self.effects[0]


def cox(times: EventTimes | RiskTable, *, ties: TieRule = "efron", level: float = 0.95) -> CoxFit:
    """Return the Cox model of the arms, stratified by the strata of ``times``; the first arm is the reference.

    ``ties``: "efron" (Efron 1977; R ``ties="efron"``, its default; SAS ``TIES=EFRON``), "breslow" (Breslow 1974; SAS's
    default), "exact" (marginal likelihood, Kalbfleisch and Prentice 1973: SAS ``TIES=EXACT``; not in R), "discrete"
    (Cox 1972: R ``ties="exact"``, SAS ``TIES=DISCRETE``). Whole weights count subjects that are alike, which R's
    ``weights`` under Efron do not; fractional ones only Breslow takes, as d w log S. Wald limits exp(b -+ z SE). A
    likelihood without a maximum is recognized beforehand: it has one only if, between any two arms, each has an event
    while the other is at risk (Ford 1957). Raises ValueError when fewer than two arms have subjects.

    >>> times = EventTimes.of([3, 5, 7, 9, 11, 12], [1, 1, 1, 1, 1, 0], ["A", "A", "B", "A", "B", "B"])
    >>> effect = cox(times).effect
    >>> round(effect.hazard_ratio, 6), effect.arm
    (0.184917, 'B')
    """
    table = as_table(times)
    require_arms(table)
    if table.weighted and ties != "breslow":
        raise ValueError(f"ties {ties!r} need whole weights, which count subjects; got fractional ones. Use breslow.")
    present = np.flatnonzero(table.subjects.sum(axis=0) > 0)
    if present[0] != 0:
        raise ValueError(f"the reference arm {table.arms[0]} has no subject; name another arm first")
    rows = Ties(table.ties.stratum, table.ties.events[:, present], table.ties.at_risk[:, present])
    likelihood = partial_likelihood(rows, ties)
    null = likelihood(np.zeros(len(present)))
    score = quadratic_form(null.score, null.information)
    fit = _fit(likelihood, null, _above(rows, ties), level, [table.arms[a] for a in present])
    effects = {int(a): effect for a, effect in zip(present[1:], fit.effects, strict=True)}
    return CoxFit(
        effects=tuple(_named(table.arms, a, effects.get(a), level) for a in range(1, len(table.arms))),
        covariance=fit.covariance,
        wald=fit.wald,
        likelihood_ratio=_likelihood_ratio(fit, null, score),
        score=score,
        log_likelihood=fit.log_likelihood,
        log_likelihood_null=null.log_likelihood,
        subjects=int(table.subjects.sum()),
        events=int(table.events.sum()),
        ties=ties,
        level=level,
        uninformative_strata=uninformative_strata(table),
        problem=fit.problem,
    )


@dataclass(frozen=True)
class _Effect:
    coef: float | None
    se: float | None = None
    lower: float | None = None
    upper: float | None = None
    """Limits of the coefficient."""
    problem: str | None = None


@dataclass(frozen=True, eq=False)
class _Fit:
    effects: tuple[_Effect, ...]
    wald: Test
    covariance: FloatArray | None = None
    log_likelihood: float | None = None
    problem: str | None = None


def _fit(likelihood: PartialLikelihood, null: Derivatives, above: BoolArray, level: float, arms: Sequence[str]) -> _Fit:
    if not null.information.any():
        return _nothing(len(above) - 1, NO_INFORMATION)
    if above.all():
        return _regular(likelihood, null, level)
    if len(above) == 2:
        return _monotone(likelihood, bool(above[1, 0]), level)
    return _partly_unbounded(above, arms)


def _above(ties: Ties, rule: TieRule) -> BoolArray:
    """Return [a, b]: the data hold the hazard of arm a above some multiple of that of arm b, perhaps by way of others.

    A day with an event in a while b is at risk does so; under an exact rule somebody of b must outlive the day.
    """
    staying = ties.at_risk - ties.events if rule in {"exact", "discrete"} else ties.at_risk
    above: BoolArray = (ties.events > 0).T.astype(float) @ (staying > 0).astype(float) > 0
    np.fill_diagonal(above, True)
    for k in range(len(above)):
        above |= np.outer(above[:, k], above[k])
    return above


def _regular(likelihood: PartialLikelihood, null: Derivatives, level: float) -> _Fit:
    arms = len(null.score)
    top = _climb_one(likelihood, null) if arms == 2 else climb(likelihood, np.zeros(arms), null, list(range(1, arms)))
    if not top.settled:
        return _nothing(arms - 1, "Newton's method did not settle")
    b, at = top.b, top.at
    covariance = np.linalg.inv(at.information[1:, 1:])
    z = two_sided_z(level)
    effects = tuple(
        _Effect(float(coef), float(se), float(coef - z * se), float(coef + z * se))
        for coef, se in zip(b[1:], np.sqrt(np.diag(covariance)), strict=True)
    )
    wald = Test.chi_square(float(b[1:] @ at.information[1:, 1:] @ b[1:]), len(b) - 1)
    return _Fit(effects, wald, covariance, at.log_likelihood)


def _climb_one(likelihood: PartialLikelihood, null: Derivatives) -> Climb:
    """Climb as ``climb`` does, with one coefficient as a number: small arrays would take a third of a small trial.

    A step that leads downhill or nowhere is left to ``climb``, which halves it.
    """
    b, at, before = 0.0, null, math.inf
    for number in range(MOST_STEPS):
        step = float(at.score[1]) / float(at.information[1, 1])
        size = abs(step)
        if size <= STEP or (size <= NOISE and size >= before / 2):
            return Climb(np.array([0.0, b + step if size <= STEP else b]), at, number, True)
        with np.errstate(all="ignore"):
            there = likelihood(np.array([0.0, b + step]))
        uphill = there.log_likelihood >= at.log_likelihood - 1e-12 * (1 + abs(at.log_likelihood))
        if not (uphill and 0 < there.information[1, 1] < math.inf):
            break
        b, at, before = b + step, there, size
    return climb(likelihood, np.array([0.0, b]), at, [1])


def _monotone(likelihood: PartialLikelihood, rising: bool, level: float) -> _Fit:
    """Return the fit of two arms whose likelihood rises towards one end."""
    far = FAR if rising else -FAR
    top = likelihood(np.array([0.0, far])).log_likelihood
    fall = two_sided_z(level) ** 2 / 2
    limit = _crossing(likelihood, far, top - fall)
    ratio, events = ("infinite", "reference") if rising else ("0", "other")
    problem = (
        f"the hazard ratio is {ratio}: no event in the {events} arm while both arms are at risk; "
        f"the finite limit is of the likelihood ratio"
    )
    coef = math.copysign(math.inf, far)
    lower, upper = (limit, math.inf) if rising else (-math.inf, limit)
    effect = _Effect(coef, None, lower, upper, problem)
    return _Fit((effect,), Test.impossible(problem), None, top, problem)


def _crossing(likelihood: PartialLikelihood, high: float, level: float) -> float:
    """Return the b between -high and high at which the log-likelihood crosses a level, by bisection."""
    low = -high
    while abs(high - low) > STEP:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        above = likelihood(np.array([0.0, middle])).log_likelihood > level
        low, high = (low, middle) if above else (middle, high)
    return (low + high) / 2


def _partly_unbounded(above: BoolArray, arms: Sequence[str]) -> _Fit:
    effects = tuple(_direction(bool(above[a, 0]), bool(above[0, a])) for a in range(1, len(above)))
    sides = {(True, False): "is infinite", (False, True): "is 0", (False, False): "has no link to it"}
    named = {arms[a]: sides.get((bool(above[a, 0]), bool(above[0, a]))) for a in range(1, len(above))}
    listed = ", ".join(f"{arm} {side}" for arm, side in named.items() if side)
    problem = f"no finite hazard ratio against {arms[0]}: {listed}; between these arms events fall on one side only"
    return _Fit(effects, Test.impossible(problem), problem=problem)


def _direction(above: bool, below: bool) -> _Effect:
    if above and below:
        return _Effect(None, problem="not computed beside arms whose hazard ratio is 0 or infinite; compare two arms")
    if above or below:
        return _Effect(math.inf if above else -math.inf, problem="events on one side only; for limits compare two arms")
    return _Effect(None, problem="no link: no event while this arm and the reference are at risk, nor through others")


def _nothing(effects: int, problem: str) -> _Fit:
    return _Fit((_Effect(None, problem=problem),) * effects, Test.impossible(problem), problem=problem)


def _likelihood_ratio(fit: _Fit, null: Derivatives, score: Test) -> Test:
    if fit.log_likelihood is None:
        return Test.impossible(fit.problem or NO_INFORMATION)
    return Test.chi_square(max(0.0, 2 * (fit.log_likelihood - null.log_likelihood)), score.df)


def _named(arms: tuple[str, ...], arm: int, effect: _Effect | None, level: float) -> HazardRatio:
    effect = effect or _Effect(None, problem=f"arm {arms[arm]} has no subject")
    ratio, lower, upper = (None if b is None else _exp(b) for b in (effect.coef, effect.lower, effect.upper))
    z = None if effect.coef is None or effect.se is None else effect.coef / effect.se
    p = None if z is None else 2 * normal_tail(-abs(z))
    return HazardRatio(arms[arm], arms[0], ratio, lower, upper, level, effect.coef, effect.se, z, p, effect.problem)


def _exp(b: float) -> float:
    return math.exp(b) if b < 700 else math.inf
