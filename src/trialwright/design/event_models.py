"""Models of the time to an event at an interim look, weighted by how well they fit, with draws of their parameters.

Fits are those of ``trialwright.stats``. Weights are exp(-BIC / 2) with the number of events as sample size (Volinsky
and Raftery, Biometrics 2000;56:256-262). Rates have gamma posteriors with the prior of Jeffreys for a Poisson count,
shape events + 1/2; location and log scale of log time are normal about their estimates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from trialwright.stats import EventTimes, accelerated_failure, piecewise_exponential

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["MODELS", "AveragedModel", "EventModel", "FittedModel", "fit_event_models", "rates_after"]

EventModel = Literal["exponential", "weibull", "lognormal", "piecewise exponential"]
MODELS: tuple[EventModel, ...] = get_args(EventModel)
PIECES = 4
"""Most pieces of the piecewise exponential model."""
EVENTS_PER_PIECE = 10
"""A piece has about so many events at least; with fewer than two such pieces there is no such model."""


class Course(Protocol):
    """What is known of a distribution, and how possible times are drawn from it."""

    def draw(self, draws: int, chance: np.random.Generator) -> Reals:
        """Return possible parameters [draws, k]."""
        ...

    def after(self, parameters: Reals, elapsed: Reals, unit: Reals) -> Reals:
        """Return the times [draws, n] of subjects still without the event at ``elapsed`` [n].

        ``unit`` [draws, n] are exponentials of mean 1: the cumulated hazard grows by so much until the event.
        """
        ...


@dataclass(frozen=True, eq=False)
class Rates:
    """Constant hazards between cuts: events and exposure of each piece."""

    cuts: tuple[float, ...]
    events: Reals
    exposure: Reals

    def draw(self, draws: int, chance: np.random.Generator) -> Reals:
        """Return hazards [draws, pieces]."""
        import numpy as np

        return np.asarray(chance.gamma(self.events + 0.5, size=(draws, len(self.events))) / self.exposure)

    def after(self, parameters: Reals, elapsed: Reals, unit: Reals) -> Reals:
        """Return times by inverting the broken line of the cumulated hazard."""
        return rates_after(self.cuts, parameters, elapsed, unit)


@dataclass(frozen=True, eq=False)
class LogTime:
    """Weibull or log-normal: location and log scale of log time, with their covariance."""

    distribution: Literal["weibull", "lognormal"]
    estimate: Reals
    covariance: Reals

    def draw(self, draws: int, chance: np.random.Generator) -> Reals:
        """Return location and log scale [draws, 2]."""
        return chance.multivariate_normal(self.estimate, self.covariance, size=draws, method="cholesky")

    def after(self, parameters: Reals, elapsed: Reals, unit: Reals) -> Reals:
        """Return times by inverting the cumulated hazard: exp(z), or minus the log of the normal tail beyond z."""
        import numpy as np
        from scipy.special import log_ndtr, ndtri_exp

        location, scale = parameters[:, :1], np.exp(parameters[:, 1:])
        with np.errstate(divide="ignore"):
            z = (np.log(elapsed) - location) / scale
        if self.distribution == "weibull":
            return np.asarray(np.exp(location + scale * np.log(np.exp(z) + unit)))
        return np.asarray(np.exp(location - scale * ndtri_exp(log_ndtr(-z) - unit)))


@dataclass(frozen=True, eq=False)
class FittedModel:
    """One model: its fit and its weight, or the problem that keeps it out.

    >>> fit_event_models(EventTimes.of([9, 9], [1, 0]), ["exponential", "piecewise exponential"]).models[1].problem
    'fewer than 20 events at different times'
    """

    name: EventModel
    log_likelihood: float | None
    bic: float | None
    weight: float
    course: Course | None
    problem: str | None = None


@dataclass(frozen=True, eq=False)
class AveragedModel:
    """Models with weights that add to 1; each draw takes one of them, then its parameters.

    >>> import numpy as np
    >>> model = fit_event_models(EventTimes.of([9, 30, 50], [1, 1, 0]), ["exponential"])
    >>> bool((model.after(np.array([50.0, 0.0]), 100, np.random.default_rng(1)).min(axis=0) > [50, 0]).all())
    True
    """

    models: tuple[FittedModel, ...]
    events: int
    exposure: float
    """Days of follow-up."""

    def after(self, elapsed: Reals, draws: int, chance: np.random.Generator) -> Reals:
        """Return possible times [draws, n] of subjects still without the event at ``elapsed`` [n].

        All subjects of a draw share its model and parameters.
        """
        import numpy as np

        used = [model for model in self.models if model.course is not None]
        chosen = chance.choice(len(used), size=draws, p=[model.weight for model in used])
        times = np.empty((draws, len(elapsed)))
        for number, model in enumerate(used):
            rows = np.flatnonzero(chosen == number)
            if model.course is not None and len(rows):
                parameters = model.course.draw(len(rows), chance)
                unit = chance.standard_exponential((len(rows), len(elapsed)))
                times[rows] = model.course.after(parameters, elapsed, unit)
        return np.asarray(times)


def fit_event_models(times: EventTimes, models: Sequence[EventModel] = MODELS) -> AveragedModel:
    """Return the models of pooled times with their weights.

    The piecewise exponential model has up to 4 pieces with about as many events each, at least 10. A model that
    cannot be fitted has weight 0 and its problem. Without any event only the exponential model is left, with shape
    1/2: right for leaving early, where none may have left yet. ValueError for an unknown model, and when all of those
    named have a problem.

    >>> times = EventTimes.of([10, 20, 30, 40, 50], [1, 1, 1, 0, 0])
    >>> [(model.name, round(model.weight, 3)) for model in fit_event_models(times, ["exponential"]).models]
    [('exponential', 1.0)]
    """
    unknown = [name for name in models if name not in MODELS]
    if unknown or not models:
        raise ValueError(f"models must be some of {', '.join(MODELS)}; got {', '.join(map(repr, unknown)) or 'none'}")
    pooled = times.pooled().unstratified()
    found = [_fitted(pooled, name) for name in dict.fromkeys(models)]
    if all(model.course is None for model in found):
        raise ValueError("no model can be fitted: " + "; ".join(f"{each.name}: {each.problem}" for each in found))
    return AveragedModel(_weighted(found), int(pooled.event.sum()), float(pooled.day.sum()))


def _fitted(times: EventTimes, name: EventModel) -> FittedModel:
    if name == "exponential":
        return _rates(times, name, [])
    if name == "piecewise exponential":
        cuts = _cuts(times)
        few = f"fewer than {2 * EVENTS_PER_PIECE} events at different times"
        return _rates(times, name, cuts) if cuts else FittedModel(name, None, None, 0.0, None, few)
    return _log_time(times, name)


def _rates(times: EventTimes, name: EventModel, cuts: Sequence[float]) -> FittedModel:
    """Return constant hazards: log-likelihood the sum of d log(d / exposure) - d."""
    import numpy as np

    pieces = piecewise_exponential(times, cuts).hazards
    d, exposure = (np.array([getattr(piece, part) for piece in pieces], np.float64) for part in ("events", "exposure"))
    log = float(sum(n * math.log(n / days) - n for n, days in zip(d, exposure, strict=True) if n))
    return _scored(name, log, len(pieces), times, Rates(tuple(cuts), d, exposure))


def _log_time(times: EventTimes, name: Literal["weibull", "lognormal"]) -> FittedModel:
    import numpy as np

    fit = accelerated_failure(times, distribution=name)
    if fit.coef is None or fit.scale is None or fit.covariance is None or fit.log_likelihood is None:
        return FittedModel(name, None, None, 0.0, None, fit.problem)
    course = LogTime(name, np.array([fit.coef[0], math.log(fit.scale)]), np.asarray(fit.covariance, np.float64))
    return _scored(name, fit.log_likelihood, 2, times, course)


def _scored(name: EventModel, log_likelihood: float, parameters: int, times: EventTimes, course: Course) -> FittedModel:
    bic = parameters * math.log(max(int(times.event.sum()), 1)) - 2 * log_likelihood
    return FittedModel(name, log_likelihood, bic, 0.0, course)


def _weighted(models: Sequence[FittedModel]) -> tuple[FittedModel, ...]:
    from dataclasses import replace

    best = min(model.bic for model in models if model.bic is not None)
    raw = [0.0 if model.bic is None else math.exp((best - model.bic) / 2) for model in models]
    return tuple(replace(model, weight=each / sum(raw)) for model, each in zip(models, raw, strict=True))


def _cuts(times: EventTimes) -> list[float]:
    """Return the days between pieces of about as many events; none when there are too few events."""
    import numpy as np

    days = np.sort(times.day[times.event])
    pieces = min(PIECES, len(days) // EVENTS_PER_PIECE)
    ends = {float(days[len(days) * k // pieces - 1]) for k in range(1, pieces)} if pieces else set()
    return sorted(ends - {float(days[-1])} if len(days) else ends)


def rates_after(cuts: Sequence[float], hazards: Reals, elapsed: Reals, unit: Reals) -> Reals:
    """Return the times at which hazards that are constant between cuts have grown by ``unit`` since ``elapsed``.

    ``hazards`` [draws, pieces], ``elapsed`` [n], ``unit`` [draws, n]; infinity where the last hazard is 0.

    >>> import numpy as np
    >>> rates_after([2.0], np.array([[0.1, 0.5]]), np.array([0.0, 1.0]), np.array([[0.1, 0.6]]))
    array([[1., 3.]])
    """
    import numpy as np

    starts = np.array([0.0, *cuts])
    reached = np.column_stack([np.zeros(len(hazards)), np.cumsum(hazards[:, :-1] * np.diff(starts), axis=1)])
    spent = np.clip(elapsed[:, None] - starts, 0.0, np.append(np.diff(starts), np.inf))
    total = unit + hazards @ spent.T
    with np.errstate(divide="ignore", invalid="ignore"):
        times = total / hazards[:, :1]
        for k in range(1, len(starts)):
            beyond = total > reached[:, k : k + 1]
            times = np.where(beyond, starts[k] + (total - reached[:, k : k + 1]) / hazards[:, k : k + 1], times)
    return np.asarray(times)
