"""What each strategy for an intercurrent event makes of the same patients (ICH E9(R1), section A.3.2)."""

import pytest

from trialwright.derive import best_response, discordance, tables, time_to_event
from trialwright.protocol import Estimand, IntercurrentEvent, estimand_endpoint, with_estimands

SCANS = """subject | assessed_on | response
           01      | 2024-02-26  | SD
           01      | 2024-04-22  | SD
           01      | 2024-06-17  | PD
           02      | 2024-02-26  | SD
           02      | 2024-04-22  | PD """
STOPPED = "subject | ended | reason | ended_on\n01 | treatment | adverse event | 2024-05-01"
THERAPY = "subject | started_on\n01 | 2024-05-10"


def asking(protocol, variable="PFS", **strategies):
    """Return the protocol with one estimand called E; ``new_therapy="composite"`` names event and strategy."""
    events = tuple(IntercurrentEvent(event=e.replace("_", " "), strategy=s) for e, s in strategies.items())
    kind = protocol.endpoint(variable).kind
    summary = "hazard ratio" if kind == "time to event" else "difference of proportions"
    estimand = Estimand(
        id="E", label="E", population="ITT", treatment=("A", "B"), variable=variable, intercurrent_events=events,
        summary=summary,
    )  # fmt: skip
    return with_estimands(protocol.model_copy(update={"estimands": (estimand,)}))


def ends(data, protocol, endpoint="E"):
    rows = time_to_event(data, protocol, endpoint).rows(named=True)
    return {row["subject"]: (row["event"], str(row["ended_on"]), row["why"]) for row in rows}


@pytest.mark.parametrize(
    ("strategy", "first"),
    [
        ("treatment policy", (True, "2024-06-17", "progression")),
        ("hypothetical", (False, "2024-04-22", "new anticancer therapy")),
        ("composite", (True, "2024-05-10", "new therapy")),
        ("while on treatment", (False, "2024-05-10", "new anticancer therapy")),
    ],
)
def test_a_new_therapy_before_progression(trial, small_protocol, strategy, first):
    data = trial(subjects="subject\n01\n02", assessments=SCANS, therapies=THERAPY)
    expected = {"01": first, "02": (True, "2024-04-22", "progression")}
    assert ends(data, asking(small_protocol, new_therapy=strategy)) == expected


@pytest.mark.parametrize(
    ("strategy", "first"),
    [
        ("treatment policy", (True, "2024-06-17", "progression")),
        ("hypothetical", (False, "2024-04-22", "end of treatment")),
        ("composite", (True, "2024-05-01", "end of treatment")),
        ("while on treatment", (False, "2024-05-01", "end of treatment")),
    ],
)
def test_treatment_stopped_for_toxicity(trial, small_protocol, strategy, first):
    data = trial(subjects="subject\n01\n02", assessments=SCANS, dispositions=STOPPED)
    assert ends(data, asking(small_protocol, end_of_treatment=strategy))["01"] == first


@pytest.mark.parametrize("reason", ["progression", "clinical progression", "death", "never treated"])
def test_an_end_that_the_disease_brings_is_no_discontinuation(trial, small_protocol, reason):
    stopped = f"subject | ended | reason | ended_on\n01 | treatment | {reason} | 2024-05-01"
    data = trial(subjects="subject\n01\n02", assessments=SCANS, dispositions=stopped)
    found = ends(data, asking(small_protocol, end_of_treatment="composite"))
    assert found["01"] == (True, "2024-06-17", "progression")


def test_the_first_of_several_events_decides(trial, small_protocol):
    data = trial(subjects="subject\n01\n02", assessments=SCANS, dispositions=STOPPED, therapies=THERAPY)
    both = asking(small_protocol, new_therapy="hypothetical", end_of_treatment="while on treatment")
    assert ends(data, both)["01"] == (False, "2024-05-01", "end of treatment")
    mixed = asking(small_protocol, new_therapy="composite", end_of_treatment="hypothetical")
    assert ends(data, mixed)["01"] == (False, "2024-04-22", "end of treatment")


def test_an_event_on_the_day_of_the_intercurrent_event_counts(trial, small_protocol):
    data = trial(subjects="subject\n01\n02", assessments=SCANS, therapies="subject | started_on\n02 | 2024-04-22")
    for strategy in ("hypothetical", "while on treatment"):
        assert ends(data, asking(small_protocol, new_therapy=strategy))["02"] == (True, "2024-04-22", "progression")


def test_missed_visits_under_both_strategies(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | SD\n01 | 2024-09-09 | PD",
    )
    found = ends(data, asking(small_protocol, missed_visits="hypothetical"))
    assert found == {"01": (False, "2024-02-26", "more than 1 missed assessment before the event")}
    assert ends(data, asking(small_protocol, missed_visits="treatment policy"))["01"][:2] == (True, "2024-09-09")


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("composite", (True, "2024-04-01", "death")),
        ("while on treatment", (False, "2024-04-01", "died without the event")),
        ("hypothetical", (False, "2024-02-26", "died without the event")),
    ],
)
def test_death_before_progression_in_time_to_progression(trial, small_protocol, strategy, expected):
    data = trial(
        subjects="subject\n01",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | SD",
        deaths="subject | died_on\n01 | 2024-04-01",
    )
    assert ends(data, asking(small_protocol, "TTP", death=strategy)) == {"01": expected}


def test_survival_without_other_therapy_ends_the_day_before_it(trial, small_protocol):
    data = trial(subjects="subject\n01", therapies=THERAPY, deaths="subject | died_on\n01 | 2024-07-01")
    found = ends(data, asking(small_protocol, "OS", new_therapy="hypothetical"))
    assert found == {"01": (False, "2024-05-09", "new anticancer therapy")}


@pytest.mark.parametrize(
    ("strategy", "won"), [("treatment policy", True), ("composite", False), ("while on treatment", False)]
)
def test_a_response_after_another_therapy(trial, small_protocol, strategy, won):
    data = trial(
        subjects="subject\n01\n02",
        assessments="""subject | assessed_on | response
                       01      | 2024-02-26  | SD
                       01      | 2024-06-17  | PR
                       02      | 2024-02-26  | PR """,
        therapies="subject | started_on\n01 | 2024-05-10\n02 | 2024-05-10",
    )
    rows = best_response(data, asking(small_protocol, "ORR", new_therapy=strategy), "E")
    assert rows["success"].to_list() == [won, True]


def test_an_event_the_estimand_does_not_name_is_handled_as_the_endpoint_says(trial, small_protocol):
    data = trial(subjects="subject\n01\n02", assessments=SCANS, therapies=THERAPY)
    assert ends(data, asking(small_protocol, "PFS-FDA")) == ends(data, small_protocol, "PFS-FDA")
    policy = asking(small_protocol, "PFS-FDA", new_therapy="treatment policy")
    assert ends(data, policy)["01"][:2] == (True, "2024-06-17")


def test_the_table_of_disagreement_names_patient_change_and_reason(trial, small_protocol):
    data = trial(subjects="subject\n01\n02", assessments=SCANS, therapies=THERAPY)
    times = tables(data, asking(small_protocol, new_therapy="hypothetical")).times
    (row,) = discordance(times, "E", "PFS").rows(named=True)
    assert row == {
        "subject": "01", "endpoint": "E", "against": "PFS", "change": "censored, not event",
        "days": 113, "event": False, "why": "new anticancer therapy",
        "days_against": 169, "event_against": True, "why_against": "progression",
    }  # fmt: skip
    assert not len(discordance(times, "PFS", "PFS"))
    with pytest.raises(ValueError, match=r"got 'XYZ'\. Known: PFS"):
        discordance(times, "E", "XYZ")


def test_an_estimand_of_harms_is_refused(small_protocol):
    estimand = Estimand(
        id="E", label="E", population="ITT", treatment=("A", "B"), variable="AE", summary="hazard ratio"
    )
    with pytest.raises(ValueError, match="must be a time to event or a response; got adverse events"):
        estimand_endpoint(small_protocol, estimand)
