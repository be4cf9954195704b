"""The course of each randomized patient: every dated fact that can end a time to event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.derive.best_response import Assessed, up_to_progression
from trialwright.derive.intercurrent import Dated, firsts, intercurrent
from trialwright.derive.rows import as_date, columns, source

if TYPE_CHECKING:
    import polars as pl

    from trialwright.records import TrialData

__all__ = ["Course", "courses"]


@dataclass(frozen=True, slots=True)
class Course:
    """One patient's dated facts."""

    subject: str
    randomized: Dated
    has_baseline: bool
    """A baseline assessment that measured every target lesion."""
    adequate: tuple[Dated, ...]
    """Assessments with a response other than NE."""
    events: Mapping[str, Dated]
    """First of each kind of event that an endpoint may name."""
    therapy: Dated | None
    """First anticancer therapy after the trial's treatment."""
    alive: Dated
    """Last day known alive; of a patient who died, the death."""


def courses(
    data: TrialData, responses: pl.DataFrame, evaluator: str, assessed: Mapping[str, Sequence[Assessed]]
) -> Iterator[Course]:
    """Return the course of every randomized patient, in the order of the allocations.

    ``assessed`` holds the evaluator's assessments after baseline, read from ``responses`` once for all endpoints.

    Life is proved by every dated record of a patient's own doing: contacts, visits, doses, assessments, adverse events,
    samples and the start of another therapy. An end of study is not proof of life: it may be the day a form was signed.
    """
    baselines = _complete_baselines(responses, evaluator)
    events = {
        "death": firsts(data["deaths"], "died_on", "death", "deaths"),
        "chemotherapy": firsts(_chemotherapy(data), "started_on", "chemotherapy", "therapies"),
        **intercurrent(data),
    }
    alive = last_alive(data)
    for subject, day in zip(*columns(data["allocations"], "subject", "randomized_on"), strict=True):
        scans = assessed.get(subject, ())
        own = {kind: found[subject] for kind, found in events.items() if subject in found}
        own |= {event.what: event for event in (_progression(scans), _response(scans)) if event}
        randomized = Dated(day, "randomization", source("allocations", subject), day)
        last = own.get("death") or alive.get(subject, randomized)
        adequate = tuple(Dated(s.response_on, s.response, s.source, s.known_on) for s in scans if s.response != "NE")
        last = max(last, randomized, key=lambda proof: proof.on)
        yield Course(subject, randomized, subject in baselines, adequate, own, own.get("new therapy"), last)


def _complete_baselines(responses: pl.DataFrame, evaluator: str) -> set[str]:
    import polars as pl

    chosen = (pl.col("evaluator") == evaluator) & (pl.col("number") == 0) & pl.col("complete")
    return set(responses.filter(chosen)["subject"])


def _chemotherapy(data: TrialData) -> pl.DataFrame:
    import polars as pl

    return data["therapies"].filter(pl.col("chemotherapy"))


def _progression(scans: Sequence[Assessed]) -> Dated | None:
    """Return the first progression, known from the first day on which any progression was certain."""
    shown = [scan for scan in scans if scan.response == "PD"]
    if not shown:
        return None
    first = min(shown, key=lambda scan: scan.response_on)
    return Dated(first.response_on, "progression", first.source, min(scan.known_on for scan in shown))


def _response(scans: Sequence[Assessed]) -> Dated | None:
    found = next((scan for scan in up_to_progression(scans) if scan.response in ("CR", "PR")), None)
    return found and Dated(found.response_on, "response", found.source, found.known_on)


_PROOFS = (
    ("contacts", "alive_on"),
    ("visits", "visited_on"),
    ("doses", "started_on"),
    ("doses", "ended_on"),
    ("assessments", "assessed_on"),
    ("measurements", "assessed_on"),
    ("adverse_events", "started_on"),
    ("samples", "taken_on"),
    ("therapies", "started_on"),
)
"""Tables and columns that prove a patient alive, the best proof of one day first."""


def last_alive(data: TrialData) -> dict[str, Dated]:
    """Return the last day on which each patient with a record was alive, with the record that proves it."""
    last: dict[str, tuple[int, str, str]] = {}
    for table, column in _PROOFS:
        for subject, on in zip(*columns(data[table], "subject", column), strict=True):
            if on is not None and (subject not in last or on > last[subject][0]):
                last[subject] = (on, table, column)
    return {
        subject: Dated(on, "last known alive", source(table, subject, **{column: as_date(on)}), on)
        for subject, (on, table, column) in last.items()
    }
