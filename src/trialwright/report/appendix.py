"""Open points, methods, and how the report was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trialwright.report.layout import facts, row, section, table, tagged
from trialwright.report.markup import Content, Markup, tag
from trialwright.results import Method

if TYPE_CHECKING:
    from trialwright.protocol import Leaf
    from trialwright.report.inputs import Contents

__all__ = ["made", "methods", "open_questions", "supposed"]

_OWN = (
    Method(
        "replays",
        "Replays of the whole trial",
        "Each replay is a virtual trial of its own, drawn from the same protocol and scenario with its own random "
        "numbers. The mean is over the replays in which the statistic could be estimated; of P values, whose mean says "
        "nothing, the median is shown. The 5% and 95% quantiles are "
        "the smallest value with at least that share of the replays at or below it, a time that was not reached "
        "counting as longer than any other. The replays below a published value include half of those that print the "
        "same. The subjects of a replay are not part of this report: its number and the seed draw it again.",
        "",
    ),
    Method(
        "calibration",
        "Calibration error",
        "z is the mean of the replays less the target, divided by the Monte Carlo standard error of that mean "
        "(standard deviation over the square root of the number of replays).",
        "",
    ),
)


def open_questions(contents: Contents) -> Markup:
    """Return every assumed or unknown value with its reason, and the questions the sources leave open."""
    from trialwright.protocol import open_points

    found = open_points(contents.protocol)
    labels = ("Concerns", "What the file does meanwhile")
    questions = [
        row(q.question, [", ".join(q.about), q.decision or "undecided"], labels=labels) for q in found.questions
    ]
    heads = ("Value", "Status", "Why")
    values = [row(tag("code", leaf.path), _open(leaf), labels=heads) for leaf in found.leaves]
    return section(
        contents,
        "open",
        "Open points and assumptions",
        tag("p", "The numbers of this report rest on the following beyond the protocol's sources."),
        table("Questions the sources leave open", ("Question", *labels), questions, cls="stack") if questions else None,
        table("Values assumed or unknown", ("Path in the protocol file", *heads), values, cls="stack")
        if values
        else None,
    )


def supposed(contents: Contents) -> Markup:
    """Return every value of the scenario with its status and reason."""
    title = "What the scenario supposes"
    if contents.scenario is None:
        return section(contents, "supposed", title, tag("p", "No scenario was given."))
    from trialwright.protocol import leaves

    heads = ("Value", "Status", "Source and reason")
    sources = contents.scenario.sources
    rows = [
        row(tag("code", leaf.path), [*_open(leaf)[:2], _because(leaf, sources)], labels=heads)
        for leaf in leaves(contents.scenario)
        if leaf.path.partition(".")[0] not in _ABOUT
    ]
    note = (
        f"The virtual trial was drawn from the scenario {contents.scenario.label!r}. No result is evidence for these "
        "values. Those that were fitted stand with their targets under Calibration of the scenario."
    )
    made = table("Every value of the scenario file", ("Path in the scenario file", *heads), rows, cls="stack")
    return section(contents, "supposed", title, tag("p", note), made)


_ABOUT = frozenset({"study", "label", "calibration", "sources"})
"""Parts of a scenario file that suppose nothing."""


def _because(leaf: Leaf, sources: Mapping[str, str]) -> str:
    source = sources.get(leaf.source or "", leaf.source)
    return ". ".join(filter(None, (source, leaf.why))) or "no reason is given"


def _open(leaf: Leaf) -> list[Content]:
    value = leaf.value
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else "–" if value is None else str(value)
    return [text, tagged(leaf.status), leaf.why or "no reason is given"]


def methods(contents: Contents) -> Markup:
    """Return how each kind of number is computed."""
    own = _OWN if contents.comparison or contents.calibration else ()
    return section(contents, "methods", "Methods", [_method(m) for m in (*contents.results.methods.values(), *own)])


def _method(method: Method) -> Markup:
    citation = tag("p", method.citation, cls="note") if method.citation else None
    return tag("div", tag("h3", method.title), tag("p", method.formula), citation, id=f"m-{method.id}")


def made(contents: Contents) -> Markup:
    """Return from what the report was made."""
    pairs = [(name.replace("_", " "), _text(value)) for name, value in contents.manifest.items()]
    return section(contents, "made", "How this report was made", facts(pairs))


def _text(value: Any) -> Content:
    if isinstance(value, Mapping):
        return tag("ul", (tag("li", f"{name}: ", _text(item)) for name, item in value.items()))
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
