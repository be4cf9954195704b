"""TU, TR, RS, their supplement and their relations from trial data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trialwright.derive import response
from trialwright.exchange.datasets import Dataset
from trialwright.exchange.sdtm_qualifiers import LESION_QUALIFIERS
from trialwright.exchange.sdtm_source import mapped
from trialwright.exchange.sdtm_specification import SDTM
from trialwright.exchange.sdtm_subject_days import Marks, iso
from trialwright.exchange.sdtm_visits import ASSESSMENT, assessment_base
from trialwright.exchange.specification import built

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["tumor_datasets"]

_STATES = {
    "present": "PRESENT",
    "absent": "ABSENT",
    "progressed": "PROGRESSED",
    "equivocal": "EQUIVOCAL",
    "unequivocal": "UNEQUIVOCAL",
    "not evaluable": "NE",
    "too small": "TOO SMALL TO MEASURE",
    "merged": "TUMOR MERGED",
}
_RESPONSES = {
    "target": ("TRGRESP", "Target Response"),
    "non-target": ("NTRGRESP", "Non-target Response"),
    "new lesion": ("NEWLPROG", "New Lesion Progression"),
    "overall": ("OVRLRESP", "Overall Response"),
}
_POINT = ("subject", "evaluator", "number")


def tumor_datasets(data: TrialData, protocol: Protocol, marks: Marks) -> Iterator[Dataset]:
    """Yield the datasets of tumor assessments; RS holds the responses recorded or, without any, those derived."""
    lesions = _lesions(data, protocol)
    identified = marks.dataset("TU", lesions, "TU")
    yield identified
    yield marks.dataset("TR", _results(data, protocol), "TR")
    responses = _responses(data, protocol)
    yield marks.dataset("RS", responses, "RS")
    supplement = _supplement(lesions)
    if len(supplement):
        yield marks.dataset("SUPPTU", supplement)
    yield _relations(marks)


def _lesions(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    import polars as pl

    seen = data["measurements"].group_by("subject", "evaluator", "lesion").agg(pl.col("number").min())
    found = data["lesions"].join(seen, on=["subject", "evaluator", "lesion"], how="left", maintain_order="left")
    role = pl.col("role").str.to_uppercase()
    place = pl.col("organ").str.to_uppercase().str.replace_all("_", " ")
    told = pl.when(pl.col("node") != place.str.starts_with("LYMPH NODE")).then("node").alias("node_told")
    found = found.with_columns(told)
    placed = _with_visit(found.sort("subject", "evaluator", maintain_order=True), protocol)
    return placed.with_columns(
        TUSEQ=pl.int_range(1, pl.len() + 1).over("subject"),
        TULNKID="lesion",
        TUTESTCD=pl.lit("TUMIDENT"),
        TUTEST=pl.lit("Tumor Identification"),
        TUORRES=role,
        TUSTRESC=role,
        TULOC=place,
        TUDTC=iso("found_on"),
        **_evaluator("TU"),
    )


def _with_visit(rows: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    import polars as pl

    return rows.with_columns(
        VISITNUM=(pl.col("number") + assessment_base(protocol)).cast(pl.Float64),
        VISIT=pl.format(f"{ASSESSMENT} {{}}", "number"),
    )


def _evaluator(domain: str) -> dict[str, pl.Expr]:
    """Return the role and the name of an evaluator: the investigator needs no name, every other reader has one."""
    import polars as pl

    investigator = pl.col("evaluator") == "investigator"
    role = pl.when(investigator).then(pl.lit("INVESTIGATOR")).otherwise(pl.lit("INDEPENDENT ASSESSOR"))
    return {
        f"{domain}EVAL": role,
        f"{domain}EVALID": pl.when(~investigator).then(pl.col("evaluator").str.to_uppercase()),
    }


def _results(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    """Return sizes, states, and one record for each assessment that was missed or saw no lesion."""
    import polars as pl

    rows = data["measurements"].join(
        data["lesions"].select("subject", "evaluator", "lesion", "node"),
        on=["subject", "evaluator", "lesion"],
        how="left",
        maintain_order="left",
    )
    parts = [_sizes(rows), _states(rows), _whole(data)]
    accepted = data["assessments"].select(*_POINT, "accepted")
    every = pl.concat(parts, how="diagonal").join(accepted, on=_POINT, how="left", maintain_order="left")
    ordered = _with_visit(every.sort("subject", "evaluator", "number", maintain_order=True), protocol)
    accepted_flag = pl.when("accepted").then(pl.lit("Y"))
    return ordered.with_columns(TRLNKGRP=_group(), TRACPTFL=accepted_flag, **_evaluator("TR"))


def _sizes(rows: pl.DataFrame) -> pl.DataFrame:
    """Return diameters: the perpendicular of a node, else the longest, in mm with the tenth where there is one."""
    import polars as pl

    sized = rows.filter(pl.col("diameter").is_not_null())
    node = pl.col("node").fill_null(value=False)
    whole, tenth = pl.col("diameter") // 10, pl.col("diameter") % 10
    text = pl.when(tenth == 0).then(whole.cast(pl.String)).otherwise(pl.format("{}.{}", whole, tenth))
    return sized.select(
        *_POINT,
        TRLNKID="lesion",
        TRTESTCD=pl.when(node).then(pl.lit("LPERP")).otherwise(pl.lit("LDIAM")),
        TRTEST=pl.when(node).then(pl.lit("Longest Perpendicular")).otherwise(pl.lit("Longest Diameter")),
        TRORRES=text,
        TRORRESU=pl.lit("mm"),
        TRSTRESC=text,
        TRSTRESN=text.cast(pl.Float64),
        TRSTRESU=pl.lit("mm"),
        TRDTC=pl.coalesce("assessed_as", iso("assessed_on")),
    )


def _states(rows: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    stated = rows.filter(pl.col("state") != "measured")
    state = mapped(pl.col("state"), _STATES, pl.String())
    return stated.select(
        *_POINT,
        TRLNKID="lesion",
        TRTESTCD=pl.lit("TUMSTATE"),
        TRTEST=pl.lit("Tumor State"),
        TRORRES=state,
        TRSTRESC=state,
        TRDTC=pl.coalesce("assessed_as", iso("assessed_on")),
    )


def _whole(data: TrialData) -> pl.DataFrame:
    import polars as pl

    seen = data["measurements"].select(_POINT).unique()
    missed = pl.col("assessed_on").is_null()
    rows = data["assessments"].join(seen, on=_POINT, how="anti", maintain_order="left")
    nothing = pl.when(~missed).then(pl.lit("ABSENT"))
    return rows.select(
        *_POINT,
        TRTESTCD=pl.lit("TRALL"),
        TRTEST=pl.lit("All Tumor Results"),
        TRORRES=nothing,
        TRSTRESC=nothing,
        TRSTAT=pl.when(missed).then(pl.lit("NOT DONE")),
        TRREASND=pl.when(missed).then(pl.lit("ASSESSMENT MISSED")),
        TRDTC=iso("assessed_on"),
        planned="planned_on",
    )


def _responses(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    import polars as pl

    recorded = data["recorded_responses"]
    if len(recorded):
        told = recorded.select(*_POINT, "kind", "response", "assessed_on", derived=pl.lit(None, pl.String))
    else:
        told = _derived(data, protocol)
    codes = {kind: code for kind, (code, _) in _RESPONSES.items()}
    names = {kind: name for kind, (_, name) in _RESPONSES.items()}
    ordered = _with_visit(told.sort("subject", "evaluator", "number", maintain_order=True), protocol)
    overall = pl.col("kind") == "overall"
    return ordered.with_columns(
        RSLNKGRP=pl.when(overall).then(_group()),
        RSTESTCD=mapped(pl.col("kind"), codes, pl.String()),
        RSTEST=mapped(pl.col("kind"), names, pl.String()),
        RSCAT=pl.lit(protocol.assessments.criteria),
        RSORRES=pl.when(pl.col("derived").is_null()).then("response"),
        RSSTRESC="response",
        RSDRVFL="derived",
        RSDTC=iso("assessed_on"),
        **_evaluator("RS"),
    )


def _group() -> pl.Expr:
    """Return the identifier that ties the results and the response of one time point and evaluator."""
    import polars as pl

    group = pl.format("A{}", "number")
    named = pl.format("{}-{}", pl.col("evaluator").str.to_uppercase().str.replace_all(" ", ""), group)
    return pl.when(pl.col("evaluator") == "investigator").then(group).otherwise(named)


def _derived(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    """Return the responses that follow from the lesions, marked as derived."""
    import polars as pl

    found = pl.concat([response(data, protocol, name) for name in protocol.assessments.evaluators])
    seen = found.filter(pl.col("response").is_not_null() & pl.col("assessed_on").is_not_null())
    values = {
        "target": pl.col("target"),
        "non-target": pl.col("nontarget"),
        "new lesion": pl.when("new").then(pl.lit("UNEQUIVOCAL")),
        "overall": pl.col("response"),
    }
    parts = [
        seen.select(*_POINT, kind=pl.lit(kind), response=value, assessed_on="assessed_on", derived=pl.lit("Y"))
        for kind, value in values.items()
    ]
    return pl.concat(parts).drop_nulls("response")


def _supplement(lesions: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    parts = []
    for code, (column, label) in LESION_QUALIFIERS.items():
        held = pl.col(column)
        yes = pl.when(held).then(pl.lit("Y")).otherwise(pl.lit("N"))
        value = yes if lesions.schema[column] == pl.Boolean else held
        parts.append(
            lesions.filter(held.is_not_null()).select(
                "subject",
                RDOMAIN=pl.lit("TU"),
                IDVAR=pl.lit("TUSEQ"),
                IDVARVAL=pl.col("TUSEQ").cast(pl.String),
                QNAM=pl.lit(code),
                QLABEL=pl.lit(label),
                QVAL=value,
                QORIG=pl.lit("CRF"),
            )
        )
    return pl.concat(parts)


def _relations(marks: Marks) -> Dataset:
    """Return the relations of whole datasets: a lesion to its results, the results of a time point to its response."""
    import polars as pl

    rows = [
        ("TU", "TULNKID", "ONE", "1"),
        ("TR", "TRLNKID", "MANY", "1"),
        ("TR", "TRLNKGRP", "MANY", "2"),
        ("RS", "RSLNKGRP", "ONE", "2"),
    ]
    frame = pl.DataFrame(rows, schema=["RDOMAIN", "IDVAR", "RELTYPE", "RELID"], orient="row")
    empty = [pl.lit(None, pl.String).alias(name) for name in ("USUBJID", "IDVARVAL")]
    return built(SDTM["RELREC"], frame.with_columns(pl.lit(marks.study).alias("STUDYID"), *empty), "trial data")
