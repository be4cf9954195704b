"""DM, DS, SUPPDM, DD, SS and SV as tables: who was screened, allocated, seen, when they left, when they died."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trialwright.exchange.sdtm_source import RECORD, Source, day, earliest, fitted, mapped
from trialwright.records import TABLES

if TYPE_CHECKING:
    import polars as pl

__all__ = ["subject_tables"]


def subject_tables(source: Source) -> dict[str, pl.DataFrame]:
    """Return the tables about subjects themselves."""
    demographics = _demographics(source)
    if demographics is None:
        return {}
    allocated = _allocations(source, demographics)
    return {
        "screened": fitted(source, "screened", _screened(source, demographics, allocated), "DM"),
        "answers": _answers(source, demographics),
        "allocations": allocated,
        "strata": fitted(source, "strata", _strata(source, allocated), "SUPPDM"),
        "visits": fitted(source, "visits", _visits(source), "SV"),
        "dispositions": fitted(source, "dispositions", _dispositions(source), "DS"),
        "deaths": fitted(source, "deaths", _deaths(source, demographics), "DM"),
        "contacts": _contacts(source),
    }


def _demographics(source: Source) -> pl.DataFrame | None:
    """Return DM, one row for each subject."""
    import polars as pl

    variables = ("SITEID", "COUNTRY", "RFICDTC", "DMDTC", "RFSTDTC", "DTHDTC", "DTHFL", "ARMCD", "ARMNRS")
    answers = tuple(source.settings.answers)
    rows = source.rows("DM", *variables, *answers, needed=("ARMCD",))
    if rows is None:
        return None
    doubled = ~rows.select(pl.col("subject").is_first_distinct()).to_series()
    for record in rows.filter(doubled)[RECORD]:
        source.found("DM", record, "one record for each subject", "a second record; the first is kept")
    return rows.filter(~doubled)


def _milestones(source: Source) -> pl.DataFrame | None:
    return source.rows("DS", "DSTERM", "DSDECOD", "DSCAT", "DSSCAT", "EPOCH", "DSSTDTC", "DSDTC", needed=("DSDECOD",))


def _randomized(source: Source, demographics: pl.DataFrame) -> pl.DataFrame:
    """Return the day of randomization of each subject who has one."""
    import polars as pl

    if source.settings.randomized_on == "RFSTDTC":
        return demographics.select("subject", randomized_on=day(source, "DM", demographics, "RFSTDTC")).drop_nulls()
    events = _milestones(source)
    if events is None:
        return pl.DataFrame(schema={"subject": pl.String, "randomized_on": pl.Date})
    rows = events.filter(pl.col("DSDECOD").str.to_uppercase().is_in(list(source.settings.randomized)))
    rows = rows.with_columns(day(source, "DS", rows, "DSSTDTC").alias("randomized_on"))
    return rows.select("subject", "randomized_on").unique("subject", keep="first", maintain_order=True)


def _arm(source: Source) -> pl.Expr:
    import polars as pl

    code = pl.col("ARMCD")
    arm = mapped(code, source.settings.arms, pl.String()).fill_null(code)
    return pl.when(~code.str.to_uppercase().is_in(list(source.settings.without_arm))).then(arm)


def _allocations(source: Source, demographics: pl.DataFrame) -> pl.DataFrame:
    """Return the allocations, by day; a subject with an arm and no day of randomization is a finding."""
    import polars as pl

    rows = demographics.select("subject", RECORD, _arm(source).alias("arm")).filter(pl.col("arm").is_not_null())
    rows = rows.join(_randomized(source, demographics), on="subject", how="left", maintain_order="left")
    rows = rows.join(_places(source), on="subject", how="left", maintain_order="left")
    kept = fitted(source, "allocations", rows, "DM")
    return kept.sort("randomized_on", maintain_order=True)


def _places(source: Source) -> pl.DataFrame:
    """Return stratum, position and block, which SUPPDM holds in files of our own."""
    import polars as pl

    names = {"STRATUM": "stratum", "STRATPOS": "position", "STRATBLK": "block"}
    schema = {"subject": pl.String, "stratum": pl.String, "position": pl.Int64, "block": pl.Int64}
    rows = source.rows("SUPPDM", "QNAM", "QVAL")
    if rows is None or rows.is_empty():
        return pl.DataFrame(schema=schema)
    wide = rows.filter(pl.col("QNAM").is_in(list(names))).with_columns(
        mapped(pl.col("QNAM"), names, pl.String()).alias("QNAM")
    )
    columns = [pl.col("QVAL").filter(pl.col("QNAM") == name).first().alias(name) for name in names.values()]
    return wide.group_by("subject", maintain_order=True).agg(columns).cast(pl.Schema(schema), strict=False)


def _strata(source: Source, allocated: pl.DataFrame) -> pl.DataFrame | None:
    import polars as pl

    rows = source.rows("SUPPDM", "QNAM", "QVAL")
    if rows is None or not source.settings.strata:
        return None
    chosen = rows.filter(pl.col("QNAM").is_in(list(source.settings.strata)))
    named = chosen.select(
        "subject", RECORD, mapped(pl.col("QNAM"), source.settings.strata, pl.String()).alias("factor"), level="QVAL"
    )
    return named.join(allocated.select("subject", "randomized_on"), on="subject", how="left", maintain_order="left")


def _screened(source: Source, demographics: pl.DataFrame, allocated: pl.DataFrame) -> pl.DataFrame:
    """Return everybody in DM.

    Who is not assigned and did not fail is still in screening, as after a data cut-off; that, and having an arm without
    a day of randomization, is "randomized" without an allocation.
    """
    import polars as pl

    date = pl.coalesce(
        day(source, "DM", demographics, "RFICDTC"),
        day(source, "DM", demographics, "DMDTC"),
        day(source, "DM", demographics, "RFSTDTC"),
    )
    failed = dict(_failures(source))
    randomized = pl.col("subject").is_in(allocated["subject"].to_list())
    waiting = (pl.col("ARMNRS") == "NOT ASSIGNED") | (pl.col("ARMCD").str.to_uppercase() == "NOTASSGN")
    undated = _arm(source).is_not_null()
    without = pl.when(waiting | undated).then(pl.lit("randomized")).otherwise(pl.lit("screen failure"))
    why = mapped(pl.col("subject"), failed, pl.String()).fill_null(without)
    outcome = pl.when(randomized).then(pl.lit("randomized")).otherwise(why)
    code = pl.col("COUNTRY").fill_null("not recorded")
    country = mapped(code, source.settings.countries, pl.String()).fill_null(code)
    site = pl.col("SITEID").fill_null("not recorded")
    return demographics.select("subject", RECORD, site=site, country=country, screened_on=date, outcome=outcome)


def _failures(source: Source) -> Iterator[tuple[str, str]]:
    """Yield why a screening failed, where DSTERM says it in the words of the table."""
    events = _milestones(source)
    known = next(column.values for column in TABLES["screened"].columns if column.name == "outcome")
    if events is None:
        return
    for subject, decoded, term in events.select("subject", "DSDECOD", "DSTERM").iter_rows():
        if (decoded or "").upper() == "SCREEN FAILURE":
            said = (term or "").casefold()
            yield subject, said if said in known else "screen failure"


def _answers(source: Source, demographics: pl.DataFrame) -> pl.DataFrame:
    """Return what DM says of each subject, as JSON values."""
    import polars as pl

    date = pl.coalesce(
        pl.col(name).str.slice(0, 10).str.to_date(strict=False) for name in ("RFICDTC", "DMDTC", "RFSTDTC")
    )
    parts = [
        demographics.select(
            "subject",
            RECORD,
            pl.lit(plain).alias("variable"),
            pl.Series(
                "value", [None if value is None else json.dumps(value) for value in demographics[name]], pl.String
            ),
            date.alias("answered_on"),
        ).filter(pl.col("value").is_not_null())
        for name, plain in source.settings.answers.items()
    ]
    return fitted(source, "answers", pl.concat(parts) if parts else None, "DM")


def _visits(source: Source) -> pl.DataFrame | None:
    """Return the visits, but not the tumor assessments, which are a table of their own."""
    import polars as pl

    rows = source.rows("SV", "VISIT", "VISITNUM", "SVSTDTC")
    if rows is None:
        return None
    pattern = source.settings.assessment_number
    scans = pl.col("VISIT").str.contains(pattern).fill_null(value=False) if pattern else pl.lit(False)
    kept = rows.filter(~scans)
    whole = pl.coalesce(pl.col("VISIT"), pl.col("VISITNUM").cast(pl.String))
    known = list(source.settings.visits)
    single = pl.when(~whole.is_in(known)).then(whole.str.extract(r"^(.*) \d+$"))
    repeated = pl.when(single.is_in(known)).then(single)
    name = mapped(pl.coalesce(repeated, whole), source.settings.visits, pl.String()).fill_null(whole)
    stated = pl.when(repeated.is_not_null()).then(whole.str.extract(r" (\d+)$").cast(pl.Int64))
    named = kept.with_columns(
        name.alias("visit"), stated.alias("stated"), day(source, "SV", kept, "SVSTDTC").alias("visited_on")
    )
    order = pl.col("visit").cum_count().over("subject", "visit").cast(pl.Int64)
    return named.with_columns(pl.coalesce("stated", order).alias("number"))


def _dispositions(source: Source) -> pl.DataFrame | None:
    import polars as pl

    events = _milestones(source)
    if events is None:
        return None
    category = pl.col("DSCAT").fill_null("DISPOSITION EVENT").str.to_uppercase() == "DISPOSITION EVENT"
    code = pl.col("DSDECOD").str.to_uppercase()
    ends = events.filter(category & (code != "SCREEN FAILURE"))
    scope = pl.coalesce("DSSCAT", "EPOCH").str.to_uppercase()
    treatment = scope.is_in(list(source.settings.treatment_scopes)).fill_null(value=False)
    rows = ends.with_columns(
        pl.when(treatment).then(pl.lit("treatment")).otherwise(pl.lit("study")).alias("ended"),
        _reason(source).alias("reason"),
        day(source, "DS", ends, "DSSTDTC").alias("ended_on"),
    )
    for code_, record in rows.filter(pl.col("reason").is_null()).select("DSDECOD", RECORD).iter_rows():
        source.found("DS", record, "known reason", f"DSDECOD {code_!r} is not among the reasons of the settings; other")
    return rows.with_columns(pl.col("reason").fill_null("other"))


def _reason(source: Source) -> pl.Expr:
    """Return the reason: the term where it is a reason in our words, else what the settings say of its code."""
    import polars as pl

    known = next(column.values for column in TABLES["dispositions"].columns if column.name == "reason")
    said = pl.col("DSTERM").str.to_lowercase()
    coded = mapped(pl.col("DSDECOD").str.to_uppercase(), source.settings.reasons, pl.String())
    return pl.when(said.is_in(list(known))).then(said).otherwise(coded)


def _deaths(source: Source, demographics: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    died = demographics.filter(pl.col("DTHDTC").is_not_null() | (pl.col("DTHFL") == "Y"))
    causes = dict(_causes(source))
    cause = mapped(pl.col("subject"), causes, pl.String()).fill_null("unknown")
    return died.select("subject", RECORD, cause=cause, died_on=earliest(source, "DM", died, "DTHDTC"))


def _causes(source: Source) -> Iterator[tuple[str, str]]:
    """Yield causes of death: fatal adverse events, then over these what DD says."""
    events = source.rows("AE", "AEOUT", "AESDTH")
    if events is not None:
        for subject, outcome, fatal in events.select("subject", "AEOUT", "AESDTH").iter_rows():
            if outcome == "FATAL" or fatal == "Y":
                yield subject, "adverse event"
    details = source.rows("DD", "DDTESTCD", "DDSTRESC", "DDORRES")
    known = next(column.values for column in TABLES["deaths"].columns if column.name == "cause")
    if details is not None:
        for subject, test, *results in details.select("subject", "DDTESTCD", "DDSTRESC", "DDORRES").iter_rows():
            said = next((result for result in results if result), None)
            if test == "PRCDTH" and said:
                plain = said.casefold()
                yield subject, plain if plain in known else source.settings.causes.get(said.upper(), "other")


def _contacts(source: Source) -> pl.DataFrame:
    """Return the days on which a patient was seen alive; partial dates count for nothing here."""
    import polars as pl

    parts = [_alive(source)]
    for place in source.settings.alive:
        domain, _, variable = place.partition(".")
        rows = source.rows(domain, variable)
        if rows is not None:
            date = pl.col(variable).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
            parts.append(rows.select("subject", alive_on=date))
    together = pl.concat([part for part in parts if part is not None] or [pl.DataFrame(schema=_contact_schema())])
    return together.drop_nulls().unique().sort("subject", "alive_on")


def _contact_schema() -> dict[str, pl.DataType]:
    import polars as pl

    return {"subject": pl.String(), "alive_on": pl.Date()}


def _alive(source: Source) -> pl.DataFrame | None:
    import polars as pl

    rows = source.rows("SS", "SSTESTCD", "SSSTRESC", "SSDTC")
    if rows is None:
        return None
    alive = rows.filter((pl.col("SSTESTCD") == "SURVSTAT") & (pl.col("SSSTRESC").str.to_uppercase() == "ALIVE"))
    return alive.select("subject", alive_on=day(source, "SS", alive, "SSDTC"))
