"""Datasets of a study checked: our own rules, those of a file, and the findings that are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trialwright.cli.conformance_text import counted
from trialwright.errors import CheckFailed

if TYPE_CHECKING:
    from trialwright.exchange import Allowed, Conformance, Dataset, DatasetFinding

__all__ = ["CheckedStudy", "check_datasets"]


@dataclass(frozen=True)
class CheckedStudy:
    """What was checked and what was found: ``left`` is not allowed, ``meant`` is, and ``idle`` was allowed in vain."""

    records: Mapping[str, int]
    warnings: tuple[str, ...]
    runs: Mapping[str, Conformance]
    left: tuple[DatasetFinding, ...]
    meant: tuple[DatasetFinding, ...]
    idle: tuple[Allowed, ...]

    def verdict(self) -> None:
        """Raise CheckFailed when findings are left."""
        if self.left:
            rules = len({finding.rule for finding in self.left})
            raise CheckFailed(f"{counted(len(self.left), 'finding')} of {counted(rules, 'rule')}, not allowed")


def check_datasets(
    study: Mapping[str, Dataset], rules: Path | None, standard: str, allowed: Path | None
) -> CheckedStudy:
    """Return what our own rules and those of a file find in datasets, set apart by what is allowed."""
    from trialwright.exchange import allow, check_conformance, check_study, read_allowed, read_rules

    known = read_allowed(allowed) if allowed else ()
    runs = {"own checks": check_study(study)}
    if rules is not None:
        runs[f"CDISC CORE, {standard}"] = check_conformance(study, read_rules(rules, standard))
    left, meant, idle = allow((finding for run in runs.values() for finding in run.findings), known)
    return CheckedStudy(
        {name: len(dataset) for name, dataset in study.items()},
        tuple(f"{name}: {warning}" for name, dataset in study.items() for warning in dataset.warnings),
        runs,
        tuple(left),
        tuple(meant),
        tuple(idle),
    )
