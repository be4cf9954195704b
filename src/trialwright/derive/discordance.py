"""Where two rule sets disagree about the same patients, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.derive.rows import columns, frame

if TYPE_CHECKING:
    import polars as pl

__all__ = ["DISCORDANCE_COLUMNS", "discordance"]

DISCORDANCE_COLUMNS = {
    "subject": "text",
    "endpoint": "text",
    "against": "text",
    "change": "text",
    "days": "integer",
    "event": "yes/no",
    "why": "text",
    "days_against": "integer",
    "event_against": "yes/no",
    "why_against": "text",
}
_FIELDS = ("days", "event", "why")


def discordance(times: pl.DataFrame, endpoint: str, against: str) -> pl.DataFrame:
    """Return one row per subject whose day or status differs between two endpoints or estimands of ``times``.

    ``change`` says in words what the first makes of what the second says: ``event, not censored``,
    ``censored, not event``, ``event on another day``, ``censored on another day``. Subjects whose days and status
    agree are left out, even where the reasons differ. Raises ValueError for a name that ``times`` does not hold.
    """
    one, other = _rows(times, endpoint), _rows(times, against)
    rows = (
        (subject, endpoint, against, _change(one[subject], other[subject]), *one[subject], *other[subject])
        for subject in one
        if subject in other and one[subject][:2] != other[subject][:2]
    )
    return frame(DISCORDANCE_COLUMNS, rows)


def _rows(times: pl.DataFrame, endpoint: str) -> dict[str, tuple[int, bool, str]]:
    import polars as pl

    own = times.filter(pl.col("endpoint") == endpoint)
    if not len(own):
        known = ", ".join(times["endpoint"].unique(maintain_order=True))
        raise ValueError(f"endpoint must be one of the times to event; got {endpoint!r}. Known: {known or 'none'}")
    return {subject: tuple(row) for subject, *row in zip(*columns(own, "subject", *_FIELDS), strict=True)}


def _change(one: tuple[int, bool, str], other: tuple[int, bool, str]) -> str:
    status = "event" if one[1] else "censored"
    if one[1] == other[1]:
        return f"{status} on another day"
    return f"{status}, not {'censored' if one[1] else 'event'}"
