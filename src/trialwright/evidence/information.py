"""How many events does the interval of a hazard ratio stand for, and can there have been so many?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from trialwright.evidence.claims import Claim
from trialwright.evidence.findings import Finding, Verdict
from trialwright.evidence.printed import Range, figure, interval, printed_error, quantile, span, standard_error
from trialwright.evidence.shelf import Shelf

__all__ = ["Doubt", "allocation_share", "check_allocation", "check_information", "doubt", "information"]

SETTLED = (
    "The number of events behind the ratio, by arm; the level of the interval; the model, its variance and its unit."
)


@dataclass(frozen=True)
class Doubt:
    """Why fewer than half of the patients can have had an event."""

    why: str
    own: bool
    """Whether it rests on what was printed for the endpoint itself."""


def information(claim: Claim, level: float) -> Range:
    """Return the fewest and the most events that the printed interval can stand for.

    A log-rank or Cox hazard ratio of D events has SE >= 2/sqrt(D), whatever the allocation, because each event adds
    p(1-p) <= 1/4 to the information (Cox 1972, J R Stat Soc B 34:187; Schoenfeld 1981). So D >= 4/SE^2.

    >>> place = {"endpoint": "PFS", "statistic": "hazard ratio", "numerator": "A", "denominator": "B"}
    >>> ratio = {"value": 0.84, "lower": 0.66, "upper": 1.07}
    >>> claim = Claim(id="x", label="PFS", cited="S", kind="reported", cut="final", **ratio, **place)
    >>> found = information(claim, 0.95)
    >>> f"{found.low:.1f} to {found.high:.1f}"
    '250.4 to 277.1'
    """
    error = standard_error(claim, level)
    return Range(4 / error.high**2, 4 / error.low**2 if error.low else math.inf)


def allocation_share(claim: Claim) -> float | None:
    """Return the numerator's share of the patients compared, where they are printed by arm."""
    arms, by_arm = claim.arms_compared, claim.n_by_arm or {}
    if arms is None or not set(arms) <= set(by_arm) or not all(by_arm[arm] for arm in arms):
        return None
    return by_arm[arms[0]] / sum(by_arm[arm] for arm in arms)


def check_information(claim: Claim, shelf: Shelf) -> Finding:
    """C3: the interval must not hold more information than its events, or its patients, can give."""
    if claim.level is None:
        return Finding(claim.id, "C3", "not checkable", "the level of the interval is not printed")
    needed, events = information(claim, claim.level), shelf.events(claim)
    available = claim.n if events is None else events
    text = f"{interval(claim)} at {claim.level:.0%} holds the information of at least {span(needed, '.0f')} events"
    plain = Finding(claim.id, "C3", "consistent", text, (needed.low, needed.high), steps=_steps(claim, needed))
    if available is None:
        return replace(plain, verdict="not checkable", message=f"{text}; neither events nor patients are printed")
    verdict, why = _verdict(needed, available, events is not None, doubt(claim, shelf))
    steps = (*plain.steps, *_bound(claim, available, events is not None))
    settles = "" if verdict == "consistent" else SETTLED
    return replace(plain, verdict=verdict, message=f"{text}; {why}", available=available, steps=steps, settles=settles)


def check_allocation(claim: Claim, bound: Finding) -> Finding | None:
    """C4: D = 1/(SE^2 p(1-p)) events if they split like the patients (Schoenfeld 1981), read beside C3 only.

    Where events do not split so this cries wolf, and C3 does not: it is never a finding of its own.
    """
    share = allocation_share(claim)
    if share is None or claim.level is None or bound.needed is None or bound.available is None:
        return None
    factor = 1 / (4 * share * (1 - share))
    low, high = (factor * number for number in bound.needed)
    by_arm, arms = claim.n_by_arm or {}, claim.arms_compared or ("", "")
    split = ":".join(str(by_arm[arm]) for arm in arms)
    text = f"split like the patients, {split}, it takes about {span(Range(low, high), '.0f')} events"
    step = f"p = {share:.4f}, 1 / (4 p (1 - p)) = {factor:.4f}; events = {factor:.4f} x those of C3"
    if low <= bound.available:
        return Finding(claim.id, "C4", "consistent", f"{text}; there are {bound.available}", steps=(step,))
    if bound.verdict in {"implausible", "impossible"}:
        text += f"; only {bound.available} are there, as in C3"
        return Finding(claim.id, "C4", "implausible", text, steps=(step,), settles=SETTLED)
    text += f", more than the {bound.available}; it says nothing against it, for events need not split so and C3 passes"
    return Finding(claim.id, "C4", "consistent", text, steps=(step,))


def doubt(claim: Claim, shelf: Shelf) -> Doubt | None:
    """Say why fewer than half of the patients can have had the event.

    The source calls the data immature; or the medians lie beyond the median follow-up. With follow-up F and event time
    T independent, P(T <= F) is below one half when the median of T is beyond nearly all of F; beyond the median of F it
    is at least unlikely. Hence a claim is called implausible on such a ground, never impossible; and a note only where
    the one ground is a follow-up printed for another endpoint, whose own may be longer.
    """
    medians = [each for each in shelf.beside(claim, "median") if each.number is not None]
    said = claim.immature or any(each.immature for each in medians)
    told = ["the source calls the data immature"] if said else []
    beyond = _beyond(claim, medians, shelf)
    if beyond is not None:
        told.append(beyond.why)
    if not told:
        return None
    return Doubt(" and ".join(told), said or (beyond is not None and beyond.own))


def _beyond(claim: Claim, medians: list[Claim], shelf: Shelf) -> Doubt | None:
    for seen in shelf.at_cut(claim.cut, "follow-up"):
        if medians and all(_longer(median, seen) for median in medians):
            shown = " and ".join(str(median.value) for median in medians)
            why = f"the medians of {shown} lie beyond the median follow-up of {seen.value} {seen.unit}"
            own, whose = seen.measure[0] == claim.measure[0], seen.measure[0]
            other = f"{why} printed for {whose}; that for {claim.measure[0]} may be longer"
            return Doubt(why if own else other, own)
    return None


def _longer(one: Claim, other: Claim) -> bool:
    return one.number is not None and other.number is not None and one.unit == other.unit and one.number > other.number


def _verdict(needed: Range, available: int, printed: bool, fewer: Doubt | None) -> tuple[Verdict, str]:
    what = "events are printed" if printed else "patients exist"
    if needed.low > available:
        return "impossible", f"only {available} {what}"
    if not printed and fewer and needed.low > available / 2:
        verdict: Verdict = "implausible" if fewer.own else "note"
        return verdict, f"of {available} patients fewer than half can have had one, because {fewer.why}"
    return "consistent", f"{available} {what}"


def _steps(claim: Claim, needed: Range) -> tuple[str, ...]:
    level = claim.level or math.nan
    error, exact = standard_error(claim, level), printed_error(claim, level)
    low, high = figure(claim, claim.lower), figure(claim, claim.upper)
    if not exact:
        return (f"SE <= {error.high:.4f}, {low} and {high} being printed alike: events >= {needed.low:.1f}",)
    return (
        f"SE = (ln {high} - ln {low}) / (2 x {quantile(level):.4f}) = {exact:.4f}; "
        f"with rounding {error.low:.4f} to {error.high:.4f}",
        f"events >= 4 / SE^2 = {4 / exact**2:.1f}; with rounding {span(needed, '.1f')}",
    )


def _bound(claim: Claim, available: int, printed: bool) -> tuple[str, ...]:
    if claim.number is None or claim.level is None or not available:
        return ()
    least = 2 / math.sqrt(available)
    reach = math.exp(quantile(claim.level) * least)
    what = "events" if printed else "patients, had each an event"
    about = f"{claim.level:.0%} limits around {figure(claim, claim.value)} at least"
    return (
        f"{available} {what}: SE >= 2 / sqrt({available}) = {least:.4f}, {about} "
        f"{claim.number / reach:.2f} to {claim.number * reach:.2f}",
    )
