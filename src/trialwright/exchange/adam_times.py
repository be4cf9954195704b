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
_CENSORED: tuple[tuple[str, int, str, str], ...] = (
    ("last adequate assessment", 1, "Last Adequate Tumor Assessment", "Last Adequate Tumor Assessment"),
    ("last assessment", 1, "Last Tumor Assessment", "Last Tumor Assessment"),
    ("no adequate assessment", 1, "No Adequate Tumor Assessment", _START),
    ("no assessment", 1, _START, _START),
    ("no usable baseline assessment", 1, "No Usable Baseline Assessment", _START),
    ("last known alive", 1, "Alive", "Alive During Study"),
    ("new anticancer therapy", 2, "New Anticancer Therapy", "Last Day Before the Therapy"),
    ("died without the event", 5, "Died Without the Event", "Death"),
)
"""Reason of derive, code, description of the reason, and of the date."""
_MISSED, _STOPPED = 3, 4


def adtte(study: Study, times: pl.DataFrame, endpoints: Iterable[TimeToEventEndpoint], responses: Dataset) -> Dataset:
    """Return the times to event of ``derive.time_to_event`` as ADTTE; ``event`` turns into ``CNSR`` here only.

    ``responses`` is ADRS, which holds the assessments that gave the dates.
    """
    import polars as pl

    plans = {plan.id: plan for plan in endpoints}
    codes = parameter_codes(plans.values())
    reason, is_event = pl.col("why"), pl.col("event")
    started = pl.col("source").str.starts_with("allocations ")
    rows = with_subjects(study, times).with_columns(
        PARAMCD=pl.col("endpoint").replace_strict(codes, return_dtype=pl.String),
        PARAM=pl.col("endpoint").replace_strict(
            {id: _title(plan) for id, plan in plans.items()}, return_dtype=pl.String
        ),
        STARTDT="origin_on",
        ADT="ended_on",
        AVAL="days",
        CNSR=pl.when(is_event).then(0).otherwise(reason.replace_strict(_codes(times), return_dtype=pl.Int64)),
        EVNTDESC=pl.when(is_event)
        .then(reason.replace(_EVENTS))
        .when(started & (reason == "last known alive"))
        .then(pl.lit(_START))
        .otherwise(reason.replace({why: said for why, _, said, _ in _CENSORED})),
        CNSDTDSC=pl.when(~is_event & started)
        .then(pl.lit(_START))
        .when(~is_event)
        .then(reason.replace_strict(_dates(times), return_dtype=pl.String)),
        SRCREC="source",
    )
    evaluators = {id: evaluator_name(plan.evaluator) for id, plan in plans.items()}
    whose = rows.with_columns(PARCAT2=pl.col("endpoint").replace_strict(evaluators, return_dtype=pl.String))
    found = traced(whose, ~started & (reason == "last known alive")).join(
        _records(responses), on=["USUBJID", "PARCAT2", "SRCREC"], how="left"
    )
    found = found.join(_deaths(responses), on="USUBJID", how="left")
    died = pl.col("SRCREC").str.starts_with("deaths ")
    found = found.with_columns(SRCSEQ=pl.when(died).then("death").otherwise("SRCSEQ"))
    return built(ADTTE, numbered(found, "PARAMCD").select([variable.name for variable in ADTTE.variables]))


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
    known = {why: code for why, code, _, _ in _CENSORED}
    return {why: known.get(why, _MISSED if " missed " in why else _STOPPED) for why in reasons}


def _title(plan: TimeToEventEndpoint) -> str:
    return f"{plan.label} (days)"


def _codes(times: pl.DataFrame) -> dict[str, int]:
    return censor_codes(times["why"].unique(maintain_order=True).to_list())


def _dates(times: pl.DataFrame) -> dict[str, str]:
    known = {why: said for why, _, _, said in _CENSORED}
    unlisted = {_MISSED: "Last Adequate Tumor Assessment Before the Gap", _STOPPED: "Last Day Before the Occurrence"}
    return {why: known.get(why) or unlisted[code] for why, code in _codes(times).items()}
