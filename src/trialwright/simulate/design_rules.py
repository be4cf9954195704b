"""The design linter: rules as values, each of which finds nothing, or one thing with its figure and what to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from trialwright.design import EventNumber
from trialwright.simulate.design_facts import DesignFacts, PlannedLook
from trialwright.stats import DAYS_PER_MONTH, DAYS_PER_WEEK

__all__ = ["DESIGN_RULES", "DesignFinding", "DesignRule", "Lint", "lint_facts"]

Grade = Literal["error", "warning", "note"]
WEEKS_PER_MONTH = DAYS_PER_MONTH / DAYS_PER_WEEK

NEAR_WEEKS = 12
"""Cleaning the data of a look and hearing a monitoring committee takes about so long."""
CERTAIN = {"central": 0.10, "site": 0.05}
"""Shares of allocations known beforehand above which selection is easy: blocks of 2 give 50 %, mixed blocks a few."""
FEWEST_BLOCKS = 3
"""Fewer mean blocks for each stratum than this, and unfinished blocks decide the balance."""
ERRORS = 2
"""Monte Carlo standard errors by which a simulated number must be off before a rule speaks."""
LEVEL_OFF = 1.1
POWER_SHORT, POWER_OVER = 0.01, 0.03
USUAL_LEVEL = 0.025


@dataclass(frozen=True)
class DesignFinding:
    """What one rule has to say: how grave, what, the figure it rests on, and what to do.

    >>> DesignFinding("level", "warning", "one-sided 0.05", "0.05 > 0.025", "say which is meant").grade
    'warning'
    """

    rule: str
    grade: Grade
    what: str
    figure: str
    remedy: str


@dataclass(frozen=True)
class DesignRule:
    """One question to a design. ``needs`` names the facts without which it has no answer, with what to say then.

    >>> DESIGN_RULES[0].id
    'hazard-ratio-definition'
    """

    id: str
    title: str
    ask: Callable[[DesignFacts], DesignFinding | None]
    needs: tuple[str, ...] = ()

    def missing(self, facts: DesignFacts) -> tuple[str, ...]:
        """Return the facts it needs that are not known."""
        return tuple(name for name in self.needs if getattr(facts, name) is None)


@dataclass(frozen=True)
class Lint:
    """Findings, the gravest first, and rules that could not be asked with what they lack.

    >>> Lint((), ()).has_errors
    False
    """

    findings: tuple[DesignFinding, ...]
    unanswered: tuple[tuple[str, str], ...]

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return any(finding.grade == "error" for finding in self.findings)


def lint_facts(facts: DesignFacts, rules: Sequence[DesignRule] | None = None) -> Lint:
    """Return what the rules find."""
    asked = DESIGN_RULES if rules is None else rules
    lacking = {rule.id: rule.missing(facts) for rule in asked}
    found = [finding for rule in asked if not lacking[rule.id] and (finding := rule.ask(facts)) is not None]
    order = {"error": 0, "warning": 1, "note": 2}
    words = tuple((rule.title, ", ".join(_LACKING[name] for name in lacking[rule.id])) for rule in asked)
    return Lint(
        tuple(sorted(found, key=lambda finding: order[finding.grade])), tuple(each for each in words if each[1])
    )


_LACKING = {
    "events": "a number of events",
    "analysis": "accrual and the control arm's median",
    "control_median": "the control arm's median",
    "looks": "a scenario of two arms with progression",
    "simulated": "simulated trials",
    "certain_site": "an exact answer for a site",
    "scenario_ratio": "a scenario of two arms with progression",
}


def _hazard_ratio(facts: DesignFacts) -> DesignFinding | None:
    stated = facts.hazard_ratio
    if stated == 1:
        what = "the hazard ratio planned for is 1: no number of events shows a difference that is not there"
        return DesignFinding("hazard-ratio-definition", "error", what, "1", "state the effect that is hoped for")
    if stated > 1:
        what = "a hazard ratio above 1 says that the experimental arm has the event sooner"
        remedy = f"if control over experimental is meant, write {1 / stated:.3g}: experimental over control, always"
        return DesignFinding("hazard-ratio-definition", "error", what, f"{stated:g}", remedy)
    return None


def _scenario_direction(facts: DesignFacts) -> DesignFinding | None:
    assert facts.scenario_ratio is not None
    if (math.log(facts.scenario_ratio) < 0) == (math.log(facts.hazard_ratio) < 0):
        return None
    return DesignFinding(
        "scenario-direction", "warning",
        "protocol and scenario say that different arms do better",
        f"hazard ratio {facts.hazard_ratio:g} promised, {facts.scenario_ratio:.2f} supposed on average",
        "check which arm is named as control, and which hazards belong to which arm",
    )  # fmt: skip


def _level(facts: DesignFacts) -> DesignFinding | None:
    if facts.sides == 1 and facts.alpha > USUAL_LEVEL:
        what = f"one-sided {facts.alpha:g} is {2 * facts.alpha:g} two-sided"
        figure = f"{facts.alpha:g} one-sided; {USUAL_LEVEL:g} is usual"
        remedy = f"if {facts.alpha:g} two-sided is meant, write sides: 2; else say why the level is so high"
        return DesignFinding("level", "warning", what, figure, remedy)
    if facts.sides == 2 and facts.alpha <= USUAL_LEVEL:
        what = f"two-sided {facts.alpha:g} is {facts.alpha / 2:g} on the side of the benefit"
        figure = f"{facts.alpha:g} two-sided; {2 * USUAL_LEVEL:g} is usual"
        remedy = f"if {facts.alpha:g} one-sided is meant, write sides: 1"
        return DesignFinding("level", "warning", what, figure, remedy)
    return None


def _formula(facts: DesignFacts) -> DesignFinding | None:
    rule, events = "events-and-formula", facts.events
    if not facts.formulas:
        return None
    if not facts.events_stated:
        low, high = _range(facts.formulas)
        what = f"no number of events is stated; {events}, Schoenfeld's, is taken"
        return DesignFinding(
            rule, "note", what, f"formulas ask for {low} to {high}", "state the number and its formula"
        )
    fits = _fitting(facts.formulas, events)
    if "Schoenfeld" in fits:
        return None
    stated = f"{events} events stated"
    if fits:
        what = f"the number of events is that of {' and of '.join(fits)}, not of Schoenfeld"
        return DesignFinding(rule, "note", what, stated, "name the formula beside the number")
    equal = _fitting(facts.formulas_equal, events)
    if equal and facts.ratio[0] != facts.ratio[1]:
        what = f"the number of events is that of {equal[0]} for 1:1; allocation is {facts.ratio[0]}:{facts.ratio[1]}"
        return DesignFinding(rule, "warning", what, stated, "count the events with the ratio of the allocation")
    what = "no formula gives the stated number of events for the stated hazard ratio, power and level"
    low, high = _range(facts.formulas)
    figure = f"{stated}; formulas ask for {low} to {high}"
    return DesignFinding(rule, "warning", what, figure, "check hazard ratio, power, level and sides, or say how")


def _range(formulas: Sequence[EventNumber]) -> tuple[int, int]:
    whole = [math.ceil(row.events) for row in formulas if row.events is not None]
    return min(whole), max(whole)


def _fitting(formulas: Sequence[EventNumber], events: int | None) -> list[str]:
    """Formulas whose number is the stated one, rounded up or to the nearest."""
    return [
        row.formula
        for row in formulas
        if row.events is not None and events in {math.ceil(row.events), round(row.events)}
    ]


def _more_than_patients(facts: DesignFacts) -> DesignFinding | None:
    if facts.events is None or facts.events <= facts.patients:
        return None
    figure = f"{facts.events} events, {facts.patients} patients"
    what = "more events are asked for than there are patients"
    return DesignFinding("events-above-patients", "error", what, figure, "enroll more patients, or plan fewer events")


def _out_of_reach(facts: DesignFacts) -> DesignFinding | None:
    found, events = facts.analysis, facts.events
    assert found is not None and events is not None
    if events > facts.patients:
        return None
    rule = "events-out-of-reach"
    if events > found.most:
        what = "so many events are never expected, however long the follow-up: patients leave before"
        figure = f"{events} events asked for, {found.most:.1f} expected at most"
        return DesignFinding(rule, "error", what, figure, "enroll more patients, or keep those who leave")
    if found.by_follow_up is not None and events > found.by_follow_up:
        what = "the events are not expected by the end of the planned follow-up"
        figure = f"{events} events asked for, {found.by_follow_up:.1f} expected by then"
        return DesignFinding(rule, "warning", what, figure, "follow up longer, or enroll more patients")
    return None


def _before_accrual_ends(facts: DesignFacts) -> DesignFinding | None:
    found = facts.analysis
    assert found is not None
    if not found.month < found.accrual:
        return None
    return DesignFinding(
        "analysis-before-accrual-ends", "warning",
        "the events for the analysis are expected before the last patient is in",
        f"{facts.events} events by month {found.month:.1f} of {found.accrual:g}, {found.enrolled:.0f} of "
        f"{facts.patients} patients entered",
        "enroll fewer patients, plan more events, or check the control arm's median",
    )  # fmt: skip


def _near_looks(facts: DesignFacts) -> DesignFinding | None:
    assert facts.looks is not None
    looks = sorted((look for look in facts.looks if math.isfinite(look.month)), key=lambda look: look.month)
    for one, next_ in pairwise(looks):
        weeks = (next_.month - one.month) * WEEKS_PER_MONTH
        if weeks < NEAR_WEEKS:
            what = f"“{one.label}” and “{next_.label}” are expected within weeks of each other"
            figure = f"months {one.month:.1f} and {next_.month:.1f}: {weeks:.0f} weeks apart"
            remedy = "leave one of them out, or move the earlier one forward"
            return DesignFinding("looks-close", "warning", what, figure, remedy)
    return None


def _beyond_data(facts: DesignFacts) -> DesignFinding | None:
    assert facts.looks is not None and facts.last_month is not None
    rule = "look-beyond-data"
    for look in facts.looks:
        if look.events is not None and look.events > facts.enrollment:
            figure = f"{look.events} events, {facts.enrollment} patients"
            what = f"“{look.label}” waits for more events than there are patients"
            return DesignFinding(rule, "error", what, figure, "plan fewer events, or enroll more patients")
        if look.month < 0:
            figure = f"month {look.month:.1f}"
            what = f"“{look.label}” lies before the first site opens"
            return DesignFinding(rule, "error", what, figure, "check the date of the cut-off, and that of the opening")
        if look.month > facts.last_month:
            return _late(look, facts.last_month)
    return None


def _late(look: PlannedLook, last: float) -> DesignFinding:
    when = f"month {look.month:.1f}" if math.isfinite(look.month) else "never"
    what = f"“{look.label}” is expected after the last day on which anything is recorded"
    figure = f"expected {when if when == 'never' else 'in ' + when}, records end in month {last:.1f}"
    return DesignFinding("look-beyond-data", "warning", what, figure, "record for longer, or look earlier")


def _central(facts: DesignFacts) -> DesignFinding | None:
    return _predictable("central", facts.certain_central, "an observer who learns every allocation", facts)


def _site(facts: DesignFacts) -> DesignFinding | None:
    assert facts.certain_site is not None
    return _predictable("site", facts.certain_site, f"one of {facts.sites} sites, which learns its own", facts)


def _predictable(who: str, share: float, words: str, facts: DesignFacts) -> DesignFinding | None:
    if share <= CERTAIN[who]:
        return None
    sizes = ", ".join(map(str, facts.block_sizes))
    what = f"{words} knows many of the next allocations for certain"
    figure = f"{100 * share:.1f}% with blocks of {sizes}; up to {100 * CERTAIN[who]:g}% is usual with mixed blocks"
    remedy = "mix several block sizes and do not publish them, or use another method (big stick, block urn)"
    return DesignFinding(f"predictable-{who}", "warning", what, figure, remedy)


def _strata(facts: DesignFacts) -> DesignFinding | None:
    block = sum(facts.block_sizes) / len(facts.block_sizes)
    each = facts.patients / facts.strata
    if facts.strata == 1 or each >= FEWEST_BLOCKS * block:
        return None
    what = "strata are so small that most blocks stay unfinished, and balance is lost"
    figure = f"{facts.patients} patients in {facts.strata} strata: {each:.1f} each, blocks of {block:g} on average"
    return DesignFinding("strata-too-many", "warning", what, figure, "drop factors, merge levels, or minimize")


def _scans(facts: DesignFacts) -> DesignFinding | None:
    assert facts.control_median is not None
    months = facts.scan_weeks / WEEKS_PER_MONTH
    if months <= facts.control_median / 2:
        return None
    figure = f"{facts.scan_weeks:g} weeks, {months:.2f} months; median {facts.control_median:g} months"
    what = "scans are far apart for the events they are to time: more than half the control arm's median"
    return DesignFinding("scan-interval", "warning", what, figure, "scan more often at first, or expect less power")


def _size_of_test(facts: DesignFacts) -> DesignFinding | None:
    found, level = facts.simulated, facts.alpha / facts.sides
    assert found is not None
    worst = max(found.upper, found.lower, key=lambda share: share.value)
    if worst.value <= level * LEVEL_OFF or worst.value <= level + ERRORS * worst.se:
        return None
    arm = "experimental" if worst is found.upper else "control"
    larger = " (the larger one)" if facts.ratio[0] != facts.ratio[1] and (
        (facts.ratio[0] > facts.ratio[1]) == (arm == "experimental")) else ""  # fmt: skip
    what = f"the test exceeds its level towards the {arm} arm{larger}"
    figure = f"{100 * worst.value:.2f}% ({100 * worst.se:.2f}) of {found.trials:,} trials, {100 * level:g}% allowed"
    then = "" if found.calibration is None else f"; {found.calibration.bound:.2f} would hold the level"
    remedy = f"plan the re-randomization test beside it, or another critical value{then}"
    return DesignFinding("level-at-ratio", "warning", what, figure, remedy)


def _power(facts: DesignFacts) -> DesignFinding | None:
    found = facts.simulated
    assert found is not None
    short = facts.power - found.power.value
    figure = f"{100 * facts.power:g}% stated, {100 * found.power.value:.1f}% ({100 * found.power.se:.1f}) simulated"
    if short > POWER_SHORT + ERRORS * found.power.se:
        what = "the power is less than stated"
        return DesignFinding("power-stated", "warning", what, figure, "plan more events, or state the power there is")
    if -short > POWER_OVER + ERRORS * found.power.se:
        what = "the power is more than stated"
        return DesignFinding("power-stated", "note", what, figure, "fewer events would do")
    return None


DESIGN_RULES: tuple[DesignRule, ...] = (
    DesignRule("hazard-ratio-definition", "The hazard ratio is experimental over control", _hazard_ratio),
    DesignRule(
        "scenario-direction", "Protocol and scenario favor the same arm", _scenario_direction, ("scenario_ratio",)
    ),
    DesignRule("level", "One-sided and two-sided levels are not mixed up", _level),
    DesignRule("events-and-formula", "The number of events follows from hazard ratio and power", _formula),
    DesignRule("events-above-patients", "There are at least as many patients as events", _more_than_patients),
    DesignRule(
        "events-out-of-reach", "The events are to be expected with the follow-up", _out_of_reach,
        ("events", "analysis"),
    ),
    DesignRule(
        "analysis-before-accrual-ends", "The analysis comes after the last patient", _before_accrual_ends, ("analysis",)
    ),
    DesignRule("looks-close", "Looks are months apart", _near_looks, ("looks",)),
    DesignRule("look-beyond-data", "Looks come while data are recorded", _beyond_data, ("looks",)),
    DesignRule("predictable-central", "Blocks hide the next allocation from the center", _central),
    DesignRule("predictable-site", "Blocks hide the next allocation from a site", _site, ("certain_site",)),
    DesignRule("strata-too-many", "Strata are large enough for their blocks", _strata),
    DesignRule("scan-interval", "Scans are close enough to time the events", _scans, ("control_median",)),
    DesignRule("level-at-ratio", "The test holds its level at this allocation", _size_of_test, ("simulated",)),
    DesignRule("power-stated", "The power is what it is said to be", _power, ("simulated",)),
)  # fmt: skip
"""Every rule, in the order in which a design is read."""
