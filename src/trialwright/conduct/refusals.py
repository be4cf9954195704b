"""What the office says no to: every refusal says what must be, what was, and what to do."""

from __future__ import annotations

from trialwright.errors import TrialwrightError

__all__ = ["Conflict", "Forbidden", "Invalid", "NotFound", "Refused", "Stale", "Unavailable"]


class Refused(TrialwrightError):  # noqa: N818 - an answer of the office, not a fault
    """The order of steps, a cap or the state of the trial does not allow it (HTTP 409)."""

    status = 409


class Conflict(Refused):
    """The key was used for another request (HTTP 422); the same key and request get the same answer instead."""

    status = 422


class Stale(Refused):
    """The data changed since they were shown to whoever asks (HTTP 409): nobody's change is lost unseen."""

    status = 409


class Invalid(Refused):
    """A value that cannot be: wrong type, missing, too long, impossible date (HTTP 422)."""

    status = 422


class Forbidden(Refused):
    """Nobody signed in, or no right to do this here (HTTP 403)."""

    status = 403


class NotFound(Refused):
    """Nothing of that name that the reader may see (HTTP 404); a stranger's data look the same as none."""

    status = 404


class Unavailable(Refused):
    """The office cannot write now: disk full, database gone, key missing, older state restored (HTTP 503)."""

    status = 503
