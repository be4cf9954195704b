"""Which datasets a conformance rule is about: domains, classes, supplemental and split datasets.

The domains of the implementation guide with their classes and labels are those of CDISC SDTMIG 3.4 (2021), section 2.7
and the chapters it names; CORE itself takes them from the CDISC Library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trialwright.exchange.core_rules import Rule
from trialwright.exchange.datasets import Dataset

__all__ = ["domain_class", "domain_label", "domain_of", "in_scope", "is_split", "is_standard", "prefix_of"]

_DOMAINS: Mapping[str, Mapping[str, str]] = {
    "SPECIAL PURPOSE": {
        "CO": "Comments",
        "DM": "Demographics",
        "SE": "Subject Elements",
        "SM": "Subject Disease Milestones",
        "SV": "Subject Visits",
    },
    "INTERVENTIONS": {
        "AG": "Procedure Agents",
        "CM": "Concomitant/Prior Medications",
        "EC": "Exposure as Collected",
        "EX": "Exposure",
        "ML": "Meal Data",
        "PR": "Procedures",
        "SU": "Substance Use",
    },
    "EVENTS": {
        "AE": "Adverse Events",
        "BE": "Biospecimen Events",
        "CE": "Clinical Events",
        "DS": "Disposition",
        "DV": "Protocol Deviations",
        "HO": "Healthcare Encounters",
        "MH": "Medical History",
    },
    "FINDINGS": {
        "BS": "Biospecimen Findings",
        "CP": "Cell Phenotype Findings",
        "CV": "Cardiovascular System Findings",
        "DA": "Product Accountability",
        "DD": "Death Details",
        "EG": "ECG Test Results",
        "FT": "Functional Tests",
        "GF": "Genomics Findings",
        "IE": "Inclusion/Exclusion Criteria Not Met",
        "IS": "Immunogenicity Specimen Assessments",
        "LB": "Laboratory Test Results",
        "MB": "Microbiology Specimen",
        "MI": "Microscopic Findings",
        "MK": "Musculoskeletal System Findings",
        "MS": "Microbiology Susceptibility",
        "NV": "Nervous System Findings",
        "OE": "Ophthalmic Examinations",
        "PC": "Pharmacokinetics Concentrations",
        "PE": "Physical Examination",
        "PP": "Pharmacokinetics Parameters",
        "QS": "Questionnaires",
        "RE": "Respiratory System Findings",
        "RP": "Reproductive System Findings",
        "RS": "Disease Response and Clin Classification",
        "SC": "Subject Characteristics",
        "SS": "Subject Status",
        "TR": "Tumor/Lesion Results",
        "TU": "Tumor/Lesion Identification",
        "UR": "Urinary System Findings",
        "VS": "Vital Signs",
    },
    "FINDINGS ABOUT": {"FA": "Findings About Events or Interventions", "SR": "Skin Response"},
    "TRIAL DESIGN": {
        "TA": "Trial Arms",
        "TD": "Trial Disease Assessments",
        "TE": "Trial Elements",
        "TI": "Trial Inclusion/Exclusion Criteria",
        "TM": "Trial Disease Milestones",
        "TS": "Trial Summary",
        "TV": "Trial Visits",
    },
    "STUDY REFERENCE": {"DI": "Device Identifiers", "OI": "Non-host Organism Identifiers"},
    "RELATIONSHIP": {
        "RELREC": "Related Records",
        "RELSPEC": "Related Specimens",
        "RELSUB": "Related Subjects",
        "SUPPQUAL": "Supplemental Qualifiers",
    },
}
_CLASS = {code: kind for kind, codes in _DOMAINS.items() for code in codes}
_LABEL = {code: label for codes in _DOMAINS.values() for code, label in codes.items()}
_TOPICS = {"TESTCD": "FINDINGS", "TERM": "EVENTS", "TRT": "INTERVENTIONS"}
"""The topic variable tells the class of a domain of the sponsor's own (SDTM 2.0, section 3.1)."""


def domain_of(dataset: Dataset) -> str:
    """Return the domain of a dataset: what DOMAIN says, else its name.

    >>> import polars as pl
    >>> from trialwright.exchange import Variable
    >>> rows = pl.DataFrame({"DOMAIN": ["LB"]})
    >>> domain_of(Dataset("LBCH", "Chemistry", (Variable("DOMAIN", "Domain Abbreviation", "text"),), rows))
    'LB'
    """
    if "DOMAIN" in dataset.rows.columns and len(dataset):
        stated = dataset.rows["DOMAIN"][0]
        if stated:
            return str(stated).upper()
    return dataset.name.upper()


def prefix_of(domain: str) -> str:
    """Return the two letters that stand for ``--`` in names of variables; those of associated persons follow AP."""
    return domain[2:4] if domain.startswith("AP") and len(domain) == 4 else domain[:2]


def is_standard(domain: str) -> bool:
    """Whether the implementation guide knows the domain."""
    return domain in _CLASS or domain.startswith(("SUPP", "SQ", "AP"))


def domain_label(domain: str) -> str | None:
    """Return the label that the implementation guide gives a domain; None for a domain of the sponsor's own.

    >>> domain_label("AE")
    'Adverse Events'
    """
    return _LABEL.get(domain)


def domain_class(dataset: Dataset) -> str | None:
    """Return the class of a dataset: by its domain, else by its topic variable; None when neither tells."""
    domain = domain_of(dataset)
    if domain.startswith(("SUPP", "SQ")):
        return "RELATIONSHIP"
    known = _CLASS.get(domain) or _CLASS.get(prefix_of(domain))
    if known is not None:
        return known
    columns = set(dataset.rows.columns)
    return next((kind for topic, kind in _TOPICS.items() if prefix_of(domain) + topic in columns), None)


def is_split(dataset: Dataset) -> bool:
    """Whether the dataset is a part of its domain, such as LBCH of LB or SUPPLBCH."""
    name, domain = dataset.name.upper(), domain_of(dataset)
    if name.startswith("SUPP"):
        return len(name) > 6
    return name != domain and name.startswith(domain)


def in_scope(rule: Rule, dataset: Dataset) -> bool:
    """Whether a rule is about a dataset, by its domains and its classes, included and excluded."""
    domain, kind = domain_of(dataset), domain_class(dataset)
    named = {domain, dataset.name.upper()}
    return _admits(rule.domains, named, is_split(dataset)) and _class_admits(rule.classes, kind)


def _admits(scope: Mapping[str, Any], named: set[str], split: bool) -> bool:
    included, excluded = scope.get("Include") or [], scope.get("Exclude") or []
    if _any_matches(excluded, named):
        return False
    if included:
        return _any_matches(included, named)
    # Without a domain named, a rule that asks for split datasets is about those alone.
    return split or not scope.get("include_split_datasets")


def _any_matches(patterns: list[str], named: set[str]) -> bool:
    return any(pattern == "ALL" or any(_matches(pattern, name) for name in named) for pattern in patterns)


def _matches(pattern: str, name: str) -> bool:
    if pattern == "SUPP--":
        return name.startswith(("SUPP", "SQ"))
    if pattern.endswith("--"):
        return name.startswith(pattern[:-2]) and len(name) == len(pattern)
    return pattern == name


def _class_admits(scope: Mapping[str, Any], kind: str | None) -> bool:
    included, excluded = scope.get("Include") or [], scope.get("Exclude") or []
    if kind in excluded:
        return False
    return (
        not included or "ALL" in included or kind in included or (kind == "FINDINGS ABOUT" and "FINDINGS" in included)
    )
