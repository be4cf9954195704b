"""The trial office under load and under faults; exit code 1 when anything is wrong with what it did.

Speeds that fall short of what was promised are printed as such; they are no violation, because the machine may be busy.
``TRIALWRIGHT_BENCH_SECONDS`` (60) is how long the load of T1 and T2 lasts.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from bench import _office_faults as faults
from bench._office_faults import Row
from bench._office_runs import Phase, Run
from bench._office_runs import run as load
from bench._office_whole import whole_trial

SECONDS = float(os.environ.get("TRIALWRIGHT_BENCH_SECONDS", "60"))
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "speed-conduct.md"
ABOUT = """# Speed and faults of the trial office

Written by `make bench`, part `conduct`; not by hand.

Python {python}, {cores} cores, load {load:.1f} at the end. The load client runs on the same cores, and so may other
work: the processor time of a request says more than its rate. Killing a process is no power failure: what the
operating system has taken it keeps.

PALMIRA's protocol, 50 sites. Each signs in with password and second factor and proves the password again; then it
randomizes one patient after another over its own connection, {seconds:.0f} s long: eligibility is evaluated again,
the inputs are frozen, the facts chained, committed with `synchronous=FULL` (or PostgreSQL's `fsync`) and mirrored
before the answer. The first patient of each site comes by the office's commands; the others are copies of its
facts, sealed into the log, so that there are enough. Afterwards the log is verified against the mirror, every
answer is compared with it, the invariants are judged with the key and the protocol's rules, and nobody may come
later in the log than one who asked after the answer. A speed short of promise is said in its row and is no
violation. T8 goes through the office's commands, not through HTTP.

| what | what came of it | no violation |
| --- | --- | --- |"""
PATIENTS_A_SECOND = 550
"""Patients prepared for each second of load; when the office is faster, the load ends early."""


def run() -> None:
    """Run everything, print one line for each, and write the page."""
    done: list[Row] = []
    print(f"The trial office, 50 sites at once through HTTP, {SECONDS:.0f} s (load client on the same machine)")
    with tempfile.TemporaryDirectory(prefix="tw-office-") as name, faults.databases() as database:
        for rows in _parts(Path(name), database):
            for what, told, good in rows:
                done.append((what, told, good))
                print(f"  {what:<34} {told}{'' if good else '   <-- VIOLATION'}", flush=True)
    wrong = sum(not good for _, _, good in done)
    print(f"{wrong} violations\n")
    PAGE.write_text(page(done), "utf-8")
    if wrong:
        sys.exit(1)


def page(rows: list[Row]) -> str:
    """Return the page of the reference that shows what was measured."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    lines = [f"| {what} | {told.replace('|', '/')} | {'yes' if good else '**no**'} |" for what, told, good in rows]
    return "\n".join(
        [ABOUT.format(python=platform.python_version(), cores=cores, load=load, seconds=SECONDS), *lines, ""]
    )


def _parts(folder: Path, database: Callable[[], str] | None) -> Iterable[Iterable[Row]]:
    if database is None:
        print("  PostgreSQL is not installed: T1, and T11's SKIP LOCKED, are not run")
    else:
        yield _loaded("T1 PostgreSQL", database(), folder / "t1")
    yield _loaded("T2 SQLite", f"sqlite:///{folder / 't2.db'}", folder / "t2")
    yield _pressed(f"sqlite:///{folder / 't4.db'}", folder / "t4")
    yield faults.kills()
    yield [faults.restores(_made(folder / "t7"))]
    yield [whole_trial(_made(folder / "t8"))]
    yield faults.rivals(_made(folder / "t11"), database)
    yield faults.mutants(_made(folder / "t12"))


def _loaded(what: str, url: str, folder: Path) -> Iterable[Row]:
    spare = 100 + int(PATIENTS_A_SECOND * SECONDS / 6)
    phases = [
        {"kind": "randomize", "seconds": SECONDS},
        {"kind": "randomize", "seconds": SECONDS / 6, "drop_every": 3},
        {"kind": "forms", "seconds": SECONDS / 4},
    ]
    done = load(url, folder, patients=int(PATIENTS_A_SECOND * SECONDS) + spare, phases=phases)
    speed, lost, forms = done.phases
    yield what, f"{_speed(speed, 400, 0.5)}", True
    yield f"{what[:2]} judged", _verdict(done), not done.wrong
    yield "T6 every third answer lost", _retried(lost), True  # that they agree is judged with INV7 above
    yield "T3 forms of 20 values saved", _speed(forms, 300, None), True


def _pressed(url: str, folder: Path) -> Iterable[Row]:
    done = load(url, folder, patients=50, cap=10, phases=[{"kind": "press"}])
    (press,) = done.phases
    given, refused = len(press.answered), sum(each["status"] == 409 for each in press.history)
    spread = max(each["invoked"] for each in press.history) - min(each["invoked"] for each in press.history)
    told = (
        f"{given} of 50 succeed, {refused} refused, asked within {spread * 1000:.0f} ms, done in {press.seconds:.2f} s"
    )
    yield "T4 50 at once, 10 places left", told, (given, refused) == (10, 40)
    yield "T4 judged", _verdict(done), not done.wrong


def _speed(phase: Phase, promised: float, within: float | None) -> str:
    slow = phase.rate < promised or (within is not None and phase.waited(0.99) > within)
    p50, p99, most = (1000 * phase.waited(share) for share in (0.5, 0.99, 1))
    each = 1000 * phase.cpu / max(1, len(phase.history))
    return (
        f"{phase.rate:6.0f}/s for {phase.seconds:.0f} s, waiting p50 {p50:.0f} p99 {p99:.0f} max {most:.0f} ms, "
        f"{each:.2f} ms of processor each{' (short of promise)' if slow else ''}"
    )


def _retried(phase: Phase) -> str:
    keys = [each["key"] for each in phase.answered]
    return f"{len(set(keys))} randomized, {len(keys) - len(set(keys))} asked again after a lost answer"


def _verdict(done: Run) -> str:
    return f"{done.facts} facts, {len(done.wrong)} wrong {'; '.join(done.wrong[:3])}".rstrip()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
