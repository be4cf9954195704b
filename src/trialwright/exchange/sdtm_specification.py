"""The SDTM datasets that are written: variables in the order of SDTMIG 3.4 with its labels, and what orders the rows.

Text is given as one line per variable: name, label, and for anything but text the kind. CDISC, "Study Data Tabulation
Model Implementation Guide: Human Clinical Trials", version 3.4 (2021).
"""

from __future__ import annotations

from trialwright.exchange.datasets import Kind
from trialwright.exchange.specification import DatasetSpec, VariableSpec

__all__ = ["SDTM"]

_SUBJECT = """
STUDYID|Study Identifier
DOMAIN|Domain Abbreviation
USUBJID|Unique Subject Identifier
"""
_VISIT = """
VISITNUM|Visit Number|number
VISIT|Visit Name
"""
_SUPPLEMENT = """
STUDYID|Study Identifier
RDOMAIN|Related Domain Abbreviation
USUBJID|Unique Subject Identifier
IDVAR|Identifying Variable
IDVARVAL|Identifying Variable Value
QNAM|Qualifier Variable Name
QLABEL|Qualifier Variable Label
QVAL|Data Value
QORIG|Origin
QEVAL|Evaluator
"""

_DOMAINS: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "DM": (
        "Demographics",
        "One record per subject",
        ("STUDYID", "USUBJID"),
        _SUBJECT
        + """
SUBJID|Subject Identifier for the Study
RFSTDTC|Subject Reference Start Date/Time
RFENDTC|Subject Reference End Date/Time
RFXSTDTC|Date/Time of First Study Treatment
RFXENDTC|Date/Time of Last Study Treatment
RFICDTC|Date/Time of Informed Consent
RFPENDTC|Date/Time of End of Participation
DTHDTC|Date/Time of Death
DTHFL|Subject Death Flag
SITEID|Study Site Identifier
AGE|Age|integer
AGEU|Age Units
SEX|Sex
RACE|Race
ARMCD|Planned Arm Code
ARM|Description of Planned Arm
ACTARMCD|Actual Arm Code
ACTARM|Description of Actual Arm
ARMNRS|Reason Arm and/or Actual Arm is Null
ACTARMUD|Description of Unplanned Actual Arm
COUNTRY|Country
""",
    ),
    "DS": (
        "Disposition",
        "One record per disposition status or protocol milestone per subject",
        ("STUDYID", "USUBJID", "DSSEQ"),
        _SUBJECT
        + """
DSSEQ|Sequence Number|integer
DSTERM|Reported Term for the Disposition Event
DSDECOD|Standardized Disposition Term
DSCAT|Category for Disposition Event
DSSCAT|Subcategory for Disposition Event
EPOCH|Epoch
DSSTDTC|Start Date/Time of Disposition Event
DSSTDY|Study Day of Start of Disposition Event|integer
""",
    ),
    "SV": (
        "Subject Visits",
        "One record per actual or planned visit per subject",
        ("STUDYID", "USUBJID", "VISITNUM"),
        _SUBJECT
        + _VISIT
        + """
SVPRESP|Pre-Specified
SVOCCUR|Occurrence
SVREASOC|Reason for Occur Value
SVSTDTC|Start Date/Time of Observation
SVENDTC|End Date/Time of Observation
SVSTDY|Study Day of Start of Observation|integer
SVENDY|Study Day of End of Observation|integer
""",
    ),
    "EX": (
        "Exposure",
        "One record per protocol-specified study treatment, constant dosing interval, per subject",
        ("STUDYID", "USUBJID", "EXSEQ"),
        _SUBJECT
        + """
EXSEQ|Sequence Number|integer
EXLNKID|Link ID
EXTRT|Name of Treatment
EXDOSE|Dose|number
EXDOSU|Dose Units
EXDOSFRM|Dose Form
EXDOSFRQ|Dosing Frequency per Interval
EXROUTE|Route of Administration
EXADJ|Reason for Dose Adjustment
EPOCH|Epoch
EXSTDTC|Start Date/Time of Treatment
EXENDTC|End Date/Time of Treatment
EXSTDY|Study Day of Start of Treatment|integer
EXENDY|Study Day of End of Treatment|integer
""",
    ),
    "CM": (
        "Concomitant/Prior Medications",
        "One record per recorded intervention occurrence per subject",
        ("STUDYID", "USUBJID", "CMSEQ"),
        _SUBJECT
        + """
CMSEQ|Sequence Number|integer
CMTRT|Reported Name of Drug, Med, or Therapy
CMCAT|Category for Medication
CMSCAT|Subcategory for Medication
EPOCH|Epoch
CMSTDTC|Start Date/Time of Medication
CMENDTC|End Date/Time of Medication
CMSTDY|Study Day of Start of Medication|integer
CMENDY|Study Day of End of Medication|integer
""",
    ),
    "AE": (
        "Adverse Events",
        "One record per adverse event per subject",
        ("STUDYID", "USUBJID", "AESEQ"),
        _SUBJECT
        + """
AESEQ|Sequence Number|integer
AETERM|Reported Term for the Adverse Event
AELLT|Lowest Level Term
AELLTCD|Lowest Level Term Code|integer
AEDECOD|Dictionary-Derived Term
AEPTCD|Preferred Term Code|integer
AEHLT|High Level Term
AEHLTCD|High Level Term Code|integer
AEHLGT|High Level Group Term
AEHLGTCD|High Level Group Term Code|integer
AEBODSYS|Body System or Organ Class
AEBDSYCD|Body System or Organ Class Code|integer
AESOC|Primary System Organ Class
AESOCCD|Primary System Organ Class Code|integer
AESER|Serious Event
AEACN|Action Taken with Study Treatment
AEREL|Causality
AEOUT|Outcome of Adverse Event
AETOXGR|Standard Toxicity Grade
EPOCH|Epoch
AESTDTC|Start Date/Time of Adverse Event
AEENDTC|End Date/Time of Adverse Event
AESTDY|Study Day of Start of Adverse Event|integer
AEENDY|Study Day of End of Adverse Event|integer
""",
    ),
    "LB": (
        "Laboratory Test Results",
        "One record per lab test per time point per visit per subject",
        ("STUDYID", "USUBJID", "LBSEQ"),
        _SUBJECT
        + """
LBSEQ|Sequence Number|integer
LBTESTCD|Lab Test or Examination Short Name
LBTEST|Lab Test or Examination Name
LBORRES|Result or Finding in Original Units
LBORRESU|Original Units
LBSTRESC|Character Result/Finding in Std Format
LBSTRESN|Numeric Result/Finding in Standard Units|number
LBSTRESU|Standard Units
LBSTNRLO|Reference Range Lower Limit-Std Units|number
LBSTNRHI|Reference Range Upper Limit-Std Units|number
LBSPEC|Specimen Type
VISIT|Visit Name
EPOCH|Epoch
LBDTC|Date/Time of Specimen Collection
LBDY|Study Day of Specimen Collection|integer
""",
    ),
    "TU": (
        "Tumor/Lesion Identification",
        "One record per identified tumor per subject per assessor",
        ("STUDYID", "USUBJID", "TUSEQ"),
        _SUBJECT
        + """
TUSEQ|Sequence Number|integer
TULNKID|Link ID
TUTESTCD|Tumor/Lesion ID Short Name
TUTEST|Tumor/Lesion ID Test Name
TUORRES|Tumor/Lesion ID Result
TUSTRESC|Tumor/Lesion ID Result Std. Format
TULOC|Location of the Tumor/Lesion
TUMETHOD|Method of Identification
TUEVAL|Evaluator
TUEVALID|Evaluator Identifier
"""
        + _VISIT
        + """
EPOCH|Epoch
TUDTC|Date/Time of Tumor/Lesion Identification
TUDY|Study Day of Tumor/Lesion Identification|integer
""",
    ),
    "TR": (
        "Tumor/Lesion Results",
        "One record per tumor measurement/assessment per visit per subject per assessor",
        ("STUDYID", "USUBJID", "TRSEQ"),
        _SUBJECT
        + """
TRSEQ|Sequence Number|integer
TRLNKID|Link ID
TRLNKGRP|Link Group ID
TRTESTCD|Tumor/Lesion Assessment Short Name
TRTEST|Tumor/Lesion Assessment Test Name
TRORRES|Result or Finding in Original Units
TRORRESU|Original Units
TRSTRESC|Character Result/Finding in Std Format
TRSTRESN|Numeric Result/Finding in Standard Units|number
TRSTRESU|Standard Units
TRSTAT|Completion Status
TRREASND|Reason Not Done
TRMETHOD|Method Used to Identify the Tumor/Lesion
TREVAL|Evaluator
TREVALID|Evaluator Identifier
TRACPTFL|Accepted Record Flag
"""
        + _VISIT
        + """
EPOCH|Epoch
TRDTC|Date/Time of Tumor/Lesion Measurement
TRDY|Study Day of Tumor/Lesion Measurement|integer
""",
    ),
    "RS": (
        "Disease Response and Clin Classification",
        "One record per response assessment or clinical classification assessment per time point per subject",
        ("STUDYID", "USUBJID", "RSSEQ"),
        _SUBJECT
        + """
RSSEQ|Sequence Number|integer
RSLNKGRP|Link Group ID
RSTESTCD|Assessment Short Name
RSTEST|Assessment Name
RSCAT|Category for Assessment
RSORRES|Result or Finding in Original Units
RSSTRESC|Character Result/Finding in Std Format
RSDRVFL|Derived Flag
RSEVAL|Evaluator
RSEVALID|Evaluator Identifier
"""
        + _VISIT
        + """
EPOCH|Epoch
RSDTC|Date/Time of Assessment
RSDY|Study Day of Assessment|integer
""",
    ),
    "SS": (
        "Subject Status",
        "One record per status per visit per subject",
        ("STUDYID", "USUBJID", "SSSEQ"),
        _SUBJECT
        + """
SSSEQ|Sequence Number|integer
SSTESTCD|Status Short Name
SSTEST|Status Name
SSORRES|Result or Finding Original Result
SSSTRESC|Character Result/Finding in Std Format
EPOCH|Epoch
SSDTC|Date/Time of Assessment
SSDY|Study Day of Assessment|integer
""",
    ),
    "DD": (
        "Death Details",
        "One record per finding per subject",
        ("STUDYID", "USUBJID", "DDSEQ"),
        _SUBJECT
        + """
DDSEQ|Sequence Number|integer
DDTESTCD|Death Detail Assessment Short Name
DDTEST|Death Detail Assessment Name
DDORRES|Result or Finding as Collected
DDSTRESC|Character Result/Finding in Std Format
DDDTC|Date/Time of Collection
DDDY|Study Day of Collection|integer
""",
    ),
    "TA": (
        "Trial Arms",
        "One record per planned Element per Arm",
        ("STUDYID", "ARMCD", "TAETORD"),
        """
STUDYID|Study Identifier
DOMAIN|Domain Abbreviation
ARMCD|Planned Arm Code
ARM|Description of Planned Arm
TAETORD|Planned Order of Element within Arm|integer
ETCD|Element Code
ELEMENT|Description of Element
TABRANCH|Branch
TATRANS|Transition Rule
EPOCH|Epoch
""",
    ),
    "TE": (
        "Trial Elements",
        "One record per planned Element",
        ("STUDYID", "ETCD"),
        """
STUDYID|Study Identifier
DOMAIN|Domain Abbreviation
ETCD|Element Code
ELEMENT|Description of Element
TESTRL|Rule for Start of Element
TEENRL|Rule for End of Element
TEDUR|Planned Duration of Element
""",
    ),
    "TV": (
        "Trial Visits",
        "One record per planned Visit per Arm",
        ("STUDYID", "VISITNUM"),
        """
STUDYID|Study Identifier
DOMAIN|Domain Abbreviation
VISITNUM|Visit Number|number
VISIT|Visit Name
VISITDY|Planned Study Day of Visit|integer
ARMCD|Planned Arm Code
ARM|Description of Planned Arm
TVSTRL|Visit Start Rule
TVENRL|Visit End Rule
""",
    ),
    "TI": (
        "Trial Inclusion/Exclusion Criteria",
        "One record per I/E criterion",
        ("STUDYID", "IETESTCD"),
        """
STUDYID|Study Identifier
DOMAIN|Domain Abbreviation
IETESTCD|Inclusion/Exclusion Criterion Short Name
IETEST|Inclusion/Exclusion Criterion
IECAT|Inclusion/Exclusion Category
TIRL|Inclusion/Exclusion Criterion Rule
TIVERS|Protocol Criteria Versions
""",
    ),
    "TS": (
        "Trial Summary",
        "One record per trial summary parameter value",
        ("STUDYID", "TSPARMCD", "TSSEQ"),
        """
STUDYID|Study Identifier
DOMAIN|Domain Abbreviation
TSSEQ|Sequence Number|integer
TSPARMCD|Trial Summary Parameter Short Name
TSPARM|Trial Summary Parameter
TSVAL|Parameter Value
TSVAL1|Parameter Value 1
TSVAL2|Parameter Value 2
TSVALNF|Parameter Null Flavor
TSVALCD|Parameter Value Code
TSVCDREF|Name of the Reference Terminology
TSVCDVER|Version of the Reference Terminology
""",
    ),
    "SUPPDM": (
        "Supplemental Qualifiers for DM",
        "One record per supplemental qualifier",
        ("STUDYID", "USUBJID", "QNAM"),
        _SUPPLEMENT,
    ),
    "SUPPTU": (
        "Supplemental Qualifiers for TU",
        "One record per supplemental qualifier",
        ("STUDYID", "USUBJID", "IDVAR", "IDVARVAL", "QNAM"),
        _SUPPLEMENT,
    ),
    "RELREC": (
        "Related Records",
        "One record per related record, group of records or dataset",
        ("STUDYID", "RDOMAIN", "IDVAR"),
        """
STUDYID|Study Identifier
RDOMAIN|Related Domain Abbreviation
USUBJID|Unique Subject Identifier
IDVAR|Identifying Variable
IDVARVAL|Identifying Variable Value
RELTYPE|Relationship Type
RELID|Relationship Identifier
""",
    ),
}
_OPTIONAL = {"TSVAL1", "TSVAL2", "EXLNKID", "TUEVALID", "TREVALID", "RSEVALID", "TRACPTFL", "RSDRVFL"}
"""Permissible variables that are left out where nothing is known; the others are required or expected."""


def _variable(line: str) -> VariableSpec:
    name, label, kind = [*line.split("|"), "text"][:3]
    held: Kind = {"integer": "integer", "number": "number"}.get(kind, "text")  # type: ignore[assignment]
    return VariableSpec(name, label, held, "", origin=None, optional=name in _OPTIONAL)


def _specification(name: str) -> DatasetSpec:
    label, structure, keys, lines = _DOMAINS[name]
    variables = tuple(_variable(line) for line in lines.split("\n") if line)
    return DatasetSpec(name, label, structure, "SDTM", keys, variables)


SDTM = {name: _specification(name) for name in _DOMAINS}
"""The specifications by name, in the order in which the datasets are written."""
