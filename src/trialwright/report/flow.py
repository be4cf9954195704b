"""The flow of participants (CONSORT 2025, item 22a), proven to add up before it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.errors import DataError

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["ArmFlow", "Flow", "flow_of"]

_LOST = ("not eligible", "cannot tell", "no dose stated", "declined", "closed", "screen failure")


@dataclass(frozen=True)
class ArmFlow:
    """What became of the patients of one arm."""

    arm: str
    allocated: Result
    treated: Result
    never_treated: Result
    discontinued: tuple[Result, ...]
    """One count for each reason."""
    on_treatment: Result
    populations: tuple[Result, ...]


@dataclass(frozen=True)
class Flow:
    """What became of everyone who was assessed."""

    cut: str
    assessed: Result
    excluded: tuple[Result, ...]
    criteria: tuple[Result, ...]
    """Patients for each criterion that kept them out; a patient may fail several."""
    randomized: Result
    arms: tuple[ArmFlow, ...]


def flow_of(contents: Contents, cut: str) -> Flow:
    """Return the flow of one cut. Raises DataError when a count is missing or the counts do not add up."""
    everyone = {name: _one(contents, cut, name, "all") for name in ("assessed", "randomized")}
    excluded = tuple(row for name in _LOST for row in contents.rows(cut, "flow", name, group="all", item=None))
    criteria = tuple(row for row in contents.rows(cut, "flow", "not eligible", group="all") if row.item is not None)
    arms = tuple(_arm(contents, cut, arm) for arm in contents.arms)
    flow = Flow(cut, everyone["assessed"], excluded, criteria, everyone["randomized"], arms)
    _prove(flow)
    return flow


def _arm(contents: Contents, cut: str, arm: str) -> ArmFlow:
    reasons = contents.rows(cut, "flow", "discontinued treatment", group=arm)
    return ArmFlow(
        arm,
        _one(contents, cut, "allocated", arm),
        _one(contents, cut, "treated", arm),
        _one(contents, cut, "never treated", arm),
        tuple(row for row in reasons if row.item is not None),
        _one(contents, cut, "on treatment", arm),
        tuple(contents.rows(cut, "flow", "in population", group=arm)),
    )


def _one(contents: Contents, cut: str, name: str, group: str) -> Result:
    row = contents.first(cut, "flow", name, group=group, item=None)
    if row is None or row.value is None:
        raise DataError(f"the flow at cut {cut!r} needs the count {name!r} of {group!r}; the results hold none")
    return row


def _prove(flow: Flow) -> None:
    _adds_up(flow.cut, flow.assessed, (*flow.excluded, flow.randomized))
    _adds_up(flow.cut, flow.randomized, tuple(arm.allocated for arm in flow.arms))
    for arm in flow.arms:
        _adds_up(flow.cut, arm.allocated, (arm.treated, arm.never_treated))
        _adds_up(flow.cut, arm.treated, (*arm.discontinued, arm.on_treatment))
        for population in arm.populations:
            if _count(population) > _count(arm.allocated):
                raise DataError(f"{population.key} has {_count(population)} patients, more than were allocated")


def _adds_up(cut: str, whole: Result, parts: tuple[Result, ...]) -> None:
    total = sum(_count(part) for part in parts)
    if total != _count(whole):
        names = " + ".join(f"{part.group} {part.item or part.statistic} {_count(part)}" for part in parts)
        raise DataError(
            f"the flow at cut {cut!r} does not add up: {whole.group} {whole.statistic} is {_count(whole)}, "
            f"but {names} make {total}; correct the analysis before reporting"
        )


def _count(row: Result) -> int:
    if row.value is None or row.value < 0 or row.value % 1:
        raise DataError(f"{row.key} must be a count of patients; got {row.value}")
    return int(row.value)
