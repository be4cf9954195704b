"""Finished units kept in memory, or in a folder that an interrupted run goes on from.

A folder holds ``sweep.json``, which says of which sweep it is, and ``units/`` with a Parquet file for each unit. A file
is written under another name, flushed to the disk and renamed: whatever kills the process, it is there whole or not.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trialwright.errors import OutputError
from trialwright.simulate.sweep import Columns, Sweep, Unit

__all__ = ["FolderUnits", "MemoryUnits", "program", "put_file", "sweep_digest"]

MANIFEST = "sweep.json"
PACKAGES = ("trialwright", "numpy", "scipy", "numba", "polars")


@dataclass(frozen=True)
class MemoryUnits:
    """Units kept until the process ends; one that was read is let go.

    >>> import numpy as np
    >>> units, unit = MemoryUnits(), Unit(0, 0, 1)
    >>> units.keep(unit, {"z": np.array([2.0])})
    >>> float(units.read(unit)["z"][0])
    2.0
    """

    kept: dict[Unit, Columns] = field(default_factory=dict)

    def has(self, unit: Unit) -> bool:
        """Say whether a unit is there."""
        return unit in self.kept

    def keep(self, unit: Unit, columns: Columns) -> None:
        """Keep a unit."""
        self.kept[unit] = columns

    def read(self, unit: Unit) -> Columns:
        """Return a unit and let go of it."""
        return self.kept.pop(unit)


@dataclass(frozen=True)
class FolderUnits:
    """Units kept in the folder of one sweep; ``open`` checks whose folder it is."""

    folder: Path

    @classmethod
    def open(cls, folder: Path, sweep: Sweep) -> FolderUnits:
        """Return the units of a folder, which is made if it is not there.

        OutputError where the folder holds another sweep (another grid, seed, number of trials or version of the
        program), or anything but a sweep.
        """
        digest, manifest = sweep_digest(sweep), folder / MANIFEST
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} exists already as a file; choose another folder")
        if manifest.is_file():
            _check(folder, manifest, digest)
        elif folder.is_dir() and any(folder.iterdir()):
            raise OutputError(f"{folder} holds files, but none of a sweep ({MANIFEST}); choose another folder")
        (folder / "units").mkdir(parents=True, exist_ok=True)
        if not manifest.is_file():
            text = json.dumps(_described(sweep, digest), indent=1, ensure_ascii=False) + "\n"
            put_file(manifest, lambda path: path.write_text(text, encoding="utf-8"))
        return cls(folder)

    @cached_property
    def _there(self) -> set[str]:
        return {path.name for path in (self.folder / "units").glob("*.parquet")}

    def has(self, unit: Unit) -> bool:
        """Say whether a unit was there when the folder was first asked."""
        return f"{unit.name}.parquet" in self._there

    def count(self) -> int:
        """Return how many units are there now."""
        return sum(1 for _ in (self.folder / "units").glob("*.parquet"))

    def keep(self, unit: Unit, columns: Columns) -> None:
        """Write a unit whole, or not at all."""
        import polars as pl

        frame = pl.DataFrame(dict(columns))
        put_file(self._path(unit), lambda path: frame.write_parquet(path, compression="zstd"))

    def read(self, unit: Unit) -> Columns:
        """Return a unit; OutputError where its file is damaged."""
        import polars as pl

        path = self._path(unit)
        try:
            frame = pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise OutputError(f"{path} cannot be read ({error}); remove this file, its trials are run again") from None
        if frame.height != unit.trials:
            raise OutputError(
                f"{path} must hold {unit.trials} trials; it holds {frame.height}. Remove this file, its trials are run "
                "again"
            )
        return {name: frame[name].to_numpy() for name in frame.columns}

    def _path(self, unit: Unit) -> Path:
        return self.folder / "units" / f"{unit.name}.parquet"


def put_file(path: Path, write: Callable[[Path], object]) -> None:
    """Have a file written under another name beside its own, flush it to the disk, and put it in its place."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def sweep_digest(sweep: Sweep) -> str:
    """Return the SHA-256, in hex, of all that decides the numbers of a sweep, the program itself included."""
    parts = [[dict(point.values), point.simulating.text] for point in sweep.points]
    content = [parts, sweep.first, sweep.trials, program()]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@cache
def program() -> str:
    """Return the versions of the packages that compute, and a digest of this program's own sources.

    Half a sweep made by other code would look like any other half.

    >>> program().startswith("trialwright ")
    True
    """
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parents[1].glob("**/*.py")):
        if source.parent.name not in {"cli", "report", "exchange", "server", "evidence"}:
            digest.update(source.read_bytes())
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{versions}, sources {digest.hexdigest()[:16]}"


def _check(folder: Path, manifest: Path, digest: str) -> None:
    try:
        found: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(f"{manifest} cannot be read ({error}); choose another folder") from None
    if found.get("sha256") == digest:
        return
    made_by = found.get("program")
    why = f"by another program, {made_by};" if made_by != program() else "of another grid, seed or number of trials;"
    raise OutputError(f"{folder} holds a sweep {why} choose another folder, or remove this one")


def _described(sweep: Sweep, digest: str) -> dict[str, Any]:
    return {
        "sha256": digest,
        "program": program(),
        "first": sweep.first,
        "trials": sweep.trials,
        "points": [dict(point.values) for point in sweep.points],
    }
