"""An output folder that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trialwright.errors import OutputError

__all__ = ["whole_folder"]


@contextmanager
def whole_folder(target: Path, *, replace: bool) -> Iterator[Path]:
    """Give a new folder beside ``target`` to write into, and put it in its place when everything is written.

    Whatever goes wrong meanwhile, nothing half-written is left and an earlier ``target`` stays as it was. OutputError
    when ``target`` exists and is not to be replaced, or its parent cannot be written.
    """
    _check(target, replace)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        yield partial
        _put(partial, target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}; nothing was left behind") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check(target: Path, replace: bool) -> None:
    if not target.exists() or (replace and target.is_dir()):
        return
    kind = "a file" if target.is_file() else "a folder"
    remedy = "choose another path" if target.is_file() else "choose another folder, or add --replace"
    raise OutputError(f"{target} exists already as {kind}; {remedy}")


def _put(partial: Path, target: Path) -> None:
    if not target.exists():
        partial.rename(target)
        return
    old = target.with_name(f".{target.name}.old-{os.getpid()}")
    target.rename(old)
    try:
        partial.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)
