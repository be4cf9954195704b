"""Made-up trials for comparisons with other programs: whole days, scans that tie events, unequal strata."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trialwright.stats import CompetingTimes, EventTimes

Numbers = NDArray[np.float64]


class Trial(NamedTuple):
    """Columns of one trial."""

    day: Numbers
    event: NDArray[np.bool_]
    cause: NDArray[np.int64]
    """0 censored, else 1 or 2."""
    arm: NDArray[np.int64]
    stratum: NDArray[np.int64]
    x: Numbers
    """[n, 3] arm, a normal covariate, a binary one."""

    @property
    def times(self) -> EventTimes:
        return EventTimes.of(self.day, self.event, self.arm.tolist(), self.stratum.tolist())

    @property
    def competing(self) -> CompetingTimes:
        return CompetingTimes.of(self.day, self.cause, self.arm.tolist(), causes=["one", "two"])


def trial(n: int, every: int, seed: int) -> Trial:
    """Return a trial of n subjects whose events are seen each ``every`` days (1 leaves them as they are)."""
    rng = np.random.default_rng(seed)
    arm = (rng.random(n) < 2 / 3).astype(int)
    stratum = rng.choice(3, n, p=[0.5, 0.35, 0.15])
    age, sign = rng.normal(60, 9, n), rng.integers(0, 2, n)
    rate = np.exp(-0.4 * arm + 0.02 * (age - 60) + 0.3 * sign) * np.array([1.0, 1.5, 0.7])[stratum] / 180
    latent = np.ceil(rng.exponential(1 / rate) / every) * every
    follow = np.ceil(rng.uniform(60, 500, n))
    event = latent <= follow
    cause = np.where(event, 1 + (rng.random(n) < 0.3), 0)
    return Trial(np.minimum(latent, follow), event, cause, arm, stratum, np.column_stack([arm, age, sign]))


TRIALS = {"60, daily": (60, 1, 3), "200, every 28 days": (200, 28, 4), "700, every 56 days": (700, 56, 5)}
