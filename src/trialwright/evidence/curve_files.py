"""Files of a digitized figure: points of the curves, numbers at risk, censoring marks; every fault with its line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trialwright.errors import DataError
from trialwright.evidence.curves import Fault, ReadCurve, Unit, faults_of_at_risk, faults_of_curve, faults_of_marks

__all__ = ["read_curves"]

Vector = NDArray[np.float64]
ALL = "all"
"""Name of the only arm, where a file has no column of arms."""


def read_curves(
    curve: Path,
    at_risk: Path | None = None,
    marks: Path | None = None,
    *,
    unit: Unit,
    reading_error: float = 0.002,
    percent: bool = False,
    patients: Mapping[str, int] | None = None,
) -> tuple[ReadCurve, ...]:
    """Return the curve of each arm of a figure from CSV files, arms in the order of the curve's file.

    Columns: ``time,survival`` of the curve, ``time,at_risk`` of the numbers at risk, ``time`` of the censoring marks;
    with several arms each file has a column ``arm`` too. Times are in ``unit``; ``percent`` says that survival is in
    percent. ``patients`` by arm is needed only where the numbers at risk do not begin at time 0. DataError listing
    everything that cannot be in any of the files, each with its file and line.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "curve.csv").write_text("time,survival\\n3,0.9\\n6,0.95\\n")
    >>> try:
    ...     read_curves(folder / "curve.csv", unit="months", patients={"all": 40})
    ... except DataError as error:
    ...     print(str(error).partition("curve.csv, ")[2])
    line 3: a survival curve cannot rise; got 0.95 at 6 after 0.9, with a reading error of 0.002
    """
    faults: list[str] = []
    points = _table(curve, ("time", "survival"), faults)
    counts = _table(at_risk, ("time", "at_risk"), faults)
    seen = _table(marks, ("time",), faults)
    arms = list(points.by_arm)
    for other in (counts, seen):
        faults += _other_arms(other, arms)
    sizes = dict(patients or {})
    faults += [f"patients: arm {arm!r} has no curve; known: {', '.join(arms)}" for arm in sizes if arm not in arms]
    scale = 100.0 if percent else 1.0
    made = [_Arm(arm, points.of(arm), counts.of(arm), seen.of(arm), sizes.get(arm)) for arm in arms]
    for arm in made:
        faults += arm.faults(scale, reading_error, (points.file, counts.file, seen.file))
    if faults:
        raise DataError("\n".join(faults))
    return tuple(arm.made(scale, reading_error, unit, marks is not None) for arm in made)


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of one arm in one file."""

    line: NDArray[np.int64]
    columns: tuple[Vector, ...]


@dataclass(frozen=True, eq=False)
class _File:
    file: str
    by_arm: dict[str, _Rows]
    names: tuple[str, ...]

    def of(self, arm: str) -> _Rows:
        nothing = np.empty(0)
        return self.by_arm.get(arm, _Rows(np.empty(0, np.int64), (nothing,) * len(self.names)))


@dataclass(frozen=True, eq=False)
class _Arm:
    arm: str
    points: _Rows
    counts: _Rows
    marks: _Rows
    patients: int | None

    def faults(self, scale: float, reading_error: float, files: Sequence[str]) -> Iterator[str]:
        time, survival = self.points.columns
        when, counts = self.counts.columns
        yield from self._named(files[0], self.points, faults_of_curve(time, survival / scale, reading_error))
        yield from self._named(files[1], self.counts, faults_of_at_risk(when, counts, self.patients))
        yield from self._named(files[2], self.marks, faults_of_marks(self.marks.columns[0], time))

    def _named(self, file: str, rows: _Rows, faults: Iterable[Fault]) -> Iterator[str]:
        arm = "" if self.arm == ALL else f"arm {self.arm}: "
        for fault in faults:
            where = file if fault.row is None else f"{file}, line {rows.line[fault.row]}"
            yield f"{where}: {arm}{fault.message}" if where else f"{arm}{fault.message}"

    def made(self, scale: float, reading_error: float, unit: Unit, marked: bool) -> ReadCurve:
        time, survival = self.points.columns
        when, counts = self.counts.columns
        return ReadCurve.of(
            time,
            survival / scale,
            unit=unit,
            patients=self.patients,
            at_risk_time=when,
            at_risk=counts,
            marks=self.marks.columns[0] if marked else None,
            arm=self.arm,
            reading_error=reading_error,
        )


def _table(path: Path | None, wanted: tuple[str, ...], faults: list[str]) -> _File:
    """Read a file; what its columns and numbers cannot be goes to ``faults``, and its other rows are kept."""
    if path is None:
        return _File("", {}, wanted)
    header, *rows = _rows(path)
    names = [name.strip() for name in header[1]]
    wrong = list(_header_faults(path, names, wanted))
    if wrong:
        faults += wrong
        return _File(str(path), {}, wanted)
    found: dict[str, list[tuple[int, list[float]]]] = {}
    for line, cells in rows:
        if len(cells) != len(names):
            faults.append(f"{path}, line {line}: {len(names)} values are needed, as in the header; got {len(cells)}")
            continue
        row = dict(zip(names, cells, strict=True))
        numbers = [_number(path, line, name, row[name], faults) for name in wanted]
        if None not in numbers:
            found.setdefault(row.get("arm", ALL).strip(), []).append((line, [x for x in numbers if x is not None]))
    by_arm = {
        arm: _Rows(np.array([line for line, _ in given]), tuple(np.array([x for _, x in given], float).T))
        for arm, given in found.items()
    }
    return _File(str(path), by_arm, wanted)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a CSV file: {getattr(error, 'strerror', None) or error}") from error
    if not rows:
        raise DataError(f"{path}: is empty; a header with the names of the columns is needed")
    return rows


def _header_faults(path: Path, names: Sequence[str], wanted: Sequence[str]) -> Iterator[str]:
    known = [*wanted, "arm"]
    unnamed = [position for position, name in enumerate(names, 1) if not name or _is_number(name)]
    if unnamed:
        told = f"columns must be named, {', '.join(wanted)} and arm if there are several"
        yield f"{path}, line 1: {told}; column {unnamed[0]} is not"
        return
    strange = [name for name in names if name not in known]
    yield from (f"{path}, line 1: column {name!r} is not known; known: {', '.join(known)}" for name in strange)
    yield from (f"{path}, line 1: column {name!r} is missing" for name in wanted if name not in names)
    yield from (f"{path}, line 1: column {name!r} comes twice" for name in sorted(set(names)) if names.count(name) > 1)


def _other_arms(table: _File, arms: Sequence[str]) -> Iterator[str]:
    for arm, rows in table.by_arm.items():
        if arms and arm not in arms:
            yield f"{table.file}, line {rows.line[0]}: arm {arm!r} has no curve; known: {', '.join(arms)}"


def _number(path: Path, line: int, name: str, text: str, faults: list[str]) -> float | None:
    if _is_number(text):
        return float(text)
    faults.append(f"{path}, line {line}: {name} must be a number; got {text!r}")
    return None


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
