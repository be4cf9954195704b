"""Times to event of many patients at once: the rules of ``endings`` asked by columns, in the same order.

The same rows as ``time_to_event.times``, which stays the reference; ``goes_by_columns`` says for which endpoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trialwright.derive.situations import days_of_scans

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.protocol import Censoring, TimeToEventEndpoint
    from trialwright.records import TrialData

__all__ = ["goes_by_columns", "times_by_columns"]

Array = Any
FAR = 1 << 40
"""A day later than any."""
_EVENTS = {
    "death": ("deaths", "died_on"),
    "new therapy": ("therapies", "started_on"),
    "chemotherapy": ("therapies", "started_on"),
    "clinical progression": ("dispositions", "ended_on"),
}


def goes_by_columns(plan: TimeToEventEndpoint) -> bool:
    """Return whether an endpoint is one of those that go by columns: from randomization, by scans, without stops.

    >>> from trialwright.protocol import TimeToEventEndpoint
    >>> rules = {"without_baseline": "count event", "new_therapy": "ignore", "missed_visits": "ignore"}
    >>> named = {"id": "PFS", "label": "PFS", "level": "primary", "measure": "PFS", "kind": "time to event"}
    >>> plan = {"events": ["progression"], "censoring": rules | {"without_event": "last adequate assessment"}}
    >>> goes_by_columns(TimeToEventEndpoint.model_validate(named | plan))
    True
    """
    rules = plan.censoring
    asked = (plan.origin, plan.among, plan.confirmation_days, rules.without_event, rules.scan_dates, rules.stops)
    usual = ("randomization", "all", None, "last adequate assessment", "finding", ())
    return asked == usual and rules.adequate != "target known" and set(plan.events) <= {"progression", *_EVENTS}


def times_by_columns(
    data: TrialData, protocol: Plan, plan: TimeToEventEndpoint, responses: pl.DataFrame
) -> pl.DataFrame:
    """Return the rows of ``time_to_event`` of an endpoint that goes by columns."""
    import numpy as np
    import polars as pl

    scans = responses.filter(pl.col("evaluator") == plan.evaluator)
    patients = _patients(data, scans, plan)
    found = _Scans.of(patients, scans, plan)
    start, event, therapy = (_days(patients[name]) for name in ("start", "event_on", "therapy_on"))
    origin = _Ended(start, np.zeros(len(start), bool), start, patients["start_source"])
    before_therapy, last = found.last(origin, therapy), found.last(origin, event + 1)
    planned = np.array(days_of_scans(protocol.assessments))
    missed = _missed(last.on - start, event - start, planned, plan.censoring, protocol.assessments.window_days)
    rules = plan.censoring
    asked = [
        _Rule(
            ~_flags(patients["baseline"]),
            origin,
            "no usable baseline assessment",
            rules.without_baseline != "count event",
        ),
        _Rule(
            (therapy < FAR) & (event > therapy), before_therapy, "new anticancer therapy", rules.new_therapy != "ignore"
        ),
        _Rule((event < FAR) & missed, last, _gap(rules.missed_visits_allowed), rules.missed_visits != "ignore"),
        _Rule(event < FAR, _event(patients), patients["event"], True),
    ]
    kind = "assessment" if rules.adequate == "any" else "adequate assessment"
    none = found.last(origin, np.full(len(start), FAR))
    why = pl.select(
        pl.when(pl.Series(none.shown)).then(pl.lit(f"last {kind}")).otherwise(pl.lit(f"no {kind}"))
    ).to_series()
    return _frame(patients, plan, [*asked, _Rule(np.ones(len(start), bool), none, why, True)])


def _gap(allowed: int) -> str:
    return f"more than {allowed} missed assessment{'s' if allowed != 1 else ''} before the event"


@dataclass(frozen=True)
class _Ended:
    """Where times end, one entry per patient."""

    on: Array
    shown: Array
    """Whether a scan, and not the origin, gave the day."""
    known_on: Array
    source: pl.Series


@dataclass(frozen=True)
class _Rule:
    """One rule asked about every patient."""

    applies: Array
    ended: _Ended
    why: str | pl.Series
    in_force: bool


def _days(column: pl.Series) -> Array:
    import numpy as np

    return column.cast(int).fill_null(FAR).to_numpy().astype(np.int64)


def _flags(column: pl.Series) -> Array:
    return column.fill_null(False).to_numpy()


def _patients(data: TrialData, scans: pl.DataFrame, plan: TimeToEventEndpoint) -> pl.DataFrame:
    """Return the randomized in order of the allocations, with start, baseline, first event and first therapy."""
    import polars as pl

    start = pl.format("allocations {}", "subject")
    allocated = data["allocations"].select("subject", start=pl.col("randomized_on").to_physical(), start_source=start)
    baseline = scans.filter((pl.col("number") == 0) & pl.col("complete")).select("subject", baseline=True).unique()
    therapy = _first(data["therapies"], "started_on").select("subject", therapy_on="on")
    frame = allocated.join(baseline, on="subject", how="left", maintain_order="left")
    frame = frame.join(therapy, on="subject", how="left", maintain_order="left")
    return frame.join(_first_events(data, scans, frame, plan), on="subject", how="left", maintain_order="left")


def _first_events(
    data: TrialData, scans: pl.DataFrame, patients: pl.DataFrame, plan: TimeToEventEndpoint
) -> pl.DataFrame:
    """Return each patient's first event after the start; of one day the one that the endpoint names first."""
    import polars as pl

    kinds = [
        _kind(data, scans, kind).with_columns(event=pl.lit(kind), place=place) for place, kind in enumerate(plan.events)
    ]
    after = (
        pl.concat(kinds).join(patients.select("subject", "start"), on="subject").filter(pl.col("on") >= pl.col("start"))
    )
    first = after.sort("on", "place", maintain_order=True).unique("subject", keep="first", maintain_order=True)
    return first.select("subject", "event", event_on="on", event_known_on="known_on", event_source="source")


def _kind(data: TrialData, scans: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Return the first of one kind of event of each subject."""
    import polars as pl

    if kind == "progression":
        return _progressions(scans)
    table, dated_by = _EVENTS[kind]
    rows = data[table]
    if kind == "chemotherapy":
        rows = rows.filter(pl.col("chemotherapy"))
    if kind == "clinical progression":
        rows = rows.filter(pl.col("reason") == "clinical progression")
    day = pl.col("on").cast(pl.Date).dt.to_string("%Y-%m-%d")
    named = pl.format(f"{table} {{}} / {dated_by} {{}}", "subject", day)
    return _first(rows, dated_by).with_columns(known_on="on", source=named)


def _first(rows: pl.DataFrame, dated_by: str) -> pl.DataFrame:
    import polars as pl

    return rows.group_by("subject").agg(on=pl.col(dated_by).min().to_physical())


def _progressions(scans: pl.DataFrame) -> pl.DataFrame:
    """Return each subject's first progression, known from the first day on which any progression was certain."""
    import polars as pl

    shown = scans.filter(pl.col("response") == "PD").select(
        "subject", "source", on=pl.col("response_on").to_physical(), known_on=pl.col("known_on").to_physical()
    )
    known = shown.group_by("subject").agg(surely=pl.col("known_on").min())
    first = shown.sort("on", maintain_order=True).unique("subject", keep="first", maintain_order=True)
    known_on = pl.max_horizontal("on", "surely")
    return first.join(known, on="subject").select("subject", "on", known_on.alias("known_on"), "source")


@dataclass(frozen=True)
class _Scans:
    """Adequate assessments in order of patient and day; of one day the first of the table comes last."""

    key: Array
    """Patient and day in one number."""
    first: Array
    """Where each patient's begin."""
    on: Array
    known_on: Array
    source: pl.Series

    @classmethod
    def of(cls, patients: pl.DataFrame, scans: pl.DataFrame, plan: TimeToEventEndpoint) -> _Scans:
        """Gather the assessments that show a patient free of the event, from the start on."""
        import numpy as np
        import polars as pl

        shows_event = ["PD"] if "progression" in plan.events else []
        left_out = shows_event + ([] if plan.censoring.adequate == "any" else ["NE"])
        places = patients.select("subject", "start", patient=pl.int_range(pl.len()))
        free = (
            scans.lazy()
            .filter(pl.col("response").is_not_null() & ~pl.col("response").is_in(left_out))
            .select("subject", "source", on=pl.col("response_on").to_physical(), known=pl.col("known_on").to_physical())
            .with_row_index("row")
            .join(places.lazy(), on="subject")
            .filter(pl.col("on") >= pl.col("start"))
            .sort("patient", "on", "row", descending=[False, False, True])
            .collect()
        )
        patient, on = (free[name].to_numpy().astype(np.int64) for name in ("patient", "on"))
        known_on = np.maximum(on, free["known"].to_numpy())
        first = np.searchsorted(patient, np.arange(len(patients)))
        return cls(patient * FAR + on, first, on, known_on, free["source"])

    def last(self, origin: _Ended, before: Array) -> _Ended:
        """Return each patient's last assessment before a day, the origin where there is none."""
        import numpy as np
        import polars as pl

        place = np.searchsorted(self.key, np.arange(len(before)) * FAR + np.minimum(before, FAR - 1)) - 1
        shown = place >= self.first
        if not shown.any():
            return origin
        place = np.where(shown, place, 0)
        chosen = pl.Series(shown)
        named = self.source.gather(place).zip_with(chosen, origin.source)
        return _Ended(
            np.where(shown, self.on[place], origin.on),
            shown,
            np.where(shown, self.known_on[place], origin.known_on),
            named,
        )


def _missed(last: Array, event: Array, planned: Array, rules: Censoring, window: int) -> Array:
    """Return whether too many scans were missed, as ``situations.gap_limit`` and ``missed_scans`` find it."""
    import numpy as np

    allowed = rules.missed_visits_allowed
    if rules.missed_visits_by == "scheduled visits":
        passed = np.searchsorted(planned, event - window) - np.searchsorted(planned, last + window, side="right")
        return passed > allowed
    after = np.clip(np.searchsorted(planned, last, side="right"), 1, len(planned) - 1)
    nearest = np.where(planned[after] - last < last - planned[after - 1], after, after - 1)
    due = np.minimum(nearest + allowed + 1, len(planned) - 1)
    return event - last > planned[due] - planned[nearest] + 2 * window


def _event(patients: pl.DataFrame) -> _Ended:
    import numpy as np

    on, known_on = _days(patients["event_on"]), _days(patients["event_known_on"])
    return _Ended(on, np.ones(len(on), bool), known_on, patients["event_source"])


def _frame(patients: pl.DataFrame, plan: TimeToEventEndpoint, rules: list[_Rule]) -> pl.DataFrame:
    """Return the rows: the first rule in force that applies decides, the others are told in ``otherwise``."""
    import numpy as np
    import polars as pl

    in_force = np.array([rule.applies & rule.in_force for rule in rules])
    decided = in_force.argmax(axis=0)
    event = len(rules) - 2
    ends = [
        pl.DataFrame(
            {
                "on": rule.ended.on,
                "known_on": rule.ended.known_on,
                "why": rule.why if not isinstance(rule.why, str) else pl.repeat(rule.why, len(decided), eager=True),
                "source": rule.ended.source,
                "applies": rule.applies,
                "is_event": np.full(len(decided), place == event),
            }
        )
        for place, rule in enumerate(rules)
    ]
    chosen = {name: _chosen([end[name] for end in ends], decided) for name in ("on", "known_on", "why", "source")}
    told = pl.concat_str(
        [_otherwise(end, chosen, decided == event) for end in ends[:-1]], separator="; ", ignore_nulls=True
    )
    start = patients["start"].cast(pl.Int64)
    return pl.select(
        subject=patients["subject"],
        endpoint=pl.lit(plan.id),
        days=chosen["on"] - start + 1,
        event=pl.Series(decided == event),
        origin_on=start.cast(pl.Int32).cast(pl.Date),
        ended_on=chosen["on"].cast(pl.Int32).cast(pl.Date),
        known_on=chosen["known_on"].cast(pl.Int32).cast(pl.Date),
        why=chosen["why"],
        otherwise=told,
        source=chosen["source"],
    )


def _chosen(columns: list[pl.Series], decided: Array) -> pl.Series:
    """Return, for each patient, the entry of the column that decides."""
    import polars as pl

    found = columns[-1]
    for place, column in enumerate(columns[:-1]):
        found = column.zip_with(pl.Series(decided == place), found)
    return found


def _otherwise(end: pl.DataFrame, chosen: dict[str, pl.Series], is_event: Array) -> pl.Series:
    """Return what a rule would have made of the patients whom it applies to, where that is something else."""
    import polars as pl

    same = pl.Series(is_event) == end["is_event"]
    for name, column in chosen.items():
        same &= end[name].eq_missing(column)
    day = (
        end["on"]
        .zip_with(end["applies"], pl.zeros(1, pl.Int64, eager=True))
        .cast(pl.Int32)
        .cast(pl.Date)
        .dt.to_string("%Y-%m-%d")
    )
    return pl.select(pl.when(end["applies"] & ~same).then(pl.format("{} {}", end["why"], day))).to_series()
