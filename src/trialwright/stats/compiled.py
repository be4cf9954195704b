"""Compiled kernels: one decorator and a cache that cannot go stale.

numba keys its disk cache by the file of a kernel and overlooks changes in functions that it calls from other files.
So the cache lies in a folder named by a digest of the sources of all kernels and the version of numba.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
SOURCES = "**/_kernels*.py"
"""Files of the package that hold kernels, in any room."""


def kernel(function: Function) -> Function:
    """Compile a function of scalars and arrays, on its first call, without holding the interpreter's lock.

    The module that uses this imports numba: import that module only inside the functions that need it.
    """
    compiled: Function = _njit()(cache=True, nogil=True, error_model="numpy")(function)
    return compiled


def summing_kernel(function: Function) -> Function:
    """Compile as ``kernel`` does, with sums taken in any order, so that they run eight at a time."""
    compiled: Function = _njit()(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})(
        function
    )
    return compiled


@cache
def _njit() -> Any:
    folder = cache_folder()
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    import numba

    numba.config.CACHE_DIR = str(folder)  # numba may have been imported before
    return numba.njit


def cache_folder() -> Path:
    """Return the folder of compiled kernels: in the user's cache, or in the temporary folder if that is closed."""
    name = Path("trialwright") / _digest()
    for parent in (_user_cache(), Path(tempfile.gettempdir()) / f"cache-{getattr(os, 'getuid', int)()}"):
        folder = parent / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise OSError(f"no folder for compiled kernels can be written: tried {_user_cache()} and {tempfile.gettempdir()}")


def _digest() -> str:
    digest = hashlib.sha256(version("numba").encode())
    for source in sorted(Path(__file__).parents[1].glob(SOURCES)):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
