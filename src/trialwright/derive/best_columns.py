"""Best response of many patients at once: the rules of ``best_response`` asked by columns, in the same order.

The same rows as ``best_response.bests``, which stays the reference; ``best_goes_by_columns`` says for which endpoints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.derive.best_response import LASTING, NOT_EVALUABLE, TOO_EARLY
from trialwright.stats import DAYS_PER_WEEK

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import ResponseEndpoint
    from trialwright.records import TrialData

__all__ = ["best_goes_by_columns", "bests_by_columns"]

_RULES = (
    ("CR", ("CR",), False, "complete response"),
    ("PR", ("PR",), False, "partial response"),
    ("SD", ("CR", "PR", "SD"), True, "stable disease of the minimum duration"),
    ("NON-CR/NON-PD", ("NON-CR/NON-PD",), True, "non-target lesions left for the minimum duration"),
    ("PD", ("PD",), False, "progression"),
    ("NE", (*LASTING, "NE"), False, ""),
)
"""Best response, the responses looked for, whether only from the day that stable disease counts, and why."""


def best_goes_by_columns(plan: ResponseEndpoint) -> bool:
    """Return whether an endpoint's best response goes by columns: as recorded, unconfirmed, from randomization.

    >>> from trialwright.protocol import ResponseEndpoint
    >>> named = {"id": "ORR", "label": "ORR", "level": "secondary", "measure": "ORR", "kind": "response"}
    >>> more = {"success": ["CR", "PR"], "stable_disease_minimum_weeks": 6}
    >>> best_goes_by_columns(ResponseEndpoint.model_validate(named | more))
    True
    """
    asked = (plan.confirmation_days, plan.progression_within_days, plan.after_complete, plan.reference, plan.until)
    return asked == (None, None, "as recorded", "randomization", ())


def bests_by_columns(data: TrialData, plan: ResponseEndpoint, responses: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of ``best_response`` of an endpoint that goes by columns."""
    import polars as pl

    scans = _counted(data, plan, responses)
    patients = data["allocations"].select("subject")
    for place, (_, kinds, late, _) in enumerate(_RULES):
        patients = _with_first(patients, scans, f"rule{place}", kinds, "stable" if late else None)
    patients = _with_first(patients, scans, "responded", ("CR", "PR"))
    wanted = tuple(kind for kind in plan.success if kind in {"CR", "PR"})
    patients = _with_first(patients, scans, "wanted", wanted)
    patients = _with_first(patients, scans, "lasting", LASTING if plan.stable_weeks is not None else (), "controlled")
    rows = [f"rule{place}" for place in range(len(_RULES))]
    decided = pl.coalesce(
        *(pl.when(pl.col(row).is_not_null()).then(pl.lit(place)) for place, row in enumerate(rows)), pl.lit(-1)
    )
    patients = patients.with_columns(found=pl.coalesce(*rows), rule=decided)
    best = pl.lit(pl.Series([rule[0] for rule in _RULES])).gather(pl.col("rule").replace(-1, None))
    patients = patients.with_columns(best=best.fill_null(plan.without_assessment))
    by_response = pl.when(pl.col("best").is_in(plan.success)).then(pl.coalesce("wanted", "found"))
    return _frame(patients.with_columns(response=by_response), scans, plan)


def _counted(data: TrialData, plan: ResponseEndpoint, responses: pl.DataFrame) -> pl.DataFrame:
    """Return the assessments after baseline up to the first progression, and whether they are late enough."""
    import polars as pl

    randomized = data["allocations"].select("subject", start=pl.col("randomized_on").to_physical())
    own = (pl.col("evaluator") == plan.evaluator) & pl.col("response").is_not_null()
    after = responses.filter(own).select("subject", "response", "source", on=pl.col("response_on").to_physical())
    after = after.with_row_index("row")
    first = after.filter(pl.col("response") == "PD").group_by("subject").agg(end=pl.col("row").min())
    dated = after.join(randomized, on="subject", how="left", maintain_order="left")
    dated = dated.join(first, on="subject", how="left", maintain_order="left")
    controlled = -plan.stable_window_days + round((plan.stable_weeks or 0) * DAYS_PER_WEEK)
    return dated.filter(pl.col("end").is_null() | (pl.col("row") <= pl.col("end"))).with_columns(
        stable=pl.col("on") >= pl.col("start") + round(plan.stable_disease_minimum_weeks * DAYS_PER_WEEK),
        controlled=pl.col("on") >= pl.col("start") + controlled,
    )


def _with_first(
    patients: pl.DataFrame, scans: pl.DataFrame, name: str, kinds: tuple[str, ...], since: str | None = None
) -> pl.DataFrame:
    """Add the row of each patient's first assessment with one of these responses, null without one."""
    import polars as pl

    asked = pl.col("response").is_in(kinds) & (pl.col(since) if since else pl.lit(True))
    first = scans.filter(asked).group_by("subject").agg(pl.col("row").min().alias(name))
    return patients.join(first, on="subject", how="left", maintain_order="left")


def _frame(patients: pl.DataFrame, scans: pl.DataFrame, plan: ResponseEndpoint) -> pl.DataFrame:
    import polars as pl

    for name in ("found", "responded", "lasting", "response"):
        told = scans.select(
            pl.col("row").alias(name), **{f"{name}_on": "on", f"{name}_is": "response", f"{name}_source": "source"}
        )
        patients = patients.join(told, on=name, how="left", maintain_order="left")
    sooner = pl.col("response").is_not_null() & (
        pl.col("lasting").is_null() | (pl.col("response_on") <= pl.col("lasting_on"))
    )
    proof = pl.when(sooner).then(pl.lit("response")).when(pl.col("lasting").is_not_null()).then(pl.lit("lasting"))
    patients = patients.with_columns(proof=proof.otherwise(pl.lit("none")))
    success = pl.col("proof") != "none"
    return patients.select(
        "subject",
        endpoint=pl.lit(plan.id),
        best="best",
        unconfirmed="best",
        success=success,
        best_on=pl.col("found_on").cast(pl.Date),
        responded_on=pl.col("responded_on").cast(pl.Date),
        success_on=_proved("on").cast(pl.Date),
        why=pl.format("{}: {}; {}", "best", _why(), _reason()),
        source=pl.when(success).then(_proved("source")).otherwise(pl.col("found_source")).fill_null("none"),
    )


def _proved(field: str) -> pl.Expr:
    import polars as pl

    lasting = pl.when(pl.col("proof") == "lasting").then(pl.col(f"lasting_{field}"))
    return pl.when(pl.col("proof") == "response").then(pl.col(f"response_{field}")).otherwise(lasting)


def _day(column: str) -> pl.Expr:
    import polars as pl

    return pl.col(column).cast(pl.Date).dt.to_string("%Y-%m-%d")


def _why() -> pl.Expr:
    import polars as pl

    named = pl.lit(pl.Series([rule[3] for rule in _RULES])).gather(pl.col("rule").replace(-1, None))
    early = pl.col("found_is").replace_strict(NOT_EVALUABLE, default=TOO_EARLY, return_dtype=pl.String)
    words = pl.when(pl.col("rule") == len(_RULES) - 1).then(early).otherwise(named)
    return pl.format("{}, {}", words, _day("found_on")).fill_null("no assessment after baseline")


def _reason() -> pl.Expr:
    import polars as pl

    control = pl.format("success by disease control at {}", _day("lasting_on"))
    lasting = pl.when(pl.col("proof") == "lasting").then(control).otherwise(pl.lit("no success"))
    return pl.when(pl.col("proof") == "response").then(pl.lit("success by response")).otherwise(lasting)
