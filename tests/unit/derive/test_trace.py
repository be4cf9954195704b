"""One patient's derivation in words: every fact, every rule, every record."""

import pytest

from trialwright.derive import trace
from trialwright.errors import DataError

SCANS = "subject | assessed_on | response\n01 | 2024-02-26 | PR\n01 | 2024-04-22 | PD"


@pytest.fixture
def told(trial, small_protocol):
    data = trial(
        subjects="subject\n01\n02",
        assessments=SCANS,
        therapies="subject | started_on\n01 | 2024-03-15",
    )

    def told(subject="01", *rules):
        return trace(data, small_protocol, subject, *([rules] if rules else []))

    return told


def block(lines, title):
    """Return the lines from one that begins with the title to the next empty one."""
    start = next(index for index, line in enumerate(lines) if line.startswith(title))
    end = next((index for index in range(start, len(lines)) if not lines[index]), len(lines))
    return lines[start:end]


def test_facts_come_first_with_the_records_behind_them(told):
    lines = told()
    assert lines[0] == "Subject 01: randomized 2024-01-01 to A; data not cut"
    assert [line.split(":")[0] for line in block(lines, "Assessments by investigator")[1:]] == [
        "  2023-12-25  baseline",
        "  2024-02-26  PR",
        "  2024-04-22  PD",
    ]
    assert "  2024-03-15  new therapy [therapies 01 / started_on 2024-03-15]" in lines


def test_every_rule_is_told_in_its_order_with_what_it_did(told):
    head, *rules = block(told("01", "fda"), "PFS, rules fda")
    assert head == (
        "PFS, rules fda: day 57 from randomization, censored 2024-02-26: new anticancer therapy"
        " [assessments 01 / number 1]"
    )
    answers = [line.split(": ")[0:2] for line in rules]
    assert answers == [
        ["  1 no usable baseline assessment", "does not apply"],
        ["  2 another anticancer therapy before the event", "DECIDES"],
        ["  3 something else that ends the time", "not in force"],
        ["  4 too many assessments missed before the event", "does not apply"],
        ["  5 an event", "comes too late"],
        ["  6 without an event", "comes too late"],
    ]
    assert "[therapies 01 / started_on 2024-03-15]" in rules[1]
    assert rules[3].endswith("event 56 days later, at most 126 allowed")


def test_a_rule_that_is_not_in_force_says_what_it_would_have_done(told):
    rules = block(told("01", "ema"), "PFS, rules ema")
    assert rules[2].startswith(
        "  2 another anticancer therapy before the event: not in force, would apply: new therapy"
    )
    assert "-> censored 2024-02-26: new anticancer therapy" in rules[2]
    assert rules[5].startswith("  5 an event: DECIDES: progression 2024-04-22 [assessments 01 / number 2]")


def test_rule_sets_stand_below_each_other_and_survival_once(told):
    lines = told("01", "fda", "template")
    heads = [line.split(":")[0] for line in lines if ", rules " in line]
    assert heads[:2] == ["PFS, rules fda", "PFS, rules template"]
    assert [head for head in heads if head.startswith("OS,")] == ["OS, rules protocol"]


def test_responses_say_why_and_from_which_record(told):
    assert block(told(), "CORR") == (
        "CORR: no success, best response SD (unconfirmed PR)",
        "  SD: stable disease of the minimum duration, 2024-02-26; no success [assessments 01 / number 1]",
    )


def test_who_did_not_respond_and_was_never_assessed_is_told_too(told):
    lines = told("02")
    assert block(lines, "DOR, rules protocol") == ("DOR, rules protocol: not among the responders",)
    assert block(lines, "PFS, rules protocol")[-1].startswith(
        "  6 without an event: DECIDES: randomization 2024-01-01 [allocations 02]"
    )


def test_scans_counted_by_visits_and_stops_are_told(trial, changed_endpoint):
    stops = [{"event": "clinical progression", "how": "censor before"}]
    protocol = changed_endpoint("PFS-FDA", missed_visits_by="scheduled visits", stops=stops)
    data = trial(
        subjects="subject\n01",
        assessments=SCANS,
        dispositions="subject | ended_on | reason\n01 | 2024-03-20 | clinical progression",
    )
    rules = block(trace(data, protocol, "01"), "PFS-FDA, rules protocol")
    assert rules[3].startswith("  3 something else that ends the time: DECIDES: clinical progression 2024-03-20")
    assert rules[4].endswith("0 planned scans missed since, 1 allowed")


def test_a_stranger_is_refused_with_those_who_are_known(told):
    with pytest.raises(DataError, match=r"subject '17' was not randomized; randomized are 01, 02$"):
        told("17")


def test_an_unknown_rule_set_is_refused_with_the_known_ones(told):
    with pytest.raises(ValueError, match="rule set 'who' is not known; known: protocol, fda, fda-stops, ema, template"):
        told("01", "who")
