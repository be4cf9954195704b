"""From lesions to the response at each visit to progression-free survival: time and memory, and how they grow.

Target: 100,000 patients with 1,000,000 visits within 10 s and 4 GB. Written to docs/reference/speed-derive.md.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "speed-derive.md"
PATIENTS, RUNS = (1_000, 10_000, 100_000), 3
PARTS = ("responses", "best", "times")
GOAL_SECONDS, GOAL_BYTES = 10, 4 * 2**30
HEAD = """# Speed of derivation

Written by `make bench`, part `derive`; not by hand.
"""
WHAT = """Made-up patients: a baseline and nine visits each, three targets, a non-target and in a third of them a new
lesion; deaths and new therapies. From the measurements to the response at each visit, with its sums, dates, reasons and
record; from there to the best response, and to progression-free survival under rules that censor at a new therapy and
after missed visits.
Seconds on the clock and of the processor, the fastest of several runs; kernels are compiled and loaded beforehand.
Memory is the peak of the whole process, the tables themselves included.
"""


def measured(patients: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench._derived", str(patients), str(RUNS)]
    done = subprocess.run(command, cwd=PAGE.parents[2], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rows(found: list[dict[str, Any]]) -> Iterator[str]:
    yield "| visits | measurements | responses, s (processor) | best response | PFS | peak memory | per million, s |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for each in found:
        spent = " | ".join(f"{each[name]['wall']:.2f} ({each[name]['cpu']:.2f})" for name in PARTS)
        million = sum(each[name]["wall"] for name in PARTS) / each["visits"] * 1e6
        size = f"{each['visits']:,} | {each['measurements']:,}"
        yield f"| {size} | {spent} | {each['peak'] / 2**30:.2f} GB | {million:.1f} |"


def verdict(largest: dict[str, Any]) -> str:
    """Say whether the goal is met, by the clock and by the processor: on a loaded machine they lie far apart."""
    parts = [largest[name] for name in PARTS]
    memory = largest["peak"]
    said = []
    for name, kind in (("the clock", "wall"), ("the processor", "cpu")):
        seconds = sum(part[kind] for part in parts)
        met = "met" if seconds <= GOAL_SECONDS and memory <= GOAL_BYTES else "not met"
        said.append(f"{met} by {name} ({seconds:.1f} s)")
    goal = f"The goal of {GOAL_SECONDS} s and {GOAL_BYTES / 2**30:.0f} GB for a million visits is"
    return f"{goal} {' and '.join(said)}, with {memory / 2**30:.2f} GB."


def readable(found: list[dict[str, Any]]) -> str:
    each = next(each for each in reversed(found) if "readable" in each)
    ratio = each["readable"]["cpu"] / each["responses"]["cpu"]
    return (
        f"The readable path, patient by patient, takes {each['readable']['cpu']:.1f} processor seconds for "
        f"{each['visits']:,} visits, {ratio:.0f} times as long, and gives the same rows: {each['equal']}."
    )


def run() -> None:
    load = os.getloadavg()[0]
    found = [measured(patients) for patients in PATIENTS]
    machine = f"Python {platform.python_version()}, polars {pl.__version__}, {os.cpu_count()} cores, load {load:.1f}."
    text = "\n".join([HEAD, machine, "", WHAT, *rows(found), "", verdict(found[-1]), "", readable(found)])
    print(text)
    PAGE.write_text(text + "\n")


if __name__ == "__main__":
    run()
