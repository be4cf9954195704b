"""``trialwright design card`` and ``design lint``: how a study's design behaves, and what is odd about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from trialwright.design import Scenario
    from trialwright.protocol import Protocol
    from trialwright.simulate import Card, Lint, Suppositions

__all__ = ["card", "lint"]

TRIALS, OTHER_TRIALS, LINT_TRIALS = 10_000, 5_000, 100_000
Study = Annotated[str, typer.Argument(help="A study that ships with the program, or a protocol file.")]
Seed = Annotated[int, typer.Option(min=0, max=2**64 - 1, help="The same seed gives the same trials.")]
Median = Annotated[float | None, typer.Option(help="Months, of the control arm, where the protocol is silent.")]
Accrual = Annotated[float | None, typer.Option(help="Months over which the patients enter.")]
FollowUp = Annotated[float | None, typer.Option(help="Months from the last entry to the analysis.")]
Dropout = Annotated[float | None, typer.Option(help="Chance to leave without an event within 12 months.")]
Supposed = Annotated[Path | None, typer.Option("--scenario", help="Scenario file; beside the protocol by default.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON with all digits instead of tables.")]


def card(  # noqa: PLR0917 - each is an option of the command
    study: Study,
    trials: Annotated[int, typer.Option(min=100, help="Trials of the design as planned.")] = TRIALS,
    other_trials: Annotated[
        int, typer.Option(min=100, help="Trials of rows with scans, strata or changing hazards, at most --trials.")
    ] = OTHER_TRIALS,
    seed: Seed = 1,
    control_median: Median = None,
    accrual: Accrual = None,
    follow_up: FollowUp = None,
    dropout: Dropout = None,
    html: Annotated[Path | None, typer.Option(help="HTML file of the card, with its figures.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Threads; one for each core by default.")] = None,
    scenario: Supposed = None,
    json: Json = False,
) -> None:
    """Print the operating-characteristics card of a study: each formula beside the simulated truth.

    What the protocol promises; what is supposed where it is silent (options first, then the section planning of the
    scenario file); power and both error tails with their Monte Carlo errors; the critical value that would hold the
    level; what scans, strata and late effects change; when each look comes; and what is odd about the design.
    """
    from trialwright.errors import DataError
    from trialwright.simulate import design_card

    try:
        protocol, supposed = _read(study, scenario)
        rests_on = _suppositions(protocol, supposed, control_median, accrual, follow_up, dropout)
        with _progress() as progress:
            found = design_card(
                protocol, supposed, rests_on, trials=trials, other_trials=other_trials, seed=seed,
                workers=jobs or _cores(), progress=progress,
            )  # fmt: skip
    except ValueError as error:
        raise DataError(str(error)) from error
    if html is not None:
        _write(html, found)
    _print(found, json)


def lint(  # noqa: PLR0917 - each is an option of the command
    study: Study,
    trials: Annotated[int, typer.Option(min=0, help="Virtual trials for error and power; 0 for none.")] = LINT_TRIALS,
    seed: Seed = 1,
    control_median: Median = None,
    accrual: Accrual = None,
    follow_up: FollowUp = None,
    dropout: Dropout = None,
    scenario: Supposed = None,
    json: Json = False,
) -> None:
    """Print what is odd about the design of a study, each finding with its figure and what to do.

    Errors, warnings and notes; rules that could not be asked are named with what they lack. Ends with exit code 1 when
    there is an error.
    """
    from trialwright.errors import DataError
    from trialwright.simulate import lint_design

    try:
        protocol, supposed = _read(study, scenario)
        rests_on = _suppositions(protocol, supposed, control_median, accrual, follow_up, dropout)
        found = lint_design(protocol, supposed, rests_on, trials=trials, seed=seed, workers=_cores())
    except ValueError as error:
        raise DataError(str(error)) from error
    _print_lint(found, json)
    if found.has_errors:
        raise typer.Exit(1)


def _read(study: str, scenario: Path | None) -> tuple[Protocol, Scenario | None]:
    """Return the protocol, and the scenario named or beside it, where there is one."""
    from trialwright.design import Scenario, check_scenario
    from trialwright.errors import DocumentError
    from trialwright.protocol import load, protocol_file, read_document

    protocol = load(study)
    beside = scenario or protocol_file(study).with_name("scenario.yaml")
    if scenario is None and not beside.exists():
        return protocol, None
    supposed = read_document(beside, Scenario)
    problems = check_scenario(protocol, supposed)
    if problems:
        raise DocumentError("the scenario does not fit the protocol:\n" + "\n".join(problems))
    return protocol, supposed


def _suppositions(  # noqa: PLR0917 - the options, once more
    protocol: Protocol,
    scenario: Scenario | None,
    control_median: float | None,
    accrual: float | None,
    follow_up: float | None,
    dropout: float | None,
) -> Suppositions:
    from trialwright.simulate import suppositions

    for name, value in (("--control-median", control_median), ("--accrual", accrual)):
        if value is not None and not 0 < value < math.inf:
            raise ValueError(f"{name} must be a finite number of months greater than 0; got {value:g}")
    if follow_up is not None and not 0 <= follow_up < math.inf:
        raise ValueError(f"--follow-up must be a finite number of months of at least 0; got {follow_up:g}")
    if dropout is not None and not 0 <= dropout < 1:
        raise ValueError(f"--dropout must be in [0, 1); got {dropout:g}. For 5 % write 0.05.")
    return suppositions(
        protocol, scenario, control_median=control_median, accrual=accrual, follow_up=follow_up, dropout=dropout
    )


def _cores() -> int:
    import os

    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """Show trials done and time left on a terminal, and nothing elsewhere."""
    import sys

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), "trials, time left", TimeRemainingColumn(elapsed_when_finished=True))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _write(path: Path, found: Card) -> None:
    from trialwright.errors import DataError
    from trialwright.report import card_page

    try:
        path.write_text(card_page(found), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}") from error


def _print(found: Card, json: bool) -> None:
    from trialwright.cli.card_text import show_card

    typer.echo(_json({**asdict(found), "main": asdict(found.main)})) if json else show_card(found)


def _print_lint(found: Lint, json: bool) -> None:
    from trialwright.cli.card_text import show_lint

    typer.echo(_json(asdict(found))) if json else show_lint(found)


def _json(content: Any) -> str:
    """Return the content with all digits; a number that is none or infinite is null."""
    import json

    return json.dumps(_finite(content), indent=1, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
