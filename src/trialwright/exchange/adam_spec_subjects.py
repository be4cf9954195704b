"""What the dataset of subjects holds, and the variables that every other analysis dataset takes from it."""

from __future__ import annotations

from trialwright.exchange.adam_codelists import ENDED, FLAG, SEX, YES_NO
from trialwright.exchange.specification import Codelist, DatasetSpec, VariableSpec

__all__ = ["ADSL", "COMMON", "STRATA_HELD", "date", "flag", "integer", "number", "text"]

STRATA_HELD = 6
"""Stratification factors that have variables of their own."""


def text(
    name: str, label: str, length: int, derivation: str, codelist: Codelist | None = None, *, required: bool = False
) -> VariableSpec:
    """Return a text variable that is derived."""
    return VariableSpec(name, label, "text", derivation, length, codelist, required=required)


def flag(name: str, label: str, derivation: str, *, answer: bool = False) -> VariableSpec:
    """Return a flag: Y or nothing, or with ``answer`` Y or N in every row."""
    return VariableSpec(name, label, "text", derivation, 1, YES_NO if answer else FLAG, required=answer)


def date(name: str, label: str, derivation: str, *, required: bool = False) -> VariableSpec:
    """Return a date."""
    return VariableSpec(name, label, "date", derivation, required=required)


def integer(name: str, label: str, derivation: str, *, required: bool = False) -> VariableSpec:
    """Return a whole number."""
    return VariableSpec(name, label, "integer", derivation, required=required)


def number(name: str, label: str, derivation: str) -> VariableSpec:
    """Return a number."""
    return VariableSpec(name, label, "number", derivation)


def _taken(name: str, label: str, length: int, source: str, *, required: bool = False) -> VariableSpec:
    return VariableSpec(name, label, "text", source, length, origin="Predecessor", required=required)


def _optional(variable: VariableSpec) -> VariableSpec:
    from dataclasses import replace

    return replace(variable, optional=True)


_STUDY = _taken("STUDYID", "Study Identifier", 20, "DM.STUDYID", required=True)
_SUBJECT = _taken("USUBJID", "Unique Subject Identifier", 40, "DM.USUBJID", required=True)

COMMON = (
    _STUDY,
    _SUBJECT,
    _taken("TRTP", "Planned Treatment", 40, "ADSL.TRT01P"),
    _taken("TRTA", "Actual Treatment", 40, "ADSL.TRT01A"),
)
"""First variables of every dataset but that of the subjects."""


def _stratum(number: int) -> tuple[VariableSpec, ...]:
    return (
        _optional(text(f"STRAT{number}D", f"Description of Stratification Factor {number}", 40, "Name of the factor")),
        _optional(
            text(
                f"STRAT{number}R",
                f"Strat Factor {number} Value Used for Rand",
                40,
                "Level of the factor that the allocation used",
            )
        ),
        _optional(
            text(
                f"STRAT{number}V",
                f"Strat Fact {number} Value from Verif Source",
                40,
                "Level of the factor by its rule on the data as they stand now",
            )
        ),
    )


ADSL = DatasetSpec(
    "ADSL",
    "Subject-Level Analysis Dataset",
    "one record per subject",
    "SUBJECT LEVEL ANALYSIS DATASET",
    ("STUDYID", "USUBJID"),
    (
        _STUDY,
        _SUBJECT,
        _taken("SUBJID", "Subject Identifier for the Study", 20, "DM.SUBJID", required=True),
        _taken("SITEID", "Study Site Identifier", 20, "DM.SITEID"),
        _taken("COUNTRY", "Country", 40, "DM.COUNTRY"),
        _optional(integer("AGE", "Age", "Age in years as stated at screening")),
        _optional(text("AGEU", "Age Units", 6, "YEARS where an age is stated")),
        _optional(text("SEX", "Sex", 1, "Sex as stated at screening", SEX)),
        _optional(text("RACE", "Race", 60, "Race as stated at screening")),
        _optional(text("ETHNIC", "Ethnicity", 60, "Ethnicity as stated at screening")),
        text("ARM", "Description of Planned Arm", 40, "Arm of the allocation; SCREEN FAILURE without one"),
        text("TRT01P", "Planned Treatment for Period 01", 40, "ARM of randomized subjects"),
        text("TRT01A", "Actual Treatment for Period 01", 40, "TRT01P of subjects with a recorded dose"),
        text("STRATAR", "Strata Used for Randomization", 200, "Factors with their levels, as allocation used them"),
        *(variable for number in range(1, STRATA_HELD + 1) for variable in _stratum(number)),
        flag("RANDFL", "Randomized Population Flag", "Y if allocated to an arm, else N", answer=True),
        flag("ITTFL", "Intent-To-Treat Population Flag", "Y if allocated to an arm, else N", answer=True),
        flag("SAFFL", "Safety Population Flag", "Y if randomized and a dose is recorded, else N", answer=True),
        flag(
            "MDISFL",
            "Measurable Disease at Baseline Flag",
            "Y if a target lesion is listed at baseline, else N",
            answer=True,
        ),
        date("RFICDT", "Date of Informed Consent", "Date of consent and screening"),
        date("RANDDT", "Date of Randomization", "Date of the allocation"),
        date("TRTSDT", "Date of First Exposure to Treatment", "First day of the first recorded dose"),
        date("TRTEDT", "Date of Last Exposure to Treatment", "Last day of any recorded dose; empty while one lasts"),
        integer("TRTDURD", "Total Treatment Duration (Days)", "TRTEDT - TRTSDT + 1"),
        text(
            "EOTSTT",
            "End of Treatment Status",
            20,
            "From the disposition of treatment, else ONGOING; empty after the study ended without one",
            ENDED,
        ),
        date("EOTDT", "Date of End of Treatment", "Date of the disposition of treatment"),
        text("DCTREAS", "Reason for Discontinuation of Treatment", 60, "Reason of the disposition of treatment"),
        text("EOSSTT", "End of Study Status", 20, "From the disposition of the study, else ONGOING", ENDED),
        date("EOSDT", "End of Study Date", "Date of the disposition of the study"),
        text("DCSREAS", "Reason for Discontinuation from Study", 60, "Reason of the disposition of the study"),
        flag("DTHFL", "Subject Death Flag", "Y with a record of death"),
        date("DTHDT", "Date of Death", "Date of the record of death"),
        text("DTHCAUS", "Cause of Death", 60, "Cause of the record of death"),
        date(
            "LSTALVDT",
            "Date Last Known Alive",
            "Latest dated record of the subject's own doing: contact, visit, dose, scan, event, sample or therapy",
        ),
    ),
)
