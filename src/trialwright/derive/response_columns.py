"""Response of many patients at once: integers by columns, one pass over them, words by columns.

The same rows as ``response.patient_by_patient``, which stays the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

from trialwright.derive import recist
from trialwright.derive.response import RESPONSE_COLUMNS, unlisted
from trialwright.derive.rows import frame
from trialwright.records import TABLES

if TYPE_CHECKING:
    import polars as pl

    from trialwright.records import TrialData

__all__ = ["by_columns"]

Array = Any
_VALUES = {(table.name, column.name): column.values for table in TABLES.values() for column in table.columns}
STATES, ROLES = _VALUES["measurements", "state"], _VALUES["lesions", "role"]
RESPONSES = (None, "CR", "PR", "SD", "PD", "NE", "NON-CR/NON-PD")
"""Places in these lists are the codes of the kernel."""


@dataclass(frozen=True)
class _Coded:
    """The tables of one evaluator in integers; subjects by place in ``subjects``, sorted."""

    subjects: pl.Series
    scans: pl.DataFrame
    """subject, number, on; in order of subject, day and number."""
    lesions: pl.DataFrame
    """subject, lesion, role, node, split_from, merged_into; in order of subject and name."""
    measured: pl.DataFrame
    """scan and lesion as places in the two above, diameter, state, on."""


def by_columns(data: TrialData, evaluator: str) -> pl.DataFrame:
    """Return the rows of ``response`` for one evaluator.

    >>> from trialwright.records import TrialData
    >>> by_columns(TrialData.from_rows("none", {}, virtual=True), "investigator").height
    0
    """
    import polars as pl

    assessments, measurements, lesions = (
        data[name].filter(pl.col("evaluator") == evaluator) for name in ("assessments", "measurements", "lesions")
    )
    performed = assessments.filter(pl.col("assessed_on").is_not_null())
    if not len(performed) and not len(measurements):
        return frame(RESPONSE_COLUMNS, [])
    coded = _coded(performed, measurements, lesions)
    return _frame(coded, evaluator, _answers(coded))


def _coded(performed: pl.DataFrame, measurements: pl.DataFrame, lesions: pl.DataFrame) -> _Coded:
    import polars as pl

    found = (performed["subject"].unique(), measurements["subject"].unique())
    subjects = pl.concat(found).unique().sort()
    code = pl.col("subject").cast(pl.Enum(subjects), strict=False).to_physical().cast(pl.Int64)
    on = pl.col("assessed_on").to_physical().alias("on")
    planned = performed.select(code, "number", on)
    measured = measurements.select(code, "number", "lesion", "diameter", "state", on)
    followed = _followed(lesions.with_columns(code).filter(pl.col("subject").is_not_null()))
    scans, measured = _scans(planned, measured, len(subjects))
    return _Coded(subjects, scans, followed, _placed(subjects, measured, followed))


def _scans(performed: pl.DataFrame, measured: pl.DataFrame, subjects: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the scans in order, and the measurements with the place of theirs."""
    import numpy as np
    import polars as pl

    from trialwright.derive import _kernels_response as kernels

    both = pl.concat([performed.select("subject", "number", "on"), measured.select("subject", "number", "on")])
    subject, number, on = (_array(both[name], np.int64) for name in ("subject", "number", "on"))
    scans, place = kernels.scans_of(subject, number, on, subjects)
    ordered = pl.DataFrame({"subject": scans[:, 0], "number": scans[:, 1], "on": scans[:, 2].astype(np.int32)})
    return ordered, measured.with_columns(scan=pl.Series(place[len(performed) :]))


def _followed(lesions: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    role = pl.col("role").cast(pl.Enum(ROLES)).to_physical().cast(pl.Int64)
    return lesions.select("subject", "lesion", role, "node", "split_from", "merged_into").sort("subject", "lesion")


def _placed(subjects: pl.Series, measured: pl.DataFrame, lesions: pl.DataFrame) -> pl.DataFrame:
    """Return the measurements with the places of their lesions; DataError where one is not listed."""
    import polars as pl

    names = pl.Enum(lesions["lesion"].unique().sort())
    name = pl.col("lesion").cast(names, strict=False).to_physical().cast(pl.Int64)
    key = (pl.col("subject") * (len(names.categories) + 1) + name).alias("key")
    places = lesions.select(key, place=pl.int_range(pl.len(), dtype=pl.Int64))
    found = measured.with_columns(key).join(places, on="key", how="left", maintain_order="left")
    stray = found.filter(pl.col("place").is_null())
    if len(stray):
        subject, lesion = stray.select("subject", "lesion").sort("subject", "lesion").row(0)
        raise unlisted(subjects[subject], lesion)
    state = pl.col("state").cast(pl.Enum(STATES)).to_physical().cast(pl.Int8)
    return found.select("scan", "place", pl.col("diameter").fill_null(-1), state, "on")


@dataclass(frozen=True)
class _Answers:
    """What the kernels found; one row per scan."""

    sums: Array
    flags: Array
    codes: Array
    response_on: Array
    known_on: Array
    sighted: Array
    sighted_known_on: Array
    missing: Array
    marks: Array
    whole: Array


def _answers(coded: _Coded) -> _Answers:
    import numpy as np

    from trialwright.derive import _kernels_response as kernels
    from trialwright.derive._kernels_answers import respond

    scans, lesions, measured = coded.scans, coded.lesions, coded.measured
    n, first_scan, first_lesion = len(scans), _firsts(coded, scans), _firsts(coded, lesions)
    parent, into = _place_of(lesions, "split_from"), _place_of(lesions, "merged_into")
    role, node = _array(lesions["role"], np.int64), _array(lesions["node"], np.bool_)
    whole = kernels.wholes(parent, role, first_lesion)
    start, order = kernels.by_scan(_array(measured["scan"], np.int64), n)
    place, diameter, state, on = (
        measured[name].to_numpy()[order].astype(np.int64) for name in ("place", "diameter", "state", "on")
    )
    sighted, sighted_on, sighted_known_on = np.full(n, -1), np.zeros(n, np.int64), np.zeros(n, np.int64)
    kernels.sightings(first_scan, role, start, place, state, on, sighted, sighted_on, sighted_known_on)
    sums, flags, codes = np.empty((n, 3), np.int64), np.empty((n, 2), np.bool_), np.empty((n, 3), np.int64)
    response_on, known_on = np.empty(n, np.int32), np.empty(n, np.int32)
    limits = (recist.NORMAL_NODE, recist.LEAST_GROWTH, *recist.GROWTH, *recist.SHRINKAGE, recist.TOO_SMALL)
    missing, marks = respond(
        first_scan, first_lesion, _array(scans["number"], np.int64), _array(scans["on"], np.int64), role, node, whole,
        into, start, place, diameter, state, on, sighted, sighted_on, sighted_known_on, np.array(limits), _rule_of(),
        sums, flags, codes, response_on, known_on,
    )  # fmt: skip
    return _Answers(sums, flags, codes, response_on, known_on, sighted, sighted_known_on, missing, marks, whole)


def _array(series: pl.Series, kind: Any) -> Array:
    """Return an own copy: a kernel is compiled anew for an array that may not be written to."""
    return series.to_numpy().astype(kind)


def _firsts(coded: _Coded, table: pl.DataFrame) -> Array:
    """Return the place of each subject's first row, and the number of rows."""
    import numpy as np

    return np.searchsorted(table["subject"].to_numpy(), np.arange(len(coded.subjects) + 1))


def _place_of(lesions: pl.DataFrame, column: str) -> Array:
    """Return the place of the lesion that a column names, -1 where it names none that is listed."""
    import numpy as np
    import polars as pl

    if lesions[column].null_count() == len(lesions):
        return np.full(len(lesions), -1, np.int64)
    places = lesions.select("subject", pl.col("lesion").alias(column), place=pl.int_range(pl.len(), dtype=pl.Int64))
    found = lesions.join(places, on=["subject", column], how="left", maintain_order="left")
    return _array(found["place"].fill_null(-1), np.int64)


@cache
def _rule_of() -> Array:
    """Return, by target, nontarget and new, the line of the table of overall responses."""
    import numpy as np

    lines = np.empty((len(RESPONSES), len(RESPONSES), 2), np.int64)
    for target, nontarget, new in product(range(len(RESPONSES)), range(len(RESPONSES)), range(2)):
        try:
            found = recist.overall_response(RESPONSES[target], RESPONSES[nontarget], bool(new))
            lines[target, nontarget, new] = recist.OVERALL.index(found)
        except StopIteration:  # no such response of targets, or of non-targets
            lines[target, nontarget, new] = -1
    return lines


def _frame(coded: _Coded, evaluator: str, found: _Answers) -> pl.DataFrame:
    import polars as pl

    rows = _numbers(coded, found).join(_missing(coded, found), on="scan", how="left", maintain_order="left")
    if len(found.marks):
        rows = rows.join(_marked(coded, found), on="scan", how="left", maintain_order="left")
    else:
        rows = rows.with_columns(marked=pl.lit(None, pl.String))
    days = {name: pl.col(name).cast(pl.Date) for name in ("assessed_on", "response_on", "known_on")}
    worded = rows.lazy().with_columns(
        **days,
        evaluator=pl.lit(evaluator),
        new=pl.col("sighted").is_not_null() & pl.col("rule").is_not_null(),
        why=_why(),
        marks=_marks(),
        source=pl.format("assessments {} / number {}", "subject", "number"),
    )
    return worded.select(*RESPONSE_COLUMNS).collect()


def _numbers(coded: _Coded, found: _Answers) -> pl.DataFrame:
    """Return what the kernels found, a null where there is nothing."""
    import polars as pl

    named = pl.Series(RESPONSES)
    rule, sighted = _places(found.codes[:, 2]), _places(found.sighted)
    return coded.scans.select(
        scan=pl.int_range(pl.len(), dtype=pl.Int64),
        subject=coded.subjects.gather(coded.scans["subject"]),
        number="number",
        assessed_on="on",
        response_on=pl.Series(found.response_on),
        known_on=pl.Series(found.known_on),
        sum=_places(found.sums[:, 0]),
        complete=pl.Series(found.flags[:, 0]),
        baseline_sum=_places(found.sums[:, 1]),
        nadir=_places(found.sums[:, 2]),
        target=named.gather(found.codes[:, 0]),
        nontarget=named.gather(found.codes[:, 1]),
        rule=rule,
        response=pl.Series([line.response for line in recist.OVERALL]).gather(rule),
        line=pl.Series([line.why for line in recist.OVERALL]).gather(rule),
        sighted=coded.lesions["lesion"].gather(sighted),
        doubt=pl.Series(found.sighted_known_on) > coded.scans["on"],
        from_part=pl.Series(found.flags[:, 1]),
    )


def _places(values: Array) -> pl.Series:
    """Return numbers with a null for -1."""
    import polars as pl

    series = pl.Series(values)
    return series.set(series < 0, None)


def _missing(coded: _Coded, found: _Answers) -> pl.DataFrame:
    """Return, by scan, the names of the targets without a measurement."""
    import polars as pl

    pairs = {"scan": pl.Series(found.missing[:, 0]), "lesion": coded.lesions["lesion"].gather(found.missing[:, 1])}
    return pl.DataFrame(pairs).group_by("scan", maintain_order=True).agg(missing=pl.col("lesion").str.join(", "))


def _marked(coded: _Coded, found: _Answers) -> pl.DataFrame:
    """Return, by scan, what a reader of the sum should know of its lesions."""
    import polars as pl

    scan, lesion, kind = (pl.Series(found.marks[:, i]) for i in range(3))
    table = pl.DataFrame(
        {
            "scan": scan,
            "kind": kind,
            "lesion": coded.lesions["lesion"].gather(lesion),
            "into": coded.lesions["merged_into"].gather(lesion).fill_null("another lesion"),
            "whole": coded.lesions["lesion"].gather(_places(found.whole[found.marks[:, 1]])),
        }
    )
    small = pl.format(f"{{}} too small to measure, taken as {recist.TOO_SMALL / 10:.1f} mm", "lesion")
    merged, part = pl.format("{} merged into {}", "lesion", "into"), pl.format("{} part of {}", "lesion", "whole")
    text = pl.when(pl.col("kind") == 0).then(small).when(pl.col("kind") == 1).then(merged).otherwise(part)
    return table.group_by("scan", maintain_order=True).agg(marked=text.str.join("; "))


def _marks() -> pl.Expr:
    import polars as pl

    part = pl.when("from_part").then(pl.lit("progression shown by the part measured"))
    both = pl.concat_str("marked", part, separator="; ", ignore_nulls=True)
    return pl.when(both != "").then(both)


def _why() -> pl.Expr:
    import polars as pl

    listed = pl.format("baseline, {} without a measurement", "missing")
    doubt = pl.when("doubt").then(pl.lit(", equivocal until confirmed by a later scan")).otherwise(pl.lit(""))
    unclear = pl.col("missing").fill_null("no complete baseline to compare with")
    sums = pl.format(
        "{}: sum {}, baseline {}, nadir {}{}", "line", *map(_mm, ("sum", "baseline_sum", "nadir")), _review()
    )
    return (
        pl.when(pl.col("rule").is_null())
        .then(pl.coalesce(listed, pl.lit("baseline")))
        .when(pl.col("sighted").is_not_null())
        .then(pl.format("{} {}{}", "line", "sighted", doubt))
        .when(pl.col("rule") == _NOT_EVALUABLE)
        .then(pl.format("{}: {}", "line", unclear))
        .when(pl.col("sum").is_null())
        .then(pl.col("line"))
        .otherwise(sums)
    )


_NOT_EVALUABLE = next(place for place, line in enumerate(recist.OVERALL) if line.target == ("NE",))


def _review() -> pl.Expr:
    import polars as pl

    regrown = (pl.col("nadir") == 0) & (pl.col("sum") > 0) & (pl.col("target") != "PD")
    return pl.when(regrown).then(pl.lit("; reappeared below 5 mm, to be reviewed")).otherwise(pl.lit(""))


def _mm(column: str) -> pl.Expr:
    import polars as pl

    tenths = pl.col(column)
    return pl.format("{}.{} mm", tenths // 10, tenths % 10).fill_null("unknown")
