"""Every interleaving of clients, servers, deaths, lost answers and a restore, by SPIN over office.pml."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).with_name("office.pml")
MISSING = [program for program in ("spin", "gcc") if shutil.which(program) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}; apt-get install spin gcc")


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


def test_the_office_as_it_is_has_no_error_in_any_interleaving(tmp_path: Path) -> None:
    errors, states, said = searched(tmp_path, "CLIENTS=2", "LOCKED", "GUARDED")
    assert (errors, "max search depth too small" in said) == (0, False), said
    assert states > 10_000


@pytest.mark.parametrize("defined", [("GUARDED",), ("LOCKED",)], ids=["without the lock", "without the guard"])
def test_without_one_of_its_guards_it_gives_one_position_twice(tmp_path: Path, defined: tuple[str, ...]) -> None:
    errors, _, said = searched(tmp_path, "CLIENTS=2", *defined)
    assert errors == 1
    assert "assertion violated" in said


@pytest.mark.soak
def test_the_office_as_it_is_has_no_error_with_three_patients(tmp_path: Path) -> None:
    errors, states, said = searched(tmp_path, "LOCKED", "GUARDED")
    assert (errors, "max search depth too small" in said) == (0, False), said
    assert states > 1_000_000
