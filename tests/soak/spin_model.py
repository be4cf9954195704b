"""SPIN over the model of the office, with what it defines."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

MODEL = Path(__file__).parents[1] / "model" / "office.pml"
MISSING = [program for program in ("spin", "gcc") if shutil.which(program) is None]
NOT_INSTALLED = f"not installed: {', '.join(MISSING)}; apt-get install spin gcc libc6-dev"


def searched(folder: Path, *defined: str) -> tuple[int, int, str]:
    """Return errors found, states visited, and what SPIN said of the whole state space."""

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("spin", "-a", *(f"-D{name}" for name in defined), str(MODEL))
    run("gcc", "-O2", "-DSAFETY", "-o", "pan", "pan.c")
    said = run("./pan", "-m200000")
    errors, states = re.search(r"errors: (\d+)", said), re.search(r"(\d+) states, stored", said)
    assert errors and states, said
    return int(errors[1]), int(states[1]), said
