"""EX, CM, AE and LB from trial data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trialwright.exchange.datasets import Dataset
from trialwright.exchange.sdtm_settings import LABORATORY_TESTS
from trialwright.exchange.sdtm_source import mapped
from trialwright.exchange.sdtm_subject_days import Marks, iso

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["THERAPY", "event_datasets"]

THERAPY = "SUBSEQUENT ANTI-CANCER THERAPY"
"""CMCAT of therapy after the trial's treatment."""


def event_datasets(data: TrialData, protocol: Protocol, marks: Marks) -> Iterator[Dataset]:
    """Yield the datasets of what happened to subjects; LB where there are results."""
    yield marks.dataset("EX", _doses(data, protocol), "EXST", "EXEN")
    yield marks.dataset("CM", _therapies(data), "CMST")
    yield marks.dataset("AE", _adverse_events(data), "AEST", "AEEN")
    if len(data["laboratory"]):
        yield marks.dataset("LB", _laboratory(data), "LB")


def _doses(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    """Return the doses; EXADJ says what changed and, where it is known, why."""
    import polars as pl

    routes = {found.id: found.route.upper() for found in protocol.interventions if found.route}
    changed = pl.col("change").str.to_uppercase()
    told = pl.when(pl.col("reason").is_null()).then(changed).otherwise(pl.format("{}: {}", changed, "reason"))
    dosed = pl.col("dose").is_not_null()
    ordered = data["doses"].sort("subject", "started_on", "intervention", maintain_order=True)
    return ordered.select(
        "subject",
        EXLNKID=pl.format("C{}", "cycle"),
        EXTRT="product",
        EXDOSE="dose",
        EXDOSU="unit",
        EXDOSFRQ=pl.when(dosed).then(pl.lit("QD")),
        EXROUTE=mapped(pl.col("intervention"), routes, pl.String()),
        EXADJ=pl.when((pl.col("change") != "none") | pl.col("reason").is_not_null()).then(told),
        EXSTDTC=iso("started_on"),
        EXENDTC=iso("ended_on"),
    )


def _therapies(data: TrialData) -> pl.DataFrame:
    import polars as pl

    chemotherapy = pl.when("chemotherapy").then(pl.lit("CHEMOTHERAPY")).otherwise(pl.lit("OTHER"))
    return data["therapies"].select(
        "subject",
        CMTRT="therapy",
        CMCAT=pl.lit(THERAPY),
        CMSCAT=pl.when(pl.col("chemotherapy").is_not_null()).then(chemotherapy),
        CMSTDTC=iso("started_on"),
    )


def _adverse_events(data: TrialData) -> pl.DataFrame:
    import polars as pl

    serious = pl.when("serious").then(pl.lit("Y")).otherwise(pl.lit("N"))
    return data["adverse_events"].select(
        "subject",
        AESEQ="number",
        AETERM=pl.coalesce("verbatim", "term"),
        AEDECOD="term",
        AEBODSYS="system",
        AESOC="system",
        AESER=pl.when(pl.col("serious").is_not_null()).then(serious),
        AEACN="action",
        AEREL="related",
        AEOUT="outcome",
        AETOXGR=pl.col("grade").cast(pl.String),
        AESTDTC=pl.coalesce("started_as", iso("started_on")),
        AEENDTC=pl.coalesce("ended_as", iso("ended_on")),
    )


def _laboratory(data: TrialData) -> pl.DataFrame:
    import polars as pl

    codes = {name: code for code, name in LABORATORY_TESTS.items()}
    short = pl.col("test").str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "").str.slice(0, 8)
    value = pl.coalesce("text", pl.col("value").cast(pl.String))
    return (
        data["laboratory"]
        .select(
            "subject",
            "visit",
            LBSEQ="number",
            LBTESTCD=mapped(pl.col("test"), codes, pl.String()).fill_null(short),
            LBTEST=pl.col("test").str.slice(0, 1).str.to_uppercase() + pl.col("test").str.slice(1),
            LBORRES=value,
            LBORRESU="unit",
            LBSTRESC=value,
            LBSTRESN="value",
            LBSTRESU="unit",
            LBSTNRLO="low",
            LBSTNRHI="high",
            LBSPEC=pl.col("specimen").str.to_uppercase(),
            LBDTC=iso("sampled_on"),
        )
        .rename({"visit": "VISIT"})
    )
