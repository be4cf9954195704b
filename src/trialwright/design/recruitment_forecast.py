"""Recruitment by center: Poisson arrivals whose rates differ between centers as a gamma distribution.

Anisimov and Fedorov (Statistics in Medicine 2007;26:4958-4975): center i recruits at rate r_i, r_i is gamma with mean m
and shape 1/v (v is the squared coefficient of variation), so n_i patients in t_i days are negative binomial, and given
them r_i is gamma with shape 1/v + n_i and rate 1/(v m) + t_i (their section 3). What is not known of m and v is drawn
from their posterior, flat in log m and in the coefficient of variation (as Gelman 2006 for standard deviations), so
that forecasts carry it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from trialwright.design.center_arrivals import arrivals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["Centers", "RecruitmentFit", "fit_recruitment"]

MOST_VARIED = 3.0
"""Largest coefficient of variation between centers considered; 1 is an exponential distribution of rates."""
CELLS = 60
"""Cells of the posterior's grid in each direction."""
WIDTH = 6.0
"""Standard errors of log m on each side of its maximum that the grid covers."""


@dataclass(frozen=True, eq=False)
class Centers:
    """Centers at a cut-off: for how long open, patients randomized since, and the days on which others open.

    >>> Centers.of(["a"], [5], opened={"a": 1, "b": 11, "c": 31}, now=20).exposure.tolist()  # c opens later
    [20.0, 10.0]
    """

    names: tuple[str, ...]
    """[C] centers that are open."""
    exposure: Reals
    """[C] days from opening to the cut-off."""
    patients: Reals
    """[C] randomized in those days."""
    planned: tuple[float, ...]
    """Days after the cut-off on which further centers open."""
    now: float

    @classmethod
    def of(
        cls, site: Sequence[str], randomized: Sequence[float], *, opened: Mapping[str, float | None], now: float
    ) -> Centers:
        """Return the centers of patients (``site`` and ``randomized`` [n], days of randomization).

        ``opened`` names every center with the first day it could randomize: a day after ``now`` is a center still to
        open; None is an unknown day, and such a center counts from the day after its first patient, who then tells
        nothing of its rate, or not at all without a patient. ValueError for a center that is not named, one that
        opened after its first patient, and a randomization after ``now``.
        """
        import numpy as np

        if len(site) != len(randomized):
            raise ValueError(f"site and randomized must be as many; got {len(site)} and {len(randomized)}")
        first, count = _firsts(site, randomized, opened, now)
        rows = [(name, *_open(name, day, first.get(name), count.get(name, 0))) for name, day in opened.items()]
        known = [(name, now - day + 1, n) for name, day, n in rows if day is not None and day <= now]
        return cls(
            tuple(name for name, _, _ in known),
            np.array([days for _, days, _ in known], np.float64),
            np.array([n for _, _, n in known], np.float64),
            tuple(sorted(day - 1 for _, day, _ in rows if day is not None and day > now)),
            now,
        )


def _firsts(
    site: Sequence[str], randomized: Sequence[float], opened: Mapping[str, float | None], now: float
) -> tuple[dict[str, float], dict[str, int]]:
    """Return first day and number of patients by center."""
    first: dict[str, float] = {}
    count: dict[str, int] = {}
    for name, day in zip(site, randomized, strict=True):
        if name not in opened:
            raise ValueError(f"center {name!r} has a patient but is not in opened; known: {', '.join(opened)}")
        if not day <= now:
            raise ValueError(f"randomized must not come after the cut-off, day {now:g}; got {day:g}")
        first[name] = min(day, first.get(name, math.inf))
        count[name] = count.get(name, 0) + 1
    return first, count


def _open(name: str, day: float | None, first: float | None, count: int) -> tuple[float | None, int]:
    """Return the first day a center is exposed (None: it tells nothing) and the patients since.

    A center of unknown opening whose first patient came on the day of the cut-off is so one that opens after it.
    """
    if day is None:
        return (None, 0) if first is None else (first + 1, count - 1)
    if first is not None and first < day:
        raise ValueError(f"center {name!r} opened on day {day:g}, after its first patient on day {first:g}")
    return day, count


@dataclass(frozen=True, eq=False)
class RecruitmentFit:
    """The rates of the centers: maximum likelihood estimates, and draws that carry what is not known.

    >>> import numpy as np
    >>> fit = fit_recruitment(Centers.of(["a"] * 9 + ["b"], range(1, 11), opened={"a": 1, "b": 1}, now=20))
    >>> fit.draw(3, 5, np.random.default_rng(1)).shape, bool((fit.draw(3, 5, np.random.default_rng(1)) > 20).all())
    ((5, 3), True)
    """

    centers: Centers
    rate: float
    """Mean patients of a center in a day."""
    variation: float
    """Coefficient of variation between centers; 0 where they differ no more than Poisson counts do."""
    log_likelihood: float

    @property
    def shape(self) -> float:
        """Shape of the gamma distribution of the rates, infinity where they do not vary."""
        return math.inf if self.variation == 0 else self.variation**-2

    def draw(self, patients: int, draws: int, chance: np.random.Generator) -> Reals:
        """Return the days [draws, patients] after the cut-off on which further patients come, in order."""
        import numpy as np

        mean, variation = self._parameters(draws, chance)
        shape, scale = variation**-2, mean * variation**2
        exposed = shape[:, None] + self.centers.patients, 1 / scale[:, None] + self.centers.exposure
        present = chance.gamma(exposed[0]) / exposed[1]
        coming = chance.gamma(shape[:, None], size=(draws, len(self.centers.planned))) * scale[:, None]
        openings = np.broadcast_to(np.array(self.centers.planned) - self.centers.now, coming.shape)
        return self.centers.now + arrivals(present.sum(axis=1), openings, coming, patients, chance)

    def _parameters(self, draws: int, chance: np.random.Generator) -> tuple[Reals, Reals]:
        """Return mean rate and coefficient of variation [draws] of the posterior: a cell, and a place within it."""
        import numpy as np

        cumulated, means, step = self._grid
        cell = np.searchsorted(cumulated, chance.random(draws) * cumulated[-1], side="right")
        row, column = np.divmod(np.minimum(cell, CELLS * CELLS - 1), CELLS)
        within = chance.random((2, draws))
        variation = (row + 1 - within[0]) * MOST_VARIED / CELLS
        return np.exp(means[row, column] + (within[1] - 0.5) * step[row]), variation

    @cached_property
    def _grid(self) -> tuple[Reals, Reals, Reals]:
        """Cumulated weights of the cells, log m in their middles [CELLS, CELLS], and the cells' width in log m."""
        import numpy as np

        varied = (np.arange(CELLS) + 0.5) * MOST_VARIED / CELLS
        best = np.array([math.log(_mean_rate(self.centers, v**2)) for v in varied])
        error = np.sqrt(1 / self.centers.patients.sum() + varied**2 / len(self.centers.names))
        step = 2 * WIDTH * error / CELLS
        means = best[:, None] + (np.arange(CELLS) - CELLS / 2 + 0.5) * step[:, None]
        log = _log_likelihood(self.centers, np.exp(means), np.broadcast_to(varied[:, None] ** 2, means.shape))
        weight = np.exp(log - log.max()) * step[:, None]
        return np.cumsum(weight), means, step


def fit_recruitment(centers: Centers) -> RecruitmentFit:
    """Return the maximum of the marginal likelihood, the coefficient of variation being at most 3.

    ValueError when no patient tells of a rate.

    >>> opened = {"a": 1, "b": 1, "c": 1}
    >>> fit = fit_recruitment(Centers.of(["a", "a", "a", "b", "b", "c"], [5, 9, 20, 7, 30, 12], opened=opened, now=40))
    >>> round(fit.rate, 6), fit.variation  # 6 patients in 3 times 40 days, no more unequal than chance
    (0.05, 0.0)
    """
    from scipy.optimize import minimize_scalar

    if not centers.patients.sum():
        raise ValueError(
            "no patient tells how fast the centers recruit: at least one patient beyond the first of a center of"
            " unknown opening is needed. Give the days of opening, or forecast from the plan."
        )

    def loss(variation: float) -> float:
        v = variation**2
        return -float(_log_likelihood(centers, _mean_rate(centers, v), v))

    found = minimize_scalar(loss, bounds=(0.0, MOST_VARIED), method="bounded", options={"xatol": 1e-10})
    # Rounded, so that no variation at all wins over one that only round-off prefers.
    variation = min((0.0, float(found.x), MOST_VARIED), key=lambda each: round(loss(each), 9))
    return RecruitmentFit(centers, _mean_rate(centers, variation**2), variation, -loss(variation))


def _mean_rate(centers: Centers, v: float) -> float:
    """Return the m of the largest likelihood at a squared variation: the root of a falling score.

    d log L / d log m = sum of (n_i - m t_i) / (1 + v m t_i).
    """
    from scipy.optimize import brentq

    n, t = centers.patients, centers.exposure
    plain = float(n.sum() / t.sum())
    if v == 0:
        return plain

    def score(log_m: float) -> float:
        expected = math.exp(log_m) * t
        return float(((n - expected) / (1 + v * expected)).sum())

    reach = math.log(plain)
    low, high = reach - 1, reach + 1
    while score(low) < 0:
        low -= 1
    while score(high) > 0:
        high += 1
    return math.exp(brentq(score, low, high, xtol=1e-13))


def _log_likelihood(centers: Centers, m: Reals | float, v: Reals | float) -> Reals:
    """Return the negative binomial log-likelihood without its constant at m and v, which have one shape.

    In powers of v rather than gamma functions, so that v = 0 is the Poisson likelihood to all digits:
    n log(m t) + sum over j < n of log(1 + v j) - (n + 1/v) log(1 + v m t).
    """
    import numpy as np

    n, t = centers.patients, centers.exposure
    earlier = np.arange(int(n.max(initial=0)))
    beyond = (n[:, None] > earlier).sum(axis=0)
    expected, v = np.asarray(m)[..., None] * t, np.asarray(v)[..., None]
    spread = v * expected
    flat = spread == 0
    per_expected = np.where(flat, 1.0, np.log1p(spread) / np.where(flat, 1.0, spread))
    own = n * np.log(expected) - n * np.log1p(spread) - expected * per_expected
    return np.asarray(own.sum(axis=-1) + (beyond * np.log1p(v * earlier)).sum(axis=-1))
