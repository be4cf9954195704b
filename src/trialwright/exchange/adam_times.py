"""ADTTE from the times to event: the one place where an event becomes a zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from trialwright.exchange.adam_rows import Study, evaluator_name, numbered, own_code, traced, with_subjects
from trialwright.exchange.adam_spec_efficacy import ADTTE
from trialwright.exchange.specification import built

if TYPE_CHECKING:
    import polars as pl

    from trialwright.exchange.datasets import Dataset
    from trialwright.protocol import TimeToEventEndpoint

__all__ = ["adtte", "censor_codes", "parameter_codes"]

_STANDARD: Mapping[tuple[str, frozenset[str]], str] = {
    ("randomization", frozenset({"death"})): "OS",
    ("randomization", frozenset({"progression", "death"})): "PFS",
    ("first response", frozenset({"progression", "death"})): "DOR",
    ("randomization", frozenset({"response"})): "TTR",
    ("randomization", frozenset({"progression"})): "TTP",
}
"""Codes that the industry uses, by what they count from and to."""

_EVENTS = {
    "progression": "Disease Progression",
    "death": "Death",
    "clinical progression": "Clinical Progression",
    "new therapy": "New Anticancer Therapy",
    "chemotherapy": "Chemotherapy",
    "response": "Response",
    "end of treatment": "End of Treatment",
    "second progression": "Second Progression",
    "second therapy": "Second Anticancer Therapy",
}
_START = "Randomization"
_CENSORED: Mapping[str, tuple[int, str, str]] = {
    "last adequate assessment": (1, "Last Adequate Tumor Assessment", "Last Adequate Tumor Assessment"),
    "last assessment": (1, "Last Tumor Assessment", "Last Tumor Assessment"),
    "no adequate assessment": (1, "No Adequate Tumor Assessment", "First Response"),
    "no assessment": (1, _START, "First Response"),
    "no usable baseline assessment": (1, "No Usable Baseline Assessment", _START),
    "last known alive": (1, "Alive", "Alive During Study"),
    "new anticancer therapy": (2, "New Anticancer Therapy", ""),
    "died without the event": (5, "Died Without the Event", "Death"),
}
"""Reason of derive: code, description of the reason, and of the date where that is not randomization."""
_MISSED, _STOPPED = 3, 4


def adtte(study: Study, times: pl.DataFrame, endpoints: Iterable[TimeToEventEndpoint], responses: Dataset) -> Dataset:
    """Return the times to event of ``derive.time_to_event`` as ADTTE; ``event`` turns into ``CNSR`` here only.

    ``responses`` is ADRS, which holds the assessments that gave the dates.
    """
    import polars as pl

    plans = {plan.id: plan for plan in endpoints}
    codes, reason = censor_codes(times["why"].unique(maintain_order=True)), pl.col("why")
    rows = with_subjects(study, times).with_columns(
        PARAMCD=_of_endpoint(parameter_codes(plans.values())),
        PARAM=_of_endpoint({id: f"{plan.label} (days)" for id, plan in plans.items()}),
        PARCAT2=_of_endpoint({id: evaluator_name(plan.evaluator) for id, plan in plans.items()}),
        STARTDT="origin_on",
        ADT="ended_on",
        AVAL="days",
        CNSR=pl.when("event").then(0).otherwise(reason.replace_strict(codes, return_dtype=pl.Int64)),
        SRCREC="source",
    )
    rows = rows.with_columns(EVNTDESC=_description(), CNSDTDSC=pl.when(pl.col("CNSR") > 0).then(_date_description()))
    found = _sourced(traced(rows, ~_at_start() & (reason == "last known alive")), responses)
    return built(ADTTE, numbered(found, "PARAMCD").select([variable.name for variable in ADTTE.variables]))


def _of_endpoint(values: Mapping[str, str]) -> pl.Expr:
    import polars as pl

    return pl.col("endpoint").replace_strict(values, return_dtype=pl.String)


def _at_start() -> pl.Expr:
    import polars as pl

    return pl.col("SRCREC").str.starts_with("allocations ")


def _description() -> pl.Expr:
    """Return the event, or why the time was censored."""
    import polars as pl

    reason = pl.col("why")
    alive_at_start = (pl.col("CNSR") > 0) & _at_start() & (reason == "last known alive")
    spoken = reason.str.slice(0, 1).str.to_uppercase() + reason.str.slice(1)
    censored = reason.replace_strict({why: said for why, (_, said, _) in _CENSORED.items()}, default=spoken)
    event = reason.replace_strict(_EVENTS, default=spoken)
    return pl.when(pl.col("CNSR") == 0).then(event).when(alive_at_start).then(pl.lit(_START)).otherwise(censored)


def _date_description() -> pl.Expr:
    """Return what the date of censoring is: who is stopped by something ends at a scan before it, or at its day."""
    import polars as pl

    stopped = pl.col("CNSR").is_between(2, 4)
    scan = pl.col("SRCREC").str.contains("^(assessments|recorded_responses) ")
    listed = pl.col("why").replace_strict({why: said for why, (_, _, said) in _CENSORED.items()}, default=None)
    return (
        pl.when(_at_start())
        .then(pl.lit(_START))
        .when(stopped & scan)
        .then(pl.lit("Last Adequate Tumor Assessment Before It"))
        .when(stopped)
        .then(pl.lit("Its Day, or the Day Before"))
        .otherwise(listed)
    )


def _sourced(rows: pl.DataFrame, responses: Dataset) -> pl.DataFrame:
    """Return rows with SRCSEQ: the row of ADRS that holds the assessment, or the death."""
    import polars as pl

    found = rows.join(_records(responses), on=["USUBJID", "PARCAT2", "SRCREC"], how="left")
    found = found.join(_deaths(responses), on="USUBJID", how="left")
    died = pl.col("SRCREC").str.starts_with("deaths ")
    return found.with_columns(SRCSEQ=pl.when(died).then("death").otherwise("SRCSEQ"))


def _records(responses: Dataset) -> pl.DataFrame:
    """Return the sequence number of each response in ADRS, by the record it came from."""
    import polars as pl

    rows = responses.rows.filter(pl.col("PARAMCD").str.starts_with("OVR"))
    return rows.select("USUBJID", "PARCAT2", "SRCREC", SRCSEQ="ASEQ").unique(["USUBJID", "PARCAT2", "SRCREC"])


def _deaths(responses: Dataset) -> pl.DataFrame:
    import polars as pl

    rows = responses.rows.filter(pl.col("PARAMCD") == "DEATH", pl.col("AVALC") == "Y")
    return rows.select("USUBJID", death="ASEQ")


def parameter_codes(endpoints: Iterable[TimeToEventEndpoint]) -> dict[str, str]:
    """Return the code of each endpoint: the industry's for the first of its kind, else letters of its own name.

    >>> from trialwright.protocol import load, study_names
    >>> plans = load(study_names()[0]).endpoints
    >>> "PFS" in parameter_codes(plan for plan in plans if plan.kind == "time to event").values()
    True
    """
    codes: dict[str, str] = {}
    for plan in endpoints:
        standard = _STANDARD.get((plan.origin, frozenset(plan.events)))
        codes[plan.id] = standard if standard and standard not in codes.values() else own_code(plan.id, codes.values())
    return codes


def censor_codes(reasons: Iterable[str]) -> dict[str, int]:
    """Return the code of each reason of censoring, 1 to 5 (codelist CNSR).

    >>> censor_codes(["last known alive", "more than 1 missed assessment before the event", "withdrawal"])
    {'last known alive': 1, 'more than 1 missed assessment before the event': 3, 'withdrawal': 4}
    """
    return {why: _CENSORED.get(why, (_MISSED if " missed " in why else _STOPPED,))[0] for why in reasons}
