"""Results and sizes of a ClinicalTrials.gov record (API v2), read from its fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trialwright.evidence.intake_grammar import Found
from trialwright.evidence.intake_passages import Place

__all__ = ["record_findings"]


def record_findings(path: Path) -> Iterator[tuple[Found, Place, str]]:
    """Yield what the fields of a record state: planned or actual size, and every posted comparison of an outcome."""
    text = path.read_text(encoding="utf-8")
    record = json.loads(text)
    design = record["protocolSection"].get("designModule", {})
    count = design.get("enrollmentInfo", {}).get("count")
    if isinstance(count, int):
        place = _place(path, text, "protocolSection.designModule.enrollmentInfo.count", f'"count": {count}')
        yield Found("patients", 0, 0, count, 0, unit="patients"), place, f"enrollment {count}"
    outcomes = record.get("resultsSection", {}).get("outcomeMeasuresModule", {}).get("outcomeMeasures", [])
    for index, outcome in enumerate(outcomes):
        for number, analysis in enumerate(outcome.get("analyses", [])):
            field = f"resultsSection.outcomeMeasuresModule.outcomeMeasures[{index}].analyses[{number}]"
            if "paramValue" in analysis:
                written = f'"paramValue": "{analysis["paramValue"]}"'
                yield _compared(outcome, analysis), _place(path, text, field, written), outcome.get("title", "")


def _compared(outcome: dict[str, Any], analysis: dict[str, Any]) -> Found:
    value = str(analysis["paramValue"])
    p = str(analysis.get("pValue", "")).replace(" ", "")
    return Found(
        "hazard ratio" if "hazard" in analysis.get("paramType", "").lower() else analysis.get("paramType", "").lower(),
        0,
        0,
        float(value),
        len(value.partition(".")[2]),
        endpoint=outcome.get("title", ""),
        lower=_number(analysis.get("ciLowerLimit")),
        upper=_number(analysis.get("ciUpperLimit")),
        level=_number(analysis.get("ciPctValue")),
        p=_number(p.lstrip("<>=≤")),
        operator=(p[0] if p[0] in "<>" else "=") if p else None,
        sides={"ONE_SIDED": 1, "TWO_SIDED": 2}.get(analysis.get("ciNumSides", "")),
    )


def _number(written: Any) -> float | None:
    try:
        return float(written)
    except (TypeError, ValueError):
        return None


def _place(path: Path, text: str, field: str, written: str) -> Place:
    at = max(text.find(written), 0)
    return Place(path.name, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), field)
