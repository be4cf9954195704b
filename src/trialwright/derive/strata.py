"""Strata as they were used for allocation, and as the data say they truly are."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from trialwright.derive.checked import Checked
from trialwright.derive.rows import columns, frame, source
from trialwright.errors import DataError
from trialwright.protocol import Screener, read_plain_answers
from trialwright.records import Finding

if TYPE_CHECKING:
    from trialwright.protocol import Protocol, StratificationFactor
    from trialwright.records import TrialData

__all__ = ["true_strata"]

STRATA_COLUMNS = {
    "subject": "text",
    "factor": "text",
    "as_randomized": "text",
    "as_true": "text",
    "agree": "yes/no",
    "why": "text",
    "source": "text",
}


def true_strata(data: TrialData, protocol: Protocol) -> Checked:
    """Return one row per randomized subject and stratification factor, and the disagreements as findings.

    ``as_randomized`` is the level used for allocation. ``as_true`` is what the factor's rule gives on the answers in
    the data, which hold later corrections; null where it cannot be told, and ``why`` then says what is missing.
    ``agree`` is null where either level is.

    >>> from types import SimpleNamespace as Plan
    >>> from trialwright.records import TrialData
    >>> true_strata(TrialData.from_rows("study", {}, virtual=True), Plan(randomization=Plan(strata=()))).rows.height
    0
    """
    rows = list(_rows(data, protocol)) if protocol.randomization.strata else []
    return Checked(frame(STRATA_COLUMNS, rows), tuple(_findings(rows)))


def _rows(data: TrialData, protocol: Protocol) -> Iterator[tuple[Any, ...]]:
    office = Screener(protocol)
    used = {
        (subject, factor): level
        for subject, factor, level in zip(*columns(data["strata"], "subject", "factor", "level"), strict=True)
    }
    answers, anchors = _answers(data), _anchors(data, protocol)
    for subject in data["allocations"]["subject"]:
        for factor in protocol.randomization.strata:
            randomized = used.get((subject, factor.id))
            true, why = _level(office, factor, answers.get(subject, {}), anchors[subject])
            agree = None if randomized is None or true is None else randomized == true
            yield subject, factor.id, randomized, true, agree, why, source("strata", subject, factor=factor.id)


def _answers(data: TrialData) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for subject, variable, value in zip(*columns(data["answers"], "subject", "variable", "value"), strict=True):
        found[subject][variable] = None if value is None else json.loads(value)
    return found


def _anchors(data: TrialData, protocol: Protocol) -> dict[str, dict[str, date]]:
    """Return the days of screening and randomization of each subject that the protocol's rules may count from."""
    known = protocol.eligibility.anchors
    screened = dict(data["screened"].select("subject", "screened_on").rows())
    return {
        subject: {
            name: day
            for name, day in (("screening", screened.get(subject)), ("randomization", on))
            if name in known and day is not None
        }
        for subject, on in data["allocations"].select("subject", "randomized_on").rows()
    }


def _level(
    office: Screener, factor: StratificationFactor, plain: Mapping[str, Any], anchors: Mapping[str, date]
) -> tuple[str | None, str]:
    try:
        answers = read_plain_answers(office.vocabulary.variables, plain)
        level = office.value(factor.rule, answers, anchors, factor.levels)
    except DataError as error:
        return None, str(error)
    if level is None:
        return None, f"cannot tell by the answers: {factor.rule}"
    return str(level), f"rule: {factor.rule}"


def _findings(rows: list[tuple[Any, ...]]) -> Iterator[Finding]:
    for _, factor, randomized, true, agree, why, record in rows:
        if true is None:
            yield Finding("answers", record, "stratum can be told", f"{factor}: {why}")
        elif not agree:
            yield Finding("strata", record, "stratum as randomized is the true one", f"{randomized!r}, truly {true!r}")
