"""Exposure, laboratory, adverse events and responses of one subject, worked out by hand."""

from datetime import date
from types import SimpleNamespace

import polars as pl
import pytest

from trialwright import derive, protocol
from trialwright.exchange import adam
from trialwright.exchange.adam_response import adrs
from trialwright.exchange.adam_rows import Study, own_code
from trialwright.records import TrialData

START = date(2024, 1, 1)
DRUG = {"subject": "01", "intervention": "drug", "product": "drug", "unit": "mg", "planned": 100.0}
EVENT = {"subject": "01", "system": "Gut", "verbatim": "sickness", "term": "Nausea", "serious": False}
RESULT = {"subject": "01", "test": "neutrophils", "unit": "10^9/L", "low": 2.0, "high": 7.0}


@pytest.fixture(scope="module")
def made():
    plan = protocol.load("palmira")
    rows = {
        "screened": [
            {"subject": "01", "site": "1", "country": "Spain", "screened_on": START, "outcome": "randomized"},
        ],
        "allocations": [
            {"subject": "01", "stratum": "all", "position": 0, "block": 0, "arm": "A", "randomized_on": START},
        ],
        "doses": [
            DRUG | {"cycle": 1, "dose": 100.0, "change": "none", "started_on": START, "ended_on": date(2024, 1, 10)},
            DRUG
            | {"cycle": 2, "dose": 75.0, "change": "reduced", "reason": "nausea"}
            | {"started_on": date(2024, 1, 11), "ended_on": date(2024, 1, 20)},
        ],
        "adverse_events": [
            EVENT | {"number": 1, "grade": 1, "started_as": "2023-12"},
            EVENT | {"number": 2, "grade": 2, "started_on": date(2024, 1, 5), "ended_on": date(2024, 1, 6)},
            EVENT | {"number": 3, "grade": 3, "started_on": date(2024, 1, 9)},
        ],
        "laboratory": [
            RESULT | {"number": 1, "value": 4.0, "sampled_on": START},
            RESULT | {"number": 2, "value": 0.9, "sampled_on": date(2024, 1, 15)},
            RESULT | {"number": 3, "value": 3.0, "unit": "mg/L", "sampled_on": date(2024, 1, 16)},
        ],
        "dispositions": [
            {"subject": "01", "ended": "treatment", "reason": "progression", "ended_on": date(2024, 1, 20)},
        ],
    }
    data = TrialData.from_rows("x", rows, virtual=False)
    return adam(data, derive.tables(data, plan), plan)


def test_exposure_adds_days_and_doses_and_counts_changes(made):
    rows = made["ADEX"].rows
    overall = {row["PARAMCD"]: row for row in rows.filter(pl.col("PARCAT1") == "OVERALL").iter_rows(named=True)}
    values = {code: overall[code]["AVAL"] for code in ("TDURD", "TDOSE", "TPDOSE", "AVDDSE", "TDOSINT", "TCYC", "TRED")}
    assert values == {
        "TDURD": 20.0,
        "TDOSE": 1750.0,
        "TPDOSE": 2000.0,
        "AVDDSE": 87.5,
        "TDOSINT": 87.5,
        "TCYC": 2.0,
        "TRED": 1.0,
    }
    assert [overall[code]["AVALU"] for code in ("TDURD", "TDOSE", "TDOSINT")] == ["days", "mg", "%"]
    assert (overall["TADJ"]["AVALC"], overall["TADJ"]["REASON"]) == ("Y", "nausea")
    each = rows.filter(pl.col("PARCAT1") == "INDIVIDUAL").select("PARAMCD", "ASTDT", "AVAL", "AVALC")
    assert each.filter(pl.col("PARAMCD") == "DOSE")["AVAL"].to_list() == [1000.0, 750.0]
    assert each.filter(pl.col("PARAMCD") == "ADJ")["AVALC"].to_list() == ["N", "Y"]


def test_events_are_numbered_dated_and_flagged(made):
    rows = made["ADAE"].rows
    assert rows["ASTDT"].to_list() == [date(2023, 12, 1), date(2024, 1, 5), date(2024, 1, 9)]
    assert rows["ASTDTF"].to_list() == ["D", None, None]
    assert rows["AESTDTC"].to_list() == ["2023-12", "2024-01-05", "2024-01-09"]
    assert rows["ASTDY"].to_list() == [-31, 5, 9]
    assert (rows["ADURN"].to_list(), rows["ADURU"].to_list()) == ([None, 2, None], [None, "DAYS", None])
    assert rows["TRTEMFL"].to_list() == [None, "Y", "Y"]
    assert rows["AOCCPFL"].to_list() == [None, "Y", None]
    assert rows["AOCCIFL"].to_list() == [None, None, "Y"]
    assert rows["ATOXGR"].to_list() == ["1", "2", "3"]
    assert set(rows["AESER"]) == {"N"}


def test_results_are_against_their_baseline_and_another_unit_is_another_parameter(made):
    rows = made["ADLB"].rows
    assert rows["PARAMCD"].to_list() == ["NEUT", "NEUT", "NEUT2"]
    assert rows["PARAM"].to_list()[1:] == ["Neutrophils (10^9/L)", "Neutrophils (mg/L)"]
    second = rows.row(1, named=True)
    assert (second["BASE"], second["CHG"], second["ANRIND"], second["BNRIND"]) == (4.0, -3.1, "LOW", "NORMAL")
    assert (second["ATOXGRLN"], second["BTOXGRLN"]) == (3, 0)
    assert rows["ABLFL"].to_list() == ["Y", None, None]


def test_the_subject_has_treatment_ended_and_study_ongoing(made):
    row = made["ADSL"].rows.row(0, named=True)
    assert (row["TRTSDT"], row["TRTEDT"], row["TRTDURD"]) == (START, date(2024, 1, 20), 20)
    assert (row["EOTSTT"], row["DCTREAS"], row["EOSSTT"]) == ("DISCONTINUED", "PROGRESSION", "ONGOING")
    assert (row["USUBJID"], row["COUNTRY"]) == ("X-01", "ESP")


def responses(*rows):
    columns = {"number": pl.Int64, "response_on": pl.Date, "response": pl.String}
    made = pl.DataFrame(rows, schema=columns, orient="row")
    return made.select(
        pl.all(),
        subject=pl.lit("01"),
        evaluator=pl.lit("investigator"),
        why=pl.lit("as read"),
        source=pl.format("assessments 01 / number {}", "number"),
    )


def test_of_the_responses_of_one_day_the_worst_counts_and_none_after_progression():
    on = date(2024, 3, 1)
    found = responses((1, on, "CR"), (2, on, "NE"), (3, date(2024, 5, 1), "PD"), (4, date(2024, 7, 1), "SD"))
    subjects = pl.DataFrame({"subject": ["01"], "USUBJID": "X-01", "TRTP": "A", "TRTA": "A", "randomized_on": [START]})
    derived = SimpleNamespace(responses=found, best_responses=None)
    rows = adrs(Study("X", subjects), TrialData.from_rows("x", {}, virtual=True), derived, ()).rows
    visits = rows.filter(pl.col("PARAMCD") == "OVR")
    assert visits["AVALC"].to_list() == ["CR", "NE", "PD", "SD"]
    assert visits["ANL01FL"].to_list() == ["Y", None, "Y", "Y"]
    assert visits["ANL02FL"].to_list() == ["Y", "Y", "Y", None]
    last = rows.filter(pl.col("PARAMCD") == "LSTA").row(0, named=True)
    assert (last["AVALC"], last["AVAL"], last["ADY"], last["SRCSEQ"]) == ("SD", 3, 183, visits["ASEQ"][3])
    answers = dict(rows.filter(pl.col("AVALC").is_in(["Y", "N"])).select("PARAMCD", "AVALC").rows())
    assert answers == {"PD": "Y", "MDIS": "N", "DEATH": "N"}


def test_codes_never_pass_eight_letters_nor_meet():
    codes = []
    for _ in range(12):
        codes.append(own_code("Progression-free", codes))
    assert codes[:3] == ["PROGRESS", "PROGRES2", "PROGRES3"]
    assert codes[-1] == "PROGRE12"
    assert own_code("24-week rate", []) == "WEEKRATE"
    assert own_code("//", []) == "PARAM"
