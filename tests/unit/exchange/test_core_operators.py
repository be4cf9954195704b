"""Operators of conformance rules: each with the smallest table that holds its cases, missing values among them."""

import polars as pl
import pytest

from trialwright.exchange import Dataset, Variable
from trialwright.exchange.core_condition import holds
from trialwright.exchange.core_records import Unanswerable, of_dataset
from trialwright.exchange.core_rules import Both, Clause, Either, Negation
from trialwright.exchange.core_set_operators import OPERATORS

KINDS = {pl.String: "text", pl.Int64: "integer", pl.Float64: "number"}


def dataset(name="AE", label="Adverse Events", **columns):
    rows = pl.DataFrame(columns, schema={key: kind(values) for key, values in columns.items()})
    return Dataset(name, label, tuple(Variable(key, "", KINDS[type(rows.schema[key])]) for key in columns), rows)


def kind(values):
    known = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in known) or not known:
        return pl.String
    return pl.Float64 if any(isinstance(value, float) for value in known) else pl.Int64


def records(columns, worked_out=None):
    found = of_dataset(made := dataset(**columns), {"AE": made})
    for name, value in (worked_out or {}).items():
        found = found.with_value(name, value)
    return found


T, F = True, False
X, MISSING = "X", None
DATES = ["2014-01-05", "2014-01-05T10:00", "2014-01", "2014", None, "soon"]

ONE_VALUE = [
    # operator, values of the variable, held against, options, where it holds
    ("empty", [X, MISSING], None, {}, [F, T]),
    ("non_empty", [X, MISSING], None, {}, [T, F]),
    ("equal_to", ["Y", "y", MISSING], "Y", {}, [T, F, F]),
    ("equal_to", [0, 1, MISSING], 0, {}, [T, F, F]),
    ("equal_to", ["0", "1", MISSING], 0, {}, [F, F, F]),
    ("equal_to", ["0", "1.0", MISSING], 1, {"type_insensitive": True}, [F, T, F]),
    ("equal_to", ["0.6", "1.4", MISSING], 1, {"round_values": True}, [T, T, F]),
    ("not_equal_to", ["Y", "y", MISSING], "Y", {}, [F, T, T]),
    ("equal_to_case_insensitive", ["Y", "y", MISSING], "Y", {}, [T, T, F]),
    ("not_equal_to_case_insensitive", ["N", "y", MISSING], "Y", {}, [T, F, T]),
    ("less_than", [-1.0, 0.0, MISSING], 0, {}, [T, F, F]),
    ("less_than_or_equal_to", [-1.0, 0.0, 1.0, MISSING], 0, {}, [T, T, F, F]),
    ("greater_than", ["1", "-1", "one", MISSING], 0, {}, [T, F, F, F]),
    ("greater_than_or_equal_to", [1, 0, -1], 0, {}, [T, T, F]),
    ("is_complete_date", DATES, None, {}, [T, T, F, F, F, F]),
    ("is_incomplete_date", DATES, None, {}, [F, F, T, T, T, T]),
    ("invalid_date", [*DATES, "2014-02-30"], None, {}, [F, F, F, F, T, T, T]),
    ("invalid_duration", ["P3M", "-P3M", "3M", MISSING], None, {"negative": False}, [F, T, T, T]),
    ("invalid_duration", ["P3M", "-P3M", "3M"], None, {"negative": True}, [F, F, T]),
    ("date_equal_to", DATES, "2014-01-05", {}, [T, T, F, F, F, F]),
    ("date_not_equal_to", ["2014-02", "2014-01", MISSING], "2014-01-05", {}, [T, F, F]),
    ("date_greater_than", ["2014-02", "2014-01", "2014-01-06", MISSING], "2014-01-05", {}, [T, F, T, F]),
    ("date_greater_than_or_equal_to", ["2014-01", "2014-01-05", "2014-01-05T08:00"], "2014-01-05", {}, [F, T, T]),
    ("date_less_than", ["2013", "2014", "2014-01-04", MISSING], "2014-01-05", {}, [T, F, T, F]),
    ("date_less_than_or_equal_to", ["2013", "2014", "2014-01-05", MISSING], "2014-01-05", {}, [T, F, T, F]),
    ("matches_regex", ["AB1", "1AB", MISSING], "[A-Z]", {}, [T, F, F]),
    ("matches_regex", [1.0, 2.5, MISSING], r"^\d$", {}, [T, F, F]),
    ("not_matches_regex", ["AB1", "1AB", MISSING], "[A-Z]", {}, [F, T, F]),
    ("prefix_matches_regex", ["APX", "XAP", MISSING], "AP", {"prefix": 2}, [T, F, F]),
    ("not_prefix_matches_regex", ["APX", "XAP", MISSING], "AP", {"prefix": 2}, [F, T, F]),
    ("suffix_matches_regex", ["AESEQ", "SEQAE", MISSING], "SEQ", {"suffix": 3}, [T, F, F]),
    ("not_suffix_matches_regex", ["AESEQ", "SEQAE", MISSING], "SEQ", {"suffix": 3}, [F, T, F]),
    ("prefix_equal_to", ["FAX", "XFA", MISSING], "FA", {"prefix": 2}, [T, F, F]),
    ("prefix_not_equal_to", ["FAX", "XFA", MISSING], "FA", {"prefix": 2}, [F, T, T]),
    ("suffix_equal_to", ["FAX", "XFA", MISSING], "FA", {"suffix": 2}, [F, T, F]),
    ("suffix_not_equal_to", ["FAX", "XFA", MISSING], "FA", {"suffix": 2}, [T, F, T]),
    ("starts_with", ["RACE1", "OTHER", MISSING], "RACE", {}, [T, F, F]),
    ("ends_with", ["AESEQ", "SEQAE", MISSING], "SEQ", {}, [T, F, F]),
    ("longer_than", ["four", "fives", MISSING], 4, {}, [F, T, F]),
    ("longer_than_or_equal_to", ["two", "four", MISSING], 4, {}, [F, T, F]),
    ("shorter_than", ["two", "four", MISSING], 4, {}, [T, F, T]),
    ("shorter_than_or_equal_to", ["four", "fives", MISSING], 4, {}, [T, F, T]),
    ("has_equal_length", ["four", "fives", MISSING], 4, {}, [T, F, F]),
    ("has_not_equal_length", ["four", "fives", MISSING], 4, {}, [F, T, T]),
    ("split_parts_have_equal_length", ["2014/2015", "2014/2015-01", "2014", MISSING], None, {}, [T, F, T, T]),
    ("split_parts_have_unequal_length", ["2014/2015", "2014/2015-01", MISSING], None, {}, [F, T, F]),
    ("is_contained_by", ["Y", "U", MISSING], ["Y", "N"], {}, [T, F, F]),
    ("is_not_contained_by", ["Y", "U", MISSING], ["Y", "N"], {}, [F, T, T]),
    ("is_contained_by", [1.0, 2.0], [1, 3], {}, [T, F]),
    ("is_contained_by_case_insensitive", ["y", "U", MISSING], ["Y", "N"], {}, [T, F, F]),
    ("is_not_contained_by_case_insensitive", ["y", "U", MISSING], ["Y", "N"], {}, [F, T, T]),
    ("prefix_is_contained_by", ["AETERM", "LBTEST"], ["AE"], {"prefix": 2}, [T, F]),
    ("prefix_is_not_contained_by", ["AETERM", "LBTEST"], ["AE"], {"prefix": 2}, [F, T]),
    ("suffix_is_contained_by", ["SUPPAE", "SUPPLB"], ["AE"], {"suffix": 2}, [T, F]),
    ("suffix_is_not_contained_by", ["SUPPAE", "SUPPLB"], ["AE"], {"suffix": 2}, [F, T]),
    ("contains", ["A-B", "AB", MISSING], "-", {}, [T, F, F]),
    ("does_not_contain", ["A-B", "AB", MISSING], "-", {}, [F, T, T]),
    ("contains_case_insensitive", ["a consent", "none"], "CONSENT", {}, [T, F]),
    ("does_not_contain_case_insensitive", ["a consent", "none"], "CONSENT", {}, [F, T]),
    ("has_same_values", ["A", "A"], None, {}, [T, T]),
    ("has_different_values", ["A", "B"], None, {}, [T, T]),
    ("contains_all", ["A", "B", "C"], ["A", "B"], {}, [T, T, T]),
    ("not_contains_all", ["A", "C"], ["A", "B"], {}, [T, T]),
    ("is_unique_set", ["A", "A", "B", MISSING], [], {}, [F, F, T, T]),
    ("is_not_unique_set", ["2014-01-05T08", "2014-01-05T09"], [], {"regex": r"^\d{4}-\d\d-\d\d"}, [T, T]),
]


@pytest.mark.parametrize(("operator", "values", "against", "options", "expected"), ONE_VALUE)
def test_operator_on_one_variable(operator, values, against, options, expected):
    clause = Clause(operator, "--VAR", against, options)
    assert holds(clause, records({"AEVAR": values})).to_list() == expected


SUBJECT = ["1", "1", "1", "2"]
MANY_VALUES = [
    # operator, columns, target, held against, options, where it holds
    ("equal_to", {"AEA": ["x", "x", None], "AEB": ["x", "y", None]}, "--A", "--B", {}, [T, F, F]),
    ("not_equal_to", {"AEA": ["x", "x", None, "x"], "AEB": ["x", "y", None, None]}, "--A", "--B", {}, [F, T, F, T]),
    (
        "not_equal_to",
        {"AEVAL": ["1", "2"], "AEREF": ["AESEQ", "AESEQ"], "AESEQ": [1, 1]},
        "--VAL",
        "--REF",
        {"value_is_reference": True, "type_insensitive": True},
        [F, T],
    ),
    ("less_than", {"AEA": [1, 2, None], "AEB": [2, 1, 1]}, "--A", "--B", {}, [T, F, F]),
    ("date_less_than", {"AEENDTC": ["2014", "2014-01-01"], "AESTDTC": ["2014-02", "2014-01-02"]}, "--ENDTC",
     "--STDTC", {}, [F, T]),
    ("has_equal_length", {"AEA": ["ab", "abc"], "AEB": ["xy", "xy"]}, "--A", "--B", {}, [T, F]),
    ("equals_string_part", {"AEA": ["AE", "CM"], "AEB": ["SUPPAE", "SUPPAE"]}, "--A", "--B", {"regex": ".{4}(..).*"},
     [T, F]),
    ("does_not_equal_string_part", {"AEA": ["AE", "CM"], "AEB": ["SUPPAE", "SUPPAE"]}, "--A", "--B",
     {"regex": ".{4}(..).*"}, [F, T]),
    ("is_unique_set", {"USUBJID": SUBJECT, "AESEQ": [1, 1, 2, 1]}, "--SEQ", ["USUBJID", "NOT THERE"], {}, [F, F, T, T]),
    ("is_not_unique_set", {"USUBJID": SUBJECT, "AESEQ": [1, 1, 2, 1]}, "--SEQ", "USUBJID", {}, [T, T, F, F]),
    ("is_unique_relationship", {"AEA": ["a", "a", "b", None], "AEB": ["1", "1", "2", None]}, "--A", "--B", {},
     [T, T, T, T]),
    ("is_not_unique_relationship", {"AEA": ["a", "a", "b", "c"], "AEB": ["1", "2", "3", None]}, "--A", "--B", {},
     [T, T, F, F]),
    ("is_not_unique_relationship", {"AEA": ["a", "a", "b"], "AEB": ["1", None, "3"]}, "--A", "--B", {}, [T, T, F]),
    ("is_not_unique_relationship", {"AEA": ["a", "a"], "AEB": ["1", "1"], "AEC": ["x", "y"]}, "--A", ["--B", "--C"],
     {}, [T, T]),
    ("is_inconsistent_across_dataset", {"AEU": ["g", "g", "kg", "l"], "AET": ["w", "w", "w", "v"]}, "--U", "--T", {},
     [F, F, T, F]),
    ("is_inconsistent_across_dataset", {"AEU": ["g", "kg", "l"], "AET": ["w", "w", "v"]}, "--U", ["--T"], {},
     [T, T, F]),
    ("present_on_multiple_rows_within", {"USUBJID": SUBJECT, "RELID": ["a", "a", "b", "a"]}, "RELID", None,
     {"within": "USUBJID"}, [T, T, F, F]),
    ("present_on_multiple_rows_within", {"USUBJID": SUBJECT, "RELID": ["a", "a", "b", "a"]}, "RELID", 2,
     {"within": "USUBJID"}, [F, F, F, F]),
    ("not_present_on_multiple_rows_within", {"USUBJID": SUBJECT, "RELID": ["a", "a", "b", None]}, "RELID", None,
     {"within": "USUBJID"}, [F, F, T, F]),
    ("empty_within_except_last_row", {"USUBJID": SUBJECT, "SEST": ["3", "1", "2", "1"],
     "SEEN": [None, None, "3", None]}, "SEEN", "USUBJID", {"ordering": "SEST"}, [F, T, F, F]),
    ("non_empty_within_except_last_row", {"USUBJID": SUBJECT, "SEST": ["3", "1", "2", "1"],
     "SEEN": [None, None, "3", None]}, "SEEN", "USUBJID", {"ordering": "SEST"}, [F, F, T, F]),
    ("has_next_corresponding_record", {"USUBJID": SUBJECT, "N": [1, 2, 3, 1], "ST": ["a", "b", "c", "a"],
     "EN": ["b", "x", None, None]}, "EN", "ST", {"within": "USUBJID", "ordering": "N"}, [T, F, T, T]),
    ("does_not_have_next_corresponding_record", {"USUBJID": SUBJECT, "N": [1, 2, 3, 1], "ST": ["a", "b", "c", "a"],
     "EN": ["b", "x", None, None]}, "EN", "ST", {"within": "USUBJID", "ordering": "N"}, [F, T, F, F]),
    ("target_is_not_sorted_by", {"USUBJID": SUBJECT, "AESEQ": [3, 2, 1, 1],
     "ST": ["2014-03", "2014-01", "2014-02", None]}, "--SEQ", [{"name": "ST", "sort_order": "asc"}],
     {"within": "USUBJID"}, [F, T, F, F]),
    ("target_is_sorted_by", {"N": ["V2", "V10", "V1"], "ST": ["2", "3", "1"]}, "N", [{"name": "ST"}],
     {"regex": r"\D*(\d+)$"}, [T, T, T]),
    ("target_is_sorted_by", {"N": [1, 2, 3], "ST": ["b", "a", None]}, "N", [{"name": "ST", "sort_order": "desc"}], {},
     [T, T, T]),
    ("target_is_sorted_by", {"N": [1, 2], "ST": [None, "a"]}, "N", [{"name": "ST", "null_position": "last"}], {},
     [T, F]),
    ("target_is_sorted_by", {"N": [1, 2], "ST": [None, "a"]}, "N", [{"name": "ST", "null_position": "first"}], {},
     [T, T]),
    ("inconsistent_enumerated_columns", {"TSVAL": ["a", None, "a"], "TSVAL1": [None, "b", "b"],
     "TSVAL2": ["c", None, "c"]}, "TSVAL", None, {}, [T, T, F]),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "columns", "target", "against", "options", "expected"), MANY_VALUES)
def test_operator_on_several_variables_or_records(operator, columns, target, against, options, expected):
    assert holds(Clause(operator, target, against, options), records(columns)).to_list() == expected


SETS = [
    ("is_contained_by", ["a", "b"], [["a"], ["a"]], [T, F]),
    ("is_not_contained_by", ["a", "b"], [["a"], None], [F, T]),
    ("is_contained_by", [1, 2], [[1.0], [1.0]], [T, F]),
    ("is_contained_by", ["a", None], [[1], [1]], [F, F]),
    ("is_contained_by_case_insensitive", ["A", "B"], [["a"], ["a"]], [T, F]),
]


@pytest.mark.parametrize(("operator", "values", "sets", "expected"), SETS)
def test_a_value_is_held_against_a_set_of_its_own(operator, values, sets, expected):
    found = records({"AEVAR": values}, {"$set": pl.Series(sets)})
    assert holds(Clause(operator, "--VAR", "$set"), found).to_list() == expected


@pytest.mark.parametrize(
    ("operator", "target", "against", "expected"),
    [
        ("contains", "$set", "DEATH", [T, F, F]),
        ("does_not_contain", "$set", "DEATH", [F, T, T]),
        ("contains_all", "$set", "$other", [T, F, F]),
        ("not_contains_all", "$set", "$other", [F, T, T]),
        ("shares_at_least_one_element_with", "$set", "$other", [T, F, F]),
        ("shares_exactly_one_element_with", "$set", "$other", [T, F, F]),
        ("shares_no_elements_with", "$set", "$other", [F, T, T]),
        ("is_ordered_subset_of", "$short", "$long", [T, T, T]),
        ("is_not_ordered_subset_of", "$long", "$short", [T, T, T]),
    ],
)
def test_a_set_worked_out_for_each_record(operator, target, against, expected):
    sets = {
        "$set": pl.Series([["DEATH", "DROPOUT"], ["DROPOUT"], None]),
        "$other": ("DEATH",),
        "$short": ("A", "C"),
        "$long": ("A", "B", "C"),
    }
    found = records({"AEVAR": ["x", "y", "z"]}, sets)
    assert holds(Clause(operator, target, against), found).to_list() == expected


@pytest.mark.parametrize(("operator", "expected"), [("exists", [T, F, T]), ("not_exists", [F, T, F])])
def test_existence_is_of_variables_and_of_values_worked_out(operator, expected):
    found = records({"AEVAR": ["x"]}, {"$made": 1})
    assert [holds(Clause(operator, name), found).to_list()[0] for name in ("--VAR", "--OTHER", "$made")] == expected


def test_the_letters_of_the_domain_stand_for_domain():
    clause = Clause("prefix_not_equal_to", "--VAR", "DOMAIN", {"prefix": 2})
    assert holds(clause, records({"AEVAR": ["AEX", "CMX"]})).to_list() == [F, T]


def test_a_set_is_contained_when_it_shares_a_value_and_nothing_contains_a_missing_one():
    found = records({"AEVAR": ["x", None]}, {"$set": pl.Series([["A", "B"], ["C"]]), "$other": ("A", None)})
    assert holds(Clause("is_contained_by", "$set", "$other"), found).to_list() == [T, F]
    assert holds(Clause("is_contained_by", "--VAR", "$other"), found).to_list() == [F, F]
    assert holds(Clause("is_contained_by", "--VAR", [1, 2]), found).to_list() == [F, F]


def test_every_operator_has_a_case():
    tested = {case[0] for case in [*ONE_VALUE, *MANY_VALUES, *SETS]}
    tested |= {"exists", "not_exists", "shares_at_least_one_element_with", "shares_exactly_one_element_with"}
    tested |= {"shares_no_elements_with", "is_ordered_subset_of", "is_not_ordered_subset_of"}
    assert tested == set(OPERATORS)


def test_a_part_that_cannot_be_answered_settles_nothing():
    found = records({"AEVAR": ["x", None]})
    there, never, lacking = Clause("non_empty", "--VAR"), Clause("exists", "--NO"), Clause("empty", "--NO")
    assert holds(Either((there, lacking)), found).to_list() == [T, F]
    assert holds(Both((lacking, never)), found).to_list() == [F, F]
    assert holds(Negation(there), found).to_list() == [F, T]
    for condition in (lacking, Both((there, lacking)), Either((lacking, lacking)), Negation(lacking), Both(())):
        with pytest.raises(Unanswerable, match=r"AE has no variable AENO|empty condition"):
            holds(condition, found)


def test_text_that_means_a_variable_is_not_taken_for_text():
    found = records({"AESTDTC": ["2014-01-05"], "AEVAR": ["RFSTDTC"]})
    with pytest.raises(Unanswerable, match="AE has no variable RFSTDTC"):
        holds(Clause("date_less_than", "--STDTC", "RFSTDTC"), found)
    with pytest.raises(Unanswerable, match=r"AE has no variable SE\.EPOCH"):
        holds(Clause("equal_to", "--VAR", "SE.EPOCH"), found)
    assert holds(Clause("equal_to", "--VAR", "RFSTDTC"), found).to_list() == [T]
