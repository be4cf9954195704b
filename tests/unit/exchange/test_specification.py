"""Specifications: what they build, what they refuse, and their labels beside those that CDISC itself wrote."""

import gzip
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from trialwright.errors import DataError
from trialwright.exchange import (
    ADAM,
    Codelist,
    Dataset,
    DatasetSpec,
    ValueSpec,
    Variable,
    VariableSpec,
    built,
    check_dataset,
    specification_of,
)

PILOT = Path(__file__).parents[4] / "shared" / "data" / "cdiscpilot01" / "define" / "define_adam_v2.xml.gz"
NS = {"odm": "http://www.cdisc.org/ns/odm/v1.3"}
LATER = {"DTHFL", "SRCDOM", "STARTDT", "ADURN", "ADURU", "AOCCFL"}
"""Variables whose label the pilot wrote before, or other than, the Implementation Guide 1.3."""

SPEC = DatasetSpec(
    "ADX",
    "Example",
    "one row per subject",
    "ADAM OTHER",
    ("USUBJID",),
    (
        VariableSpec("USUBJID", "Unique Subject Identifier", "text", "DM.USUBJID", 10, required=True),
        VariableSpec("AGE", "Age", "integer", "Age at consent", optional=True),
        VariableSpec("SEX", "Sex", "text", "DM.SEX", 1, Codelist("SEX", "Sex", (("F", "Female"), ("M", "Male")))),
    ),
)


@pytest.fixture
def pilot():
    if not PILOT.exists():
        pytest.skip(f"{PILOT} is missing")
    return gzip.decompress(PILOT.read_bytes())


def test_a_dataset_is_ordered_labeled_typed_and_sorted_by_its_specification():
    rows = pl.DataFrame({"SEX": ["M", "F"], "AGE": pl.Series([61, 48], dtype=pl.Int8), "USUBJID": ["2", "1"]})
    made = built(SPEC, rows)
    assert made.rows.rows() == [("1", 48, "F"), ("2", 61, "M")]
    assert [variable.label for variable in made.variables] == ["Unique Subject Identifier", "Age", "Sex"]
    assert (made["SEX"].length, made["SEX"].codelist, made.keys) == (1, "SEX", ("USUBJID",))


def test_an_optional_variable_that_nobody_has_is_left_out_and_others_stay():
    rows = pl.DataFrame({"USUBJID": ["1"], "AGE": [None], "SEX": [None]}, schema_overrides={"SEX": pl.String})
    assert built(SPEC, rows).rows.columns == ["USUBJID", "SEX"]


def test_columns_that_are_missing_or_too_many_are_refused():
    with pytest.raises(DataError, match="ADX: columns and variables of the specification differ: SEX"):
        built(SPEC, pl.DataFrame({"USUBJID": ["1"]}))
    with pytest.raises(DataError, match="ADX: columns and variables of the specification differ: RACE"):
        built(SPEC, pl.DataFrame({"USUBJID": ["1"], "SEX": ["F"], "RACE": ["WHITE"]}))


def test_a_variable_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(DataError, match="there is no variable 'RACE'; known: USUBJID, AGE, SEX"):
        SPEC["RACE"]


def test_values_by_parameter_are_meant_for_further_readers_and_endpoints_too():
    value = ValueSpec("AVALC", ("BOR", "SDIAM"), "Best response")
    meant = [code for code in ("BOR", "BOR2", "SDIAMR3", "CBOR", "BOR1", "BORX") if re.search(value.pattern, code)]
    assert meant == ["BOR", "BOR2", "SDIAMR3"]


def test_a_dataset_described_by_itself_passes_its_own_description():
    variables = (Variable("USUBJID", "Unique Subject Identifier", "text", 3), Variable("X", "Value", "number"))
    dataset = Dataset("LB", "Laboratory", variables, pl.DataFrame({"USUBJID": ["1"], "X": [1.5]}), ("USUBJID",))
    assert check_dataset(dataset, specification_of(dataset)) == ()


def test_labels_are_those_of_cdisc(pilot):
    labels = defaultdict(set)
    for item in ET.fromstring(pilot).iterfind(".//odm:ItemDef", NS):
        text = item.find("odm:Description/odm:TranslatedText", NS)
        if text is not None:
            labels[item.get("Name")].add(text.text.strip())
    ours = {variable.name: variable.label for spec in ADAM.values() for variable in spec.variables}
    shared = set(ours) & set(labels)
    assert len(shared) > 60
    assert {name for name in shared if ours[name] not in labels[name]} == LATER & shared


def test_the_schema_that_ours_is_held_to_takes_the_define_of_cdisc(pilot):
    xmlschema = pytest.importorskip("xmlschema", reason="xmlschema is not installed")
    pytest.importorskip("odmlib", reason="odmlib, whose schema is needed, is not installed")
    schema = xmlschema.XMLSchema(str(files("odmlib") / "schemas" / "define" / "2.1" / "define2-1-0.xsd"))
    strange = [error.reason for error in schema.iter_errors(pilot.decode()) if "tag 'arm:" not in error.reason]
    assert strange == [], "only the results metadata are beyond the schema of Define-XML itself"
