"""The codelists of the analysis datasets: public terms of the CDISC terminology, and lists of our own."""

from __future__ import annotations

from trialwright.exchange.specification import Codelist

__all__ = ["ANSWERS", "BEST", "CENSORED", "ENDED", "FLAG", "GRADES", "RANGE", "RESPONSES", "SEVERITY", "SEX", "YES_NO"]

FLAG = Codelist("Y", "Yes only", (("Y", "Yes"),))
YES_NO = Codelist("NY", "No or yes", (("N", "No"), ("Y", "Yes")), "C66742")
SEX = Codelist("SEX", "Sex", (("F", "Female"), ("M", "Male"), ("U", "Unknown")), "C66731")
ENDED = Codelist(
    "SBJTSTAT",
    "Subject status",
    (("COMPLETED", "Completed"), ("DISCONTINUED", "Discontinued"), ("ONGOING", "Ongoing")),
    "C101859",
)
_RECIST = (
    ("CR", "Complete response"),
    ("PR", "Partial response"),
    ("SD", "Stable disease"),
    ("NON-CR/NON-PD", "Neither complete response nor progression of non-target lesions"),
    ("PD", "Progressive disease"),
    ("NE", "Not evaluable"),
)
RESPONSES = Codelist("RECISTOR", "Response by RECIST 1.1", _RECIST, "C96785")
BEST = Codelist("BESTRESP", "Best response by RECIST 1.1", (*_RECIST, ("MISSING", "No assessment")))
ANSWERS = Codelist("AVALC", "Response, or yes or no", (*BEST.terms, *YES_NO.terms))
"""What AVALC of a response dataset may hold, whatever the parameter."""
SEVERITY = Codelist("AESEV", "Severity", (("MILD", "Mild"), ("MODERATE", "Moderate"), ("SEVERE", "Severe")), "C66769")
RANGE = Codelist(
    "NRIND",
    "Result against the normal range",
    (("LOW", "Below the range"), ("NORMAL", "Within the range"), ("HIGH", "Above the range")),
)
GRADES = Codelist("TOXGR", "CTCAE grade", tuple((str(grade), f"Grade {grade}") for grade in range(1, 6)))
CENSORED = Codelist(
    "CNSR",
    "Event or reason for censoring",
    (
        ("0", "Event"),
        ("1", "No event by the last assessment or contact"),
        ("2", "New anticancer therapy before the event"),
        ("3", "Event after too many missed assessments"),
        ("4", "Stopped by another occurrence before the event"),
        ("5", "Died without the event"),
    ),
)
