"""Who does the units of a sweep: threads, processes, or the workers of a Dask cluster that is already there."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from trialwright.errors import WorkerError

__all__ = ["Workers", "on_cluster", "on_processes", "on_threads"]

WAIT_SECONDS = 10.0
"""Waited for a scheduler and its first worker."""
AGAIN = "nothing finished is lost: the same command with the same --out goes on from there"


@dataclass(frozen=True)
class Workers:
    """An executor, and how many units to hand out at once so that nobody waits."""

    executor: Executor
    ahead: int


@contextmanager
def on_threads(jobs: int) -> Iterator[Workers]:
    """Give so many threads of this process: the kernels do not hold the interpreter's lock.

    >>> with on_threads(2) as workers:
    ...     workers.executor.submit(max, 2, 3).result()
    3
    """
    pool = ThreadPoolExecutor(_checked(jobs))
    try:
        yield Workers(pool, 2 * jobs)
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def on_processes(jobs: int) -> Iterator[Workers]:
    """Give so many new processes; they end with this one, however it ends. WorkerError when one of them dies."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(_checked(jobs), mp_context=context, initializer=_follow_parent)
    try:
        with _keyboard_ignored():
            for future in [pool.submit(int) for _ in range(jobs)]:
                future.result()
        yield Workers(pool, 2 * jobs)
    except BrokenProcessPool as error:
        raise WorkerError(f"a worker process was killed or ran out of memory; {AGAIN}") from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def on_cluster(address: str, *, wait_seconds: float | None = None) -> Iterator[Workers]:
    """Give the workers of the Dask scheduler at an address such as ``tcp://10.0.0.5:8786``.

    A worker that dies is replaced by another, and its units are done again: the numbers stay. WorkerError where nobody
    answers, no worker comes, a worker has another version of the program, or the scheduler goes away.
    """
    patience = WAIT_SECONDS if wait_seconds is None else wait_seconds
    with _quiet(), _connected(address, patience) as client:
        slots = _slots(client, address, patience)
        try:
            yield Workers(client.get_executor(pure=False), 2 * slots)
        except (CancelledError, _distributed().KilledWorker, _distributed().core.CommClosedError) as error:
            raise WorkerError(f"the Dask cluster at {address} gave up ({type(error).__name__}); {AGAIN}") from error


def _checked(jobs: int) -> int:
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1; got {jobs}")
    return jobs


@contextmanager
def _keyboard_ignored() -> Iterator[None]:
    """Have processes started that the keyboard cannot stop from their first moment on: what is ignored is inherited."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _follow_parent() -> None:
    """Leave the keyboard to the parent, and end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise WorkerError("a Dask scheduler needs the extra `cluster`: pip install 'trialwright[cluster]'") from None
    return distributed


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the tracebacks that the client logs away from the one message that says what to do."""
    logs = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    _distributed()  # sets levels of its own when it is imported
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


@contextmanager
def _connected(address: str, wait_seconds: float) -> Iterator[Any]:
    distributed = _distributed()
    try:
        client = distributed.Client(address, timeout=wait_seconds, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WorkerError(
            f"no Dask scheduler answered at {address} within {wait_seconds:g} seconds ({_first_line(error)}); "
            "start one with `dask scheduler`, workers with `dask worker ADDRESS`, and name the address it prints"
        ) from None
    with client:
        yield client


def _slots(client: Any, address: str, wait_seconds: float) -> int:
    """Return how many units the workers do at once, when each has this version of the program."""
    try:
        client.wait_for_workers(1, timeout=wait_seconds)
    except TimeoutError:
        raise WorkerError(
            f"the Dask scheduler at {address} has no worker after {wait_seconds:g} seconds; start one with "
            f"`dask worker {address}`"
        ) from None
    from trialwright.simulate.checkpoint import program

    for worker, found in client.run(program, on_error="return").items():
        if found != program():
            raise WorkerError(
                f"worker {worker} must have the same program as this one, {program()}; it has {_first_line(found)}. "
                "Install the same versions there and start it again"
            )
    return max(1, sum(int(count) for count in client.nthreads().values()))


def _first_line(found: object) -> str:
    return (str(found) or type(found).__name__).splitlines()[0]
