"""Events to be expected by a calendar time, when patients enter, fail and leave at rates that change in steps.

A patient entering at u has by time t been followed for t - u. Exchanging the order of integration, the expected events
of an arm are the integral over s, the time since entry, of A(t - s) h(s) S(s), with A the patients entered by then, h
the hazard and S the chance of being still under observation (Lachin and Foulkes, Biometrics 1986;42:507-519, section 2,
for constant rates). Where all rates are constant A is linear and S exponential, so every cell has a closed form.

Any unit of time will do, as long as it is the same throughout; the command line takes months.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = [
    "ArmRates",
    "ExpectedEvents",
    "Steps",
    "Stratum",
    "SupposedTrial",
    "dropout_hazard",
    "expected_events",
    "scaled_accrual",
    "time_of_events",
    "uniform_accrual",
]


@dataclass(frozen=True)
class Steps:
    """A rate per unit of time that is constant from each start to the next, the last one for ever.

    ValueError unless the starts begin at 0 and rise and the rates are finite and not negative.

    >>> Steps((0, 3), (0.1, 0.2)).until([1, 5])
    array([0.1, 0.7])
    """

    starts: tuple[float, ...]
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.starts) != len(self.rates) or not self.starts:
            raise ValueError(f"starts and rates must be as many, at least one; got {self.starts} and {self.rates}")
        if self.starts[0] != 0 or any(not a < b < math.inf for a, b in zip(self.starts, self.starts[1:], strict=False)):
            raise ValueError(f"starts must begin at 0 and rise; got {self.starts}")
        if any(not 0 <= rate < math.inf for rate in self.rates):
            raise ValueError(f"rates must be finite and at least 0; got {self.rates}")

    @classmethod
    def of(cls, rate: float | Steps) -> Steps:
        """Return the rate itself if it has steps, else one that never changes.

        >>> Steps.of(0.2)
        Steps(starts=(0.0,), rates=(0.2,))
        """
        return rate if isinstance(rate, Steps) else cls((0.0,), (float(rate),))

    def times(self, factor: float) -> Steps:
        """Return the rate multiplied everywhere, as by a hazard ratio.

        >>> Steps((0, 3), (1, 2)).times(0.5).rates
        (0.5, 1.0)
        """
        return Steps(self.starts, tuple(rate * factor for rate in self.rates))

    def times_from(self, start: float, factor: float) -> Steps:
        """Return the rate multiplied from a time on, as by an effect that begins late.

        >>> Steps((0, 3), (1, 2)).times_from(2, 0.5)
        Steps(starts=(0, 2, 3), rates=(1.0, 0.5, 1.0))
        """
        if not 0 <= start < math.inf:
            raise ValueError(f"start must be a finite number of at least 0; got {start}")
        starts = tuple(sorted({*self.starts, start}))
        rates = self.at(starts).tolist()
        return Steps(starts, tuple(r * factor if s >= start else r for s, r in zip(starts, rates, strict=True)))

    def at(self, times: Sequence[float] | Reals) -> Reals:
        """Return the rate at times of at least 0, a start belonging to the piece it begins.

        >>> Steps((0, 3), (0.1, 0.2)).at([0, 3])
        array([0.1, 0.2])
        """
        import numpy as np

        piece = np.searchsorted(np.asarray(self.starts), np.asarray(times), side="right") - 1
        return np.asarray(self.rates, dtype=np.float64)[piece]

    def until(self, times: Sequence[float] | Reals) -> Reals:
        """Return the integral of the rate from 0 to each of the times, 0 for times before 0."""
        import numpy as np

        starts = np.asarray(self.starts, dtype=np.float64)
        lengths = np.diff(np.append(starts, np.inf))
        spent = np.clip(np.asarray(times, dtype=np.float64)[..., None] - starts, 0.0, lengths)
        return np.asarray(spent @ np.asarray(self.rates, dtype=np.float64))

    def quantile(self, probabilities: Sequence[float] | Reals) -> Reals:
        """Return the times by which events of this hazard have come with these probabilities; inf where never.

        >>> Steps((0, 3), (0.1, 0.2)).quantile([0.5]).round(4)
        array([4.9657])
        """
        import numpy as np

        asked = np.asarray(probabilities, dtype=np.float64)
        if not ((asked >= 0) & (asked < 1)).all():
            raise ValueError(f"probabilities must be in [0, 1); got {list(probabilities)}")
        wanted = -np.log1p(-asked)
        starts, rates = np.asarray(self.starts, dtype=np.float64), np.asarray(self.rates, dtype=np.float64)
        reached = self.until(starts)
        piece = np.maximum(np.searchsorted(reached, wanted, side="left") - 1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond = np.where(wanted > reached[piece], (wanted - reached[piece]) / rates[piece], 0.0)
        return np.asarray(starts[piece] + beyond)


@dataclass(frozen=True)
class ArmRates:
    """What is supposed of an arm: its hazard of the event, and of leaving without one.

    >>> ArmRates.of(0.1).dropout.rates
    (0.0,)
    """

    hazard: Steps
    dropout: Steps

    @classmethod
    def of(cls, hazard: float | Steps, dropout: float | Steps = 0.0) -> ArmRates:
        """Return an arm with rates that change in steps or not at all."""
        return cls(Steps.of(hazard), Steps.of(dropout))


@dataclass(frozen=True)
class Stratum:
    """A share of the patients with rates of its own.

    >>> Stratum(ArmRates.of(0.1), ArmRates.of(0.2)).share
    1.0
    """

    experimental: ArmRates
    control: ArmRates
    share: float = 1.0


@dataclass(frozen=True)
class SupposedTrial:
    """Who enters when, and what happens to them.

    ``accrual`` counts patients per unit of time; its last rate must be 0, so that accrual ends. ``ratio`` is the
    patients in the experimental arm for each in the control arm; ``longest`` is the longest a patient is followed.
    ValueError when accrual has no end, shares do not add to 1, or a number is out of range.

    >>> SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2).patients
    90.0
    """

    accrual: Steps
    strata: tuple[Stratum, ...]
    ratio: float = 1.0
    longest: float = math.inf

    def __post_init__(self) -> None:
        if self.accrual.rates[-1] != 0 or not any(self.accrual.rates):
            raise ValueError(f"accrual must bring patients and end: last rate 0; got {self.accrual.rates}")
        shares = [stratum.share for stratum in self.strata]
        if not shares or min(shares) <= 0 or not math.isclose(sum(shares), 1, rel_tol=1e-9):
            raise ValueError(f"the shares of the strata must be above 0 and add to 1; got {shares}")
        if not 0 < self.ratio < math.inf:
            raise ValueError(f"ratio must be a finite number greater than 0; got {self.ratio}")
        if not self.longest > 0:
            raise ValueError(f"longest must be greater than 0; got {self.longest}")

    @property
    def patients(self) -> float:
        """All patients planned."""
        return float(self.accrual.until([self.accrual.starts[-1]])[0])

    def share(self, stratum: Stratum, *, experimental: bool) -> float:
        """Return the part of all patients that one arm of one stratum has."""
        return stratum.share * (self.ratio if experimental else 1.0) / (1.0 + self.ratio)


@dataclass(frozen=True)
class ExpectedEvents:
    """Patients entered and events expected by a calendar time; one number of events for each stratum.

    >>> ExpectedEvents(12.0, 90.0, (20.0,), (15.0,)).events
    35.0
    """

    time: float
    enrolled: float
    experimental: tuple[float, ...]
    control: tuple[float, ...]

    @property
    def events(self) -> float:
        """Events of both arms."""
        return math.fsum((*self.experimental, *self.control))


def uniform_accrual(patients: float, duration: float) -> Steps:
    """Return accrual at one rate that brings so many patients and ends.

    >>> uniform_accrual(90, 12)
    Steps(starts=(0.0, 12.0), rates=(7.5, 0.0))
    """
    for name, value in (("patients", patients), ("duration", duration)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be a finite number greater than 0; got {value}")
    return Steps((0.0, float(duration)), (patients / duration, 0.0))


def scaled_accrual(shape: Steps, patients: float, duration: float) -> Steps:
    """Return accrual that follows relative rates and brings so many patients in so much time, then ends.

    ``shape`` says by how much accrual is faster from each of its starts, such as a ramp-up; its last rate goes on.

    >>> scaled_accrual(Steps((0, 3, 6), (1, 2, 4)), 110, 10)
    Steps(starts=(0.0, 3.0, 6.0, 10.0), rates=(4.4, 8.8, 17.6, 0.0))
    """
    uniform_accrual(patients, duration)
    kept = [(float(start), rate) for start, rate in zip(shape.starts, shape.rates, strict=True) if start < duration]
    whole = float(shape.until([duration])[0])
    if not whole > 0:
        raise ValueError(f"shape must have a rate above 0 within {duration:g}; got {shape.rates}")
    starts, rates = zip(*kept, strict=True)
    return Steps((*starts, float(duration)), (*(rate * patients / whole for rate in rates), 0.0))


def dropout_hazard(probability: float, within: float) -> float:
    """Return the constant hazard under which a patient leaves with this probability within some time.

    >>> round(dropout_hazard(0.02, within=12), 6)
    0.001684
    """
    if not 0 <= probability < 1:
        raise ValueError(f"probability must be in [0, 1); got {probability}. For 2 % write 0.02.")
    if not 0 < within < math.inf:
        raise ValueError(f"within must be a finite number greater than 0; got {within}")
    return -math.log1p(-probability) / within


def expected_events(trial: SupposedTrial, time: float) -> ExpectedEvents:
    """Return patients entered and events expected by a calendar time counted from the first entry.

    >>> arms = Stratum(ArmRates.of(0.59 * math.log(2) / 3.6), ArmRates.of(math.log(2) / 3.6))
    >>> trial = SupposedTrial(uniform_accrual(198, 42), (arms,), ratio=2)
    >>> round(expected_events(trial, 34.42).events, 1)
    127.0
    """
    if not 0 <= time < math.inf:
        raise ValueError(f"time must be a finite number of at least 0; got {time}")
    by_arm = [
        tuple(
            trial.share(one, experimental=first) * _events(trial, one.experimental if first else one.control, time)
            for one in trial.strata
        )
        for first in (True, False)
    ]
    return ExpectedEvents(float(time), float(trial.accrual.until([time])[0]), by_arm[0], by_arm[1])


def time_of_events(trial: SupposedTrial, events: float) -> float:
    """Return the calendar time by which so many events are expected (Brent's method between brackets).

    ValueError when they are never reached; the message names how many ever are.

    >>> arms = Stratum(ArmRates.of(0.59 * math.log(2) / 3.6), ArmRates.of(math.log(2) / 3.6))
    >>> round(time_of_events(SupposedTrial(uniform_accrual(198, 42), (arms,), ratio=2), 127), 2)
    34.42
    """
    from scipy.optimize import brentq

    if not 0 < events < math.inf:
        raise ValueError(f"events must be a finite number greater than 0; got {events}")
    late = _bracket(trial, events)
    return float(brentq(lambda time: expected_events(trial, time).events - events, 0.0, late, xtol=1e-12, rtol=1e-14))


def _bracket(trial: SupposedTrial, events: float) -> float:
    late = max(trial.accrual.starts[-1], 1.0)
    for _ in range(60):
        if expected_events(trial, late).events >= events:
            return late
        late *= 2
    most = expected_events(trial, late).events
    raise ValueError(f"events must be at most the {most:.6g} that {trial.patients:g} patients ever have; got {events}")


def cells(trial: SupposedTrial, arms: Iterable[ArmRates], time: float) -> Reals:
    """Return the times since entry between which no rate changes, from 0 to the longest follow-up at a time."""
    import numpy as np

    end = min(time, trial.longest)
    inner = [start for arm in arms for rate in (arm.hazard, arm.dropout) for start in rate.starts]
    inner += [time - start for start in trial.accrual.starts]
    return np.unique([0.0, *(s for s in inner if 0 < s < end), end])


def _events(trial: SupposedTrial, arm: ArmRates, time: float) -> float:
    """Return the events of an arm that had all patients: the cells' closed forms added."""
    import numpy as np

    edges = cells(trial, (arm,), time)
    left, width = edges[:-1], np.diff(edges)
    hazard, leaving = arm.hazard.at(left), arm.dropout.at(left)
    entered = trial.accrual.until(time - edges)
    observed = np.exp(-arm.hazard.until(left) - arm.dropout.until(left))
    decay = (hazard + leaving) * width
    per_cell = entered[:-1] * _moment(1, decay) + np.diff(entered) * _moment(2, decay)
    return float(np.sum(hazard * observed * width * per_cell))


def _moment(k: int, decay: Reals) -> Reals:
    """Return the integral of x^(k-1) exp(-decay x) over (0, 1): the incomplete gamma function keeps all digits."""
    import numpy as np
    from scipy.special import gamma, gammainc

    small = decay < 1e-8
    safe = np.where(small, 1.0, decay)
    return np.asarray(np.where(small, 1 / k - decay / (k + 1), gamma(k) * gammainc(k, safe) / safe**k))
