"""What the analysis datasets of response, tumor size and time to event hold."""

from __future__ import annotations

from trialwright.exchange.adam_codelists import ANSWERS, BEST, CENSORED, RESPONSES, YES_NO
from trialwright.exchange.adam_spec_subjects import COMMON, date, flag, integer, number, text
from trialwright.exchange.specification import DatasetSpec, ValueSpec, VariableSpec

__all__ = ["ADRS", "ADTR", "ADTTE"]

_PARAMETER = (
    text("PARAM", "Parameter", 100, "What the row is about", required=True),
    text("PARAMCD", "Parameter Code", 8, "Short name of PARAM, one to one", required=True),
)
_CATEGORIES = (
    text("PARCAT1", "Parameter Category 1", 40, "Kind of parameter"),
    text("PARCAT2", "Parameter Category 2", 40, "Who assessed"),
    text("PARCAT3", "Parameter Category 3", 40, "Criteria of response"),
)
_SEQUENCE = integer("ASEQ", "Analysis Sequence Number", "Row of the subject within the dataset, from 1", required=True)
_TRACE = (
    text("SRCDOM", "Source Data", 8, "Dataset of the record that gave ADT"),
    text("SRCVAR", "Source Variable", 8, "Variable of SRCDOM that holds the date"),
    integer("SRCSEQ", "Source Sequence Number", "Sequence number of the record in SRCDOM; empty with one per subject"),
    text("SRCREC", "Source Record", 100, "The record that decided the row, by its plain name and key"),
)

ADRS = DatasetSpec(
    "ADRS",
    "Response Analysis Dataset",
    "one record per subject per parameter per analysis date",
    "BASIC DATA STRUCTURE",
    ("STUDYID", "USUBJID", "PARAMCD", "ADT", "ASEQ"),
    (
        *COMMON,
        _SEQUENCE,
        *_PARAMETER,
        *_CATEGORIES,
        date("ADT", "Analysis Date", "Day that counts: of a progression the first scan showing it, else the last scan"),
        integer("ADY", "Analysis Relative Day", "Days from RANDDT, its day 1 and no day 0"),
        text("AVISIT", "Analysis Visit", 40, "Assessment, BASELINE or ASSESSMENT with its number"),
        integer("AVISITN", "Analysis Visit (N)", "Number of the assessment, baseline 0"),
        text("AVALC", "Analysis Value (C)", 20, "Response, or Y or N, by the rules of the parameter", ANSWERS),
        integer("AVAL", "Analysis Value", "CR 1, PR 2, SD 3, NON-CR/NON-PD 4, PD 5, NE 6, MISSING 7; Y 1, N 0"),
        flag("ANL01FL", "Analysis Flag 01", "Y if the record is the worst of its day"),
        flag(
            "ANL02FL",
            "Analysis Flag 02",
            "Y if the row rests on a response up to the first progression",
        ),
        text("REASON", "Why the Value Was Given", 200, "Rule that decided, in words"),
        *_TRACE,
    ),
    (
        ValueSpec("AVALC", ("OVR", "LSTA"), "Response by RECIST 1.1 at the assessment", RESPONSES),
        ValueSpec("AVALC", ("BOR", "CBOR"), "First rule of best response that an assessment meets", BEST),
        ValueSpec(
            "AVALC",
            ("PD", "RSP", "CRSP", "CB", "CCB", "BCP", "CBCP", "DEATH", "MDIS"),
            "Y where such a record exists, else N",
            YES_NO,
        ),
    ),
)

ADTR = DatasetSpec(
    "ADTR",
    "Tumor Results Analysis Dataset",
    "one record per subject per parameter per analysis visit",
    "BASIC DATA STRUCTURE",
    ("STUDYID", "USUBJID", "PARAMCD", "ADT", "ASEQ"),
    (
        *COMMON,
        _SEQUENCE,
        *_PARAMETER,
        *_CATEGORIES,
        date("ADT", "Analysis Date", "First scan of the assessment that measured a lesion of the row"),
        integer("ADY", "Analysis Relative Day", "Days from RANDDT, its day 1 and no day 0"),
        text("AVISIT", "Analysis Visit", 40, "BASELINE, or ASSESSMENT with its number"),
        integer("AVISITN", "Analysis Visit (N)", "Number of the assessment, baseline 0"),
        number("AVAL", "Analysis Value", "Diameter, or sum of the diameters measured, in mm"),
        number("BASE", "Baseline Value", "AVAL of the row with ABLFL"),
        number("CHG", "Change from Baseline", "AVAL - BASE"),
        number("PCHG", "Percent Change from Baseline", "100 (AVAL - BASE) / BASE; empty where BASE is 0"),
        number("NADIR", "Nadir", "Smallest complete sum before the row, baseline included"),
        number("CHGNAD", "Change from Nadir", "AVAL - NADIR"),
        number("PCHGNAD", "Percent Change from Nadir", "100 (AVAL - NADIR) / NADIR; empty where NADIR is 0"),
        flag("ABLFL", "Baseline Record Flag", "Y on the last row at baseline"),
        flag("ANL01FL", "Analysis Flag 01", "Y if every target lesion was measured"),
        flag("ANL02FL", "Analysis Flag 02", "Y on the complete row after baseline with the lowest PCHG"),
        flag("ANL03FL", "Analysis Flag 03", "Y if ANL01FL is, before the first progression"),
        flag("PDFL", "Progressive Disease Flag", "Y if the response of the assessment is PD"),
        text("LSEXP", "Lesions Expected", 100, "Target lesions listed at baseline"),
        text("LSASS", "Lesions Assessed", 100, "Target lesions measured at the assessment"),
        text("SRCREC", "Source Record", 100, "The record that decided the row, by its plain name and key"),
    ),
    (ValueSpec("AVAL", ("SDIAM",), "Sum of longest diameters and of short axes of nodes, in mm", decimals=1),),
)

ADTTE = DatasetSpec(
    "ADTTE",
    "Time-to-Event Analysis Dataset",
    "one record per subject per parameter",
    "BASIC DATA STRUCTURE",
    ("STUDYID", "USUBJID", "PARAMCD"),
    (
        *COMMON,
        _SEQUENCE,
        *_PARAMETER,
        date("STARTDT", "Time-to-Event Origin Date for Subject", "Randomization, or first response", required=True),
        date("ADT", "Analysis Date", "Date of the event or of censoring by the rules of the endpoint", required=True),
        integer("AVAL", "Analysis Value", "ADT - STARTDT + 1, in days", required=True),
        VariableSpec("CNSR", "Censor", "integer", "0 for an event; above 0 the reason", None, CENSORED, required=True),
        text("EVNTDESC", "Event or Censoring Description", 200, "Event, or why the time was censored", required=True),
        text("CNSDTDSC", "Censor Date Description", 200, "What the date of censoring is; empty with an event"),
        *_TRACE,
    ),
)
