"""What SDTM leaves to each study: names of evaluators, categories and arms, as settings that can be listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["LABORATORY_TESTS", "SdtmSettings"]

_REASONS = {
    "ADVERSE EVENT": "adverse event",
    "COMPLETED": "completed",
    "DEATH": "death",
    "LACK OF EFFICACY": "lack of efficacy",
    "LOST TO FOLLOW-UP": "lost to follow-up",
    "PHYSICIAN DECISION": "physician decision",
    "PROGRESSIVE DISEASE": "progression",
    "DISEASE PROGRESSION": "progression",
    "PROTOCOL DEVIATION": "protocol deviation",
    "PROTOCOL VIOLATION": "protocol deviation",
    "STUDY TERMINATED BY SPONSOR": "sponsor decision",
    "WITHDRAWAL BY SUBJECT": "withdrawal",
    "OTHER": "other",
}
LABORATORY_TESTS = {
    "ALB": "albumin",
    "ALP": "alkaline phosphatase",
    "ALT": "alanine aminotransferase",
    "AMYLASE": "amylase",
    "APTT": "activated partial thromboplastin time",
    "AST": "aspartate aminotransferase",
    "BILI": "bilirubin",
    "CAION": "ionized calcium",
    "CD4": "CD4 lymphocytes",
    "CHOL": "cholesterol",
    "CK": "creatine kinase",
    "CREAT": "creatinine",
    "FIBRINO": "fibrinogen",
    "GGT": "gamma glutamyl transferase",
    "GLUC": "glucose",
    "HAPTOG": "haptoglobin",
    "HGB": "hemoglobin",
    "INR": "international normalized ratio",
    "K": "potassium",
    "LIPASE": "lipase",
    "LYM": "lymphocytes",
    "MG": "magnesium",
    "NEUT": "neutrophils",
    "PHOS": "phosphate",
    "PLAT": "platelets",
    "SODIUM": "sodium",
    "TRIG": "triglycerides",
    "URATE": "urate",
    "WBC": "leukocytes",
}


class SdtmSettings(BaseModel):
    """How a study's SDTM is read; each default is what is most common, and none is needed for names that fit.

    >>> SdtmSettings(datasets={"TR": "TR_ONCO"}).evaluators["INVESTIGATOR"]
    'investigator'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    datasets: Mapping[str, str] = {}
    """Domain: name of the dataset to be read as it, where that is another, such as ``TR: TR_ONCO``."""
    subject: Literal["USUBJID", "SUBJID"] = "USUBJID"
    """Which identifier becomes the subject number."""
    without_arm: tuple[str, ...] = ("SCRNFAIL", "NOTASSGN", "NOTTRT", "UNPLAN")
    """Values of ARMCD, in capitals, that are no arm."""
    arms: Mapping[str, str] = {}
    """ARMCD: arm; others stand as they are."""
    countries: Mapping[str, str] = {}
    """COUNTRY: country; others stand as they are."""
    strata: Mapping[str, str] = {}
    """QNAM of SUPPDM: stratification factor."""
    answers: Mapping[str, str] = {"AGE": "age", "SEX": "sex", "RACE": "race", "ETHNIC": "ethnicity"}
    """Variable of DM: name in the table of answers."""
    randomized: tuple[str, ...] = ("RANDOMIZED", "RANDOMIZATION")
    """DSDECOD of the day of randomization."""
    randomized_on: Literal["DS", "RFSTDTC"] = "DS"
    """Where the day of randomization stands: RFSTDTC for studies without the milestone, if that is what it means."""
    treatment_scopes: tuple[str, ...] = ("STUDY TREATMENT", "TREATMENT", "END OF TREATMENT")
    """DSSCAT (or EPOCH, where there is none) of the end of treatment; any other disposition event ends the study."""
    reasons: Mapping[str, str] = _REASONS
    """DSDECOD: reason of the table of dispositions."""
    interventions: Mapping[str, str] = {}
    """EXTRT: intervention; others in small letters."""
    daily: Mapping[str, float] = {"QD": 1, "BID": 2, "TID": 3, "QID": 4, "QOD": 0.5}
    """EXDOSFRQ: doses in a day. A dose given otherwise has no dose per day."""
    therapies: tuple[str, ...] = (
        "ANTI-CANCER THERAPY",
        "SUBSEQUENT ANTI-CANCER THERAPY",
        "NEW ANTI-CANCER THERAPY",
        "FOLLOW-UP ANTI-CANCER THERAPY",
    )
    """CMCAT and PRCAT of anticancer therapy after the trial's treatment."""
    chemotherapy: tuple[str, ...] = ("CHEMOTHERAPY",)
    """CMSCAT or CMCLAS of chemotherapy."""
    evaluators: Mapping[str, str] = {"INVESTIGATOR": "investigator"}
    """Name of the reader (--EVALID) or, without one, of the role (--EVAL): evaluator; others stand as they are."""
    baseline_visits: tuple[str, ...] = ("SCREENING", "BASELINE")
    """Beginnings of VISIT of tumor assessments with the number 0."""
    visits: Mapping[str, str] = {}
    """VISIT: visit; one that repeats may be followed by its number. Others stand as they are."""
    organs: Mapping[str, str] = {}
    """TULOC: organ; others in small letters."""
    assessment_number: str | None = None
    """Regular expression whose group is the number of a tumor assessment in VISIT; None counts them in their order."""
    visit_days: int = 28
    """Records of one VISIT further apart than so many days are time points of their own."""
    partial_scans: Literal["first", "last", "unknown"] = "last"
    """Day of a scan whose date is partial, where no record of the same visit has a whole date."""
    criteria: tuple[str, ...] = ("RECIST 1.1",)
    """RSCAT of responses to be read; a dataset without RSCAT is read whole."""
    causes: Mapping[str, str] = {"DISEASE PROGRESSION": "disease", "PROGRESSIVE DISEASE": "disease"}
    """Cause of death (DDSTRESC of PRCDTH): cause of the table of deaths; others are "other"."""
    tests: Mapping[str, str] = LABORATORY_TESTS
    """LBTESTCD: test; others by LBTEST in small letters."""
    alive: tuple[str, ...] = ("EG.EGDTC", "QS.QSDTC", "VS.VSDTC")
    """Further dates on which a patient was seen alive, as DOMAIN.VARIABLE; SS with SURVSTAT ALIVE is always one."""
