"""The reporting event: valid by the standard's schema, and nothing of the results is lost in it."""

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest

from trialwright import protocol
from trialwright.analyze import Columns, Question, analyze_table, conventions, table_results
from trialwright.exchange import reporting_event
from trialwright.results import Result, Results

SCHEMA = Path(__file__).parents[3].parent / "shared" / "data" / "ars" / "ars_ldm.schema.json.gz"


@pytest.fixture(scope="module")
def found() -> Results:
    frame = pl.DataFrame({"t": [3, 5, 7, 9, 11, 12], "e": [1, 1, 1, 1, 1, 0], "arm": list("AABABB")})
    question = Question(conventions("R"), landmarks=(6.0, 20.0))
    return table_results(analyze_table(frame, Columns("t", "e", "arm"), question), data="ab" * 32)


def problems(event: dict[str, Any]) -> list[str]:
    if not SCHEMA.exists():
        pytest.skip(f"{SCHEMA} is missing")
    schema = json.loads(gzip.decompress(SCHEMA.read_bytes()))
    checker = jsonschema.validators.validator_for(schema)(schema)
    return [f"{list(error.absolute_path)}: {error.message}" for error in checker.iter_errors(event)]


def test_a_table_is_a_valid_reporting_event(found):
    assert problems(reporting_event(found, title="A table")) == []


def test_the_schema_refuses_what_is_no_reporting_event(found):
    event = reporting_event(found, title="A table")
    event["analyses"][0]["unknown"] = 1
    assert problems(event)


def values(event: dict[str, Any]) -> list[float]:
    operations = {
        op["id"] for method in event["methods"] for op in method["operations"] if op["name"].endswith(": value")
    }
    shown = [r for each in event["analyses"] for r in each["results"] if r["operationId"] in operations]
    return sorted(float(result["rawValue"]) for result in shown)


def test_every_number_is_there_with_all_its_digits(found):
    assert values(reporting_event(found, title="")) == sorted(row.value for row in found if row.value is not None)


def test_every_reason_for_a_missing_number_is_there(found):
    event = reporting_event(found, title="")
    raw = [
        r["rawValue"] for each in event["analyses"] for r in each["results"] if r["operationId"].endswith("_problem")
    ]
    assert sorted(raw) == sorted(row.problem for row in found if row.problem is not None)
    assert raw


def test_every_reference_leads_somewhere(found):
    event = reporting_event(found, title="")
    methods = {method["id"]: {op["id"] for op in method["operations"]} for method in event["methods"]}
    sets = {each["id"] for each in event["analysisSets"]}
    subsets = {each["id"] for each in event["dataSubsets"]}
    documents = {each["id"] for each in event["referenceDocuments"]}
    factors = {each["id"]: {group["id"] for group in each.get("groups", [])} for each in event["analysisGroupings"]}
    ids = [each["id"] for each in event["analyses"]]
    assert len(set(ids)) == len(ids)
    assert [item["analysisId"] for item in event["mainListOfContents"]["contentsList"]["listItems"]] == ids
    for each in event["analyses"]:
        assert each["analysisSetId"] in sets
        assert each["dataSubsetId"] in subsets
        assert {ref["referenceDocumentId"] for ref in each["documentRefs"]} <= documents
        assert {result["operationId"] for result in each["results"]} <= methods[each["methodId"]]
        asked = {order["groupingId"] for order in each["orderedGroupings"]}
        for group in (group for result in each["results"] for group in result["resultGroups"]):
            assert group["groupingId"] in asked
            assert "groupValue" in group or group["groupId"] in factors[group["groupingId"]]


def test_conventions_and_the_hash_of_the_data_stand_with_each_analysis(found):
    event = reporting_event(found, title="")
    assert all("data SHA-256 " + "ab" * 32 in each["description"] for each in event["analyses"])
    median = next(each for each in event["analyses"] if each["name"].endswith(": median"))
    assert "log limits (Greenwood)" in median["description"]


def test_a_table_is_exploratory(found):
    each = reporting_event(found, title="")["analyses"][0]
    assert each["reason"] == {"controlledTerm": "DATA DRIVEN"}
    assert each["purpose"] == {"controlledTerm": "EXPLORATORY OUTCOME MEASURE"}


def test_an_endpoint_of_the_protocol_has_its_purpose():
    plan = protocol.load("palmira")
    rows = tuple(Result("final", end.id, "ITT", "all", "events", 1.0) for end in plan.endpoints)
    event = reporting_event(Results(rows), title="", protocol=plan)
    assert problems(event) == []
    purposes = {each["variable"]: each["purpose"]["controlledTerm"] for each in event["analyses"]}
    for end in plan.endpoints:
        assert purposes[end.id].startswith(end.level.upper()) or end.level not in ("primary", "secondary")
    assert {each["reason"]["controlledTerm"] for each in event["analyses"]} == {"SPECIFIED IN PROTOCOL"}


def test_names_that_differ_in_signs_only_stay_apart():
    rows = tuple(Result("t", "d", "all", group, "events", 1.0) for group in ("A+B", "A-B"))
    event = reporting_event(Results(rows), title="")
    groups = [r["resultGroups"][0]["groupId"] for r in event["analyses"][0]["results"] if r["rawValue"] == "1.0"]
    assert len(set(groups)) == 2
