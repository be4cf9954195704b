"""What the analysis datasets of adverse events, exposure and laboratory hold."""

from __future__ import annotations

from trialwright.exchange.adam_codelists import GRADES, RANGE, SEVERITY, YES_NO
from trialwright.exchange.adam_spec_subjects import COMMON, date, flag, integer, number, text
from trialwright.exchange.specification import DatasetSpec, ValueSpec, VariableSpec

__all__ = ["ADAE", "ADEX", "ADLB"]

_SEQUENCE = integer("ASEQ", "Analysis Sequence Number", "Row of the subject within the dataset, from 1", required=True)
_RECORD = text("SRCREC", "Source Record", 100, "The record that decided the row, by its plain name and key")


def _from(name: str, label: str, length: int, source: str) -> VariableSpec:
    return VariableSpec(name, label, "text", source, length, origin="Predecessor")


ADAE = DatasetSpec(
    "ADAE",
    "Adverse Events Analysis Dataset",
    "one record per subject per adverse event",
    "OCCURRENCE DATA STRUCTURE",
    ("STUDYID", "USUBJID", "AESEQ"),
    (
        *COMMON,
        VariableSpec("AESEQ", "Sequence Number", "integer", "AE.AESEQ", origin="Predecessor", required=True),
        _from("AETERM", "Reported Term for the Adverse Event", 200, "AE.AETERM"),
        _from("AEDECOD", "Dictionary-Derived Term", 200, "AE.AEDECOD"),
        _from("AEBODSYS", "Body System or Organ Class", 200, "AE.AEBODSYS"),
        _from("AESTDTC", "Start Date/Time of Adverse Event", 20, "AE.AESTDTC"),
        date("ASTDT", "Analysis Start Date", "Start; missing parts imputed by the rules of the study"),
        text("ASTDTF", "Analysis Start Date Imputation Flag", 1, "Greatest part of ASTDT that was imputed: Y, M or D"),
        _from("AEENDTC", "End Date/Time of Adverse Event", 20, "AE.AEENDTC"),
        date("AENDT", "Analysis End Date", "End; missing parts imputed by the rules of the study"),
        text("AENDTF", "Analysis End Date Imputation Flag", 1, "Greatest part of AENDT that was imputed: Y, M or D"),
        integer("ASTDY", "Analysis Start Relative Day", "Days from TRTSDT, its day 1 and no day 0"),
        integer("AENDY", "Analysis End Relative Day", "Days from TRTSDT, its day 1 and no day 0"),
        integer("ADURN", "Analysis Duration (N)", "AENDT - ASTDT + 1"),
        text("ADURU", "Analysis Duration Units", 4, "DAYS where ADURN is known"),
        flag("TRTEMFL", "Treatment Emergent Analysis Flag", "Y if the event starts in the window of the study"),
        flag("AOCCFL", "1st Occurrence within Subject Flag", "Y on the first treatment-emergent event"),
        flag("AOCCSFL", "1st Occurrence of SOC Flag", "Y on the first treatment-emergent event of the AEBODSYS"),
        flag("AOCCPFL", "1st Occurrence of Preferred Term Flag", "Y on the first treatment-emergent event of AEDECOD"),
        flag("AOCCIFL", "1st Max Sev./Int. Occurrence Flag", "Y on the first of the worst treatment-emergent events"),
        flag("AOCCPIFL", "1st Max Sev./Int. Occur Within PT Flag", "Y on the first of the worst events of the AEDECOD"),
        VariableSpec("AESER", "Serious Event", "text", "AE.AESER", 1, YES_NO, origin="Predecessor"),
        VariableSpec("AESEV", "Severity/Intensity", "text", "AE.AESEV", 8, SEVERITY, origin="Predecessor"),
        text("ATOXGR", "Analysis Toxicity Grade", 1, "Worst CTCAE grade", GRADES),
        integer("ATOXGRN", "Analysis Toxicity Grade (N)", "ATOXGR as a number"),
        _from("AEREL", "Causality", 60, "AE.AEREL"),
        _from("AEACN", "Action Taken with Study Treatment", 60, "AE.AEACN"),
        _from("AEOUT", "Outcome of Adverse Event", 60, "AE.AEOUT"),
        text("REASON", "Why the Event Is Emergent or Not", 200, "Rule that decided, in words"),
        _RECORD,
    ),
)

ADEX = DatasetSpec(
    "ADEX",
    "Exposure Analysis Dataset",
    "one record per subject per treatment per parameter per interval",
    "BASIC DATA STRUCTURE",
    ("STUDYID", "USUBJID", "PARAMCD", "EXTRT", "ASTDT", "ASEQ"),
    (
        *COMMON,
        _SEQUENCE,
        text("EXTRT", "Name of Treatment", 60, "Intervention of the doses", required=True),
        text("PARAM", "Parameter", 100, "What the row is about", required=True),
        text("PARAMCD", "Parameter Code", 8, "Short name of PARAM, one to one", required=True),
        text("PARCAT1", "Parameter Category 1", 40, "OVERALL, or INDIVIDUAL for one interval of constant dose"),
        date("ASTDT", "Analysis Start Date", "First day of the interval, or of all dosing"),
        date("AENDT", "Analysis End Date", "Last day of the interval, or of all dosing"),
        number("AVAL", "Analysis Value", "By the rules of the parameter"),
        text("AVALC", "Analysis Value (C)", 1, "Y or N where the parameter asks a question", YES_NO),
        text("AVALU", "Analysis Value Unit", 20, "Unit of AVAL"),
        text("REASON", "Why the Value Was Given", 200, "Rule that decided, or why there is no value"),
        _RECORD,
    ),
    (
        ValueSpec("AVAL", ("TDURD",), "From the first to the last day of dosing, both included"),
        ValueSpec("AVAL", ("TDOSE",), "Sum over records of dose per day times days"),
        ValueSpec("AVAL", ("TPDOSE",), "Dose planned for the same records, or by the protocol for the cycles begun"),
        ValueSpec("AVAL", ("AVDDSE",), "Total dose over the days of dosing"),
        ValueSpec("AVAL", ("TDOSINT",), "100 total dose / planned dose"),
        ValueSpec("AVAL", ("RDI",), "100 (total dose / actual duration) / (planned dose / planned duration)"),
        ValueSpec("AVAL", ("TCYC", "TRED", "TINT", "TDLY"), "Number of cycles begun, or of changes recorded"),
        ValueSpec("AVAL", ("DURD",), "Days of the interval, first and last included"),
        ValueSpec("AVAL", ("DOSE", "PLDOSE"), "Dose per day, given or planned, times the days of the interval"),
        ValueSpec("AVALC", ("ADJ", "TADJ"), "Y where a dose was reduced, raised, interrupted or delayed, else N"),
    ),
)

ADLB = DatasetSpec(
    "ADLB",
    "Laboratory Analysis Dataset",
    "one record per subject per parameter per result",
    "BASIC DATA STRUCTURE",
    ("STUDYID", "USUBJID", "PARAMCD", "ADT", "ASEQ"),
    (
        *COMMON,
        _SEQUENCE,
        text("PARAM", "Parameter", 100, "Test, specimen where it is not blood, and unit", required=True),
        text("PARAMCD", "Parameter Code", 8, "Short name of PARAM, one to one", required=True),
        date("ADT", "Analysis Date", "Day of the sample"),
        integer("ADY", "Analysis Relative Day", "Days from TRTSDT, its day 1 and no day 0"),
        text("AVISIT", "Analysis Visit", 60, "Visit as recorded"),
        number("AVAL", "Analysis Value", "Numeric result"),
        text("AVALC", "Analysis Value (C)", 60, "Result as recorded"),
        number("BASE", "Baseline Value", "Last value on or before the day of the first dose"),
        number("CHG", "Change from Baseline", "AVAL - BASE after baseline"),
        number(
            "PCHG", "Percent Change from Baseline", "100 (AVAL - BASE) / BASE after baseline; empty where BASE is 0"
        ),
        number("ANRLO", "Analysis Normal Range Lower Limit", "Lower limit of the site's normal range"),
        number("ANRHI", "Analysis Normal Range Upper Limit", "Upper limit of the site's normal range"),
        text("ANRIND", "Analysis Reference Range Indicator", 6, "AVAL against ANRLO and ANRHI", RANGE),
        text("BNRIND", "Baseline Reference Range Indicator", 6, "ANRIND of the baseline", RANGE),
        integer("ATOXGRLN", "Analysis Toxicity Grade Low (N)", "CTCAE grade of a value too low, 0 where none applies"),
        integer(
            "ATOXGRHN", "Analysis Toxicity Grade High (N)", "CTCAE grade of a value too high, 0 where none applies"
        ),
        integer("BTOXGRLN", "Baseline Toxicity Grade Low (N)", "ATOXGRLN of the baseline"),
        integer("BTOXGRHN", "Baseline Toxicity Grade High (N)", "ATOXGRHN of the baseline"),
        text("ATOXDSCL", "Analysis Toxicity Description Low", 100, "CTCAE term of a value too low"),
        text("ATOXDSCH", "Analysis Toxicity Description High", 100, "CTCAE term of a value too high"),
        flag("ABLFL", "Baseline Record Flag", "Y on the row that is the baseline"),
        flag("ONTRTFL", "On Treatment Record Flag", "Y after baseline and within the window of the study"),
        flag("LVOTFL", "Last Value On Treatment Record Flag", "Y on the last value with ONTRTFL"),
        integer("LBSEQ", "Sequence Number", "LB.LBSEQ"),
        _RECORD,
    ),
)
