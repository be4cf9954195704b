"""Trials that cost nothing and tell their own number, to follow the work of a sweep."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trialwright.simulate.sweep import Columns


@dataclass(frozen=True)
class Counting:
    """Trial k gives k, and a number that depends on k and the point alone."""

    point: int = 0
    most: int = 100
    seconds: float = 0.0
    """Time a unit takes."""
    log: str | None = None
    """File that gets a line for each unit done: first trial, number, process."""

    @property
    def text(self) -> str:
        return f"counting {self.point} {self.most}"

    def __call__(self, first: int, trials: int) -> Columns:
        time.sleep(self.seconds)
        if self.log:
            with Path(self.log).open("a", encoding="utf-8") as file:
                file.write(f"{first} {trials} {os.getpid()}\n")
        number = np.arange(first, first + trials)
        return {"trial": number, "value": np.sin(number + 1000.0 * self.point)}
