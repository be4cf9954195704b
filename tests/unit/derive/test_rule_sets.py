"""Rule sets by name, and what they leave alone."""

import pytest

from trialwright.derive import RULE_SETS, differences, rule_set, side_by_side, under, with_rules
from trialwright.protocol import Censoring


@pytest.mark.parametrize("name", RULE_SETS)
def test_the_values_of_every_set_are_rules_an_endpoint_can_have(small_protocol, name):
    for endpoint in small_protocol.endpoints:
        if endpoint.kind == "time to event":
            rules = under(endpoint, name).censoring
            assert Censoring.model_validate(rules.model_dump()) == rules
    assert rule_set(name).source


@pytest.mark.parametrize("endpoint", ["OS", "OS-therapy", "TTC", "TTNT"])
def test_times_to_the_last_day_alive_keep_their_own_rules(small_protocol, endpoint):
    plan = small_protocol.endpoint(endpoint)
    assert all(under(plan, name) is plan for name in RULE_SETS)


def test_time_to_treatment_failure_keeps_its_own_rules(changed_endpoint):
    plan = changed_endpoint("PFS", events=["progression", "death", "end of treatment"]).endpoint("PFS")
    assert under(plan, "fda") is plan


def test_a_set_under_a_set_is_the_last_one(small_protocol):
    plan = small_protocol.endpoint("PFS")
    assert under(under(plan, "template"), "fda") == under(plan, "fda")


def test_a_protocol_under_a_set_keeps_what_its_estimands_say(small_protocol):
    ruled = with_rules(small_protocol, "fda")
    assert ruled.endpoint("PFS").censoring == small_protocol.endpoint("PFS-FDA").censoring
    assert ruled.endpoint("ORR") == small_protocol.endpoint("ORR")
    assert with_rules(small_protocol, "protocol") is small_protocol


def test_rows_of_the_sides_name_set_rule_and_record(trial, small_protocol):
    data = trial(subjects="subject\n01", deaths="subject | died_on\n01 | 2024-07-01")
    sides = side_by_side(data, small_protocol, "PFS", ("fda", "ema"))
    assert sides.select("rules", "rule", "source", "otherwise").rows() == [
        ("fda", "missed visits", "allocations 01", "death 2024-07-01"),
        ("ema", "event", "deaths 01 / died_on 2024-07-01", "more than 1 missed assessment before the event 2024-01-01"),
    ]
    found = differences(sides)
    assert found.columns[:2] == ["subject", "endpoint"]
    assert found.row(0, named=True)["ema days"] == 183


def test_an_unknown_set_is_refused_with_the_known_ones(small_protocol):
    with pytest.raises(ValueError, match="rule set 'nmpa' is not known; known: protocol, fda"):
        with_rules(small_protocol, "nmpa")


def test_sides_of_a_response_are_refused(trial, small_protocol):
    with pytest.raises(ValueError, match="'ORR' must be a time to event"):
        side_by_side(trial(subjects="subject\n01"), small_protocol, "ORR")
