"""``trialwright evidence``: check what was published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trialwright.cli.evidence_intake import intake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trialwright.evidence import Claims, Finding

__all__ = ["app"]

app = typer.Typer(help="What was published: check it.", no_args_is_help=True)


app.command()(intake)


@app.callback()
def _room() -> None:
    """Keep ``check`` a command of its own while it is the only one."""


@app.command()
def check(
    study: Annotated[str, typer.Argument(metavar="STUDY|FILE", help="A shipped study by name, or a ledger of claims.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Check the arithmetic of printed figures; exit code 1 if one of them is impossible.

    C1 limits even around a hazard ratio, C2 P from the interval, C3 events from the interval, C5 whole patients,
    C6 P of two counted shares, C10 level and sides of the interval. All take the rounding of every printed figure into
    account.
    """
    from trialwright.errors import CheckFailed
    from trialwright.evidence import Claims, check
    from trialwright.protocol import read_document

    ledger = read_document(_ledger_file(study), Claims)
    findings = check(ledger)
    typer.echo(_as_json(findings) if json else _as_text(findings, ledger))
    impossible = sorted({finding.claim for finding in findings if finding.verdict == "impossible"})
    if impossible:
        raise CheckFailed(f"impossible as printed: {', '.join(impossible)}")


def _ledger_file(study: str) -> Path:
    from trialwright.protocol import study_file

    path = Path(study)
    named = path.name == study and path.suffix not in {".yaml", ".yml"}
    return study_file(study, "claims.yaml") if named else path


def _as_text(findings: Sequence[Finding], ledger: Claims) -> str:
    from trialwright.evidence import published

    lines = []
    for claim in ledger.claims:
        own = [finding for finding in findings if finding.claim == claim.id]
        lines += [f"{claim.id}  {claim.label} ({claim.cut}): {published(claim)} {claim.unit}".rstrip()] if own else []
        lines += [f"    {each.check:<3} {each.verdict:<13} {each.message}" for each in own]
    return "\n".join([*lines, "", _summary(findings)])


def _summary(findings: Sequence[Finding]) -> str:
    from collections import Counter

    counts = Counter(finding.verdict for finding in findings)
    return f"{len(findings)} checks: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())


def _as_json(findings: Sequence[Finding]) -> str:
    import json
    from dataclasses import asdict

    return json.dumps([_finite(asdict(finding)) for finding in findings], indent=1, ensure_ascii=False, allow_nan=False)


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with null for a number of events without an upper bound: JSON has no infinity."""
    from math import isinf

    needed = row["needed"]
    return row if needed is None else row | {"needed": [None if isinf(number) else number for number in needed]}
