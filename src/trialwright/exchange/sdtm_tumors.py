"""TU, TR and RS as tables: lesions, assessments, measurements and recorded responses, each evaluator by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.exchange.sdtm_qualifiers import with_qualifiers
from trialwright.exchange.sdtm_source import RECORD, Source, day, fitted, mapped
from trialwright.exchange.sdtm_time_points import dated, with_numbers

if TYPE_CHECKING:
    import polars as pl

__all__ = ["tumor_tables"]

_ROLES = {"TARGET": "target", "NON-TARGET": "non-target", "NEW": "new"}
_STATES = {
    "PRESENT": "present",
    "ABSENT": "absent",
    "UNEQUIVOCAL": "unequivocal",
    "EQUIVOCAL": "equivocal",
    "UNEQUIVOCAL PROGRESSION": "progressed",
    "PROGRESSED": "progressed",
    "TOO SMALL TO MEASURE": "too small",
    "TOO SMALL": "too small",
    "MERGED": "merged",
    "NOT EVALUABLE": "not evaluable",
    "NE": "not evaluable",
    "TUMOR MERGED": "merged",
}
_KINDS = {"TRGRESP": "target", "NTRGRESP": "non-target", "NEWLPROG": "new lesion", "OVRLRESP": "overall"}
_RESPONSES = ("CR", "PR", "SD", "PD", "NE", "NON-CR/NON-PD", "NED", "UNEQUIVOCAL", "EQUIVOCAL", "Y", "N")
_TESTS = ("LDIAM", "LPERP", "DIAMETER", "TUMSTATE", "LNSTATE")
_PER_MILLIMETER = {"mm": 10, "cm": 100}
_ON = ("subject", "evaluator", "number")


def tumor_tables(source: Source) -> dict[str, pl.DataFrame]:
    """Return the tables of tumor assessments; those of datasets that are not there are empty."""
    read = {domain: frame for domain in ("TR", "RS", "TU") if (frame := _read(source, domain)) is not None}
    rows = with_numbers(source, dated(source, read))
    lesions = _lesions(source, rows.get("TU"))
    tables = {
        "lesions": (lesions, "TU"),
        "measurements": (_measurements(source, rows.get("TR"), lesions), "TR"),
        "recorded_responses": (_responses(source, rows.get("RS")), "RS"),
        "assessments": (_assessments(rows), "TR"),
    }
    return {name: fitted(source, name, frame, domain) for name, (frame, domain) in tables.items()}


def _read(source: Source, domain: str) -> pl.DataFrame | None:
    """Return a domain with plain evaluators and whole dates."""
    import polars as pl

    own = {
        "TU": ("SEQ", "LNKID", "TESTCD", "STRESC", "ORRES", "LOC"),
        "TR": ("LNKID", "GRPID", "TESTCD", "STRESN", "STRESC", "STRESU", "STAT", "REASND"),
        "RS": ("CAT", "TESTCD", "STRESC", "STAT", "REASND", "DRVFL"),
    }[domain]
    shared = ("EVAL", "EVALID", "ACPTFL", "DTC")
    names = [f"{domain}{name}" for name in (*own, *shared)]
    rows = source.rows(domain, *names, "VISIT", "VISITNUM", needed=(f"{domain}TESTCD",))
    if rows is None:
        return None
    evaluator = pl.coalesce(f"{domain}EVALID", f"{domain}EVAL", pl.lit("INVESTIGATOR"))
    return rows.with_columns(
        mapped(evaluator, source.settings.evaluators, pl.String()).fill_null(evaluator).alias("evaluator"),
        day(source, domain, rows, f"{domain}DTC").alias("on"),
        pl.col("VISITNUM").cast(pl.Float64, strict=False),
        (pl.col(f"{domain}ACPTFL") == "Y").alias("accepted"),
    ).with_columns(pl.when(pl.col("on").is_null()).then(f"{domain}DTC").alias("as_recorded"))


def _lesions(source: Source, rows: pl.DataFrame | None) -> pl.DataFrame | None:
    """Return the lesions that TU identifies; a lesion is a node where its location says so."""
    import polars as pl

    if rows is None:
        return None
    role = pl.coalesce("TUSTRESC", "TUORRES").str.to_uppercase()
    organ = mapped(pl.col("TULOC").str.to_uppercase(), source.settings.organs, pl.String())
    named = with_qualifiers(source, rows.filter(pl.col("TUTESTCD") == "TUMIDENT"))
    node = pl.col("TULOC").str.to_uppercase().str.starts_with("LYMPH NODE").fill_null(value=False)
    return named.with_columns(
        pl.col("TULNKID").alias("lesion"),
        mapped(role, _ROLES, pl.String()).fill_null(role).alias("role"),
        pl.coalesce(organ, pl.col("TULOC").str.to_lowercase(), pl.lit("not recorded")).alias("organ"),
        pl.coalesce("node_told", node).alias("node"),
        pl.col("on").alias("found_on"),
    )


def _measurements(source: Source, rows: pl.DataFrame | None, lesions: pl.DataFrame | None) -> pl.DataFrame | None:
    """Return one row per lesion and scan: a state, or the diameter that counts for the lesion."""
    import polars as pl

    if rows is None:
        return None
    whole = pl.col("TRTESTCD").is_in([*_TESTS, "TRALL"]).fill_null(value=False)
    source.not_read("TR", rows.filter(~whole), "TRTESTCD")
    _report_not_done(source, "TR", rows)
    preferred = _preferred(source, rows, lesions)
    kept = _known_lesions(source, preferred, lesions)
    done = pl.col("TRSTAT").fill_null("") != "NOT DONE"
    state = pl.col("TRSTRESC").str.to_uppercase()
    sized = ~pl.col("TRTESTCD").is_in(["TUMSTATE", "LNSTATE"])
    told = (
        pl.when(sized & pl.col("tenths").is_not_null())
        .then(pl.lit("measured"))
        .otherwise(mapped(state, _STATES, pl.String()))
    )
    measured = kept.with_columns(_tenths().alias("tenths"))
    _report_rounding(source, measured)
    found = measured.with_columns(
        pl.col("TRLNKID").alias("lesion"),
        pl.col("on").alias("assessed_on"),
        pl.col("as_recorded").alias("assessed_as"),
        pl.when(done).then("tenths").alias("diameter"),
        pl.when(done).then(told.fill_null(state)).otherwise(pl.lit("not evaluable")).alias("state"),
    )
    return _size_before_state(found)


def _size_before_state(found: pl.DataFrame) -> pl.DataFrame:
    """Keep of a size and a state of one lesion and scan the size, unless the state says that there is none."""
    import polars as pl

    where = [*_ON, "lesion"]
    rank = mapped(pl.col("state"), {"too small": 0, "merged": 0, "measured": 1}, pl.Int8()).fill_null(2)
    stated = pl.col("TRTESTCD").is_in(["TUMSTATE", "LNSTATE"])
    several = (stated.any() & (~stated).any()).over(where)
    first = rank == rank.min().over(where)
    size = pl.coalesce("diameter", pl.col("diameter").max().over(where))
    return found.with_columns(pl.when(several).then(size).otherwise("diameter").alias("diameter")).filter(
        ~several | first
    )


def _known_lesions(source: Source, rows: pl.DataFrame, lesions: pl.DataFrame | None) -> pl.DataFrame:
    """Leave out measurements of lesions that TU does not identify, and say so."""
    import polars as pl

    if lesions is None:
        return rows
    key = ["subject", "evaluator", "TRLNKID"]
    known = lesions.select("subject", "evaluator", pl.col("lesion").alias("TRLNKID")).unique()
    for record, lesion in (
        rows.join(known, on=key, how="anti", maintain_order="left").select(RECORD, "TRLNKID").iter_rows()
    ):
        source.found("TR", record, "measurement of an identified lesion", f"TRLNKID {lesion!r} is not in TU; left out")
    return rows.join(known, on=key, how="semi", maintain_order="left")


def _preferred(source: Source, rows: pl.DataFrame, lesions: pl.DataFrame | None) -> pl.DataFrame:
    """Keep of several sizes of a lesion the one RECIST sums: the short axis of a node, else the longest diameter."""
    import polars as pl

    single = rows.filter(pl.col("TRTESTCD").is_in(_TESTS) & pl.col("TRLNKID").is_not_null())
    if lesions is None:
        nodes = single.select("subject", "evaluator", "TRLNKID").unique().with_columns(pl.lit(False).alias("node"))
    else:
        nodes = lesions.select("subject", "evaluator", pl.col("lesion").alias("TRLNKID"), "node").unique(
            ["subject", "evaluator", "TRLNKID"], keep="first"
        )
    told = single.join(nodes, on=["subject", "evaluator", "TRLNKID"], how="left", maintain_order="left")
    node, test = pl.col("node").fill_null(value=False), pl.col("TRTESTCD")
    longest = mapped(test, {"LDIAM": 0, "DIAMETER": 1, "LPERP": 2}, pl.Int8())
    shortest = mapped(test, {"LPERP": 0, "DIAMETER": 1, "LDIAM": 2}, pl.Int8())
    rank = pl.when(node).then(shortest).otherwise(longest)
    best = rank.min().over(*_ON, "TRLNKID")
    kept = rank.is_null() | (rank == best)
    source.not_read("TR", told.filter(~kept), "TRTESTCD")
    return told.filter(kept)


def _tenths() -> pl.Expr:
    import polars as pl

    unit = mapped(pl.col("TRSTRESU").fill_null("mm"), _PER_MILLIMETER, pl.Float64())
    size = pl.col("TRSTRESN").cast(pl.Float64, strict=False)
    # Down to the tenth, so that no threshold is reached by rounding; the small term undoes binary fractions below one.
    return (size * unit + 1e-6).floor().cast(pl.Int64)


def _report_rounding(source: Source, rows: pl.DataFrame) -> None:
    import polars as pl

    exact = pl.col("TRSTRESN").cast(pl.Float64, strict=False) * 10
    rounded = rows.filter((exact - exact.round()).abs() > 1e-6)
    if len(rounded):
        what = f"{len(rounded)} diameters have more digits than tenths of a millimeter; cut to the tenth below"
        source.found("TR", rounded[RECORD][0], "diameters in tenths of a millimeter", what)


def _report_not_done(source: Source, domain: str, rows: pl.DataFrame) -> None:
    import polars as pl

    missing = rows.filter(pl.col(f"{domain}STAT") == "NOT DONE")
    for reason, count in missing.group_by(f"{domain}REASND").len().sort(f"{domain}REASND").iter_rows():
        source.found(domain, "", "not done", f"{count} records were not done: {reason or 'no reason given'}")


def _responses(source: Source, rows: pl.DataFrame | None) -> pl.DataFrame | None:
    import polars as pl

    if rows is None:
        return None
    category = pl.col("RSCAT").is_null() | pl.col("RSCAT").is_in(list(source.settings.criteria))
    named = pl.col("RSTESTCD").is_in(list(_KINDS)).fill_null(value=False)
    source.not_read("RS", rows.filter(category & ~named), "RSTESTCD")
    source.not_read("RS", rows.filter(~category), "RSCAT")
    _report_not_done(source, "RS", rows)
    derived = pl.col("RSDRVFL").fill_null("") == "Y"
    source.not_read("RS", rows.filter(derived), "RSDRVFL")
    chosen = rows.filter(category & named & ~derived & (pl.col("RSSTAT").fill_null("") != "NOT DONE"))
    for response, record in chosen.filter(~pl.col("RSSTRESC").is_in(_RESPONSES))[["RSSTRESC", RECORD]].iter_rows():
        source.found("RS", record, "known response", f"RSSTRESC {response!r} is none of {', '.join(_RESPONSES)}; kept")
    return chosen.with_columns(
        pl.col("VISIT").alias("visit"),
        mapped(pl.col("RSTESTCD"), _KINDS, pl.String()).alias("kind"),
        pl.col("RSSTRESC").alias("response"),
        pl.col("on").alias("assessed_on"),
        pl.col(RECORD).alias("record"),
    )


def _assessments(rows: dict[str, pl.DataFrame]) -> pl.DataFrame | None:
    """Return the time points of each evaluator with their first date; one that was not done has none."""
    import polars as pl

    parts = [
        frame.select(
            *_ON, RECORD, "accepted", pl.when(_done(domain)).then("on").alias("on"), pl.lit(rank).alias("rank")
        )
        for rank, (domain, frame) in enumerate(rows.items())
    ]
    if not parts:
        return None
    named = pl.concat(parts).filter(pl.col("number").is_not_null())
    points = named.sort("rank", maintain_order=True).group_by(_ON, maintain_order=True)
    together = points.agg(
        pl.col("on").min().alias("assessed_on"),
        pl.when(pl.col("accepted").any()).then(pl.lit(True)).alias("accepted"),
        pl.col(RECORD).first(),
    )
    return together.sort(_ON)


def _done(domain: str) -> pl.Expr:
    import polars as pl

    if domain == "TU":
        return pl.lit(True)
    whole = pl.lit(True) if domain == "RS" else pl.col("TRTESTCD") == "TRALL"
    return ~((pl.col(f"{domain}STAT").fill_null("") == "NOT DONE") & whole)
