"""Tables that break packages, and everything this room can be asked about them."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from trialwright import stats
from trialwright.stats import CompetingTimes, CoxData, EventTimes, FittedCox, IntervalTimes, Weight

TABLES: dict[str, tuple[list[int], list[int], str, str | None]] = {
    "no event in one arm": ([2, 4, 5, 7, 3, 6, 8, 9], [1, 1, 1, 0, 0, 0, 0, 0], "AAAABBBB", None),
    "all events of one arm first": ([1, 2, 3, 4, 5, 6, 7, 8], [1] * 8, "BBBBAAAA", None),
    "all censored": ([2, 4, 5, 7, 3, 6], [0] * 6, "ABABAB", None),
    "one event, and that first": ([2, 4, 5, 7, 3, 6], [1, 0, 0, 0, 0, 0], "ABABAB", None),
    "one event among censored": ([4, 6, 7, 9, 12], [0, 0, 1, 0, 0], "AABBA", None),
    "everything on day 0": ([0] * 6, [1, 0, 1, 1, 0, 1], "ABABAB", None),
    "day 0 and later": ([0, 0, 0, 1, 2, 3, 5, 8], [1, 0, 1, 1, 0, 1, 1, 0], "ABABABAB", None),
    "one day": ([5] * 10, [1, 1, 1, 0, 0, 1, 1, 0, 1, 1], "ABABABABAB", None),
    "all die at once": ([1, 1, 1], [1, 1, 1], "ABB", None),
    "stratum of one arm": (
        [3, 5, 6, 8, 9, 11, 2, 4, 7, 10],
        [1, 1, 0, 1, 1, 0, 1, 1, 1, 0],
        "ABABABBBBB",
        "xxxxxxyyyy",
    ),
    "stratum without event": (
        [3, 5, 6, 8, 9, 11, 2, 4, 7, 10],
        [1, 1, 0, 1, 1, 0, 0, 0, 0, 0],
        "ABABABABAB",
        "xxxxxxyyyy",
    ),
    "a stratum for each subject": ([3, 5, 6, 8], [1] * 4, "ABAB", "wxyz"),
    "two subjects": ([3, 4], [1, 1], "AB", None),
    "one subject": ([3], [1], "A", None),
    "one censored subject": ([3], [0], "A", None),
    "one arm": ([1, 2, 3, 4], [1, 1, 0, 1], "AAAA", None),
    "days in the millions": ([1, 2, 10**6, 2 * 10**6], [1, 1, 1, 0], "ABAB", None),
}
TRANSFORMS: Any = ("plain", "log", "log-log", "logit", "arcsin")
TIES: Any = ("efron", "breslow", "exact", "discrete")
WEIGHTS: list[Weight] = [
    stats.FlemingHarrington(0, 0),
    stats.FlemingHarrington(0, 1),
    stats.FlemingHarrington(1, 0),
    stats.FlemingHarrington(1, 1),
    stats.Gehan(),
    stats.TaroneWare(),
    stats.PetoPeto(),
    stats.ModestlyWeighted(until=3),
]
Question = tuple[str, Callable[[], Any]]


def table(name: str) -> EventTimes:
    day, event, arm, stratum = TABLES[name]
    return EventTimes.of(day, event, list(arm), list(stratum) if stratum else None)


def questions(t: EventTimes) -> Iterator[Question]:
    """Yield whatever may be asked of event times in this room, by name."""
    yield from curves(t)
    yield from comparisons(t)
    for covariates in (None, two_covariates(t), {"x": np.full(len(t), 2.0)}):
        yield from models(t, covariates)
    yield from competing(t)


def two_covariates(t: EventTimes) -> dict[str, Any]:
    place = np.arange(len(t))
    return {"x": (place - len(t) / 2) ** 2, "u": (place % 3 == 0).astype(float)}


def curves(t: EventTimes) -> Iterator[Question]:
    flat: Any = ("R", "SAS")
    beyond: Any = ("carry", "not estimable")
    kinds: Any = ("Hall-Wellner", "equal precision")
    for transform in TRANSFORMS:
        found = list(stats.kaplan_meier(t, interval=transform).values())
        yield "quantiles", lambda f=found: [c.quantile(p, flat=rule) for c in f for p in (0.25, 0.5) for rule in flat]
        yield "rates", lambda f=found: [c.at(day, beyond=rule) for c in f for day in (0, 3, 99) for rule in beyond]
        yield (
            "follow-up",
            lambda i=transform: [c.quantile(0.5) for c in stats.reverse_kaplan_meier(t, interval=i).values()],
        )
    for kind in kinds:
        yield kind, lambda k=kind: [stats.confidence_band(c, k) for c in stats.kaplan_meier(t).values()]
    yield "hazard", lambda: [stats.nelson_aalen(t), stats.fleming_harrington(t)]
    for tau in (1, 3, 99):
        yield "restricted means", lambda tau=tau: stats.restricted_means(t, tau=tau)
        yield "pseudo", lambda tau=tau: [stats.pseudo_rmst(t, tau, beyond="carry"), stats.pseudo_survival(t, [tau])]
    yield "turnbull", lambda: stats.turnbull(IntervalTimes.from_event_times(t))


def comparisons(t: EventTimes) -> Iterator[Question]:
    variances: Any = ("hajek", "null")
    for weight in WEIGHTS:
        yield f"log-rank {weight}", lambda w=weight: stats.log_rank(t, w)
    for m in (1, 2, 3, 4):
        yield f"MaxCombo {m}", lambda m=m: stats.max_combo(t, WEIGHTS[:m])
    for tau in (1, 3, 99):
        yield "difference of means", lambda tau=tau: stats.compare_restricted_means(t, tau=tau)
        yield "difference of rates", lambda tau=tau: rates(t, tau)
    for variance in variances:
        yield "wins", lambda v=variance: stats.wins([t], variance=v)
    yield "interval-censored", lambda: stats.interval_censored(IntervalTimes.from_event_times(t).on_grid([2, 4, 6, 8]))
    yield "piecewise", lambda: stats.piecewise_exponential(t, [2, 5])
    yield "batch", lambda: stats.analyze_batch(t.day[None], t.event[None], t.arm[None], t.stratum[None], at_days=[3])
    for ties in TIES:
        yield f"cox {ties}", lambda r=ties: [stats.cox(t, ties=r), stats.profile_hazard_ratios(t, ties=r)]
        yield f"interaction {ties}", lambda r=ties: stats.interaction(t, np.arange(len(t)) % 2, ties=r)


def rates(t: EventTimes, day: int) -> Any:
    found = list(stats.kaplan_meier(t).values())
    return stats.survival_difference(found[-1], found[0], day)


def models(t: EventTimes, covariates: dict[str, Any] | None) -> Iterator[Question]:
    distributions: Any = ("exponential", "weibull", "lognormal", "loglogistic")
    for ties in TIES:

        def fit(r: Any = ties) -> Any:
            return stats.cox_regression(CoxData.from_times(t, covariates), ties=r)

        for ask in (lambda f: f, stats.profile_limits, stats.concordance, stats.baseline_hazard):
            yield f"{ties} {ask.__name__}", lambda f=fit, a=ask: a(f())
        if ties in ("efron", "breslow"):
            yield f"{ties} PH", lambda f=fit: stats.proportional_hazards_test(FittedCox.from_regression(f()))
            yield f"{ties} residuals", lambda f=fit: stats.cox_residuals(FittedCox.from_regression(f()))
    yield "Firth", lambda: stats.cox_firth(CoxData.from_times(t, covariates))
    yield "adjusted", lambda: stats.covariate_adjusted(t, covariates or {})
    yield "adjusted means", lambda: stats.adjusted_restricted_means(t, covariates or {}, tau=3)
    for distribution in distributions:
        yield distribution, lambda d=distribution: stats.accelerated_failure(t, covariates, distribution=d)


def competing(t: EventTimes) -> Iterator[Question]:
    causes = np.where(t.event, np.arange(len(t)) % 2 + 1, 0)
    arm, stratum = [t.arms[a] for a in t.arm], [t.strata[s] for s in t.stratum]
    times = CompetingTimes.of(t.day, causes, arm, stratum, causes=["d", "p"])
    for cause in times.causes:
        yield "incidence", lambda c=cause: [curve.at(3) for curve in stats.aalen_johansen(times, c).values()]
        yield "Gray", lambda c=cause: stats.gray_test(times, c)
        yield "Fine-Gray", lambda c=cause: stats.fine_gray(times, c)
        yield "risk", lambda c=cause: stats.adverse_event_risk(times, c, 3)
    yield "causes", lambda: [stats.cause_specific_hazards(times), stats.cause_specific_log_rank(times)]


def silent(found: Any, path: str = "") -> Iterator[str]:
    """Yield where an answer holds NaN as a number, or holds nothing without saying why."""
    if dataclasses.is_dataclass(found) and not isinstance(found, type):
        parts = {each.name: getattr(found, each.name) for each in dataclasses.fields(found)}
        answers = [parts[name] for name in ("value", "statistic", "hazard_ratio") if name in parts]
        if None in answers and not parts.get("problem"):
            yield f"{path}: no number and no problem"
        for name, part in parts.items():
            yield from silent(part, f"{path}.{name}")
    elif isinstance(found, dict):
        for name, part in found.items():
            yield from silent(part, f"{path}[{name}]")
    elif isinstance(found, (list, tuple)):
        for i, part in enumerate(found):
            yield from silent(part, f"{path}[{i}]")
    elif isinstance(found, float) and math.isnan(found):
        yield f"{path}: NaN"
