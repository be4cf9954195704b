"""A trial read back from the tables that ``rehearse`` writes: one CSV file for each table of TrialData."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from trialwright.errors import DataError

if TYPE_CHECKING:
    from trialwright.records import Finding, TrialData

__all__ = ["read_trial"]


def read_trial(
    folder: Path, study: str, absent: list[str] | None = None, wrong: list[Finding] | None = None
) -> TrialData:
    """Return the trial in ``folder``, or in its folder ``tables``; a missing file or a wrong value is refused.

    With a list ``absent`` a missing table is empty, and its name is added there; only allocations are always needed.
    With a list ``wrong`` a value that cannot be is added there and taken as missing; its row is left out where the
    column is required, and so is the second row of a key. Whether patients are virtual stands in the ``manifest.json``
    of a rehearsal; without one they are real.
    """
    from trialwright.cli.trial_table import read_table
    from trialwright.records import TABLES, TrialData

    where = folder / "tables" if (folder / "tables").is_dir() else folder
    if not where.is_dir():
        raise DataError(f"{folder}: there is no such folder; name one that rehearse wrote, or one of CSV tables")
    missing = [name for name in TABLES if not (where / f"{name}.csv").is_file()]
    if missing and (absent is None or "allocations" in missing):
        raise DataError(f"{where}: {missing[0]}.csv is missing; a trial has a file for each of {', '.join(TABLES)}")
    if absent is not None:
        absent += missing
    found: list[Finding] = []
    frames = {
        name: read_table(where / f"{name}.csv", table, found) for name, table in TABLES.items() if name not in missing
    }
    if found and wrong is None:
        raise _refused(where, found[0])
    if wrong is not None:
        wrong += found
    return TrialData.from_frames(study, frames, virtual=_virtual(folder / "manifest.json", study))


def _refused(where: Path, found: Finding) -> DataError:
    """Return the error for the first finding, without what would become of the row if it were let pass."""
    told = found.what.rpartition("; ")[0]
    return DataError(
        f"{where / found.dataset}.csv: cannot be read as table {found.dataset}: {found.record}: {found.rule}: {told}"
    )


def _virtual(manifest: Path, study: str) -> bool:
    if not manifest.is_file():
        return False
    try:
        told = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{manifest}: is no JSON: {error}") from error
    if told.get("study", study) != study:
        raise DataError(f"{manifest}: the data are of study {told['study']!r}, not of {study!r}")
    return bool(told.get("virtual patients"))
