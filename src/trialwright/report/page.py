"""The page: all sections in order, in one file that needs no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trialwright.report.appendix import made, methods, open_questions, supposed
from trialwright.report.baseline import baseline
from trialwright.report.course import course
from trialwright.report.estimands import estimands, multiplicity
from trialwright.report.figure import Figure
from trialwright.report.flow import flow_of
from trialwright.report.forest import forest_figures, subgroups
from trialwright.report.harms import harms, harms_figures
from trialwright.report.layout import NOTICE, banner, section
from trialwright.report.markup import Content, Markup, join, tag
from trialwright.report.numbers import every_number, subjects_word
from trialwright.report.outcomes import curves, effects, response
from trialwright.report.participants import participants
from trialwright.report.promised import promised_values, synopsis
from trialwright.report.published import calibrated, checked, claims, compared
from trialwright.report.style import page_css
from trialwright.report.tipping import sensitivity, tipping_figures

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents

__all__ = ["figures_of", "page"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_NAMES = {
    "synopsis": "Synopsis",
    "flow": "Flow of participants",
    "baseline": "Baseline characteristics",
    "effects": "Times to event",
    "response": "Response",
    "multiplicity": "Multiple tests",
    "estimands": "Estimands",
    "subgroups": "Subgroups",
    "sensitivity": "Sensitivity to censoring",
    "harms": "Adverse events",
    "course": "Exposure, samples and biomarkers",
    "published": "Published beside rehearsed",
    "checks": "Consistency of the published claims",
    "calibration": "Calibration of the scenario",
    "open": "Open points and assumptions",
    "supposed": "What the scenario supposes",
    "methods": "Methods",
    "values": "Behind the protocol's values",
    "claims": "Behind the published numbers",
    "numbers": "Behind the results",
    "made": "How this report was made",
}


def figures_of(contents: Contents) -> dict[str, list[Figure]]:
    """Return the figures that become files: flow, curves, subgroups, maps of deltas and adverse events."""
    from trialwright.report.flow_figure import flow_figure

    flow = flow_of(contents, contents.last_cut)
    return {
        "flow": [flow_figure(contents, flow)],
        "curves": curves(contents),
        "subgroups": forest_figures(contents),
        "sensitivity": tipping_figures(contents),
        "harms": harms_figures(contents),
    }


def page(contents: Contents, figures: dict[str, list[Figure]]) -> str:
    """Return the page as HTML."""
    body = _body(contents, figures)
    whole = join(body, _behind(contents, body))
    return f"<!DOCTYPE html>\n{tag('html', _head(contents), _frame(contents, whole), lang='en')}\n"


def _body(contents: Contents, figures: dict[str, list[Figure]]) -> Markup:
    return join(
        synopsis(contents),
        participants(contents, flow_of(contents, contents.last_cut), figures["flow"][0]),
        baseline(contents),
        effects(contents, figures["curves"]),
        response(contents),
        multiplicity(contents),
        estimands(contents),
        subgroups(contents, figures["subgroups"]),
        sensitivity(contents, figures["sensitivity"]),
        harms(contents, figures["harms"]),
        course(contents),
        compared(contents),
        checked(contents),
        calibrated(contents),
        open_questions(contents),
        supposed(contents),
        methods(contents),
    )


def _behind(contents: Contents, body: Markup) -> Markup:
    """The appendices list what the body, and the claims, link to."""
    behind_claims = section(contents, "claims", _NAMES["claims"], claims(contents), cls="screen")
    whole = join(body, behind_claims)
    note = (
        "Each number of this report with its method, population and conventions, below the list of the "
        f"{subjects_word(contents)} it was counted from. This part is left out in print."
    )
    return join(
        section(contents, "values", _NAMES["values"], promised_values(contents, whole), cls="screen"),
        behind_claims,
        section(contents, "numbers", _NAMES["numbers"], tag("p", note), every_number(contents, whole), cls="screen"),
        made(contents),
    )


def _head(contents: Contents) -> Markup:
    title = f"{contents.protocol.identification.acronym}: report of a {'rehearsal' if contents.virtual else 'trial'}"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(page_css(NOTICE if contents.virtual else None))),
    )


def _frame(contents: Contents, sections: Content) -> Markup:
    names = contents.protocol.identification
    title = names.brief_title if names.acronym in names.brief_title else f"{names.acronym}: {names.brief_title}"
    heading = tag("header", tag("h1", title), _lead(contents), _contents(), cls="top")
    skip = tag("a", "Skip to the report", href="#main", cls="skip")
    return tag(
        "body",
        skip,
        banner(contents),
        heading,
        tag("main", sections, id="main"),
        tag("footer", banner(contents), cls="end"),
    )


def _lead(contents: Contents) -> Content:
    if not contents.virtual:
        return None
    return tag(
        "p",
        "Every patient, date and finding in this report was made by a simulation that went through the protocol's own "
        "screening, allocation, schedule, derivation and analysis. Nothing here is evidence about any treatment. "
        "Each number is a link to its method, its population and the virtual subjects it was counted from.",
    )


def _contents(order: Sequence[str] = tuple(_NAMES)) -> Markup:
    return tag(
        "nav", tag("ul", (tag("li", tag("a", _NAMES[id], href=f"#{id}")) for id in order)), aria_label="Contents"
    )
