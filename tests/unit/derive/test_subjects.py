"""One row per subject: what it says of patients treated, never treated, dead, and not randomized."""

from datetime import date

from trialwright.derive import SAFETY_PROOFS, subjects
from trialwright.records import TrialData

SCREENED = [
    {"subject": s, "site": "1", "country": "ES", "screened_on": date(2020, 1, 1), "outcome": o}
    for s, o in (("01", "randomized"), ("02", "randomized"), ("03", "not eligible"))
]
ALLOCATED = [
    {"subject": s, "stratum": "all", "position": p, "block": 0, "arm": "A", "randomized_on": date(2020, 1, 10)}
    for p, s in enumerate(("01", "02"))
]
DOSE = {
    "subject": "01",
    "intervention": "drug",
    "product": "drug",
    "cycle": 1,
    "change": "none",
    "started_on": date(2020, 1, 12),
    "ended_on": date(2020, 2, 8),
}
EVENT = {"subject": "01", "number": 1, "system": "Other", "term": "rash", "started_as": "2020-03", "ended_as": None}


def trial(**rows):
    made = {"screened": SCREENED, "allocations": ALLOCATED, "doses": [DOSE], "adverse_events": [EVENT]}
    return TrialData.from_rows("x", {**made, **rows}, virtual=True)


def test_every_subject_has_one_row_randomized_or_not():
    found = subjects(trial())
    assert found["subject"].to_list() == ["01", "02", "03"]
    assert found["arm"].to_list() == ["A", "A", None]
    assert found["first_dose"].to_list() == [date(2020, 1, 12), None, None]


def test_a_cycle_that_lasts_leaves_the_last_dose_open():
    lasting = trial(doses=[{**DOSE, "ended_on": None}])
    assert subjects(lasting)["last_dose"].to_list() == [None, None, None]


def test_life_is_proved_by_the_records_named_and_partial_dates_read_as_their_first_day():
    assert subjects(trial())["alive_on"].to_list() == [date(2020, 2, 8), None, None]
    by_safety = subjects(trial(), SAFETY_PROOFS)
    assert by_safety["alive_on"][0] == date(2020, 3, 1)
    assert by_safety["alive_source"][0] == "adverse_events 01 / started_as 2020-03-01"


def test_death_and_ends_have_their_dates_and_reasons():
    data = trial(
        deaths=[{"subject": "01", "cause": "disease", "died_on": date(2020, 4, 1)}],
        dispositions=[{"subject": "01", "ended": "treatment", "reason": "progression", "ended_on": date(2020, 2, 9)}],
    )
    row = subjects(data).row(0, named=True)
    assert (row["died_on"], row["cause"]) == (date(2020, 4, 1), "disease")
    assert (row["treatment_ended_on"], row["treatment_ended_why"]) == (date(2020, 2, 9), "progression")
    assert row["study_ended_on"] is None
