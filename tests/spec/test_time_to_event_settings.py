"""What the settings of a time to event change. Randomized 2024-01-01, scans every 56 days within 7."""

from datetime import date

import pytest

from trialwright.derive import missed_scans, response, time_to_event
from trialwright.records import TrialData


def ends(data, protocol, endpoint="PFS"):
    row = time_to_event(data, protocol, endpoint).row(0, named=True)
    return f"{row['ended_on']:%m-%d}", row["event"], row["why"]


def seen(trial, *scans, **tables):
    lines = "\n".join(f"01 | {on} | {kind}" for on, kind in (scan.split(" ") for scan in scans))
    return trial(subjects="subject\n01", assessments=f"subject | assessed_on | response\n{lines}", **tables)


@pytest.mark.parametrize(
    ("last", "event", "missed"),
    [
        (56, 168, [112]),
        (56, 119, []),
        (56, 120, [112]),
        (56, 231, [112, 168]),
        (56, 232, [112, 168, 224]),
        (104, 170, [112]),
        (105, 170, []),
        (0, 64, [56]),
    ],
)
def test_a_scan_is_missed_when_its_whole_window_lies_between(last, event, missed):
    assert missed_scans([0, 56, 112, 168, 224, 280], last, event, 7) == missed


@pytest.mark.parametrize(
    ("by", "progressed_on", "event"),
    [
        ("days", "2024-07-01", True),
        ("days", "2024-07-02", False),
        ("scheduled visits", "2024-06-24", True),
        ("scheduled visits", "2024-06-25", False),
    ],
)
def test_missed_scans_are_found_by_days_or_counted_and_differ_at_the_edges(
    trial, changed_endpoint, by, progressed_on, event
):
    """Last seen in week 8; the window of the second scan missed ends 06-24, two intervals and windows end 07-01."""
    protocol = changed_endpoint("PFS-FDA", missed_visits_by=by)
    assert ends(seen(trial, "2024-02-26 SD", f"{progressed_on} PD"), protocol, "PFS-FDA")[1] is event


def test_counted_scans_follow_a_schedule_that_changes(trial, changed_endpoint):
    """Every 8 weeks, from week 16 every 24: after week 8 only week 16 is missed before a progression in week 40."""
    protocol = changed_endpoint("PFS-FDA", missed_visits_by="scheduled visits")
    plan = protocol.assessments.model_copy(update={"every_weeks": ((0, 8), (16, 24))})
    changed = protocol.model_copy(update={"assessments": plan})
    data = seen(trial, "2024-02-26 SD", "2024-10-07 PD")
    assert ends(data, changed, "PFS-FDA") == ("10-07", True, "progression")
    assert ends(data, protocol, "PFS-FDA")[:2] == ("02-26", False)


@pytest.mark.parametrize(
    ("adequate", "ending"),
    [
        ("evaluable", ("02-26", False, "last adequate assessment")),
        ("any", ("04-22", False, "last assessment")),
    ],
)
def test_an_assessment_that_is_not_evaluable_counts_only_where_any_does(trial, changed_endpoint, adequate, ending):
    protocol = changed_endpoint("PFS", adequate=adequate)
    assert ends(seen(trial, "2024-02-26 SD", "2024-04-22 NE"), protocol) == ending


@pytest.mark.parametrize(("target", "day"), [("SD", "04-22"), ("NE", "02-26"), (None, "02-26")])
def test_with_targets_known_an_assessment_that_is_not_evaluable_overall_counts(trial, changed_endpoint, target, day):
    import polars as pl

    protocol = changed_endpoint("PFS", adequate="target known")
    data = seen(trial, "2024-02-26 SD", "2024-04-22 NE")
    told = response(data, protocol).with_columns(
        target=pl.when(pl.col("number") == 2).then(pl.lit(target, pl.String)).otherwise("target")
    )
    row = time_to_event(data, protocol, "PFS", told).row(0, named=True)
    assert (f"{row['ended_on']:%m-%d}", row["event"]) == (day, False)


def time_point_of_three_days(progression):
    """One target measured on 04-22, a non-target that grew on 04-24 or did not, another on 04-26."""
    who = {"subject": "01", "evaluator": "investigator"}
    roles = {"T1": "target", "N1": "non-target", "N2": "non-target"}
    days = {0: ("2023-12-25",) * 3, 1: ("2024-04-22", "2024-04-24", "2024-04-26")}
    states = {
        0: ("measured", "present", "present"),
        1: ("measured", "progressed" if progression else "present", "present"),
    }
    rows = {
        "allocations": [
            {"subject": "01", "stratum": "", "position": 0, "block": 0, "arm": "A", "randomized_on": date(2024, 1, 1)}
        ],
        "lesions": [
            who | {"lesion": name, "role": role, "organ": "lung", "node": False, "found_on": date(2023, 12, 25)}
            for name, role in roles.items()
        ],
        "assessments": [
            who | {"number": number, "planned_on": date.fromisoformat(on[0]), "assessed_on": date.fromisoformat(on[0])}
            for number, on in days.items()
        ],
        "measurements": [
            who
            | {"number": number, "lesion": lesion, "assessed_on": date.fromisoformat(on), "state": state}
            | {"diameter": 300 if lesion == "T1" else None}
            for number in days
            for lesion, on, state in zip(roles, days[number], states[number], strict=True)
        ],
    }
    return TrialData.from_rows("small", rows, virtual=True)


@pytest.mark.parametrize(
    ("dates", "progressed", "stable"),
    [("finding", "04-24", "04-26"), ("earliest", "04-22", "04-22"), ("latest", "04-26", "04-26")],
)
def test_a_time_point_of_several_days_has_the_day_the_setting_says(changed_endpoint, dates, progressed, stable):
    protocol = changed_endpoint("PFS", scan_dates=dates)
    assert ends(time_point_of_three_days(True), protocol) == (progressed, True, "progression")
    assert ends(time_point_of_three_days(False), protocol) == (stable, False, "last adequate assessment")


def test_a_duration_of_confirmed_response_starts_at_the_first_one_that_was_confirmed(trial, changed_endpoint):
    protocol = changed_endpoint("DOR", confirmation_days=28)
    data = seen(trial, "2024-02-26 PR", "2024-04-22 SD", "2024-06-17 PR", "2024-08-12 PR", "2024-10-07 PD")
    row = time_to_event(data, protocol, "DOR").row(0, named=True)
    assert (row["origin_on"], row["days"], row["event"]) == (date(2024, 6, 17), 113, True)
    single = seen(trial, "2024-02-26 PR", "2024-04-22 SD")
    assert time_to_event(single, protocol, "DOR").height == 0


def test_a_confirmed_response_is_known_from_its_confirmation(trial, changed_endpoint):
    protocol = changed_endpoint("TTR", confirmation_days=28)
    row = time_to_event(seen(trial, "2024-02-26 PR", "2024-04-22 PR"), protocol, "TTR").row(0, named=True)
    assert (row["ended_on"], row["known_on"]) == (date(2024, 2, 26), date(2024, 4, 22))


THERAPIES = """subject | therapy | started_on | progressed_on
               01      | first   | 2024-03-15 | 2024-07-01
               01      | second  | 2024-08-01 | 2024-12-01 """


@pytest.mark.parametrize(
    ("events", "ending"),
    [
        (["second progression", "death"], ("07-01", True, "second progression")),
        (["second therapy", "death"], ("08-01", True, "second therapy")),
        (["second therapy", "second progression", "death"], ("07-01", True, "second progression")),
    ],
)
def test_progression_on_the_next_therapy_is_the_one_recorded_with_it(trial, changed_endpoint, events, ending):
    protocol = changed_endpoint("OS", events=events)
    data = seen(trial, "2024-02-26 PD", therapies=THERAPIES, contacts="subject | alive_on\n01 | 2025-01-01")
    assert ends(data, protocol, "OS") == ending


def test_a_progression_after_the_cut_off_is_not_known(trial, changed_endpoint):
    protocol = changed_endpoint("OS", events=["second progression", "death"])
    data = seen(trial, "2024-02-26 PD", therapies=THERAPIES).cut(date(2024, 6, 30))
    assert ends(data, protocol, "OS") == ("03-15", False, "last known alive")


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("adverse event", ("03-20", True, "end of treatment")),
        ("withdrawal", ("03-20", True, "end of treatment")),
        ("lack of efficacy", ("03-20", True, "end of treatment")),
        ("clinical progression", ("03-20", True, "clinical progression")),
        ("completed", ("02-26", False, "last adequate assessment")),
        ("never treated", ("02-26", False, "last adequate assessment")),
    ],
)
def test_treatment_fails_by_whatever_ends_it_but_its_completion(trial, changed_endpoint, reason, ending):
    failures = ["progression", "clinical progression", "death", "new therapy", "end of treatment"]
    protocol = changed_endpoint("PFS", events=failures)
    data = seen(trial, "2024-02-26 SD", dispositions=f"subject | ended_on | reason\n01 | 2024-03-20 | {reason}")
    assert ends(data, protocol) == ending


@pytest.mark.parametrize(("ended", "day"), [("study", "02-26"), ("treatment", "04-22")])
def test_a_withdrawal_from_treatment_alone_does_not_end_follow_up(trial, changed_endpoint, ended, day):
    protocol = changed_endpoint("PFS", stops=[{"event": "withdrawal", "how": "censor before"}])
    left = f"subject | ended | ended_on | reason\n01 | {ended} | 2024-03-20 | withdrawal"
    assert ends(seen(trial, "2024-02-26 SD", "2024-04-22 PD", dispositions=left), protocol)[0] == day
