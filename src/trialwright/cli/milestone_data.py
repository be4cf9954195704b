"""Who had the event, who is followed and who left, and since when centers are open: pooled data at a cut-off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from trialwright.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from trialwright.design import Centers, Interim
    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["EPOCH", "centers_at", "interim_at"]

EPOCH = date(1970, 1, 1)
"""Day 0 of whole days."""
OPEN = ("last adequate assessment", "no adequate assessment", "last assessment", "no assessment", "last known alive")
"""Reasons of censoring after which a patient may still have the event."""


def interim_at(protocol: Protocol, data: TrialData, endpoint: str) -> Interim:
    """Return who had the event when it was known, who is followed to the cut-off, and who left."""
    from trialwright.derive import time_to_event
    from trialwright.design import Interim

    times = time_to_event(data, protocol, endpoint)
    plan = protocol.endpoint(endpoint)
    if getattr(plan, "origin", "") != "randomization" or getattr(plan, "among", "") != "all":
        raise DataError(f"endpoint {endpoint!r} must count from randomization and among all, for dates to follow")
    ended = _ends_of_study(data)
    now = _day(data.cutoff)
    rows = [_followed(protocol, row, ended.get(row["subject"]), now) for row in times.to_dicts()]
    randomized, last, event, left = zip(*rows, strict=True)
    days = [end - start + 1 for end, start in zip(last, randomized, strict=True)]
    return Interim.of(randomized, days, event, left, now=now)


def _followed(protocol: Protocol, row: Mapping[str, Any], ended: int | None, now: int) -> tuple[int, int, bool, bool]:
    """Return randomization, last day followed, event and whether the patient left, of one row of the endpoint.

    A patient under assessment is followed to the cut-off: no scan since the last one means that no event could be
    seen. Overdue by more missed assessments than the protocol allows, the patient has left on the day this was so.
    """
    start, last = _day(row["origin_on"]), _day(row["ended_on"])
    if row["event"]:
        return start, min(_day(row["known_on"]), now), True, False
    if row["why"] not in OPEN:
        return start, last, False, True
    if ended is not None and ended <= now:
        return start, max(ended, last), False, True
    overdue = now if row["why"] == "last known alive" else _overdue(protocol, row["endpoint"], last - start, start)
    return start, min(overdue, now), False, overdue < now


def _overdue(protocol: Protocol, endpoint: str, last: int, start: int) -> int:
    """Return the day on which a patient last assessed ``last`` days after randomization has missed too much."""
    from trialwright.derive import days_of_scans, gap_limit

    plan = protocol.assessments
    allowed = getattr(protocol.endpoint(endpoint), "censoring").missed_visits_allowed  # noqa: B009
    return int(start + last + gap_limit(days_of_scans(plan), last, allowed, plan.window_days))


def _ends_of_study(data: TrialData) -> dict[str, int]:
    import polars as pl

    ends = data["dispositions"].filter((pl.col("ended") == "study") & (pl.col("reason") != "death"))
    return {subject: _day(on) for subject, on in zip(ends["subject"], ends["ended_on"], strict=True)}


def centers_at(protocol: Protocol, data: TrialData, openings: Path | None) -> tuple[Centers, tuple[str, ...]]:
    """Return the centers at the cut-off, and what is supposed of their opening."""
    from trialwright.design import Centers

    site = dict(zip(data["screened"]["subject"], data["screened"]["site"], strict=True))
    who = data["allocations"].select("subject", "randomized_on").rows()
    opened, told = _openings(protocol, openings) if openings else _unknown_openings(protocol, data, {s for s, _ in who})
    nameless = [subject for subject, _ in who if subject not in site]
    if nameless:
        raise DataError(f"table screened: patient {nameless[0]!r} is randomized but has no row there, so no site")
    days = [_day(on) for _, on in who]
    return Centers.of([site[subject] for subject, _ in who], days, opened=opened, now=_day(data.cutoff)), told


def _openings(protocol: Protocol, path: Path) -> tuple[dict[str, float | None], tuple[str, ...]]:
    """Read the days of opening: a table of site and opened_on, later dates being planned ones."""
    from trialwright.exchange import read_table

    table = read_table(path)
    if not {"site", "opened_on"} <= set(table.columns):
        raise DataError(f"{path}: needs the columns site and opened_on; got {', '.join(table.columns)}")
    known = {site.id for site in protocol.sites}
    opened: dict[str, float | None] = {}
    for number, (site, on) in enumerate(table.select("site", "opened_on").rows(), 2):
        if site not in known:
            raise DataError(f"{path}, line {number}: site {site!r} is not in the protocol")
        try:
            opened[site] = _day(on if isinstance(on, date) else date.fromisoformat(str(on)))
        except ValueError:
            raise DataError(f"{path}, line {number}: opened_on must be a date such as 2024-03-31; got {on!r}") from None
    return opened, (f"Centers opened, and are to open, as {path.name} says; each recruits at its own rate for good.",)


def _unknown_openings(
    protocol: Protocol, data: TrialData, randomized: set[str]
) -> tuple[dict[str, float | None], tuple[str, ...]]:
    """A center with patients counts from its first one; one with consents only from the first consent and the usual
    days of screening; one without either is not known to be open.
    """
    import polars as pl

    seen = data["screened"].filter(pl.col("site").is_in([site.id for site in protocol.sites]))
    active = set(seen.filter(pl.col("subject").is_in(list(randomized)))["site"])
    first = {site: _day(on) for site, on in seen.group_by("site").agg(pl.col("screened_on").min()).rows()}
    usual = _days_of_screening(data)
    opened: dict[str, float | None] = {
        site: None if site in active else on + usual for site, on in sorted(first.items())
    }
    silent = len(protocol.sites) - len(opened)
    told = ["When centers opened is not known: each counts from its first patient, or first consent."]
    if silent:
        told.append(
            f"{silent} of {len(protocol.sites)} centers have no consent yet and are taken to add nobody;"
            " tell when they open with --openings."
        )
    return opened, tuple(told)


def _days_of_screening(data: TrialData) -> int:
    """Return the median days from consent to randomization."""
    both = data["allocations"].join(data["screened"], on="subject")
    spent: pl.Series = (both["randomized_on"] - both["screened_on"]).dt.total_days()
    middle = spent.median()
    return int(middle) if isinstance(middle, int | float) else 0


def _day(on: date | None) -> int:
    """Return whole days since 1970-01-01."""
    if on is None:
        raise DataError("a date is missing where a forecast needs one")
    return (on - EPOCH).days
