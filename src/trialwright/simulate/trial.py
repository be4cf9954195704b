"""The record-level simulator: virtual patients through the real screening, allocation and schedule."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from trialwright.design import Scenario
from trialwright.protocol import Protocol, stratum
from trialwright.randomize import Allocator, Assignment, key_from_seed, scheme
from trialwright.records import TrialData
from trialwright.simulate.burden import Burden
from trialwright.simulate.case import Case, Draws, Journal
from trialwright.simulate.chance import Chance
from trialwright.simulate.course import Course, Patients, draw_course, draw_events
from trialwright.simulate.cuts import NOT_REACHED, cut_days
from trialwright.simulate.follow_up import write_follow_up
from trialwright.simulate.imaging import write_scans
from trialwright.simulate.population import list_of
from trialwright.simulate.recruitment import Arrivals, arrivals
from trialwright.simulate.screening import Candidate, Screened, screen_candidates
from trialwright.simulate.treatment import write_adverse_events, write_doses, write_samples, write_visits

__all__ = ["trial"]


def trial(protocol: Protocol, scenario: Scenario, seed: int, number: int = 0) -> TrialData:
    """Return one virtual trial as complete records up to ``scenario.until``: slow, readable, the reference.

    ``number`` tells apart the trials of one seed; the array-level simulator's trial of that number is the same trial.
    Raises DocumentError when the scenario does not fill the trial.
    """
    chance, size = Chance(seed), protocol.design.enrollment
    come = arrivals(scenario, len(protocol.sites), size, chance, np.array([number]))
    journal = Journal()
    screened = screen_candidates(protocol, scenario, come, chance, number, journal)
    chosen = screened.randomized
    assigned = _allocate(protocol, chosen, key_from_seed(seed, number), journal, scenario.recruitment.opens_on)
    _write_screened(protocol, screened, journal, scenario.recruitment.opens_on)
    patients = _patients(protocol, scenario, chosen, assigned, screened.burden, number)
    course = draw_course(scenario, protocol.assessments, list(scheme(protocol).arms), patients, chance)
    for case in _cases(protocol, scenario, chance, journal, patients, course, chosen, screened.burden):
        for write in (write_scans, write_doses, write_visits, write_adverse_events, write_samples, write_follow_up):
            write(case)
    return TrialData.from_rows(protocol.identification.id, journal.rows, virtual=True)


def _allocate(
    protocol: Protocol, chosen: tuple[Candidate, ...], key: bytes, journal: Journal, opens: date
) -> list[Assignment]:
    """Allocate one patient after another, each in the stratum that the protocol's rules compute."""
    plan = scheme(protocol)
    allocator = Allocator(plan, key, list_of(protocol))
    assigned = []
    for candidate in chosen:
        levels = stratum(protocol, candidate.answers, candidate.anchors)
        assignment = allocator.next(plan.stratum(levels))
        on = opens + timedelta(days=candidate.randomize)
        for factor, level in levels.items():
            journal.write("strata", subject=candidate.subject, factor=factor, level=level, randomized_on=on)
        journal.write(
            "allocations",
            subject=candidate.subject,
            stratum=assignment.stratum,
            position=assignment.position,
            block=assignment.block,
            arm=assignment.arm,
            randomized_on=on,
        )
        assigned.append(assignment)
    return assigned


def _write_screened(protocol: Protocol, screened: Screened, journal: Journal, opens: date) -> None:
    randomized = {candidate.index for candidate in screened.randomized}
    for candidate in screened.candidates:
        left = "closed" if candidate.outcome == "eligible" else candidate.outcome
        journal.write(
            "screened",
            subject=candidate.subject,
            site=candidate.site,
            country=protocol.site(candidate.site).country,
            screened_on=opens + timedelta(days=candidate.screened),
            outcome="randomized" if candidate.index in randomized else left,
        )


def _patients(
    protocol: Protocol,
    scenario: Scenario,
    chosen: tuple[Candidate, ...],
    assigned: list[Assignment],
    burden: Burden,
    number: int,
) -> Patients:
    plan, factors = scheme(protocol), protocol.randomization.strata
    index = np.array([candidate.index for candidate in chosen])
    randomize = np.array([candidate.randomize for candidate in chosen])
    levels = [dict(part.split("=") for part in assignment.stratum.split("|")) if factors else {} for assignment in assigned]
    return Patients(
        trial=np.full(len(chosen), number),
        candidate=index,
        arm=np.array([plan.arms.index(assignment.arm) for assignment in assigned]),
        factors={f.id: np.array([f.levels.index(level[f.id]) for level in levels]) for f in factors},
        levels={f.id: f.levels for f in factors},
        targets=burden.has_targets[index],
        first_dose=np.array([candidate.first_dose for candidate in chosen]) - randomize,
        horizon=(scenario.until - scenario.recruitment.opens_on).days - randomize,
    )


def _cases(
    protocol: Protocol,
    scenario: Scenario,
    chance: Chance,
    journal: Journal,
    patients: Patients,
    course: Course,
    chosen: tuple[Candidate, ...],
    burden: Burden,
) -> list[Case]:
    arms, window = list(scheme(protocol).arms), protocol.safety.window.days_after_last_dose
    events = tuple(draw_events(event, arms, window, patients, course, chance) for event in scenario.adverse_events)
    randomize = np.array([candidate.randomize for candidate in chosen])
    cuts = [cut_days(protocol, scenario, cut, patients, randomize, course)[0] for cut in protocol.analysis.cuts]
    draws = Draws(chance, patients)
    cases = []
    for row, candidate in enumerate(chosen):
        organs = zip(scenario.lesions.organs, burden.involved[candidate.index], burden.measurable[candidate.index], strict=True)
        cases.append(
            Case(
                protocol=protocol,
                scenario=scenario,
                draws=draws,
                journal=journal,
                patients=patients,
                course=course,
                events=events,
                row=row,
                subject=candidate.subject,
                arm=protocol.arm(arms[patients.arm[row]]),
                answers=candidate.answers,
                anchors=candidate.anchors,
                randomized_on=scenario.recruitment.opens_on + timedelta(days=candidate.randomize),
                screened=candidate.screened - candidate.randomize,
                organs=tuple((organ, bool(measurable)) for organ, there, measurable in organs if there),
                sweeps=tuple(int(day) - candidate.randomize for day in cuts if day != NOT_REACHED),
            )
        )
    return cases
