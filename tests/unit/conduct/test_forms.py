"""Forms follow from tables and protocol; what a page sends is read by the same fields that drew it."""

from __future__ import annotations

import pytest
from trial_desk import asked, candidate, running

from trialwright.conduct import CHECKS, Field, RecordRow, form_of, forms, question_of, read_field, read_form
from trialwright.protocol import Protocol, load
from trialwright.records import TABLES

MADE = {"allocations", "answers", "screened", "screenings", "strata"}


@pytest.fixture(scope="module")
def palmira() -> Protocol:
    return load("palmira")


def test_every_table_that_people_fill_in_has_its_form(palmira: Protocol) -> None:
    made = forms(palmira)
    assert set(made) == set(TABLES) - MADE
    for name, form in made.items():
        columns = [column.name for column in TABLES[name].columns if column.name != "subject"]
        assert sorted(one.name for one in form.fields) == sorted(columns)
        assert [one.name for one in form.key] == [c for c in columns if c in TABLES[name].key]
        assert form.checks == tuple(check for check in CHECKS.values() if name in check.tables)


def test_choices_come_from_the_protocol(palmira: Protocol) -> None:
    by_name = {one.name: one for one in form_of(palmira, "visits").fields}
    assert [value for value, _ in by_name["visit"].choices] == [*(v.id for v in palmira.visits), "unscheduled"]
    assert dict(form_of(palmira, "assessments").key[0].choices) == {"investigator": "investigator"}


def test_a_subject_is_offered_the_drugs_of_its_arm() -> None:
    desk = running()
    subject = candidate(desk)
    desk.ask(asked(desk, subject))
    record = desk.state.subjects.records[subject]
    assert record.allocated is not None
    own = desk.screener.protocol.arm(record.allocated.body["arm"]).interventions
    drugs = form_of(desk.screener.protocol, "doses", record).key[0].choices
    assert [value for value, _ in drugs] == list(own)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (Field("n", "N", "number"), "1.50", 1.5),
        (Field("n", "N", "number"), "", None),
        (Field("n", "N", "integer", whole=True), "7", 7),
        (Field("d", "D", "integer", "mm", tenths=True, maximum=500), "12.5", 125),
        (Field("y", "Y", "yes/no"), "false", False),
        (Field("d", "D", "date"), "2024-02-29", "2024-02-29"),
        (Field("c", "C", "choice", choices=(("a", "A"),)), "a", "a"),
        (Field("s", "S", "set", choices=(("a", "A"), ("b", "B"))), "a\nb", ["a", "b"]),
        (Field("s", "S", "set", choices=(("a", "A"),)), "none of these", []),
    ],
)
def test_what_is_typed_is_read(field: Field, text: str, value: object) -> None:
    assert read_field(field, text) == value
    if value is not None and field.kind != "set":
        assert read_field(field, field.shown(value)) == value


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        (Field("n", "N", "number"), "1,5", "with a point"),
        (Field("n", "N", "number"), "nan", "with a point"),
        (Field("n", "N", "number"), "1e999", "with a point"),
        (Field("n", "N", "integer", minimum=1, maximum=5), "6", "from 1 to 5"),
        (Field("n", "N", "integer"), "1.5", "a whole number"),
        (Field("d", "D", "integer", "mm", tenths=True), "1.25", "steps of 0.1"),
        (Field("y", "Y", "yes/no"), "maybe", "yes or no"),
        (Field("d", "D", "date"), "29.2.2024", "year-month-day"),
        (Field("c", "C", "choice", choices=(("a", "A"),)), "b", "Choose one of a"),
        (Field("t", "T", "text"), "x" * 2001, "At most 2000 characters"),
    ],
)
def test_what_cannot_be_read_says_what_it_must_be(field: Field, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_field(field, text)


def test_a_whole_form_is_read_with_reasons_for_empty_fields(palmira: Protocol) -> None:
    form = form_of(palmira, "laboratory")
    sent = read_form(form, {"number": "1", "test": "ANC", "value": "", "value--none": "not done", "low": "x"})
    assert sent.values["test"] == "ANC"
    assert sent.without == {"value": "not done"}
    assert sent.errors == {"low": "Give a number such as 1.5, with a point."}
    assert read_form(form, {}).errors == {"number": "Give this.", "test": "Give this."}
    assert "number" not in read_form(form, {"test": "ANC"}, key=False).values


def test_what_a_form_reads_can_be_recorded(palmira: Protocol) -> None:
    desk = running()
    subject = candidate(desk)
    form = form_of(desk.screener.protocol, "visits")
    sent = read_form(form, {"visit": "screening", "number": "1", "visited_on": "2024-03-01"})
    key = {one.name: sent.values[one.name] for one in form.key}
    values = {one.name: sent.values[one.name] for one in form.values}
    (fact,) = desk.ask(RecordRow(subject=subject, table="visits", key=key, values=values))
    assert fact.body["values"] == {"planned_on": None, "visited_on": "2024-03-01"}


def test_questions_of_screening_are_fields_too(palmira: Protocol) -> None:
    asked_of = {name: question_of(name, variable) for name, variable in palmira.variables.items()}
    assert asked_of["age"].unit == "y"
    assert [part.name for part in asked_of["lesions"].parts] == ["organ", "measurable"]
    assert asked_of["serious_disorder"].attested
    assert asked_of["lesions"].told([{"organ": "liver", "measurable": True}]) == "organ: liver, measurable: yes"
    assert asked_of["prior_cdk46"].told([]) == "none"
