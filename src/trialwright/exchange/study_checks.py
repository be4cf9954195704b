"""What must hold of the tabulation datasets of any study: keys, subjects, dates, study days, references.

These rules are ours, written in the form of CDISC CORE's so that one runner serves both; they need no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trialwright.exchange.core_rules import Both, Clause, Condition, Match, Rule
from trialwright.exchange.core_run import Conformance, check_conformance
from trialwright.exchange.datasets import Dataset

__all__ = ["check_study"]

_RELATIONS = ("CO", "RELREC", "RELSUB", "RELSPEC")
"""Datasets whose records may be about no single subject."""


def check_study(study: Mapping[str, Dataset]) -> Conformance:
    """Return what is wrong with the datasets of a study whatever the standard's version; names of rules are plain.

    Subjects are known to DM and named once there; sequence numbers are unique; dates are dates, starts come before ends
    and not after death, births before the study; study days follow from the dates; supplemental qualifiers have a
    parent and one value.

    >>> import polars as pl
    >>> from trialwright.exchange import Variable
    >>> subject = (Variable("USUBJID", "Unique Subject Identifier", "text"),)
    >>> study = {name: Dataset(name, "", subject, pl.DataFrame({"USUBJID": [id]}))
    ...          for name, id in (("DM", "1"), ("AE", "2"))}
    >>> [(found.place, found.rule) for found in check_study(study).findings]
    [('AE record 1 (2)', 'subject known')]
    """
    return check_conformance(study, _RULES)


def _rule(
    id: str,
    message: str,
    *clauses: Condition,
    domains: Mapping[str, Any] | None = None,
    operations: tuple[Mapping[str, Any], ...] = (),
    matches: tuple[Match, ...] = (),
    shown: tuple[str, ...] = (),
    kind: str = "Record Data",
    sensitivity: str = "Record",
) -> Rule:
    return Rule(id, kind, message, Both(clauses), sensitivity, "error", domains or {}, {}, operations, matches, shown)


def _study_day(date: str, day: str) -> Rule:
    return _rule(
        "study day",
        "the study day is not the one that follows from the date and the start of the reference period",
        Clause("non_empty", day),
        Clause("is_complete_date", date),
        Clause("is_complete_date", "RFSTDTC"),
        Clause("not_equal_to", day, "$day"),
        domains={"Exclude": ["DM"]},
        operations=({"id": "$day", "operator": "dy", "name": date},),
        matches=(_SUBJECT,),
        shown=(day, "$day", date, "RFSTDTC"),
    )


_SUBJECT = Match("DM", ("USUBJID",))
_PARENT = Match("SUPP--", ("USUBJID", "IDVAR", "IDVARVAL"), child=True)
_DM_SUBJECTS = {"id": "$subjects", "operator": "distinct", "domain": "DM", "name": "USUBJID"}
_DM_STUDIES = {"id": "$studies", "operator": "distinct", "domain": "DM", "name": "STUDYID"}
_RULES: tuple[Rule, ...] = (
    _rule(
        "demographics", "there is no dataset DM: subjects cannot be checked", Clause("not_exists", "DM"),
        kind="Domain Presence Check", sensitivity="Dataset",
    ),
    _rule("subject missing", "the record names no subject", Clause("empty", "USUBJID"),
          domains={"Exclude": [*_RELATIONS]}),
    _rule("subject known", "the subject is not in DM", Clause("non_empty", "USUBJID"),
          Clause("is_not_contained_by", "USUBJID", "$subjects"), operations=(_DM_SUBJECTS,), shown=("USUBJID",)),
    _rule("subject once", "the subject has more than one record in DM", Clause("non_empty", "USUBJID"),
          Clause("is_not_unique_set", "USUBJID"), domains={"Include": ["DM"]}, shown=("USUBJID",)),
    _rule("study known", "the study is not that of DM", Clause("non_empty", "STUDYID"),
          Clause("is_not_contained_by", "STUDYID", "$studies"), operations=(_DM_STUDIES,), shown=("STUDYID",)),
    _rule("domain", "DOMAIN is not that of the dataset", Clause("does_not_equal_string_part", "DOMAIN", "$name",
          {"regex": "^.."}), domains={"Exclude": ["AP--"]}, shown=("DOMAIN", "$name"),
          operations=({"id": "$name", "operator": "extract_metadata", "name": "dataset_name"},)),
    _rule("sequence missing", "the record has no sequence number", Clause("empty", "--SEQ")),
    _rule("sequence once", "the sequence number is used more than once for the subject", Clause("exists", "USUBJID"),
          Clause("non_empty", "--SEQ"),
          Clause("is_not_unique_set", "--SEQ", ["USUBJID"]), shown=("USUBJID", "--SEQ")),
    _rule("date", "the value is no date of ISO 8601", Clause("matches_regex", "variable_name", r"\w+DTC$"),
          Clause("non_empty", "variable_value"), Clause("invalid_date", "variable_value"),
          kind="Value Check with Variable Metadata", shown=("variable_name", "variable_value")),
    _rule("start before end", "the start is after the end", Clause("date_greater_than", "--STDTC", "--ENDTC"),
          shown=("--STDTC", "--ENDTC")),
    _rule("reference period", "the reference period starts after its end",
          Clause("date_greater_than", "RFSTDTC", "RFENDTC"), domains={"Include": ["DM"]}, shown=("RFSTDTC", "RFENDTC")),
    _rule("birth", "the subject is born after the start of the reference period",
          Clause("date_greater_than", "BRTHDTC", "RFSTDTC"), domains={"Include": ["DM"]}, shown=("BRTHDTC", "RFSTDTC")),
    _rule("after death", "the record starts after the death of the subject",
          Clause("date_greater_than", "--STDTC", "DTHDTC"), domains={"Include": ["AE", "CM", "EX", "EC", "PR"]},
          matches=(_SUBJECT,), shown=("--STDTC", "DTHDTC")),
    _study_day("--DTC", "--DY"),
    _study_day("--STDTC", "--STDY"),
    _study_day("--ENDTC", "--ENDY"),
    _rule("parent", "no record of the parent dataset is the one referred to", Clause("non_empty", "IDVAR"),
          Clause("non_empty", "IDVARVAL"),
          Clause("not_equal_to", "IDVARVAL", "IDVAR", {"value_is_reference": True, "type_insensitive": True}),
          domains={"Include": ["SUPP--"]}, matches=(_PARENT,), shown=("RDOMAIN", "IDVAR", "IDVARVAL")),
    _rule("qualifier once", "the qualifier is given more than once for one parent record",
          Clause("is_not_unique_set", "QNAM", ["USUBJID", "RDOMAIN", "IDVAR", "IDVARVAL"]),
          domains={"Include": ["SUPP--"]}, shown=("QNAM", "IDVAR", "IDVARVAL")),
)  # fmt: skip
