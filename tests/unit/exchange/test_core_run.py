"""Conformance rules over studies: what they are about, what they work out first, what they say they cannot check."""

import gzip
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from references import ROOT

from trialwright.errors import DataError
from trialwright.exchange import Dataset, Variable, check_conformance, read_dataset, read_rules
from trialwright.exchange.core_operations import OPERATIONS
from trialwright.exchange.core_records import of_dataset
from trialwright.exchange.core_rules import Both, Clause, Match, Rule, clauses, condition
from trialwright.exchange.core_scope import domain_class, in_scope

DATA = ROOT.parent / "shared" / "data"
HELD = {pl.String: "text", pl.Int64: "integer", pl.Float64: "number"}


def dataset(name, **columns):
    rows = pl.DataFrame(columns, strict=False)
    rows = rows.with_columns(pl.col(pl.Null).cast(pl.String))
    return Dataset(name, f"The {name}", tuple(Variable(key, "", HELD[type(t)]) for key, t in rows.schema.items()), rows)


def study(*datasets):
    return {found.name: found for found in datasets}


def rule(what, kind="Record Data", sensitivity="Record", **options):
    options.setdefault("domains", {})
    options.setdefault("classes", {})
    return Rule("R1", kind, "wrong", what, sensitivity, "error", **options)


def found(what, *datasets, **options):
    return check_conformance(study(*datasets), [rule(what, **options)]).findings


def answer(what, *datasets, **options):
    (given,) = check_conformance(study(*datasets), [rule(what, **options)]).outcomes
    return given.answer, given.why


DM = dataset("DM", USUBJID=["1", "2"], RFSTDTC=["2014-01-05", "2014"], DMDTC=["2014-01-01", None])
AE = dataset(
    "AE",
    DOMAIN=["AE"] * 3,
    USUBJID=["1", "1", "3"],
    AESEQ=[1, 2, 1],
    AESTDTC=["2014-01-04", "2014-01-05", "2014-01-05"],
)


def test_a_finding_says_where_it_is_and_shows_the_values():
    (one,) = found(Clause("equal_to", "--SEQ", 2), AE, shown=("AESTDTC",))
    assert (one.dataset, one.record, one.subject, one.sequence) == ("AE", 2, "1", "2")
    assert one.values == (("AESTDTC", "2014-01-05"),)
    assert (one.rule, one.what, one.severity) == ("R1", "wrong", "error")


def test_a_dataset_is_found_once_and_a_group_once():
    every = Clause("non_empty", "--SEQ")
    assert [(each.dataset, each.record) for each in found(every, AE, sensitivity="Dataset")] == [("AE", None)]
    grouped = found(every, AE, sensitivity="Group", grouped_by=("USUBJID",), shown=("USUBJID",))
    assert [each.subject for each in grouped] == ["1", "3"]


def test_variables_of_another_dataset_stand_beside_the_records():
    beside = (Match("DM", ("USUBJID",)),)
    late = found(Clause("date_greater_than_or_equal_to", "--STDTC", "RFSTDTC"), AE, DM, matches=beside,
                 domains={"Include": ["AE"]})  # fmt: skip
    assert [each.record for each in late] == [2]  # subject 3 has no partner in DM
    same = found(Clause("non_empty", "DM.RFSTDTC"), AE, DM, matches=beside, domains={"Include": ["AE"]})
    assert [each.record for each in same] == [1, 2]
    assert answer(Clause("empty", "RFSTDTC"), AE, matches=beside) == ("unanswerable", "the study has no dataset DM")


def test_dependent_records_are_held_against_the_parent_they_name():
    supp = dataset("SUPPAE", RDOMAIN=["AE"] * 3, USUBJID=["1", "1", "3"], IDVAR=["AESEQ", "AESEQ", "AENONE"],
                   IDVARVAL=[" 2", "9", "1"])  # fmt: skip
    child = (Match("SUPP--", ("USUBJID", "IDVAR", "IDVARVAL"), child=True),)
    named = Clause("not_equal_to", "IDVARVAL", "IDVAR", {"value_is_reference": True, "type_insensitive": True})
    scope = {"Include": ["SUPP--"]}
    assert [each.record for each in found(named, supp, AE, matches=child, domains=scope)] == [2, 3]
    known = ({"id": "$known", "operator": "distinct", "name": "IDVAR", "domain": "SUPP--", "value_is_reference": True},)
    unknown = Clause("is_not_contained_by", "IDVAR", "$known")
    assert [each.record for each in found(unknown, supp, AE, operations=known, domains=scope)] == [3]


OPERATED = [
    ({"operator": "distinct", "name": "USUBJID", "domain": "AE"}, ("1", "3")),
    ({"operator": "distinct", "name": "AESEQ", "domain": "AE", "group": ["USUBJID"]}, [[1, 2], None]),
    ({"operator": "record_count", "domain": "AE"}, 3),
    ({"operator": "record_count", "domain": "AE", "group": ["USUBJID"]}, [2, 0]),
    ({"operator": "record_count", "domain": "AE", "filter": {"AESEQ": "1"}}, 2),
    ({"operator": "record_count", "domain": "AE", "filter": {"AESTDTC": "2014-01-05&"}}, 2),
    ({"operator": "record_count", "domain": "AE", "filter": {"AESEQ": 1}, "group": ["USUBJID"],
      "group_aliases": ["USUBJID"]}, [1, 0]),
    ({"operator": "min_date", "name": "AESTDTC", "domain": "AE", "group": ["USUBJID"]}, ["2014-01-04", None]),
    ({"operator": "max_date", "name": "AESTDTC", "domain": "AE"}, "2014-01-05"),
    ({"operator": "min", "name": "AESEQ", "domain": "AE"}, 1),
    ({"operator": "max", "name": "AESEQ", "domain": "AE", "group": ["USUBJID"]}, [2, None]),
    ({"operator": "mean", "name": "AESEQ", "domain": "AE"}, 4 / 3),
    ({"operator": "mean", "name": "AESEQ", "domain": "AE", "group": ["USUBJID"]}, [1.5, None]),
    ({"operator": "dy", "name": "--DTC"}, [-4, None]),
    ({"operator": "variable_exists", "name": "RFSTDTC"}, True),
    ({"operator": "variable_is_null", "name": "RFSTDTC"}, False),
    ({"operator": "variable_count", "name": "--SEQ"}, 1),
    ({"operator": "study_domains"}, ("DM", "AE")),
    ({"operator": "dataset_names"}, ("DM", "AE")),
    ({"operator": "domain_is_custom"}, False),
    ({"operator": "domain_label"}, "Demographics"),
    ({"operator": "extract_metadata", "name": "dataset_label"}, "The DM"),
    ({"operator": "get_column_order_from_dataset"}, ("USUBJID", "RFSTDTC", "DMDTC")),
    ({"operator": "map", "map": [{"USUBJID": "1", "output": "one"}, {"output": "other"}]}, ["one", "other"]),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "expected"), OPERATED)
def test_operation(operation, expected):
    value = OPERATIONS[operation["operator"]](of_dataset(DM, study(DM, AE)), operation)
    value = value.to_list() if isinstance(value, pl.Series) else value
    assert value == (pytest.approx(expected) if isinstance(expected, float) else expected)


def test_every_operation_has_a_case():
    assert {operation["operator"] for operation, _ in OPERATED} == set(OPERATIONS)


def test_a_group_can_be_of_the_day_of_a_time():
    times = dataset("LB", USUBJID=["1", "1", "1"], LBDTC=["2014-01-05T08", "2014-01-05T09", "2014-01-06"])
    operation = {"operator": "record_count", "group": ["USUBJID", "--DTC"], "regex": r"^\d{4}-\d{2}-\d{2}"}
    assert OPERATIONS["record_count"](of_dataset(times, study(times)), operation).to_list() == [2, 2, 1]


@pytest.mark.parametrize(
    ("name", "domain", "scope", "inside"),
    [
        ("DM", "DM", {"Include": ["ALL"]}, True),
        ("DM", "DM", {"Exclude": ["DM"]}, False),
        ("LBCH", "LB", {"Include": ["LB"]}, True),
        ("SUPPAE", None, {"Include": ["SUPP--"]}, True),
        ("SUPPAE", None, {"Exclude": ["SUPP--"]}, False),
        ("APMH", "APMH", {"Include": ["AP--"]}, True),
        ("APMH", "APMH", {"Include": ["MH"]}, False),
        ("LB", "LB", {"include_split_datasets": True}, False),
        ("LBCH", "LB", {"include_split_datasets": True}, True),
    ],
)
def test_scope_by_domain(name, domain, scope, inside):
    made = dataset(name, USUBJID=["1"]) if domain is None else dataset(name, DOMAIN=[domain])
    assert in_scope(rule(Clause("empty", "X"), domains=scope), made) is inside


def test_scope_by_class_knows_domains_of_the_sponsor_by_their_topic():
    own = dataset("XX", DOMAIN=["XX"], XXTESTCD=["A"])
    assert domain_class(own) == "FINDINGS"
    assert domain_class(dataset("ZZ", DOMAIN=["ZZ"])) is None
    assert domain_class(dataset("FA", DOMAIN=["FA"])) == "FINDINGS ABOUT"
    assert in_scope(rule(Clause("empty", "X"), classes={"Include": ["FINDINGS"]}), own)
    assert not in_scope(rule(Clause("empty", "X"), classes={"Exclude": ["FINDINGS"]}), own)


def test_rules_about_the_study_a_dataset_and_variables():
    assert [each.dataset for each in found(Clause("not_exists", "EX"), DM, AE, kind="Domain Presence Check")] == [
        "study"
    ]
    assert found(Clause("exists", "EX"), DM, kind="Domain Presence Check") == ()
    named = found(Clause("longer_than", "dataset_name", 1), AE, kind="Dataset Metadata Check", sensitivity="Dataset")
    assert [each.dataset for each in named] == ["AE"]
    long = found(
        Clause("longer_than", "variable_name", 6), AE, kind="Variable Metadata Check", shown=("variable_name",)
    )
    assert [each.values for each in long] == [(("variable_name", "USUBJID"),), (("variable_name", "AESTDTC"),)]
    value = Both((Clause("equal_to", "variable_data_type", "Char"), Clause("matches_regex", "variable_value", "^3")))
    spaced = found(value, AE, kind="Value Check with Variable Metadata", shown=("variable_name", "variable_value"))
    assert [(each.record, each.values[0]) for each in spaced] == [(3, ("variable_name", "USUBJID"))]


def test_what_cannot_be_checked_says_why():
    empty = Clause("empty", "--TERM")
    assert answer(empty, AE) == ("unanswerable", "AE has no variable AETERM")
    assert answer(empty, AE, domains={"Include": ["CM"]}) == (
        "out of scope", "the study has no dataset that it is about",
    )  # fmt: skip
    assert answer(empty, AE, kind="JSONata") == ("unsupported", "JSONata is not supported")
    assert answer(Clause("is_title_case", "X"), AE) == ("unsupported", "operator is_title_case is not supported")
    needs = ({"id": "$r", "operator": "required_variables"},)
    assert answer(empty, AE, operations=needs)[1].startswith("operation required_variables needs the variables of the")
    through = (Match("RELREC", ()),)
    assert answer(empty, AE, matches=through) == ("unsupported", "joining records through RELREC is not supported")


def test_a_rule_that_does_not_fit_the_values_is_told_and_the_others_go_on():
    broken = replace(rule(Clause("matches_regex", "AESTDTC", "(")), id="A")
    checked = check_conformance(study(AE), [broken, replace(rule(Clause("non_empty", "USUBJID")), id="B")])
    assert checked.answers() == {"A": "unanswerable", "B": "found"}
    assert "AE: the rule cannot be applied: missing )" in checked.outcomes[0].why


def test_dates_held_as_dates_are_checked_as_they_are_written():
    rows = AE.rows.with_columns(pl.col("AESTDTC").str.to_date())
    held = Dataset("AE", "", (*AE.variables[:-1], Variable("AESTDTC", "", "date")), rows)
    (one,) = found(Clause("date_less_than", "AESTDTC", "2014-01-05"), held)
    assert one.values == (("AESTDTC", "2014-01-04"),)


def test_every_rule_has_one_answer_and_a_reason_unless_answered():
    rules = [replace(rule(Clause("empty", "--TERM")), id="A"), replace(rule(Clause("non_empty", "USUBJID")), id="B")]
    checked = check_conformance(study(DM, AE), rules)
    assert checked.answers() == {"A": "unanswerable", "B": "found"}
    assert checked.reasons() == {"A": ("DM has no variable DMTERM", "AE has no variable AETERM")}


WRITTEN = {
    "core_id": "R1",
    "rule_type": "Record Data",
    "description": "Raise a warning.",
    "executability": "fully executable",
    "actions": [{"params": {"message": "No  term"}}],
    "conditions": {"not": {"any": [{"operator": "empty", "value": {"target": "--TERM", "comparator": None}}]}},
    "sensitivity": "Record",
    "domains": None,
    "classes": None,
    "datasets": [{"domain_name": "DM", "match_key": ["USUBJID"]}],
}


def test_rules_are_read_from_json_and_from_gzip(tmp_path):
    text = json.dumps({"rules": {"R1": WRITTEN}, "index": {"sdtmig/3-4": ["R1"], "adamig/1-1": []}})
    (tmp_path / "rules.json").write_text(text)
    (tmp_path / "rules.json.gz").write_bytes(gzip.compress(text.encode()))
    (one,) = read_rules(tmp_path / "rules.json")
    assert read_rules(tmp_path / "rules.json.gz") == (one,)
    assert (one.message, one.severity, one.matches) == ("No term", "warning", (Match("DM", ("USUBJID",)),))
    assert [clause.operator for clause in clauses(one.condition)] == ["empty"]
    with pytest.raises(DataError, match=r"standard 'sdtmig-9' is not known; known: sdtmig-3-4"):
        read_rules(tmp_path / "rules.json", "sdtmig-9")
    with pytest.raises(DataError, match="no rule is published for adamig-1-1"):
        read_rules(tmp_path / "rules.json", "adamig-1-1")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "cannot be read as JSON"),
        (b"[]", "must hold 'rules' by id and 'index' by standard"),
        (b'{"rules": {}, "index": {"sdtmig/3-4": ["R1"]}}', "not of the form of CORE's rules"),
    ],
)
def test_a_file_that_holds_no_rules_is_refused(tmp_path, content, says):
    (tmp_path / "rules.json").write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_rules(tmp_path / "rules.json")
    with pytest.raises(DataError, match="there is no such file of rules"):
        read_rules(tmp_path / "none.json")


def test_a_condition_is_a_value():
    clause = {"operator": "empty", "value": {"target": "X", "comparator": 1, "within": "Y"}}
    assert condition({"all": [clause]}) == Both((Clause("empty", "X", 1, {"within": "Y"}),))


def needed(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"{path} is missing")
    return path


@pytest.fixture(scope="module")
def published():
    return read_rules(needed(DATA / "cdisc_core" / "rules_all.json.gz"))


def counted(checked):
    return Counter((each.rule, each.dataset) for each in checked.findings)


def test_the_published_rules_that_cannot_be_run_are_those_that_need_what_is_not_public(published):
    assert len(published) == 430
    checked = check_conformance({}, published)
    unsupported = {rule: why for rule, why in checked.reasons().items() if checked.answers()[rule] == "unsupported"}
    assert len(unsupported) == 18
    assert all("Library" in why or "terminology" in why or "RELREC" in why for (why,) in unsupported.values())


COUNTED_BY_CORE = {
    ("CORE-000022", "AE"): 36, ("CORE-000024", "AE"): 1191, ("CORE-000047", "DM"): 52, ("CORE-000115", "DM"): 52,
    ("CORE-000191", "DM"): 52, ("CORE-000208", "DM"): 52, ("CORE-000209", "DM"): 52, ("CORE-000210", "DM"): 52,
    ("CORE-000321", "AE"): 1, ("CORE-000321", "DS"): 1, ("CORE-000552", "AE"): 1, ("CORE-000655", "DM"): 12,
    ("CORE-000656", "DM"): 12, ("CORE-000657", "AE"): 250, ("CORE-000701", "AE"): 1191, ("CORE-000701", "DS"): 596,
    ("CORE-000701", "EX"): 591, ("CORE-000701", "SC"): 254, ("CORE-000732", "SC"): 3, ("CORE-000793", "AE"): 1,
    ("CORE-000793", "DS"): 1, ("CORE-000841", "AE"): 1, ("CORE-000867", "DS"): 58,
}  # fmt: skip
"""Findings of cdisc-rules-engine 0.17.1 in ten datasets of the pilot study, by rule and dataset, without the rules that
need the CDISC Library; the domains and classes it was given are those of ``core_scope``, the data were converted to
Dataset-JSON by ``convert``. It answered 738 pairs of rule and dataset that this runner answers too."""


def test_findings_in_the_pilot_study_are_those_of_core_itself(published):
    folder = needed(DATA / "cdiscpilot01" / "xpt")
    names = ("ae.xpt.gz", "dm.xpt", "ds.xpt", "ex.xpt", "sc.xpt", "suppae.xpt.gz", "suppds.xpt", "ta.xpt", "te.xpt",
             "tv.xpt")  # fmt: skip
    checked = check_conformance(study(*(read_dataset(folder / name) for name in names)), published)
    assert counted(checked) == COUNTED_BY_CORE
    (day,) = (each for each in checked.findings if each.rule == "CORE-000552")
    assert dict(day.values) == {
        "AESTDY": "366", "AESTDTC": "2013-05-09", "$val_stdy": "1", "RFSTDTC": "2013-05-09",
    }  # fmt: skip


def test_findings_in_the_pharmaverse_study(published):
    folder = needed(DATA / "pharmaverse" / "sdtm")
    names = ("ae.csv", "dm.csv", "ds.csv", "ex.csv", "mh.csv.gz", "suppae.csv", "suppdm.csv", "ts.csv")
    datasets = [read_dataset(folder / name) for name in names]
    counts = counted(check_conformance(study(*datasets), published))
    assert counts["CORE-000657", "AE"] == 250
    assert counts["CORE-000552", "AE"] == 1
    assert counts["CORE-000867", "DS"] == 58
    assert counts["CORE-000250", "MH"] == 16
    assert counts["CORE-000211", "SUPPDM"] == 963
