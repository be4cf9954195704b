"""``trialwright design milestones``: when the events will be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trialwright.cli.milestone_sources import Source
    from trialwright.design import EventModel, Scenario
    from trialwright.protocol import Protocol

__all__ = ["milestones"]

Say = Callable[[int, int], None]
PLAN_DRAWS, DATA_DRAWS = 2000, 10_000
DATE = ["%Y-%m-%d"]


def milestones(  # noqa: PLR0917 - each is an option of the command
    study: Annotated[str, typer.Argument(help="A study that ships with the program, or a protocol file.")],
    events: Annotated[
        list[int] | None, typer.Option(min=1, help="Number of events to wait for; again for more. The plan's without.")
    ] = None,
    at: Annotated[
        list[datetime] | None, typer.Option(formats=DATE, help="Date by which events are counted; again for more.")
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="Endpoint whose events count; that of the sample size.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of a running trial's tables; from the plan without.")
    ] = None,
    cut_off: Annotated[
        datetime | None, typer.Option(formats=DATE, help="Last day of the data that is used; needed with --data.")
    ] = None,
    openings: Annotated[
        Path | None, typer.Option(help="Table of site and opened_on, planned dates too; goes with --data.")
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(help="exponential, weibull, lognormal, piecewise exponential, by comma; all averaged without."),
    ] = None,
    scenario: Annotated[Path | None, typer.Option(help="Scenario file; beside the protocol by default.")] = None,
    draws: Annotated[
        int | None, typer.Option(min=100, help="Possible trials drawn; 2000 from a plan, 10000 from data.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="The same seed gives the same forecast.")] = 1,
    plot: Annotated[Path | None, typer.Option(help="SVG file of expected events over time with their band.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON with all digits instead of a table.")] = False,
) -> None:
    """Forecast when a number of events is reached, and how many there are by a date, with prediction intervals.

    From protocol and scenario; or with --data from the pooled records of a running trial at a cut-off, arms not looked
    at. Events are counted on the day they are seen, at scans. Median and intervals of 50, 80 and 95 percent.
    """
    from trialwright.cli.milestone_answers import answer, as_json, as_text, figure
    from trialwright.errors import DataError

    _check_together(data, cut_off, {"--openings": openings, "--models": models}, scenario)
    try:
        with _progress() as say:
            protocol, supposed = _read(study, scenario, plan=data is None)
            name = endpoint or protocol.sample_size.endpoint
            numbers = events or _planned_events(protocol, name)
            dates = [one.date() for one in at or ()]
            _check_asked(protocol, supposed, numbers, dates, cut_off)
            source = _source(protocol, supposed, name, data, cut_off, openings, models, draws, seed, say)
            found = answer(protocol, name, source, numbers, dates)
            if plot is not None:
                _write(plot, figure(found, source, max(numbers)))
    except ValueError as error:
        raise DataError(str(error)) from error
    typer.echo(as_json(found) if json else as_text(found))


def _check_together(
    data: Path | None, cut_off: datetime | None, of_data: Mapping[str, object], scenario: Path | None
) -> None:
    """Options that would be passed over without a word are refused."""
    from trialwright.errors import DataError

    if (data is None) != (cut_off is None):
        raise DataError("--data and --cut-off go together: the folder of tables, and the last day that is used")
    alone = [name for name, given in of_data.items() if given is not None]
    if data is None and alone:
        raise DataError(f"{alone[0]} goes with --data: from the plan, openings and hazards are those of the scenario")
    if data is not None and scenario is not None:
        raise DataError("--scenario goes without --data: from data, nothing is supposed")


def _read(study: str, scenario: Path | None, *, plan: bool) -> tuple[Protocol, Scenario | None]:
    """Return the protocol, and the scenario where the forecast is from the plan."""
    from trialwright.cli.rehearsal import read_study
    from trialwright.protocol import load

    if not plan:
        return load(study), None
    read = read_study(study, scenario, None)
    return read.protocol, read.scenario


def _check_asked(
    protocol: Protocol,
    scenario: Scenario | None,
    numbers: Sequence[int],
    dates: Sequence[date],
    cut_off: datetime | None,
) -> None:
    """Refuse what no forecast can answer before anything is drawn."""
    from trialwright.errors import DataError

    patients = protocol.design.enrollment
    if max(numbers) > patients:
        raise DataError(f"--events must be at most {patients}, the patients planned: each has one; got {max(numbers)}")
    start = scenario.recruitment.opens_on if scenario else cut_off.date() if cut_off else None
    begins = "the opening of the trial" if scenario else "the data cut-off"
    for on in dates:
        if start is not None and on < start:
            raise DataError(f"--at must not come before {start}, {begins}; got {on}")


def _planned_events(protocol: Protocol, endpoint: str) -> list[int]:
    """Return the events the plan waits for: those of the sample size and of its data cut-offs."""
    from trialwright.errors import DataError

    cuts = [cut.events for cut in protocol.analysis.cuts if cut.endpoint == endpoint and cut.events]
    own = protocol.sample_size.events if protocol.sample_size.endpoint == endpoint else None
    found = sorted({*cuts, *([own] if own else [])})
    if not found:
        raise DataError(f"the protocol waits for no number of events of {endpoint}; write --events")
    return found


def _source(  # noqa: PLR0917 - the options, once more
    protocol: Protocol,
    scenario: Scenario | None,
    endpoint: str,
    data: Path | None,
    cut_off: datetime | None,
    openings: Path | None,
    models: str | None,
    draws: int | None,
    seed: int,
    say: Say,
) -> Source:
    from trialwright.cli.milestone_sources import from_data, from_plan
    from trialwright.cli.trial_folder import read_trial

    if scenario is not None:
        return from_plan(protocol, scenario, endpoint, draws or PLAN_DRAWS, seed, say)
    if data is None or cut_off is None:
        raise AssertionError("without a scenario there are data with their cut-off")
    return from_data(
        protocol,
        read_trial(data, protocol.identification.id).cut(cut_off.date()),
        endpoint,
        openings=openings,
        models=_models(models),
        draws=draws or DATA_DRAWS,
        seed=seed,
        say=say,
    )


def _models(text: str | None) -> Sequence[EventModel]:
    from typing import get_args

    from trialwright.design import EventModel

    return [name.strip() for name in text.split(",")] if text else list(get_args(EventModel))  # type: ignore[misc]


def _write(path: Path, content: str) -> None:
    from trialwright.errors import OutputError

    try:
        path.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def _progress() -> Iterator[Say]:
    """Show how far the draws are on a terminal, and nothing elsewhere."""
    import sys

    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("possible trials")
        yield lambda done, of: bar.update(task, completed=done, total=of)
