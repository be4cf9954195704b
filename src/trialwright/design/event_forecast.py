"""Forecast of a running trial from its pooled data: who is still followed, and who is still to come.

Patients without the event are followed on from where they are, new patients from their randomization, with parameters
drawn anew for each possible trial (Bagiella and Heitjan, Statistics in Medicine 2001;20:2055-2063; Ying and Heitjan,
Pharmaceutical Statistics 2008;7:107-120), recruitment by center after Anisimov and Fedorov (2007). Arms are not told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.design.event_models import MODELS, AveragedModel, EventModel, fit_event_models
from trialwright.design.forecast_chance import Say, chunks
from trialwright.design.milestones import Forecast
from trialwright.design.recruitment_forecast import Centers, RecruitmentFit, fit_recruitment
from trialwright.stats import EventTimes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Reals = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["Interim", "InterimFit", "fit_interim", "forecast_interim"]


def _silent(done: int, of: int) -> None:
    pass


@dataclass(frozen=True, eq=False)
class Interim:
    """Patients of a running trial at a cut-off, arms not told; arrays of shape [patients].

    Made and checked by ``of``.
    """

    randomized: Ints
    """Day of randomization."""
    days: Ints
    """Days of follow-up for the endpoint; the day of randomization is day 1."""
    event: Bools
    left: Bools
    """Followed no longer, and without the event."""
    now: int
    """Day of the cut-off."""

    @classmethod
    def of(cls, randomized: ArrayLike, days: ArrayLike, event: ArrayLike, left: ArrayLike, *, now: int) -> Interim:
        """Return the checked data.

        ValueError for lengths that differ, days below 1, follow-up beyond the cut-off, and a patient who both had the
        event and left.

        >>> len(Interim.of([1, 5], [10, 16], [1, 0], [0, 0], now=20).days)
        2
        """
        import numpy as np

        whole = [np.asarray(each, np.int64) for each in (randomized, days)]
        flags = [np.asarray(each, bool) for each in (event, left)]
        if len({each.shape for each in (*whole, *flags)}) != 1 or whole[0].ndim != 1 or not len(whole[0]):
            raise ValueError(
                "randomized, days, event and left must be as many, at least one;"
                f" got {', '.join(str(len(each)) for each in (*whole, *flags))}"
            )
        made = cls(whole[0], whole[1], flags[0], flags[1], int(now))
        made._check()
        return made

    def _check(self) -> None:
        import numpy as np

        for problem, bad in (
            ("days must be at least 1, the day of randomization", self.days < 1),
            (f"follow-up must end by the cut-off, day {self.now}", self.randomized + self.days - 1 > self.now),
            ("nobody can both have the event and have left", self.event & self.left),
        ):
            if bad.any():
                k = int(np.flatnonzero(bad)[0])
                who = f"patient {k}, randomized on day {self.randomized[k]}, followed for {self.days[k]} days"
                raise ValueError(f"{problem}; got {who}")

    @property
    def followed(self) -> Bools:
        """Who is still followed without the event."""
        return ~(self.event | self.left)


@dataclass(frozen=True, eq=False)
class InterimFit:
    """What the data of an interim look say of events, of leaving early and of recruitment.

    >>> fit = fit_interim(Interim.of([1] * 4, [10, 20, 60, 60], [1, 1, 0, 0], [0] * 4, now=60), patients=4)
    >>> fit.events.events, fit.leaving.events, fit.events.exposure
    (2, 0, 150.0)
    """

    interim: Interim
    patients: int
    """All that are to be randomized."""
    events: AveragedModel
    leaving: AveragedModel
    recruitment: RecruitmentFit | None
    """None: everybody is in."""


def fit_interim(
    interim: Interim,
    *,
    patients: int,
    centers: Centers | None = None,
    models: Sequence[EventModel] = MODELS,
    leaving_models: Sequence[EventModel] = MODELS,
) -> InterimFit:
    """Fit the models of a forecast. ``centers`` is needed unless all ``patients`` are randomized.

    ValueError without any event, with fewer ``patients`` than there are, and without centers that are needed.

    >>> fit_interim(Interim.of([1] * 4, [10, 20, 60, 60], [1, 1, 0, 0], [0] * 4, now=60), patients=4).recruitment
    """
    if not interim.event.any():
        raise ValueError("no event was seen by the cut-off, so nothing tells when others come; forecast from the plan")
    here = len(interim.days)
    if patients < here:
        raise ValueError(f"patients must be at least the {here} who are randomized; got {patients}")
    if here < patients and centers is None:
        raise ValueError(f"{patients - here} patients are still to come: centers must tell how fast; got none")
    if centers is not None and centers.now != interim.now:
        raise ValueError(f"centers must be at the cut-off of the data, day {interim.now}; got day {centers.now:g}")
    # Nobody may have left yet: the exponential model then stands alone, whatever was asked for.
    leaving = leaving_models if interim.left.any() else ("exponential",)
    return InterimFit(
        interim,
        patients,
        fit_event_models(EventTimes.of(interim.days, interim.event), models),
        fit_event_models(EventTimes.of(interim.days, interim.left), leaving),
        fit_recruitment(centers) if centers is not None and here < patients else None,
    )


def forecast_interim(fit: InterimFit, *, draws: int, seed: int, say: Say = _silent) -> Forecast:
    """Return possible continuations of the trial; ``say`` is told how far the work is.

    >>> interim = Interim.of([1] * 4, [10, 20, 60, 60], [1, 1, 0, 0], [0] * 4, now=60)
    >>> forecast = forecast_interim(fit_interim(interim, patients=4), draws=100, seed=1)
    >>> forecast.date_of_event(2).median, forecast.date_of_event(3).median > 60
    (20.0, True)
    """
    import numpy as np

    parts = [_continued(fit, size, chance) for chance, size in chunks(seed, "interim forecast", draws, say)]
    entered, events = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Forecast(entered, events, float(fit.interim.now))


def _continued(fit: InterimFit, draws: int, chance: np.random.Generator) -> tuple[Reals, Reals]:
    """Return days of entry and of the event, each [draws, patients]."""
    import numpy as np

    data = fit.interim
    coming = fit.patients - len(data.days)
    new = fit.recruitment.draw(coming, draws, chance) if fit.recruitment else np.empty((draws, 0))
    known = np.broadcast_to(data.randomized.astype(float), (draws, len(data.days)))
    on = data.followed
    # At the end of the day of randomization one day is spent, so day r of entry is counted from r - 1.
    since = np.column_stack([known[:, on] - 1, new])
    elapsed = np.concatenate([data.days[on].astype(float), np.zeros(coming)])
    time = fit.events.after(elapsed, draws, chance)
    later = np.where(time < fit.leaving.after(elapsed, draws, chance), since + time, np.inf)
    # Back to the order of the patients, those still to come last.
    past = np.where(data.event, data.randomized + data.days - 1.0, np.inf)
    events = np.tile(np.append(past, np.full(coming, np.inf)), (draws, 1))
    # Round-off of a time that hardly goes on must not put an event on a day that is known to be free of it.
    events[:, np.append(on, np.ones(coming, bool))] = np.maximum(np.ceil(later), np.floor(since + elapsed) + 1)
    return np.column_stack([known, np.ceil(new)]), events
