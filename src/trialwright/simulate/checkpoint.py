"""Finished units kept in memory, or in a folder that an interrupted run goes on from.

A folder holds ``sweep.json``, which says of which sweep it is, and ``units/`` with a Parquet file for each unit. A file
is written under another name, flushed to the disk and renamed: whatever kills the process, it is there whole or not.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialwright.errors import OutputError
from trialwright.simulate.sweep import Columns, Sweep, Unit

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FolderUnits", "MemoryUnits", "parquet", "program", "put_file", "sweep_digest"]

MANIFEST = "sweep.json"
ROOMS = {"stats", "protocol", "records", "results", "derive", "design", "randomize", "simulate"}
"""Where the numbers of a virtual trial come from."""
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
    """Units kept in the folder of one sweep; ``open`` checks whose folder it is.

    >>> from tempfile import TemporaryDirectory
    >>> from trialwright.simulate.sweep import Point
    >>> class Nothing:
    ...     text, most = "nothing", 100
    >>> with TemporaryDirectory() as folder, FolderUnits.open(Path(folder), Sweep((Point({}, Nothing()),), 9)) as units:
    ...     units.has(Unit(0, 0, 9))
    False
    """

    folder: Path

    @classmethod
    @contextmanager
    def open(cls, folder: Path, sweep: Sweep) -> Iterator[FolderUnits]:
        """Give the units of a folder, which is made if it is not there, to this run alone.

        OutputError where the folder holds another sweep (another grid, seed, number of trials or version of the
        program) or anything but a sweep, or while another run is at work there.
        """
        _made(folder, sweep)
        with _alone(folder):
            for left_over in folder.rglob(".*.partial"):
                left_over.unlink()
            yield cls(folder)

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

        put_file(self._path(unit), parquet(pl.DataFrame(dict(columns))))

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


def put_file(path: Path, content: bytes) -> None:
    """Write a file under another name beside its own, flush it to the disk, and put it in its place."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def parquet(frame: pl.DataFrame) -> bytes:
    """Return a table as a Parquet file."""
    # Not straight into a file: polars goes on writing in the background when the keyboard interrupts it.
    buffer = BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


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
    digest, rooms = hashlib.sha256(), Path(__file__).parents[1]
    for source in sorted(rooms.glob("**/*.py")):
        if source.relative_to(rooms).parts[0] in ROOMS:
            digest.update(source.read_bytes())
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{versions}, sources {digest.hexdigest()[:16]}"


def _made(folder: Path, sweep: Sweep) -> None:
    digest, manifest = sweep_digest(sweep), folder / MANIFEST
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} exists already as a file; choose another folder")
    if manifest.is_file():
        return _check(folder, manifest, digest)
    if folder.is_dir() and any(path.name != f".{MANIFEST}.partial" for path in folder.iterdir()):
        raise OutputError(f"{folder} holds files, but none of a sweep ({MANIFEST}); choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_described(sweep, digest), indent=1, ensure_ascii=False) + "\n"
    put_file(manifest, text.encode())
    return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder against another run; the system lets go of it when the process ends, however it ends."""
    (folder / "units").mkdir(exist_ok=True)
    with (folder / MANIFEST).open("rb") as held:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputError(
                    f"another run is at work in {folder}; wait for it, or choose another folder"
                ) from None
        yield


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
