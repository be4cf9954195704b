from datetime import date

import polars as pl
import pytest

from trialwright.derive import (
    AdverseEventRules,
    EventQuery,
    ImputationRule,
    adverse_events,
    count_adverse_events,
    match_queries,
    queries_from_rows,
    worst_grades,
)

RULES = AdverseEventRules(30)
DOSES = "subject | cycle | started_on | ended_on\n01 | 1 | 2024-03-10 | 2024-03-30"
STOPPED = "subject | reason | ended_on\n01 | progression | 2024-04-02"
HEAD = "subject | number | term | grade | started_on | started_as | ended_on | ended_as"


def found(trial, rows, rules=RULES, cutoff=None, **more):
    tables = {"doses": DOSES, "dispositions": STOPPED, "adverse_events": f"{HEAD}\n{rows}"} | more
    data = trial(subjects="subject | randomized_on\n01 | 2024-03-09\n02 | 2024-03-09", **tables)
    return adverse_events(data.cut(cutoff) if cutoff else data, rules)


def one(trial, row, rules=RULES, **more):
    (event,) = found(trial, row, rules, **more).rows.rows(named=True)
    return event


@pytest.mark.parametrize(
    ("started", "emergent", "why"),
    [
        ("2024-03-09", False, "starts before the first dose"),
        ("2024-03-10", True, "starts from the first dose to 30 days after the last"),
        ("2024-04-29", True, "starts from the first dose to 30 days after the last"),
        ("2024-04-30", False, "starts more than 30 days after the last dose"),
    ],
)
def test_the_window_of_treatment_emergent_events(trial, started, emergent, why):
    event = one(trial, f"01 | 1 | Nausea | 1 | {started} | | |")
    assert (event["emergent"], event["why"]) == (emergent, why)


def test_without_an_end_of_the_window_nothing_is_too_late(trial):
    event = one(trial, "01 | 1 | Nausea | 1 | 2030-01-01 | | |", AdverseEventRules(None))
    assert (event["emergent"], event["why"]) == (True, "starts on or after the first dose")


def test_while_treatment_goes_on_nothing_is_too_late(trial):
    doses = "subject | cycle | started_on | ended_on\n01 | 1 | 2024-03-10 | "
    stopped = "subject | reason | ended_on"
    row = "01 | 1 | Nausea | 1 | 2024-12-01 | | |"
    assert one(trial, row, doses=doses, dispositions=stopped)["emergent"]
    assert not one(trial, row, doses=doses)["emergent"]


@pytest.mark.parametrize(
    ("started_as", "on", "flag", "emergent"),
    [
        ("2024-03", date(2024, 3, 10), "D", True),
        ("2024", date(2024, 3, 10), "M", True),
        ("2024-02", date(2024, 2, 1), "D", False),
        ("2023", date(2023, 1, 1), "M", False),
        ("2024-04", date(2024, 4, 1), "D", True),
        ("2024-05", date(2024, 5, 1), "D", False),
    ],
)
def test_a_partial_start_is_emergent_unless_it_must_lie_before_treatment(trial, started_as, on, flag, emergent):
    event = one(trial, f"01 | 1 | Nausea | 1 | | {started_as} | |")
    assert (event["started_on"], event["start_flag"], event["emergent"]) == (on, flag, emergent)
    assert "imputed" in event["why"]


@pytest.mark.parametrize(
    ("ended", "emergent", "why"),
    [
        ("", True, "start not known, not shown to have ended before the first dose"),
        ("2024-03-10", True, "start not known, not shown to have ended before the first dose"),
        ("2024-03-09", False, "start not known, ended before the first dose"),
    ],
)
def test_an_event_whose_start_is_not_known(trial, ended, emergent, why):
    event = one(trial, f"01 | 1 | Nausea | 1 | | | {ended} |")
    assert (event["emergent"], event["why"], event["started_on"]) == (emergent, why, None)


def test_never_treated_patients_have_no_emergent_events(trial):
    event = one(trial, "02 | 1 | Nausea | 1 | 2024-03-12 | | |")
    assert (event["emergent"], event["why"], event["start_day"]) == (False, "never treated", None)


def test_days_and_durations(trial):
    rows = """01 | 1 | Nausea | 1 | 2024-03-09 | | 2024-03-09 |
              01 | 2 | Nausea | 1 | 2024-03-10 | | 2024-03-12 |"""
    names = ("start_day", "end_day", "days")
    assert found(trial, rows).rows.select(names).rows() == [(-1, -1, 1), (1, 3, 3)]


@pytest.mark.parametrize(
    ("ended_as", "died", "on", "flag"),
    [
        ("2024-04", None, date(2024, 4, 30), "D"),
        ("2024-04", "2024-04-12", date(2024, 4, 12), "D"),
        ("2024-04-20", "2024-04-12", date(2024, 4, 20), None),
        ("2024", None, date(2024, 12, 31), "M"),
    ],
)
def test_a_partial_end_is_not_after_the_death(trial, ended_as, died, on, flag):
    deaths = {"deaths": f"subject | died_on\n01 | {died}"} if died else {}
    event = one(trial, f"01 | 1 | Nausea | 1 | 2024-03-12 | | | {ended_as}", **deaths)
    assert (event["ended_on"], event["end_flag"]) == (on, flag)


def test_other_imputations_are_settings(trial):
    none = AdverseEventRules(30, ImputationRule("first", "none"), ImputationRule("last", "none"))
    event = one(trial, "01 | 1 | Nausea | 1 | | 2024-03 | | 2024-04", none)
    assert (event["started_on"], event["ended_on"]) == (None, None)
    with pytest.raises(ValueError, match="days_after_last_dose must be 0 or more, or None; got -1"):
        AdverseEventRules(-1)


def test_the_data_cut_off_comes_first(trial):
    rows = """01 | 1 | Nausea | 1 |            | 2024-07 |            |
              01 | 2 | Nausea | 1 | 2024-03-12 |         |            | 2024-07
              01 | 3 | Nausea | 1 | 2024-03-12 |         | 2024-07-01 |
              01 | 4 | Nausea | 1 |            | 2024-06 |            | 2024-06"""
    outcome = found(trial, rows, cutoff=date(2024, 6, 15))
    assert outcome.rows.select("number", "started_on", "ended_on").rows() == [
        (2, date(2024, 3, 12), None),
        (3, date(2024, 3, 12), None),
        (4, date(2024, 6, 1), date(2024, 6, 15)),
    ]
    assert [(finding.record, finding.rule) for finding in outcome.findings] == [
        ("adverse_events 01 / number 1", "starts by the data cut-off")
    ]


def test_the_first_and_the_worst_of_each_patient(trial):
    rows = """01 | 1 | Rash   | 2 | 2024-03-12 | | |
              01 | 2 | Nausea | 3 | 2024-03-14 | | |
              01 | 3 | Nausea | 3 | 2024-03-13 | | |
              01 | 4 | Nausea | 1 | 2024-03-11 | | |
              01 | 5 | Nausea | 4 | 2024-03-01 | | |
              01 | 6 | Rash   | 2 | 2024-03-12 | | |"""
    marked = found(trial, rows).rows
    numbers = {
        name: marked.filter(name)["number"].to_list()
        for name in ("first", "first_in_system", "first_of_term", "worst", "worst_of_term")
    }
    assert numbers == {
        "first": [4],
        "first_in_system": [4],
        "first_of_term": [1, 4],
        "worst": [3],
        "worst_of_term": [1, 3],
    }


def test_severity_stands_for_a_grade_that_was_not_recorded(trial):
    events = """subject | number | term   | severity | started_on
                01      | 1      | Nausea | mild     | 2024-03-12
                01      | 2      | Nausea | severe   | 2024-03-14
                01      | 3      | Nausea |          | 2024-03-15"""
    outcome = found(trial, "", adverse_events=events)
    assert outcome.rows.filter("worst")["number"].to_list() == [2]
    assert [finding.rule for finding in outcome.findings] == ["grade is known"]


def test_impossible_dates_and_grades_are_listed_and_the_rest_is_derived(trial):
    rows = """01 | 1 | Nausea | 1 |            | 2024-02-30 |            |
              01 | 2 | Nausea | 9 | 2024-03-12 |            | 2024-03-11 |
              01 | 3 | Nausea |   | 2024-03-12 |            |            | spring"""
    outcome = found(trial, rows)
    assert outcome.rows["emergent"].to_list() == [True, True, True]
    assert [(finding.record[-1], finding.rule) for finding in outcome.findings] == [
        ("1", "started_as is a date"),
        ("1", "start is known"),
        ("2", "end not before start"),
        ("2", "grade 1 to 5"),
        ("3", "ended_as is a date"),
        ("3", "grade is known"),
    ]


def test_worst_grades_take_partial_starts_and_leave_out_events_without_a_grade(trial, small_protocol):
    events = f"""{HEAD}
                 01 | 1 | Nausea | 2 |            | 2024-03 | |
                 01 | 2 | Rash   |   | 2024-03-12 |         | |
                 01 | 3 | Pain   | 3 |            |         | |"""
    data = trial(subjects="subject\n01", doses=DOSES, dispositions=STOPPED, adverse_events=events)
    worst = worst_grades(data, small_protocol)
    assert worst.select("term", "grade", "started_on").rows() == [
        ("Nausea", 2, date(2024, 3, 10)),
        ("Pain", 3, date(2024, 3, 10)),
    ]


EVENTS = pl.DataFrame(
    [
        ("01", "Gut", "Nausea", 1),
        ("01", "Gut", "Nausea", 3),
        ("01", "Skin", "Rash", None),
        ("02", "Gut", "Vomiting", 2),
        ("03", "Gut", "Nausea", 5),
    ],
    schema=["subject", "system", "term", "grade"],
    orient="row",
)
GROUPS = {"01": "A", "02": "A", "03": "B", "04": "B", "05": "B"}


def test_each_patient_counts_once_in_a_row():
    counts = count_adverse_events(EVENTS, GROUPS)
    rows = {(*row[:4],): row[4:] for row in counts.rows()}
    assert rows["any", None, None, "A"] == (2, 4, 2, 0, 1, 1, 0, 0, 0)
    assert rows["any", None, None, "B"] == (1, 1, 3, 0, 0, 0, 0, 1, 0)
    assert rows["system", "Gut", None, "A"] == (2, 3, 2, 0, 1, 1, 0, 0, 0)
    assert rows["term", "Gut", "Nausea", "A"] == (1, 2, 2, 0, 0, 1, 0, 0, 0)
    assert rows["term", "Skin", "Rash", "A"] == (1, 1, 2, 0, 0, 0, 0, 0, 1)
    assert rows["term", "Skin", "Rash", "B"] == (0, 0, 3, 0, 0, 0, 0, 0, 0)
    assert [row[:3] for row in counts.filter(group="A").rows()] == [
        ("any", None, None),
        ("system", "Gut", None),
        ("term", "Gut", "Nausea"),
        ("term", "Gut", "Vomiting"),
        ("system", "Skin", None),
        ("term", "Skin", "Rash"),
    ]


def test_zero_rows_on_request_and_for_no_event_at_all():
    counts = count_adverse_events(EVENTS.clear(), GROUPS, also=[("Heart", "Arrest")])
    assert counts.select("level", "term", "group", "patients", "of").rows() == [
        ("any", None, "A", 0, 2),
        ("any", None, "B", 0, 3),
        ("system", None, "A", 0, 2),
        ("system", None, "B", 0, 3),
        ("term", "Arrest", "A", 0, 2),
        ("term", "Arrest", "B", 0, 3),
    ]


def test_events_of_patients_without_a_group_are_refused():
    with pytest.raises(ValueError, match="subject '03' has adverse events and no group"):
        count_adverse_events(EVENTS, {"01": "A", "02": "A"})


def test_queries_match_terms_systems_and_texts():
    events = pl.DataFrame(
        [
            ("01", 1, "Skin", "Rash"),
            ("01", 2, "Skin", "Alopecia"),
            ("01", 3, "General", "Site REDNESS"),
            ("02", 1, "Gut", "nausea"),
        ],
        schema=["subject", "number", "system", "term"],
        orient="row",
    )
    skin = EventQuery("Skin", systems=("SKIN",), containing=("redness",), without=("alopecia",))
    gut = EventQuery("Gut", terms={"Nausea": "broad"})
    matched = match_queries(events, [skin, gut])
    assert matched.select("subject", "number", "query", "scope", "why").rows() == [
        ("01", 1, "Skin", None, "system Skin"),
        ("01", 3, "Skin", None, "term contains redness"),
        ("02", 1, "Gut", "broad", "term Nausea"),
    ]
    with pytest.raises(ValueError, match="two queries are named 'Gut'"):
        match_queries(events, [gut, gut])


def test_lists_of_queries_are_checked():
    with pytest.raises(ValueError, match="query 'Empty' names nothing"):
        EventQuery("Empty")
    with pytest.raises(ValueError, match="row 1 of the queries must have a query and a term"):
        queries_from_rows([{"query": "Falls", "term": None}])
    rows = [{"query": "Falls", "term": "Fall", "scope": scope} for scope in ("narrow", "broad", "narrow")]
    assert queries_from_rows(rows)[0].terms == {"Fall": "narrow"}
    with pytest.raises(ValueError, match=r"row 4 .* already in 'Falls' as narrow, not None"):
        queries_from_rows([*rows, {"query": "Falls", "term": "Fall"}])
