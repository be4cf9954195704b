"""Screening, stratum and starting doses of the made-up trial."""

import dataclasses
from datetime import date

import pytest
from tiny_study import ANCHORS, ANSWERS, changed, tiny

from trialwright.errors import DataError, RuleError
from trialwright.protocol import (
    NoValue,
    Screener,
    evaluate_rule,
    read_plain_answers,
    screen,
    starting_doses,
    stratum,
)


def test_every_criterion_is_answered_with_what_decided():
    screening = screen(tiny(), ANSWERS, ANCHORS)
    assert screening.overall == "eligible"
    assert [finding.criterion for finding in screening.findings] == ["I01", "I02", "I03", "E01"]
    assert screening.of("I01").because == "age = 60"
    assert screening.of("E01").because == "last_chemotherapy = 2024-01-31, entry = 2024-03-01, washout = 14 d"
    assert not screening.work_list


def test_an_exclusion_says_what_excludes_and_is_answered_as_admissible():
    late = screen(tiny(), ANSWERS | {"last_chemotherapy": date(2024, 2, 20)}, ANCHORS)
    assert late.of("E01").answer == "not met"
    assert late.overall == "not eligible"


def test_the_work_list_names_each_datum_once_and_why_it_is_missing():
    answers = {"ecog": "1", "age": NoValue.ASKED_UNKNOWN}
    screening = screen(tiny(), answers, {"entry": date(2024, 3, 1)})
    assert screening.overall == "pending"
    lines = {line.missing.datum: (line.missing.reason, line.criteria) for line in screening.work_list}
    assert lines == {
        "age": (NoValue.ASKED_UNKNOWN, ("I01",)),
        "compliant": (NoValue.UNKNOWN_YET, ("I03",)),
        "last_chemotherapy": (NoValue.UNKNOWN_YET, ("E01",)),
    }
    assert screening.of("I03").because == "missing: compliant (unknown yet)"


def test_one_criterion_not_met_decides_whatever_is_missing():
    assert screen(tiny(), {"age": 17}, ANCHORS).overall == "not eligible"


def test_a_criterion_absent_from_the_source_neither_counts_nor_blocks():
    protocol = changed(("eligibility", "criteria", 2, "rule"), None)
    screening = screen(protocol, ANSWERS, ANCHORS)
    assert screening.of("I03").answer == "not in source"
    assert screening.overall == "eligible"


def test_a_screening_is_valid_until_its_first_criterion_changes():
    screening = screen(tiny(), ANSWERS | {"last_chemotherapy": date(2024, 2, 20)}, ANCHORS, moving={"entry"})
    assert screening.valid_until == date(2024, 3, 5)
    assert screening.of("I01").valid_until is None
    with pytest.raises(ValueError, match="moving names anchors of the protocol"):
        screen(tiny(), ANSWERS, ANCHORS, moving={"today"})


def test_an_unknown_criterion_lists_the_known():
    with pytest.raises(ValueError, match="criterion 'I9' is not in the protocol; known: I01, I02, I03, E01"):
        screen(tiny(), ANSWERS, ANCHORS).of("I9")


def test_stratum_is_computed_or_refused_with_what_is_missing():
    assert stratum(tiny(), ANSWERS, ANCHORS) == {"liver": "liver"}
    assert stratum(tiny(), ANSWERS | {"lesions": []}, ANCHORS) == {"liver": "no liver"}
    with pytest.raises(DataError, match=r"factor liver cannot be told; missing: lesions \(unknown yet\)"):
        stratum(tiny(), {"age": 60}, ANCHORS)


def test_starting_dose_is_the_first_rule_that_is_met():
    assert starting_doses(tiny(), "new", ANSWERS, ANCHORS)["exampletinib"].dose == 400
    elder = starting_doses(tiny(), "new", ANSWERS | {"age": 75}, ANCHORS)["exampletinib"]
    assert (elder.product, elder.dose, elder.unit, elder.reason) == ("Exampletinib", 300, "mg", "age >= 75 y")
    assert starting_doses(tiny(), "standard", {}, ANCHORS)["comparator"].dose == 50


def test_starting_dose_is_none_with_the_reason():
    unknown = starting_doses(tiny(), "new", {}, ANCHORS)["exampletinib"]
    assert (unknown.dose, [m.datum for m in unknown.missing]) == (None, ["age"])
    assert "missing: age" in unknown.reason
    none_stated = changed(("interventions", 0, "start", 1, "dose"), None)
    assert "does not state the dose" in starting_doses(none_stated, "new", {"age": 80}, ANCHORS)["exampletinib"].reason
    nobody = changed(("interventions", 0, "start", 1, "when"), "age > 80 y")
    found = starting_doses(nobody, "new", {"age": 77}, ANCHORS)["exampletinib"]
    assert (found.dose, found.reason) == (None, "no starting dose is given for such a patient")


def test_product_is_chosen_by_rule():
    choices = [{"when": "sidedness == left", "product": "L"}, {"when": "sidedness == right", "product": "R"}]
    protocol = changed(("interventions", 1, "choice"), choices)
    assert starting_doses(protocol, "standard", ANSWERS, ANCHORS)["comparator"].product == "L"
    open_ = starting_doses(protocol, "standard", {}, ANCHORS)["comparator"]
    assert (open_.product, [m.datum for m in open_.missing], open_.dose) == (None, ["sidedness"], 50)


def test_any_rule_over_the_variables_of_the_protocol():
    assert evaluate_rule(tiny(), "any(lesions where measurable)", ANSWERS, ANCHORS) is True
    assert evaluate_rule(tiny(), "age > 60 y", {}, ANCHORS) is None
    screener = Screener(tiny())
    assert screener.value("left if age > 50 y else right", ANSWERS, ANCHORS, ("left", "right")) == "left"
    assert screener.value("left if age > 50 y else right", ANSWERS, ANCHORS) == "left"
    with pytest.raises(RuleError, match="must be a condition or a level"):
        screener.value("age", ANSWERS, ANCHORS)


def test_plain_answers_from_a_file():
    plain = {"last_chemotherapy": "2024-01-31", "age": {"no_value": "not done"}, "lesions": [{"measurable": None}]}
    found = read_plain_answers(tiny().variables, plain)
    assert found["last_chemotherapy"] == date(2024, 1, 31)
    assert found["age"] is NoValue.NOT_DONE
    with pytest.raises(DataError, match="age: expected no_value to be one of unknown yet, not done"):
        read_plain_answers(tiny().variables, {"age": {"no_value": "lost"}})
    with pytest.raises(DataError, match="last_chemotherapy: expected a date such as 2020-01-31; found 'May'"):
        read_plain_answers(tiny().variables, {"last_chemotherapy": "May"})


def test_findings_are_frozen():
    finding = screen(tiny(), ANSWERS, ANCHORS).findings[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding.answer = "met"
