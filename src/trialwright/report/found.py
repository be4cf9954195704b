"""What was found: flow, baseline, effects, response, course of treatment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.curves import curve_figure
from trialwright.report.figure import Figure
from trialwright.report.flow import Flow
from trialwright.report.flow_figure import flow_figure
from trialwright.report.layout import drawn, part, row, section, table
from trialwright.report.markup import Content, Markup, join, tag
from trialwright.report.numbers import number
from trialwright.stats import months

if TYPE_CHECKING:
    from trialwright.protocol import AnalysisItem, TimeToEventEndpoint
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["baseline", "course", "curves", "effects", "participants", "response"]

_COURSE = {"exposure": "Exposure", "samples": "Samples", "biomarkers": "Biomarkers"}


def participants(contents: Contents, flow: Flow) -> Markup:
    """Return the flow of participants, drawn, and why patients were not eligible."""
    return section(
        contents, "flow", "Flow of participants", drawn(contents, flow_figure(contents, flow)), _reasons(contents, flow)
    )


def _reasons(contents: Contents, flow: Flow) -> Content:
    short = {criterion.id: criterion.short for criterion in contents.protocol.eligibility.criteria}
    failed = sorted((r for r in flow.criteria if r.value), key=lambda r: (-(r.value or 0), r.item or ""))
    if not failed:
        return None
    rows = [row(f"{r.item} {short.get(r.item or '', '')}", [number(contents, r)]) for r in failed]
    caption = "Criteria that kept patients out; a patient may fail more than one"
    return table(caption, ("Criterion", "Patients"), rows)


def baseline(contents: Contents) -> Markup:
    """Return the table of baseline characteristics by arm at the last cut."""
    cut = contents.last_cut
    rows = [r for r in contents.results if r.cut == cut and r.endpoint == "baseline" and r.item is not None]
    groups = _groups(contents, rows)
    names = list(dict.fromkeys((r.item or "").partition("=")[0] for r in rows))
    body = join(*(_characteristic(contents, name, groups, rows) for name in names))
    caption = ("Patients as randomized, ", contents.cut_label(cut), ". No test of baseline differences is made.")
    return section(
        contents, "baseline", "Baseline characteristics", table(caption, _heads(contents, cut, groups), [body])
    )


def _characteristic(contents: Contents, name: str, groups: Sequence[str], rows: Sequence[Result]) -> Iterator[Content]:
    label, unit = _variable(contents, name)
    mine = [r for r in rows if (r.item or "").partition("=")[0] == name]
    levels = list(dict.fromkeys(r.item for r in mine if r.statistic == "share"))
    if levels:
        yield part(label, len(groups) + 1)
    for level in levels:
        found = {r.group: r for r in mine if r.statistic == "share" and r.item == level}
        cells = (_cell(contents, found.get(g), printed.count_and_share) for g in groups)
        yield row((level or "").partition("=")[2], cells, sub=True)
    if any(r.statistic == "median" for r in mine):
        yield row(f"{label}{f', {unit}' if unit else ''}: median (range)", (_range(contents, mine, g) for g in groups))
    if any(r.statistic == "missing" and r.value for r in mine):
        missing = {r.group: r for r in mine if r.statistic == "missing"}
        yield row(f"{label}: not known", (_cell(contents, missing.get(g)) for g in groups), sub=True)


def _variable(contents: Contents, name: str) -> tuple[str, str]:
    if name in contents.protocol.variables:
        variable = contents.protocol.variables[name]
        return variable.label, variable.unit or ""
    return next((f.label for f in contents.protocol.randomization.strata if f.id == name), name), ""


def _range(contents: Contents, rows: Sequence[Result], group: str) -> Content:
    found = {r.statistic: r for r in rows if r.group == group}
    if "median" not in found:
        return "–"
    ends = [number(contents, found[end]) for end in ("minimum", "maximum") if end in found]
    return (number(contents, found["median"]), (" (", ends[0], " to ", ends[1], ")") if len(ends) == 2 else ())


def curves(contents: Contents) -> list[Figure]:
    """Return the primary endpoint's curves at every cut, and overall survival at the last."""
    found = []
    for item in contents.protocol.analysis.items:
        endpoint = contents.protocol.endpoint(item.endpoint)
        if endpoint.kind != "time to event":
            continue
        survival = endpoint.events == ("death",)
        cuts = contents.cuts if endpoint.level == "primary" else (contents.last_cut,) if survival else ()
        found += [curve_figure(contents, cut, item.endpoint, item.population) for cut in cuts]
    return [figure for figure in found if figure is not None]


def effects(contents: Contents, figures: Iterable[Figure]) -> Markup:
    """Return curves and effect tables of all times to event."""
    items = [
        i for i in contents.protocol.analysis.items if contents.protocol.endpoint(i.endpoint).kind == "time to event"
    ]
    tables = [_effect(contents, item) for item in items]
    return section(contents, "effects", "Times to event", [drawn(contents, figure) for figure in figures], tables)


def _effect(contents: Contents, item: AnalysisItem) -> Content:
    endpoint: TimeToEventEndpoint = contents.protocol.endpoint(item.endpoint)  # type: ignore[assignment]
    groups = [*contents.arms, *contents.comparisons]
    columns = [(cut, group) for cut in contents.cuts for group in groups]
    level = 100 * contents.protocol.analysis.confidence_level

    def found(statistic: str, show: Callable[[Result], str] = printed.estimate, **more: object) -> list[Content]:
        wanted = {"population": item.population} | more
        return [
            _cell(contents, contents.first(c, item.endpoint, statistic, group=g, **wanted), show) for c, g in columns
        ]

    body = [
        row("Patients", found("events", lambda r: printed.exact(r.n))),
        row("Events", found("events")),
        row("Censored", found("censored")),
        *(
            row(why, found("censoring reason", item=why), sub=True)
            for why in _items(contents, item, "censoring reason")
        ),
        row(f"Median, months ({level:g}% CI)", found("median", _with_limits)),
        *(
            row(f"Free of the event at {months(at):.0f} months ({level:g}% CI)", found("rate", _with_limits, at=at))
            for at in _ats(contents, item)
        ),
        row(f"Hazard ratio ({level:g}% CI)", found("hazard ratio", _with_limits)),
        row("Log-rank P, two-sided", found("log-rank P")),
        row("Median follow-up, months", found("follow-up", _with_limits)),
    ]
    caption = (
        tag("b", endpoint.label),
        f", {contents.population_label(item.population)}. {_conventions(contents, item)}",
    )
    return table(caption, _double_head(contents, groups), body)


def _conventions(contents: Contents, item: AnalysisItem) -> str:
    rows = (
        contents.first(contents.last_cut, item.endpoint, name, population=item.population)
        for name in ("median", "hazard ratio")
    )
    return "; ".join(dict.fromkeys(r.conventions for r in rows if r is not None and r.conventions))


def _items(contents: Contents, item: AnalysisItem, statistic: str) -> list[str]:
    rows = (
        r for cut in contents.cuts for r in contents.rows(cut, item.endpoint, statistic, population=item.population)
    )
    return list(dict.fromkeys(r.item for r in rows if r.item is not None))


def _ats(contents: Contents, item: AnalysisItem) -> list[float]:
    rows = (r for cut in contents.cuts for r in contents.rows(cut, item.endpoint, "rate", population=item.population))
    return sorted({r.at for r in rows if r.at is not None})


def _with_limits(row: Result) -> str:
    limits = printed.interval(row)
    return f"{printed.estimate(row)} ({limits})" if limits else printed.estimate(row)


def _double_head(contents: Contents, groups: Sequence[str]) -> list[Markup]:
    span = str(len(groups))
    cuts = (tag("th", contents.cut_label(cut), colspan=span, scope="colgroup") for cut in contents.cuts)
    arms = (tag("th", contents.group_label(group), scope="col") for _ in contents.cuts for group in groups)
    return [tag("tr", tag("th", "", rowspan="2"), cuts), tag("tr", arms)]


def response(contents: Contents) -> Markup:
    """Return best responses and the rates of the response endpoints."""
    items = [i for i in contents.protocol.analysis.items if contents.protocol.endpoint(i.endpoint).kind == "response"]
    return section(contents, "response", "Response", [_response(contents, item) for item in items])


def _response(contents: Contents, item: AnalysisItem) -> Content:
    groups = [*contents.arms, *contents.comparisons]
    columns = [(cut, group) for cut in contents.cuts for group in groups]

    def found(statistic: str, show: Callable[[Result], str] = printed.estimate, **more: object) -> list[Content]:
        wanted = {"population": item.population} | more
        return [
            _cell(contents, contents.first(c, item.endpoint, statistic, group=g, **wanted), show) for c, g in columns
        ]

    level = 100 * contents.protocol.analysis.confidence_level
    best = _items(contents, item, "best response")
    body = [
        row("Patients", found("rate", lambda r: printed.exact(r.n))),
        row("Successes", found("rate", printed.count_and_share)),
        row(f"{level:g}% CI, %", found("rate", printed.interval)),
        row(f"Difference ({level:g}% CI)", found("difference", _with_limits)),
        row("P of the difference", found("difference P")),
        *([part("Best overall response", len(columns) + 1)] if best else []),
        *(row(name, found("best response", item=name), sub=True) for name in best),
    ]
    caption = (tag("b", contents.endpoint_label(item.endpoint)), f", {contents.population_label(item.population)}")
    return table(caption, _double_head(contents, groups), body)


def course(contents: Contents) -> Markup:
    """Return exposure, samples and biomarkers at the last cut."""
    tables = [_course(contents, endpoint, title) for endpoint, title in _COURSE.items()]
    return section(contents, "course", "Exposure, samples and biomarkers", tables)


def _course(contents: Contents, endpoint: str, title: str) -> Content:
    cut = contents.last_cut
    rows = [r for r in contents.results if r.cut == cut and r.endpoint == endpoint]
    if not rows:
        return None
    groups = _groups(contents, rows)
    names = list(dict.fromkeys((r.statistic, r.item, r.at) for r in rows))
    body = []
    for name in names:
        found = {r.group: r for r in rows if (r.statistic, r.item, r.at) == name}
        shown = (_cell(contents, found.get(g), _share_or_value) for g in groups)
        body.append(row(": ".join(_words(contents, name[1], name[0])), shown))
    return table((tag("b", title), f", {contents.cut_label(cut)}"), _heads(contents, cut, groups), body)


def _words(contents: Contents, item: str | None, statistic: str) -> list[str]:
    p = contents.protocol
    known = {i.id: i.name for i in p.interventions} | {s.id: s.label for s in p.samples}
    return [statistic.capitalize()] if item is None else [known.get(item, item), statistic]


def _share_or_value(row: Result) -> str:
    return printed.count_and_share(row) if printed.kind(row) == "share" else _with_limits(row)


def _groups(contents: Contents, rows: Sequence[Result]) -> list[str]:
    present = {r.group for r in rows}
    return [group for group in (*contents.arms, "all") if group in present]


def _heads(contents: Contents, cut: str, groups: Sequence[str]) -> list[Content]:
    return ["", *(_head(contents, cut, group) for group in groups)]


def _head(contents: Contents, cut: str, group: str) -> Content:
    name = "randomized" if group == "all" else "allocated"
    size = contents.first(cut, "flow", name, group=group)
    count = () if size is None else (" (N = ", number(contents, size), ")")
    return tag("th", contents.group_label(group), count, scope="col")


def _cell(contents: Contents, found: Result | None, show: Callable[[Result], str] = printed.estimate) -> Content:
    """Return a result as a linked number; a dash where the plan asks for none."""
    if found is None:
        return "–"
    text = show(found)
    return number(contents, found, text) if text else "–"
