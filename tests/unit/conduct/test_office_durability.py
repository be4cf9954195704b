"""Before anybody is told, the disk was: the calls that reach it are counted from outside the process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMMANDS = 12
SCRIPT = f"""
import sys
from pathlib import Path
from office_nursery import SYSTEM, Note, opened
from trial_desk import TINY
from trialwright.protocol import Screener, load
folder = Path(sys.argv[1])
job = {{"url": f"sqlite:///{{folder}}/office.db", "mirror": f"{{folder}}/mirror", "at": "2024-01-01T00:00:00+00:00"}}
with opened(job, Screener(load(TINY))) as office:
    office.do(Note(text="first"), SYSTEM, "first")
    for number in range({COMMANDS}):
        sys.stderr.write(f"asks {{number}}\\n")
        office.do(Note(text="n"), SYSTEM, f"k{{number}}")
        sys.stderr.write(f"told {{number}}\\n")
"""


def test_each_commit_reaches_the_disk_twice_before_the_reply(tmp_path: Path) -> None:
    """Once in the database's log, once in the mirror."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed; apt-get install strace")
    paths = os.pathsep.join(str(ROOT / "tests" / name) for name in ("soak", "generative"))
    calls = "trace=fdatasync,fsync,write"
    command = [strace, "-f", "-qq", "-y", "-e", calls, "-o", str(tmp_path / "trace.txt"), sys.executable, "-c", SCRIPT]
    done = subprocess.run(
        [*command, str(tmp_path)], env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    if "ptrace" in done.stderr:
        pytest.skip(f"strace may not look at processes here: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    trace = (tmp_path / "trace.txt").read_text()
    for number in range(COMMANDS):
        between = trace.split(f'"asks {number}\\n"')[1].split(f'"told {number}\\n"')[0]
        synced = re.findall(r"f(?:data)?sync\(\d+<([^>]*)>", between)
        files = [Path(path).name for path in synced]
        assert "office.db-wal" in files, between
        assert files[-1] == "mirror", between
        assert files.index("office.db-wal") < files.index("mirror")
