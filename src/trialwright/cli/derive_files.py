"""The files of ``trialwright derive``: analysis datasets, derived tables, comparison, findings, manifest."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from trialwright.cli.derive_source import Source
    from trialwright.derive import Derived

__all__ = ["write_derived"]

PACKAGES = ("trialwright", "numpy", "polars", "pydantic")


def write_derived(
    folder: Path, source: Source, derived: Derived, sides: Mapping[str, pl.DataFrame], format: str
) -> None:
    """Write into an empty folder: ``adam``, ``derived``, ``compare``, ``findings.csv`` and ``manifest.json``."""
    import polars as pl

    from trialwright.derive import differences
    from trialwright.exchange import write_adam

    for name in ("adam", "derived", *(["compare"] if sides else [])):
        (folder / name).mkdir()
    write_adam(folder / "adam", _adam(source, derived), format)
    for name, table in vars(derived).items():
        table.write_csv(folder / "derived" / f"{name}.csv")
    for endpoint, rows in sides.items():
        rows.write_csv(folder / "compare" / f"{endpoint}.csv")
        differences(rows).write_csv(folder / "compare" / f"{endpoint}.differences.csv")
    columns = ["dataset", "record", "rule", "what"]
    findings = pl.DataFrame(list(source.findings), schema=dict.fromkeys(columns, pl.String), orient="row")
    findings.write_csv(folder / "findings.csv")
    told = json.dumps(_manifest(source), indent=1, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(told, encoding="utf-8", newline="\n")


def _adam(source: Source, derived: Derived) -> Any:
    from trialwright.derive import PROOFS, DerivationSettings
    from trialwright.exchange import adam

    proofs = source.plan.proofs if isinstance(source.plan, DerivationSettings) else PROOFS
    return adam(source.data, derived, source.plan, prefix="" if source.sdtm else None, proofs=proofs)


def _manifest(source: Source) -> dict[str, Any]:
    """Return what the files were made from; no time of day, so that the same inputs give the same bytes."""
    from trialwright.derive import DerivationSettings
    from trialwright.protocol import protocol_hash

    plan = source.plan
    settings = isinstance(plan, DerivationSettings)
    return {
        "study": plan.study if isinstance(plan, DerivationSettings) else plan.identification.id,
        "virtual patients": source.data.virtual,
        "settings": plan.model_dump(mode="json") if settings else None,
        "protocol sha256": None if isinstance(plan, DerivationSettings) else protocol_hash(plan),
        "rules": source.rules,
        "cut-off": source.data.cutoff.isoformat() if source.data.cutoff else None,
        "data sha256": source.data.hash,
        "findings": len(source.findings),
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in PACKAGES}},
    }
