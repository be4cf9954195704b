"""What a design is compared with on its card: other scans, strata, allocations and hazards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Literal

from trialwright.design import Stratum, SupposedTrial
from trialwright.protocol import Protocol
from trialwright.simulate.design_fields import with_design_fields
from trialwright.simulate.designed import DesignedTrial, Scanning
from trialwright.stats import DAYS_PER_MONTH, DAYS_PER_WEEK

__all__ = ["Group", "Variant", "variants"]

Group = Literal["planned", "allocation", "scans", "strata", "hazards"]
WEEKS_PER_MONTH = DAYS_PER_MONTH / DAYS_PER_WEEK
INTERVALS = (8, 12)
"""Weeks between scans that are looked at beside the protocol's own."""
SPREAD = 1.3**3
"""Hazard of the worst stratum over that of the best where strata are prognostic: four strata, steps of 1.3."""
DELAYS = (0.25, 0.5)
"""An effect that begins late, as shares of the control arm's median."""


@dataclass(frozen=True)
class Variant:
    """A design under the effect, and without it where that is another question."""

    group: Group
    label: str
    effect: DesignedTrial
    null: DesignedTrial | None


def variants(protocol: Protocol, planned: DesignedTrial, control_median: float) -> tuple[Variant, ...]:
    """Return the comparisons that make sense for a protocol, the planned design itself first."""
    return (
        Variant("planned", "as planned", planned, without_effect(planned)),
        *_allocations(planned),
        *_scans(protocol, planned),
        *_strata(protocol, planned),
        *_late(planned, control_median),
    )


def without_effect(designed: DesignedTrial) -> DesignedTrial:
    """Return the trial in which the experimental arm fares as the control arm, leaving included."""
    strata = tuple(replace(stratum, experimental=stratum.control) for stratum in designed.supposed.strata)
    return replace(designed, supposed=replace(designed.supposed, strata=strata))


def _pair(group: Group, label: str, effect: DesignedTrial) -> Variant:
    return Variant(group, label, effect, without_effect(effect))


def _allocations(planned: DesignedTrial) -> Iterator[Variant]:
    if planned.allocation.ratio[0] != planned.allocation.ratio[1]:
        equal = with_design_fields(planned, {"ratio": "1:1", "block_sizes": [2, 4]})
        yield _pair("allocation", "allocated 1:1", equal)


def _scans(protocol: Protocol, planned: DesignedTrial) -> Iterator[Variant]:
    plan = protocol.assessments
    own = _schedule(protocol)
    words = f"scans every {', then every '.join(f'{weeks:g}' for _, weeks in plan.every_weeks)} weeks"
    yield _pair("scans", f"{words} (the protocol's)", replace(planned, scans=own))
    window = plan.window_days / DAYS_PER_MONTH
    if 0 < window < min(own.every) / 2:
        moved = replace(own, window=window)
        yield _pair("scans", f"the same, up to {plan.window_days} days before or after", replace(planned, scans=moved))
    for weeks in INTERVALS:
        if [float(every) for _, every in plan.every_weeks] != [float(weeks)]:
            regular = Scanning.regular(weeks / WEEKS_PER_MONTH)
            yield _pair("scans", f"scans every {weeks} weeks", replace(planned, scans=regular))


def _schedule(protocol: Protocol) -> Scanning:
    from trialwright.simulate.planned import as_planned

    found = as_planned(protocol, accrual=1.0, control_median=1.0, scanned=True).scans
    assert found is not None
    return found


def _strata(protocol: Protocol, planned: DesignedTrial) -> Iterator[Variant]:
    count = prod(len(factor.levels) for factor in protocol.randomization.strata)
    if count < 2:
        return
    for words, spread in (("equal strata", 1.0), (f"strata, hazards to ×{SPREAD:.1f}", SPREAD)):
        supposed = _with_strata(planned.supposed, count, spread)
        for stratified in (False, True):
            test = replace(planned.test, stratified=stratified)
            label = f"{count} {words}, {'stratified' if stratified else 'unstratified'}"
            yield _pair("strata", label, replace(planned, supposed=supposed, test=test))


def _with_strata(supposed: SupposedTrial, count: int, spread: float) -> SupposedTrial:
    """Return strata of one size whose hazards rise in equal ratios from the supposed one to ``spread`` times it."""
    (one,) = supposed.strata
    factors = [spread ** (k / (count - 1)) for k in range(count)]
    strata = tuple(
        Stratum(
            replace(one.experimental, hazard=one.experimental.hazard.times(factor)),
            replace(one.control, hazard=one.control.hazard.times(factor)),
            1 / count,
        )
        for factor in factors
    )
    return replace(supposed, strata=strata)


def _late(planned: DesignedTrial, control_median: float) -> Iterator[Variant]:
    (one,) = planned.supposed.strata
    ratio = one.experimental.hazard.rates[0] / one.control.hazard.rates[0]
    for share in DELAYS:
        months = share * control_median
        late = replace(one, experimental=replace(one.experimental, hazard=one.control.hazard.times_from(months, ratio)))
        trial = replace(planned, supposed=replace(planned.supposed, strata=(late,)))
        yield Variant("hazards", f"effect begins after {months:.1f} months", trial, None)
