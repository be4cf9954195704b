"""Doses, visits, adverse events and samples of one virtual patient, on the protocol's schedule."""

from __future__ import annotations

from itertools import count

from trialwright.protocol import Intervention, Sample, Visit, evaluate_rule, starting_doses
from trialwright.simulate.case import Case
from trialwright.simulate.course import LATE
from trialwright.simulate.hazards import NEVER

__all__ = ["write_adverse_events", "write_doses", "write_samples", "write_visits"]


def write_doses(case: Case) -> None:
    """Write every cycle of every intervention of the patient's arm until treatment ends."""
    if not case.course.treated[case.row]:
        return
    starts = starting_doses(case.protocol, case.arm.id, case.answers, case.anchors)
    plans = [case.protocol.intervention(name) for name in case.arm.interventions]
    # The first dose is that of the drug given earliest in its cycle.
    begin = case.first_dose + 1 - min(plan.cycle.dosing_days[0] if plan.cycle.dosing_days else 1 for plan in plans)
    for plan in plans:
        _cycles(case, plan, begin, starts[plan.id].product or plan.name, starts[plan.id].dose)


def _cycles(case: Case, plan: Intervention, begin: int, product: str, dose: float | None) -> None:
    last = min(case.own("treatment_ends"), case.horizon)
    day, level, late, since = begin, dose, False, begin
    delays = case.uniforms(f"delays {plan.id}", 2 + case.horizon // plan.cycle.days)
    for cycle in count(1):
        first, final = plan.cycle.dosing_days or (1, plan.cycle.days)
        if day + first - 1 > last:
            return
        lower = _lowered(case, plan, level, range(since, day))
        case.write(
            "doses",
            intervention=plan.id,
            product=product,
            cycle=cycle,
            dose=lower,
            unit=plan.unit,
            change="reduced" if lower != level else "delayed" if late else "none",
            started_on=case.on(day + first - 1),
            ended_on=case.on(min(day + final - 1, last)),
        )
        # Only a drug with days off can be held back; one taken every day goes on.
        late = plan.cycle.dosing_days is not None and delays[cycle] < case.scenario.treatment.delayed_cycles
        level, since, day = lower, day, day + plan.cycle.days + LATE * late


def _lowered(case: Case, plan: Intervention, level: float | None, days: range) -> float | None:
    """Return the dose after the days of a cycle: one level down for each event on them that calls for it."""
    if level is None or level not in plan.levels:
        return level
    calls = 0
    for event, drawn in zip(case.scenario.adverse_events, case.events, strict=True):
        onset, severe = int(drawn.onset[case.row]), int(drawn.grade[case.row]) >= 3
        calls += severe and onset in days and bool(drawn.reduces[case.row] < event.reduces.get(plan.id, 0))
    return plan.levels[min(plan.levels.index(level) + calls, len(plan.levels) - 1)]


def write_visits(case: Case) -> None:
    """Write every planned visit up to the end of follow-up."""
    for visit in case.protocol.visits:
        _visits(case, visit)


def _visits(case: Case, visit: Visit) -> None:
    ends = min(case.own("treatment_ends"), case.horizon)
    anchors = {"screening": case.screened, "randomization": 0, "end of treatment": ends}
    # An anchor on or before randomization counts its own day as day 1; after treatment, days are counted plainly.
    day = anchors[visit.anchor] + visit.day - (visit.anchor != "end of treatment")
    last = {"screening": 0, "randomization": ends, "end of treatment": case.last_alive}[visit.anchor]
    late = case.uniforms(f"visit {visit.id}", 2 + case.horizon // (visit.repeat_days or case.horizon + 1))
    for number in count(1):
        if day > min(last, case.last_alive):
            return
        off = round((2 * float(late[number - 1]) - 1) * visit.window_days)
        on = min(max(day + off, case.screened), case.last_alive)
        case.write("visits", visit=visit.id, number=number, planned_on=case.on(day), visited_on=case.on(on))
        if visit.repeat_days is None:
            return
        day += visit.repeat_days


def write_adverse_events(case: Case) -> None:
    """Write the adverse events of the course, in order of onset."""
    drawn = zip(case.scenario.adverse_events, case.events, strict=True)
    found = [(int(own.onset[case.row]), plan, own) for plan, own in drawn if own.onset[case.row] < NEVER]
    for number, (onset, plan, own) in enumerate(sorted(found, key=lambda event: event[0]), start=1):
        ends = onset + round(plan.lasts_days)
        case.write(
            "adverse_events",
            number=number,
            system=plan.system,
            term=plan.term,
            grade=int(own.grade[case.row]),
            serious=bool(own.serious[case.row]),
            started_on=case.on(onset),
            ended_on=case.on(ends) if ends <= case.last_alive else None,
        )


def write_samples(case: Case) -> None:
    """Write every planned sample, taken or not, and the markers found in those taken."""
    for sample in case.protocol.samples:
        planned = _planned(case, sample)
        if planned is None or planned > case.horizon:
            continue
        reason = _missing(case, sample, planned)
        taken = case.on(planned) if reason is None else None
        case.write("samples", sample=sample.id, planned_on=case.on(planned), taken_on=taken, reason=reason)
        if reason is None:
            _markers(case, sample, planned)


def _planned(case: Case, sample: Sample) -> int | None:
    if sample.at == "inclusion":
        return 0
    if sample.day is not None:
        return case.first_dose + sample.day - 1 if case.course.treated[case.row] else None
    end = min(case.found, case.own("leaves"), case.own("lost"), case.own("death"))
    return end if end < NEVER else None


def _missing(case: Case, sample: Sample, planned: int) -> str | None:
    if sample.consent and evaluate_rule(case.protocol, sample.consent, case.answers, case.anchors) is not True:
        return "no consent or not feasible"
    if planned > case.last_alive:
        return "patient died or was lost"
    missed = case.uniforms(f"sample {sample.id}", 1)[0] < case.scenario.samples_missed.get(sample.id, 0)
    return "not taken" if missed else None


def _markers(case: Case, sample: Sample, day: int) -> None:
    for plan in case.scenario.markers:
        if plan.sample == sample.id:
            found, usable = case.uniforms(f"marker {plan.marker} {sample.id}", 2)
            altered = "altered" if found < plan.altered else "not altered"
            finding = "not evaluable" if usable < plan.not_evaluable else altered
            case.write("biomarkers", sample=sample.id, marker=plan.marker, finding=finding, sampled_on=case.on(day))
