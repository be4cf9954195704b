"""A checked study as text, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from trialwright.cli.synopsis import columns

if TYPE_CHECKING:
    from trialwright.cli.conformance import CheckedStudy
    from trialwright.exchange import Conformance, DatasetFinding

__all__ = ["as_csv", "as_json", "as_text", "counted"]

_SAID = {
    "found": "found something",
    "clean": "found nothing",
    "unanswerable": "cannot be answered from these datasets",
    "out of scope": "about no dataset here",
    "unsupported": "not supported",
}


def counted(number: int, what: str) -> str:
    """Return a number with its noun in the singular or the plural."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def as_text(checked: CheckedStudy, show: int) -> str:
    """Return the findings by rule and dataset with the first records of each, then what was not checked and why."""
    total = sum(checked.records.values())
    lines = [f"{counted(len(checked.records), 'dataset')}, {counted(total, 'record')}: {', '.join(checked.records)}"]
    lines += [f"read with a warning: {warning}" for warning in checked.warnings]
    lines += [line for name, run in checked.runs.items() for line in _summary(name, run)]
    lines += ["", counted(len(checked.left), "finding") + (f", {len(checked.meant)} allowed" if checked.meant else "")]
    lines += [line for group in _grouped(checked.left) for line in _lines(group, show)]
    lines += [f"allowed, but not found: {each.rule} {each.dataset or ''}".rstrip() for each in checked.idle]
    lines += [line for run in checked.runs.values() for line in _unchecked(run)]
    return "\n".join(lines)


def _summary(name: str, run: Conformance) -> Iterator[str]:
    counts = Counter[str](run.answers().values())
    told = ", ".join(f"{counts[answer]} {said}" for answer, said in _SAID.items() if counts[answer])
    yield f"{name}: {counted(sum(counts.values()), 'rule')}; {told}"


def _grouped(findings: Iterable[DatasetFinding]) -> Iterator[list[DatasetFinding]]:
    def key(finding: DatasetFinding) -> tuple[bool, str, str]:  # a missing dataset explains findings in the others
        return finding.dataset != "study", finding.rule, finding.dataset

    for _, group in groupby(sorted(findings, key=key), key):
        yield list(group)


def _lines(group: list[DatasetFinding], show: int) -> Iterator[str]:
    first = group[0]
    mark = " (may be right)" if first.severity == "warning" else ""
    yield ""
    yield f"{first.rule}  {first.dataset}  {len(group)}  {first.what}{mark}"
    records = [finding for finding in group if finding.record is not None]
    yield from columns([_record(finding) for finding in records[:show]], indent="    ")
    if len(records) > show > 0:
        yield f"    and {len(records) - show} more"


def _record(finding: DatasetFinding) -> tuple[str, str, str]:
    number = f" {finding.sequence}" if finding.sequence else ""
    values = "; ".join(f"{name}={'' if value is None else value}" for name, value in finding.values)
    return f"record {finding.record}", f"{finding.subject or ''}{number}", values


def _unchecked(run: Conformance) -> Iterator[str]:
    answers, reasons = run.answers(), run.reasons()
    for answer in ("unsupported", "unanswerable"):
        by_reason: dict[str, list[str]] = {}
        for rule, why in reasons.items():
            if answers[rule] == answer:
                by_reason.setdefault("; ".join(why[:2]) + (" and others" if len(why) > 2 else ""), []).append(rule)
        if by_reason:
            yield ""
            yield f"{_SAID[answer]}:"
        for reason, rules in by_reason.items():
            yield f"    {reason}"
            yield from (f"        {line}" for line in wrap(", ".join(rules), 100))


def as_json(checked: CheckedStudy) -> str:
    """Return everything: datasets, findings left and allowed, and every rule with its answer and the reason."""
    document: dict[str, Any] = {
        "datasets": dict(checked.records),
        "warnings": list(checked.warnings),
        "findings": [_as_row(finding) for finding in checked.left],
        "allowed": [_as_row(finding) for finding in checked.meant],
        "allowed but not found": [each.model_dump() for each in checked.idle],
        "rules": [
            {"set": name, "rule": rule, "answer": answer, "why": list(run.reasons().get(rule, ()))}
            for name, run in checked.runs.items()
            for rule, answer in run.answers().items()
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def _as_row(finding: DatasetFinding) -> dict[str, Any]:
    return asdict(finding) | {"values": dict(finding.values)}


def as_csv(checked: CheckedStudy) -> str:
    """Return one line for each finding that is not allowed."""
    text = io.StringIO()
    names = ("rule", "severity", "dataset", "record", "subject", "sequence", "what")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "values"])
    for finding in checked.left:
        values = "; ".join(f"{name}={'' if value is None else value}" for name, value in finding.values)
        writer.writerow([*(getattr(finding, name) for name in names), values])
    return text.getvalue().rstrip("\n")
