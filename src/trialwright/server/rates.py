"""Rates: who asks too fast waits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from trialwright.server.problems import TooMany

__all__ = ["Buckets"]


class Buckets:
    """One leaking bucket for each asker: ``at_once`` requests may come together, ``per_second`` on the long run."""

    def __init__(self, per_second: float, at_once: int, clock: Callable[[], float], *, most: int = 10_000) -> None:
        self._rate, self._depth, self._clock, self._most = per_second, at_once, clock, most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> None:
        """Count one request; raises TooMany, with the seconds to wait, when the bucket is full."""
        now = self._clock()
        level, at = self._levels.pop(who, (0.0, now))
        level = max(0.0, level - (now - at) * self._rate)
        full = level + 1 > self._depth
        self._levels[who] = (level if full else level + 1, now)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)
        if full:
            raise TooMany((level + 1 - self._depth) / self._rate)
