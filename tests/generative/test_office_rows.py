"""Whatever people do with rows, in whatever order: every version stays, no update is lost, history tells the values."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from trial_desk import Desk, candidate, running

from trialwright.conduct import CorrectRow, RecordRow, Refused, RowId, State, StrikeRow

SUBJECT, KEYS = "S1-001", [{"number": number} for number in (1, 2)]
VALUES = st.fixed_dictionaries(
    {"term": st.sampled_from(["anemia", "nausea"]), "grade": st.sampled_from([None, 1, 2, 3]), "system": st.just("any")}
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["record", "correct", "strike"]),
        st.sampled_from(KEYS),
        st.integers(1, 5),
        VALUES,
        st.sampled_from([None, "misread"]),
    ),
    max_size=25,
)
Kept = dict[int, tuple[int, dict[str, Any] | None]]


def _command(act: str, key: dict[str, int], version: int, values: dict[str, Any], reason: str | None) -> Any:
    own = {"subject": SUBJECT, "table": "adverse_events", "key": key}
    if act == "record":
        return RecordRow(**own, values=values)
    if act == "correct":
        return CorrectRow(**own, version=version, values=values, reason=reason)
    return StrikeRow(**own, version=version, reason="not hers")


def _expected(kept: Kept, act: str, key: int, version: int, values: dict[str, Any], reason: str | None) -> bool:
    """Say whether the model takes the step, and take it."""
    number, now = kept.get(key, (0, None))
    if act == "record":
        if now is not None:
            return False
        kept[key] = (number + 1, dict(values))
        return True
    if now is None or version != number:
        return False
    if act == "strike":
        kept[key] = (number + 1, None)
        return True
    changed = [name for name in values if values[name] != now[name]]
    if not changed or (reason is None and any(now[name] is not None for name in changed)):
        return False
    kept[key] = (number + 1, {**now, **values})
    return True


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_rows_are_what_a_plain_dictionary_with_versions_says(steps: list[Any]) -> None:
    desk: Desk = running()
    candidate(desk)
    kept: Kept = {}
    for act, key, version, values, reason in steps:
        wanted = _expected(kept, act, key["number"], version, values, reason)
        before = desk.state.seq
        try:
            desk.ask(_command(act, key, version, values, reason))
        except Refused:
            assert not wanted
            assert desk.state.seq == before
        else:
            assert wanted
    for key in KEYS:
        row = desk.state.rows.find("adverse_events", SUBJECT, key)
        number, now = kept.get(key["number"], (0, None))
        assert (len(row.versions) if row else 0) == number
        if row is not None and now is not None:
            assert {name: row.values[name] for name in now} == now
            steps_of = desk.state.rows.history(RowId.of("adverse_events", SUBJECT, key), "grade")
            assert steps_of[-1].value == now["grade"]
            assert all(one.value != other.value for one, other in itertools.pairwise(steps_of))
    again = State()
    again.apply(desk.facts)
    assert again.rows == desk.state.rows
    assert again.cleaning == desk.state.cleaning
