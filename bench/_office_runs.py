"""One run of the office behind HTTP under load, and the judgment on what its clients saw."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench._office_world import KEY, LIST, screener
from trialwright.conduct import Anchors, Broken, Evidence, Journal, broken, verify

WAIT = 3600.0
"""Seconds that an office may take to prepare."""


@dataclass
class Phase:
    """What one phase of the load client did."""

    seconds: float
    cpu: float
    """Processor seconds of the server."""
    history: list[dict[str, Any]]

    @property
    def answered(self) -> list[dict[str, Any]]:
        """Return the requests that were done."""
        return [each for each in self.history if each["status"] == 200]

    @property
    def rate(self) -> float:
        """Return requests done per second."""
        return len(self.answered) / self.seconds

    def waited(self, share: float) -> float:
        """Return the waiting time, in seconds, that this share of the requests stayed within."""
        times = sorted(each["ended"] - each["invoked"] for each in self.answered)
        return times[min(len(times) - 1, int(share * len(times)))] if times else float("nan")


@dataclass
class Run:
    """One office, its load, and what was wrong."""

    phases: list[Phase]
    facts: int
    prepared: float
    wrong: list[str] = field(default_factory=list)


def run(url: str, folder: Path, *, patients: int, phases: list[dict[str, Any]], cap: int | None = None) -> Run:
    """Serve an office over an empty database, put the load on it, end it, and judge the log and every answer."""
    folder.mkdir(parents=True)
    port = _free_port()
    job = {"url": url, "folder": str(folder), "patients": patients, "cap": cap, "port": port}
    server = _started("bench._office_server", folder / "server.json", job)
    try:
        prepared = _ready(server, folder)
        load = {"sites": str(folder / "sites.json"), "out": str(folder / "load.json"), "port": port, "pid": server.pid}
        client = _started("bench._office_load", folder / "client.json", load | {"phases": phases})
        if client.wait() != 0:
            raise RuntimeError("the load client failed; its message is above")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    done = json.loads((folder / "load.json").read_text("utf-8"))
    found = [Phase(each["seconds"], each["server_cpu_seconds"], each["history"]) for each in done]
    facts, wrong = _judged(url, folder / "office.mirror", found)
    return Run(found, facts, prepared, wrong)


def _judged(url: str, mirror: Path, phases: list[Phase]) -> tuple[int, list[str]]:
    journal = Journal(url)
    with journal.reading() as log:
        facts = log.since(0)
    journal.close()
    history = [each for phase in phases for each in phase.history]
    acknowledged: dict[str, list[Any]] = {}
    for each in history:
        if each["status"] == 200:
            acknowledged.setdefault(each["key"], []).append(each["answer"])
    evidence = Evidence(facts, {LIST: KEY}, screener(), acknowledged=acknowledged)
    found: list[Broken] = broken(evidence, "INV6", "INV7")
    found += verify(url, Anchors(mirror=mirror, keys={LIST: KEY}, screener=screener())).problems
    wrong = [f"{one.invariant}: {one.why} (fact {one.seq})" for one in found]
    return len(facts), wrong + _out_of_order(facts, history) + _unforeseen(history)


def _out_of_order(facts: Any, history: list[dict[str, Any]]) -> list[str]:
    """Return who was answered before another one asked and yet comes after that one in the log.

    The object is a counter, so that this one pass decides what a search over all orders would (Herlihy & Wing 1990).
    """
    place = {fact.key: fact.seq for fact in facts if fact.kind == "allocated"}
    asked: dict[str, tuple[float, float]] = {}
    for each in history:
        if each["status"] == 200 and each["key"] in place:
            first, ended = asked.get(each["key"], (each["invoked"], each["ended"]))
            asked[each["key"]] = (min(first, each["invoked"]), min(ended, each["ended"]))
    wrong, later = [], float("inf")
    for key in sorted(asked, key=lambda key: -place[key]):
        invoked, ended = asked[key]
        if later < invoked:
            wrong.append(f"order: {key} asked after a later allocation had been answered")
        later = min(later, ended)
    return wrong


def _unforeseen(history: list[dict[str, Any]]) -> list[str]:
    strange = [each for each in history if each["status"] not in (200, 409)]
    return [f"answer {each['status']} to {each['key']}: {each['answer']}" for each in strange[:5]]


def _started(module: str, path: Path, job: dict[str, Any]) -> subprocess.Popen[bytes]:
    path.write_text(json.dumps(job), "utf-8")
    return subprocess.Popen([sys.executable, "-m", module, str(path)], env=os.environ | {"PYTHONHASHSEED": "0"})


def _ready(server: subprocess.Popen[bytes], folder: Path) -> float:
    ready, end = folder / "ready.json", time.monotonic() + WAIT
    while not ready.exists() or _is_deaf(folder):
        if server.poll() is not None or time.monotonic() > end:
            raise RuntimeError("the office did not start; its message is above")
        time.sleep(0.2)
    return float(json.loads(ready.read_text("utf-8"))["seconds"])


def _is_deaf(folder: Path) -> bool:
    port = json.loads((folder / "server.json").read_text("utf-8"))["port"]
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) != 0


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
