"""Snapshots: the trial's tables as a fold over facts, at a data cut-off and as of an instant."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from trialwright.conduct.row_values import MADE_BY_THE_OFFICE, typed
from trialwright.conduct.state import State
from trialwright.conduct.visits import randomized_on
from trialwright.records import TABLES, TrialData

if TYPE_CHECKING:
    from trialwright.conduct.facts import Fact
    from trialwright.conduct.subjects import Given, Subject
    from trialwright.protocol import Protocol, Variable

__all__ = ["snapshot", "state_as_of", "subject_data"]

STILL_SCREENED = "cannot tell"
"""Outcome of a screening that goes on at the cut-off."""

Rows = dict[str, list[dict[str, Any]]]


def snapshot(state: State, protocol: Protocol, cutoff: date | None = None, *, virtual: bool = False) -> TrialData:
    """Return the trial's data as they stand in a state, up to a data cut-off; its ``hash`` names them for ever.

    ``cutoff``: last day whose facts are in, None for everything. Rows are sorted by subject and key, allocations stay
    in the order in which they were made. Raises DataError when nobody was randomized by the cut-off.
    """
    rows: Rows = defaultdict(list)
    records = list(state.subjects.records.values())
    for record in sorted(records, key=lambda one: one.allocated.seq if one.allocated else 0):
        _gather(rows, state, protocol, record, cutoff)
    data = TrialData.from_rows(protocol.identification.id, _sorted(rows), virtual=virtual)
    return data.cut(cutoff) if cutoff else data


def subject_data(state: State, protocol: Protocol, record: Subject) -> TrialData:
    """Return the data of one subject alone, such as derivation needs them to show the response beside the recorded one.

    What others did is not in it. The patient is called virtual only to a trial that is; here nobody asks.
    """
    rows: Rows = defaultdict(list)
    _gather(rows, state, protocol, record, None)
    return TrialData.from_rows(protocol.identification.id, _sorted(rows), virtual=False)


def state_as_of(facts: Iterable[Fact], at: datetime | None = None) -> State:
    """Return the state that the facts written until an instant make; all of them without one.

    The same facts give the same state for ever, so that every published data cut can be rebuilt.
    """
    state = State()
    if at is None:
        state.apply(facts)
    else:
        state.apply(fact for fact in facts if datetime.fromisoformat(fact.at) <= at)
    return state


def _gather(rows: Rows, state: State, protocol: Protocol, record: Subject, cutoff: date | None) -> None:
    rows["screened"].append(_screened(protocol, record, cutoff))
    rows["answers"] += _answers(protocol, record)
    rows["screenings"] += _screenings(record)
    if record.allocated is not None:
        rows["allocations"].append(_allocation(record))
        rows["strata"] += _strata(protocol, record)
    for table, kept in state.rows.by_subject.get(record.id, {}).items():
        if table not in MADE_BY_THE_OFFICE:
            live = (typed(TABLES[table], row.values) for row in kept if not row.struck)
            rows[table] += ({"subject": record.id, **values} for values in live)


def _sorted(rows: Rows) -> Rows:
    kept = {"allocations", "strata"}
    return {name: found if name in kept else sorted(found, key=_order(name)) for name, found in rows.items()}


def _order(table: str) -> Any:
    names = TABLES[table].key

    def key(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple((row.get(name) is not None, row.get(name)) for name in names)

    return key


def _screened(protocol: Protocol, record: Subject, cutoff: date | None) -> dict[str, Any]:
    outcome = record.outcome or STILL_SCREENED
    on = randomized_on(record)
    if on is not None and (cutoff is None or on <= cutoff):
        outcome = "randomized"
    return {
        "subject": record.id,
        "site": record.site,
        "country": protocol.site(record.site).country,
        "screened_on": record.screened_on,
        "outcome": outcome,
    }


def _answers(protocol: Protocol, record: Subject) -> Iterator[dict[str, Any]]:
    for name, given in record.answers.items():
        value = _text(protocol.variables[name], given) if given.flavor == "value" else None
        yield {"subject": record.id, "variable": name, "value": value, "answered_on": given.on}


def _text(variable: Variable, given: Given) -> str:
    """Return an answer as the JSON text that the table holds, fields of records in the protocol's order."""
    value = given.value
    if variable.type == "records":
        value = [{name: record[name] for name in variable.fields if name in record} for record in value]
    return json.dumps(value, ensure_ascii=False)


def _screenings(record: Subject) -> Iterator[dict[str, Any]]:
    """Return the findings as signed, or as they stood when screening failed."""
    findings = record.signed.findings if record.signed and record.outcome is None else record.outcome_findings
    for finding in findings:
        yield {"subject": record.id, **finding, "screened_on": record.screened_on}


def _allocation(record: Subject) -> dict[str, Any]:
    body = record.allocation if record.allocated else {}
    kept = {name: body.get(name) for name in ("stratum", "position", "block", "arm")}
    return {"subject": record.id, **kept, "randomized_on": randomized_on(record)}


def _strata(protocol: Protocol, record: Subject) -> Iterator[dict[str, Any]]:
    """Return the levels as used for allocation; a later correction never changes them."""
    levels = record.allocation["levels"] if record.allocated else {}
    for factor in protocol.randomization.strata:
        row = {"subject": record.id, "factor": factor.id, "level": levels[factor.id]}
        yield row | {"randomized_on": randomized_on(record)}
