"""What was published beside what was rehearsed; checks of the claims; how well the scenario is calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.layout import row, section, table
from trialwright.report.markup import Content, Markup, join, tag
from trialwright.report.strip import strip

if TYPE_CHECKING:
    from trialwright.report.inputs import Calibrated, Checked, Compared, Contents
    from trialwright.results import Result

__all__ = ["calibrated", "checked", "claims", "compared", "place_text", "printed_claim", "replay_text"]

_UNITS = {"percent": "%", "%": "%", "share": "", "ratio": "", "": ""}


def compared(contents: Contents) -> Markup:
    """Return published beside rehearsed, with the place of each published value among the replays."""
    labels = ("Published", "Rehearsed", "Replays: mean (5% to 95%)", "Place", "Replays below")
    rows = [row(_name(contents, c), _compared(contents, c), labels=labels) for c in contents.comparison]
    caption = (
        "Each published figure beside the same statistic of this rehearsal, and its place among replays of the trial. ",
        "Band: middle nine tenths of the replays; line: their mean; dot: published. ",
        tag("a", "How the replays are made", href="#m-replays"),
        ".",
    )
    body = (
        table(caption, ("Figure", *labels), rows, cls="stack") if rows else tag("p", "No published figures were given.")
    )
    return section(contents, "published", "Published beside rehearsed", body)


def _name(contents: Contents, c: Compared) -> Content:
    return (c.label, " ", tag("span", contents.cut_label(c.cut), cls="note"))


def _compared(contents: Contents, c: Compared) -> list[Content]:
    key = contents.anchors.get(c.key)
    found = "not estimable" if c.found is None else printed.amount(c.found, c.decimals) + unit_text(c.unit)
    return [
        _to_claim(c.claim, printed_claim(c)),
        tag("a", found, cls="n", href=f"#{key}") if key else _to_claim(c.claim, found),
        _to_claim(c.claim, replay_text(c)),
        None if None in (c.mean, c.q05, c.q95) else strip(c.published, c.mean or 0, c.q05 or 0, c.q95 or 0),
        _to_claim(c.claim, place_text(c)),
    ]


def _to_claim(claim: str, text: str) -> Content:
    return tag("a", text, cls="n", href=f"#c-{claim}") if text else None


def unit_text(unit: str) -> str:
    """Return a unit as it follows its number."""
    return _UNITS.get(unit, f" {unit}")


def printed_claim(c: Compared) -> str:
    """Return a published value with its limits as printed."""
    value = printed.amount(c.published, c.decimals) + unit_text(c.unit)
    if c.lower is None and c.upper is None:
        return value
    low, high = ("not reached" if x is None else printed.amount(x, c.decimals) for x in (c.lower, c.upper))
    return f"{value} ({'' if c.level is None else f'{100 * c.level:g}% CI '}{low} to {high})"


def replay_text(c: Compared) -> str:
    """Return mean and middle nine tenths of the replays."""
    if c.mean is None or c.q05 is None or c.q95 is None:
        return ""
    mean, low, high = (printed.amount(x, c.decimals) for x in (c.mean, c.q05, c.q95))
    return f"{mean} ({low} to {high})"


def place_text(c: Compared) -> str:
    """Return the share of replays below the published value."""
    return "" if c.place is None else printed.percent(c.place)


def checked(contents: Contents) -> Markup:
    """Return the consistency checks of the published claims."""
    labels = ("Check", "Verdict", "What was computed")
    rows = [row(c.claim, _checked(c), labels=labels) for c in contents.checks]
    caption = "Whether the printed numbers of the publications fit one another; nothing here comes from the rehearsal."
    body = table(caption, ("Claim", *labels), rows, cls="stack") if rows else tag("p", "No claims were checked.")
    return section(contents, "checks", "Consistency of the published claims", body)


def _checked(c: Checked) -> list[Content]:
    verdict = {True: ("fits", "yes"), False: ("does not fit", "no"), None: ("cannot tell", None)}[c.passed]
    return [_to_claim(c.claim, c.check), tag("span", verdict[0], cls=verdict[1]), _to_claim(c.claim, c.detail)]


def calibrated(contents: Contents) -> Markup:
    """Return the calibrated quantities: target, mean of the replays, Monte Carlo error and distance."""
    labels = ("Target", "Mean of replays", "Standard error", "z", "Verdict")
    rows = [row(c.quantity, _calibrated(c), labels=labels) for c in contents.calibration]
    caption = "Published figures the scenario was calibrated to, and what replays on other random numbers give"
    body = table(caption, ("Quantity", *labels), rows, cls="stack") if rows else tag("p", "No calibration was given.")
    return section(contents, "calibration", "Calibration of the scenario", body)


def _calibrated(c: Calibrated) -> list[Content]:
    numbers = (f"{c.target:.4g}", f"{c.mean:.4g}", f"{c.standard_error:.2g}", f"{c.z:+.2f}")
    verdict = tag(
        "span", "within two standard errors" if c.within else (c.problem or "missed"), cls="yes" if c.within else "no"
    )
    return [*(tag("a", text, cls="n", href="#m-calibration") for text in numbers), verdict]


def claims(contents: Contents) -> Markup:
    """Return what is behind each published number: its source, what it is compared with, and its checks."""
    names = dict.fromkeys([c.claim for c in contents.comparison] + [c.claim for c in contents.checks])
    by_key = {r.key: r for r in contents.results}
    rows = [_claim(contents, name, by_key) for name in names]
    labels = ("Claim", "Printed", "Source", "Compared with", "Replays", "Checks")
    return table("Every published number shown in this report", labels, rows, cls="stack") if rows else Markup("")


def _claim(contents: Contents, name: str, by_key: dict[str, Result]) -> Markup:
    compared_with = next((c for c in contents.comparison if c.claim == name), None)
    checks = [c for c in contents.checks if c.claim == name]
    labels = ("Printed", "Source", "Compared with", "Replays", "Checks")
    cells: Sequence[Content] = ("", "", "", "") if compared_with is None else _behind(contents, compared_with, by_key)
    verdicts = join(*(join(tag("div", f"{c.check}: {c.detail}")) for c in checks))
    return row(name, [*cells, verdicts], labels=labels, id=f"c-{name}")


def _behind(contents: Contents, c: Compared, by_key: dict[str, Result]) -> list[Content]:
    found = by_key.get(c.key)
    link: Content = (
        "no number of the results" if found is None else tag("a", found.key, href=f"#{contents.anchors[found.key]}")
    )
    replays: Content = "not replayed" if c.mean is None else tag("a", f"{c.replays} replays", href="#m-replays")
    return [f"{c.label}: {printed_claim(c)}", c.citation, link, replays]
