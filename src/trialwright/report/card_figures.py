"""The figures of the operating-characteristics card: power by events, events over time, bounds of the looks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trialwright.report.card_axes import HEIGHT, WIDTH, Axes, band, curve, legend
from trialwright.report.figure import Figure, line
from trialwright.report.markup import Content, svg_text, tag

if TYPE_CHECKING:
    from trialwright.simulate import Card, CardLook, PowerPoint

__all__ = ["bounds_figure", "course_figure", "power_figure"]


def power_figure(card: Card) -> Figure:
    """Return power by number of events: Schoenfeld's formula as a line, simulated points with two standard errors."""
    counts = [point.events for point in card.curve]
    axes = Axes((10 * (min(counts) // 10), 10 * math.ceil(max(counts) / 10)), (0.0, 1.0))
    shapes = (
        axes.drawn("events at the analysis", "power", percent=True),
        line(axes.at_x(card.events), axes.at_y(0), axes.at_x(card.events), axes.at_y(1), "guide"),
        svg_text(axes.at_x(card.events) - 5, axes.at_y(0.04), f"{card.events} events", text_anchor="end", cls="soft"),
        curve(axes, [(point.events, point.formula) for point in card.curve], "curve arm0"),
        [_power(axes, point) for point in card.curve],
        legend([("curve arm0", "Schoenfeld’s formula"), ("curve arm1", "simulated, ± 2 Monte Carlo errors")]),
    )
    planned = card.main.power
    said = (
        f"At {card.events} events {100 * planned.value:.2f}% of {card.main.trials:,} trials reach the bound, with a "
        f"Monte Carlo error of {100 * planned.se:.2f}; the protocol promises {100 * card.stated_power:g}%"
    )
    return Figure("power", "Power by number of events", said, WIDTH, HEIGHT, lambda _: shapes)


def _power(axes: Axes, point: PowerPoint) -> Content:
    x, share = axes.at_x(point.events), point.simulated
    low, high = (axes.at_y(min(1.0, max(0.0, share.value + k * share.se))) for k in (-2, 2))
    dot = tag("circle", cx=f"{x:.1f}", cy=f"{axes.at_y(share.value):.1f}", r="3.2", cls="fill1")
    return line(x, low, x, high, "curve arm1"), dot


def course_figure(card: Card) -> Figure:
    """Return events expected over time with their band, patients entered, and when the analysis comes."""
    most = max(card.patients, *(point.upper for point in card.course))
    axes = Axes((0.0, card.course[-1].month), (0.0, 20 * math.ceil(most / 20)))
    shapes = (
        axes.drawn("months from the first entry", "patients, events"),
        band(axes, [(point.month, point.lower, point.upper) for point in card.course], "pale0"),
        curve(axes, [(point.month, point.patients) for point in card.course], "curve arm1"),
        curve(axes, [(point.month, point.events) for point in card.course], "curve arm0"),
        _analysis(axes, card),
        legend([("curve arm0", "events expected, 90% band"), ("curve arm1", "patients entered")]),
    )
    low, _, middle, _, high = card.main.month.quantiles
    said = (
        f"{card.events} events come by month {middle:.1f} in half of the trials (5 to 95%: {low:.1f} to {high:.1f}), "
        f"with {card.main.enrolled.mean:.0f} of {card.patients} patients entered on average"
    )
    return Figure("course", "Events over time, as planned", said, WIDTH, HEIGHT, lambda _: shapes)


def _analysis(axes: Axes, card: Card) -> Content:
    y, right = axes.at_y(card.events), axes.at_x(card.course[-1].month)
    goal = line(axes.at_x(0), y, right, y, "guide"), svg_text(axes.at_x(0) + 6, y - 5, f"{card.events} events")
    low, *_, high = card.main.month.quantiles
    if math.isnan(low):
        return goal
    return goal, line(axes.at_x(low), y, axes.at_x(high), y, "mean")


def bounds_figure(card: Card) -> Figure | None:
    """Return the bounds of the scenario's looks over its events, beside the planned one; None without looks."""
    if len(card.looks) < 2:
        return None
    counts = [card.events, *(look.events.mean for look in card.looks)]
    high = math.ceil(max(3.0, card.bound, *(look.bound for look in card.looks)) + 0.2)
    axes = Axes((0.0, 20 * math.ceil(max(counts) * 1.05 / 20)), (-float(high), float(high)))
    ordered = sorted(card.looks, key=lambda look: look.events.mean)
    up = [(look.events.mean, look.bound) for look in ordered]
    shapes = (
        axes.drawn("events at the look", "z (above 0: experimental arm better)"),
        line(axes.at_x(0), axes.at_y(0), WIDTH - 16, axes.at_y(0), "axis"),
        curve(axes, up, "curve arm0"),
        curve(axes, [(events, -bound) for events, bound in up], "curve arm0"),
        [_bound(axes, look, k) for k, look in enumerate(ordered)],
        _planned(axes, card),
        legend([("curve arm0", "bounds of the looks"), ("curve arm1", "planned, and what would hold the level")]),
    )
    words = "; ".join(f"{look.label}: ±{look.bound:.2f} at {look.events.mean:.0f} events" for look in ordered)
    return Figure("bounds", "Bounds of the looks", words, WIDTH, HEIGHT, lambda _: shapes)


def _bound(axes: Axes, look: CardLook, number: int) -> Content:
    x = axes.at_x(look.events.mean)
    dots = [
        tag("circle", cx=f"{x:.1f}", cy=f"{axes.at_y(sign * look.bound):.1f}", r="4", cls="fill0") for sign in (1, -1)
    ]
    return dots, svg_text(x, axes.at_y(look.bound) - 9, f"{number + 1}", text_anchor="middle", cls="strong")


def _planned(axes: Axes, card: Card) -> Content:
    x, made = axes.at_x(card.events), card.main.calibration
    values = [card.bound, -card.bound, *([made.bound] if made else [])]
    return [line(x - 9, axes.at_y(value), x + 9, axes.at_y(value), "curve arm1") for value in values]
