"""From a trial's claims to a study that can be simulated: the least protocol, and a scenario fitted to its figures.

Any trial of a ledger with a hazard ratio, and rates or medians of its two arms, can so be rehearsed beside the study
that ships with a protocol of its own. What the claims do not say is supposed, and said to be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from trialwright.design import Scenario
from trialwright.evidence.claims import Claim, Link
from trialwright.evidence.claims_file import Claims
from trialwright.evidence.shelf import Shelf
from trialwright.evidence.supposed_documents import least_protocol, least_scenario
from trialwright.protocol import Protocol
from trialwright.stats import DAYS_PER_MONTH

__all__ = ["SupposedStudy", "suppose"]

LARGEST_PART = 3
"""Ratios are read off the patients by arm with parts up to this."""
LEAST_HAZARD = 1e-3


@dataclass(frozen=True)
class SupposedStudy:
    """A study made from claims."""

    protocol: Protocol
    scenario: Scenario
    """With ``calibration``: a parameter for each figure it is to meet."""
    claims: Claims
    """The claims that a rehearsal can answer, each with its ``result``."""
    supposed: tuple[str, ...]
    """What no claim says."""


@dataclass(frozen=True)
class Told:
    """What the claims say of one comparison, and what is supposed beside it."""

    trial: str
    ratio: Claim
    arms: tuple[str, str]
    names: tuple[str, str]
    endpoint: str
    parts: tuple[int, int]
    patients: int
    points: tuple[tuple[Claim, ...], tuple[Claim, ...]]
    """Of each arm, the figures that are fitted: landmark rates, the earliest first, or the median."""
    others: tuple[Claim, ...]
    """Further medians and rates, compared but not fitted."""
    follow_up_months: float
    accrual_months: float
    scan_weeks: float

    @property
    def opens(self) -> date:
        """Return the first day; no figure depends on it."""
        return date(2020, 1, 1)

    @property
    def ends(self) -> date:
        """Return the data cut-off: uniform accrual gives its median follow-up then."""
        return self.opens + timedelta(days=round((self.follow_up_months + self.accrual_months / 2) * DAYS_PER_MONTH))


def suppose(
    claims: Claims,
    *,
    accrual_months: float,
    scan_weeks: float | None = None,
    follow_up_months: float | None = None,
    hazard_ratio: str | None = None,
    patients: Mapping[str, int] | None = None,
) -> SupposedStudy:
    """Return the least study with the arms, patients, rates and medians of a trial's claims.

    ``hazard_ratio`` is the id of the comparison, by default the first reported one of PFS with rates or medians of both
    arms. ``patients`` by arm are those it prints, and must be given where it prints none. Hazards of progression change
    at the landmarks, or are constant where only medians are printed; one parameter is to be fitted to each figure, as
    ``trialwright calibrate`` does. Scans and follow-up are taken from the claims where they say so. ValueError names
    what is missing.

    >>> from trialwright.evidence import ledger
    >>> study = suppose(ledger("maintain").of("MAINTAIN").claims, accrual_months=36, scan_weeks=12)
    >>> study.protocol.design.enrollment, [each.parameter for each in study.scenario.calibration][:2]
    (119, ['progression.R.hazard.0', 'progression.R.hazard.1'])
    """
    ratio = claims.claim(hazard_ratio) if hazard_ratio else _comparison(claims)
    ratio = ratio.model_copy(update={"n_by_arm": dict(patients)}) if patients else ratio
    told = _told(claims, ratio, accrual_months, scan_weeks, follow_up_months)
    answered = _answered(claims, told)
    protocol = Protocol.model_validate(least_protocol(told))
    scenario = Scenario.model_validate(least_scenario(told, _hazards(told)))
    return SupposedStudy(protocol, scenario, answered, tuple(_supposed(claims, told)))


def _told(
    claims: Claims, ratio: Claim, accrual_months: float, scan_weeks: float | None, follow_up: float | None
) -> Told:
    shelf, arms = Shelf(claims), ratio.arms_compared
    if arms is None or not set(arms) <= set(ratio.n_by_arm or {}):
        raise ValueError(f"claim {ratio.id} does not print the patients by arm; give them as patients={{arm: number}}")
    points = _points(ratio, arms[0], shelf), _points(ratio, arms[1], shelf)
    if not all(points):
        raise ValueError(f"claim {ratio.id} needs a median or rates at landmarks beside it, for each of {arms}")
    fitted = {each.id for arm in points for each in arm}
    beside = (*shelf.beside(ratio, "median"), *shelf.beside(ratio, "rate"))
    by_arm = ratio.n_by_arm or {}
    return Told(
        trial=claims.trial or "trial",
        ratio=ratio,
        arms=arms,
        names=(claims.arms.get(arms[0], arms[0]), claims.arms.get(arms[1], arms[1])),
        endpoint=ratio.measure[0],
        parts=_parts(by_arm[arms[0]], by_arm[arms[1]]),
        patients=by_arm[arms[0]] + by_arm[arms[1]],
        points=points,
        others=tuple(each for each in beside if each.id not in fitted and each.group in arms),
        follow_up_months=_needed("follow_up_months", follow_up, _follow_up(ratio, shelf)),
        accrual_months=accrual_months,
        scan_weeks=_needed("scan_weeks", scan_weeks, _scan_weeks(claims)),
    )


def _comparison(claims: Claims) -> Claim:
    shelf = Shelf(claims)
    for claim in claims.claims:
        arms = claim.arms_compared
        usable = claim.is_hazard_ratio and claim.kind == "reported" and claim.measure[0] == "PFS"
        if usable and arms and claim.number and all(_points(claim, arm, shelf) for arm in arms):
            return claim
    raise ValueError(f"{claims.trial}: no hazard ratio of PFS stands beside medians or rates of both arms")


def _points(ratio: Claim, arm: str, shelf: Shelf) -> tuple[Claim, ...]:
    """Return the rates of an arm at landmarks or, where none is printed, its median."""
    rates = [each for each in shelf.beside(ratio, "rate") if each.group == arm and each.at_months and each.number]
    if rates:
        return tuple(sorted(rates, key=lambda each: each.at_months or 0.0))
    medians = [each for each in shelf.beside(ratio, "median") if each.group == arm and each.unit == "months"]
    return tuple(each for each in medians[:1] if each.number)


def _parts(one: int, other: int) -> tuple[int, int]:
    ratio = Fraction(one, other).limit_denominator(LARGEST_PART)
    ratio = max(ratio, Fraction(1, LARGEST_PART))
    return ratio.numerator, ratio.denominator


def _follow_up(ratio: Claim, shelf: Shelf) -> float | None:
    said = [each for each in shelf.at_cut(ratio.cut, "follow-up") if each.unit == "months"]
    own = [each for each in said if each.measure[0] == ratio.measure[0]]
    return next((each.number for each in own or said if each.number), None)


def _scan_weeks(claims: Claims) -> float | None:
    plans = (each for each in claims.claims if each.item == "interval of tumor assessments" and each.unit == "weeks")
    return next((each.number for each in plans if each.number), None)


def _needed(name: str, given: float | None, claimed: float | None) -> float:
    found = given if given is not None else claimed
    if found is None:
        raise ValueError(f"{name} must be given: no claim says it. State what is supposed, as {name}=8.")
    return found


def _hazards(told: Told) -> dict[str, tuple[list[float], list[float]]]:
    """Return, by arm, the months at which the hazard changes, and the hazards that give the points."""
    return {arm: _pieces(points) for arm, points in zip(told.arms, told.points, strict=True)}


def _pieces(points: Sequence[Claim]) -> tuple[list[float], list[float]]:
    starts, hazards, before = [0.0], [], 1.0
    for point in points:
        at, share = (point.at_months, (point.number or 0.0) / 100) if point.at_months else (point.number or 1.0, 0.5)
        hazards.append(max(LEAST_HAZARD, math.log(before / max(share, 1e-3)) / (at - starts[-1])))
        starts.append(at)
        before = max(share, 1e-3)
    return starts[:-1], hazards


def _answered(claims: Claims, told: Told) -> Claims:
    fitted = [each for arm in told.points for each in arm]
    wanted = {each.id: each for each in (told.ratio, *fitted, *told.others)}
    linked = tuple(_linked(each, told) for each in claims.claims if each.id in wanted)
    kept = {each.cited for each in linked}
    sources = {key: text for key, text in claims.sources.items() if key in kept}
    return claims.model_copy(update={"claims": linked, "sources": sources, "contradictions": (), "allocation": None})


def _linked(claim: Claim, told: Told) -> Claim:
    at = None if claim.at_months is None else float(round(claim.at_months * DAYS_PER_MONTH))
    place = {"cut": "final", "endpoint": told.endpoint, "population": "ITT"}
    link = Link(**place, group=claim.group, statistic=claim.named_statistic, at=at)
    return claim.model_copy(update={"result": link})


def _supposed(claims: Claims, told: Told) -> list[str]:
    printed = claims.claim(told.ratio.id).n_by_arm == told.ratio.n_by_arm
    said = [] if printed else [f"patients by arm: {told.ratio.n_by_arm}"]
    said += [] if _scan_weeks(claims) == told.scan_weeks else [f"scans every {told.scan_weeks:g} weeks"]
    seen = _follow_up(told.ratio, Shelf(claims)) == told.follow_up_months
    said += [] if seen else [f"{told.follow_up_months:g} months of median follow-up"]
    return [
        *said,
        f"uniform accrual over {told.accrual_months:g} months",
        f"allocation {':'.join(map(str, told.parts))} in permuted blocks, without strata",
        "hazards that change only at the landmarks" if told.points[0][0].at_months else "constant hazards",
        "rates of death, loss, response and missed scans",
    ]
