"""Each threshold of the rules is held by a table: one unit more or less, and a case fails."""

import importlib
from itertools import product

import pytest
from baseline_rules import COUNTS, LESIONS
from response_rules import RULES, answers
from test_response_rules import counted

from trialwright.derive import lesions, recist, tumor_lesion_checks

measurability = importlib.import_module("trialwright.derive.measurability")

HOMES = {
    "NORMAL_NODE": recist,
    "LEAST_GROWTH": recist,
    "GROWTH": recist,
    "SHRINKAGE": recist,
    "TOO_SMALL": lesions,
    "LEAST_TARGET": measurability,
    "LEAST_NODE": measurability,
    "PATHOLOGICAL_NODE": measurability,
    "MOST_TARGETS": tumor_lesion_checks,
    "MOST_PER_ORGAN": tumor_lesion_checks,
}
"""Each threshold, with the module that uses it."""


def mutants():
    """Yield each threshold with each of its numbers one more and one less."""
    for name, module in HOMES.items():
        value = getattr(module, name)
        for step in (-1, 1):
            if isinstance(value, int):
                yield name, value + step
            else:
                yield from ((name, (*value[:i], value[i] + step, *value[i + 1 :])) for i in range(len(value)))


def broken(plan):
    """Return the tables that do not hold."""
    responses = [
        case.why for rule in RULES for case in rule.cases if " ".join(r for r, _ in answers(case)) != case.expected
    ]
    measured = [why for lesion, expected, why in LESIONS if measurability.measurability(lesion).measurable != expected]
    decided = [why for lesion, _, why in LESIONS if measurability.measurability(lesion).why != why]
    return responses + measured + decided + [why for why, organs, rules in COUNTS if counts(organs, plan) != len(rules)]


def counts(organs, plan):
    return len(counted(organs, plan))


def test_the_tables_hold_as_they_are(small_protocol):
    assert broken(small_protocol) == []


@pytest.mark.parametrize(("name", "value"), list(mutants()))
def test_a_threshold_moved_by_one_unit_breaks_a_table(small_protocol, monkeypatch, name, value):
    monkeypatch.setattr(HOMES[name], name, value)
    assert broken(small_protocol)


def test_no_threshold_is_left_out():
    kinds = (int, tuple)
    numbers = {
        name
        for module, name in product((recist, measurability), {*vars(recist), *vars(measurability)})
        if name.isupper() and isinstance(vars(module).get(name), kinds) and _is_number(vars(module)[name])
    }
    assert numbers == set(HOMES)


def _is_number(value):
    return isinstance(value, int) or all(isinstance(each, int) for each in value)
