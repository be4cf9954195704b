"""One patient's answers from a file, and the screening of them as text or data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from trialwright.cli.synopsis import columns
from trialwright.errors import DataError
from trialwright.protocol import Finding, Protocol, Screening, read_document, read_plain_answers
from trialwright.protocol import screen as screen_patient

__all__ = ["Patient", "data", "lines", "screen"]

_SHOWN = 3
"""Missing data named beside a criterion; all of them stand below."""


class Patient(BaseModel):
    """Reference dates and answers of one patient, as a file gives them."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    anchors: dict[str, date] = {}
    answers: dict[str, Any]
    """Variable: value; dates are written YYYY-MM-DD."""


def screen(protocol: Protocol, path: Path, now: Collection[str]) -> Screening:
    """Return the screening of the patient in a file.

    Raises DocumentError for a file that is no patient, DataError for an answer or anchor the protocol does not know.
    """
    patient = read_document(path, Patient)
    stray = sorted(set(now) - set(protocol.eligibility.anchors))
    if stray:
        raise DataError(f"--now: {stray[0]!r} is no anchor; known: {', '.join(protocol.eligibility.anchors)}")
    try:
        answers = read_plain_answers(protocol.variables, patient.answers)
        return screen_patient(protocol, answers, patient.anchors, moving=now)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def data(screening: Screening) -> dict[str, Any]:
    """Return a screening as plain data."""
    findings = [asdict(finding) | _missing(finding) for finding in screening.findings]
    return {"overall": screening.overall, "valid_until": screening.valid_until, "findings": findings}


def _missing(finding: Finding) -> dict[str, Any]:
    return {"missing": [{"datum": one.datum, "reason": one.reason.value} for one in finding.missing]}


def lines(protocol: Protocol, screening: Screening) -> Iterator[str]:
    """Yield the overall answer, then each criterion with its answer and reason, then what is missing.

    Data missing for the same reason and the same criteria share a line.
    """
    criteria = {criterion.id: criterion.short for criterion in protocol.eligibility.criteria}
    holds = f", holds until {screening.valid_until}" if screening.valid_until else ""
    counts = Counter(finding.answer for finding in screening.findings)
    yield f"overall: {screening.overall}{holds} ({', '.join(f'{count} {answer}' for answer, count in counts.items())})"
    yield ""
    yield from columns([(f.criterion, f.answer, criteria[f.criterion], _reason(f)) for f in screening.findings])
    yield ""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for line in screening.work_list:
        groups.setdefault((line.missing.reason.value, tuple(line.criteria)), []).append(line.missing.datum)
    for (reason, wanted), data in groups.items():
        yield f"  missing: {', '.join(data)} ({reason}), for {', '.join(wanted)}"


def _reason(finding: Finding) -> str:
    parts = [f"{one.datum} = {_plain(one.value)}" for one in finding.deciding]
    parts += [f"{one.datum}: {one.reason.value}" for one in finding.missing[:_SHOWN]]
    parts += [f"and {len(finding.missing) - _SHOWN} more"] if len(finding.missing) > _SHOWN else []
    parts += [f"until {finding.valid_until}"] if finding.valid_until else []
    return "; ".join(parts)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value))) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
