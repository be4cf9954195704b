"""The batch at its edges, and the cache of compiled kernels."""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trialwright.stats import analyze_batch
from trialwright.stats.compiled import cache_folder


def test_one_row_stands_for_all_trials() -> None:
    day, event = [[2, 4, 6, 9], [3, 4, 5, 6]], [True, True, False, True]
    rows = analyze_batch(day, event, [0, 1, 0, 1], [0, 0, 1, 1])
    full = analyze_batch(day, [event] * 2, [[0, 1, 0, 1]] * 2, [[0, 0, 1, 1]] * 2)
    np.testing.assert_array_equal(rows.z, full.z)
    np.testing.assert_array_equal(rows.median, full.median)


def test_nobody_included() -> None:
    found = analyze_batch([[2, 4]], [True, True], [0, 1], at_days=[3], included=[False, False])
    assert found.subjects.tolist() == [[0, 0]]
    assert np.isnan([*found.median[0], *found.survival[0].ravel(), found.follow_up[0], found.z[0], found.se[0]]).all()


def test_a_likelihood_without_maximum() -> None:
    found = analyze_batch([[1, 2], [2, 1]], [[True, False], [False, True]], [0, 1])
    assert found.log_hazard_ratio.tolist() == [-math.inf, math.inf]
    assert np.isnan(found.se).all()
    assert found.z.tolist() == [-1, 1]


def test_long_follow_up_is_sorted_right() -> None:
    """Days beyond 16 bits take a third pass of the sort."""
    day = np.array([[1_000_000, 70_000, 3, 70_000]])
    found = analyze_batch(day, [True] * 4, [0, 0, 1, 1], at_days=[3, 69_999, 70_000])
    assert found.median.tolist() == [[535_000, 35_001.5]]
    assert found.survival[0].tolist() == [[1, 1, 0.5], [0.5, 0.5, 0]]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (([1, 2], [True, True], [0, 1]), r"day must be \[trials, patients\]"),
        (([[1, 2]], [True], [0, 1, 1]), r"inputs must be \[trials, patients\] or \[patients\]"),
        (([[1, -2]], [True, True], [0, 1]), "day must be 0 to 2147483647; got -2 to 1"),
        (([[1, 2]], [True, True], [0, 2]), "arm must be 0 to 1; got 0 to 2"),
        (([[1, 2]], [1, 2], [0, 1]), "event must be 0 to 1; got 1 to 2"),
        (([[1.0, 2.0]], [1, 1], [0, 1]), "day must be whole numbers or booleans; got float64"),
        (([[1, 2]], [1, 1], [0, 1], [0, 128]), "stratum must be 0 to 127"),
    ],
)
def test_inputs_that_cannot_be(inputs: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        analyze_batch(*inputs)
    with pytest.raises(ValueError, match="flat must be R or SAS"):
        analyze_batch([[1]], [True], [0], flat="STATA")  # type: ignore[arg-type]


def test_the_cache_is_named_by_the_kernels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one = cache_folder()
    assert one.parent == tmp_path / "trialwright" and one.is_dir()
    kernels = tmp_path / "kernels"
    kernels.mkdir()
    (kernels / "_kernels.py").write_text("changed = True\n")
    monkeypatch.setattr("trialwright.stats.compiled.__file__", str(tmp_path / "room" / "compiled.py"))
    assert cache_folder() != one


def test_a_closed_cache_gives_way_to_the_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    closed = tmp_path / "file"
    closed.write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(closed))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "temporary"))
    assert cache_folder().is_relative_to(tmp_path / "temporary")


def test_kernels_run_without_the_compiler() -> None:
    code = (
        "from trialwright.stats import analyze_batch as a; print(a([[2, 4, 6, 9]], [[True] * 4], [0, 1, 0, 1]).median)"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert found.stdout.strip() == "[[4.  6.5]]"
