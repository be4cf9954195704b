"""Crash points: end the process at a named step of a commit, to prove that nothing acknowledged is lost there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping

from trialwright.conduct.refusals import Unavailable

__all__ = ["CRASH_POINTS", "crash_points"]

CRASH_POINTS = ("before_commit", "after_commit", "after_mirror", "after_commit_before_reply")
"""Steps of a commit, in order."""
VARIABLE = "TRIALWRIGHT_CRASH_AT"


def crash_points(
    environment: Mapping[str, str],
    end: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGKILL),
) -> Callable[[str], None]:
    """Return what an office calls between its steps: nothing, or the end of the process at the step named.

    ``TRIALWRIGHT_CRASH_AT=after_commit:3`` ends it the third time it has committed.

    >>> ended = []
    >>> at = crash_points({"TRIALWRIGHT_CRASH_AT": "after_commit:2"}, lambda: ended.append("here"))
    >>> at("after_commit"); at("before_commit"); ended
    []
    >>> at("after_commit"); ended
    ['here']
    """
    wanted, _, count = environment.get(VARIABLE, "").partition(":")
    if (wanted and wanted not in CRASH_POINTS) or (count and not count.isdigit()):
        raise Unavailable(
            f"{VARIABLE} must be one of {', '.join(CRASH_POINTS)}, with :N for the N-th time; got {wanted!r}"
        )
    left = int(count or 1)

    def reached(point: str) -> None:
        nonlocal left
        if point == wanted:
            left -= 1
            if left == 0:
                end()

    return reached
