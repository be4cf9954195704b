"""Doors that read the module of a name when it is first asked for, so that no command waits for what it does not use.

Python has no lazy imports before 3.15 (PEP 810); until then a module may answer for its missing names (PEP 562).
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["lazy_door"]


def lazy_door(room: str) -> None:
    """Let the package ``room`` give the names of its ``__all__`` by the imports it writes under ``if TYPE_CHECKING:``.

    Those imports are written once, for the type checker and for the door. Call this as the package's last line.

    >>> from trialwright import stats
    >>> stats.log_rank.__module__  # the function, though its module has the same name
    'trialwright.stats.log_rank'
    >>> stats.logrank
    Traceback (most recent call last):
    AttributeError: module 'trialwright.stats' has no attribute 'logrank'
    """
    sys.modules[room].__class__ = _LazyDoor


class _LazyDoor(ModuleType):
    """A package whose public names come from the modules below it, each imported on first use."""

    __all__: list[str]

    def __getattr__(self, name: str) -> Any:
        home = _homes(str(self.__file__)).get(name)
        if home is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = self.__dict__[name] = getattr(import_module(home), name)
        return value

    def __setattr__(self, name: str, value: object) -> None:
        # An imported submodule is bound to its package: ``stats.cox`` must stay the function it is named after.
        if not (isinstance(value, ModuleType) and name in self.__all__):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *self.__all__})


@cache
def _homes(file: str) -> dict[str, str]:
    """Return the module of each name that a package imports under ``if TYPE_CHECKING:``."""
    guarded = (block for block in ast.parse(Path(file).read_bytes()).body if isinstance(block, ast.If))
    lines = (line for block in guarded for line in block.body if isinstance(line, ast.ImportFrom))
    return {name.name: str(line.module) for line in lines for name in line.names}
