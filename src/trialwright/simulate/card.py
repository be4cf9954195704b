"""The operating-characteristics card as values: what is promised, what formulas say of it, what then happens."""

from __future__ import annotations

from dataclasses import dataclass

from trialwright.simulate.calibrated import Calibration
from trialwright.simulate.card_promise import Promised
from trialwright.simulate.card_variants import Group
from trialwright.simulate.design_rules import Lint
from trialwright.simulate.outcomes import Share, Spread
from trialwright.simulate.suppositions import Suppositions

__all__ = ["Card", "CardLook", "CardRow", "CoursePoint", "FormulaRow", "PowerPoint"]


@dataclass(frozen=True)
class CardRow:
    """A design as simulated at the planned number of events and bound.

    ``upper`` and ``lower``: type I error towards the experimental arm and towards the control arm, with the bound and
    its mirror image; ``None`` where the row has no trials without an effect. ``month`` and ``enrolled`` are those of
    the analysis under the effect.

    >>> one = Spread(1.0, 0.0, (1.0,) * 5)
    >>> CardRow("planned", "as planned", 10, Share(0.8, 0.1), None, None, None, one, one, Share(0.0, 0.0)).trials
    10
    """

    group: Group
    label: str
    trials: int
    power: Share
    upper: Share | None
    lower: Share | None
    calibration: Calibration | None
    month: Spread
    enrolled: Spread
    unreached: Share


@dataclass(frozen=True)
class FormulaRow:
    """What one formula asks for, and what trials with so many events show.

    >>> FormulaRow("Schoenfeld", None, None, None, None, None, None, "no number").problem
    'no number'
    """

    formula: str
    events: float | None
    whole: int | None
    """Events rounded up."""
    patients: float | None
    power: Share | None
    upper: Share | None
    lower: Share | None
    problem: str | None


@dataclass(frozen=True)
class PowerPoint:
    """Power at a number of events by Schoenfeld's formula and as simulated.

    >>> PowerPoint(127, 0.8004, Share(0.8097, 0.0001)).events
    127
    """

    events: int
    formula: float
    simulated: Share


@dataclass(frozen=True)
class CoursePoint:
    """Patients and events expected by a month of the planned trial, with a 90 % band of the events.

    >>> CoursePoint(12.0, 56.6, 25.3, 19.0, 32.0).events
    25.3
    """

    month: float
    patients: float
    events: float
    lower: float
    upper: float


@dataclass(frozen=True)
class CardLook:
    """One data cut-off of the protocol in the scenario's trial; times in months.

    >>> one, none = Spread(1.0, 0.0, (1.0,) * 5), Share(0.0, 0.0)
    >>> CardLook("final", 10, 155, 1.96, none, none, none, none, none, one, one, one).bound
    1.96
    """

    label: str
    trials: int
    planned_events: int | None
    bound: float
    power: Share
    other: Share
    """z at or below minus the bound, under the scenario's effect."""
    upper: Share
    lower: Share
    unreached: Share
    month: Spread
    enrolled: Spread
    events: Spread


@dataclass(frozen=True)
class Card:
    """All that the page says. Levels are of one side, times in months.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.simulate import design_card, suppositions
    >>> protocol = load(study_names()[0])
    >>> card = design_card(protocol, None, suppositions(protocol, None, control_median=3.6), trials=200, seed=1)
    >>> card.events, round(card.formulas[0].events, 2), card.main.trials
    (127, 126.87, 200)
    """

    study: str
    acronym: str
    endpoint: str
    hazard_ratio: float
    stated_power: float
    level: float
    ratio: tuple[int, int]
    patients: int
    events: int
    events_stated: bool
    bound: float
    seed: int
    promise: tuple[Promised, ...]
    suppositions: Suppositions
    formulas: tuple[FormulaRow, ...]
    formula_trials: int
    rows: tuple[CardRow, ...]
    looks: tuple[CardLook, ...]
    any_look: Share | None
    """Type I error of all looks together towards the experimental arm."""
    no_looks: str | None
    """Why the scenario's trial is not shown."""
    curve: tuple[PowerPoint, ...]
    course: tuple[CoursePoint, ...]
    lint: Lint

    @property
    def main(self) -> CardRow:
        """The design as planned."""
        return self.rows[0]
