"""Document intake: draft claims from a record, an abstract or a page, each with the place it came from.

A draft is for a person to accept: nothing enters a ledger by itself. Numbers, intervals, P values, arms and sizes are
read by the grammar of ``intake_grammar``, not by a language model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trialwright.evidence.intake_grammar import Found, Reading, read_text
from trialwright.evidence.intake_passages import DocumentKind, Passage, Place, passages
from trialwright.evidence.intake_registry import record_findings

__all__ = ["Draft", "Intake", "Unread", "draft_rows", "intake"]

PLAUSIBLE_RATIO = (1 / 6, 3.0)
"""A hazard ratio of two treatments outside is questioned; the 297 published ones of kmdata run from 0.19 to 2.48."""
QUOTED = 60


@dataclass(frozen=True)
class Draft:
    """A claim as read, to be accepted, corrected or thrown away by a person."""

    found: Found
    place: Place
    quote: str
    """The words around it, cut to one line."""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unread:
    """A number that the grammar did not understand, or that is context; ``why`` says which."""

    written: str
    place: Place
    quote: str
    why: str


@dataclass(frozen=True)
class Intake:
    """What was read from a document; every number of it is in one of the three."""

    file: str
    kind: DocumentKind
    drafts: tuple[Draft, ...]
    context: tuple[Unread, ...]
    not_understood: tuple[Unread, ...]


def intake(file: str | Path) -> Intake:
    """Return the draft claims of a document; DocumentError when it cannot be read.

    Readers: a ClinicalTrials.gov record (API v2 JSON, or its page as text), PubMed's MEDLINE format, MARC (ISO 2709,
    MARCXML or its mnemonic form), an HTML page, plain text.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "news.txt")
    ...     _ = path.write_text("The hazard ratio was 0.80 (95% CI, 0.61 to 1.05).")
    ...     [draft] = intake(path).drafts
    >>> draft.found.value, draft.place.line, draft.place.column
    (0.8, 1, 22)
    """
    path = Path(file)
    kind, read = passages(path)
    drafts: list[Draft] = list(_recorded(path)) if kind == "registry record" else []
    context: list[Unread] = []
    unread: list[Unread] = []
    covered = {draft.place.field for draft in drafts}
    for passage in read:
        if passage.field in covered:
            continue
        reading = read_text(passage.text)
        drafts += _drafts(passage, reading) if passage.speaks else []
        context += _context(passage, reading)
        unread += _not_understood(passage, reading)
    return Intake(path.name, kind, tuple(drafts), tuple(context), tuple(unread))


def doubts(found: Found) -> Iterator[str]:
    """Yield what cannot be, or hardly, in a number as printed."""
    if found.statistic == "hazard ratio" and not PLAUSIBLE_RATIO[0] <= found.value <= PLAUSIBLE_RATIO[1]:
        yield (
            f"implausible: a hazard ratio of {found.value:g} between two treatments; perhaps a median in months, a "
            "reciprocal or a slip of transcription. Look for the same quantity in another source."
        )
    if found.lower is not None and found.upper is not None and not found.lower <= found.value <= found.upper:
        yield f"impossible: the interval {found.lower:g} to {found.upper:g} does not hold {found.value:g}"
    if found.unit in {"%", "percent"} and found.value > 100:
        yield f"impossible: {found.value:g} percent of patients"
    if found.p is not None and found.p > 1:
        yield f"impossible: P of {found.p:g}"
    if found.of is not None and found.value > found.of:
        yield f"impossible: {found.value:g} of {found.of}"


def _drafts(passage: Passage, reading: Reading) -> Iterator[Draft]:
    for found in reading.found:
        yield Draft(found, passage.place(found.start), _quote(passage.text, found.start), tuple(doubts(found)))


def _context(passage: Passage, reading: Reading) -> Iterator[Unread]:
    for numeral, why in reading.context:
        yield _unread(passage, numeral.start, numeral.end, why)
    if not passage.speaks:
        for found in reading.found:
            yield _unread(passage, found.start, found.end, "field of identifiers")


def _not_understood(passage: Passage, reading: Reading) -> Iterator[Unread]:
    why = "not understood" if passage.speaks else "field of identifiers"
    for numeral in reading.not_understood:
        yield _unread(passage, numeral.start, numeral.end, why)


def _unread(passage: Passage, start: int, end: int, why: str) -> Unread:
    return Unread(passage.text[start:end], passage.place(start), _quote(passage.text, start), why)


def _quote(text: str, at: int) -> str:
    return " ".join(text[max(0, at - QUOTED // 2) : at + QUOTED // 2].split())


def _recorded(path: Path) -> Iterator[Draft]:
    for found, place, quote in record_findings(path):
        yield Draft(found, place, quote, tuple(doubts(found)))


def draft_rows(read: Intake) -> list[dict[str, Any]]:
    """Return the drafts as plain rows, for JSON and for a ledger's YAML."""
    return [
        {
            "statistic": draft.found.statistic,
            "endpoint": draft.found.endpoint,
            "value": draft.found.value,
            "decimals": draft.found.decimals,
            "unit": draft.found.unit,
            "at": draft.found.at,
            "side": draft.found.side,
            "lower": draft.found.lower,
            "upper": draft.found.upper,
            "level": None if draft.found.level is None else draft.found.level / 100,
            "p": draft.found.p,
            "operator": draft.found.operator,
            "sides": draft.found.sides,
            "of": draft.found.of,
            "place": str(draft.place),
            "quote": draft.quote,
            "doubts": list(draft.doubts),
        }
        for draft in read.drafts
    ]
