"""DM, DS, SV, SS, DD and SUPPDM from trial data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trialwright.exchange.countries import COUNTRY_CODES
from trialwright.exchange.datasets import Dataset
from trialwright.exchange.sdtm_source import mapped
from trialwright.exchange.sdtm_subject_days import Marks, iso
from trialwright.exchange.sdtm_visits import ASSESSMENT, assessment_base, visit_names, visit_numbers

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["DECODED", "strata_names", "subject_datasets"]

DECODED = {
    "progression": "PROGRESSIVE DISEASE",
    "clinical progression": "PROGRESSIVE DISEASE",
    "adverse event": "ADVERSE EVENT",
    "withdrawal": "WITHDRAWAL BY SUBJECT",
    "lost to follow-up": "LOST TO FOLLOW-UP",
    "death": "DEATH",
    "never treated": "NEVER DOSED",
    "completed": "COMPLETED",
    "lack of efficacy": "LACK OF EFFICACY",
    "protocol deviation": "PROTOCOL DEVIATION",
    "physician decision": "PHYSICIAN DECISION",
    "sponsor decision": "STUDY TERMINATED BY SPONSOR",
    "other": "OTHER",
}
"""Reason: DSDECOD."""
_SEXES = {"female": "F", "male": "M"}
_PLACES = {"STRATUM": "stratum", "STRATPOS": "position", "STRATBLK": "block"}


def subject_datasets(data: TrialData, protocol: Protocol, marks: Marks) -> Iterator[Dataset]:
    """Yield the datasets about subjects themselves."""
    yield marks.dataset("DM", _demographics(data, protocol))
    yield marks.dataset("DS", _dispositions(data), "DSST")
    yield marks.dataset("SV", _visits(data, protocol), "SVST", "SVEN")
    yield marks.dataset("SS", _contacts(data), "SS")
    yield marks.dataset("DD", _deaths(data), "DD")
    yield marks.dataset("SUPPDM", _supplement(data, protocol))


def _demographics(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    import polars as pl

    arms = pl.DataFrame({"ARMCD": [arm.id for arm in protocol.arms], "ARM": [arm.label for arm in protocol.arms]})
    placed = data["allocations"].select("subject", ARMCD="arm").join(arms, on="ARMCD", how="left")
    screened = data["screened"].join(placed, on="subject", how="left", maintain_order="left")
    for found in (_dosed(data), _ended(data), _died(data), _asked(data)):
        screened = screened.join(found, on="subject", how="left", maintain_order="left")
    treated = pl.col("RFXSTDTC").is_not_null()
    waiting = pl.when(pl.col("outcome") == "randomized").then(pl.lit("NOT ASSIGNED"))
    without = pl.when(pl.col("ARMCD").is_null()).then(waiting.otherwise(pl.lit("SCREEN FAILURE")))
    return screened.select(
        "subject",
        pl.col("subject").alias("SUBJID"),
        pl.col("RFXSTDTC").alias("RFSTDTC"),
        pl.when(pl.col("ARMCD").is_not_null()).then(pl.coalesce("treated_until", "RFXENDTC")).alias("RFENDTC"),
        "RFXSTDTC",
        "RFXENDTC",
        iso("screened_on").alias("RFICDTC"),
        pl.col("RFPENDTC"),
        "DTHDTC",
        pl.when(pl.col("DTHDTC").is_not_null()).then(pl.lit("Y")).alias("DTHFL"),
        pl.col("site").alias("SITEID"),
        "AGE",
        pl.when(pl.col("AGE").is_not_null()).then(pl.lit("YEARS")).alias("AGEU"),
        pl.col("SEX").fill_null("U"),
        "RACE",
        "ARMCD",
        "ARM",
        pl.when(treated).then("ARMCD").alias("ACTARMCD"),
        pl.when(treated).then("ARM").alias("ACTARM"),
        without.otherwise(pl.when(~treated).then(pl.lit("ASSIGNED, NOT TREATED"))).alias("ARMNRS"),
        mapped(pl.col("country"), COUNTRY_CODES, pl.String()).fill_null(pl.col("country")).alias("COUNTRY"),
    )


def _dosed(data: TrialData) -> pl.DataFrame:
    import polars as pl

    last = pl.coalesce("ended_on", "started_on").max()
    found = data["doses"].group_by("subject").agg(pl.col("started_on").min(), last.alias("last"))
    return found.select("subject", iso("started_on").alias("RFXSTDTC"), iso("last").alias("RFXENDTC"))


def _ended(data: TrialData) -> pl.DataFrame:
    import polars as pl

    ends, day = data["dispositions"], pl.col("ended_on")
    found = ends.group_by("subject").agg(
        day.filter(pl.col("ended") == "study").first().alias("left"),
        day.filter(pl.col("ended") == "treatment").first().alias("until"),
    )
    return found.select("subject", iso("left").alias("RFPENDTC"), iso("until").alias("treated_until"))


def _died(data: TrialData) -> pl.DataFrame:
    return data["deaths"].select("subject", iso("died_on").alias("DTHDTC"))


def _asked(data: TrialData) -> pl.DataFrame:
    """Return age in whole years, sex and race where the screening data have variables of these names."""
    import polars as pl

    asked: dict[str, dict[str, Any]] = {}
    wanted = pl.col("variable").is_in(["age", "sex", "race"]) & pl.col("value").is_not_null()
    for subject, variable, value in data["answers"].filter(wanted)[["subject", "variable", "value"]].iter_rows():
        asked.setdefault(subject, {})[variable] = json.loads(value)
    rows = [(subject, *_in_sdtm(found)) for subject, found in asked.items()]
    schema = {"subject": pl.String, "AGE": pl.Int64, "SEX": pl.String, "RACE": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _in_sdtm(found: dict[str, Any]) -> tuple[int | None, str | None, str | None]:
    age, sex, race = found.get("age"), found.get("sex"), found.get("race")
    return None if age is None else int(age), _SEXES.get(str(sex), "U"), None if race is None else str(race).upper()


def _dispositions(data: TrialData) -> pl.DataFrame:
    """Return consent, failed screening, randomization, and the ends of treatment and study."""
    import polars as pl

    screened, ended = data["screened"], data["dispositions"]
    lost = screened.filter(pl.col("outcome") != "randomized")
    scope = mapped(pl.col("ended"), {"treatment": "STUDY TREATMENT", "study": "STUDY PARTICIPATION"}, pl.String())
    parts = [
        _milestone(screened, "INFORMED CONSENT OBTAINED", "screened_on"),
        lost.select(
            "subject",
            DSTERM=pl.col("outcome").str.to_uppercase(),
            DSDECOD=pl.lit("SCREEN FAILURE"),
            DSCAT=pl.lit("DISPOSITION EVENT"),
            DSSCAT=pl.lit("STUDY PARTICIPATION"),
            DSSTDTC=iso("screened_on"),
        ),
        _milestone(data["allocations"], "RANDOMIZED", "randomized_on"),
        ended.select(
            "subject",
            DSTERM=pl.col("reason").str.to_uppercase(),
            DSDECOD=mapped(pl.col("reason"), DECODED, pl.String()),
            DSCAT=pl.lit("DISPOSITION EVENT"),
            DSSCAT=scope,
            DSSTDTC=iso("ended_on"),
        ),
    ]
    return pl.concat(parts).sort("subject", "DSSTDTC", maintain_order=True)


def _milestone(rows: pl.DataFrame, name: str, on: str) -> pl.DataFrame:
    import polars as pl

    return rows.select(
        "subject",
        DSTERM=pl.lit(name),
        DSDECOD=pl.lit(name),
        DSCAT=pl.lit("PROTOCOL MILESTONE"),
        DSSCAT=pl.lit(None, pl.String),
        DSSTDTC=iso(on),
    )


def _visits(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    """Return visits and tumor assessments, kept or missed."""
    import polars as pl

    names, numbers = visit_names(protocol), visit_numbers(protocol)
    repeating = [visit.id for visit in protocol.visits if visit.repeat_days is not None]
    name = mapped(pl.col("visit"), names, pl.String()).fill_null(pl.col("visit").str.to_uppercase())
    told = pl.when(pl.col("visit").is_in(repeating)).then(pl.format("{} {}", name, "number")).otherwise(name)
    first = mapped(pl.col("visit"), numbers, pl.Float64())
    scans = data["assessments"].group_by("subject", "number", maintain_order=True).agg(pl.col("assessed_on").min())
    parts = [
        data["visits"].select("subject", VISIT=told, VISITNUM=first + pl.col("number") - 1, on="visited_on"),
        scans.select(
            "subject",
            VISIT=pl.format(f"{ASSESSMENT} {{}}", "number"),
            VISITNUM=(pl.col("number") + assessment_base(protocol)).cast(pl.Float64),
            on="assessed_on",
        ),
    ]
    kept = pl.col("on").is_not_null()
    return pl.concat(parts).select(
        "subject",
        "VISIT",
        "VISITNUM",
        pl.lit("Y").alias("SVPRESP"),
        pl.when(kept).then(pl.lit("Y")).otherwise(pl.lit("N")).alias("SVOCCUR"),
        iso("on").alias("SVSTDTC"),
        iso("on").alias("SVENDTC"),
    )


def _contacts(data: TrialData) -> pl.DataFrame:
    import polars as pl

    return data["contacts"].select(
        "subject",
        SSTESTCD=pl.lit("SURVSTAT"),
        SSTEST=pl.lit("Survival Status"),
        SSORRES=pl.lit("ALIVE"),
        SSSTRESC=pl.lit("ALIVE"),
        SSDTC=iso("alive_on"),
    )


def _deaths(data: TrialData) -> pl.DataFrame:
    import polars as pl

    known = data["deaths"].filter(pl.col("cause") != "unknown")
    return known.select(
        "subject",
        DDTESTCD=pl.lit("PRCDTH"),
        DDTEST=pl.lit("Primary Cause of Death"),
        DDORRES=pl.col("cause").str.to_uppercase(),
        DDSTRESC=pl.col("cause").str.to_uppercase(),
        DDDTC=iso("died_on"),
    )


def strata_names(protocol: Protocol) -> dict[str, str]:
    """Return QNAM of each stratification factor."""
    return {f"STRAT{at}": factor.id for at, factor in enumerate(protocol.randomization.strata, 1)}


def _supplement(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    """Return the levels used for allocation, the stratum, and the place within it."""
    import polars as pl

    factors = {factor: name for name, factor in strata_names(protocol).items()}
    labels = {f"STRAT{at}": factor.label for at, factor in enumerate(protocol.randomization.strata, 1)}
    labels |= {"STRATUM": "Stratum of Allocation", "STRATPOS": "Place in Stratum", "STRATBLK": "Block in Stratum"}
    name = mapped(pl.col("factor"), factors, pl.String()).fill_null(pl.col("factor").str.to_uppercase().str.slice(0, 8))
    parts = [data["strata"].select("subject", QNAM=name, QVAL="level")]
    for code, column in _PLACES.items():
        value = pl.col(column).cast(pl.String)
        parts.append(data["allocations"].select("subject", QNAM=pl.lit(code), QVAL=value).drop_nulls("QVAL"))
    every = pl.concat(parts)
    label = mapped(pl.col("QNAM"), labels, pl.String()).fill_null(pl.col("QNAM"))
    return every.select(
        "subject", "QNAM", "QVAL", RDOMAIN=pl.lit("DM"), QLABEL=label.str.slice(0, 40), QORIG=pl.lit("Assigned")
    )
