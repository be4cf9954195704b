"""The forest of a synthesis: each study with its weight, the pooled effect as a diamond, and what another may show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

from trialwright.report import format as printed
from trialwright.report.effect_axis import EffectAxis, colors_written_out
from trialwright.report.figure import Figure, line, standalone
from trialwright.report.markup import Content, Markup, svg_text, tag
from trialwright.stats import Test

if TYPE_CHECKING:
    from trialwright.evidence import Inference, PredictionKind, Study, Subgroups, Synthesis

__all__ = ["drawn_forest", "synthesis_forest"]

_TESTS = {"z": "z", "t": "t", "HK": "Hartung-Knapp", "HK ad hoc": "Hartung-Knapp, ad hoc"}
_ROW, _TOP = 24.0, 54.0
_LARGEST = 6.5
"""Half the side of the square of the heaviest study; the area of the others is to its as their weights."""
Kind = Literal["head", "study", "group", "all", "prediction"]


@dataclass(frozen=True)
class _Row:
    kind: Kind
    label: str
    effect: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    weight: float | None = None
    share: float = 1.0
    """Weight over that of the heaviest study."""


@dataclass(frozen=True)
class _Places:
    """Where things stand, at a desk or in the hand."""

    width: float
    axis: tuple[float, float]
    """Left end and length."""
    effect: float
    """Start of the effects as text, or their end in the hand."""
    stacked: bool
    """Whether the interval stands below its label."""


_DESK = _Places(960.0, (330.0, 330.0), 690.0, False)
_HAND = _Places(380.0, (16.0, 348.0), 372.0, True)


def synthesis_forest(
    found: Synthesis | Subgroups,
    *,
    title: str,
    effect: str = "Hazard ratio",
    is_ratio: bool = True,
    favors: tuple[str, str] | None = None,
    prediction: PredictionKind = "t, k-2",
) -> str:
    """Return the forest plot of a synthesis, or of one in groups, as an SVG file.

    ``effect`` names what is pooled; with ``is_ratio`` its logarithm was. ``favors``: who does better left and right of
    no effect. Squares are studies, their area the weight, their limits normal at the level of the synthesis; diamonds
    are means. Colors stand in the file without variables, which drawing programs do not read.

    >>> from trialwright.evidence import Study, pool
    >>> svg = synthesis_forest(pool([Study("A", -0.2, 0.1), Study("B", -0.4, 0.2)]), title="Two trials")
    >>> svg.count("<rect"), "Hartung-Knapp" in svg
    (3, True)
    """
    figure = drawn_forest(found, title=title, effect=effect, is_ratio=is_ratio, favors=favors, prediction=prediction)
    return colors_written_out(standalone(figure, None, titled=True))


def drawn_forest(
    found: Synthesis | Subgroups,
    *,
    title: str,
    effect: str = "Hazard ratio",
    is_ratio: bool = True,
    favors: tuple[str, str] | None = None,
    prediction: PredictionKind = "t, k-2",
    name: str = "forest",
) -> Figure:
    """Return the same as a figure for a page, with a drawing of its own for a telephone."""
    overall, rows = _overall(found), list(_rows(found, prediction))
    said = _said(rows, effect, is_ratio)
    notes = _notes(found, overall)

    def at(places: _Places) -> Figure:
        axis = EffectAxis.of(_ends(rows), *places.axis, is_ratio=is_ratio)
        tops = _tops(rows, places)
        bottom = tops[-1] - 4
        below = bottom + (62 if favors else 44)
        broken = [part for note in notes for part in _broken(note, places)]
        shapes = (
            _heads(f"{effect} ({100 * overall.inference.level:g}% CI)", places),
            _guides(rows, tops, axis, places),
            _scale(axis, bottom, favors, places),
            [_drawn(row, axis, y, places) for row, y in zip(rows, tops, strict=False)],
            [svg_text(8, below + 18 * i, note, cls="soft") for i, note in enumerate(broken)],
        )
        return Figure(name, title, said, places.width, below + 18 * len(broken), lambda _: shapes)

    return replace(at(_DESK), narrow=at(_HAND))


def _overall(found: Synthesis | Subgroups) -> Synthesis:
    from trialwright.evidence import Subgroups

    return found.overall if isinstance(found, Subgroups) else found


def _rows(found: Synthesis | Subgroups, prediction: PredictionKind) -> Iterator[_Row]:
    from trialwright.evidence import Subgroups

    overall = _overall(found)
    level = overall.inference.level
    drawn = {
        study.label: _study(study, weight, weight / max(overall.weights), level)
        for study, weight in zip(overall.studies, overall.weights, strict=True)
    }
    if isinstance(found, Subgroups):
        for group, members in found.groups.items():
            yield _Row("head", group)
            yield from (drawn[study.label] for study in members)
            yield _mean("group", f"{group} (z)", found.means[group])
        yield _Row("head", "All studies")
    else:
        yield from drawn.values()
    yield _mean("all", f"Pooled ({_TESTS[overall.test]})", overall.inference)
    if overall.test != "z":
        yield _mean("all", "Pooled (z)", overall.under("z"))
    predicted = overall.predict(prediction)
    if predicted.lower is not None and predicted.upper is not None:
        where = overall.inference.estimate
        yield _Row("prediction", f"Prediction interval ({prediction})", where, predicted.lower, predicted.upper)


def _study(study: Study, weight: float, share: float, level: float) -> _Row:
    from statistics import NormalDist

    half = NormalDist().inv_cdf((1 + level) / 2) * study.se
    return _Row("study", study.label, study.estimate, study.estimate - half, study.estimate + half, weight, share)


def _mean(kind: Kind, label: str, mean: Inference) -> _Row:
    return _Row(kind, label, mean.estimate, mean.lower, mean.upper)


def _ends(rows: Sequence[_Row]) -> Iterator[float]:
    """Yield what the axis must hold: every mean and estimate, and limits as far as they do not dwarf the rest."""
    shown = [row for row in rows if row.kind != "head"]
    center = [row.effect for row in shown]
    reach = 3 * (max(center) - min(center)) + 1.0
    yield from center
    for row in shown:
        yield max(row.lower, min(center) - reach)
        yield min(row.upper, max(center) + reach)


def _tops(rows: Sequence[_Row], places: _Places) -> list[float]:
    heights = [_ROW + (18 if places.stacked and row.kind != "head" else 0) for row in rows]
    return list(accumulate(heights, initial=_TOP))


def _heads(effect: str, places: _Places) -> Content:
    if places.stacked:
        return svg_text(8, 22, f"{effect}, weight", cls="strong")
    return (
        svg_text(8, 22, "Study", cls="strong"),
        svg_text(places.effect, 22, effect, cls="strong"),
        svg_text(places.width - 8, 22, "Weight", text_anchor="end", cls="strong"),
    )


def _scale(axis: EffectAxis, bottom: float, favors: tuple[str, str] | None, places: _Places) -> Iterator[Content]:
    none = axis.x(0.0)
    yield line(axis.left, bottom, axis.left + axis.length, bottom, "axis")
    for effect, text in axis.ticks:
        x = axis.x(effect)
        yield line(x, bottom, x, bottom + 5, "axis")
        yield svg_text(x, bottom + 19, text, text_anchor="middle")
    if favors is not None:
        desk, hand = ((none - 10, "end"), (none + 10, "start")), ((8.0, "start"), (places.width - 8, "end"))
        texts = (f"← {favors[0]}", f"{favors[1]} →")
        for (x, anchor), text in zip(hand if places.stacked else desk, texts, strict=True):
            yield svg_text(x, bottom + 38, text, text_anchor=anchor, cls="soft")


def _guides(rows: Sequence[_Row], tops: Sequence[float], axis: EffectAxis, places: _Places) -> Iterator[Content]:
    """Yield the line of no effect, in the hand only beside the marks, where no text stands."""
    x = axis.x(0.0)
    if not places.stacked:
        yield line(x, _TOP - 18, x, tops[-1] - 4, "guide")
        return
    for row, y in zip(rows, tops, strict=False):
        if row.kind != "head":
            yield line(x, y + 9, x, y + 28, "guide")


def _drawn(row: _Row, axis: EffectAxis, y: float, places: _Places) -> Iterator[Content]:
    strong = "strong" if row.kind in {"head", "all"} else None
    yield svg_text(8 if row.kind != "study" else 22, y + 4, row.label, cls=strong)
    if row.kind == "head":
        return
    limits = f"({axis.text(row.lower)} to {axis.text(row.upper)})"
    text = limits if row.kind == "prediction" else f"{axis.text(row.effect)} {limits}"
    share = None if row.weight is None else f"{100 * row.weight:.1f}%"
    if places.stacked:
        told = text if share is None else f"{text}, {share}"
        yield svg_text(places.effect, y + 4, told, text_anchor="end", cls=strong)
    else:
        yield svg_text(places.effect, y + 4, text, cls=strong)
        yield None if share is None else svg_text(places.width - 8, y + 4, share, text_anchor="end")
    yield _mark(row, axis, y + (18 if places.stacked else 0))


def _mark(row: _Row, axis: EffectAxis, y: float) -> Content:
    low, middle, high = (axis.x(effect) for effect in (row.lower, row.effect, row.upper))
    if row.kind == "study":
        half = max(1.6, _LARGEST * math.sqrt(row.share))
        square = tag(
            "rect", x=f"{middle - half:.1f}", y=f"{y - half:.1f}", width=2 * half, height=2 * half, cls="fill0"
        )
        return (line(low, y, high, y, "axis"), _arrows(row, axis, y), square)
    if row.kind == "prediction":
        bar = tag("rect", x=f"{low:.1f}", y=f"{y - 4:.1f}", width=f"{high - low:.1f}", height="8", cls="range")
        return (bar, line(low, y, high, y, "axis"), _arrows(row, axis, y))
    path = f"M{low:.1f} {y:.1f}L{middle:.1f} {y - 7:.1f}L{high:.1f} {y:.1f}L{middle:.1f} {y + 7:.1f}z"
    return (tag("path", d=path, cls="pale0" if row.kind == "group" else "fill0"), _arrows(row, axis, y))


def _arrows(row: _Row, axis: EffectAxis, y: float) -> Iterator[Markup]:
    """Yield an arrow head where a limit lies beyond the axis."""
    for end, beyond, way in ((row.lower, row.lower < axis.low, 6), (row.upper, row.upper > axis.high, -6)):
        if beyond:
            x = axis.x(end)
            yield tag("path", d=f"M{x + way:.1f} {y - 4:.1f}L{x:.1f} {y:.1f}L{x + way:.1f} {y + 4:.1f}", cls="axis")


def _notes(found: Synthesis | Subgroups, overall: Synthesis) -> list[str]:
    from trialwright.evidence import Subgroups

    spread, level = overall.heterogeneity, 100 * overall.inference.level
    model = "common effect" if spread.method == "common" else f"random effects, τ² by {spread.method}"
    profile = "" if spread.lower is None else f" ({level:g}% Q-profile {spread.lower:.3g} to {spread.upper:.3g})"
    tau2 = "" if spread.method == "common" else f"τ² {spread.tau2:.3g}{profile}; "
    notes = [
        f"{model[0].upper()}{model[1:]}; limits at {level:g}%, those of studies from their standard errors.",
        f"{tau2}I² {100 * spread.i2:.0f}%; {_tested(Test(spread.q, spread.df, spread.p))}.",
    ]
    if isinstance(found, Subgroups):
        shared = "τ² shared by the groups" if found.shared_tau2 else "τ² of each group its own"
        shared = "one effect within each group" if spread.method == "common" else shared
        notes.append(f"Between groups: {_tested(found.between)}; {shared}.")
    return notes + [f"Note: {note}." for note in overall.notes]


def _tested(test: Test) -> str:
    return f"Q {test.statistic:.2f} on {test.df} df, P {printed.p_value(test.p or 0.0)}"


def _broken(note: str, places: _Places) -> list[str]:
    from trialwright.report.figure import wrapped

    return wrapped(note, 56 if places.stacked else 140)


def _said(rows: Sequence[_Row], effect: str, is_ratio: bool) -> str:
    axis = EffectAxis(0.0, 1.0, 0.0, 1.0, is_ratio)
    told = [
        f"{row.label}: {axis.text(row.effect)} ({axis.text(row.lower)} to {axis.text(row.upper)})"
        for row in rows
        if row.kind != "head"
    ]
    return f"Forest of {effect.lower()}s. {'. '.join(told)}."
