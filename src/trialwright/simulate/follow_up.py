"""How treatment and study end, what comes after, and how long the patient is known to be alive."""

from __future__ import annotations

from trialwright.simulate.case import Case
from trialwright.simulate.hazards import NEVER

__all__ = ["write_follow_up"]


def write_follow_up(case: Case) -> None:
    """Write dispositions, further therapy, contacts and death."""
    _treatment_end(case)
    _study_end(case)
    _therapy(case)
    _contacts(case)


def _treatment_end(case: Case) -> None:
    if not case.course.treated[case.row]:
        if case.first_dose <= case.horizon:
            case.write("dispositions", ended="treatment", reason="never treated", ended_on=case.on(0))
        return
    end = case.own("treatment_ends")
    # In order of precedence, where two fall on one day.
    reasons = {
        "progression": case.found,
        "death": case.own("death"),
        "lost to follow-up": case.own("lost"),
        "withdrawal": case.own("leaves"),
        "adverse event": case.own("toxic"),
    }
    if end <= case.horizon:
        reason = next(reason for reason, day in reasons.items() if day == end)
        case.write("dispositions", ended="treatment", reason=reason, ended_on=case.on(end))


def _study_end(case: Case) -> None:
    death, lost = case.own("death"), case.own("lost")
    if min(death, lost) > case.horizon:
        return
    reason = "death" if death <= lost else "withdrawal" if lost == 0 else "lost to follow-up"
    case.write("dispositions", ended="study", reason=reason, ended_on=case.on(min(death, lost)))
    if death <= lost:
        cause = "disease" if death > case.own("progression") else "other"
        case.write("deaths", cause=cause, died_on=case.on(death))


def _therapy(case: Case) -> None:
    day, chemotherapy = case.own("next_therapy"), bool(case.course.chemotherapy[case.row])
    if day < NEVER and day <= case.horizon:
        therapy = "chemotherapy" if chemotherapy else "other systemic therapy"
        case.write("therapies", therapy=therapy, chemotherapy=chemotherapy, started_on=case.on(day))


def _contacts(case: Case) -> None:
    regular = range(0, case.last_alive + 1, case.scenario.contacts.every_days)
    asked = [day for day in case.sweeps if 0 <= day <= case.last_alive]
    last = [case.own("lost")] if case.own("lost") <= case.last_alive else []
    for day in sorted({*regular, *asked, *last}):
        case.write("contacts", alive_on=case.on(day))
