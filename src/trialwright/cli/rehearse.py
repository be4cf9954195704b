"""The command that runs a whole trial on virtual patients."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trialwright.cli.rehearsal import Rehearsal

__all__ = ["progress", "rehearse"]

STEPS = 6
WIDTH = 120
"""Of a table that is printed to a file or pipe, which has no width of its own."""


def rehearse(  # noqa: PLR0917 - each is an option of the command
    study: Annotated[str, typer.Argument(help="A study that ships with the program, or a protocol file.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write; out/STUDY by default.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="The same seed gives the same virtual trial.")] = 1,
    replays: Annotated[int, typer.Option(min=0, help="Fast replays behind 'published beside rehearsed'.")] = 1000,
    scenario: Annotated[Path | None, typer.Option(help="Scenario file; beside the protocol by default.")] = None,
    claims: Annotated[Path | None, typer.Option(help="Published claims; beside the protocol by default.")] = None,
    replace: Annotated[bool, typer.Option(help="Replace the folder if it exists.")] = False,
) -> None:
    """Run a whole trial on virtual patients: screening, allocation, scans, derivation, analysis, report."""
    from trialwright import report
    from trialwright.cli import rehearsal
    from trialwright.cli.checks import check_rehearsal
    from trialwright.cli.files import manifest, write_files
    from trialwright.cli.output import whole_folder

    with progress(STEPS) as say:
        say("reading protocol, scenario and claims")
        read = rehearsal.read_study(study, scenario, claims)
        target = out or Path("out") / read.protocol.identification.id
        with whole_folder(target, replace=replace) as folder:
            found = rehearsal.rehearse(read, seed, replays, say)
            say("files and report")
            write_files(found, folder)
            report.write(
                found.analysis.results,
                read.protocol,
                folder,
                virtual=True,
                manifest=manifest(found),
                claims=read.claims,
                comparison=found.comparison,
                findings=found.findings,
                calibration=found.calibration,
                scenario=read.scenario,
            )
    _tell(found, target)
    check_rehearsal(found)


@contextmanager
def progress(steps: int) -> Iterator[Callable[[str], None]]:
    """Show the step at work on a terminal, and plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield lambda step: typer.echo(step, err=True)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=steps)
        done = iter(range(steps + 1))
        yield lambda step: bar.update(task, description=step, completed=next(done, steps))


def _tell(found: Rehearsal, target: Path) -> None:
    from rich.console import Console

    from trialwright.report import published_table

    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    outcomes = Counter(found.data["screened"]["outcome"].to_list()).most_common()
    said = ", ".join(f"{outcome} {count}" for outcome, count in outcomes)
    console.print(f"assessed {sum(count for _, count in outcomes)}: {said}", highlight=False)
    for name, on in found.analysis.cuts.items():
        when = on.isoformat() if on else "not reached in this virtual trial"
        console.print(f"data cut-off {name}: {when}", highlight=False)
    if found.comparison:
        console.print(published_table(found.comparison))
    console.print(f"Virtual patients, seed {found.seed}. Report: {target / 'report.html'}", highlight=False)
