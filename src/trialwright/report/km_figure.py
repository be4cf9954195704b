"""A Kaplan-Meier figure for a paper, from the results of a table: curves above their numbers at risk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trialwright.report.curve_drawing import Axes, CurveArm, axes, beside, curve, dashes, risk_table
from trialwright.report.figure import Figure, line, standalone
from trialwright.report.markup import Content, svg_text, tag
from trialwright.report.style import LIGHT

if TYPE_CHECKING:
    from trialwright.results import Result, Results

__all__ = ["km_figure"]

_NARROWEST, _LETTER = 640.0, 6.7
"""Width of the canvas, and of a letter of the legend at its size."""
_LINE = 19.0


def km_figure(results: Results, *, unit: str, ticks: Sequence[float], title: str = "Kaplan-Meier curves") -> str:
    """Return the curves of every arm as an SVG file; ``unit`` is the word below the axis, ``ticks`` run from 0 up.

    Read are the rows ``survival``, ``censored at``, ``at risk``, ``events`` and ``median`` of each arm, and of each
    comparison ``A v B`` the hazard ratio and log-rank P, the stratified ones where there are any. Colors stand in the
    file as they are, without variables, which drawing programs do not read. ValueError when no curve is there.
    """
    shelves = _Shelves(results)
    if not shelves.arms:
        raise ValueError("results must hold rows of the statistic survival for an arm; got none")
    legend = [*(shelves.summary(arm, unit) for arm in shelves.arms), *shelves.comparisons()]
    width = max(_NARROWEST, 70 + _LETTER * max(map(len, legend)))
    frame = Axes(24 + _LINE * len(legend), width, tuple((at, f"{at:g}") for at in ticks), beside(shelves.arms))
    arms = [shelves.drawn(index, ticks) for index in range(len(shelves.arms))]
    shapes = (
        _legend(legend, shelves.arms),
        axes(frame, f"Time ({unit})", "Free of the event (%)"),
        [curve(arm, frame) for arm in arms],
        risk_table(arms, frame),
    )
    drawn = Figure("km", title, _description(legend), width, frame.height(len(arms)), lambda _: shapes)
    return _without_variables(standalone(drawn, None))


class _Shelves:
    """The rows of a table's results, by group and statistic."""

    def __init__(self, results: Results) -> None:
        self._rows: dict[tuple[str, str], list[Result]] = {}
        for row in results:
            self._rows.setdefault((row.group, row.statistic), []).append(row)
        self.arms = [group for group, statistic in self._rows if statistic == "survival" and group != "all"]

    def of(self, group: str, statistic: str) -> list[Result]:
        return self._rows.get((group, statistic), [])

    def drawn(self, index: int, ticks: Sequence[float]) -> CurveArm:
        arm = self.arms[index]
        steps = tuple((r.at, r.value) for r in self.of(arm, "survival") if r.at is not None and r.value is not None)
        censored = tuple(row.at for row in self.of(arm, "censored at") if row.at is not None)
        numbers = {row.at: row.value for row in self.of(arm, "at risk")}
        at_risk = tuple((at, f"{numbers[at]:g}") for at in ticks)
        median = next((row.value for row in self.of(arm, "median")), None)
        start = ((0.0, 1.0),)
        return CurveArm(index, arm, start + steps, censored, max((0.0, *censored, steps[-1][0])), median, at_risk)

    def summary(self, arm: str, unit: str) -> str:
        """Return the line of the legend: arm, subjects, events, median with limits."""
        median = self.of(arm, "median")[0]
        value = "not reached" if median.value is None else f"{median.value:.4g} {unit}"
        events = f"{median.events} events of {median.n}"
        return f"{arm}: {events}; median {value} ({_limits(median, 'NR', '.4g')})"

    def comparisons(self) -> list[str]:
        """Return a line for each comparison of two arms, and one for the test of more than two."""
        groups = [group for group, statistic in self._rows if statistic == "hazard ratio" and " v " in group]
        overall = self.of("all", "log-rank P")
        return [*map(self._comparison, groups), *([f"All arms: {_tested(overall)}"] if overall else [])]

    def _comparison(self, group: str) -> str:
        ratio = _chosen(self.of(group, "hazard ratio"))
        value = "not estimable" if ratio.value is None else f"{ratio.value:.2f}"
        tests = self.of(group, "log-rank P")
        by = ", stratified" if ratio.item == "stratified" else ""
        return (
            f"{group}: hazard ratio{by} {value} ({_limits(ratio, 'NE', '.2f')}){f'; {_tested(tests)}' if tests else ''}"
        )


def _chosen(rows: Sequence[Result]) -> Result:
    """Return the stratified answer where there is one, else the first."""
    return next((row for row in rows if row.item == "stratified"), rows[0])


def _limits(row: Result, missing: str, form: str) -> str:
    limits = [missing if limit is None else format(limit, form) for limit in (row.lower, row.upper)]
    return f"{100 * (row.level or 0):g}% CI {limits[0]} to {limits[1]}"


def _tested(rows: Sequence[Result]) -> str:
    row = _chosen(rows)
    by = "stratified log-rank" if row.item == "stratified" else "log-rank"
    if row.value is None:
        return f"{by}: {row.problem}"
    return f"{by} P {'<0.0001' if row.value < 0.0001 else f'= {row.value:.4f}'}"


def _legend(texts: Sequence[str], arms: Sequence[str]) -> Content:
    drawn: list[Content] = []
    for i, text in enumerate(texts):
        y = 22 + _LINE * i
        if i < len(arms):
            drawn.append(line(10, y - 4, 44, y - 4, f"curve arm{i % 4}", stroke_dasharray=dashes(i)))
            rest = text.removeprefix(arms[i])
            drawn.append(svg_text(52, y, (tag("tspan", arms[i], cls=f"strong name{i % 4}"), rest)))
        else:
            drawn.append(svg_text(52, y, text))
    return drawn


def _description(legend: Sequence[str]) -> str:
    return ". ".join(legend)


def _without_variables(svg: str) -> str:
    """Return the file with the colors of the palette for print in the place of their names."""
    return re.sub(r"var\(--([a-z0-9-]+)\)", lambda found: LIGHT[found[1]], svg)
