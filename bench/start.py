"""How long a person waits: the first help text, and a whole rehearsal from the shell, cold and warm."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = [sys.executable, "-m", "trialwright.cli"]


def wall(arguments: list[str], cache: str | None = None) -> float:
    """Return the wall time of one command in seconds; ``cache`` is a folder for compiled kernels."""
    environment = os.environ | ({"XDG_CACHE_HOME": cache} if cache else {})
    start = time.perf_counter()
    subprocess.run([*COMMAND, *arguments], capture_output=True, check=True, env=environment)
    return time.perf_counter() - start


def run() -> None:
    print("Waiting at the shell, seconds of wall time (promised: help 0.25, rehearsal 20 cold and 8 warm on 2 cores)")
    print(f"  --help, best of 7:              {min(wall(['--help']) for _ in range(7)):6.2f}")
    with tempfile.TemporaryDirectory() as folder:
        out = ["rehearse", "palmira", "--replace", "--out", str(Path(folder) / "out")]
        print(f"  rehearse palmira, cold kernels: {wall(out, folder):6.2f}")
        print(f"  rehearse palmira, best of 3:    {min(wall(out, folder) for _ in range(3)):6.2f}\n")
