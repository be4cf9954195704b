"""SDTM of rehearsed PALMIRA: it comes back as the same trial, keeps to SDTMIG 3.4, and follows terminology."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from trialwright.cli import rehearsal
from trialwright.exchange import (
    NOT_IN_SDTM,
    Dataset,
    check_conformance,
    read_folder,
    read_rules,
    sdtm,
    settings_of,
    trial_data,
    write_dataset,
)
from trialwright.protocol import Protocol
from trialwright.records import TABLES, TrialData
from trialwright.simulate import trial

CORE = Path(__file__).parents[3] / "shared" / "data" / "cdisc_core"
NUMBERED = ("DS", "EX", "CM", "AE", "TU", "TR", "RS", "SS", "DD")
EXTENSIBLE = {"TRTESTCD": {"TRALL"}, "TRTEST": {"All Tumor Results"}, "TRSTRESC": {"PROGRESSED"}}
"""Values outside a public list that may be extended: what the list has no word for."""


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return rehearsal.read_study("palmira", None, None).protocol


@pytest.fixture(scope="module")
def data(protocol: Protocol) -> TrialData:
    return trial(protocol, rehearsal.read_study("palmira", None, None).scenario, 20190405)


@pytest.fixture(scope="module")
def datasets(data: TrialData, protocol: Protocol) -> dict[str, Dataset]:
    return sdtm(data, protocol)


def canonical(data: TrialData, table: str) -> pl.DataFrame:
    """Return what SDTM holds of a table, by its key; a date and a term as recorded are those known."""
    frame = data[table].drop(NOT_IN_SDTM.get(table, ()))
    if table == "adverse_events":
        told = {
            "verbatim": pl.coalesce("verbatim", "term"),
            "started_as": pl.coalesce("started_as", pl.col("started_on").dt.strftime("%Y-%m-%d")),
            "ended_as": pl.coalesce("ended_as", pl.col("ended_on").dt.strftime("%Y-%m-%d")),
        }
        frame = frame.with_columns(**told)
    if table == "laboratory":
        frame = frame.with_columns(text=pl.coalesce("text", pl.col("value").cast(pl.String)))
    return frame.sort(TABLES[table].key)


def held() -> list[str]:
    return [name for name in TABLES if NOT_IN_SDTM.get(name) != ()]


def differing(data: TrialData, again: TrialData) -> list[str]:
    return [name for name in held() if not canonical(data, name).equals(canonical(again, name))]


def test_the_trial_comes_back_the_same(data: TrialData, datasets: dict[str, Dataset], protocol: Protocol) -> None:
    again, findings = trial_data(datasets, settings_of(protocol))
    assert differing(data, again) == []
    assert {finding.rule for finding in findings} <= {"missing dataset", "not done", "RSDRVFL that is read"}


@pytest.mark.parametrize("ending", ["xpt", "json", "parquet"])
def test_the_trial_comes_back_the_same_through_files(
    data: TrialData, datasets: dict[str, Dataset], protocol: Protocol, tmp_path: Path, ending: str
) -> None:
    for name, dataset in datasets.items():
        write_dataset(dataset, tmp_path / f"{name.lower()}.{ending}")
    again, _ = trial_data(read_folder(tmp_path), settings_of(protocol))
    assert differing(data, again) == []


def test_the_datasets_of_a_tumor_trial_are_all_there(datasets: dict[str, Dataset]) -> None:
    needed = [
        "TA",
        "TE",
        "TV",
        "TI",
        "TS",
        "DM",
        "DS",
        "SV",
        "SS",
        "DD",
        "SUPPDM",
        "EX",
        "CM",
        "AE",
        "TU",
        "TR",
        "RS",
        "RELREC",
    ]
    assert [name for name in needed if name not in datasets] == []
    assert all(dataset.label and all(v.label for v in dataset.variables) for dataset in datasets.values())


def test_names_labels_and_values_fit_into_transport_files(datasets: dict[str, Dataset], tmp_path: Path) -> None:
    for dataset in datasets.values():
        write_dataset(dataset, tmp_path / f"{dataset.name}.xpt")
        assert len(dataset.label) <= 40
        assert all(len(variable.name) <= 8 and len(variable.label) <= 40 for variable in dataset.variables)


@pytest.mark.parametrize("domain", NUMBERED)
def test_sequence_numbers_are_unique_within_a_subject(datasets: dict[str, Dataset], domain: str) -> None:
    rows = datasets[domain].rows
    assert not rows.select("USUBJID", f"{domain}SEQ").is_duplicated().any()


def test_study_days_follow_from_dates_and_skip_zero(datasets: dict[str, Dataset]) -> None:
    start = datasets["DM"].rows.select("USUBJID", start=pl.col("RFSTDTC").str.to_date())
    checked = 0
    for dataset in datasets.values():
        for name in dataset.rows.columns:
            date = f"{name[:-2]}DTC"
            if not name.endswith("DY") or date not in dataset.rows.columns:
                continue
            rows = dataset.rows.select("USUBJID", day=name, on=pl.col(date).str.to_date(strict=False))
            apart = (pl.col("on") - pl.col("start")).dt.total_days()
            expected = apart + (apart >= 0).cast(pl.Int64)
            both = rows.join(start, on="USUBJID", how="left").with_columns(expected=expected)
            assert both["day"].equals(both["expected"], check_names=False), (dataset.name, name)
            assert not (both["day"] == 0).any()
            checked += both["day"].count()
    assert checked > 10_000


def test_tumor_results_and_responses_are_linked(datasets: dict[str, Dataset]) -> None:
    tu, tr, rs = (datasets[name].rows for name in ("TU", "TR", "RS"))
    lesions = set(tu.select("USUBJID", "TULNKID").rows())
    assert set(tr.select("USUBJID", "TRLNKID").drop_nulls().rows()) <= lesions
    groups = set(tr.select("USUBJID", "TRLNKGRP").rows())
    overall = rs.filter(RSTESTCD="OVRLRESP")
    assert set(overall.select("USUBJID", "RSLNKGRP").rows()) <= groups
    visits = set(datasets["SV"].rows.select("USUBJID", "VISITNUM", "VISIT").rows())
    for rows in (tu, tr, rs):
        assert set(rows.select("USUBJID", "VISITNUM", "VISIT").drop_nulls().rows()) <= visits


def test_epochs_are_those_of_the_arms(datasets: dict[str, Dataset]) -> None:
    planned = set(datasets["TA"].rows["EPOCH"])
    for dataset in datasets.values():
        if "EPOCH" in dataset.rows.columns:
            assert set(dataset.rows["EPOCH"].drop_nulls()) <= planned


def test_what_the_protocol_does_not_know_is_a_null_flavor(datasets: dict[str, Dataset]) -> None:
    rows = datasets["TS"].rows
    assert (rows["TSVAL"].is_null() == rows["TSVALNF"].is_not_null()).all()
    told = dict(rows.filter(TSSEQ=1).select("TSPARMCD", "TSVAL").rows())
    assert (told["PLANSUB"], told["RANDOM"], told["TPHASE"], told["TRT"]) == (
        "198",
        "Y",
        "PHASE II TRIAL",
        "Palbociclib",
    )
    assert "TTYPE" in set(rows.filter(pl.col("TSVALNF") == "UNK")["TSPARMCD"])


@pytest.mark.skipif(not CORE.is_dir(), reason=f"the folder {CORE} is missing")
def test_values_follow_the_public_terminology(datasets: dict[str, Dataset]) -> None:
    lists = json.loads(gzip.decompress((CORE / "sdtmct-2023-12-15.json.gz").read_bytes()))
    maps = json.loads(gzip.decompress((CORE / "variable_codelist_maps.json.gz").read_bytes()))["sdtmig-3-4-codelists"]
    strays = {
        (name, value)
        for dataset in datasets.values()
        for name in dataset.rows.columns
        for value in set(dataset.rows[name].drop_nulls())
        if name in maps and not is_number(value) and value not in terms(lists, maps[name])
    }
    assert {(name, value) for name, value in strays if value not in EXTENSIBLE.get(name, set())} == set()


ALLOWED = {
    "CORE-000024": "events of the scenario are not coded by MedDRA, so their organ systems have no codes",
    "CORE-000192": "contradicts CORE-000191 for subjects with an arm who were not treated",
    "CORE-000266": "trial data say that an event is serious, not by which criterion",
    "CORE-000594": "takes the digit in the label of TSVAL1 for a small letter",
    "CORE-000717": "events after the end of treatment, while the patient stays in the study",
    "CORE-000741": "the pharmacologic class is not in the protocol: PCLAS has a null flavor",
}
"""Rules of CDISC CORE that may find something, each with the reason."""


@pytest.mark.skipif(not CORE.is_dir(), reason=f"the folder {CORE} is missing")
def test_public_conformance_rules_find_nothing_that_is_not_explained(datasets: dict[str, Dataset]) -> None:
    checked = check_conformance(datasets, read_rules(CORE / "rules_all.json.gz"))
    found = {(finding.rule, finding.dataset, finding.what) for finding in checked.findings}
    assert {one for one in found if one[0] not in ALLOWED} == set()
    assert {rule for rule, _, _ in found} == set(ALLOWED), "an allowance that nothing needs"


def is_number(value: object) -> bool:
    return not isinstance(value, str) or value.replace(".", "", 1).isdecimal()


def terms(lists: Mapping[str, Mapping[str, list[str]]], codes: list[str]) -> set[str]:
    return {term for code in codes for term in lists.get(code, {}).get("allowed_terms", [])}
