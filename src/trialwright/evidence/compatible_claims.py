"""A ledger's own figures of one endpoint, as what compatible data sets must print."""

from __future__ import annotations

from trialwright.evidence.claims import Claim
from trialwright.evidence.claims_file import Claims
from trialwright.evidence.compatible import Compatible, PrintedArm, compatible
from trialwright.stats import DAYS_PER_MONTH

__all__ = ["compatible_with"]


def compatible_with(
    claims: Claims,
    *,
    cut: str,
    endpoint: str,
    events: tuple[int, int],
    longest: float,
    seed: int,
    follow_up: float | None = None,
    curves: int = 30,
) -> Compatible:
    """Return data sets that print what one study's claims say of an endpoint at a data cut.

    Taken are the medians and the Kaplan-Meier rates of both arms, the hazard ratio with its interval and P value, and
    the median follow-up, unless ``follow_up`` (months) is given; all of the population and the assessor of the first
    hazard ratio that has an interval. The denominator of the hazard ratio is the first
    arm. ``events``, ``longest``, ``seed`` and ``curves`` as for ``compatible``. ValueError naming what is not printed.

    >>> from trialwright.evidence import ledger
    >>> claims = ledger("pace").of("pace").claims
    >>> found = compatible_with(claims, cut="primary", endpoint="PFS", events=(110, 166), longest=50, seed=1, curves=2)
    >>> [answer.printed for answer in found.answers if answer.name.startswith("median of")]
    ['4.8', '4.6']
    """
    own = [c for c in claims.claims if (c.cut, c.endpoint) == (cut, endpoint) and isinstance(c.value, int | float)]
    ratio = _ratio(own, cut, endpoint)
    own = [c for c in own if c.population == ratio.population and c.assessed_by in {None, ratio.assessed_by}]
    followed = [c.value for c in own if c.statistic == "follow-up" and isinstance(c.value, int | float)]
    if follow_up is None and not followed:
        raise ValueError(f"the median follow-up of {endpoint} at the cut {cut!r} is not printed; give it")
    return compatible(
        (_arm(own, ratio.denominator or "", ratio), _arm(own, ratio.numerator or "", ratio)),
        seed=seed,
        events=events,
        follow_up=followed[0] if follow_up is None else follow_up,
        longest=longest,
        hazard_ratio=_text(ratio, ratio.value),
        limits=None if ratio.lower is None else (_text(ratio, ratio.lower), _text(ratio, ratio.upper)),
        level=0.95 if ratio.level is None else ratio.level,
        p=None if ratio.p is None or ratio.p.operator != "=" else str(ratio.p.value),
        curves=curves,
    )


def _ratio(own: list[Claim], cut: str, endpoint: str) -> Claim:
    """Return the hazard ratio, the one with its patients by arm and its interval before another."""
    ratios = [c for c in own if c.is_hazard_ratio and c.numerator and c.denominator and c.n_by_arm]
    if not ratios:
        known = sorted({f"{c.endpoint} at {c.cut}" for c in own})
        told = f"; printed are {', '.join(known)}" if known else ""
        raise ValueError(f"no hazard ratio of {endpoint} at the cut {cut!r} is printed with its patients by arm{told}")
    return min(ratios, key=lambda c: c.lower is None)


def _arm(own: list[Claim], name: str, ratio: Claim) -> PrintedArm:
    mine = [claim for claim in own if claim.arm == name]
    medians = [claim for claim in mine if claim.statistic == "median" and claim.unit == "months"]
    rates = {month: claim for claim in mine if claim.statistic == "rate" and (month := _month(claim)) is not None}
    median = medians[0] if medians else None
    limited = median is not None and median.lower is not None
    return PrintedArm(
        name,
        (ratio.n_by_arm or {})[name],
        median=None if median is None else _text(median, median.value),
        median_limits=(_text(median, median.lower), _text(median, median.upper)) if median and limited else None,
        rates={month: _share(claim) for month, claim in rates.items()},
    )


def _month(claim: Claim) -> float | None:
    """Return the month of a Kaplan-Meier rate; None for a share of counted patients."""
    if claim.at_months is not None:
        return claim.at_months
    return None if claim.result is None or claim.result.at is None else claim.result.at / DAYS_PER_MONTH


def _text(claim: Claim, number: float | str | None) -> str:
    return f"{float(number or 0):.{claim.printed_decimals}f}"


def _share(claim: Claim) -> str:
    percent = claim.unit in {"percent", "%"}
    scale, more = (100, 2) if percent else (1, 0)
    return f"{float(claim.value or 0) / scale:.{claim.printed_decimals + more}f}"
