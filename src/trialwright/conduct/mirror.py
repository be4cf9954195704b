"""The mirror: a file of JSON lines, only added to, that knows what was acknowledged when the database forgot.

A database restored from yesterday's backup is whole and sound, and gives today's places a second time. The mirror, kept
beside it or better on another machine, ends with a fact which that database does not hold: the office then stands
read-only until the facts are put back from the mirror, or an administrator knowingly begins a new generation.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from trialwright.conduct.facts import COLUMNS, GENESIS, Fact
from trialwright.conduct.refusals import Unavailable

__all__ = ["Mirror", "mirrored"]

_line = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync
HEADER = "trialwright mirror"
HEADER_START = f'{{"{HEADER}":'.encode()


class Mirror:
    """One mirror file, held by one process; :meth:`begin` makes it when it is not there.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> mirror = Mirror(Path(folder.name, "office.mirror"))
    >>> mirror.seq, mirror.generation, mirror.is_missing
    (0, 1, True)
    >>> mirror.begin(); mirror.is_missing
    False
    >>> mirror.close(); folder.cleanup()
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generation, self.seq, self.hash = 1, 0, GENESIS
        self._file: int | None = None
        self._is_torn = False
        if path.exists():
            self._open()

    @property
    def is_missing(self) -> bool:
        """Return whether there is no file: that of a database with facts must not simply be begun."""
        return self._file is None

    def begin(self) -> None:
        """Make the file where there is none."""
        if self._file is None:
            self._open()

    def append(self, facts: Sequence[Fact]) -> None:
        """Add facts that the database has committed; durable on return."""
        fresh = [fact for fact in facts if fact.seq > self.seq]
        if not fresh:
            return
        text = "".join(f"{_line({name: getattr(fact, name) for name in COLUMNS})}\n" for fact in fresh)
        self._add(text)
        self.seq, self.hash = fresh[-1].seq, fresh[-1].hash

    def since(self, seq: int) -> Iterator[Fact]:
        """Yield the facts after ``seq`` in order; what a broken write left half is passed over."""
        if not self.is_missing:
            yield from mirrored(self.path, seq)

    def hash_at(self, seq: int) -> str | None:
        """Return the hash of the fact at a place; GENESIS of 0, None where the mirror has none."""
        if seq == 0 or self.is_missing:
            return GENESIS if seq == 0 else None
        return next((entry["hash"] for entry in _entries(self.path) if entry.get("seq") == seq), None)

    def set_aside(self, generation: int) -> None:
        """Keep this file under another name, ending in its generation, and begin one for a new generation."""
        kept = self.path.with_name(f"{self.path.name}.generation-{self.generation}")
        while kept.exists():
            kept = kept.with_name(f"{kept.name}+")
        self.generation = generation
        if self._file is not None:
            self.close()
            self.path.rename(kept)
        self._open()

    def redact(self, seqs: set[int]) -> None:
        """Write the file anew without the bodies of these facts, where it still holds them."""
        entries = list(_entries(self.path))
        if not any(entry.get("seq") in seqs and entry["text"] is not None for entry in entries):
            return
        new = self.path.with_name(f"{self.path.name}.new")
        with new.open("w", encoding="utf-8") as file:
            for entry in entries:
                file.write(_line(entry | {"text": None} if entry.get("seq") in seqs else entry) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.close()
        new.replace(self.path)
        self._open()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> None:
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise Unavailable(
                f"the mirror {self.path} is in use by another process; give every office process a mirror of its own"
            ) from None
        self._file, self.seq, self.hash = file, 0, GENESIS
        self._find_end(file)

    def _find_end(self, file: int) -> None:
        size = os.fstat(file).st_size
        self._is_torn = bool(size) and os.pread(file, 1, size - 1) != b"\n"
        first = next(_entries(self.path), None)
        if first is not None and HEADER in first:
            self.generation = first["generation"]
            last = next((entry for entry in _backwards(file) if "seq" in entry), None)
            if last is not None:
                self.seq, self.hash = last["seq"], last["hash"]
        elif not HEADER_START.startswith(os.pread(file, len(HEADER_START), 0)):
            raise Unavailable(f"{self.path} is not a mirror of a trial office; choose another file")
        else:
            self._write_header()

    def _write_header(self) -> None:
        self._add(f"{_line({HEADER: 1, 'generation': self.generation})}\n")
        folder = os.open(self.path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _add(self, text: str) -> None:
        if self._file is None:
            raise Unavailable(f"the mirror {self.path} is closed")
        left = memoryview((("\n" if self._is_torn else "") + text).encode())
        self._is_torn = True
        while left:
            left = left[os.write(self._file, left) :]
        _sync(self._file)
        self._is_torn = False


def mirrored(path: Path, seq: int = 0) -> Iterator[Fact]:
    """Yield the facts after ``seq`` of a mirror file in order, whoever holds it."""
    for entry in _entries(path):
        if entry.get("seq", 0) > seq:
            seq = entry["seq"]  # a line whose end alone broke off comes twice
            yield Fact(**entry)


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            entry = _read(line)
            if entry is not None:
                yield entry


def _backwards(file: int, step: int = 1 << 16) -> Iterator[dict[str, Any]]:
    """Yield the entries from the last one on, without reading a long file whole."""
    end, tail = os.fstat(file).st_size, b""
    while end:
        start = max(0, end - step)
        tail = os.pread(file, end - start, start) + tail
        end = start
        *lines, tail = tail.split(b"\n")[::-1]
        for line in lines:
            entry = _read(line)
            if entry is not None:
                yield entry
    entry = _read(tail)
    if entry is not None:
        yield entry


def _read(line: bytes) -> dict[str, Any] | None:
    """Return the entry of a line; None of one that a broken write left half."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
