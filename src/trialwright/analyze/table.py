"""The analysis of any table of times to event: curves of each arm, and the arms compared."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from trialwright.analyze.table_means import Means, restricted
from trialwright.analyze.table_models import Model, fit_models
from trialwright.analyze.table_rows import Columns, Missing, Subjects, subjects
from trialwright.stats import RiskTable, kaplan_meier, log_rank, reverse_kaplan_meier

if TYPE_CHECKING:
    import polars as pl

    from trialwright.analyze.conventions import Conventions
    from trialwright.stats import Curve, Estimate, LogRank

__all__ = ["ArmSummary", "Question", "TableAnalysis", "TimeUnit", "analyze_table"]

TimeUnit = Literal["days", "weeks", "months", "years"]
QUARTILES = (0.25, 0.5, 0.75)
STEPS: Mapping[str, Sequence[int]] = {
    "days": (1, 2, 5, 7, 14, 30, 60, 90, 180, 365, 730),
    "weeks": (1, 2, 4, 8, 13, 26, 52, 104),
    "months": (1, 2, 3, 6, 12, 24),
    "years": (1, 2, 5),
}
"""Steps of the axis in each unit; longer ones are multiples of the last."""
MOST_TICKS = 10


@dataclass(frozen=True)
class Question:
    """What is asked of a table. All times, of the table and of the answers, are in one unit; nothing is converted."""

    conventions: Conventions
    level: float = 0.95
    landmarks: tuple[float, ...] = ()
    """Times at which rates are wanted."""
    tau: float | None = None
    """Horizon of the restricted mean; without it the smaller of the arms' last times."""
    unit: TimeUnit = "days"

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ValueError(f"level must be in (0, 1); got {self.level}. For 95 % limits write 0.95")
        wrong = [at for at in self.landmarks if not (math.isfinite(at) and at >= 0)]
        if wrong:
            raise ValueError(f"landmarks must be times of zero or more; got {wrong[0]:g}")
        if self.tau is not None and not (math.isfinite(self.tau) and self.tau > 0):
            raise ValueError(f"tau must be a time above zero; got {self.tau:g}")
        if self.unit not in get_args(TimeUnit):
            raise ValueError(f"unit must be one of {', '.join(get_args(TimeUnit))}; got {self.unit!r}")


@dataclass(frozen=True, eq=False)
class ArmSummary:
    """The curve of one arm, or of all subjects, and what is read off it."""

    arm: str
    curve: Curve
    quantiles: Mapping[float, Estimate]
    """Times by which a quarter, half, three quarters have had the event."""
    rates: Mapping[float, Estimate]
    """Survival at each landmark."""
    follow_up: Estimate
    """Median follow-up by the reverse Kaplan-Meier estimate."""
    at_risk: Mapping[float, int]
    """Number at risk on the grid of the axis and at each landmark."""


@dataclass(frozen=True, eq=False)
class TableAnalysis:
    """Everything found in a table."""

    question: Question
    subjects: Subjects
    arms: tuple[ArmSummary, ...]
    """The control first."""
    everyone: ArmSummary
    log_ranks: Mapping[str, LogRank]
    """``unstratified`` and, where strata are given, ``stratified``."""
    models: Mapping[str, Model]
    """``unstratified``, and where given ``stratified`` and ``adjusted`` (the arm with covariates and strata)."""
    means: Means
    grid: tuple[float, ...]
    """Times of the axis."""
    notes: tuple[str, ...]
    """What a reader has to know about the data."""


def analyze_table(
    frame: pl.DataFrame, columns: Columns, question: Question, *, missing: Missing = "refuse"
) -> TableAnalysis:
    """Return curves, quantiles, rates, follow-up, log-rank tests, Cox models and restricted means of a table.

    One row is one subject. DataError says which column or row cannot be used and why; what the data do not allow to
    estimate is an answer without a value, with its ``problem``. Comparisons are against ``columns.control``.

    >>> import polars as pl
    >>> from trialwright.analyze import conventions
    >>> frame = pl.DataFrame({"days": [3, 5, 7, 9, 11, 12], "event": [1, 1, 1, 1, 1, 0], "arm": list("AABABB")})
    >>> found = analyze_table(frame, Columns("days", "event", "arm"), Question(conventions("R")))
    >>> found.arms[1].quantiles[0.5].value, round(found.models["unstratified"].terms[0].hazard_ratio, 6)
    (11.0, 0.184917)
    """
    rows = subjects(frame, columns, missing=missing, merge=question.conventions.merge)
    table = RiskTable.count(rows.times)
    pooled = RiskTable.count(rows.times.unstratified())
    grid = _grid(float(table.display(table.days)[-1]), question.unit)
    arms = _summaries(pooled, question, grid)
    everyone = _summaries(RiskTable.count(rows.times.unstratified().pooled()), question, grid)
    log_ranks = {"unstratified": log_rank(pooled)} | ({"stratified": log_rank(table)} if columns.strata else {})
    return TableAnalysis(
        question=question,
        subjects=rows,
        arms=arms,
        everyone=everyone[0],
        log_ranks=log_ranks,
        models=fit_models(rows, question.conventions.ties, question.level),
        means=restricted(rows.times, question.tau, level=question.level, beyond=question.conventions.beyond),
        grid=grid,
        notes=tuple(_notes(rows, log_ranks)),
    )


def _summaries(table: RiskTable, question: Question, grid: Sequence[float]) -> tuple[ArmSummary, ...]:
    limits: dict[str, Any] = {"level": question.level, "interval": question.conventions.interval}
    follow_up = reverse_kaplan_meier(table, **limits)
    curves = kaplan_meier(table, **limits)
    return tuple(_summary(curves[arm], follow_up[arm], question, grid) for arm in table.arms)


def _summary(curve: Curve, follow_up: Curve, question: Question, grid: Sequence[float]) -> ArmSummary:
    rules = question.conventions
    times = sorted({*grid, *question.landmarks})
    told = partial(_in_unit, unit=question.unit)
    count = curve.at_risk_at if rules.at_risk == "before" else curve.left_at
    return ArmSummary(
        arm=curve.arm,
        curve=curve,
        quantiles={p: told(curve.quantile(p, flat=rules.flat)) for p in QUARTILES},
        rates={at: told(curve.at(at, beyond=rules.beyond)) for at in question.landmarks},
        follow_up=told(follow_up.quantile(0.5, flat=rules.flat)),
        at_risk=dict(zip(times, count(times).tolist(), strict=True)),
    )


def _in_unit(estimate: Estimate, unit: str) -> Estimate:
    """Return the estimate with its problem in the table's unit: the curve knows days only."""
    if unit == "days" or estimate.problem is None:
        return estimate
    return replace(estimate, problem=re.sub(r"\bday (?=\d)", f"{unit.removesuffix('s')} ", estimate.problem))


def _grid(last: float, unit: str) -> tuple[float, ...]:
    """Return times of the axis from 0 to beyond the last follow-up, in steps that suit the unit."""
    step = _step(last, STEPS[unit])
    return tuple(step * i for i in range(max(1, math.ceil(last / step)) + 1))


def _step(last: float, steps: Sequence[int]) -> float:
    """Return the shortest step that needs no more than ``MOST_TICKS``; below the first of the unit, a decimal one."""
    if 0 < last < steps[0]:
        return float(10.0 ** math.floor(math.log10(last)))
    for step in steps:
        if last / step <= MOST_TICKS:
            return float(step)
    return float(steps[-1] * math.ceil(last / steps[-1] / MOST_TICKS))


def _notes(rows: Subjects, log_ranks: Mapping[str, LogRank]) -> list[str]:
    times = rows.times
    day_zero = int((times.day == 0).sum()) if times.values is None else int((times.values[times.day] == 0).sum())
    notes = [f"{count} rows were left out: {reason}" for reason, count in rows.dropped.items()]
    if day_zero:
        notes.append(f"{day_zero} subjects have time 0, taken as it is: whether day 0 counts as day 1 is for the plan")
    if "stratified" in log_ranks and log_ranks["stratified"].uninformative_strata:
        idle = "; ".join(log_ranks["stratified"].uninformative_strata)
        notes.append(f"strata without an event while subjects of two arms are at risk, which add nothing: {idle}")
    return notes
