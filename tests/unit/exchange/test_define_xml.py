"""Define-XML is valid by the standard's own schema, names nothing that is not there, and has the same bytes twice."""

import re
import xml.etree.ElementTree as ET
from datetime import datetime
from importlib.resources import files

import polars as pl
import pytest

from trialwright.exchange import ADAM, Dataset, Variable, built, define_xml

WHEN = datetime(2020, 1, 2, 3, 4, 5)


def response_rows(**changed):
    row = {
        "STUDYID": "X",
        "USUBJID": "X-1",
        "TRTP": "A",
        "TRTA": "A",
        "ASEQ": 1,
        "PARAM": "Best Overall Response by Investigator",
        "PARAMCD": "BOR",
        "PARCAT1": "Tumor Response",
        "PARCAT2": "Investigator",
        "PARCAT3": "RECIST 1.1",
        "ADT": datetime(2020, 3, 1).date(),
        "ADY": 10,
        "AVISIT": "ASSESSMENT 1",
        "AVISITN": 1,
        "AVALC": "PR",
        "AVAL": 2,
        "ANL01FL": "Y",
        "ANL02FL": None,
        "REASON": "partial response",
        "SRCDOM": "ADRS",
        "SRCVAR": "ADT",
        "SRCSEQ": 2,
        "SRCREC": "assessments 1 / number 1",
    }
    return pl.DataFrame([{**row, **changed}])


def made(*datasets, **named):
    options = {"standard": "ADaMIG", "study": "X", "description": "A trial", "created": WHEN, **named}
    return define_xml(datasets, ADAM, **options)


@pytest.fixture
def responses():
    return built(ADAM["ADRS"], response_rows())


@pytest.fixture(scope="module")
def schema():
    xmlschema = pytest.importorskip("xmlschema", reason="odmlib and xmlschema are not installed")
    pytest.importorskip("odmlib", reason="odmlib, whose schema is needed, is not installed")
    return xmlschema.XMLSchema(str(files("odmlib") / "schemas" / "define" / "2.1" / "define2-1-0.xsd"))


def problems(schema, content):
    return [error.reason for error in schema.iter_errors(content.decode())]


def test_analysis_datasets_are_valid_by_the_schema(schema, responses):
    assert problems(schema, made(responses)) == []


def test_the_schema_finds_what_is_not_define(schema, responses):
    broken = made(responses).replace(b'Comparator="EQ"', b'Comparator="LIKE"')
    assert len(problems(schema, broken)) == 1


def test_tabulations_described_by_themselves_are_valid(schema):
    variables = (Variable("USUBJID", "Unique Subject Identifier", "text", 10), Variable("AGE", "Age", "number"))
    dm = Dataset("DM", "Demographics", variables, pl.DataFrame({"USUBJID": ["1"], "AGE": [61.5]}), ("USUBJID",))
    content = made(dm, standard="SDTMIG")
    assert problems(schema, content) == []
    assert b'SignificantDigits="1"' in content
    assert b"SPECIAL PURPOSE" in content


def test_every_name_that_is_used_is_defined(responses):
    root = ET.fromstring(made(responses))
    defined = {item.get("OID") or item.get("ID") for item in root.iter()}
    pointing = ("ItemOID", "MethodOID", "CodeListOID", "ValueListOID", "WhereClauseOID", "StandardOID")
    used = {
        value
        for item in root.iter()
        for name, value in item.attrib.items()
        if name.rpartition("}")[2] in (*pointing, "ArchiveLocationID")
    }
    assert used - defined == set()
    oids = [item.get("OID") for item in root.iter() if item.get("OID")]
    assert len(oids) == len(set(oids))


def test_values_are_told_by_parameter_where_it_decides(responses):
    text = made(responses).decode()
    assert 'OID="WC.ADRS.AVALC.BOR.CBOR"' in text
    assert "<CheckValue>BOR</CheckValue>" in text
    assert "CBOR</CheckValue>" not in text, "only parameters that the dataset has"
    assert "First rule of best response that an assessment meets" in text


def test_derivations_codes_and_files_are_told(responses):
    text = made(responses, ending=".json").decode()
    assert 'href="adrs.json"' in text
    assert "CR 1, PR 2, SD 3" in text
    assert 'CodedValue="NON-CR/NON-PD"' in text
    assert 'Name="C96785"' not in text, "the list of responses is named only by parameters that have it"
    assert 'CreationDateTime="2020-01-02T03:04:05"' in text


def test_equal_content_has_equal_bytes(responses):
    assert made(responses) == made(responses)
    assert made(responses) != made(built(ADAM["ADRS"], response_rows(PARAMCD="OVR", PARAM="Overall Response")))


def test_tabulations_have_origins_where_names_tell_them_and_lists_of_their_tests(schema):
    kinds = {"STUDYID": "text", "USUBJID": "text", "LBSEQ": "integer", "LBTESTCD": "text", "LBTEST": "text"}
    variables = tuple(Variable(name, name, kind, 10 if kind == "text" else None) for name, kind in kinds.items())
    day = Variable("LBDY", "Study Day", "integer")
    rows = pl.DataFrame(
        {"STUDYID": "X", "USUBJID": "1", "LBSEQ": [1], "LBTESTCD": "ALB", "LBTEST": "Albumin", "LBDY": [1]}
    )
    content = made(Dataset("LB", "Laboratory", (*variables, day), rows, ("USUBJID", "LBSEQ")), standard="SDTMIG")
    assert problems(schema, content) == []
    text = content.decode()
    origins = dict(re.findall(r'<ItemDef OID="IT.LB.(\w+)".*?(?:<def:Origin Type="(\w+)"|</ItemDef>)', text, re.DOTALL))
    assert origins == {
        "STUDYID": "Protocol",
        "USUBJID": "",
        "LBSEQ": "Assigned",
        "LBTESTCD": "Assigned",
        "LBTEST": "Assigned",
        "LBDY": "Derived",
    }
    assert "Days from DM.RFSTDTC" in text
    assert re.search(r'CodedValue="ALB".*?Albumin', text, re.DOTALL)
    assert text.count("def:Structure=") == 1


def test_keys_and_what_must_have_a_value_are_mandatory(responses):
    text = made(responses).decode()
    assert 'ItemOID="IT.ADRS.USUBJID" OrderNumber="2" Mandatory="Yes" KeySequence="2"' in text
    assert re.search(r'ItemOID="IT.ADRS.ADY" OrderNumber="\d+" Mandatory="No"', text)
