"""The column-wise evaluation, the missing data and the validity of an answer, held to the plain interpreter."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rule_patients import LEVELS, TODAY, VARIABLES, VOCABULARY, anchors, conditions, level_rules, patients, value_of

from trialwright.protocol import compile_rule, evaluate, read_answers
from trialwright.protocol.rules.column_data import check_columns, columns_of
from trialwright.protocol.rules.columns import Frame, evaluate_columns, level_columns
from trialwright.protocol.rules.printing import show

pytestmark = pytest.mark.filterwarnings("error")
slow = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
groups = st.lists(patients, min_size=1, max_size=6)


def frame_of(group, at):
    columns = columns_of(VARIABLES, [read_answers(VARIABLES, patient).values for patient in group])
    return Frame(check_columns(VARIABLES, columns), columns, at)


@slow
@given(conditions, groups, anchors)
def test_columns_give_the_answers_of_the_interpreter(text, group, at):
    rule = compile_rule(text, VOCABULARY)
    state = {True: 1, False: -1, None: 0}
    expected = [state[evaluate(rule, patient, at).value] for patient in group]
    found = evaluate_columns(rule, frame_of(group, at))
    assert found.dtype == np.int8
    assert found.tolist() == expected


@slow
@given(level_rules, groups, anchors)
def test_columns_give_the_levels_of_the_interpreter(text, group, at):
    rule = compile_rule(text, VOCABULARY, LEVELS)
    values = [evaluate(rule, patient, at).value for patient in group]
    expected = [-1 if value is None else LEVELS.index(value) for value in values]
    assert level_columns(rule, frame_of(group, at)).tolist() == expected


@slow
@given(conditions, patients, anchors, st.data())
def test_only_the_listed_data_matter(text, patient, at, data):
    """Filling in data that are not listed as missing changes nothing; a definite answer never changes."""
    rule = compile_rule(text, VOCABULARY)
    before = evaluate(rule, patient, at)
    assert bool(before.missing) == (before.value is None)
    needed = {one.variable for one in before.missing}
    unknown = VARIABLES.keys() - read_answers(VARIABLES, patient).values.keys()
    filled = patient | {name: data.draw(value_of(VARIABLES[name])) for name in sorted(unknown - needed)}
    after = evaluate(rule, filled, at)
    assert after.value == before.value


@slow
@given(conditions, patients, anchors, st.data())
def test_the_deciding_data_alone_give_the_answer(text, patient, at, data):
    rule = compile_rule(text, VOCABULARY)
    before = evaluate(rule, patient, at)
    if before.value is None:
        return
    named = {one.datum.split("[")[0].split(".")[0] for one in before.deciding}
    kept = {name: value for name, value in patient.items() if name in named}
    assert evaluate(rule, kept, {name: day for name, day in at.items() if name in named}).value == before.value


@slow
@given(conditions, patients, anchors, st.sampled_from([{"entry"}, {"entry", "first_dose"}, {"first_dose"}]))
def test_an_answer_holds_until_the_first_day_on_which_it_is_another(text, patient, at, moving):
    rule = compile_rule(text, VOCABULARY)
    answer = evaluate(rule, patient, at, moving)
    start = min((at[name] for name in moving & rule.anchors & at.keys()), default=TODAY)
    days = [first_change(rule, patient, at, moving, answer, days) for days in range(1, 140)]
    expected = next((start + timedelta(days=day) for day in days if day), None)
    if expected or (answer.valid_until and (answer.valid_until - start).days < 140):
        assert answer.valid_until == expected


def first_change(rule, patient, at, moving, answer, days):
    moved = {name: day + timedelta(days=days) if name in moving else day for name, day in at.items()}
    return days if evaluate(rule, patient, moved).value != answer.value else None


@slow
@given(conditions)
def test_a_printed_rule_reads_to_the_same_tree(text):
    rule = compile_rule(text, VOCABULARY)
    assert compile_rule(show(rule.node), VOCABULARY).node == rule.node


@slow
@given(st.text(alphabet="()[]{}'\"<>=!+-.,@:%^/ 019abd_wheron\n", max_size=40) | st.text(max_size=30))
def test_any_text_is_a_rule_or_one_clear_error(text):
    from trialwright.errors import RuleError

    try:
        compile_rule(text, VOCABULARY)
    except RuleError as error:
        assert error.offset is not None and 0 <= error.offset <= len(text)
