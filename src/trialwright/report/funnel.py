"""The funnel of a synthesis: effects against their standard errors, with contours of the P value.

Missing studies in the pale middle, where P > 0.1, look like studies that were not published; missing ones elsewhere do
not (Peters, Sutton, Jones, Abrams and Rushton 2008, J Clin Epidemiol 61:991).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trialwright.report.effect_axis import EffectAxis, colors_written_out
from trialwright.report.figure import Figure, line, standalone
from trialwright.report.markup import Content, Markup, svg_text, tag

if TYPE_CHECKING:
    from trialwright.evidence import Study, Synthesis

__all__ = ["drawn_funnel", "funnel_plot"]

_WIDTH, _TOP, _PLOT, _LEFT, _LENGTH = 640.0, 20.0, 330.0, 62.0, 560.0
_CONTOURS = ((2.5758293035489, 0.6), (1.9599639845400543, 0.3), (1.6448536269514722, 0.0))
"""Normal quantiles of P = 0.01, 0.05 and 0.1, from outside, and how dark the region inside is."""
_LEGEND = ((0.0, "> 0.1"), (0.3, "0.05 to 0.1"), (0.6, "0.01 to 0.05"), (1.0, "< 0.01"))


def funnel_plot(
    found: Synthesis, *, title: str, effect: str = "Hazard ratio", is_ratio: bool = True, filled: Sequence[Study] = ()
) -> str:
    """Return the funnel plot of a synthesis as an SVG file.

    Large studies stand at the top. Contours belong to no effect; the dashed lines are where 95% of studies would lie
    about the pooled effect if nothing but chance made them differ. ``filled`` are the studies that trim and fill
    supposes to be missing, drawn hollow. Groups of studies differ in color and shape.

    >>> from trialwright.evidence import Study, pool
    >>> svg = funnel_plot(pool([Study("A", -0.2, 0.1), Study("B", -0.4, 0.2)]), title="Two trials")
    >>> "Standard error" in svg and "0.05 to 0.1" in svg
    True
    """
    figure = drawn_funnel(found, title=title, effect=effect, is_ratio=is_ratio, filled=filled)
    return colors_written_out(standalone(figure, None, titled=True))


def drawn_funnel(
    found: Synthesis,
    *,
    title: str,
    effect: str = "Hazard ratio",
    is_ratio: bool = True,
    filled: Sequence[Study] = (),
    name: str = "funnel",
) -> Figure:
    """Return the same as a figure for a page."""
    groups = list(dict.fromkeys(study.group for study in found.studies))
    every, mean = [*found.studies, *filled], found.under("z").estimate
    deepest = 1.08 * max(study.se for study in every)
    sides = [mean - _CONTOURS[1][0] * deepest, mean + _CONTOURS[1][0] * deepest]
    axis = EffectAxis.of([*sides, *(study.estimate for study in every)], _LEFT, _LENGTH, is_ratio=is_ratio)
    frame = _Frame(axis, deepest)
    shapes = (
        frame.contours(),
        frame.expected(mean),
        frame.scale(effect),
        [frame.point(study, groups.index(study.group)) for study in found.studies],
        [frame.point(study, None) for study in filled],
        _legend(groups, bool(filled)),
    )
    said = f"Funnel of {len(found.studies)} studies about {axis.text(mean)}; " + "; ".join(
        f"{study.label}: {axis.text(study.estimate)}, standard error {study.se:.3f}" for study in found.studies
    )
    return Figure(name, title, said, _WIDTH, _TOP + _PLOT + 92, lambda _: shapes)


class _Frame:
    """The plot: the effect across, the standard error downwards."""

    def __init__(self, axis: EffectAxis, deepest: float) -> None:
        self.axis, self.deepest = axis, deepest

    def y(self, se: float) -> float:
        return _TOP + _PLOT * se / self.deepest

    def contours(self) -> Iterator[Content]:
        """Yield the regions of P, each a triangle cut off at the sides of the plot."""
        plot = {"x": f"{_LEFT}", "y": f"{_TOP}", "width": f"{_LENGTH}", "height": f"{_PLOT}"}
        yield tag("rect", cls="range", **plot)
        for z, darkness in _CONTOURS:
            corners = [*self._side(-z), *reversed(self._side(z))]
            path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners) + "z"
            yield tag("path", d=path, cls="paper"), tag("path", d=path, cls="range", fill_opacity=darkness)

    def _side(self, z: float) -> list[tuple[float, float]]:
        """Return the line effect = z se from the top to the bottom, along the side of the plot where it leaves it."""
        end = self.axis.high if z > 0 else self.axis.low
        leaves = min(self.deepest, end / z)
        points = [(self.axis.x(0.0), self.y(0.0)), (self.axis.x(z * leaves), self.y(leaves))]
        return points if leaves == self.deepest else [*points, (self.axis.x(end), self.y(self.deepest))]

    def expected(self, mean: float) -> Iterator[Content]:
        z = _CONTOURS[1][0]
        x = self.axis.x(mean)
        yield line(x, self.y(0), x, self.y(self.deepest), "axis")
        for side in (-z, z):
            yield line(x, self.y(0), self.axis.x(mean + side * self.deepest), self.y(self.deepest), "guide")

    def scale(self, effect: str) -> Iterator[Content]:
        bottom = self.y(self.deepest)
        yield line(_LEFT, bottom, _LEFT + _LENGTH, bottom, "axis")
        yield line(_LEFT, _TOP, _LEFT, bottom, "axis")
        for at, text in self.axis.ticks:
            x = self.axis.x(at)
            yield line(x, bottom, x, bottom + 5, "axis")
            yield svg_text(x, bottom + 19, text, text_anchor="middle")
        for se, text in EffectAxis(0.0, self.deepest, 0.0, 1.0, False).ticks:
            yield line(_LEFT - 5, self.y(se), _LEFT, self.y(se), "axis")
            yield svg_text(_LEFT - 8, self.y(se) + 4, text, text_anchor="end")
        yield svg_text(_LEFT + _LENGTH / 2, bottom + 40, effect, text_anchor="middle")
        middle = f"translate(16 {_TOP + _PLOT / 2:.1f}) rotate(-90)"
        yield tag("text", "Standard error", transform=middle, text_anchor="middle")

    def point(self, study: Study, group: int | None) -> Markup:
        return _shape(self.axis.x(study.estimate), self.y(study.se), group, study.label)


def _shape(x: float, y: float, group: int | None, label: str | None = None) -> Markup:
    """Return a point: disc, square, diamond or triangle by group; a ring for a study that is supposed."""
    name = None if label is None else tag("title", label)
    if group is None or group % 4 == 0:
        cls = "paper curve arm1" if group is None else "fill0"
        return tag("circle", name, cx=f"{x:.1f}", cy=f"{y:.1f}", r="5", cls=cls)
    outline = ("l5 0 0 10 -10 0 0-10z", "l6 5.5-6 5.5-6-5.5z", "l6 10-12 0z")[group % 4 - 1]
    return tag("path", name, d=f"M{x:.1f} {y - 5:.1f}{outline}", cls=f"fill{group % 4}")


def _legend(groups: Sequence[str], filled: bool) -> Iterator[Content]:
    y, x = _TOP + _PLOT + 66, 118.0
    yield svg_text(8, y, "P of no effect:", cls="soft")
    for darkness, text in _LEGEND:
        place = {"x": f"{x:.1f}", "y": f"{y - 10:.1f}", "width": "16", "height": "12"}
        yield tag("rect", cls="paper", **place), tag("rect", cls="range", fill_opacity=darkness, **place)
        yield tag("rect", cls="axis", **place)
        yield svg_text(x + 22, y, text, cls="soft")
        x += 34 + 7.6 * len(text) + 14
    named = [(group, i) for i, group in enumerate(groups) if group] if len(groups) > 1 else []
    x = 8.0
    for text, group in [*named, *([("supposed missing", None)] if filled else [])]:
        yield _shape(x + 6, y + 18, group)
        yield svg_text(x + 18, y + 22, text, cls="soft")
        x += 42 + 7 * len(text)
