"""The operating-characteristics card as one page: HTML that needs no other file, for screen, phone and paper."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trialwright.report.card_figures import bounds_figure, course_figure, power_figure
from trialwright.report.figure import Figure, plain
from trialwright.report.layout import facts, part, row, table, tagged
from trialwright.report.markup import Content, Markup, join, tag
from trialwright.report.style import page_css

if TYPE_CHECKING:
    from trialwright.simulate import Card, CardLook, CardRow, DesignFinding, FormulaRow, Share

__all__ = ["card_page"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_GROUPS = {
    "planned": "As planned",
    "allocation": "Another allocation",
    "scans": "Events seen at scans only",
    "strata": "Strata, the test stratified or not",
    "hazards": "An effect that begins late",
}
_CSS = """
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:0 1.5rem}
figure svg.figure{width:100%;height:auto;display:block}figure{max-width:36rem}
.key{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.6rem;margin:1rem 0;max-width:none}
.key div{background:var(--panel);padding:.5rem .8rem;border-radius:.3rem}
.key dt{color:var(--soft);font-size:.85rem}.key dd{margin:0;font-size:1.25rem;font-weight:650}
.key small{display:block;font-size:.8rem;font-weight:400;color:var(--soft)}
.finding{border-left:.3rem solid var(--soft);padding:.1rem .8rem;margin:.7rem 0;max-width:48rem}
.finding p{margin:.15rem 0}.of-error{border-color:var(--arm1)}.of-warning{border-color:var(--notice-ink)}
.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}
@media print{
 h2{break-before:auto}.pair{grid-template-columns:1fr 1fr}.finding,.key,.scroll{break-inside:avoid}
 .note,figcaption,caption{font-size:8pt}figure{max-width:10cm}dl.facts{gap:.1rem 1rem}
}
"""


def card_page(card: Card) -> str:
    """Return the card as an HTML document: tables, three figures, and what the linter finds.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.simulate import design_card, suppositions
    >>> protocol = load(study_names()[0])
    >>> card = design_card(protocol, None, suppositions(protocol, None, control_median=3.6), trials=100, seed=1)
    >>> card_page(card).count("<figure>")
    2
    """
    title = f"{card.acronym}: how the design behaves"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(page_css(None) + _CSS)),
    )
    top = tag("header", tag("h1", title), _lead(card), _key(card), cls="top")
    skip = tag("a", "Skip to the tables", href="#main", cls="skip")
    body = tag("body", skip, top, tag("main", _sections(card), id="main"))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _lead(card: Card) -> Markup:
    stated = "stated in the protocol" if card.events_stated else "Schoenfeld’s number, none being stated"
    return tag(
        "p",
        f"The analysis of {card.endpoint} at {card.events} events ({stated}), {':'.join(map(str, card.ratio))}, hazard "
        f"ratio {card.hazard_ratio:g}, critical value {card.bound:.3f}. Simulated figures carry their Monte Carlo "
        "standard error in brackets. No patient is real.",
    )


def _key(card: Card) -> Markup:
    main, made = card.main, card.main.calibration
    pairs: list[tuple[str, str, str]] = [
        ("Power", _percent(main.power), f"{100 * card.stated_power:g}% promised"),
        ("Type I, experimental arm", _percent(main.upper), f"{100 * card.level:g}% allowed"),
        ("Type I, control arm", _percent(main.lower), f"{100 * card.level:g}% allowed"),
        ("Critical value that holds the level", _value(made.bound, made.se) if made else "–",
         f"power {_percent(made.power)} then" if made else "too few trials"),
        ("Month of the analysis", _number(main.month.mean, 1), f"{main.enrolled.mean:.0f} of {card.patients} entered"),
    ]  # fmt: skip
    boxes = (tag("div", tag("dt", name), tag("dd", value, tag("small", note))) for name, value, note in pairs)
    return tag("dl", boxes, cls="key")


def _sections(card: Card) -> Markup:
    return join(
        _section("findings", "What is odd about it", _findings(card)),
        _section("promise", "What the protocol promises", _promise(card)),
        _section("supposed", "What is supposed of the trial as planned", _supposed(card)),
        _section("formulas", "Each formula beside the simulated truth", _formulas(card)),
        _section(
            "figures", "Power and time", tag("div", _drawn(power_figure(card)), _drawn(course_figure(card)), cls="pair")
        ),
        _section("rows", f"At {card.events} events, if things are otherwise", _rows(card)),
        _section("looks", "The scenario’s own hazards, sites and scans", _looks(card)),
        _section("made", "How this was made", _made(card)),
    )


def _section(id: str, title: str, *body: Content) -> Markup:
    return tag("section", tag("h2", title, id=f"{id}-title"), body, id=id, aria_labelledby=f"{id}-title")


def _drawn(figure: Figure | None) -> Markup | None:
    if figure is None:
        return None
    return tag("figure", figure.inline(plain), tag("figcaption", f"{figure.title}. {figure.description}."))


def _findings(card: Card) -> Content:
    lacking = [f"{title} (needs {lacks})" for title, lacks in card.lint.unanswered]
    missing = tag("p", f"Not asked: {'; '.join(lacking)}.", cls="note") if lacking else None
    if not card.lint.findings:
        return tag("p", "The design linter finds nothing."), missing
    return [_finding(each) for each in card.lint.findings], missing


def _finding(found: DesignFinding) -> Markup:
    head = tag("p", tagged(found.grade), " ", tag("b", _sentence(found.what)))
    return tag(
        "div",
        head,
        tag("p", _sentence(found.figure)),
        tag("p", _sentence(found.remedy)),
        cls=f"finding of-{found.grade}",
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _promise(card: Card) -> Markup:
    def told(text: str, status: str, why: str | None) -> Content:
        shown = None if status == "stated" else (" ", tagged(status))
        return text, shown, None if why is None else tag("div", why, cls="note")

    return facts((each.name, told(each.text, each.status, each.why)) for each in card.promise)


def _supposed(card: Card) -> Content:
    heads, labels = ("", "value", "status", "why"), ("value", "status", "why")
    rows = (
        row(each.name, (_supposition(each.name, each.value), tagged(each.status), each.why), labels=labels)
        for each in card.suppositions.known
    )
    return table("Where the protocol is silent; never part of what it promises.", heads, rows, cls="stack")


def _supposition(name: str, value: float) -> str:
    return f"{100 * value:g}% within 12 months" if name == "dropout" else f"{value:g} months"


def _formulas(card: Card) -> Content:
    heads = ("Formula", "events", "patients", "power promised", "simulated", "type I, exp. arm", "type I, control")
    caption = (
        f"Events as each formula asks for them; simulated with the number rounded up, {card.formula_trials:,} trials. "
        "Type I: the error towards the experimental and towards the control arm, without an effect."
    )
    return table(caption, heads, (_formula(card, each) for each in card.formulas))


def _formula(card: Card, found: FormulaRow) -> Markup:
    if found.problem:
        note = tag("td", found.problem, colspan="3")
        cells = (tag("td", _number(value, 1)) for value in (found.events, found.patients, None))
        return tag("tr", tag("th", found.formula, scope="row"), cells, note)
    rates = (_percent(share) for share in (found.power, found.upper, found.lower))
    promised = f"{100 * card.stated_power:g}%"
    return row(found.formula, (_number(found.events, 2), _number(found.patients, 1), promised, *rates))


def _rows(card: Card) -> Content:
    heads = (
        "", "power", "type I, exp. arm", "type I, control", "value that holds the level", "power then",
        "month, 5 to 95%", "entered", "trials",
    )  # fmt: skip
    caption = (
        "Each row changes one thing. Rows with the same patients see the same ones, so that their differences are more "
        "exact than their errors say. Where strata have hazards of their own, these rise in equal ratios from the one "
        "supposed."
    )
    return table(caption, heads, _grouped(card, len(heads))), tag("div", _unreached(card))


def _grouped(card: Card, columns: int) -> Iterator[Markup]:
    group = None
    for each in card.rows:
        if each.group != group:
            group = each.group
            yield part(_GROUPS[group], columns)
        yield _row(each)


def _row(found: CardRow) -> Markup:
    made = found.calibration
    return row(
        found.label,
        (
            *(_percent(share) for share in (found.power, found.upper, found.lower)),
            _value(made.bound, made.se) if made else "–",
            _percent(made.power) if made else "–",
            (_number(found.month.mean, 1), _range(found.month.quantiles)),
            _number(found.enrolled.mean, 0),
            f"{found.trials:,}",
        ),
        sub=True,
    )


def _unreached(card: Card) -> Content:
    return [
        tag("p", f"{each.label}: {_percent(each.unreached)} never reach {card.events} events and count as no success.")
        for each in card.rows
        if each.unreached.value > 0
    ]


def _looks(card: Card) -> Content:
    if card.no_looks:
        return tag("p", f"Not shown: {card.no_looks}.")
    heads = (
        "Data cut-off", "bound", "power", "type I, exp. arm", "type I, control", "not reached", "month, 5 to 95%",
        "entered", "events",
    )  # fmt: skip
    together = None
    if card.any_look is not None and len(card.looks) > 1:
        words = "Type I error of all looks together, towards the experimental arm"
        together = tag("p", f"{words}: {_percent(card.any_look)}.")
    trials = f"{card.looks[0].trials:,} trials" if card.looks else "no trials"
    caption = f"The trial that the scenario file supposes, {trials}; each cut-off tested at the whole level."
    return table(caption, heads, map(_look, card.looks)), together, _drawn(bounds_figure(card))


def _look(found: CardLook) -> Markup:
    rates = (_percent(share) for share in (found.power, found.upper, found.lower, found.unreached))
    month = _number(found.month.mean, 1), _range(found.month.quantiles)
    counts = (_number(found.enrolled.mean, 0), _number(found.events.mean, 0))
    return row(found.label, (f"{found.bound:.3f}", *rates, month, *counts))


def _made(card: Card) -> Content:
    from trialwright import __version__

    text = (
        f"trialwright {__version__}, seed {card.seed}: {card.main.trials:,} trials of the design as planned with its "
        f"effect and as many without; of the other rows as many as they say. Patients enter uniformly, times to "
        "the event are exponential unless a row says otherwise. The critical value that holds the level is the "
        "quantile of z without an effect, its error from order statistics (Woodruff 1952); the band of events is the "
        "exact binomial one. Formulas: Schoenfeld 1983, Freedman 1982, Hsieh 1992, Rubinstein et al. 1981, Bernstein "
        "and Lagakos 1978, Lachin and Foulkes 1986, average hazard ratio."
    )
    return tag("p", text)


def _percent(share: Share | None) -> str:
    return "–" if share is None else f"{100 * share.value:.2f}% ({100 * share.se:.2f})"


def _value(value: float, se: float) -> str:
    return f"{value:.3f} ({se:.3f})"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _range(quantiles: tuple[float, ...]) -> Markup | None:
    if math.isnan(quantiles[0]):
        return None
    return tag("span", f"{quantiles[0]:.1f} to {quantiles[-1]:.1f}", cls="ci")
