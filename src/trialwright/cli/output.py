"""An output folder that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from trialwright.errors import OutputError

__all__ = ["whole_folder"]

MANIFEST = "manifest.json"
"""What tells a folder written by a run from any other."""


@contextmanager
def whole_folder(target: Path, *, replace: bool) -> Iterator[Path]:
    """Give a new folder beside ``target`` to write into, and put it in its place when everything is written.

    Whatever goes wrong meanwhile, nothing half-written is left and an earlier ``target`` stays as it was. Only a
    folder that such a run wrote, known by its ``manifest.json``, is ever replaced. OutputError when ``target`` exists
    and is not to be replaced, or its parent cannot be written.
    """
    target = target.resolve()
    _check(target, replace)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    made = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        yield partial
        _put(partial, target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}; nothing was left behind") from error
    except KeyboardInterrupt:
        kept = f"{target} is as it was before" if target.exists() else f"{target} was not written"
        print(f"nothing of this run is kept: {kept}", file=sys.stderr)  # noqa: T201 - beside "stopped"
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        _remove_empty(made)


def _remove_empty(folders: Iterable[Path]) -> None:
    """Take back the folders made on the way to the target, the deepest first, as far as nothing stands in them."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _check(target: Path, replace: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError(f"{target} exists already as a file; choose another path")
    if not replace:
        raise OutputError(f"{target} exists already as a folder; choose another folder, or add --replace")
    if any(target.iterdir()) and not _written_by_a_run(target / MANIFEST):
        raise OutputError(f"{target} was not written by trialwright; it is not replaced, choose another folder")


def _written_by_a_run(manifest: Path) -> bool:
    return manifest.is_file() and '"trialwright"' in manifest.read_text(encoding="utf-8", errors="replace")


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
    # The new folder is in place; an old one that cannot be removed is no reason to say otherwise.
    shutil.rmtree(old, ignore_errors=True)
