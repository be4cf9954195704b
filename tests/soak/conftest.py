"""Long runs say what they measured, whether they pass or not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# The helpers of the generative tests: the same comparison, on many more trials.
sys.path.append(str(Path(__file__).parents[1] / "generative"))


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print to the terminal in spite of pytest, also from a worker of pytest-xdist."""

    def say(line: str) -> None:
        with capfd.disabled():
            print(line, file=sys.stderr, flush=True)

    return say
