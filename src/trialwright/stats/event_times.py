"""Event times: who was followed for how long, in which arm and stratum, and whether the event came."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray
from trialwright.stats.columns import (
    codes_of,
    entry_of,
    events_of,
    finite_times,
    frozen,
    positions_of,
    ranks_of,
    same_length,
    weights_of,
    whole_days,
)
from trialwright.stats.packed import COLUMNS, Packed, pack

if TYPE_CHECKING:
    from trialwright.stats.risk_table import RiskTable


@dataclass(frozen=True, eq=False)
class EventTimes:
    """Right-censored times of n subjects, made and checked once by ``of``, ``coded`` or ``from_continuous``.

    Day 0 is accepted: whether the first day counts as 0 or 1 is the protocol's decision and made before. The first
    arm is the reference: hazard ratios and z are of the other arms against it.

    ``entry`` [n] is for delayed entry (left truncation): a subject is at risk from the day after its entry to its
    ``day``, R's ``Surv(entry, day, event)``. ``weight`` [n] is for case weights: a subject of weight 2 counts as two
    that are alike, in variances too; weights that make up for selection need the robust variance of a Cox model.
    """

    day: IntArray
    """[n] whole days of follow-up; the rank of the time where ``values`` is set."""
    event: BoolArray
    """[n] True = event, False = censored."""
    arm: IntArray
    """[n] positions in ``arms``."""
    arms: tuple[str, ...]
    stratum: IntArray
    """[n] positions in ``strata``."""
    strata: tuple[str, ...]
    values: FloatArray | None = None
    """Real time of each rank, where the times are not whole days."""
    entry: IntArray | None = None
    """[n] the day of entry, before ``day``, in its unit; None: everybody is followed from the start."""
    weight: IntArray | FloatArray | None = None
    """[n] positive, whole numbers if all are; None: everybody counts once."""

    @classmethod
    def of(
        cls,
        day: ArrayLike,
        event: ArrayLike,
        arm: Sequence[Hashable] | None = None,
        stratum: Sequence[Hashable] | None = None,
        *,
        arms: Sequence[Hashable] | None = None,
        strata: Sequence[Hashable] | None = None,
        entry: ArrayLike | None = None,
        weight: ArrayLike | None = None,
    ) -> EventTimes:
        """Return event times from labels.

        ``day`` [n] whole and not negative; ``event`` [n] boolean or 0/1; ``arm`` and ``stratum`` [n] labels, or None
        for a single one called "all". ``arms`` and ``strata`` give the order of the labels and must hold all that
        occur; without them the order is sorted. ``entry`` [n] whole, not negative, before ``day``; ``weight`` [n]
        positive. Raises ValueError on anything missing, negative, infinite, fractional or two-valued in another
        coding.

        >>> times = EventTimes.of([5, 8, 8], [1, 1, 0], ["B", "A", "A"], arms=["A", "B"])
        >>> times.arm.tolist(), times.arms
        ([1, 0, 0], ('A', 'B'))
        """
        days = whole_days(day)
        arm_codes, arm_names = codes_of("arm", arm, arms, len(days))
        stratum_codes, stratum_names = codes_of("stratum", stratum, strata, len(days))
        return cls.coded(
            days, event, arm_codes, stratum_codes, arms=arm_names, strata=stratum_names, entry=entry, weight=weight
        )

    @classmethod
    def coded(
        cls,
        day: ArrayLike,
        event: ArrayLike,
        arm: ArrayLike,
        stratum: ArrayLike | None = None,
        *,
        arms: Sequence[str],
        strata: Sequence[str] = ("all",),
        entry: ArrayLike | None = None,
        weight: ArrayLike | None = None,
    ) -> EventTimes:
        """Return event times whose arms and strata are already positions in ``arms`` and ``strata``.

        >>> EventTimes.coded([5, 8], [True, False], [0, 1], arms=["A", "B"]).strata
        ('all',)
        """
        one = np.zeros(np.size(day), np.int8) if stratum is None else stratum
        if entry is None and weight is None:
            packed = pack(day, event, (arm, one), (tuple(arms), tuple(strata)))
            if packed is not None:
                return _unfolding(packed, tuple(arms), tuple(strata))
        days = whole_days(day)
        n = len(days)
        return cls(
            day=frozen(days),
            event=frozen(events_of(event, n)),
            arm=frozen(positions_of("arm", arm, tuple(arms), n)),
            arms=tuple(arms),
            stratum=frozen(positions_of("stratum", one, tuple(strata), n)),
            strata=tuple(strata),
            entry=entry_of(entry, days),
            weight=weights_of(weight, n),
        )

    @classmethod
    def from_continuous(
        cls,
        time: ArrayLike,
        event: ArrayLike,
        arm: Sequence[Hashable] | None = None,
        stratum: Sequence[Hashable] | None = None,
        *,
        arms: Sequence[Hashable] | None = None,
        strata: Sequence[Hashable] | None = None,
        entry: ArrayLike | None = None,
        weight: ArrayLike | None = None,
        tie_tolerance: float = 0.0,
    ) -> EventTimes:
        """Return event times whose times are real numbers, kept as ranks with ``values`` for display.

        Every method of this room but those that need lengths of time depends on the ranks only. Distinct numbers
        are distinct times unless ``tie_tolerance`` is given: then times whose gap, or whose gap over the mean of the
        distinct times, is at most the tolerance are one time, neighbor by neighbor (R ``aeqSurv``, there 1.5e-8, so
        that 0.1 + 0.2 and 0.3 are tied). Times of entry are ranked together with the others.

        >>> EventTimes.from_continuous([0.5, 2.25, 0.5], [1, 0, 1]).day.tolist()
        [0, 1, 0]
        """
        times = finite_times(time)
        starts = np.empty(0) if entry is None else finite_times(entry, "entry")
        if entry is not None:
            same_length("entry", starts, len(times))
        ranks, values = ranks_of(np.concatenate([times, starts]), tie_tolerance)
        days, entered = ranks[: len(times)], None if entry is None else ranks[len(times) :]
        ranked = cls.of(days, event, arm, stratum, arms=arms, strata=strata, entry=entered, weight=weight)
        return replace(ranked, values=frozen(values))

    def __len__(self) -> int:
        packed = packed_of(self)
        return len(self.day if packed is None else packed.cell)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return a column of many subjects, which are kept packed until somebody asks for one."""
            packed = packed_of(self)
            if packed is None or name not in COLUMNS:
                raise AttributeError(f"EventTimes has no attribute {name!r}")
            vars(self).update(packed.columns())
            return vars(self)[name]

    @cached_property
    def table(self) -> RiskTable:
        """The risk table, counted once."""
        from trialwright.stats.risk_table import RiskTable

        return RiskTable.count(self)

    def only(self, chosen: ArrayLike) -> EventTimes:
        """Return the chosen subjects ([n] booleans); arms and strata keep their names and order.

        >>> len(EventTimes.of([5, 8], [1, 0]).only([True, False]))
        1
        """
        mask = np.asarray(chosen, bool)
        if mask.shape != self.day.shape:
            raise ValueError(f"chosen must have one entry for each of the {len(self)} subjects; got shape {mask.shape}")
        if not mask.any():
            raise ValueError("chosen leaves no subject; there is nothing to analyze")
        columns = ("day", "event", "arm", "stratum", "entry", "weight")
        given = {name: getattr(self, name) for name in columns}
        return replace(self, **{name: frozen(column[mask]) for name, column in given.items() if column is not None})

    def pooled(self) -> EventTimes:
        """Return the same subjects as one arm called "all".

        >>> EventTimes.of([5, 8], [1, 0], ["A", "B"]).pooled().arms
        ('all',)
        """
        packed = packed_of(self)
        if packed is not None:
            return _unfolding(packed.pooled(), ("all",), self.strata)
        return replace(self, arm=frozen(np.zeros_like(self.arm)), arms=("all",))

    def unstratified(self) -> EventTimes:
        """Return the same subjects as one stratum called "all".

        >>> EventTimes.of([5, 8], [1, 0], None, ["x", "y"]).unstratified().strata
        ('all',)
        """
        packed = packed_of(self)
        if packed is not None:
            return _unfolding(packed.unstratified(), self.arms, ("all",))
        return replace(self, stratum=frozen(np.zeros_like(self.stratum)), strata=("all",))


def packed_of(times: EventTimes) -> Packed | None:
    """Return the packed columns that the event times were made of; None for few subjects and whatever is not plain."""
    packed: Packed | None = vars(times).get("_packed")
    return packed


def _unfolding(packed: Packed, arms: tuple[str, ...], strata: tuple[str, ...]) -> EventTimes:
    """Return event times whose columns are unpacked when they are read; a copy by ``replace`` has them unpacked."""
    times = object.__new__(EventTimes)
    vars(times).update(_packed=packed, arms=arms, strata=strata)
    return times
