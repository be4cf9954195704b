"""The files of a rehearsal: results, tables, manifest."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trialwright.cli.rehearsal import Rehearsal
    from trialwright.records import TrialData

__all__ = ["manifest", "write_files", "write_tables"]

RESULTS = ("results.csv", "results.json", "results.parquet", "results.ars.json")
PACKAGES = ("trialwright", "numpy", "scipy", "numba", "polars", "pydantic")


def manifest(found: Rehearsal) -> dict[str, Any]:
    """Return what a rehearsal was made from; no time of day, so that the same inputs give the same bytes."""
    from trialwright.protocol import protocol_hash

    study = found.study
    return {
        "virtual patients": True,
        "study": study.protocol.identification.id,
        "protocol sha256": protocol_hash(study.protocol),
        "scenario": study.scenario.label,
        "scenario sha256": _digest(study.scenario.model_dump_json()),
        "claims sha256": _digest(study.claims.model_dump_json()) if study.claims else None,
        "data sha256": found.data.hash,
        "seed": found.seed,
        "replays": found.replays.trials if found.replays else 0,
        "cut-offs": {name: on.isoformat() if on else "not reached" for name, on in found.analysis.cuts.items()},
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in PACKAGES}},
    }


def write_files(found: Rehearsal, to: Path) -> None:
    """Write results, data tables, derived tables at each cut, comparison and manifest into an empty folder."""
    from trialwright.exchange import results_file

    protocol = found.study.protocol
    title = f"{protocol.identification.acronym}: rehearsal on virtual patients"
    for name in RESULTS:
        (to / name).write_bytes(results_file(found.analysis.results, name, title=title, protocol=protocol))
    write_tables(to, found.data, manifest(found))
    for cut, derived in found.analysis.derived.items():
        folder = to / "derived" / cut
        folder.mkdir(parents=True)
        for name, table in vars(derived).items():
            table.write_csv(folder / f"{name}.csv")


def write_tables(to: Path, data: TrialData, told: Mapping[str, Any]) -> None:
    """Write one CSV file for each table of a trial, and the manifest that tells what they are."""
    _write(to / "manifest.json", json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    (to / "tables").mkdir()
    for name, table in data.tables.items():
        table.write_csv(to / "tables" / f"{name}.csv")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
