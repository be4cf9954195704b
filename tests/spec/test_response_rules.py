"""Every history of the rules of response, by both paths; and what may be a target."""

from datetime import date

import pytest
from baseline_rules import COUNTS, LESIONS
from response_rules import PATHS, RULES, answers

from trialwright.derive.measurability import measurability
from trialwright.derive.tumor_lesion_checks import target_numbers
from trialwright.records import TrialData

CASES = [(rule, case) for rule in RULES for case in rule.cases]


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize(("rule", "case"), CASES, ids=[f"{rule.id}: {case.why}" for rule, case in CASES])
def test_a_history_has_its_responses(rule, case, path):
    assert " ".join(response for response, _ in answers(case, path)) == case.expected, case.why


@pytest.mark.parametrize(("lesion", "measurable", "why"), LESIONS)
def test_a_lesion_is_measurable_by_the_first_rule_that_holds(lesion, measurable, why):
    rule = measurability(lesion)
    assert (rule.measurable, rule.why) == (measurable, why)


@pytest.mark.parametrize(("why", "organs", "rules"), COUNTS)
def test_the_number_of_targets_is_limited(small_protocol, why, organs, rules):
    assert counted(organs, small_protocol) == rules, why


def counted(organs, plan):
    """Return the rules that so many targets by organ break; an organ that ends in node is a lymph node."""
    names = [(organ, f"{organ} {n}") for organ, number in organs.items() for n in range(number)]
    rows = [
        {"subject": "01", "evaluator": "investigator", "lesion": name, "role": "target"}
        | {"organ": organ, "node": organ.endswith("node"), "found_on": date(2023, 12, 25)}
        for organ, name in names
    ]
    data = TrialData.from_rows("counts", {"lesions": rows}, virtual=True)
    return tuple(finding.rule for finding in target_numbers(data, plan))
