"""An analysis of a table for the terminal."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from trialwright.analyze import Model, TableAnalysis
    from trialwright.stats import Contrast, Estimate

__all__ = ["show"]

WIDTH = 120
"""Of what is printed to a file, which has no width of its own."""


def show(found: TableAnalysis, file: Path) -> None:
    """Print counts, curves' figures, tests and models, each block with its conventions below it."""
    from rich.console import Console

    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    with console.capture() as shown:
        _blocks(console, found, file)
    text = shown.get()
    console.file.write(text)
    if re.search(r"\bNE\b", text):
        _say(console, "NE: not estimable, for the reason told below the table; ∞: without an upper bound")


def _blocks(console: Console, found: TableAnalysis, file: Path) -> None:
    rows = found.subjects
    everyone = found.everyone.curve
    events = f"{everyone.total_events} events{_event_value(found)}"
    _say(console, f"{file.name}: {rows.rows_read} rows read, {len(rows.times)} used, {events}")
    for note in found.notes:
        _say(console, f"note: {note}")
    _arms(console, found)
    _rates(console, found)
    _at_risk(console, found)
    _tests(console, found)
    for name, model in found.models.items():
        _model(console, name, model, found)
    _means(console, found)


def _event_value(found: TableAnalysis) -> str:
    columns = found.subjects.columns
    return f" ({columns.event} = {'1 or true' if columns.event_value is None else columns.event_value})"


def _arms(console: Console, found: TableAnalysis) -> None:
    unit, rules = found.question.unit, found.question.conventions
    table = _table(f"Times in {unit}", ("", "n", "events", "25%", "median", "75%", "median follow-up"))
    for arm in (*found.arms, found.everyone):
        counts = (str(arm.curve.subjects), str(arm.curve.total_events))
        table.add_row(arm.arm, *counts, *map(_time, arm.quantiles.values()), _time(arm.follow_up))
    console.print(table)
    _say(console, f"  {100 * found.question.level:g}% limits; {rules.quantile}; follow-up by reverse Kaplan-Meier")
    _say(console, f"  times: {found.subjects.times_in_words(rules.merge)}")
    _problems(console, ((f"{arm.arm} median", arm.quantiles[0.5].problem) for arm in found.arms))


def _rates(console: Console, found: TableAnalysis) -> None:
    if not found.question.landmarks:
        return
    table = _table("Free of the event", (f"at {found.question.unit}", *(arm.arm for arm in found.arms)))
    for at in found.question.landmarks:
        table.add_row(f"{at:g}", *(_share(arm.rates[at]) for arm in found.arms))
    console.print(table)
    _say(console, f"  {found.question.conventions.rate}")
    _problems(console, ((f"{arm.arm} at {at:g}", e.problem) for arm in found.arms for at, e in arm.rates.items()))


def _at_risk(console: Console, found: TableAnalysis) -> None:
    table = _table("Number at risk", ("", *(f"{at:g}" for at in found.grid)))
    for arm in found.arms:
        table.add_row(arm.arm, *(str(arm.at_risk[at]) for at in found.grid))
    console.print(table)
    _say(console, f"  {found.question.conventions.number_at_risk}")


def _tests(console: Console, found: TableAnalysis) -> None:
    table = _table("Log-rank", ("", "chi-square", "df", "P two-sided"))
    for name, test in found.log_ranks.items():
        table.add_row(name, _number(test.test.statistic), str(test.test.df), _p(test.test.p))
    console.print(table)
    _problems(console, ((name, test.test.problem) for name, test in found.log_ranks.items()))


def _model(console: Console, name: str, model: Model, found: TableAnalysis) -> None:
    head = ("", "coefficient", "SE", "hazard ratio", f"{100 * found.question.level:g}% limits", "P")
    table = _table(f"Cox model, {name}: {model.description}", head)
    for term in model.terms:
        limits = "–" if term.lower is None else f"{_number(term.lower)} to {_number(term.upper)}"
        table.add_row(term.name, _number(term.coef), _number(term.se), _number(term.hazard_ratio), limits, _p(term.p))
    console.print(table)
    _problems(console, ((term.name, term.problem) for term in model.terms))
    tests = (("likelihood ratio", model.likelihood_ratio), ("Wald", model.wald), ("score", model.score))
    shown = (f"{test} {_number(t.statistic)} on {t.df} df, P {_p(t.p)}" for test, t in tests if t.problem is None)
    _say(console, f"  {'; '.join([*shown, found.question.conventions.ties_in_words, model.limits])}")

    for which, test in model.proportional_hazards.terms.items() if model.proportional_hazards else ():
        text = f"proportional hazards, {which}: {_number(test.statistic)} on {test.df} df, P {_p(test.p)} (score, km)"
        _say(console, f"  {test.problem or text}")
    _problems(console, [("proportional hazards", model.proportional_hazards_problem)])


def _means(console: Console, found: TableAnalysis) -> None:
    means, unit = found.means, found.question.unit
    table = _table(f"Restricted mean to {means.tau.time:g} {unit}", ("", "mean, difference, ratio", "SE", "P"))
    for name, arm in means.arms.items():
        table.add_row(name, _time(arm.mean), _number(arm.mean.se), "")
    for name, pair in means.comparisons.items():
        for what, contrast in (("difference", pair.difference), ("ratio", pair.ratio)):
            table.add_row(f"{name}, {what}", _time(contrast), _number(contrast.se), _p(contrast.p))
    console.print(table)
    _say(console, f"  tau: {means.tau.rule}; Greenwood variance; ratio on the log scale; not stratified")
    _problems(console, ((name, arm.mean.problem) for name, arm in means.arms.items()))
    _problems(console, ((f"{name} difference", pair.difference.problem) for name, pair in means.comparisons.items()))
    _problems(console, [("restricted mean", means.problem)])


def _table(title: str, heads: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", pad_edge=False)
    table.add_column(heads[0], overflow="fold")
    for head in heads[1:]:
        table.add_column(head, justify="right")
    return table


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _problems(console: Console, found: Iterable[tuple[str, str | None]]) -> None:
    for name, problem in found:
        if problem is not None:
            _say(console, f"  {name}: {problem}")


def _time(estimate: Estimate | Contrast) -> str:
    return f"{_number(estimate.value)} ({_number(estimate.lower)} to {_number(estimate.upper)})"


def _share(estimate: Estimate) -> str:
    return f"{_digits(estimate.value, 4)} ({_digits(estimate.lower, 4)} to {_digits(estimate.upper, 4)})"


def _number(value: float | None) -> str:
    """Return a number to five significant digits; NE: not estimable."""
    if value is None:
        return "NE"
    return ("∞" if value > 0 else "−∞") if math.isinf(value) else f"{value:.5g}"


def _digits(value: float | None, places: int) -> str:
    return "NE" if value is None else f"{value:.{places}f}"


def _p(value: float | None) -> str:
    if value is None:
        return "NE"
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"
