"""Exposure to each drug: days, dose, intensity, changes; and when treatment began and ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from trialwright.derive.checked import Checked
from trialwright.derive.rows import as_date, frame, grouped, source
from trialwright.records import Finding

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import Intervention, Protocol
    from trialwright.records import TrialData

__all__ = ["EXPOSURE_COLUMNS", "exposure", "treatment"]

EXPOSURE_COLUMNS = {
    "subject": "text",
    "intervention": "text",
    "first_dose": "date",
    "last_dose": "date",
    "cycles": "integer",
    "days": "integer",
    "dosing_days": "integer",
    "total_dose": "number",
    "planned_dose": "number",
    "average_dose": "number",
    "dose_ratio": "number",
    "relative_dose_intensity": "number",
    "reductions": "integer",
    "increases": "integer",
    "interruptions": "integer",
    "delays": "integer",
    "days_late": "integer",
    "reasons": "text",
    "why": "text",
    "source": "text",
}


class _Taken(NamedTuple):
    """One record of a drug; days are whole days since 1970-01-01."""

    cycle: int
    dose: float | None
    change: str
    started: int
    ended: int | None
    planned: float | None
    reason: str | None

    @property
    def days(self) -> int:
        """Days of dosing, first and last included; 0 while the last day is not known."""
        return 0 if self.ended is None else max(self.ended - self.started + 1, 0)


def treatment(data: TrialData) -> pl.DataFrame:
    """Return subject, first_dose, last_dose, unfinished and ongoing: one row per treated subject.

    Treatment is ongoing while the last record has no last day and the end of treatment is not recorded.
    """
    import polars as pl

    ended = data["dispositions"].filter(pl.col("ended") == "treatment").select("subject", stopped=pl.lit(True))
    latest = pl.col("started_on") == pl.col("started_on").max()
    doses = data["doses"].group_by("subject", maintain_order=True)
    return (
        doses.agg(
            first_dose=pl.col("started_on").min(),
            last_dose=pl.max_horizontal(pl.col("started_on").max(), pl.col("ended_on").max()),
            unfinished=(latest & pl.col("ended_on").is_null()).any(),
        )
        .join(ended, on="subject", how="left")
        .with_columns(ongoing=pl.col("unfinished") & pl.col("stopped").is_null())
    )


def exposure(data: TrialData, protocol: Protocol | None = None) -> Checked:
    """Return one row per treated subject and drug, and findings on doses that cannot be right.

    ``days`` run from the first to the last day of dosing, both included; ``dosing_days`` are the days of the records.
    ``total_dose`` is the dose per day times the days of each record, ``average_dose`` the total over the dosing days.
    ``planned_dose`` is that of the records (``planned``), or else what the protocol gives for the cycles begun, at the
    patient's first dose. ``dose_ratio`` is total over planned dose. ``relative_dose_intensity`` is (total dose / actual
    duration) / (planned dose / planned duration) (Hryniuk and Bush 1984), where the actual duration runs to the end of
    the last cycle; it needs the cycle of the protocol. While treatment goes on, the last record of a drug has no last
    day yet, and doses are those of the records before it; any other record without its last day, or without a dose,
    gives no doses: they are null, ``why`` says so, and a finding, unless the drug is one whose dose nobody states.

    A reduction is a lower dose than the record before, or, where doses are not stated, a recorded one; an increase
    likewise. Interruptions and delays are as recorded; ``days_late`` is the sum of days by which cycles began later
    than the protocol's cycle length allows.

    >>> from datetime import date
    >>> from trialwright.records import TrialData
    >>> dose = {"subject": "01", "intervention": "drug", "product": "drug", "unit": "mg", "change": "none"}
    >>> first = dose | {"cycle": 1, "dose": 100, "started_on": date(2024, 1, 1), "ended_on": date(2024, 1, 21)}
    >>> second = dose | {"cycle": 2, "dose": 75, "started_on": date(2024, 1, 29), "ended_on": date(2024, 2, 18)}
    >>> data = TrialData.from_rows("study", {"doses": [first, second]}, virtual=False)
    >>> exposure(data).rows.select("days", "dosing_days", "total_dose", "average_dose", "reductions").row(0)
    (49, 42, 3675.0, 87.5, 1)
    """
    import polars as pl

    drugs = {} if protocol is None else {drug.id: drug for drug in protocol.interventions}
    ongoing = set(treatment(data).filter(pl.col("ongoing"))["subject"])
    rows: list[tuple[object, ...]] = []
    findings: list[Finding] = []
    for (subject, name), taken in _records(data).items():
        drug, going_on = drugs.get(name), subject in ongoing and taken[-1].ended is None
        given = taken[:-1] if going_on else taken
        rows.append((subject, name, *_row(taken, given, drug), source("doses", subject, intervention=name)))
        findings += _wrong(subject, name, taken, drug, strange=bool(drugs) and drug is None)
        findings += _uncounted(subject, name, given, stated=_stated(taken, drug))
    return Checked(frame(EXPOSURE_COLUMNS, rows), tuple(findings))


def _records(data: TrialData) -> dict[tuple[str, str], list[_Taken]]:
    doses = data["doses"].sort("subject", "intervention", "started_on", "cycle")
    names = ("cycle", "dose", "change", "started_on", "ended_on", "planned", "reason")
    found: dict[tuple[str, str], list[_Taken]] = {}
    for subject, rows in grouped(doses, "intervention", *names).items():
        for drug, *row in rows:
            found.setdefault((subject, drug), []).append(_Taken(*row))
    return found


def _row(taken: Sequence[_Taken], given: Sequence[_Taken], drug: Intervention | None) -> tuple[object, ...]:
    """Return the columns from ``first_dose`` to ``why``; doses are of the records ``given``, without one going on."""
    first, last = taken[0].started, max(each.ended or each.started for each in taken)
    dosing_days = sum(each.days for each in given)
    total, lacking = _total(given)
    planned, how = _planned(given, drug)
    average = total / dosing_days if total is not None and dosing_days else None
    ratio = total / planned if total is not None and planned else None
    intensity = _intensity(given, total, drug)
    reasons = ", ".join(sorted({each.reason for each in taken if each.reason})) or None
    cycles = len({each.cycle for each in taken})
    changes = (*_steps(taken), *(sum(each.change == kind for each in taken) for kind in ("interrupted", "delayed")))
    doses = (total, planned, average, ratio, intensity)
    why = lacking or f"dose per day times days; planned: {how}"
    why += f"; cycle {taken[-1].cycle} goes on, without its dose" if given and len(given) < len(taken) else ""
    return first, last, cycles, last - first + 1, dosing_days, *doses, *changes, _late(taken, drug), reasons, why


def _total(taken: Sequence[_Taken]) -> tuple[float | None, str | None]:
    if not taken:
        return None, "no dose in all: the only cycle goes on"
    for each in taken:
        if each.ended is None:
            return None, f"no dose in all: the last day of cycle {each.cycle} is not known"
        if each.dose is None:
            return None, f"no dose in all: the dose of cycle {each.cycle} is not stated"
    return sum((each.dose or 0) * each.days for each in taken), None


def _planned(taken: Sequence[_Taken], drug: Intervention | None) -> tuple[float | None, str]:
    if not taken:
        return None, "not stated"
    if all(each.planned is not None for each in taken):
        return sum((each.planned or 0) * each.days for each in taken), "as recorded, for the days of dosing"
    start, days = taken[0].dose, drug.cycle.dosing_days if drug else None
    if start is None or days is None:
        return None, "not stated"
    cycles = len({each.cycle for each in taken})
    return start * (days[1] - days[0] + 1) * cycles, "the first dose on the dosing days of every cycle begun"


def _intensity(taken: Sequence[_Taken], total: float | None, drug: Intervention | None) -> float | None:
    """Return (total / actual duration) / (planned / planned duration) by the protocol's cycle."""
    days = drug.cycle.dosing_days if drug else None
    if drug is None or days is None or total is None or not taken[0].dose:
        return None
    start, last = taken[0].dose, taken[-1]
    end = max((last.ended or last.started) + 1, last.started + drug.cycle.days)
    per_day = start * (days[1] - days[0] + 1) / drug.cycle.days
    return total / (end - taken[0].started) / per_day


def _steps(taken: Sequence[_Taken]) -> tuple[int, int]:
    """Return how often the dose fell and rose."""
    down = up = 0
    for before, now in pairwise(taken):
        known = before.dose is not None and now.dose is not None
        down += (now.dose or 0) < (before.dose or 0) if known else now.change == "reduced"
        up += (now.dose or 0) > (before.dose or 0) if known else now.change == "increased"
    return down, up


def _late(taken: Sequence[_Taken], drug: Intervention | None) -> int | None:
    if drug is None:
        return None
    steps = (now.started - before.started for before, now in pairwise(taken) if now.cycle == before.cycle + 1)
    return sum(max(step - drug.cycle.days, 0) for step in steps)


def _wrong(
    subject: str, name: str, taken: Sequence[_Taken], drug: Intervention | None, *, strange: bool
) -> Iterator[Finding]:
    """Yield what cannot be right: unknown drug, illegal level, end before start, overlap."""
    if strange:
        yield Finding("doses", source("doses", subject), "drug of the protocol", f"{name!r} is not in the protocol")
    for each in taken:
        record = source("doses", subject, intervention=name, cycle=each.cycle)
        if drug and drug.levels and each.dose is not None and each.dose not in drug.levels:
            levels = ", ".join(f"{level:g}" for level in drug.levels)
            yield Finding("doses", record, "dose level of the protocol", f"{each.dose:g} is none of {levels}")
        if each.ended is not None and each.ended < each.started:
            said = f"ends {as_date(each.ended)}, starts {as_date(each.started)}; counted as no days"
            yield Finding("doses", record, "end not before start", said)
    for before, now in pairwise(taken):
        if before.ended is not None and now.started <= before.ended:
            record = source("doses", subject, intervention=name, cycle=now.cycle)
            said = f"starts {as_date(now.started)}, before the end of cycle {before.cycle}"
            yield Finding("doses", record, "doses do not overlap", said)


def _stated(taken: Sequence[_Taken], drug: Intervention | None) -> bool:
    """Return whether a dose is to be expected: the protocol, or another record of the patient, states one."""
    planned = drug is not None and any(start.dose is not None for start in drug.start)
    return planned or any(each.dose is not None for each in taken)


def _uncounted(subject: str, name: str, given: Sequence[_Taken], *, stated: bool) -> Iterator[Finding]:
    """Yield the records that leave a patient without a dose in all, where doses are stated."""
    for each in given:
        if each.ended is None or (stated and each.dose is None):
            record = source("doses", subject, intervention=name, cycle=each.cycle)
            lacking = "last day" if each.ended is None else "dose"
            yield Finding("doses", record, "dose can be added up", f"the {lacking} is not known; no dose in all")
