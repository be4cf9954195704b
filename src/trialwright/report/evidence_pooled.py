"""The pooled answer: in a few words, as a forest, in groups, and with one thing changed at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trialwright.report.evidence_claims import printed_claim
from trialwright.report.figure import Figure, plain
from trialwright.report.funnel import drawn_funnel
from trialwright.report.layout import facts, row, table
from trialwright.report.markup import Content, Markup, join, tag
from trialwright.report.synthesis_forest import drawn_forest

if TYPE_CHECKING:
    from trialwright.evidence import Inference, SensitivityRow, Subgroups, Synthesis
    from trialwright.report.evidence_page import EvidenceContents

__all__ = ["figures", "pooled", "sensitivity", "verdict"]

_TESTS = {"z": "z", "t": "t", "HK": "Hartung-Knapp", "HK ad hoc": "Hartung-Knapp, ad hoc"}


def verdict(contents: EvidenceContents) -> Markup:
    """Return the answer in boxes: all trials, each group, the groups against each other, what does not fit."""
    first = contents.rows[0]
    pairs: list[tuple[str, str, str]] = [_box("All trials", first.synthesis.inference, len(first.synthesis.studies))]
    if first.groups is not None:
        pairs += [
            _box(name.capitalize(), mean, len(first.groups.groups[name])) for name, mean in first.groups.means.items()
        ]
        pairs += _against(first.groups)
    grave = [one for one in contents.findings if one.verdict == "impossible"]
    doubtful = [one for one in contents.findings if one.verdict == "implausible"]
    pairs.append(("Figures impossible as printed", str(len(grave)), f"{len(doubtful)} implausible"))
    boxes = (tag("div", tag("dt", name), tag("dd", value, tag("small", note))) for name, value, note in pairs)
    reading = tag("p", contents.asked.reading) if contents.asked.reading else None
    return join(tag("dl", boxes, cls="key"), reading)


def _box(name: str, mean: Inference, trials: int) -> tuple[str, str, str]:
    value, lower, upper = mean.ratio
    limits = f"{100 * mean.level:g}% {lower:.2f} to {upper:.2f} ({_TESTS[mean.test]}), {trials} trials"
    return f"{name}: hazard ratio", f"{value:.2f}", limits


def _against(groups: Subgroups) -> Iterator[tuple[str, str, str]]:
    names = list(groups.means)
    if len(names) == 2:
        difference = groups.difference(*names)
        value, lower, upper = difference.ratio
        yield (
            f"{names[0]} over {names[1]}".capitalize(),
            f"{value:.2f}",
            f"{lower:.2f} to {upper:.2f}, P {_p(difference.p)}",
        )


def pooled(contents: EvidenceContents) -> Content:
    """Return the synthesis in words and numbers, beside the answer from outside."""
    found, groups = contents.rows[0].synthesis, contents.rows[0].groups
    spread = found.heterogeneity
    between = (
        []
        if groups is None
        else [("Between groups", f"Q {groups.between.statistic or 0:.2f}, P {_p(groups.between.p or 0)}")]
    )
    outside = [(claim.population or claim.label, printed_claim(claim)) for claim in contents.outside]
    told = "; ".join(f"{name}: {value}" for name, value in outside)
    return facts(
        [
            *((f"By {_TESTS[each.test]}", f"{_ratio(each)}, P {_p(each.p)}") for each in found.inferences),
            ("Spread between trials", f"τ² {spread.tau2:.4f} ({_tau2_limits(found)}), I² {100 * spread.i2:.1f}%"),
            ("Heterogeneity", f"Q {spread.q:.2f} on {spread.df} df, P {_p(spread.p)}"),
            ("Another such trial may show", _predicted(found)),
            *between,
            ("A meta-analysis from outside", told),
        ]
    )


def _tau2_limits(found: Synthesis) -> str:
    spread = found.heterogeneity
    return spread.problem or f"95% Q-profile {spread.lower:.3f} to {spread.upper:.3f}"


def _predicted(found: Synthesis) -> str:
    predicted = found.predict("t, k-2", found.test)
    if predicted.lower is None or predicted.upper is None:
        return ""
    ends = f"{math.exp(predicted.lower):.2f} to {math.exp(predicted.upper):.2f}"
    return f"{ends} (95% prediction, t with k-2 degrees of freedom)"


def figures(contents: EvidenceContents) -> Content:
    """Return forest and funnel."""
    found, groups = contents.rows[0].synthesis, contents.rows[0].groups
    endpoint = contents.poolable.endpoint
    forest = drawn_forest(groups or found, title=f"Hazard ratios of {endpoint}", favors=contents.asked.favors)
    return _drawn(forest), _drawn(drawn_funnel(found, title=f"Funnel of {endpoint}: precision against effect"))


def _drawn(figure: Figure) -> Markup:
    caption = tag("figcaption", tag("b", figure.title), ". ", figure.description)
    cls = "broad" if figure.width > 760 else None
    if figure.narrow is None:
        return tag("figure", caption, figure.inline(plain), cls=cls)
    both = (figure.inline(plain, "figure at-desk"), figure.narrow.inline(plain, "figure in-hand"))
    return tag("figure", caption, both, cls=cls)


def sensitivity(contents: EvidenceContents) -> Content:
    """Return the table of what changes with one thing changed at a time."""
    test = contents.rows[0].synthesis.test
    first = contents.rows[0].groups
    names = list(first.means) if first is not None else []
    between = (f"{names[0]} over {names[1]}".capitalize(),) if len(names) == 2 else ()
    labels = (f"By {_TESTS[test]}", "P", "By z", "P by z", "τ²", *(name.capitalize() for name in names), *between)
    rows = [_changed(each, names, labels, taken=each is contents.rows[0]) for each in contents.rows]
    caption = "Each row changes one thing against the first. Limits at 95%."
    return table(caption, ("Changed", *labels), rows, cls="stack")


def _changed(found: SensitivityRow, names: list[str], labels: tuple[str, ...], *, taken: bool) -> Markup:
    mean, z = found.synthesis.inference, found.synthesis.under("z")
    # a common effect has no Hartung-Knapp limits; its row says so by leaving them out
    first = (_ratio(mean), _p(mean.p)) if mean.test != "z" else ("", "")
    groups = found.groups if found.groups is not None and set(found.groups.means) == set(names) else None
    grouped = [_ratio(groups.means[name]) if groups else "" for name in names]
    between = [_ratio(groups.difference(*names)) if groups else ""] if len(names) == 2 else []
    cells = (*first, _ratio(z), _p(z.p), f"{found.synthesis.heterogeneity.tau2:.4f}", *grouped, *between)
    label: Content = tag("b", found.label) if taken else found.label
    return row(label, cells, labels=labels)


def _ratio(mean: Inference) -> str:
    value, lower, upper = mean.ratio
    return f"{value:.2f} ({lower:.2f} to {upper:.2f})"


def _p(p: float) -> str:
    return "<0.0001" if p < 0.00005 else f"{p:.4f}"
