"""Run a sweep for the command line: who does it, how far it is, what is kept when it is stopped, what it writes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

import typer

from trialwright.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from trialwright.simulate import Columns, FolderUnits, MemoryUnits, Point, Sweep, Workers

__all__ = ["Kind", "Plan", "Simulated", "run"]

Row = dict[str, Any]


class Kind(Protocol):
    """One kind of virtual trials."""

    def points(self, grid: Path | None) -> tuple[Point, ...]:
        """Return the points of a grid's file, or the study itself."""

    def rows(self, point: Point, columns: Columns, first: int) -> list[Row]:
        """Return what a table says of one point, whose first trial is ``first``."""

    def show(self, rows: list[Row]) -> None:
        """Print the rows of all points."""


@dataclass(frozen=True)
class Plan:
    """What is to be simulated and where it goes."""

    kind: Kind
    trials: int
    first: int
    grid: Path | None
    out: Path | None
    raw: Path | None


@dataclass(frozen=True)
class Simulated:
    """The rows of the table, and the kind of trials that knows how to show them."""

    kind: Kind
    rows: list[Row]

    def as_json(self) -> str:
        """Return the rows; a number that is none or infinite is null."""
        import json

        return json.dumps([_finite(row) for row in self.rows], indent=1, ensure_ascii=False, allow_nan=False)

    def show(self) -> None:
        """Print the rows on the terminal."""
        self.kind.show(self.rows)


def run(plan: Plan, jobs: int | None, processes: bool, scheduler: str | None) -> Simulated:
    """Run a plan's trials, or those of them that its folder does not hold yet, and write its files."""
    from trialwright.simulate import Sweep, run_sweep

    sweep = Sweep(plan.kind.points(plan.grid), plan.trials, plan.first)
    rows, raw = list[Row](), list["pl.DataFrame"]()
    with _units(plan.out, sweep) as units, _told_if_stopped(sweep, units) as stop:
        _tell_taken_over(sweep, units)
        with _workers(jobs, processes, scheduler) as workers, _progress(sweep, stop) as done:
            found = run_sweep(sweep, workers.executor, units, ahead=workers.ahead, done=done)
            for point, columns in zip(sweep.points, found, strict=True):
                rows += plan.kind.rows(point, columns, plan.first)
                raw += [_raw(point, columns, plan.first)] if plan.raw else []
        simulated = Simulated(plan.kind, rows)
        _write(plan, simulated, raw)
    return simulated


def _units(out: Path | None, sweep: Sweep) -> AbstractContextManager[FolderUnits | MemoryUnits]:
    from trialwright.simulate import FolderUnits, MemoryUnits

    return nullcontext(MemoryUnits()) if out is None else FolderUnits.open(out, sweep)


def _tell_taken_over(sweep: Sweep, units: FolderUnits | MemoryUnits) -> None:
    """Say what an earlier run left in the folder and is not simulated again."""
    held, total = sum(map(units.has, sweep.units())), sum(1 for _ in sweep.units())
    if held:
        typer.echo(f"{held} of {total} units of work are taken over from an earlier run of the same command", err=True)


def _workers(jobs: int | None, processes: bool, scheduler: str | None) -> AbstractContextManager[Workers]:
    from trialwright.simulate import on_cluster, on_processes, on_threads

    if scheduler is not None:
        if processes or jobs is not None:
            raise DataError("--scheduler has its own workers; leave --jobs and --processes out")
        return on_cluster(scheduler)
    count = jobs or _cores()
    return on_processes(count) if processes else on_threads(count)


def _cores() -> int:
    """Return the cores this process may use, where the system says so, else those of the machine."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


@contextmanager
def _told_if_stopped(sweep: Sweep, units: FolderUnits | MemoryUnits) -> Iterator[Callable[[], None]]:
    """Give what stops a sweep between two units once the keyboard asked for it; say what is kept and how to go on."""
    from trialwright.simulate import FolderUnits

    try:
        with _asked_to_stop() as stop:
            yield stop
    except KeyboardInterrupt:
        total = sum(1 for _ in sweep.units())
        if isinstance(units, FolderUnits):
            kept = (
                f"{units.count()} of {total} units of work are kept in {units.folder}; the same command goes on there"
            )
        else:
            kept = "nothing is kept; name a folder with --out, and the same command goes on where it was stopped"
        typer.echo(f"stopped: {kept}", err=True)
        raise typer.Exit(130) from None


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], None]]:
    """Give what raises KeyboardInterrupt once the keyboard has asked; asked again, the process stops where it is."""
    asked = Event()

    def ask(_number: int, _frame: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def stop() -> None:
        if asked.is_set():
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(sweep: Sweep, stop: Callable[[], None]) -> Iterator[Callable[[int], None]]:
    """Show trials done and time left on a terminal, and nothing elsewhere; stop when asked."""
    if not sys.stderr.isatty():
        yield lambda trials: stop()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), "trials, time left", TimeRemainingColumn(elapsed_when_finished=True))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=sweep.trials * len(sweep.points))

        def done(trials: int) -> None:
            bar.advance(task, trials)
            stop()

        yield done


def _raw(point: Point, columns: Columns, first: int) -> pl.DataFrame:
    import polars as pl

    frame = pl.DataFrame(dict(columns))
    names = [pl.lit(_plain(value)).alias(name) for name, value in point.values.items()]
    return frame.select(*names, pl.int_range(first, first + pl.len()).alias("trial"), pl.all())


def _write(plan: Plan, found: Simulated, raw: list[pl.DataFrame]) -> None:
    import polars as pl

    from trialwright.simulate import parquet, put_file

    if plan.raw:
        put_file(plan.raw, parquet(pl.concat(raw, how="diagonal_relaxed")))
    if plan.out:
        frame = pl.DataFrame(
            [{name: _plain(value) for name, value in row.items()} for row in found.rows], infer_schema_length=None
        )
        put_file(plan.out / "points.csv", frame.write_csv().encode())
        put_file(plan.out / "points.parquet", parquet(frame))
        put_file(plan.out / "points.json", (found.as_json() + "\n").encode())


def _plain(value: Any) -> Any:
    """Return a list as the text it would be in the grid's file."""
    import json

    return json.dumps(value) if isinstance(value, list | dict) else value


def _finite(row: Row) -> Row:
    from math import isfinite

    return {name: None if isinstance(v, float) and not isfinite(v) else v for name, v in row.items()}
