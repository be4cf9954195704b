"""A strip that shows the place of a published value among the replays."""

from __future__ import annotations

from trialwright.report.markup import Markup, tag

__all__ = ["strip"]

_WIDTH, _HEIGHT, _MARGIN = 150.0, 20.0, 7.0


def strip(published: float, mean: float, low: float, high: float | None) -> Markup:
    """Return a band from ``low`` to ``high``, a tick at ``mean`` and a dot at the published value, on one scale.

    Without ``high``, which some replays then did not reach, the band runs to the edge.
    """
    start, reached = min(published, low, mean), max(published, low, mean)
    high = reached + 0.2 * (reached - start) if high is None else high
    end = max(reached, high)
    room = (_WIDTH - 2 * _MARGIN) / (end - start) if end > start else 0.0

    def x(value: float) -> float:
        return _MARGIN + (value - start) * room if room else _WIDTH / 2

    return tag(
        "svg",
        tag("rect", x=f"{x(low):.1f}", y="5", width=f"{max(x(high) - x(low), 1):.1f}", height="10", cls="range"),
        tag("line", x1=f"{x(mean):.1f}", y1="3", x2=f"{x(mean):.1f}", y2="17", cls="mean"),
        tag("circle", cx=f"{x(published):.1f}", cy="10", r="4.5", cls="place"),
        cls="figure strip",
        viewBox=f"0 0 {_WIDTH:g} {_HEIGHT:g}",
        role="img",
        aria_label="band: middle nine tenths of the replays; line: their mean or median; dot: published value",
    )
