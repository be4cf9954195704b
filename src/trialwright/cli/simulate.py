"""``trialwright simulate``: many virtual trials of a study, of a grid of its variants, or one of them in full."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trialwright.errors import DataError

if TYPE_CHECKING:
    from trialwright.cli.rehearsal import Study
    from trialwright.cli.sweeping import Kind

__all__ = ["simulate"]

TRIALS, EXACT_TRIALS = 100_000, 1_000


def simulate(  # noqa: PLR0917 - each is an option of the command
    study: Annotated[str, typer.Argument(help="A study that ships with the program, or a protocol file.")],
    trials: Annotated[int | None, typer.Option(min=1, help="Trials of each point; 100000, with --exact 1000.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="The same seed gives the same trials.")] = 1,
    first: Annotated[int, typer.Option(min=0, help="Number of the first trial.")] = 0,
    control_median: Annotated[float | None, typer.Option(help="Months, of the planned trial's control arm.")] = None,
    accrual: Annotated[float | None, typer.Option(help="Months over which the planned trial's patients enter.")] = None,
    grid: Annotated[Path | None, typer.Option(help="YAML file of the points to simulate.")] = None,
    exact: Annotated[bool, typer.Option("--exact", help="All that the plan analyzes, patient by patient.")] = False,
    number: Annotated[int | None, typer.Option("--open", min=0, help="Write this trial in full into --out.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Threads or processes; one for each core by default.")] = None,
    processes: Annotated[bool, typer.Option("--processes", help="Processes instead of threads.")] = False,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler, such as tcp://10.0.0.5:8786.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the tables; an interrupted run goes on there.")] = None,
    raw: Annotated[Path | None, typer.Option(help="Parquet file that gets a row for every trial.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON with all digits instead of a table.")] = False,
    scenario: Annotated[Path | None, typer.Option(help="Scenario file; beside the protocol by default.")] = None,
) -> None:
    """Simulate many virtual trials and print how the design behaves, each number with its Monte Carlo error.

    The scenario's trial and, with --control-median and --accrual, the trial as it was planned. The numbers are the
    same whatever runs the trials. With --out nothing finished is lost: the same command goes on.
    """
    from trialwright.cli.open_design import open_design
    from trialwright.cli.open_trial import open_trial
    from trialwright.cli.rehearsal import read_study
    from trialwright.cli.sweeping import Plan, run

    read = read_study(study, scenario, None)
    if number is not None:
        if any((trials, first, control_median, accrual, grid, jobs, processes, scheduler, raw)):
            raise DataError(
                "--open writes one trial of the scenario; with it go --exact, --seed, --out, --scenario and --json only"
            )
        return (open_trial if exact else open_design)(read, seed, number, out, json)
    if exact and (control_median is not None or accrual is not None):
        raise DataError("--control-median and --accrual are of the planned trial; --exact simulates the scenario's")
    kind = _exact(read, seed) if exact else _design(read, seed, control_median, accrual)
    found = run(
        Plan(kind, trials or (EXACT_TRIALS if exact else TRIALS), first, grid, out, raw), jobs, processes, scheduler
    )
    typer.echo(found.as_json()) if json else found.show()
    return None


def _exact(study: Study, seed: int) -> Kind:
    from trialwright.cli.simulate_exact import Exact

    return Exact(study, seed)


def _design(study: Study, seed: int, control_median: float | None, accrual: float | None) -> Kind:
    from trialwright.cli.simulate_design import OfDesign

    return OfDesign(study, seed, control_median, accrual)
