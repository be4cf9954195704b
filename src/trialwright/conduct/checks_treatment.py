"""Edit checks of visits, doses and samples against the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from trialwright.conduct.checks import Complaint, Look, check
from trialwright.conduct.visits import dose_ceiling, planned_visit_day

__all__: list[str] = []


@check("not in the protocol", "visits", "samples", "doses", "biomarkers", hard=True, says="as the protocol names it")
def _not_in_protocol(look: Look) -> Iterator[Complaint]:
    if look.table == "doses":
        yield from _not_in_arm(look)
        return
    column = "visit" if look.table == "visits" else "sample"
    known = [one.id for one in (look.protocol.visits if column == "visit" else look.protocol.samples)]
    if look.row[column] not in known and not (column == "visit" and look.row[column] == "unscheduled"):
        yield Complaint(column, f"{look.row[column]!r} is not in the protocol; known: {', '.join(known)}")


def _not_in_arm(look: Look) -> Iterator[Complaint]:
    if look.record.allocated is None:
        yield Complaint(None, "no dose is given before randomization")
        return
    known = look.protocol.arm(look.record.allocation["arm"]).interventions
    if look.row["intervention"] not in known:
        yield Complaint("intervention", f"the subject does not receive it; known: {', '.join(known)}")


@check("dose before randomization", "doses", hard=True, says="treatment starts after randomization")
def _dose_early(look: Look) -> Iterator[Complaint]:
    when = look.row["started_on"]
    if look.randomized_on is not None and when < look.randomized_on:
        yield Complaint("started_on", f"{when} is before the randomization of {look.randomized_on}")


@check("illegal dose level", "doses", hard=True, says="a dose is a level of the protocol, not above the starting dose")
def _dose_level(look: Look) -> Iterator[Complaint]:
    plan = next((one for one in look.protocol.interventions if one.id == look.row["intervention"]), None)
    dose = look.row["dose"]
    if plan is None or dose is None:
        return
    if plan.levels and dose not in plan.levels:
        levels = ", ".join(f"{level:g}" for level in plan.levels)
        yield Complaint("dose", f"{dose:g} {plan.unit or ''} is no level of the protocol; levels: {levels}")
    most = dose_ceiling(look.record, plan.id)
    if most is not None and dose > most:
        yield Complaint("dose", f"{dose:g} is above the starting dose of {most:g}")
    if plan.unit and look.row["unit"] not in {None, plan.unit}:
        yield Complaint("unit", f"the protocol doses in {plan.unit}; got {look.row['unit']}")


@check("dose raised again", "doses", hard=True, says="a dose once reduced is not raised again")
def _dose_raised(look: Look) -> Iterator[Complaint]:
    before, dose = _cycle_before(look), look.row["dose"]
    levels = next((o.levels for o in look.protocol.interventions if o.id == look.row["intervention"]), ())
    if levels and before is not None and dose is not None and dose > before:
        yield Complaint("dose", f"{dose:g} after {before:g}: only reductions are allowed")


@check("change and dose disagree", "doses", hard=False, says="a reduction is recorded with the lower dose")
def _dose_change(look: Look) -> Iterator[Complaint]:
    before, dose = _cycle_before(look), look.row["dose"]
    if before is None or dose is None:
        return
    if (dose < before) != (look.row["change"] == "reduced"):
        yield Complaint("change", f"{look.row['change']!r} is recorded, and the dose goes from {before:g} to {dose:g}")


@check("several levels at once", "doses", hard=False, says="a reduction moves one level down")
def _dose_steps(look: Look) -> Iterator[Complaint]:
    before, dose = _cycle_before(look), look.row["dose"]
    levels = next((o.levels for o in look.protocol.interventions if o.id == look.row["intervention"]), ())
    if before in levels and dose in levels and levels.index(dose) > levels.index(before) + 1:
        yield Complaint("dose", f"from {before:g} to {dose:g} skips a level")


def _cycle_before(look: Look) -> float | None:
    own, cycle = look.row["intervention"], look.row["cycle"]
    earlier = [o for o in look.others("doses") if o["intervention"] == own and o["cycle"] < cycle]
    last = max(earlier, key=lambda one: one["cycle"], default=None)
    return last["dose"] if last else None


@check("cycles overlap", "doses", hard=False, says="a cycle starts after the one before it")
def _cycle_order(look: Look) -> Iterator[Complaint]:
    for other in look.others("doses"):
        if other["intervention"] != look.row["intervention"]:
            continue
        first, second = sorted((other, look.row), key=lambda one: one["cycle"])
        if second["started_on"] <= first["started_on"]:
            yield Complaint("started_on", f"cycle {second['cycle']} starts on or before cycle {first['cycle']}")
            return


@check("outside the visit window", "visits", hard=False, says="a visit lies within its window")
def _visit_window(look: Look) -> Iterator[Complaint]:
    visit = next((one for one in look.protocol.visits if one.id == look.row["visit"]), None)
    came = look.row["visited_on"]
    if visit is None or came is None:
        return
    planned = look.row["planned_on"] or planned_visit_day(look.state, look.record, visit, look.row["number"])
    if planned is not None and abs((came - planned).days) > visit.window_days:
        yield Complaint("visited_on", f"{came} is outside {planned} plus or minus {visit.window_days} days")


@check("same day as another visit", "visits", hard=False, says="two visits on one day may be one visit twice")
def _double_visit(look: Look) -> Iterator[Complaint]:
    came = look.row["visited_on"]
    for other in look.others("visits"):
        if came is not None and other["visited_on"] == came and other["visit"] == look.row["visit"]:
            yield Complaint("visited_on", f"visit {other['visit']} {other['number']} is recorded on {came} already")


@check("sample without reason", "samples", hard=False, says="a sample not taken has its reason")
def _sample_reason(look: Look) -> Iterator[Complaint]:
    due = look.row["planned_on"]
    if look.row["taken_on"] is None and look.row["reason"] is None and due < look.today - timedelta(days=14):
        yield Complaint("reason", f"planned on {due}, not taken, and no reason is given")
    if look.row["taken_on"] is not None and look.row["reason"] is not None:
        yield Complaint("reason", "the sample was taken, so that no reason is expected")
