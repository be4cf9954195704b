"""The assessments of one patient after baseline, and what some rules read differently from what was recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from trialwright.derive.rows import as_date, grouped

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Assessed",
    "assessed_by_subject",
    "first_confirmed",
    "in_time",
    "is_confirmed",
    "up_to_progression",
    "visible_after_complete",
]


class Assessed(NamedTuple):
    """One assessment after baseline with its response; days are whole days since 1970-01-01."""

    number: int
    assessed_on: int
    response_on: int
    known_on: int
    response: str
    source: str
    target: str | None = None
    """Response of the target lesions."""
    note: str = ""
    """Why the response is not the one recorded, where a rule changed it."""


_READ = Assessed._fields[:-1]


def assessed_by_subject(responses: pl.DataFrame, evaluator: str) -> Mapping[str, tuple[Assessed, ...]]:
    """Return the assessments after baseline of each subject by one evaluator, in order of number of the frame."""
    import polars as pl

    after = responses.filter((pl.col("evaluator") == evaluator) & pl.col("response").is_not_null())
    rows = grouped(after, *_READ)
    return {subject: tuple(Assessed(*row) for row in found) for subject, found in rows.items()}


def up_to_progression(assessed: Sequence[Assessed]) -> tuple[Assessed, ...]:
    """Return the assessments up to and including the first progression.

    >>> scan = Assessed(1, 10, 10, 10, "PD", "")
    >>> len(up_to_progression([scan, scan._replace(number=2, response="SD")]))
    1
    """
    end = next((index for index, row in enumerate(assessed) if row.response == "PD"), len(assessed))
    return tuple(assessed[: end + 1])


def in_time(assessed: Sequence[Assessed], within: int | None, since: int) -> Iterator[Assessed]:
    """Yield the assessments, a progression more than ``within`` days after the last evaluable one read as NE.

    >>> late = Assessed(2, 300, 300, 300, "PD", "")
    >>> [scan.response for scan in in_time([Assessed(1, 56, 56, 56, "SD", ""), late], 126, 0)]
    ['SD', 'NE']
    """
    last = since
    for scan in assessed:
        if within is not None and scan.response == "PD" and scan.response_on - last > within:
            days = scan.response_on - last
            yield scan._replace(response="NE", note=f"PD {days} days after the last evaluable day {as_date(last)}")
            continue
        last = scan.response_on if scan.response != "NE" else last
        yield scan


def visible_after_complete(assessed: Sequence[Assessed]) -> Iterator[Assessed]:
    """Yield the assessments, disease seen after a complete response read as progression.

    Eisenhauer et al. 2009, table 3, note a: whatever is visible after a true CR has come back.

    >>> scans = [Assessed(n, n, n, n, kind, "") for n, kind in enumerate(("PR", "CR", "PR"))]
    >>> [scan.response for scan in visible_after_complete(scans)]
    ['PR', 'CR', 'PD']
    """
    complete = False
    for scan in assessed:
        seen = complete and scan.response in ("PR", "SD", "NON-CR/NON-PD")
        complete = complete or scan.response == "CR"
        yield scan._replace(response="PD", note=f"{scan.response} after a complete response") if seen else scan


def first_confirmed(
    assessed: Sequence[Assessed], wanted: Sequence[str], days: int | None, not_evaluable: int = 1
) -> Assessed | None:
    """Return the first assessment with one of these responses, or the first that a later one confirms.

    ``days`` None: no confirmation is asked for.
    """
    found = (index for index, row in enumerate(assessed) if row.response in wanted)
    sure = (index for index in found if days is None or is_confirmed(assessed, index, days, not_evaluable))
    first = next(sure, None)
    return None if first is None else assessed[first]


def is_confirmed(assessed: Sequence[Assessed], index: int, days: int, not_evaluable: int = 1) -> bool:
    """Return whether a CR or PR is confirmed (Eisenhauer et al. 2009, section 4.6 and table 3).

    The first later response at least as good, at least ``days`` on, confirms it; in between only responses as good and
    at most ``not_evaluable`` NE are allowed, and no PR may follow a CR.

    >>> scans = [Assessed(n, on, on, on, kind, "") for n, (on, kind) in enumerate([(0, "PR"), (27, "NE"), (28, "PR")])]
    >>> is_confirmed(scans, 0, 28), is_confirmed(scans, 0, 29), is_confirmed(scans, 0, 28, 0)
    (True, False, False)
    """
    start = assessed[index]
    good = ("CR",) if start.response == "CR" else ("CR", "PR")
    between: list[str] = []
    for row in assessed[index + 1 :]:
        if row.response not in (*good, "NE") or (row.response == "PR" and "CR" in between):
            return False
        between.append(row.response)
        if row.response != "NE" and row.response_on - start.response_on >= days:
            return between.count("NE") <= not_evaluable
    return False
