"""EX, AE, CM, PR and LB as tables: doses, adverse events, new anticancer therapy, laboratory results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.exchange.sdtm_source import RECORD, Source, day, earliest, fitted, mapped

if TYPE_CHECKING:
    import polars as pl

__all__ = ["event_tables"]

_CHANGES = {
    "DOSE REDUCED": "reduced",
    "REDUCED": "reduced",
    "DOSE DELAYED": "delayed",
    "DELAYED": "delayed",
    "DRUG INTERRUPTED": "interrupted",
    "INTERRUPTED": "interrupted",
    "DOSE INCREASED": "increased",
    "INCREASED": "increased",
}
_SEVERITIES = {"MILD": "mild", "MODERATE": "moderate", "SEVERE": "severe"}


def event_tables(source: Source) -> dict[str, pl.DataFrame]:
    """Return the tables of what happened to subjects."""
    return {
        "doses": fitted(source, "doses", _doses(source), "EX"),
        "adverse_events": fitted(source, "adverse_events", _adverse_events(source), "AE"),
        "therapies": fitted(source, "therapies", _therapies(source), "CM"),
        "laboratory": fitted(source, "laboratory", _laboratory(source), "LB"),
    }


def _doses(source: Source) -> pl.DataFrame | None:
    """Return one row for each record of EX; the records of one intervention are its cycles, in the order of days."""
    import polars as pl

    variables = ("EXTRT", "EXDOSE", "EXDOSU", "EXDOSFRQ", "EXADJ", "EXSTDTC", "EXENDTC", "EXLNKID", "EXSEQ")
    rows = source.rows("EX", *variables, needed=("EXTRT", "EXSTDTC"))
    if rows is None:
        return None
    per_day = mapped(pl.col("EXDOSFRQ"), source.settings.daily, pl.Float64())
    given = mapped(pl.col("EXTRT"), source.settings.interventions, pl.String())
    adjusted = pl.col("EXADJ").str.extract(r"^([^:]*)").str.to_uppercase()
    change = mapped(adjusted, _CHANGES, pl.String())
    stated = pl.col("EXADJ").str.extract(r"^[^:]*: (.+)$")
    named = rows.with_columns(
        given.fill_null(pl.col("EXTRT").str.to_lowercase()).alias("intervention"),
        pl.col("EXTRT").alias("product"),
        (pl.col("EXDOSE").cast(pl.Float64, strict=False) * per_day).alias("dose"),
        pl.col("EXDOSU").alias("unit"),
        change.fill_null("none").alias("change"),
        pl.when(change.is_null() & (adjusted != "NONE")).then("EXADJ").otherwise(stated).alias("reason"),
        day(source, "EX", rows, "EXSTDTC").alias("started_on"),
        day(source, "EX", rows, "EXENDTC").alias("ended_on"),
    )
    _report_frequency(source, named)
    ordered = named.sort("started_on", nulls_last=True, maintain_order=True)
    counted = pl.col("intervention").cum_count().over("subject", "intervention").cast(pl.Int64)
    stated = pl.col("EXLNKID").str.extract(r"^C(\d+)$").cast(pl.Int64)
    return ordered.with_columns(pl.coalesce(stated, counted).alias("cycle"))


def _report_frequency(source: Source, rows: pl.DataFrame) -> None:
    import polars as pl

    lost = rows.filter(pl.col("EXDOSE").is_not_null() & pl.col("dose").is_null())
    for frequency, record in lost.select("EXDOSFRQ", RECORD).iter_rows():
        source.found("EX", record, "dose per day", f"EXDOSFRQ is {frequency!r}: no dose per day follows from it")


def _adverse_events(source: Source) -> pl.DataFrame | None:
    import polars as pl

    variables = ("AETERM", "AEDECOD", "AEBODSYS", "AESOC", "AETOXGR", "AESEV", "AESER", "AEREL", "AEACN", "AEOUT")
    rows = source.rows("AE", *variables, "AESTDTC", "AEENDTC", "AESEQ", needed=("AETERM",))
    if rows is None:
        return None
    grade = pl.col("AETOXGR").cast(pl.String).str.extract(r"^(?:GRADE )?([1-5])(?:\.0)?$").cast(pl.Int64)
    _report_grades(source, rows.filter(pl.col("AETOXGR").is_not_null() & grade.is_null()))
    whole = {name: day(source, "AE", rows, name) for name in ("AESTDTC", "AEENDTC")}
    order = pl.col("AETERM").cum_count().over("subject").cast(pl.Int64)
    return rows.with_columns(
        pl.coalesce(pl.col("AESEQ").cast(pl.Int64, strict=False), order).alias("number"),
        pl.coalesce("AEBODSYS", "AESOC", pl.lit("not coded")).alias("system"),
        pl.coalesce("AEDECOD", "AETERM").alias("term"),
        grade.alias("grade"),
        mapped(pl.col("AESER"), {"Y": True, "N": False}, pl.Boolean()).alias("serious"),
        whole["AESTDTC"].alias("started_on"),
        whole["AEENDTC"].alias("ended_on"),
        mapped(pl.col("AESEV").str.to_uppercase(), _SEVERITIES, pl.String()).alias("severity"),
        pl.col("AETERM").alias("verbatim"),
        pl.col("AEREL").alias("related"),
        pl.col("AEACN").alias("action"),
        pl.col("AEOUT").alias("outcome"),
        pl.col("AESTDTC").alias("started_as"),
        pl.col("AEENDTC").alias("ended_as"),
    )


def _report_grades(source: Source, rows: pl.DataFrame) -> None:
    for found, record in rows.select("AETOXGR", RECORD).iter_rows():
        source.found("AE", record, "grade 1 to 5", f"AETOXGR is {found!r}; the grade is taken as not known")


def _therapies(source: Source) -> pl.DataFrame | None:
    """Return the medications (CM) and procedures (PR) of the categories that the settings name."""
    import polars as pl

    parts = [part for part in (_therapy(source, "CM"), _therapy(source, "PR")) if part is not None]
    return pl.concat(parts) if parts else None


def _therapy(source: Source, domain: str) -> pl.DataFrame | None:
    import polars as pl

    category, kind, kind_of, term, decoded, start = (
        f"{domain}{name}" for name in ("CAT", "SCAT", "CLAS", "TRT", "DECOD", "STDTC")
    )
    rows = source.rows(domain, category, kind, kind_of, term, decoded, start)
    if rows is None:
        return None
    named = pl.col(category).str.to_uppercase().is_in(list(source.settings.therapies)).fill_null(value=False)
    source.not_read(domain, rows.filter(~named), category)
    chosen = rows.filter(named)
    classes = pl.coalesce(kind, kind_of).str.to_uppercase()
    return chosen.select(
        "subject",
        RECORD,
        pl.coalesce(decoded, term).alias("therapy"),
        classes.is_in(list(source.settings.chemotherapy)).alias("chemotherapy"),
        earliest(source, domain, chosen, start).alias("started_on"),
    )


def _laboratory(source: Source) -> pl.DataFrame | None:
    import polars as pl

    variables = (
        "LBTESTCD",
        "LBTEST",
        "LBCAT",
        "LBSPEC",
        "LBSTRESN",
        "LBSTRESC",
        "LBORRES",
        "LBSTRESU",
        "LBSTNRLO",
        "LBSTNRHI",
    )
    rows = source.rows("LB", *variables, "LBDTC", "VISIT", "LBSEQ", needed=("LBTESTCD",))
    if rows is None:
        return None
    order = pl.col("LBTESTCD").cum_count().over("subject").cast(pl.Int64)
    limits = {
        name: pl.col(variable).cast(pl.Float64, strict=False)
        for name, variable in (("value", "LBSTRESN"), ("low", "LBSTNRLO"), ("high", "LBSTNRHI"))
    }
    test = mapped(pl.col("LBTESTCD"), source.settings.tests, pl.String())
    urine = pl.when(pl.col("LBCAT").str.to_uppercase() == "URINALYSIS").then(pl.lit("URINE"))
    return rows.with_columns(
        pl.coalesce(pl.col("LBSEQ").cast(pl.Int64, strict=False), order).alias("number"),
        test.fill_null(pl.coalesce("LBTEST", "LBTESTCD").str.to_lowercase()).alias("test"),
        pl.coalesce("LBSPEC", urine).str.to_lowercase().alias("specimen"),
        pl.coalesce("LBORRES", "LBSTRESC").alias("text"),
        pl.col("LBSTRESU").alias("unit"),
        day(source, "LB", rows, "LBDTC").alias("sampled_on"),
        pl.col("VISIT").alias("visit"),
        **limits,
    )
