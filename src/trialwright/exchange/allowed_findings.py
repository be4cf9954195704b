"""Findings that are known and meant: each names its rule and gives its reason, and one that finds nothing is told."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from trialwright.exchange.findings import DatasetFinding
from trialwright.protocol import read_document

__all__ = ["Allowed", "allow", "read_allowed"]

Text = Annotated[str, Field(min_length=1)]


class Allowed(BaseModel):
    """One kind of finding that is known: its rule, where it is meant, and why it stands.

    >>> known = Allowed(rule="CORE-000701", reason="The pilot collected no epoch.")
    >>> known.covers(DatasetFinding("AE", 1, "CORE-000701", ""))
    True
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    rule: Text
    """Id of the rule."""
    dataset: Text | None = None
    """Name of the dataset; every dataset where none is named."""
    reason: Text
    """Why the finding stands."""

    def covers(self, finding: DatasetFinding) -> bool:
        """Whether a finding is of this kind."""
        return self.rule == finding.rule and self.dataset in (None, finding.dataset)


class _AllowedFindings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed: tuple[Allowed, ...]


def read_allowed(path: Path) -> tuple[Allowed, ...]:
    """Return the findings that a YAML file allows; DocumentError when one lacks its rule or its reason.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "allowed.yaml"
    >>> _ = file.write_text("allowed:\\n  - {rule: CORE-000701, dataset: AE, reason: No epoch was collected.}\\n")
    >>> read_allowed(file)[0].dataset
    'AE'
    """
    return read_document(path, _AllowedFindings).allowed


def allow(
    findings: Iterable[DatasetFinding], allowed: Iterable[Allowed]
) -> tuple[list[DatasetFinding], list[DatasetFinding], list[Allowed]]:
    """Return the findings that are not allowed, those that are, and what is allowed and was not found.

    >>> known = Allowed(rule="R1", reason="Meant.")
    >>> left, meant, idle = allow([DatasetFinding("AE", 1, "R1", "x"), DatasetFinding("AE", 1, "R2", "y")], [known])
    >>> [finding.rule for finding in left], len(meant), idle
    (['R2'], 1, [])
    """
    allowed = list(allowed)
    left: list[DatasetFinding] = []
    meant: list[DatasetFinding] = []
    used: set[int] = set()
    for finding in findings:
        covering = [at for at, each in enumerate(allowed) if each.covers(finding)]
        used.update(covering)
        (meant if covering else left).append(finding)
    return left, meant, [each for at, each in enumerate(allowed) if at not in used]
