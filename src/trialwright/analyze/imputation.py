"""What would have become of the patients who were censored: imputation of their later course, and Rubin's rules.

Each arm's hazard is constant within pieces that hold about equally many of its events. For every imputation the
hazards are drawn from their posterior distribution under Jeffreys' prior, gamma with shape d + 1/2 and rate equal to
the days at risk, so that the imputations are proper (Rubin 1987, chapter 4). A patient censored on day c then follows
the hazard of an arm times delta from c on, up to the day the data reach: delta above 1 makes dropping out bad news
(Jackson D et al., Stat Med 2014;33:4681-4694; Lipkovich I, Ratitch B, O'Kelly M, Pharm Stat 2016;15:216-229), the
hazard of the reference arm makes it the loss of the treatment's effect (jump to reference: Atkinson A, Kenward MG,
Clayton T, Carpenter JR, Pharm Stat 2019;18:645-658). Days are whole; an imputed event falls on the day in which its
time lies, not on the grid of scans.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Courses", "Hazards", "Pooled", "completed", "draw_hazards", "pooled", "uniforms"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
JEFFREYS = 0.5
MOST_DF = 1e10
"""Degrees of freedom beyond which Student's distribution is the normal one in double precision."""


@dataclass(frozen=True, eq=False)
class Courses:
    """Patients of one arm; arrays of shape [n]."""

    day: Ints
    """Day of the event or the censoring."""
    event: Bools
    open_until: Ints
    """Day up to which the course is imputed; the day of censoring itself where it is not."""
    place: Ints
    """Position among all patients, which numbers the patient's own random draws."""


@dataclass(frozen=True, eq=False)
class Hazards:
    """Piecewise constant hazards per day, one row for each imputation."""

    starts: Floats
    """[k] day after which a piece starts, the first 0"""
    rate: Floats
    """[m, k]"""

    def cumulative(self, day: Floats) -> Floats:
        """Return the cumulative hazard [m, n] at days [m, n] or [n]."""
        inside = np.clip(np.asarray(day)[..., None] - self.starts, 0, self._widths)
        return np.asarray((inside * self.rate[:, None, :]).sum(axis=-1))

    def day_at(self, cumulative: Floats) -> Floats:
        """Return the days [m, n] on which the cumulative hazard reaches values [m, n]; inf where it never does."""
        edges = np.concatenate(
            (np.zeros((len(self.rate), 1)), (self.rate * self._widths)[:, :-1].cumsum(axis=1)), axis=1
        )
        spent = np.zeros(cumulative.shape)
        for piece, width in enumerate(self._widths):
            left = (cumulative - edges[:, piece, None]) / self.rate[:, piece, None]
            spent += np.clip(left, 0, width)
        return spent

    @property
    def _widths(self) -> Floats:
        return np.append(np.diff(self.starts), np.inf)


def uniforms(seed: int, purpose: str, rows: int, columns: int) -> Floats:
    """Return numbers in the open interval (0, 1), [rows, columns], each a fixed function of seed, purpose and place.

    Philox 4x64 (Salmon et al. 2011) with a key of seed and purpose and the row in the counter: neither the number of
    rows nor that of columns changes a number.

    >>> bool((uniforms(1, "time", 2, 3)[1] == uniforms(1, "time", 9, 5)[1, :3]).all())
    True
    """
    purpose_key = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "big")
    found = np.empty((rows, columns))
    for row in range(rows):
        raw = np.random.Philox(key=[seed, purpose_key], counter=[0, 0, 0, row]).random_raw(columns)
        found[row] = ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return found


def draw_hazards(courses: Courses, pieces: int, chance: Floats) -> Hazards | None:
    """Return hazards of one arm drawn from their posterior, one row per row of ``chance`` [m, at least pieces].

    Pieces end on quantiles of the event days, so each holds an event; fewer distinct event days make fewer pieces, and
    the last has no end. None where the arm has no event.
    """
    from scipy.special import gammaincinv

    days = np.sort(courses.day[courses.event])
    if not len(days):
        return None
    ends = {int(days[math.ceil(len(days) * part / pieces) - 1]) for part in range(1, pieces)} - {int(days[-1])}
    starts = np.array([0.0, *sorted(ends)])
    widths = np.append(np.diff(starts), np.inf)
    exposed = np.clip(courses.day[:, None] - starts, 0, widths).sum(axis=0)
    events = np.diff(np.append(np.searchsorted(days, starts, side="right"), len(days)))
    return Hazards(starts, gammaincinv(events + JEFFREYS, chance[:, : len(starts)]) / exposed)


def completed(courses: Courses, hazards: Hazards, delta: float, chance: Floats) -> tuple[Ints, Bools]:
    """Return day and event [m, n] with every open course followed on; ``chance`` [m, patients in all].

    A delta of infinity gives the event on the day after censoring, one of 0 never.

    >>> arm = Courses(np.array([5, 8]), np.array([True, False]), np.array([5, 20]), np.arange(2))
    >>> known = Hazards(np.zeros(1), np.full((1, 1), 0.1))
    >>> [part.tolist() for part in completed(arm, known, 1.0, np.array([[0.5, 0.5]]))]
    [[[5, 15]], [[True, True]]]
    """
    if not delta >= 0:
        raise ValueError(f"delta must be zero or more; got {delta}")
    censored_on = courses.day.astype(np.float64)
    with np.errstate(divide="ignore"):
        more = -np.log(chance[:, courses.place]) / np.float64(delta)
    reached = np.maximum(hazards.day_at(hazards.cumulative(censored_on) + more), censored_on)
    day = np.floor(reached) + 1
    open_ = ~courses.event & (courses.open_until > courses.day)
    comes = open_ & (day <= courses.open_until)
    quiet = np.where(open_, courses.open_until, courses.day)
    return np.where(comes, day, quiet).astype(np.int64), comes | courses.event


@dataclass(frozen=True, eq=False)
class Pooled:
    """Estimates pooled over imputations; NaN where one of them is not estimable. Arrays of one shape."""

    value: Floats
    se: Floats
    df: Floats
    p: Floats
    """Two-sided, Student's t."""

    def limits(self, level: float) -> tuple[Floats, Floats]:
        """Return lower and upper limits by Student's t."""
        from scipy.special import stdtrit

        half = stdtrit(self.df, (1 + level) / 2) * self.se
        return self.value - half, self.value + half


def pooled(estimates: Floats, variances: Floats) -> Pooled:
    """Pool estimates and their variances over the last axis, the m imputations, by Rubin's rules (1987, section 3.3).

    Total variance W + (1 + 1/m) B of the mean, with (m - 1)(1 + W / ((1 + 1/m) B))^2 degrees of freedom.

    >>> found = pooled(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0]))
    >>> round(float(found.se) ** 2, 12), round(float(found.df), 12)
    (2.333333333333, 6.125)
    """
    from scipy.special import stdtr

    m = estimates.shape[-1]
    if m < 2:
        raise ValueError(f"Rubin's rules need at least 2 imputations; got {m}")
    finite = (np.isfinite(estimates) & np.isfinite(variances)).all(axis=-1, keepdims=True)
    known = np.where(finite, estimates, np.nan)
    value, within = known.mean(axis=-1), np.where(finite, variances, np.nan).mean(axis=-1)
    between = (1 + 1 / m) * known.var(axis=-1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # estimates alike have no bound of df
        df = np.minimum((m - 1) * (1 + within / between) ** 2, MOST_DF)
    se = np.sqrt(within + between)
    p: Any = 2 * stdtr(df, -np.abs(value) / se)
    return Pooled(value, se, df, np.asarray(p))
