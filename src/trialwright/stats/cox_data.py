"""The data of a Cox model with covariates: rows (entry, exit] with an event or not, in strata."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray
from trialwright.stats.design_matrix import Design, design_matrix
from trialwright.stats.event_times import EventTimes

Array = Any


@dataclass(frozen=True, eq=False)
class CoxData:
    """Rows of a Cox model, made and checked once by ``of`` or ``from_times``.

    >>> data = CoxData.of([5, 8, 9], [1, 1, 0], {"age": [61, 48, 55]})
    >>> len(data), data.names
    (3, ('age',))
    """

    day: IntArray
    """[n] whole days at which the row ends; the rank of the time where ``values`` is set."""
    event: BoolArray
    """[n] True = the row ends with an event."""
    covariates: FloatArray
    """[n, p]; a matrix of floats is used as given, not copied: do not change it."""
    names: tuple[str, ...]
    stratum: IntArray
    """[n] positions in ``strata``"""
    strata: tuple[str, ...]
    entry: IntArray | None = None
    """[n] the row is at risk after this day; None = from the beginning."""
    weight: FloatArray | None = None
    """[n] case weights, above zero; ``cox_regression`` says how each rule for ties reads them."""
    offset: FloatArray | None = None
    """[n] added to the linear predictor with coefficient 1."""
    cluster: IntArray | None = None
    """[n] rows of one subject share a number: the variance is then summed over subjects."""
    values: FloatArray | None = None
    """Real time of each rank, where the times are not whole days."""

    @classmethod
    def of(
        cls,
        time: ArrayLike,
        event: ArrayLike,
        covariates: Design | Mapping[str, ArrayLike],
        *,
        entry: ArrayLike | None = None,
        stratum: Sequence[Hashable] | Array | None = None,
        weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        cluster: Sequence[Hashable] | Array | None = None,
        tie_tolerance: float = 0.0,
    ) -> CoxData:
        """Return checked rows. Raises ValueError on anything missing, negative, infinite or of another length.

        ``time`` [n] end and ``entry`` [n] start of each row, whole days or real numbers (then kept as ranks, see
        ``EventTimes.from_continuous`` for ``tie_tolerance``); ``covariates`` a ``Design`` or columns, of which text
        is coded as factors; ``stratum`` and ``cluster`` [n] labels.
        """
        design = covariates if isinstance(covariates, Design) else design_matrix(covariates)
        days, entries, values = _times(time, entry, tie_tolerance)
        n = len(days)
        stratum_codes, strata = _labels("stratum", stratum, n)
        return cls(
            day=days,
            event=_events(event, n),
            covariates=_matrix(design, n),
            names=_distinct(design.names),
            stratum=stratum_codes,
            strata=strata,
            entry=entries,
            weight=_numbers("weight", weight, n, positive=True),
            offset=_numbers("offset", offset, n),
            cluster=None if cluster is None else _labels("cluster", cluster, n)[0],
            values=values,
        )

    @classmethod
    def from_times(
        cls,
        times: EventTimes,
        covariates: Design | Mapping[str, ArrayLike] | None = None,
        *,
        weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        cluster: Sequence[Hashable] | Array | None = None,
    ) -> CoxData:
        """Return the rows of event times: indicators of the arms but the first, then the covariates.

        Strata, entry and weights come with the times. Raises ValueError where ``weight`` is given beside theirs.

        >>> CoxData.from_times(EventTimes.of([5, 8], [1, 0], ["A", "B"]), {"age": [50, 61]}).names
        ('B', 'age')
        """
        if weight is not None and times.weight is not None:
            raise ValueError("weight must be given once; the event times have weights already")
        n = len(times)
        arms = [(times.arm == a).astype(float) for a in range(1, len(times.arms))]
        given = covariates if isinstance(covariates, Design) or covariates is None else design_matrix(covariates)
        matrix = (
            np.column_stack(arms + ([] if given is None else [given.matrix])) if arms or given else np.empty((n, 0))
        )
        names = times.arms[1:] + (() if given is None else given.names)
        design = Design(names, matrix, names)
        own = times.weight if weight is None else weight
        rows = cls.of(times.day, times.event, design, weight=own, offset=offset, cluster=cluster)
        return replace(rows, stratum=times.stratum, strata=times.strata, values=times.values, entry=times.entry)

    def __len__(self) -> int:
        return len(self.day)

    def only(self, chosen: ArrayLike) -> CoxData:
        """Return the chosen rows ([n] booleans)."""
        mask = np.asarray(chosen, bool)
        if mask.shape != self.day.shape or not mask.any():
            raise ValueError(
                f"chosen must mark some of the {len(self)} rows; got shape {mask.shape}, {mask.sum()} True"
            )
        names = ("day", "event", "covariates", "stratum", "entry", "weight", "offset", "cluster")
        parts: dict[str, Any] = {name: None if (a := getattr(self, name)) is None else a[mask] for name in names}
        return replace(self, **parts)

    def without(self, *names: str) -> CoxData:
        """Return the same rows without some covariates, for a smaller model."""
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise ValueError(f"covariate {unknown[0]!r} is not known; known: {', '.join(self.names)}")
        kept = [i for i, name in enumerate(self.names) if name not in names]
        return replace(self, covariates=self.covariates[:, kept], names=tuple(self.names[i] for i in kept))


def _times(time: ArrayLike, entry: ArrayLike | None, tolerance: float) -> tuple[IntArray, IntArray | None, Any]:
    ends = _one_row("time", time)
    starts = None if entry is None else _one_row("entry", entry, len(ends))
    if starts is not None:
        late = starts >= ends
        _refuse("entry", "before the end of the row", late, starts, "Leave out rows without time at risk.")
    both = ends if starts is None else np.concatenate([ends, starts])
    if both.dtype.kind in "iu" or (not tolerance and bool((both == np.floor(both)).all())):
        whole = both.astype(np.int32) if both.max() < 2**31 else both.astype(np.int64)
        return whole[: len(ends)], None if starts is None else whole[len(ends) :], None
    from trialwright.stats.columns import ranks_of

    ranks, values = ranks_of(both.astype(float), tolerance)
    found = ranks.astype(np.int32)
    return found[: len(ends)], None if starts is None else found[len(ends) :], values


def _one_row(name: str, given: ArrayLike, n: int | None = None) -> Array:
    array = np.asarray(given)
    if array.ndim != 1 or not len(array) or (n is not None and len(array) != n):
        wanted = "one row of at least one number" if n is None else f"one number for each of the {n} rows"
        raise ValueError(f"{name} must be {wanted}; got shape {array.shape}")
    if array.dtype.kind not in "iu":
        array = array.astype(float)
        _refuse(name, "known", np.isnan(array), array, "Leave such rows out by a rule of the plan, or complete them.")
        _refuse(name, "finite", np.isinf(array), array, "Write the day of last contact and event False.")
    if array.min() < 0:
        _refuse(name, "zero or more", array < 0, array, "Check the dates of start and end.")
    return array


def _refuse(name: str, rule: str, wrong: BoolArray, given: Array, remedy: str) -> None:
    if wrong.any():
        first = int(wrong.argmax())
        raise ValueError(
            f"{name} must be {rule}; got {given[first]} at position {first} ({wrong.sum()} in all). {remedy}"
        )


def _events(event: ArrayLike, n: int) -> BoolArray:
    events = np.asarray(event)
    if events.shape != (n,):
        raise ValueError(f"event must have one entry for each of the {n} rows; got shape {events.shape}")
    if events.dtype == bool:
        return events
    wrong = np.array([v not in (0, 1) for v in events]) if events.dtype == object else ~np.isin(events, (0, 1))
    _refuse("event", "True or False, or 1 or 0", wrong, events, "Write status == code where it is coded otherwise.")
    return events.astype(bool)


def _matrix(design: Design, n: int) -> FloatArray:
    matrix = np.ascontiguousarray(design.matrix, float)
    if matrix.shape != (n, len(design.names)):
        raise ValueError(f"covariates must be [{n}, {len(design.names)}] rows and names; got shape {matrix.shape}")
    if not len(design.names):
        raise ValueError("covariates must be at least one; got none")
    if not np.isfinite(matrix.sum(axis=0)).all():
        bad = {name: int(k) for name, k in zip(design.names, (~np.isfinite(matrix)).sum(axis=0), strict=True) if k}
        if bad:
            counts = ", ".join(f"{name} in {count}" for name, count in bad.items())
            raise ValueError(
                f"covariates must be known and finite for each of the {n} rows; missing or infinite: {counts}. "
                f"Leave such rows out by a rule of the plan, or complete them."
            )
    return matrix


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"names of covariates must be distinct; {', '.join(twice)} occurs more than once")
    return names


def _numbers(name: str, given: ArrayLike | None, n: int, *, positive: bool = False) -> FloatArray | None:
    if given is None:
        return None
    numbers = np.asarray(given, float)
    if numbers.shape != (n,):
        raise ValueError(f"{name} must have one number for each of the {n} rows; got shape {numbers.shape}")
    _refuse(name, "known and finite", ~np.isfinite(numbers), numbers, "Leave such rows out by a rule of the plan.")
    if positive:
        _refuse(name, "above zero", numbers <= 0, numbers, "Leave out rows that shall not count.")
    return numbers


def _labels(name: str, labels: Any, n: int) -> tuple[IntArray, tuple[str, ...]]:
    """Return positions and names; whole numbers need no list of objects, which at a million rows would be slow."""
    if labels is None:
        return np.zeros(n, np.int32), ("all",)
    array = np.asarray(labels)
    if array.shape != (n,):
        raise ValueError(f"{name} must have one label for each of the {n} rows; got shape {array.shape}")
    if array.dtype.kind in "iu" and int(array.max()) - int(array.min()) <= max(1000, 4 * n):
        low = int(array.min())
        counts = np.bincount(array - low)
        codes = np.cumsum(counts > 0) - 1
        return codes[array - low].astype(np.int32), tuple(str(low + i) for i in np.flatnonzero(counts))
    values = array.tolist()
    missing = sum(v is None or (isinstance(v, float) and math.isnan(v)) for v in values)
    if missing:
        raise ValueError(f"{name} must be known for each row; {missing} of {n} are missing")
    known = sorted(set(values), key=lambda v: (str(type(v)), v))
    place = {value: code for code, value in enumerate(known)}
    return np.array([place[v] for v in values], np.int32), tuple(str(v) for v in known)
