"""SDTM to trial data: what each domain becomes, and every kind of bad input as a finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from trialwright.derive import response
from trialwright.errors import DataError
from trialwright.exchange import Dataset, SdtmSettings, Variable, read_folder, trial_data
from trialwright.records import Finding, TrialData

DATA = Path(__file__).parents[4] / "shared" / "data"
PHARMAVERSE = DATA / "pharmaverse" / "sdtm"
PILOT = DATA / "cdiscpilot01" / "xpt"

TARGET = {"TULNKID": "T01", "TUTESTCD": "TUMIDENT", "TUSTRESC": "TARGET", "TULOC": "LIVER", "TUEVAL": "INVESTIGATOR"}
BASELINE = {"VISIT": "BASELINE", "VISITNUM": 1}
WEEK_8 = {"VISIT": "WEEK 8", "VISITNUM": 2}
SIZE = {"TRLNKID": "T01", "TRTESTCD": "LDIAM", "TRSTRESU": "mm", "TREVAL": "INVESTIGATOR"}


NUMERIC = ("SEQ", "DOSE", "VISITNUM", "STRESN")


def dataset(name: str, rows: Sequence[Mapping[str, object]]) -> Dataset:
    """Return a dataset; every subject is 01-001 unless the row says otherwise."""
    columns = list(dict.fromkeys(["USUBJID", *(key for row in rows for key in row)]))
    filled = [{"USUBJID": "01-001", **row} for row in rows]
    variables, series = [], []
    for column in columns:
        numeric = column.endswith(NUMERIC)
        variables.append(Variable(column, "", "number" if numeric else "text"))
        values = [row.get(column) for row in filled]
        series.append(pl.Series(column, values, pl.Float64 if numeric else pl.String, strict=False))
    return Dataset(name, "", tuple(variables), pl.DataFrame(series))


def study(**domains: Sequence[Mapping[str, object]]) -> dict[str, Dataset]:
    """Return datasets by name, with one randomized subject in DM and DS unless these are given."""
    basic: dict[str, Sequence[Mapping[str, object]]] = {
        "DM": [{"SITEID": "01", "COUNTRY": "ESP", "ARMCD": "A", "RFICDTC": "2023-12-20", "AGE": "61"}],
        "DS": [
            {"DSDECOD": "RANDOMIZED", "DSTERM": "RANDOMIZED", "DSCAT": "PROTOCOL MILESTONE", "DSSTDTC": "2024-01-01"}
        ],
    }
    return {name: dataset(name, rows) for name, rows in (basic | domains).items()}


def read(settings: SdtmSettings | None = None, **domains: Any) -> tuple[TrialData, tuple[Finding, ...]]:
    """Read a study; the domains that it does not have are findings of their own test."""
    data, findings = trial_data(study(**domains), settings)
    return data, tuple(finding for finding in findings if finding.rule != "missing dataset")


def row(data: TrialData, table: str, *columns: str) -> Any:
    assert len(data[table]) == 1
    return data[table].select(columns).row(0)


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def test_a_randomized_subject_is_screened_and_allocated() -> None:
    data, findings = read()
    assert row(data, "screened", "subject", "site", "country", "outcome") == ("01-001", "01", "ESP", "randomized")
    assert row(data, "allocations", "subject", "arm", "randomized_on") == ("01-001", "A", date(2024, 1, 1))
    assert row(data, "answers", "variable", "value") == ("age", '"61"')
    assert findings == ()


def test_a_screen_failure_is_kept_and_not_allocated() -> None:
    failed = [{"ARMCD": "Scrnfail", "RFICDTC": "2023-12-20"}]
    for term, outcome in (("Consent withdrawn", "screen failure"), ("NOT ELIGIBLE", "not eligible")):
        data, findings = read(DM=failed, DS=[{"DSDECOD": "SCREEN FAILURE", "DSTERM": term}])
        assert row(data, "screened", "outcome") == (outcome,)
        assert (len(data["allocations"]), findings) == (0, ())


def test_an_arm_without_a_day_of_randomization_is_a_finding() -> None:
    data, findings = read(DS=[{"DSDECOD": "COMPLETED", "DSSTDTC": "2024-05-01"}])
    assert len(data["allocations"]) == 0
    assert rules(findings) == ["allocations need randomized_on"]
    assert row(data, "screened", "outcome") == ("randomized",)
    settings = SdtmSettings(randomized_on="RFSTDTC")
    arm = [{"ARMCD": "A", "RFSTDTC": "2024-01-03T08:00"}]
    data, findings = read(settings, DM=arm, DS=[{"DSDECOD": "COMPLETED", "DSSTDTC": "2024-05-01"}])
    assert row(data, "allocations", "randomized_on") == (date(2024, 1, 3),)
    assert row(data, "dispositions", "ended", "reason") == ("study", "completed")


def test_doses_are_per_day_and_a_frequency_without_one_is_a_finding() -> None:
    given = {"EXTRT": "DRUG", "EXDOSE": 50, "EXDOSU": "mg", "EXSTDTC": "2024-01-02", "EXENDTC": "2024-01-08"}
    data, findings = read(EX=[{**given, "EXDOSFRQ": "BID", "EXADJ": "DOSE REDUCED"}, {**given, "EXDOSFRQ": "PRN"}])
    assert data["doses"].select("intervention", "product", "cycle", "dose", "change").rows() == [
        ("drug", "DRUG", 1, 100.0, "reduced"),
        ("drug", "DRUG", 2, None, "none"),
    ]
    assert rules(findings) == ["dose per day"]


def test_adverse_events_keep_their_dates_as_recorded() -> None:
    event = {"AETERM": "feeling sick", "AEDECOD": "NAUSEA", "AEBODSYS": "GI", "AESER": "N", "AESEQ": 4}
    data, findings = read(AE=[{**event, "AESTDTC": "2024-02", "AETOXGR": "3", "AEENDTC": "2024-02-30"}])
    assert row(data, "adverse_events", "number", "term", "grade", "serious", "started_on", "started_as") == (
        (4, "NAUSEA", 3, False, None, "2024-02")
    )
    assert [(f.record, f.rule) for f in findings] == [
        ("AE 01-001 AESEQ 4", "partial date"),
        ("AE 01-001 AESEQ 4", "impossible date"),
    ]


def test_only_therapies_of_the_named_categories_are_read_and_the_others_counted() -> None:
    data, findings = read(
        CM=[
            {"CMTRT": "CARBOPLATIN", "CMCAT": "Anti-cancer therapy", "CMSCAT": "CHEMOTHERAPY", "CMSTDTC": "2024-06"},
            {"CMTRT": "ASPIRIN", "CMCAT": "GENERAL", "CMSTDTC": "2003"},
        ]
    )
    assert row(data, "therapies", "therapy", "chemotherapy", "started_on") == ("CARBOPLATIN", True, date(2024, 6, 1))
    assert [(f.rule, f.what[:31]) for f in findings] == [
        ("CMCAT that is read", "1 records with CMCAT GENERAL ha"),
        ("imputed date", "CMSTDTC is '2024-06'; 2024-06-0"),
    ]


def test_laboratory_results_have_plain_names() -> None:
    result = {"LBTESTCD": "SODIUM", "LBTEST": "Sodium", "LBSTRESN": 140, "LBSTRESU": "mmol/L", "LBSTNRLO": "135"}
    data, _ = read(LB=[{**result, "LBDTC": "2024-01-02T08:30", "VISIT": "WEEK 1", "LBSPEC": "SERUM"}])
    assert row(data, "laboratory", "test", "specimen", "value", "low", "sampled_on", "visit") == (
        ("sodium", "serum", 140.0, 135.0, date(2024, 1, 2), "WEEK 1")
    )


def test_the_cause_of_a_death_comes_from_dd_before_fatal_events() -> None:
    died = [{"ARMCD": "A", "RFICDTC": "2023-12-20", "DTHDTC": "2024-03", "DTHFL": "Y"}]
    fatal = [{"AETERM": "STROKE", "AEOUT": "FATAL", "AESTDTC": "2024-03-01"}]
    data, findings = read(DM=died, AE=fatal)
    assert row(data, "deaths", "cause", "died_on") == ("adverse event", date(2024, 3, 1))
    assert rules(findings) == ["imputed date"]
    data, _ = read(DM=died, AE=fatal, DD=[{"DDTESTCD": "PRCDTH", "DDSTRESC": "DISEASE PROGRESSION"}])
    assert row(data, "deaths", "cause") == ("disease",)


def test_survival_status_alive_is_a_contact() -> None:
    status = [
        {"SSTESTCD": "SURVSTAT", "SSSTRESC": "ALIVE", "SSDTC": "2024-07-01"},
        {"SSTESTCD": "SURVSTAT", "SSSTRESC": "DEAD", "SSDTC": "2024-08-01"},
    ]
    assert row(read(SS=status)[0], "contacts", "alive_on") == (date(2024, 7, 1),)


def scans(*sizes: Mapping[str, object]) -> tuple[TrialData, tuple[Finding, ...]]:
    return read(TU=[{**TARGET, **BASELINE, "TUDTC": "2023-12-20"}], TR=[{**SIZE, **size} for size in sizes])


def test_lesions_and_measurements_by_evaluator_in_tenths() -> None:
    data, findings = scans(
        {**BASELINE, "TRSTRESN": 32.3, "TRDTC": "2023-12-20"},
        {**WEEK_8, "TRSTRESN": 2, "TRSTRESU": "cm", "TRDTC": "2024-02-26"},
    )
    assert row(data, "lesions", "evaluator", "lesion", "role", "organ", "node", "found_on") == (
        ("investigator", "T01", "target", "liver", False, date(2023, 12, 20))
    )
    assert data["measurements"].select("number", "diameter", "state").rows() == [
        (0, 323, "measured"),
        (1, 200, "measured"),
    ]
    assert data["assessments"].select("number", "assessed_on").rows() == [
        (0, date(2023, 12, 20)),
        (1, date(2024, 2, 26)),
    ]
    assert findings == ()


def test_finer_diameters_go_down_to_the_tenth_and_are_counted() -> None:
    data, findings = scans({**BASELINE, "TRSTRESN": 4.95, "TRDTC": "2023-12-20"})
    assert row(data, "measurements", "diameter") == (49,)
    assert [f.what[:40] for f in findings] == ["1 diameters have more digits than tenths"]


def test_of_a_node_the_short_axis_counts() -> None:
    node = {**TARGET, **BASELINE, "TULOC": "LYMPH NODE, AXILLARY", "TUDTC": "2023-12-20"}
    sizes = [
        {**SIZE, **BASELINE, "TRTESTCD": test, "TRSTRESN": size, "TRDTC": "2023-12-20"}
        for test, size in (("LDIAM", 30), ("LPERP", 18))
    ]
    data, findings = read(TU=[node], TR=sizes)
    assert row(data, "measurements", "diameter") == (180,)
    assert [f.what.split(" have")[0] for f in findings] == ["1 records with TRTESTCD LDIAM"]


def test_not_done_is_not_evaluable_and_counted_with_its_reason() -> None:
    data, findings = scans({**WEEK_8, "TRSTAT": "NOT DONE", "TRREASND": "Image obscured", "TRDTC": "2024-02-26"})
    assert row(data, "measurements", "diameter", "state") == (None, "not evaluable")
    assert [f.what for f in findings] == ["1 records were not done: Image obscured"]


def test_a_partial_scan_date_takes_the_day_of_its_visit_or_is_imputed() -> None:
    data, findings = scans(
        {**BASELINE, "TRSTRESN": 30, "TRDTC": "2023-12"}, {**WEEK_8, "TRSTRESN": 30, "TRDTC": "2024-02"}
    )
    assert data["measurements"].select("assessed_on", "assessed_as").rows() == [
        (date(2023, 12, 20), "2023-12"),
        (date(2024, 2, 29), "2024-02"),
    ]
    assert rules(findings) == ["partial date", "partial date", "date of another record", "imputed date"]


def test_records_of_one_visit_far_apart_are_two_time_points() -> None:
    data, findings = scans(
        {**WEEK_8, "TRSTRESN": 30, "TRDTC": "2024-02-26"}, {**WEEK_8, "TRSTRESN": 40, "TRDTC": "2024-05-26"}
    )
    assert data["measurements"].select("number", "diameter").rows() == [(1, 300), (2, 400)]
    assert findings == ()


def test_numbers_may_stand_in_the_names_of_visits() -> None:
    settings = SdtmSettings(assessment_number=r"WEEK (\d+)")
    data, _ = read(
        settings,
        TU=[{**TARGET, **BASELINE, "TUDTC": "2023-12-20"}],
        TR=[{**SIZE, **WEEK_8, "TRSTRESN": 3, "TRDTC": "2024-02-26"}],
    )
    assert data["measurements"]["number"].to_list() == [8]


def test_responses_are_read_as_recorded() -> None:
    said = {**WEEK_8, "RSTESTCD": "OVRLRESP", "RSCAT": "RECIST 1.1", "RSEVAL": "INDEPENDENT ASSESSOR", "RSEVALID": "R1"}
    data, findings = read(
        RS=[
            {**said, "RSSTRESC": "CHECK", "RSDTC": "2024-02-26", "RSSEQ": 7, "RSACPTFL": "Y"},
            {**said, "RSCAT": "iRECIST", "RSSTRESC": "iSD", "RSDTC": "2024-02-26", "RSSEQ": 8},
        ]
    )
    assert row(data, "recorded_responses", "evaluator", "number", "kind", "response", "record") == (
        ("R1", 1, "overall", "CHECK", "RS 01-001 RSSEQ 7")
    )
    assert row(data, "assessments", "evaluator", "accepted") == ("R1", True)
    assert rules(findings) == ["RSCAT that is read", "known response"]


def test_bad_input_is_listed_and_the_rest_is_read() -> None:
    data, findings = read(
        DM=[
            {"ARMCD": "A", "RFICDTC": "2023-12-20"},
            {"ARMCD": "B", "RFICDTC": "2023-12-21"},
        ],
        AE=[
            {"USUBJID": "99-999", "AETERM": "RASH", "AESEQ": 1},
            {"AETERM": "RASH", "AETOXGR": "6", "AESEQ": 2},
            {"AETERM": "COUGH", "AESEQ": 2},
        ],
        EX=[{"EXTRT": "DRUG"}],
        TU=[{**TARGET, **BASELINE, "TUSTRESC": "MAYBE", "TUDTC": "2023-12-20"}],
        TR=[{**SIZE, **BASELINE, "TRLNKID": "T09", "TRSTRESN": 10, "TRDTC": "2023-12-20"}],
    )
    assert Counter(rules(findings)) == Counter(
        {
            "one record for each subject": 1,
            "subject not in DM": 1,
            "grade 1 to 5": 1,
            "adverse_events once for each subject, number": 1,
            "missing column": 1,
            "role of lesions": 1,
            "measurement of an identified lesion": 1,
        }
    )
    assert data["allocations"]["arm"].to_list() == ["A"]
    assert data["adverse_events"].select("term", "grade").rows() == [("RASH", None)]


def test_two_readers_under_one_name_are_listed() -> None:
    data, findings = scans(
        {**BASELINE, "TRSTRESN": 30, "TRDTC": "2023-12-20", "TRSEQ": 1},
        {**BASELINE, "TRSTRESN": 44, "TRDTC": "2023-12-20", "TRSEQ": 2},
    )
    assert data["measurements"]["diameter"].to_list() == [300]
    assert [(f.record, f.rule) for f in findings] == [
        ("TR 01-001 TRSEQ 2", "measurements once for each subject, evaluator, number, lesion")
    ]


def test_domains_that_are_not_there_are_listed() -> None:
    _, findings = trial_data(study(AE=[{"AETERM": "RASH"}]))
    missing = [finding.dataset for finding in findings if finding.rule == "missing dataset"]
    assert missing == ["EX", "LB", "TR", "RS", "TU"]
    assert "EX is not among DM, DS, AE" in {finding.what for finding in findings}


def test_parts_of_a_split_domain_are_read_together() -> None:
    parts = {
        name: [{"DOMAIN": "LB", "LBTESTCD": test, "LBSEQ": number, "LBSTRESN": 1}]
        for number, (name, test) in enumerate((("LBCH", "ALT"), ("LBHE", "WBC")), 1)
    }
    data, findings = read(**parts)
    assert data["laboratory"].select("number", "test").rows() == [(1, "alanine aminotransferase"), (2, "leukocytes")]
    assert findings == ()


def test_without_dm_nobody_is_known() -> None:
    with pytest.raises(DataError, match="there is no dataset DM, without which no subject is known; there are AE"):
        trial_data({"AE": study(AE=[{"AETERM": "RASH"}])["AE"]})


@pytest.mark.skipif(not PHARMAVERSE.is_dir(), reason=f"the folder {PHARMAVERSE} is missing")
@pytest.mark.parametrize(("suffix", "counts"), [("_RECIST", (75, 273, 66)), ("", (7734, 26724, 5566))])
def test_the_pharmaverse_study_is_read_with_its_oddities_listed(suffix: str, counts: tuple[int, ...]) -> None:
    named = {domain: f"{domain}_ONCO{suffix}" for domain in ("TU", "TR", "RS")}
    data, findings = trial_data(read_folder(PHARMAVERSE), SdtmSettings(datasets=named))
    assert len(data["screened"]) == 306
    assert data["screened"]["outcome"].value_counts(sort=True).rows() == [("randomized", 254), ("screen failure", 52)]
    assert (len(data["allocations"]), len(data["laboratory"]), len(data["adverse_events"])) == (254, 59580, 1191)
    assert tuple(len(data[name]) for name in ("lesions", "measurements", "recorded_responses")) == counts
    assert Counter(rules(findings))["partial date"] == 26 + (15 if suffix else 21)
    if not suffix:
        assert [f.record for f in findings if f.rule == "known response"] == [
            f"RS 01-711-1143 RSSEQ {number}" for number in (19, 21, 23)
        ]
        assert [f.what for f in findings if f.rule == "not done"] == [
            "820 records were not done: NOT ASSESSABLE: Image obscured",
            "242 records were not done: NOT ASSESSABLE: Image obscured",
        ]


@pytest.mark.skipif(not PILOT.is_dir(), reason=f"the folder {PILOT} is missing")
def test_the_pilot_is_read_with_its_own_day_of_randomization() -> None:
    data, findings = trial_data(read_folder(PILOT), SdtmSettings(randomized_on="RFSTDTC"))
    assert (len(data["screened"]), len(data["allocations"]), len(data["adverse_events"])) == (306, 254, 1191)
    assert {f.rule for f in findings} == {"partial date", "file as its format asks", "missing dataset"}


@pytest.mark.skipif(not PHARMAVERSE.is_dir(), reason=f"the folder {PHARMAVERSE} is missing")
def test_the_published_responses_follow_from_the_lesions_that_were_read(protocol_with: Any) -> None:
    named = {domain: f"{domain}_ONCO_RECIST" for domain in ("TU", "TR", "RS")}
    data, _ = trial_data(read_folder(PHARMAVERSE), SdtmSettings(datasets=named))
    readers = ["investigator", "RADIOLOGIST 1", "RADIOLOGIST 2"]
    plan = protocol_with(assessments={"evaluators": readers})
    key = ("subject", "evaluator", "number")
    derived = pl.concat([response(data, plan, reader).select(*key, derived="response") for reader in readers])
    published = data["recorded_responses"].filter(kind="overall")
    both = published.join(derived, on=key, how="left")
    assert both.filter(pl.col("derived").eq_missing(pl.col("response"))).height == published.height == 66
