"""Adverse events with whole dates, whether they are treatment-emergent, and which of them count first or worst."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from trialwright.derive.checked import Checked
from trialwright.derive.exposure import treatment
from trialwright.derive.partial_dates import ImputationRule, Imputed, impute
from trialwright.derive.rows import source
from trialwright.records import Finding

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = ["AdverseEventRules", "adverse_event_rules", "adverse_events"]

_SEVERITY = {"mild": 1, "moderate": 2, "severe": 3}
_FIRST, _LAST = ImputationRule("first", "month"), ImputationRule("last", "month")


@dataclass(frozen=True)
class AdverseEventRules:
    """How starts and ends are imputed, and until when an event is treatment-emergent.

    ``days_after_last_dose``: the window after the last dose; None has no end. A partial start is never imputed before
    the first dose when it may lie on or after it, and a partial end never after a death, the end of study or the data
    cut-off when it may lie before them.

    >>> AdverseEventRules(30).start
    ImputationRule(choice='first', highest='month')
    """

    days_after_last_dose: int | None
    start: ImputationRule = _FIRST
    end: ImputationRule = _LAST

    def __post_init__(self) -> None:
        window = self.days_after_last_dose
        if window is not None and window < 0:
            raise ValueError(f"days_after_last_dose must be 0 or more, or None; got {window}")

    def __str__(self) -> str:
        """Return the window in words, as it is printed with a table."""
        if self.days_after_last_dose is None:
            return "on or after the first dose"
        return f"from the first dose to {self.days_after_last_dose} days after the last"


class _Known(NamedTuple):
    """What bounds the dates of one subject's events."""

    first_dose: date | None
    last_dose: date | None
    ongoing: bool
    stops: tuple[date, ...]
    """Death, end of study, data cut-off."""


def adverse_event_rules(plan: Plan) -> AdverseEventRules:
    """Return the rules with the window of a protocol, or of the settings of data without one.

    >>> from types import SimpleNamespace as Plan
    >>> str(adverse_event_rules(Plan(safety=Plan(window=Plan(days_after_last_dose=30)))))
    'from the first dose to 30 days after the last'
    """
    return AdverseEventRules(plan.safety.window.days_after_last_dose)


def adverse_events(data: TrialData, rules: AdverseEventRules) -> Checked:
    """Return one row per adverse event, by subject and number, and findings on dates and grades.

    To the columns of the table come ``start_flag`` and ``end_flag`` (the greatest imputed part of the date: Y, M or D),
    ``start_day`` and ``end_day`` (counted from the first dose, which is day 1; there is no day 0), ``days`` (duration,
    first and last day included), ``emergent``, and among the emergent events of a subject ``first``,
    ``first_in_system`` and ``first_of_term`` (by start, then number), ``worst`` and ``worst_of_term`` (by grade, or by
    severity where there is no grade; the earliest of them). ``why`` says what decided ``emergent``.

    An event whose start is not known is emergent unless it ended before the first dose. While treatment goes on,
    nothing is too late. An event that starts after the data cut-off is left out, with a finding.

    >>> from trialwright.records import TrialData
    >>> dose = {"subject": "01", "intervention": "drug", "product": "drug", "cycle": 1, "change": "none"}
    >>> event = {"subject": "01", "number": 1, "system": "Gut", "term": "Nausea", "started_as": "2024-01"}
    >>> tables = {"doses": [dose | {"started_on": date(2024, 1, 10)}], "adverse_events": [event]}
    >>> found = adverse_events(TrialData.from_rows("study", tables, virtual=False), AdverseEventRules(30))
    >>> found.rows.select("started_on", "start_flag", "start_day", "emergent").row(0)
    (datetime.date(2024, 1, 10), 'D', 1, True)
    """
    import polars as pl

    known, findings = _known(data), list[Finding]()
    unknown = _Known(None, None, False, ())
    rows = [
        row
        for event in data["adverse_events"].iter_rows(named=True)
        for row in _event(event, known.get(event["subject"], unknown), rules, data.cutoff, findings)
    ]
    made = {
        "started_on": pl.Date,
        "ended_on": pl.Date,
        "start_flag": pl.String,
        "end_flag": pl.String,
        "start_day": pl.Int64,
        "end_day": pl.Int64,
        "days": pl.Int64,
        "emergent": pl.Boolean,
        "why": pl.String,
        "source": pl.String,
    }
    return Checked(
        _flagged(pl.DataFrame(rows, schema={**data["adverse_events"].schema, **made}, orient="row")), (*findings,)
    )


def _known(data: TrialData) -> dict[str, _Known]:
    stops: dict[str, list[date]] = {}
    for table, column in (("deaths", "died_on"), ("dispositions", "ended_on")):
        for row in data[table].iter_rows(named=True):
            if row.get("ended", "study") == "study" and row[column] is not None:
                stops.setdefault(row["subject"], []).append(row[column])
    cut = [data.cutoff] if data.cutoff else []
    doses = {row["subject"]: row for row in treatment(data).iter_rows(named=True)}
    subjects = dict.fromkeys([*doses, *data["adverse_events"]["subject"]])
    return {
        subject: _Known(
            doses[subject]["first_dose"] if subject in doses else None,
            doses[subject]["last_dose"] if subject in doses else None,
            subject in doses and doses[subject]["ongoing"],
            (*stops.get(subject, ()), *cut),
        )
        for subject in subjects
    }


def _event(
    event: dict[str, Any], known: _Known, rules: AdverseEventRules, cutoff: date | None, findings: list[Finding]
) -> Iterator[dict[str, Any]]:
    record = source("adverse_events", event["subject"], number=event["number"])
    common: dict[str, Any] = {"record": record, "findings": findings}
    start = _dated(event, "started", rules.start, bounds={"not_before": (known.first_dose,)}, **common)
    bounds = {"not_after": known.stops, "not_before": (start.on,)}
    end = _dated(event, "ended", rules.end, bounds=bounds, **common)
    if cutoff is not None and start.on is not None and start.on > cutoff:
        findings.append(Finding("adverse_events", record, "starts by the data cut-off", f"{start.on}; left out"))
        return
    if cutoff is not None and end.on is not None and end.on > cutoff:
        end = Imputed(None, None, None, None, "ends after the data cut-off")
    findings += _wrong(event, start, end, record)
    emergent, why = _emergent(start, end, known, rules)
    yield event | {
        "started_on": start.on,
        "ended_on": end.on,
        "start_flag": start.date_flag,
        "end_flag": end.date_flag,
        "start_day": _study_day(start.on, known.first_dose),
        "end_day": _study_day(end.on, known.first_dose),
        "days": (end.on - start.on).days + 1 if start.on and end.on else None,
        "emergent": emergent,
        "why": why if start.date_flag is None else f"{why}; start: {start.why}",
        "source": record,
    }


def _dated(
    event: dict[str, Any],
    what: str,
    rule: ImputationRule,
    *,
    bounds: dict[str, Any],
    record: str,
    findings: list[Finding],
) -> Imputed:
    """Return the day of the table where it is known, else the imputed day of the date as recorded."""
    on, text = event[f"{what}_on"], event[f"{what}_as"]
    if on is not None:
        return Imputed(on, None, None, None, "as recorded")
    try:
        return impute(text, rule, **bounds)
    except ValueError as error:
        findings.append(Finding("adverse_events", record, f"{what}_as is a date", f"{error}; taken as not known"))
        return Imputed(None, None, None, None, "not a date")


def _wrong(event: dict[str, Any], start: Imputed, end: Imputed, record: str) -> Iterator[Finding]:
    if start.on is None:
        yield Finding("adverse_events", record, "start is known", start.why)
    if start.on and end.on and end.on < start.on:
        yield Finding("adverse_events", record, "end not before start", f"ends {end.on}, starts {start.on}")
    if event["grade"] is None and event["severity"] not in _SEVERITY:
        yield Finding("adverse_events", record, "grade is known", "neither a grade nor a severity")
    elif event["grade"] is not None and not 1 <= event["grade"] <= 5:
        yield Finding("adverse_events", record, "grade 1 to 5", f"the grade is {event['grade']}")


def _emergent(start: Imputed, end: Imputed, known: _Known, rules: AdverseEventRules) -> tuple[bool, str]:
    if known.first_dose is None or known.last_dose is None:
        return False, "never treated"
    if start.on is None:
        if end.on is not None and end.on < known.first_dose:
            return False, "start not known, ended before the first dose"
        return True, "start not known, not shown to have ended before the first dose"
    if start.on < known.first_dose:
        return False, "starts before the first dose"
    window = rules.days_after_last_dose
    if window is not None and not known.ongoing and start.on > known.last_dose + timedelta(days=window):
        return False, f"starts more than {window} days after the last dose"
    return True, f"starts {rules}"


def _study_day(on: date | None, first_dose: date | None) -> int | None:
    """Return the day counted from the first dose as day 1; the day before it is -1."""
    if on is None or first_dose is None:
        return None
    days = (on - first_dose).days
    return days + 1 if days >= 0 else days


def _flagged(events: pl.DataFrame) -> pl.DataFrame:
    """Return the events with the first and the worst of each subject marked."""
    import polars as pl

    severity = pl.col("severity").replace_strict(_SEVERITY, default=None, return_dtype=pl.Int64)
    numbered = events.with_row_index("_row").with_columns(_worse=pl.coalesce("grade", severity).fill_null(0))
    emergent = numbered.filter(pl.col("emergent"))
    early = emergent.sort("started_on", "number", nulls_last=True, maintain_order=True)
    bad = emergent.sort("_worse", "started_on", "number", descending=[True, False, False], nulls_last=True)
    marks = {
        "first": (early, ["subject"]),
        "first_in_system": (early, ["subject", "system"]),
        "first_of_term": (early, ["subject", "system", "term"]),
        "worst": (bad, ["subject"]),
        "worst_of_term": (bad, ["subject", "system", "term"]),
    }
    found = {
        name: pl.col("_row").is_in(rows.unique(by, keep="first", maintain_order=True)["_row"].implode())
        for name, (rows, by) in marks.items()
    }
    return numbered.with_columns(**found).drop("_row", "_worse").sort("subject", "number", maintain_order=True)
