"""What was published beside what was rehearsed; checks of the claims; how well the scenario is calibrated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.layout import part, row, section, table, tagged
from trialwright.report.markup import Content, Markup, join, tag
from trialwright.report.strip import strip
from trialwright.stats import DAYS_PER_MONTH

if TYPE_CHECKING:
    from trialwright.evidence import Achieved, Claim, Compared, Finding
    from trialwright.report.inputs import Contents

__all__ = ["calibrated", "checked", "claims", "compared", "place_text", "published_text", "replay_text", "shown_text"]

_UNITS = {"percent": "%", "%": "%", "share": "", "hazard ratio": "", "ratio": "", "": ""}


def compared(contents: Contents) -> Markup:
    """Return published beside rehearsed, with the place of each published value among the replays."""
    labels = ("Published", "Rehearsed", "Replays: mean, of P values median (5% to 95%)", "Place", "Replays below")
    cuts = _cuts(contents, [c.claim for c in contents.comparison])
    rows = [made for cut in cuts for made in _cut(contents, cut, labels)]
    caption = (
        "Each published figure beside the same statistic of this rehearsal, and its place among replays of the trial. ",
        "Band: middle nine tenths of the replays; line: their mean (of P values their median); dot: published. ",
        tag("a", "How the replays are made", href="#m-replays"),
        ".",
    )
    body = (
        table(caption, ("Figure", *labels), rows, cls="stack") if rows else tag("p", "No published figures were given.")
    )
    return section(contents, "published", "Published beside rehearsed", body)


def _cut(contents: Contents, cut: str, labels: Sequence[str]) -> Iterator[Markup]:
    yield part(contents.cut_label(cut), len(labels) + 1)
    for c in contents.comparison:
        if c.claim.cut == cut:
            yield row(_label(c.claim), _compared(contents, c), labels=labels)


def _cuts(contents: Contents, claims: Iterable[Claim]) -> list[str]:
    """Return the cuts of the claims: those of the plan in its order, then the others."""
    seen = dict.fromkeys(claim.cut for claim in claims)
    planned = [cut.id for cut in contents.protocol.analysis.cuts if cut.id in seen]
    return [*planned, *(cut for cut in seen if cut not in planned)]


def _label(claim: Claim) -> Content:
    return claim.label if claim.kind == "reported" else (claim.label, " ", tagged(claim.kind))


def _dated(contents: Contents, claim: Claim) -> Content:
    return (_label(claim), " ", tag("span", contents.cut_label(claim.cut), cls="note"))


def _compared(contents: Contents, c: Compared) -> list[Content]:
    anchor, found = contents.anchors.get(c.key), shown_text(c)
    return [
        _to_claim(c.claim.id, published_text(c)),
        tag("a", found, cls="n", href=f"#{anchor}") if anchor else _to_claim(c.claim.id, found),
        _to_claim(c.claim.id, replay_text(c)),
        _strip(c),
        (_to_claim(c.claim.id, place_text(c)), " ", _remark(c) if _outside(c) else None),
    ]


def _remark(c: Compared) -> Content:
    """Return that a published value lies outside the band, and what the ledger says about it."""
    return tagged("outside the band"), tag("div", c.claim.note, cls="note") if c.claim.note else None


def _outside(c: Compared) -> bool:
    place = None if c.replayed is None else c.replayed.place
    return place is not None and not 0.05 <= place <= 0.95


def _strip(c: Compared) -> Markup | None:
    found = c.replayed
    middle = _middle(c)
    if found is None or middle is None or found.low is None or not isinstance(c.claim.value, int | float):
        return None
    return strip(c.claim.value, middle, found.low, found.high)


def _middle(c: Compared) -> float | None:
    """Return the mean of the replays; of P values, whose mean says nothing, the median."""
    if c.replayed is None:
        return None
    statistic = "" if c.claim.result is None else c.claim.result.statistic
    return c.replayed.median if statistic == "P" or statistic.endswith(" P") else c.replayed.mean


def _to_claim(claim: str, text: str) -> Content:
    return tag("a", text, cls="n", href=f"#c-{claim}") if text else None


def _with_unit(text: str, unit: str) -> str:
    """The unit stands with the value, before any limits."""
    value, space, limits = text.partition(" (")
    return value + _UNITS.get(unit, f" {unit}") + space + limits if text else text


def published_text(c: Compared) -> str:
    """Return what was printed, with its unit."""
    return _with_unit(c.published, "" if isinstance(c.claim.value, str) else c.claim.unit)


def shown_text(c: Compared) -> str:
    """Return what was found, printed in the same way; "not reached" or "not estimable" where there is nothing."""
    nothing = printed.NOT_REACHED if c.claim.unit == "months" and c.key else printed.NOT_ESTIMABLE
    return _with_unit(c.shown, c.claim.unit) or nothing


def replay_text(c: Compared) -> str:
    """Return mean (of P values median) and middle nine tenths of the replays."""
    middle = _middle(c)
    if c.replayed is None or middle is None:
        return ""
    places = c.claim.printed_decimals
    low, high = (
        printed.NOT_REACHED if x is None else printed.amount(x, places) for x in (c.replayed.low, c.replayed.high)
    )
    return f"{printed.amount(middle, places)} ({low} to {high})"


def place_text(c: Compared) -> str:
    """Return the share of replays below the published value."""
    return "" if c.replayed is None or c.replayed.place is None else printed.percent(c.replayed.place)


def checked(contents: Contents) -> Markup:
    """Return the consistency checks of the published claims."""
    labels = ("Check", "Verdict", "What was computed")
    rows = [row(_name(contents, f.claim), _checked(f), labels=labels) for f in contents.findings]
    caption = "Whether the printed numbers of the publications fit one another; nothing here comes from the rehearsal."
    body = table(caption, ("Claim", *labels), rows, cls="stack") if rows else tag("p", "No claims were checked.")
    return section(contents, "checks", "Consistency of the published claims", body)


def _name(contents: Contents, claim: str) -> Content:
    return claim if contents.claims is None else _dated(contents, contents.claims.claim(claim))


def _checked(found: Finding) -> list[Content]:
    look = {"consistent": "yes", "not checkable": None, "note": None}.get(found.verdict, "no")
    return [
        _to_claim(found.claim, _check(found)),
        tag("span", found.verdict, cls=look),
        _to_claim(found.claim, found.message),
    ]


def _check(found: Finding) -> str:
    from trialwright.evidence import CHECKS

    held = CHECKS[found.check]
    return held[:1].upper() + held[1:]


def calibrated(contents: Contents) -> Markup:
    """Return the calibrated quantities: target, mean of the replays, Monte Carlo error and distance."""
    labels = ("Target", "Mean of replays", "Standard error", "z", "Verdict")
    rows = [row(_sought(contents, c), _calibrated(c, _scale(contents, c)), labels=labels) for c in contents.calibration]
    caption = "Published figures the scenario was calibrated to, and what replays on other random numbers give"
    body = table(caption, ("Quantity", *labels), rows, cls="stack") if rows else tag("p", "No calibration was given.")
    return section(contents, "calibration", "Calibration of the scenario", body)


def _target(contents: Contents, c: Achieved) -> Claim | None:
    """Return the published figure a parameter was fitted to; None where the scenario is not given."""
    fitted = () if contents.scenario is None else contents.scenario.calibration
    wanted = next((each.claim for each in fitted if each.parameter == c.parameter), None)
    known = () if contents.claims is None else contents.claims.claims
    return next((claim for claim in known if claim.id == wanted), None)


def _sought(contents: Contents, c: Achieved) -> Content:
    claim = _target(contents, c)
    return c.quantity if claim is None else (_dated(contents, claim), tag("div", f"by {c.parameter}", cls="note"))


def _scale(contents: Contents, c: Achieved) -> tuple[float, str]:
    """Return what turns days into the months, and shares into the percentages, that were printed."""
    claim = _target(contents, c)
    return {"months": (1 / DAYS_PER_MONTH, " months"), "percent": (100.0, "%")}.get(
        claim.unit if claim else "", (1, "")
    )


def _calibrated(c: Achieved, scale: tuple[float, str]) -> list[Content]:
    factor, unit = scale
    sizes = (f"{c.target * factor:.4g}", f"{c.mean * factor:.4g}", f"{c.standard_error * factor:.2g}")
    numbers = (*(size + unit for size in sizes), f"{c.z:+.2f}")
    met = "within two standard errors" if c.within else "more than two standard errors away"
    remark = "" if c.problem is None else c.problem.partition("; ")[2] if not c.within else c.problem
    verdict = f"{met}: {remark}" if remark else met
    linked = (tag("a", text, cls="n", href="#m-calibration") for text in numbers)
    return [*linked, tag("a", verdict, cls="n yes" if c.within else "n no", href="#m-calibration")]


def claims(contents: Contents) -> Markup:
    """Return what is behind each published number: its source, what answers it, and its checks."""
    if contents.claims is None:
        return tag("p", "No published figures were given.")
    answers = {c.claim.id: c for c in contents.comparison}
    labels = ("Printed", "Source", "Answered by", "Replays", "Checks", "Note")
    rows = [
        row(_dated(contents, claim), _behind(contents, claim, answers.get(claim.id)), labels=labels, id=f"c-{claim.id}")
        for claim in contents.claims.claims
    ]
    return table("Every published number of the study's ledger", ("Claim", *labels), rows, cls="stack")


def _behind(contents: Contents, claim: Claim, answer: Compared | None) -> list[Content]:
    sources = {} if contents.claims is None else contents.claims.sources
    value = published_text(answer) if answer else _printed(claim)
    checks = (f for f in contents.findings if f.claim == claim.id)
    verdicts = join(*(tag("div", f"{_check(f)}: {f.verdict}. {f.message}") for f in checks))
    level = "" if claim.level is None else f"; {100 * claim.level:g}% limits"
    return [value + level, sources.get(claim.cited), _answer(contents, answer), _replays(answer), verdicts, claim.note]


def _printed(claim: Claim) -> str:
    if not isinstance(claim.value, int | float):
        return claim.value or ""
    numbers = (x for x in (claim.value, claim.lower, claim.upper) if x is not None)
    value, *limits = (f"{x:.{claim.printed_decimals}f}" for x in numbers)
    return _with_unit(f"{value} ({'-'.join(limits)})" if limits else value, claim.unit)


def _answer(contents: Contents, answer: Compared | None) -> Content:
    if answer is None:
        return "no number of a rehearsal"
    anchor = contents.anchors.get(answer.key)
    return tag("a", answer.key, href=f"#{anchor}") if anchor else answer.problem


def _replays(answer: Compared | None) -> Content:
    if answer is None or answer.replayed is None:
        return "not replayed"
    found = answer.replayed
    return (tag("a", f"{found.replays} replays", href="#m-replays"), f", estimable in {found.estimable}")
