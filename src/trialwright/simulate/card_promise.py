"""What a protocol promises of its design, in words, with the status of each value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trialwright.protocol import Leaf, Protocol, leaves

__all__ = ["Promised", "promise"]


@dataclass(frozen=True)
class Promised:
    """One promise; ``status`` is that of the file, with its reason.

    >>> Promised("power", "80%", "stated", None).status
    'stated'
    """

    name: str
    text: str
    status: str
    why: str | None


def promise(protocol: Protocol) -> tuple[Promised, ...]:
    """Return what decides how the design behaves, in the order of the page.

    >>> from trialwright.protocol import load, study_names
    >>> promise(load(study_names()[0]))[0].text
    '0.59, of PFS by the log-rank test'
    """
    found = {leaf.path: leaf for leaf in leaves(protocol)}
    return tuple(_promised(name, text, found.get(path)) for name, text, path in _texts(protocol))


def _promised(name: str, text: str, leaf: Leaf | None) -> Promised:
    if leaf is None:
        return Promised(name, text, "stated", None)
    return Promised(name, text, leaf.status, " ".join(leaf.why.split()) if leaf.why else None)


def _texts(protocol: Protocol) -> Iterator[tuple[str, str, str]]:
    """Yield name, text, and the path that says where the text comes from."""
    plan, allocation = protocol.sample_size, protocol.randomization
    by = f"{plan.hazard_ratio:g}, of {plan.endpoint} by the {plan.test} test"
    yield "hazard ratio", by, "sample_size.hazard_ratio"
    yield "power", f"{100 * plan.power:g}%", "sample_size.power"
    yield "alpha", f"{plan.alpha:g}, {'one' if plan.sides == 1 else 'two'}-sided", "sample_size.alpha"
    yield "patients", f"{plan.patients}", "sample_size.patients"
    events = "not stated" if plan.events is None else f"{plan.events}"
    yield "events", events, "sample_size.events"
    median = plan.control_median_months
    yield "control median", "not stated" if median is None else f"{median:g} months", _MEDIAN
    ratio = {arm.short: allocation.ratio[arm.id] for arm in protocol.arms if arm.id in allocation.ratio}
    yield "allocation", f"{':'.join(map(str, ratio.values()))}, {' to '.join(ratio)}", _ratio_path(protocol)
    sizes = f"permuted blocks of {_listed(allocation.block_sizes)}"
    yield "blocks", sizes, "randomization.block_sizes"
    for factor in allocation.strata:
        path = f"randomization.strata.{factor.id}.levels"
        yield "stratified by", f"{factor.label} ({', '.join(factor.levels)})", path
    yield "analysis", "stratified" if protocol.analysis.stratified else "not stratified", "analysis.stratified"
    yield "scans", _scans(protocol), "assessments.every_weeks"
    yield "window", f"{protocol.assessments.window_days} days either way", "assessments.window_days"
    for cut in protocol.analysis.cuts:
        when, field = (f"on {cut.on}", "on") if cut.on else (f"at {cut.events} events of {cut.endpoint}", "events")
        yield "data cut-off", f"{cut.label}: {when}", f"analysis.cuts.{cut.id}.{field}"


_MEDIAN = "sample_size.control_median_months"


def _ratio_path(protocol: Protocol) -> str:
    return f"randomization.ratio.{next(iter(protocol.randomization.ratio))}"


def _listed(sizes: tuple[int, ...]) -> str:
    *first, last = map(str, sizes)
    return f"{', '.join(first)} or {last}" if first else last


def _scans(protocol: Protocol) -> str:
    (_, first), *rest = protocol.assessments.every_weeks
    later = "".join(f", from week {week} every {every:g}" for week, every in rest)
    return f"every {first:g} weeks{later}"
