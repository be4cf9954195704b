"""Sixteen histories of progression-free survival, each under the rule sets of the FDA, the EMA and the R template.

Randomized 2024-01-01, scans every 56 days within 7, so at most 126 days may pass between an adequate scan and an event;
data cut-off 2024-12-31. Each answer is the day, event or not, days with both ends counted, the rule that decided and
the reason.
"""

from datetime import date
from types import SimpleNamespace

import pytest

from trialwright.derive import differences, side_by_side, time_to_event

LAST = ("no event", "last adequate assessment")
LAST_OF_ANY = ("no event", "last assessment")
NONE = ("no event", "no adequate assessment")
NONE_OF_ANY = ("no event", "no assessment")
BASELINE = ("without baseline", "no usable baseline assessment")
THERAPY = ("new therapy", "new anticancer therapy")
GAP = ("missed visits", "more than 1 missed assessment before the event")
PROGRESSION = ("event", "progression")
DEATH = ("event", "death")


def case(number, scans, fda, ema, template, **others):
    return SimpleNamespace(number=number, scans=scans, others=others, fda=fda, ema=ema, template=template)


def same(*ending):
    return {"fda": ending, "ema": ending, "template": ending}


def counted(strict, *ending):
    """Answers where the FDA's set censors and the two others count the event."""
    return {"fda": strict, "ema": ending, "template": ending}


def seen(day, days):
    """Answers where the last assessment ends the time under all sets; the template does not ask whether it shows."""
    return {
        "fda": (day, False, days, LAST),
        "ema": (day, False, days, LAST),
        "template": (day, False, days, LAST_OF_ANY),
    }


CASES = [
    case(1, ["2024-02-26 SD", "2024-04-22 SD", "2024-06-17 PD"], **same("06-17", True, 169, PROGRESSION)),
    case(2, ["2024-02-26 SD"], **same("04-01", True, 92, DEATH), died="2024-04-01"),
    case(3, [], **same("02-10", True, 41, DEATH), died="2024-02-10"),
    case(4, [], **counted(("01-01", False, 1, GAP), "07-01", True, 183, DEATH), died="2024-07-01"),
    case(
        5,
        [],
        fda=("01-01", False, 1, NONE),
        ema=("01-01", False, 1, NONE),
        template=("01-01", False, 1, NONE_OF_ANY),
    ),
    case(6, ["2024-02-26 PD"], **counted(("01-01", False, 1, BASELINE), "02-26", True, 57, PROGRESSION), baseline="no"),
    case(
        7,
        ["2024-02-26 SD", "2024-04-22 PD"],
        **counted(("02-26", False, 57, THERAPY), "04-22", True, 113, PROGRESSION),
        therapy="2024-03-15",
    ),
    case(8, ["2024-02-26 SD", "2024-10-07 PD"], **counted(("02-26", False, 57, GAP), "10-07", True, 281, PROGRESSION)),
    case(9, ["2024-02-26 SD", "2024-06-17 PD"], **same("06-17", True, 169, PROGRESSION)),
    case(
        10,
        ["2024-02-26 SD", "2024-04-22 SD", "2024-06-17 NE"],
        fda=("04-22", False, 113, LAST),
        ema=("04-22", False, 113, LAST),
        template=("06-17", False, 169, LAST_OF_ANY),
    ),
    case(11, ["2024-02-26 PR"], **seen("02-26", 57), stopped="2024-03-20 adverse event"),
    case(12, ["2024-02-26 SD"], **seen("02-26", 57), stopped="2024-03-20 clinical progression"),
    case(
        13,
        ["2024-02-26 SD", "2024-04-22 SD"],
        **counted(("04-22", False, 113, THERAPY), "06-01", True, 153, DEATH),
        therapy="2024-05-10",
        died="2024-06-01",
    ),
    case(14, ["2024-02-26 SD", "2024-04-22 PD", "2024-06-17 SD"], **same("04-22", True, 113, PROGRESSION)),
    case(15, ["2024-02-26 SD"], **same("05-01", True, 122, DEATH), died="2024-05-01", withdrew="2024-03-10"),
    case(16, ["2024-11-04 SD", "2025-01-15 PD"], **seen("11-04", 309)),
]
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


def sides(data, protocol, endpoint="PFS", sets=("fda", "ema", "template")):
    rows = side_by_side(data, protocol, endpoint, sets).rows(named=True)
    return {
        row["rules"]: (f"{row['ended_on']:%m-%d}", row["event"], row["days"], (row["rule"], row["why"])) for row in rows
    }


@pytest.mark.parametrize("told", CASES, ids=lambda told: f"case {told.number}")
@pytest.mark.parametrize("rules", ["fda", "ema", "template"])
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
        told.number: differences(
            side_by_side(history(trial, told).cut(CUT), small_protocol, "PFS", ("fda", "ema", "template"))
        )
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
