"""The histories of ``time_rules`` under each rule set, and what the sets leave to the protocol."""

from datetime import date

import pytest
from time_rules import CASES, LAST, LAST_OF_ANY, PROGRESSION, SETS, case, same

from trialwright.derive import differences, side_by_side, time_to_event

CUT = date(2024, 12, 31)


def history(trial, told):
    """Return the trial of one patient, not cut."""
    tables = {
        "subjects": f"subject | baseline\n 01 | {told.others.get('baseline', 'yes')}",
        "assessments": "subject | assessed_on | response\n"
        + "\n".join(f"01 | {on} | {response}" for on, response in map(str.split, told.scans)),
    }
    if "died" in told.others:
        tables["deaths"] = f"subject | died_on\n 01 | {told.others['died']}"
    if "therapy" in told.others:
        tables["therapies"] = f"subject | started_on\n 01 | {told.others['therapy']}"
    if "stopped" in told.others:
        on, reason = told.others["stopped"].split(" ", 1)
        tables["dispositions"] = f"subject | ended_on | reason\n 01 | {on} | {reason}"
    if "withdrew" in told.others:
        on = told.others["withdrew"]
        tables["dispositions"] = f"subject | ended | ended_on | reason\n 01 | study | {on} | withdrawal"
    return trial(**tables)


def sides(data, protocol, endpoint="PFS", sets=SETS):
    rows = side_by_side(data, protocol, endpoint, sets).rows(named=True)
    return {
        row["rules"]: (f"{row['ended_on']:%m-%d}", row["event"], row["days"], (row["rule"], row["why"])) for row in rows
    }


@pytest.mark.parametrize("told", CASES, ids=lambda told: f"case {told.number}")
@pytest.mark.parametrize("rules", SETS)
def test_each_history_ends_as_the_rule_set_says(told, rules, trial, small_protocol):
    assert sides(history(trial, told).cut(CUT), small_protocol)[rules] == getattr(told, rules)


@pytest.mark.parametrize("told", CASES, ids=lambda told: f"case {told.number}")
def test_an_endpoint_that_states_the_rules_of_a_set_ends_as_under_the_set(told, trial, small_protocol):
    data = history(trial, told).cut(CUT)
    for endpoint, rules in (("PFS-FDA", "fda"), ("PFS", "ema")):
        row = time_to_event(data, small_protocol, endpoint).row(0, named=True)
        day, event, days, (_, why) = getattr(told, rules)
        assert (f"{row['ended_on']:%m-%d}", row["event"], row["days"], row["why"]) == (day, event, days, why)


def test_the_sets_differ_about_these_cases_and_no_others(trial, small_protocol):
    found = {
        told.number: differences(side_by_side(history(trial, told).cut(CUT), small_protocol, "PFS", SETS))
        for told in CASES
    }
    assert [number for number, rows in found.items() if rows.height] == [4, 6, 7, 8, 10, 13]
    assert found[7].select("fda rule", "ema rule", "template rule").row(0) == ("new therapy", "event", "event")
    assert found[10].select("fda ended_on", "template ended_on").row(0) == (date(2024, 4, 22), date(2024, 6, 17))


def test_clinical_progression_is_an_event_where_the_protocol_says_so_and_never_for_the_fda(trial, small_protocol):
    found = sides(history(trial, CASES[11]).cut(CUT), small_protocol, "PFS-clinical")
    assert found == {
        "fda": ("02-26", False, 57, LAST),
        "ema": ("03-20", True, 80, ("event", "clinical progression")),
        "template": ("02-26", False, 57, LAST_OF_ANY),
    }


def test_a_withdrawal_ends_follow_up_where_the_rules_say_so(trial, changed_endpoint):
    protocol = changed_endpoint("PFS-FDA", stops=[{"event": "withdrawal", "how": "censor before"}])
    found = sides(history(trial, CASES[14]).cut(CUT), protocol, "PFS-FDA", ("protocol",))
    assert found == {"protocol": ("02-26", False, 57, ("stops", "withdrawal"))}


def test_without_a_cut_the_progression_of_the_year_after_counts(trial, small_protocol):
    assert sides(history(trial, CASES[15]), small_protocol)["template"] == ("01-15", True, 381, PROGRESSION)


@pytest.mark.parametrize("number", [11, 12])
def test_under_the_rows_on_the_end_of_treatment_nothing_counts_after_it(number, trial, small_protocol):
    told = CASES[number - 1]
    later = case(number, [*told.scans, "2024-04-22 PD"], **same(), **told.others)
    found = sides(history(trial, later).cut(CUT), small_protocol, sets=("fda", "fda-stops"))
    assert found["fda"] == ("04-22", True, 113, PROGRESSION)
    assert found["fda-stops"][:3] == ("02-26", False, 57)
    assert found["fda-stops"][3] == ("stops", {11: "end of treatment", 12: "clinical progression"}[number])


def test_a_row_says_what_the_other_rules_would_have_done(trial, small_protocol):
    row = time_to_event(history(trial, CASES[6]), small_protocol, "PFS").row(0, named=True)
    assert row["otherwise"] == "new anticancer therapy 2024-02-26"
    assert row["source"] == "assessments 01 / number 2"
