"""The findings about a ledger as text for a terminal, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from trialwright.cli.conformance_text import counted

if TYPE_CHECKING:
    from trialwright.evidence import Claim, Finding, Ledger, LedgerFile

__all__ = ["as_json", "as_text"]

WIDTH = 80
GRADES = ("impossible", "implausible", "note", "consistent", "not checkable")


def as_text(ledger: Ledger, findings: Sequence[Finding], every: bool) -> str:
    """Return faults of the files, then trial by trial what was found, then where sources disagree."""
    lines = [*_head(ledger, findings)]
    for problem in ledger.problems:
        lines += ["", "cannot be used, and was not checked:", problem]
    for file in ledger.files:
        lines += _trial(file, findings, every)
    for file in ledger.files:
        lines += _contradictions(file)
    lines += ["", *_summary(findings)]
    return "\n".join(lines)


def _head(ledger: Ledger, findings: Sequence[Finding]) -> Iterator[str]:
    if ledger.question:
        yield from _wrapped(ledger.question, "", "")
    yield f"{counted(len(ledger.trials), 'trial')}, {counted(len(ledger.claims), 'claim')}"
    if len(ledger.trials) == 1:
        yield from _wrapped(f"one trial, {ledger.files[0].path}: nothing to pool or to compare with others", "", "")
    yield from _summary(findings)


def _summary(findings: Sequence[Finding]) -> Iterator[str]:
    counts = Counter[str](finding.verdict for finding in findings)
    told = ", ".join(f"{counts[grade]} {grade}" for grade in GRADES if counts[grade])
    yield from _wrapped(f"{counted(len(findings), 'check')}: {told or 'nothing to check'}", "", "  ")


def _trial(file: LedgerFile, findings: Iterable[Finding], every: bool) -> Iterator[str]:
    own = {claim.id: claim for claim in file.claims.claims}
    shown = [f for f in findings if f.claim in own and (every or f.is_finding)]
    if shown:
        yield from ("", file.trial, "=" * len(file.trial))
    for id in dict.fromkeys(finding.claim for finding in shown):
        yield from _claim(own[id], file)
        settled = ""
        for finding in (f for f in shown if f.claim == id):
            yield from _finding(finding, again=finding.settles == settled)
            settled = finding.settles


def _claim(claim: Claim, file: LedgerFile) -> Iterator[str]:
    from trialwright.evidence import published

    printed = f"{published(claim)} {claim.unit}".strip()
    level = f", {claim.level:.0%} limits" if claim.level is not None else ""
    p = f", P {claim.p.operator} {claim.p.value:g}" if claim.p else ""
    yield ""
    yield from _wrapped(f"{claim.id}  {claim.label} ({claim.cut}): {printed}{level}{p}", "", "    ")
    place = f"{_near(file.path)}:{file.lines[claim.id]}" if claim.id in file.lines else str(file.path)
    yield from _wrapped(f"{claim.cited}, {claim.kind}; {place}", "    ", "    ")


def _finding(finding: Finding, again: bool) -> Iterator[str]:
    yield from _wrapped(f"{finding.check:<3} {finding.verdict.upper()}: {finding.message}", "  ", "      ")
    for step in finding.steps:
        yield from _wrapped(step, "      | ", "      |   ")
    for reading in finding.readings:
        yield from _wrapped(f"{reading.name}: {reading.what}", "      ? ", "        ")
        yield from _wrapped(f"{_FITS[reading.fits]}: {reading.why}", "        ", "        ")
    if finding.settles and finding.is_finding and not again:
        yield from _wrapped(f"To settle it: {finding.settles}", "      ", "      ")


_FITS = {"yes": "fits", "no": "does not fit", "cannot be told": "cannot be told"}


def _contradictions(file: LedgerFile) -> Iterator[str]:
    if file.claims.contradictions:
        title = f"{file.trial}: where sources disagree"
        yield from ("", title, "-" * len(title))
    for topic in file.claims.contradictions:
        yield from _wrapped(topic.topic, "  ", "  ")
        for said in topic.values:
            by = ", ".join([*said.cited, *said.claims, *([said.elsewhere] if said.elsewhere else [])])
            yield from _wrapped(f"{said.said} [{by}]", "    - ", "      ")
        yield from _wrapped(topic.reading, "    = ", "      ")


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _near(path: Path) -> Path:
    """Return a path as seen from here, where that is shorter."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def as_json(ledger: Ledger, findings: Sequence[Finding]) -> str:
    """Return ledger, faults, every check with its place, and contradictions."""
    import json

    content = {
        "ledger": ledger.name,
        "question": ledger.question,
        "trials": list(ledger.trials),
        "claims": len(ledger.claims),
        "problems": list(ledger.problems),
        "counts": dict(Counter(finding.verdict for finding in findings)),
        "checks": [_row(ledger, finding) for finding in findings],
        "contradictions": [{"trial": trial, **topic.model_dump()} for trial, topic in ledger.contradictions],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def _row(ledger: Ledger, finding: Finding) -> dict[str, Any]:
    """Return a finding with its place; null for a number of events without an upper bound: JSON has no infinity."""
    from math import isinf

    needed = None if finding.needed is None else [None if isinf(number) else number for number in finding.needed]
    return asdict(finding) | {"needed": needed, "place": ledger.place(finding.claim)}
