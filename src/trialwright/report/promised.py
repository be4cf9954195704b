"""What the protocol says, each value with the way back to its source: synopsis and the list behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from trialwright.report.layout import facts, row, section, table, tagged
from trialwright.report.markup import Content, Markup, join, tag

if TYPE_CHECKING:
    from trialwright.protocol import Arm, Design, Intervention, Leaf
    from trialwright.report.inputs import Contents

__all__ = ["promised_values", "said", "synopsis"]

_LINK = re.compile(r'href="#p-([^"]+)"')


def synopsis(contents: Contents) -> Markup:
    """Return the trial in short."""
    p = contents.protocol
    design, analysis = p.design, p.analysis
    pairs: list[tuple[Content, Content]] = [
        (
            "Title",
            said("identification.official_title", p.identification.official_title or p.identification.brief_title),
        ),
        ("Numbers", _listed(_numbers(contents))),
        ("Protocol version", said("identification.version", p.identification.version)),
        ("Sponsor", said("organization.sponsor", p.organization.sponsor or "not stated")),
        ("Disease", said("description.disease", p.description.disease)),
        (
            "Design",
            said(
                "design",
                _design(design),
            ),
        ),
        ("Arms", tag("ul", (tag("li", _arm(contents, arm)) for arm in p.arms))),
        ("Allocation", _allocation(contents)),
        ("Patients", join(said("design.enrollment", f"{design.enrollment} to be randomized"), "; ", _size(contents))),
        ("Eligibility", _eligibility(contents)),
        ("Tumor assessments", _assessments(contents)),
        ("Endpoints", tag("ul", (tag("li", _endpoint(e)) for e in p.endpoints))),
        ("Data cut-offs", tag("ul", (tag("li", _cut(c)) for c in analysis.cuts))),
        ("Estimation", _conventions(contents)),
        ("Sites", _sites(contents)),
    ]
    return section(contents, "synopsis", "Synopsis", facts(pairs), _criteria(contents))


def promised_values(contents: Contents, body: str) -> Markup:
    """Return each value of the protocol that ``body`` links to, with status, source and reason."""
    from trialwright.protocol import leaves

    known = leaves(contents.protocol)
    paths = list(dict.fromkeys(_LINK.findall(body)))
    labels = ("Value", "Status", "Source", "Why")
    rows = [row(path, _traced(contents, path, known), labels=labels, id=f"p-{path}") for path in paths]
    return table(
        "Values of the protocol shown in this report", ("Path in the protocol file", *labels), rows, cls="stack"
    )


def _traced(contents: Contents, path: str, known: Sequence[Leaf]) -> list[Content]:
    found = [leaf for leaf in known if leaf.path == path or leaf.path.startswith(f"{path}.")]
    if not found:
        return ["not written in the file", tagged("default"), "", "default of the protocol model"]
    value = _value(found[0].value) if found[0].path == path else f"{len(found)} below this path"
    sources = dict.fromkeys(contents.protocol.sources.get(leaf.source or "", leaf.source or "") for leaf in found)
    whys = list(dict.fromkeys(leaf.why for leaf in found if leaf.why))
    return [
        value,
        join(*(tagged(status) for status in dict.fromkeys(leaf.status for leaf in found))),
        "; ".join(filter(None, sources)),
        "; ".join(whys[:3]) + (f"; and {len(whys) - 3} more reasons below Open points" if len(whys) > 3 else ""),
    ]


def _value(value: Any) -> str:
    if value is None:
        return "unknown"
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def said(path: str, text: Content) -> Markup:
    """Return a text that links to the protocol's value behind it."""
    return tag("a", text, cls="n", href=f"#p-{path}")


def _listed(items: Iterable[Content]) -> Markup:
    made = list(items)
    return join(*(join(", " if i else "", item) for i, item in enumerate(made)))


def _plain(word: str) -> str:
    return word.lower().replace("_", " ")


def _design(design: Design) -> str:
    phases = "/".join(phase.upper().removeprefix("PHASE") for phase in design.phases)
    return f"phase {phases}, randomized, {_plain(design.model)}, masking: {_plain(design.masking)}"


def _numbers(contents: Contents) -> Iterable[Content]:
    names = contents.protocol.identification
    for field in ("nct_id", "org_study_id"):
        if getattr(names, field):
            yield said(f"identification.{field}", getattr(names, field))
    yield from (said("identification.secondary_ids", other.id) for other in names.secondary_ids)


def _arm(contents: Contents, arm: Arm) -> Content:
    treatments = (_intervention(contents.protocol.intervention(id)) for id in arm.interventions)
    return (tag("b", arm.short), ": ", (join("; " if i else "", text) for i, text in enumerate(treatments)))


def _intervention(it: Intervention) -> Markup:
    doses = [f"{dose.dose:g}" for dose in it.start if dose.dose is not None]
    amount = f"{' or '.join(dict.fromkeys(doses))} {it.unit or ''}".strip() if doses else "dose not stated"
    days = it.cycle.dosing_days
    when = f"days {days[0]} to {days[1]} of {it.cycle.days}" if days else f"cycles of {it.cycle.days} days"
    products = f" ({' or '.join(dict.fromkeys(c.product for c in it.choice))})" if it.choice else ""
    return join(it.name, products, ", ", said(f"interventions.{it.id}", f"{amount}, {when}"))


def _allocation(contents: Contents) -> Content:
    plan = contents.protocol.randomization
    blocks = " or ".join(map(str, plan.block_sizes))
    strata = [factor.label for factor in plan.strata]
    return (
        said("randomization.ratio", ":".join(str(plan.ratio[arm]) for arm in contents.arms)),
        f", {plan.method}",
        " (", said("randomization.block_sizes", f"blocks of {blocks}"), ")",
        f", stratified by {' and '.join(strata)}" if strata else "",
    )  # fmt: skip


def _size(contents: Contents) -> Markup:
    size = contents.protocol.sample_size
    sides = "two-sided" if size.sides == 2 else "one-sided"
    planned = f"hazard ratio {size.hazard_ratio:g}, power {100 * size.power:g}%"
    return said("sample_size", f"{planned}, {sides} alpha {100 * size.alpha:g}% ({size.test})")


def _eligibility(contents: Contents) -> Content:
    criteria = contents.protocol.eligibility.criteria
    inside = sum(c.kind == "inclusion" for c in criteria)
    text = f"{inside} inclusion and {len(criteria) - inside} exclusion criteria"
    return (said("eligibility.criteria", text), ", listed below")


def _assessments(contents: Contents) -> Content:
    plan = contents.protocol.assessments
    steps = [f"every {every:g} weeks{f' from week {start:g}' if start else ''}" for start, every in plan.every_weeks]
    return (said("assessments.criteria", plan.criteria), ", ", said("assessments.every_weeks", ", ".join(steps)))


def _endpoint(endpoint: Any) -> Content:
    missing = " – not derived by this program" if endpoint.kind == "not derived" else ""
    return (tag("b", endpoint.level.capitalize()), f": {endpoint.label}{missing}")


def _cut(cut: Any) -> Content:
    if cut.on:
        return (f"{cut.label}: ", said(f"analysis.cuts.{cut.id}.on", cut.on.isoformat()))
    return (f"{cut.label}: ", said(f"analysis.cuts.{cut.id}.events", f"{cut.events} events of {cut.endpoint}"))


def _conventions(contents: Contents) -> Content:
    plan = contents.protocol.analysis
    return _listed((
        said("analysis.confidence_level", f"{100 * plan.confidence_level:g}% confidence limits"),
        said("analysis.interval", f"{plan.interval} limits of curves and medians"),
        said("analysis.ties", f"{_proper(plan.ties)} rule for ties in the Cox model"),
        said("analysis.proportion_interval", f"{_proper(plan.proportion_interval)} limits of proportions"),
        said("analysis.stratified", "stratified comparison" if plan.stratified else "unstratified comparison"),
    ))  # fmt: skip


def _proper(name: str) -> str:
    """People who gave a rule their name keep their capital."""
    return name if name == "exact" else "-".join(part.capitalize() for part in name.split("-"))


def _sites(contents: Contents) -> Content:
    sites = contents.protocol.sites
    countries: dict[str, int] = {}
    for site in sites:
        countries[site.country] = countries.get(site.country, 0) + 1
    text = ", ".join(f"{country} {count}" for country, count in sorted(countries.items(), key=lambda c: (-c[1], c[0])))
    return said("sites", f"{len(sites)} in {len(countries)} countries: {text}")


def _criteria(contents: Contents) -> Markup:
    items = (
        tag("li", said(f"eligibility.criteria.{c.id}", c.id), f" {c.short}")
        for c in contents.protocol.eligibility.criteria
    )
    return tag("details", tag("summary", "Eligibility criteria, in our own short wording"), tag("ul", items))
