"""Trial data to SDTM and back: everything a table may hold, written out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest

from trialwright.exchange import NOT_IN_SDTM, Dataset, sdtm, settings_of, trial_data
from trialwright.protocol import Protocol, load
from trialwright.records import TABLES, TrialData

DAY = {name: date(2024, 1, number) for number, name in enumerate(("scan", "consent", "randomized", "dose"), 1)}
ME = {"subject": "01-001"}
SCAN = {**ME, "evaluator": "investigator"}


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    """A shipped study, with an independent reader beside the investigator."""
    plan = load("palmira")
    readers = ("investigator", "reader one")
    return plan.model_copy(update={"assessments": plan.assessments.model_copy(update={"evaluators": readers})})


def lesion(name: str, **more: Any) -> dict[str, Any]:
    plain = {"role": "target", "organ": "liver", "node": False, "found_on": DAY["scan"]}
    return {**SCAN, "lesion": name, **plain, **more}


def measured(name: str, number: int, on: date, **more: Any) -> dict[str, Any]:
    return {**SCAN, "number": number, "lesion": name, "assessed_on": on, "state": "measured", **more}


LATER = date(2024, 3, 5)
ROWS: Mapping[str, list[dict[str, Any]]] = {
    "screened": [
        {**ME, "site": "01", "country": "Spain", "screened_on": DAY["consent"], "outcome": "randomized"},
        {
            "subject": "01-002",
            "site": "01",
            "country": "Atlantis",
            "screened_on": DAY["consent"],
            "outcome": "not eligible",
        },
        {
            "subject": "01-003",
            "site": "02",
            "country": "France",
            "screened_on": DAY["consent"],
            "outcome": "randomized",
        },
    ],
    "allocations": [
        {**ME, "stratum": "a=b|c=d", "position": 3, "block": 1, "arm": "A", "randomized_on": DAY["randomized"]},
        {"subject": "01-003", "arm": "B", "randomized_on": DAY["randomized"]},
    ],
    "visits": [
        {**ME, "visit": "screening", "number": 1, "visited_on": DAY["consent"]},
        {**ME, "visit": "cycle-day-1", "number": 2, "visited_on": LATER},
        {**ME, "visit": "cycle-day-1", "number": 3},
    ],
    "doses": [
        {
            **ME,
            "intervention": "palbociclib",
            "product": "Palbociclib",
            "cycle": 1,
            "dose": 125.0,
            "unit": "mg",
            "change": "none",
            "started_on": DAY["dose"],
            "ended_on": date(2024, 1, 24),
        },
        {
            **ME,
            "intervention": "palbociclib",
            "product": "Palbociclib",
            "cycle": 2,
            "dose": 100.0,
            "unit": "mg",
            "change": "reduced",
            "reason": "adverse event: neutropenia",
            "started_on": date(2024, 2, 1),
        },
        {
            **ME,
            "intervention": "endocrine",
            "product": "letrozole",
            "cycle": 1,
            "change": "interrupted",
            "started_on": DAY["dose"],
        },
    ],
    "lesions": [
        lesion("T01"),
        lesion("T02", organ="lymph_node", node=True),
        lesion("T03", organ="bone", soft_tissue=True, irradiated=True, grown_since=False, merged_into="T01"),
        lesion("NT01", role="non-target", organ="lymph_node"),
        lesion("NEW01", role="new", organ="lung", found_on=LATER, split_from="T01"),
        {**lesion("T01"), "evaluator": "reader one"},
    ],
    "assessments": [
        {**SCAN, "number": 0, "assessed_on": DAY["scan"]},
        {**SCAN, "number": 1, "assessed_on": LATER},
        {**SCAN, "number": 2},
        {**SCAN, "number": 3, "assessed_on": date(2024, 6, 1)},
        {**ME, "evaluator": "reader one", "number": 0, "assessed_on": DAY["scan"], "accepted": True},
    ],
    "measurements": [
        measured("T01", 0, DAY["scan"], diameter=305),
        measured("T02", 0, DAY["scan"], diameter=180),
        measured("T03", 0, DAY["scan"], diameter=100),
        measured("NT01", 0, DAY["scan"], state="present"),
        measured("T01", 1, LATER, diameter=50, state="too small"),
        measured("T02", 1, LATER, state="not evaluable"),
        measured("T03", 1, LATER, state="merged"),
        measured("NT01", 1, LATER, state="progressed"),
        measured("NEW01", 1, LATER, state="unequivocal"),
        {**measured("T01", 0, DAY["scan"], diameter=299), "evaluator": "reader one"},
    ],
    "recorded_responses": [
        {**SCAN, "number": 1, "kind": kind, "response": said, "assessed_on": LATER}
        for kind, said in (("target", "PR"), ("non-target", "PD"), ("new lesion", "UNEQUIVOCAL"), ("overall", "PD"))
    ],
    "adverse_events": [
        {
            **ME,
            "number": 2,
            "system": "Gastrointestinal disorders",
            "term": "Nausea",
            "grade": 3,
            "serious": True,
            "verbatim": "felt sick",
            "related": "RELATED",
            "action": "DOSE REDUCED",
            "outcome": "RECOVERED/RESOLVED",
            "started_as": "2024-02",
            "ended_on": LATER,
        },
        {**ME, "number": 5, "system": "Other", "term": "Fall"},
    ],
    "laboratory": [
        {
            **ME,
            "number": 1,
            "test": "neutrophils",
            "specimen": "blood",
            "value": 1.2,
            "text": "1.2",
            "unit": "10^9/L",
            "low": 1.5,
            "high": 7.5,
            "sampled_on": DAY["dose"],
            "visit": "CYCLE 1",
        },
        {**ME, "number": 2, "test": "mood of the day", "text": "good"},
    ],
    "dispositions": [
        {**ME, "ended": "treatment", "reason": "clinical progression", "ended_on": date(2024, 3, 20)},
        {**ME, "ended": "study", "reason": "sponsor decision", "ended_on": date(2024, 9, 1)},
        {"subject": "01-003", "ended": "treatment", "reason": "never treated", "ended_on": DAY["dose"]},
    ],
    "therapies": [
        {**ME, "therapy": "capecitabine", "chemotherapy": True, "started_on": date(2024, 4, 1)},
        {**ME, "therapy": "radiotherapy", "started_on": date(2024, 4, 1)},
    ],
    "contacts": [{**ME, "alive_on": date(2024, 7, 1)}],
    "deaths": [{**ME, "cause": "adverse event", "died_on": date(2024, 8, 31)}],
}


@pytest.fixture(scope="module")
def data(protocol: Protocol) -> TrialData:
    levels = [{"factor": factor.id, "level": factor.levels[0]} for factor in protocol.randomization.strata]
    strata = [{**ME, **level, "randomized_on": DAY["randomized"]} for level in levels]
    return TrialData.from_rows(protocol.identification.id, {**ROWS, "strata": strata}, virtual=False)


@pytest.fixture(scope="module")
def datasets(data: TrialData, protocol: Protocol) -> dict[str, Dataset]:
    return sdtm(data, protocol)


@pytest.mark.parametrize("table", [name for name in TABLES if NOT_IN_SDTM.get(name) != ()])
def test_every_table_comes_back_with_all_its_columns(
    data: TrialData, datasets: dict[str, Dataset], protocol: Protocol, table: str
) -> None:
    again, _ = trial_data(datasets, settings_of(protocol))
    left_out, key = NOT_IN_SDTM.get(table, ()), TABLES[table].key
    expected, found = (one[table].drop(left_out).sort(key) for one in (data, again))
    assert len(expected)
    if table == "adverse_events":  # what was not recorded in another form comes back in the form it has
        told = {
            "verbatim": pl.coalesce("verbatim", "term"),
            "started_as": pl.coalesce("started_as", pl.col("started_on").cast(pl.String)),
            "ended_as": pl.coalesce("ended_as", pl.col("ended_on").cast(pl.String)),
        }
        expected = expected.with_columns(**told)
    if table == "recorded_responses":
        expected, found = (one.drop("visit", "record").sort("kind") for one in (expected, found))
    assert found.to_dicts() == expected.to_dicts()


def test_nothing_but_what_was_not_done_is_found_wrong(datasets: dict[str, Dataset], protocol: Protocol) -> None:
    _, findings = trial_data(datasets, settings_of(protocol))
    assert {finding.rule for finding in findings} <= {"not done", "partial date"}


def test_a_subject_without_a_dose_has_no_study_days_and_says_why(datasets: dict[str, Dataset]) -> None:
    subjects = {row["SUBJID"]: row for row in datasets["DM"].rows.to_dicts()}
    assert subjects["01-003"]["ARMNRS"] == "ASSIGNED, NOT TREATED"
    assert (subjects["01-003"]["ARMCD"], subjects["01-003"]["ACTARMCD"], subjects["01-003"]["RFSTDTC"]) == (
        "B",
        None,
        None,
    )
    assert (subjects["01-002"]["ARMNRS"], subjects["01-002"]["ARMCD"]) == ("SCREEN FAILURE", None)
    assert (subjects["01-001"]["COUNTRY"], subjects["01-002"]["COUNTRY"]) == ("ESP", "Atlantis")


def test_study_days_count_from_the_first_dose_and_epochs_end_with_treatment(datasets: dict[str, Dataset]) -> None:
    rows = datasets["TR"].rows.filter(TREVAL="INVESTIGATOR").unique("VISITNUM", keep="first", maintain_order=True)
    assert rows.select("TRDY", "EPOCH").rows() == [
        (-3, "SCREENING"),
        (62, "TREATMENT"),
        (None, None),
        (150, "FOLLOW-UP"),
    ]


def test_readers_have_names_and_groups_of_their_own(datasets: dict[str, Dataset]) -> None:
    rows = datasets["TR"].rows.filter(TREVAL="INDEPENDENT ASSESSOR")
    assert rows.select("TREVALID", "TRLNKGRP", "TRACPTFL", "TRSTRESC").rows() == [
        ("READER ONE", "READERONE-A0", "Y", "29.9")
    ]


def test_without_records_of_responses_those_that_follow_are_marked(data: TrialData, protocol: Protocol) -> None:
    silent = TrialData.from_frames(
        data.study, {name: frame for name, frame in data.tables.items() if name != "recorded_responses"}, virtual=False
    )
    rows = sdtm(silent, protocol)["RS"].rows
    assert set(rows["RSDRVFL"]) == {"Y"}
    assert rows["RSORRES"].null_count() == len(rows) > 0
