"""Many trials at once: two arms, whole days, the primary analysis of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.curve import Beyond, Flat

CHUNK = 1000
MOST_STRATA = 128


@dataclass(frozen=True, eq=False)
class BatchResult:
    """The answers of many trials; NaN = not estimable. Arm 0 is the control, arm 1 the experimental arm."""

    subjects: IntArray
    """[trials, 2]"""
    events: IntArray
    """[trials, 2]"""
    median: FloatArray
    """[trials, 2] Kaplan-Meier, strata pooled; NaN = not reached."""
    survival: FloatArray
    """[trials, 2, days] at each of ``at_days``."""
    follow_up: FloatArray
    """[trials] median follow-up of all, reverse Kaplan-Meier."""
    follow_up_by_arm: FloatArray
    """[trials, 2]"""
    z: FloatArray
    """[trials] stratified log-rank; below zero = fewer events than expected in arm 1; NaN = no information."""
    log_hazard_ratio: FloatArray
    """[trials] stratified Cox, Efron, arm 1 against arm 0; -inf or inf where the likelihood has no maximum."""
    se: FloatArray
    """[trials] of the log hazard ratio; NaN where that is not finite."""


def analyze_batch(
    day: ArrayLike,
    event: ArrayLike,
    arm: ArrayLike,
    stratum: ArrayLike | None = None,
    *,
    at_days: Sequence[int] = (),
    included: ArrayLike | None = None,
    flat: Flat = "R",
    beyond: Beyond = "not estimable",
    workers: int = 2,
) -> BatchResult:
    """Analyze trials [trials, patients] as ``kaplan_meier``, ``log_rank`` and ``cox`` would, one by one.

    ``day`` whole, not negative; ``event`` boolean; ``arm`` 0 or 1; ``stratum`` 0 to 127, None for one; ``included``
    False leaves a patient out of a trial. A row [patients] stands for all trials. ``flat`` and ``beyond`` are as in
    ``Curve``. The work is done in chunks of trials by ``workers`` threads; neither changes the answers. The first
    call of a process loads compiled code, the first after an installation compiles it (some seconds).

    >>> found = analyze_batch([[2, 4, 6, 9]], [[True] * 4], [0, 1, 0, 1], at_days=[5])
    >>> found.median.tolist(), found.survival.tolist()
    ([[4.0, 6.5]], [[[0.5], [0.5]]])
    """
    if flat not in ("R", "SAS") or beyond not in ("carry", "not estimable"):
        raise ValueError(f"flat must be R or SAS, beyond carry or not estimable; got {flat!r}, {beyond!r}")
    data = _checked(day, event, arm, 0 if stratum is None else stratum, True if included is None else included)
    strata = int(data[3].max(initial=0)) + 1
    order = np.argsort(np.asarray(at_days, np.int64), kind="stable")
    options = (strata, np.asarray(at_days, np.int64)[order], beyond == "carry", flat == "R")
    chunks = [_chunk(data, first) for first in range(0, data[0].shape[0], CHUNK)]
    with ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(lambda chunk: _analyze(chunk, options), chunks))
    joined = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(BatchResult)}
    joined["survival"] = joined["survival"][:, :, np.argsort(order)]
    return BatchResult(**joined)


def _checked(day: ArrayLike, event: ArrayLike, arm: ArrayLike, stratum: ArrayLike, included: ArrayLike) -> list[Any]:
    given = {"day": day, "event": event, "arm": arm, "stratum": stratum, "included": included}
    arrays = {name: np.atleast_1d(np.asarray(value)) for name, value in given.items()}
    if arrays["day"].ndim != 2 or arrays["day"].size == 0:
        raise ValueError(f"day must be [trials, patients] with at least one of each; got shape {arrays['day'].shape}")
    try:
        full = {name: np.broadcast_to(array, arrays["day"].shape) for name, array in arrays.items()}
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"inputs must be [trials, patients] or [patients], all alike; got {shapes}") from None
    for name, most in {"day": 2**31 - 1, "event": 1, "arm": 1, "stratum": MOST_STRATA - 1, "included": 1}.items():
        _within(name, arrays[name], most)
    return list(full.values())


def _within(name: str, array: Any, most: int) -> None:
    if array.dtype.kind not in "iub":
        raise ValueError(f"{name} must be whole numbers or booleans; got {array.dtype}")
    if array.min() < 0 or array.max() > most:
        raise ValueError(f"{name} must be 0 to {most}; got {array.min()} to {array.max()}")


def _chunk(data: list[Any], first: int) -> Iterator[Any]:
    types = (np.int32, np.bool_, np.int8, np.int8, np.bool_)
    for array, kind in zip(data, types, strict=True):
        yield np.ascontiguousarray(array[first : first + CHUNK], kind)


def _analyze(chunk: Iterator[Any], options: tuple[Any, ...]) -> BatchResult:
    from trialwright.stats._kernels import analyze_trials

    inputs = tuple(chunk)
    trials, days = len(inputs[0]), len(options[1])
    counts, medians = np.zeros((trials, 2, 2), np.int64), np.empty((trials, 2))
    follow_up, survival, tests = np.empty((trials, 3)), np.empty((trials, 2, days)), np.empty((trials, 3))
    answers = (counts, medians, follow_up, survival, tests)
    analyze_trials(*(inputs + options + answers))
    return BatchResult(
        subjects=counts[:, :, 0],
        events=counts[:, :, 1],
        median=medians,
        survival=survival,
        follow_up=follow_up[:, 2],
        follow_up_by_arm=follow_up[:, :2],
        z=tests[:, 0],
        log_hazard_ratio=tests[:, 1],
        se=tests[:, 2],
    )
