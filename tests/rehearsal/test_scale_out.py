"""A sweep that is killed, stopped or loses a worker gives, in the end, the same files as one that nobody disturbed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from trialwright.cli import main

TINY = str(Path(__file__).parents[1] / "studies" / "tiny" / "protocol.yaml")
GRID = "each:\n  progression.new.hazard.0: [0.08, 0.12]\n"
UNITS = 32
"""Of the sweep below: two points of 800 trials in units of 50."""
TABLES = ("points.csv", "points.json", "points.parquet", "sweep.json")


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("grid") / "grid.yaml"
    path.write_text(GRID, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, grid: Path) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert main(command(grid, out)) == 0
    return out


def command(grid: Path, out: Path, *more: str) -> list[str]:
    plan = ["simulate", TINY, "--exact", "--trials", "800", "--seed", "5", "--grid", str(grid)]
    return [*plan, "--out", str(out), "--raw", str(out.parent / "raw.parquet"), *more]


def started(grid: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    """Start the command as a terminal would: in a group of its own, which gets the keyboard's signals."""
    words = [sys.executable, "-m", "trialwright.cli", *command(grid, out, *more)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)


def units(out: Path) -> dict[str, int]:
    """Return the units there are, with the time at which each was written."""
    return {path.name: path.stat().st_mtime_ns for path in (out / "units").glob("*.parquet")}


def wait_for_units(out: Path, count: int, process: subprocess.Popen[str] | None = None) -> None:
    until(lambda: len(units(out)) >= count or (process is not None and process.poll() is not None))
    assert process is None or process.poll() is None, process.stderr.read()  # type: ignore[union-attr]


def until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not there():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.01)


def same_files(out: Path, undisturbed: Path) -> bool:
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names == {*TABLES, *(f"units/{name}" for name in units(undisturbed))}
    pairs = [*((out / name, undisturbed / name) for name in names), (raw(out), raw(undisturbed))]
    return all(one.read_bytes() == other.read_bytes() for one, other in pairs)


def raw(out: Path) -> Path:
    return out.parent / "raw.parquet"


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="follows processes in /proc")
@pytest.mark.parametrize("how", [(), ("--processes",)], ids=["threads", "processes"])
def test_a_killed_run_goes_on_and_ends_with_the_same_files(
    tmp_path: Path, grid: Path, undisturbed: Path, how: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    with started(grid, out, *how) as process:
        wait_for_units(out, 3, process)
        workers = children(process.pid)
        process.kill()
    kept = units(out)
    assert 3 <= len(kept) < UNITS
    until(lambda: not any(map(is_alive, workers)))
    assert main(command(grid, out)) == 0
    assert {name: units(out)[name] for name in kept} == kept
    assert same_files(out, undisturbed)


@pytest.mark.parametrize("how", [(), ("--processes",)], ids=["threads", "processes"])
def test_a_run_stopped_by_the_keyboard_says_what_is_kept(
    tmp_path: Path, grid: Path, undisturbed: Path, how: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    with started(grid, out, *how) as process:
        wait_for_units(out, 2, process)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    kept = units(out)
    assert process.returncode == 130
    assert said == f"stopped: {len(kept)} of {UNITS} units of work are kept in {out}; the same command goes on there\n"
    assert 2 <= len(kept) < UNITS
    assert main(command(grid, out)) == 0
    assert {name: units(out)[name] for name in kept} == kept
    assert same_files(out, undisturbed)


@pytest.fixture
def local_cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="needs the extra `cluster`")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=60
    ) as cluster:
        yield cluster


def test_a_worker_killed_in_the_middle_changes_nothing(
    tmp_path: Path, grid: Path, undisturbed: Path, local_cluster: Any
) -> None:
    out = tmp_path / "out"
    victims = [nanny.process.process.pid for nanny in local_cluster.workers.values()]
    killed: list[int] = []
    ended: list[int] = []

    def kill() -> None:
        until(lambda: len(units(out)) >= 3 or bool(ended))
        os.kill(victims[0], signal.SIGKILL)
        killed.append(len(units(out)))

    killer = Thread(target=kill)
    killer.start()
    ended.append(main(command(grid, out, "--scheduler", local_cluster.scheduler_address)))
    killer.join()
    assert ended == [0]
    assert killed[0] < UNITS
    assert same_files(out, undisturbed)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="follows processes in /proc")
def test_a_worker_process_that_is_killed_ends_the_run_with_what_to_do(
    tmp_path: Path, grid: Path, undisturbed: Path
) -> None:
    out = tmp_path / "out"
    with started(grid, out, "--processes", "--jobs", "2") as process:
        wait_for_units(out, 2, process)
        os.kill(children(process.pid)[-1], signal.SIGKILL)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.startswith("error: a worker process was killed or ran out of memory; nothing finished is lost")
    assert len(said.splitlines()) == 1
    assert main(command(grid, out)) == 0
    assert same_files(out, undisturbed)


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a Dask scheduler in a process of its own; give its address."""
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    told = tmp_path / "scheduler.json"
    words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told)]
    with dask("dask_scheduler", *words) as process:
        until(lambda: told.is_file() and told.stat().st_size > 0)
        yield json.loads(told.read_text())["address"], process


@contextmanager
def dask(what: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", f"distributed.cli.{what}", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield process
        process.kill()


def test_a_scheduler_without_workers_or_gone_is_one_message(
    tmp_path: Path,
    grid: Path,
    undisturbed: Path,
    scheduler: tuple[str, subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    address, process = scheduler
    out = tmp_path / "out"
    monkeypatch.setattr("trialwright.simulate.scheduler.WAIT_SECONDS", 0.5)
    assert main(command(grid, out, "--scheduler", address)) == 2
    told = f"the Dask scheduler at {address} has no worker after 0.5 seconds; start one with `dask worker {address}`"
    assert capfd.readouterr().err == f"error: {told}\n"
    monkeypatch.setattr("trialwright.simulate.scheduler.WAIT_SECONDS", 20)
    with dask("dask_worker", address, "--nthreads", "1", "--no-dashboard"):
        ended: list[int] = []

        def kill() -> None:
            until(lambda: len(units(out)) >= 3 or bool(ended))
            process.kill()

        killer = Thread(target=kill)
        killer.start()
        ended.append(main(command(grid, out, "--scheduler", address)))
        killer.join()
    said = capfd.readouterr().err
    assert ended == [2] and len(said.splitlines()) == 1, said
    assert said.startswith(f"error: the Dask cluster at {address} gave up")
    assert 3 <= len(units(out)) < UNITS
    assert main(command(grid, out)) == 0
    assert same_files(out, undisturbed)
