"""Estimands side by side, what they make of the same patients, and the tests that share one error rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.grid import cell, with_limits
from trialwright.report.layout import part, row, section, table, tagged
from trialwright.report.markup import Content, Markup, join, tag
from trialwright.report.promised import said

if TYPE_CHECKING:
    from trialwright.protocol import Estimand, Hypothesis
    from trialwright.report.inputs import Contents

__all__ = ["estimands", "multiplicity"]

_NONE = "The protocol names none."
_EFFECTS = {"hazard ratio": ("hazard ratio", "log-rank P"), "difference of proportions": ("difference", "difference P")}
_SUCCESSES = {"hazard ratio": "events", "difference of proportions": "rate"}


def estimands(contents: Contents) -> Markup:
    """Return the attributes and results of each estimand, and the patients each treats otherwise than its endpoint."""
    planned = contents.protocol.estimands
    body: Content = tag("p", _NONE)
    if planned:
        note = (
            "Each estimand is derived by its own rules from the same records (ICH E9(R1)). An intercurrent event under "
            "treatment policy changes nothing; a hypothetical strategy censors before it; a composite one counts it as "
            "the event, or the response as failed; while on treatment, time ends with it."
        )
        body = (tag("p", note), _attributes(contents), _effects(contents), _differences(contents))
    return section(contents, "estimands", "Estimands", body, cls="wide")


def _attributes(contents: Contents) -> Markup:
    heads = ("Variable", "Population", "Treatment", "Intercurrent events", "Summary", "Status")
    rows = (
        row(said(f"estimands.{e.id}", e.label), _five(contents, e), labels=heads) for e in contents.protocol.estimands
    )
    return table("The five attributes of each estimand", ("Estimand", *heads), rows, cls="stack")


def _five(contents: Contents, estimand: Estimand) -> Iterator[Content]:
    yield contents.endpoint_label(estimand.variable)
    yield contents.population_label(estimand.population)
    yield " v ".join(contents.group_label(arm) for arm in _arms(contents, estimand))
    events = (tag("li", f"{each.event}: {each.strategy}") for each in estimand.intercurrent_events)
    yield tag("ul", events) if estimand.intercurrent_events else "none named"
    yield estimand.summary
    yield join(*(tagged(status) for status in _statuses(contents, f"estimands.{estimand.id}.")))


def _arms(contents: Contents, estimand: Estimand) -> list[str]:
    """Return the arms compared, the control last."""
    control = contents.protocol.analysis.control
    return sorted(estimand.treatment, key=lambda arm: (arm == control, contents.arms.index(arm)))


def _statuses(contents: Contents, path: str) -> dict[str, None]:
    from trialwright.protocol import leaves

    return dict.fromkeys(leaf.status for leaf in leaves(contents.protocol) if leaf.path.startswith(path))


def _effects(contents: Contents) -> Markup:
    cut, heads = contents.last_cut, [contents.group_label(arm) for arm in contents.arms]
    ci = f"({100 * contents.protocol.analysis.confidence_level:g}% CI)"
    names = [(group, text) for group in contents.comparisons for text in (f"Effect {ci}", "P, two-sided")]
    titles = [
        f"{text}, {contents.group_label(group)}" if len(contents.comparisons) > 1 else text for group, text in names
    ]
    rows = (row(e.label, _numbers(contents, cut, e)) for e in contents.protocol.estimands)
    caption = (
        "Events or successes by arm and the effect, ", contents.cut_label(cut), ". Hazard ratios below 1 and "
        "differences above 0 favor the arm named first.",
    )  # fmt: skip
    return table(caption, ("Estimand", *heads, *titles), rows)


def _numbers(contents: Contents, cut: str, estimand: Estimand) -> Iterator[Content]:
    place = {"population": estimand.population}
    counted = _SUCCESSES[estimand.summary]
    show = printed.count_and_share if counted == "rate" else printed.estimate
    for arm in contents.arms:
        yield cell(contents, contents.first(cut, estimand.id, counted, group=arm, **place), show)
    effect, p = _EFFECTS[estimand.summary]
    for group in contents.comparisons:
        yield cell(contents, contents.first(cut, estimand.id, effect, group=group, **place), with_limits)
        yield cell(contents, contents.first(cut, estimand.id, p, group=group, **place))


def _differences(contents: Contents) -> Markup:
    cut, arms = contents.last_cut, contents.arms
    body = [made for estimand in contents.protocol.estimands for made in _changes(contents, cut, estimand)]
    caption = (
        "Patients whose status or day differs from the endpoint's own analysis, and why, ", contents.cut_label(cut),
        ". Each count leads to its patients.",
    )  # fmt: skip
    return table(caption, ("Change", *(contents.group_label(arm) for arm in arms)), body)


def _changes(contents: Contents, cut: str, estimand: Estimand) -> Iterator[Markup]:
    against = f"against {estimand.variable}"
    rows = contents.rows(cut, estimand.id, "differs", population=estimand.population)
    items = [r.item for r in rows if r.item == against or (r.item or "").startswith(f"{against}: ")]
    yield part(estimand.label, len(contents.arms) + 1)
    for item in dict.fromkeys(items):
        name = (item or "").removeprefix(f"{against}: ") if item != against else "Any difference"
        found = (next((r for r in rows if (r.item, r.group) == (item, arm)), None) for arm in contents.arms)
        yield row(name, (cell(contents, each) for each in found), sub=item != against)


def multiplicity(contents: Contents) -> Markup:
    """Return the tests that share one error rate, in order, with adjusted P values and decisions."""
    plan = contents.protocol.analysis.multiplicity
    body: Content = tag("p", "The protocol shares no error rate between tests: each P value stands alone.")
    if plan is not None and plan.cut in contents.cuts:
        rows = (row(*_decided(contents, plan.cut, each)) for each in plan.hypotheses)
        method = said("analysis.multiplicity", f"{plan.method}, two-sided alpha {100 * plan.alpha:g}% together")
        heads = ("No difference in", "Comparison", "P", "Adjusted P", "Decision")
        body = table(
            (tag("b", "Tests under one error rate"), ", ", contents.cut_label(plan.cut), ". ", method), heads, rows
        )
    elif plan is not None:
        body = tag(
            "p", f"The tests are made at the data cut-off {contents.cut_label(plan.cut)}, which was not reached."
        )
    return section(contents, "multiplicity", "Multiple tests", body)


def _decided(contents: Contents, cut: str, hypothesis: Hypothesis) -> tuple[Content, list[Content]]:
    group = f"{hypothesis.arm} v {contents.protocol.analysis.control}"
    place = {"group": group, "population": hypothesis.population}

    def found(statistic: str, item: str | None = "multiplicity") -> Content:
        return cell(contents, contents.first(cut, hypothesis.endpoint, statistic, item=item, **place))

    plain = next(
        (p for p in ("log-rank P", "difference P") if contents.first(cut, hypothesis.endpoint, p, **place)), ""
    )
    cells: list[Content] = [contents.group_label(group), found(plain, None), found("adjusted P"), found("rejected")]
    return contents.endpoint_label(hypothesis.endpoint), cells
