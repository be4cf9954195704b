"""What ``trialwright derive`` works on: the plan, the data cut at their cut-off, and what was wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from trialwright.errors import DataError

if TYPE_CHECKING:
    from trialwright.derive import DerivationSettings
    from trialwright.protocol import Protocol
    from trialwright.records import Finding, TrialData

__all__ = ["Source", "checked", "is_missing", "read_plan", "read_source"]

Value = TypeVar("Value")

EVERY_TABLE = "every table of a trial"
"""Rule of the finding that a table is missing."""
_FILLED_BY = {"RS": "recorded_responses", "TU": "lesions", "TR": "measurements"}


@dataclass(frozen=True)
class Source:
    """Data up to the cut-off under a plan."""

    own: Protocol | DerivationSettings
    """The plan as it is written."""
    plan: Protocol | DerivationSettings
    """The plan under the rules asked for."""
    data: TrialData
    findings: tuple[Finding, ...]
    sdtm: bool
    """Whether the data were read from SDTM, where subject numbers are unique beyond the study."""
    rules: str
    """Name of the rules that apply: those asked for, or, where none were, those of the settings."""
    absent: tuple[str, ...] = ()
    """Tables of which nothing is known."""


def read_plan(study: str) -> Protocol | DerivationSettings:
    """Return a shipped study or a protocol file, or the settings in a file that has confirmation days and no arms."""
    from trialwright.derive import load_settings
    from trialwright.protocol import load, protocol_file

    path = protocol_file(study)
    return load_settings(path) if _is_settings(path) else load(study)


def _is_settings(path: Path) -> bool:
    """Tell settings by their first level; what cannot be read is left to the loader, which says where and why."""
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError):
        return False
    return isinstance(found, dict) and "arms" not in found and "identification" not in found


def read_source(path: Path, study: str, rules: str, cutoff: date | None, sdtm: Path | None) -> Source:
    """Read plan and data, put the plan under the rules, cut the data, and collect the findings.

    DataError when the data cannot be read, nobody was randomized, or the rule set is not known.
    """
    from trialwright.cli.derive_checks import data_findings
    from trialwright.derive import with_rules

    own = read_plan(study)
    plan = checked(lambda: with_rules(own, rules))
    from_tables = _holds_tables(path)
    if from_tables and sdtm:
        raise DataError(f"{path} holds tables of a trial, not SDTM; leave --sdtm out")
    data, findings = _from_tables(path, plan) if from_tables else _from_sdtm(path, sdtm, own)
    if data["allocations"].is_empty():
        told = "".join(f"\n{finding}" for finding in findings[:20])
        raise DataError(f"{path}: nobody was randomized, so there is nothing to derive{told}")
    data = data if cutoff is None else data.cut(cutoff)
    seen = list(data_findings(data, plan))
    found = sorted(
        [*findings, *seen] if from_tables else [*seen, *findings], key=lambda finding: not is_missing(finding)
    )
    return Source(own, plan, data, tuple(found), not from_tables, _rules(own, rules), tuple(_absent(findings)))


def is_missing(finding: Finding) -> bool:
    """Tell a whole table or dataset that is missing: it explains other findings, and comes before them."""
    return finding.rule in {EVERY_TABLE, "missing dataset"}


def _absent(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the tables that are missing, by their own name or by the dataset of SDTM that alone fills them."""
    for finding in filter(is_missing, findings):
        yield _FILLED_BY.get(finding.dataset, finding.dataset)


def _rules(own: Protocol | DerivationSettings, asked: str) -> str:
    """Settings name their own rules, a protocol holds them."""
    from trialwright.derive import DerivationSettings

    return own.rules if isinstance(own, DerivationSettings) and asked == "protocol" else asked


def _holds_tables(path: Path) -> bool:
    return (path / "tables").is_dir() or (path / "allocations.csv").is_file()


def _from_tables(path: Path, plan: Protocol | DerivationSettings) -> tuple[TrialData, list[Finding]]:
    from trialwright.cli.derive_checks import name_of
    from trialwright.cli.trial_folder import read_trial
    from trialwright.records import Finding

    absent: list[str] = []
    wrong: list[Finding] = []
    data = read_trial(path, name_of(plan), absent, wrong)
    missing = [
        Finding(name, f"{name}.csv", EVERY_TABLE, "the file is missing; nothing is known of it") for name in absent
    ]
    if "lesions" in absent or any(finding.dataset == "lesions" for finding in wrong):
        data, unread = _of_lesions(data)
        wrong += unread
    return data, [*missing, *wrong]


def _of_lesions(data: TrialData) -> tuple[TrialData, list[Finding]]:
    """Leave out what was measured of lesions whose rows could not be read: without a role it has no meaning."""
    from trialwright.records import Finding

    key = ["subject", "evaluator", "lesion"]
    rows = data["measurements"]
    kept = rows.join(data["lesions"].select(key), on=key, how="semi", maintain_order="left")
    count = rows.height - kept.height
    told = f"{count} measurements are of lesions that could not be read in lesions.csv; they are left out"
    found = [Finding("measurements", "measurements.csv", "measurement of a listed lesion", told)] if count else []
    return replace(data, tables={**data.tables, "measurements": kept}), found


def _from_sdtm(
    path: Path, settings: Path | None, plan: Protocol | DerivationSettings
) -> tuple[TrialData, list[Finding]]:
    """Read SDTM by its settings; without them by the names that the protocol's own SDTM would have."""
    from trialwright.exchange import SdtmSettings, read_folder, settings_of, trial_data
    from trialwright.protocol import Protocol, read_document

    own = settings_of(plan) if isinstance(plan, Protocol) else None
    asked = own if settings is None else read_document(settings, SdtmSettings)
    data, findings = trial_data(read_folder(path), asked)
    return data, list(findings)


def checked(make: Callable[[], Value]) -> Value:
    """Return what is made; a wrong argument is something the user can put right."""
    try:
        return make()
    except ValueError as error:
        raise DataError(str(error)) from error
