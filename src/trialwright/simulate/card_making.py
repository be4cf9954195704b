"""How the operating-characteristics card is made, and what the linter says of a study."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from trialwright.design import (
    EventNumber,
    PlannedMilestones,
    Scenario,
    SupposedTrial,
    expected_events,
    power_schoenfeld,
)
from trialwright.protocol import Protocol
from trialwright.simulate.calibrated import calibrate_bound, tails
from trialwright.simulate.card import Card, CardLook, CardRow, CoursePoint, FormulaRow, PowerPoint
from trialwright.simulate.card_promise import promise
from trialwright.simulate.card_runs import Run, simulate_runs
from trialwright.simulate.card_variants import Variant, variants, without_effect
from trialwright.simulate.design_facts import DesignFacts, Simulated, design_facts
from trialwright.simulate.design_rules import Lint, lint_facts
from trialwright.simulate.designed import DesignedTrial, Look, Trigger
from trialwright.simulate.lanes import covers
from trialwright.simulate.outcomes import Outcomes, Share, Spread
from trialwright.simulate.planned import designed
from trialwright.simulate.suppositions import Suppositions
from trialwright.stats import DAYS_PER_MONTH

__all__ = ["design_card", "lint_design"]

TRIALS, OTHER_TRIALS = 10_000, 5_000
"""Of rows that the fast lane simulates, and of the other ones, unless more are asked for."""
CURVE = (0.25, 0.4, 0.55, 0.7, 0.85, 1.0, 1.15, 1.3)
"""Numbers of events of the curve of power, as shares of those planned."""
BAND = 0.9
MONTHS = 60
"""Steps in which events over time are drawn."""


def design_card(
    protocol: Protocol,
    scenario: Scenario | None,
    supposed: Suppositions,
    *,
    trials: int = TRIALS,
    other_trials: int = OTHER_TRIALS,
    seed: int,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Card:
    """Return the card of a two-arm study.

    ``trials`` are simulated of the design as planned, with and without its effect. Of other rows there are
    ``other_trials``, and up to 10,000 where the fast lane takes them, but never more than ``trials``. Rows with the
    same patients see the same ones. Without a scenario its trial is left out. ValueError where accrual or control
    median are unknown, or a design cannot be simulated.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.simulate import suppositions
    >>> protocol = load(study_names()[0])
    >>> card = design_card(protocol, None, suppositions(protocol, None, control_median=3.6), trials=100, seed=1)
    >>> card.rows[1].label
    'allocated 1:1'
    """
    facts = design_facts(protocol, scenario, supposed)
    if facts.planned is None or supposed.control_median is None:
        raise ValueError(facts.unplanned)
    setting = _Setting(protocol, facts.planned, facts, variants(protocol, facts.planned, supposed.control_median.value))
    looks = _scenario(protocol, scenario, facts)
    runs = _runs(setting, looks, trials, other_trials)
    found = simulate_runs(runs, seed, workers=workers, progress=progress)
    return _card(setting, supposed, looks, found, seed)


def lint_design(
    protocol: Protocol,
    scenario: Scenario | None,
    supposed: Suppositions,
    *,
    trials: int,
    seed: int,
    workers: int = 1,
) -> Lint:
    """Return what is odd about the design of a two-arm study; see ``DESIGN_RULES``.

    Rules about error and power ask ``trials`` virtual trials of the planned design; with 0, or where it cannot be
    simulated, they are among the unanswered.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.simulate import suppositions
    >>> protocol = load(study_names()[0])
    >>> found = lint_design(protocol, None, suppositions(protocol, None), trials=0, seed=1)
    >>> [finding.grade for finding in found.findings]
    ['note']
    """
    facts = design_facts(protocol, scenario, supposed)
    if facts.planned is None or not trials:
        return lint_facts(facts)
    planned = Variant("planned", "", facts.planned, without_effect(facts.planned))
    runs = {"0": Run(planned.effect, trials), "0 null": Run(without_effect(planned.effect), trials)}
    found = simulate_runs(runs, seed, workers=workers, progress=None)
    row = _row(_Setting(protocol, facts.planned, facts, (planned,)), planned, 0, found)
    return lint_facts(replace(facts, simulated=_simulated(row)))


@dataclass(frozen=True)
class _Setting:
    protocol: Protocol
    planned: DesignedTrial
    facts: DesignFacts
    variants: tuple[Variant, ...]

    @property
    def bound(self) -> float:
        return self.planned.looks[0].upper

    @property
    def events(self) -> int:
        planned = self.planned.looks[0].trigger.events
        assert planned is not None  # the planned look waits for events
        return planned

    @property
    def counts(self) -> tuple[int, ...]:
        """Events at which power is simulated: those of the formulas, of the curve, and planned."""
        asked = {math.ceil(row.events - 1e-9) for row in self.facts.formulas if row.events is not None}
        drawn = {round(share * self.events) for share in CURVE}
        return tuple(sorted(d for d in asked | drawn | {self.events} if 2 <= d <= self.planned.patients))


def _scenario(
    protocol: Protocol, scenario: Scenario | None, facts: DesignFacts
) -> tuple[DesignedTrial, DesignedTrial] | str:
    """Return the scenario's trial with and without its effect, or why there is none."""
    if scenario is None or facts.supposed is None:
        return facts.unsupposed
    try:
        return facts.supposed, designed(protocol, scenario.null(protocol.analysis.control))
    except ValueError as error:
        return str(error)


def _runs(
    setting: _Setting, looks: tuple[DesignedTrial, DesignedTrial] | str, trials: int, others: int
) -> Mapping[str, Run]:
    many = replace(setting.planned, looks=tuple(Look(Trigger(events=d), setting.bound) for d in setting.counts))
    runs = {"0": Run(setting.planned, trials), "0 null": Run(without_effect(setting.planned), trials)}

    def other(one: DesignedTrial) -> Run:
        return Run(one, min(trials, max(TRIALS, others) if covers(one) else others))

    runs |= {"events": other(many), "events null": other(without_effect(many))}
    for k, variant in enumerate(setting.variants[1:], 1):
        runs[f"{k}"] = other(variant.effect)
        if variant.null is not None:
            runs[f"{k} null"] = other(variant.null)
    if not isinstance(looks, str):
        runs |= {"scenario": other(looks[0]), "scenario null": other(looks[1])}
    return runs


def _card(
    setting: _Setting,
    supposed: Suppositions,
    looks: tuple[DesignedTrial, DesignedTrial] | str,
    found: Mapping[str, Outcomes],
    seed: int,
) -> Card:
    protocol, facts = setting.protocol, setting.facts
    plan = protocol.sample_size
    rows = tuple(_row(setting, variant, k, found) for k, variant in enumerate(setting.variants))
    shown, anyhow = ((), None) if isinstance(looks, str) else _looks(protocol, found)
    return Card(
        study=protocol.identification.id, acronym=protocol.identification.acronym, endpoint=plan.endpoint,
        hazard_ratio=plan.hazard_ratio, stated_power=plan.power, level=plan.alpha / plan.sides, ratio=facts.ratio,
        patients=plan.patients, events=setting.events, events_stated=facts.events_stated, bound=setting.bound,
        seed=seed, promise=promise(protocol), suppositions=supposed,
        formulas=_formulas(setting, found), formula_trials=found["events"].trials, rows=rows,
        looks=shown, any_look=anyhow, no_looks=looks if isinstance(looks, str) else None,
        curve=_curve(setting, found), course=_course(setting.planned.supposed, rows[0].month),
        lint=lint_facts(replace(facts, simulated=_simulated(rows[0]))),
    )  # fmt: skip


def _simulated(row: CardRow) -> Simulated | None:
    if row.upper is None or row.lower is None:
        return None
    return Simulated(row.trials, row.power, row.upper, row.lower, row.calibration)


def _row(setting: _Setting, variant: Variant, k: int, found: Mapping[str, Outcomes]) -> CardRow:
    effect, null = found[f"{k}"], found.get(f"{k} null")
    plan, z = setting.protocol.sample_size, effect.z[:, 0]
    both = (None, None) if null is None else tails(null.z[:, 0], setting.bound)
    taken = np.isfinite(effect.time[:, 0])
    return CardRow(
        group=variant.group, label=variant.label, trials=effect.trials,
        power=tails(z, setting.bound)[0], upper=both[0], lower=both[1],
        calibration=None if null is None else calibrate_bound(null.z[:, 0], z, plan.alpha / plan.sides),
        month=Spread.of(effect.time[:, 0]), enrolled=Spread.of(np.where(taken, effect.enrolled[:, 0], np.nan)),
        unreached=Share.of(int((~taken).sum()), effect.trials),
    )  # fmt: skip


def _formulas(setting: _Setting, found: Mapping[str, Outcomes]) -> tuple[FormulaRow, ...]:
    return tuple(_formula(setting, row, found) for row in setting.facts.formulas)


def _formula(setting: _Setting, row: EventNumber, found: Mapping[str, Outcomes]) -> FormulaRow:
    if row.events is None:
        return FormulaRow(row.formula, None, None, row.patients, None, None, None, row.problem)
    whole = math.ceil(row.events - 1e-9)
    if whole not in setting.counts:
        problem = f"{whole} events cannot come of {setting.planned.patients} patients"
        return FormulaRow(row.formula, row.events, whole, row.patients, None, None, None, problem)
    at = setting.counts.index(whole)
    power, _ = tails(found["events"].z[:, at], setting.bound)
    upper, lower = tails(found["events null"].z[:, at], setting.bound)
    return FormulaRow(row.formula, row.events, whole, row.patients, power, upper, lower, None)


def _curve(setting: _Setting, found: Mapping[str, Outcomes]) -> tuple[PowerPoint, ...]:
    plan, (experimental, control) = setting.protocol.sample_size, setting.facts.ratio

    def point(at: int, count: int) -> PowerPoint:
        said = power_schoenfeld(
            plan.hazard_ratio, events=count, alpha=plan.alpha, sides=plan.sides, ratio=experimental / control
        )
        return PowerPoint(count, said, tails(found["events"].z[:, at], setting.bound)[0])

    return tuple(point(at, count) for at, count in enumerate(setting.counts))


def _course(trial: SupposedTrial, analysis: Spread) -> tuple[CoursePoint, ...]:
    """Return the course of the planned trial until after its accrual and its analysis."""
    end = max(trial.accrual.starts[-1], analysis.quantiles[-1] if math.isfinite(analysis.mean) else 0.0) * 1.15
    exact = PlannedMilestones(trial)

    def point(month: float) -> CoursePoint:
        expected = expected_events(trial, month)
        lower, upper = exact.events_by(month, (BAND,)).interval(BAND) if month else (0.0, 0.0)
        return CoursePoint(month, expected.enrolled, expected.events, lower, upper)

    return tuple(point(end * k / MONTHS) for k in range(MONTHS + 1))


def _looks(protocol: Protocol, found: Mapping[str, Outcomes]) -> tuple[tuple[CardLook, ...], Share]:
    effect, null = found["scenario"], found["scenario null"]
    shown = tuple(_look(cut.label, k, effect, null) for k, cut in enumerate(protocol.analysis.cuts))
    return shown, null.summary().above_any


def _look(label: str, k: int, effect: Outcomes, null: Outcomes) -> CardLook:
    look, seen = effect.designed.looks[k], effect.summary().looks[k]
    power, other = tails(effect.z[:, k], look.upper)
    upper, lower = tails(null.z[:, k], look.upper)
    month = Spread.of(np.asarray(effect.time[:, k] / DAYS_PER_MONTH))
    return CardLook(
        label=label, trials=effect.trials, planned_events=look.trigger.events, bound=look.upper,
        power=power, other=other, upper=upper, lower=lower, unreached=seen.never_reached,
        month=month, enrolled=seen.enrolled, events=seen.events,
    )  # fmt: skip
