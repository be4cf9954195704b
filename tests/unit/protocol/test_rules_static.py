"""Static checks of rules, thresholds that examples must notice, and example patients."""

import pytest
from tiny_study import FOLDER, changed, rebuilt, tiny

from trialwright.errors import DataError
from trialwright.protocol import (
    Example,
    Examples,
    check_rules,
    compile_rule,
    read_document,
    rule_warnings,
    run_examples,
    surviving_mutants,
    threshold_mutants,
)
from trialwright.protocol.rules import Vocabulary, show


def examples(**more):
    found = read_document(FOLDER / "examples.yaml", Examples)
    return found.model_copy(update=more) if more else found


def rule_of(number):
    return ("eligibility", "criteria", number, "rule")


def short_of(number):
    return ("eligibility", "criteria", number, "short")


def messages(protocol):
    return [(problem.path, problem.message) for problem in rule_warnings(protocol)]


def test_the_made_up_trial_has_no_problem():
    assert check_rules(tiny()) == ()
    assert messages(tiny()) == []


def test_an_unused_anchor_is_found():
    protocol = changed(("eligibility", "anchors"), ("entry", "surgery"))
    assert messages(protocol) == [(("eligibility", "anchors", 1), "anchor 'surgery' is used by no rule")]


@pytest.mark.parametrize(
    ("path", "value", "message", "offset"),
    [
        (rule_of(0), "agee >= 18 y", "'agee' is not known (did you mean 'age'?)", 0),
        (rule_of(0), "age >= 18", "a number without unit", 7),
        (("randomization", "strata", 0, "rule"), '"liver" if compliant else "lung"', "'lung' is not a level", 26),
        (("randomization", "strata", 0, "rule"), "compliant", "the value must be one of liver, no liver", 0),
        (("interventions", 0, "start", 0, "when"), "age <", "the rule ends where a value is expected", 5),
        (("eligibility", "parameters", "washout"), "14 days", "a quantity is a number and a unit", 0),
        (("eligibility", "parameters"), {"washout": "14 d", "age": 3}, "'age' is a variable too", None),
        (("eligibility", "anchors"), ("entry", "age"), "'age' is a variable or parameter too", None),
    ],
)
def test_a_rule_that_cannot_be_typed_is_found_with_its_place(path, value, message, offset):
    problems = check_rules(changed(path, value, check=False))
    assert any(message in p.message and p.offset == offset and p.path[: len(path)] == path for p in problems), problems


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (rule_of(0), "age >= 18 y or age < 18 y", "the rule is always true, whatever the patient"),
        (rule_of(0), "age >= 18 y and age < 18 y", "the rule is always false, whatever the patient"),
        (rule_of(2), "compliant or (age > 70 y and age < 60 y)", "'(age > 70 y) and (age < 60 y)' is always false"),
        (rule_of(3), "age > 17 y", "no patient can meet both I01 and E01"),
        (rule_of(3), 'ecog in {"0", "1"}', "no patient can meet both I02 and E01"),
        (rule_of(3), "compliant", "no patient can meet both I03 and E01"),
        (rule_of(3), "days(last_chemotherapy, entry) >= 0 d", "variable"),
        (rule_of(3), "age > 90 y", "variable 'last_chemotherapy' is used by no rule"),
        (rule_of(3), "age > 90 y", "parameter 'washout' is used by no rule"),
        (short_of(3), "No chemotherapy within two weeks", "begins with a negation"),
        (short_of(3), "Measurable disease is required", "words a requirement"),
    ],
)
def test_what_looks_wrong_in_a_rule_is_found(path, value, message):
    if message == "variable":
        assert not any("contradict" in text or "always" in text for _, text in messages(changed(path, value)))
    else:
        assert any(message in text for _, text in messages(changed(path, value))), messages(changed(path, value))


@pytest.mark.parametrize(
    "rule",
    [
        'days(last_chemotherapy, entry) < 7 d and days(date("2020-01-01"), last_chemotherapy) > 9999 d',
        "days(last_chemotherapy, last_chemotherapy) < 1 d",
        "age + age > 200 y",
        "any(lesions where organ == liver and measurable)",
        "age > 18 y and age < 19 y",
    ],
)
def test_no_claim_is_made_where_the_enumeration_does_not_cover_all_patients(rule):
    assert not any("contradict" in text or "always" in text for _, text in messages(changed(rule_of(3), rule)))


def test_the_example_patients_of_the_made_up_trial_pass_and_notice_every_threshold():
    assert run_examples(tiny(), examples()) == ()
    assert surviving_mutants(tiny(), examples()) == ()


def test_a_failing_example_says_expected_and_found():
    wrong = Example(criterion="I01", name="child", answers={"age": 17}, expect="met")
    vague = Example(criterion="I01", name="no age", unknown=("age",), expect="cannot tell", missing=("ecog",))
    stray = Example(criterion="I1", name="nobody", expect="met")
    found = [str(failure) for failure in run_examples(tiny(), examples(examples=(wrong, vague, stray)))]
    assert found == [
        "I01, child: expected met; found not met (age = 17)",
        "I01, no age: expected cannot tell, missing: ecog; found cannot tell (missing: age (unknown yet))",
        "I1, nobody: expected met; found no such criterion (did you mean 'I01'?); known: I01, I02, I03, E01",
    ]


def test_an_example_that_names_no_variable_is_refused():
    stray = Example(criterion="I01", name="stray", unknown=("agee",), expect="met")
    with pytest.raises(DataError, match=r"example 'stray': 'agee' is no variable or anchor \(did you mean 'age'\?\)"):
        run_examples(tiny(), examples(examples=(stray,)))


def test_a_base_patient_who_does_not_meet_all_criteria_is_a_failure():
    base = examples().base
    unable = base.model_copy(update={"answers": base.answers | {"compliant": False}})
    assert "base patient: expected met; found not met" in str(run_examples(tiny(), examples(base=unable))[0])


def test_a_missing_record_field_may_be_named_or_its_variable():
    protocol = changed(rule_of(2), "any(lesions where organ == bone)")
    for named in ("lesions", "lesions[1].organ"):
        one = Example(criterion="I03", name=named, answers={"lesions": [{}]}, expect="cannot tell", missing=(named,))
        assert not [f for f in run_examples(protocol, examples(examples=(one,))) if f.name == named]


def test_a_threshold_that_no_example_notices_survives():
    far = (Example(criterion="I01", name="old", answers={"age": 60}, expect="met"),)
    changes = {str(mutant) for mutant in surviving_mutants(tiny(), examples(examples=far)) if mutant.criterion == "I01"}
    assert changes == {
        "I01: no example patient notices age >= 18 y -> age > 18 y",
        "I01: no example patient notices 18 y -> 17 y",
        "I01: no example patient notices 18 y -> 19 y",
    }


def test_mutants_move_each_limit_by_its_last_digit():
    words = Vocabulary(tiny().variables, {"washout": "1.5 wk"}, ("entry",))
    rule = compile_rule("14 d <= days(last_chemotherapy, entry) + washout", words)
    assert [mutant.change for mutant in threshold_mutants(rule)] == [
        f"{show(rule.node)} -> {show(rule.node).replace('<=', '<')}",
        "14 d -> 13 d",
        "14 d -> 15 d",
        "washout 1.5 wk -> 1.4 wk",
        "washout 1.5 wk -> 1.6 wk",
    ]


def test_no_claim_is_made_over_two_anchors_that_may_lie_apart():
    rule = "days(last_chemotherapy, entry) >= 28 d and days(last_chemotherapy, surgery) < 14 d"
    protocol = rebuilt(changed(("eligibility", "anchors"), ("entry", "surgery")), rule_of(3), rule)
    assert check_rules(protocol) == ()
    assert messages(protocol) == [(("eligibility", "parameters", "washout"), "parameter 'washout' is used by no rule")]
