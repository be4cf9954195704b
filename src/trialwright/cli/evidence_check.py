"""``trialwright evidence check``: hold the printed figures of a ledger against each other."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["check"]


def check(
    ledger: Annotated[
        str,
        typer.Argument(
            metavar="LEDGER",
            help="A ledger that ships with the program, as all or rechallenge; a study; a file; a folder.",
        ),
    ],
    every: Annotated[bool, typer.Option("--all", help="Also print the checks that pass or cannot be made.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, every check in it, instead of text.")] = False,
) -> None:
    """Check the arithmetic of printed figures; exit code 1 if one is impossible or cannot be used.

    C0 the figure by itself, C1 limits even around a hazard ratio, C2 P from the interval, C3 events from the interval,
    C4 the same at the allocation, C5 whole patients, C6 limits and tests of counts, C7 rates, medians and hazard ratio,
    C8 a later cut, C9 two sources, C10 level and sides of the interval, split: schemes that give the published split.
    All take the rounding of every printed figure into account.
    """
    from trialwright.cli import evidence_text
    from trialwright.errors import CheckFailed
    from trialwright.evidence import check
    from trialwright.evidence import ledger as read

    chosen = read(ledger, skip_faults=True)
    findings = [finding for file in chosen.files for finding in check(file.claims)]
    typer.echo(evidence_text.as_json(chosen, findings) if json else evidence_text.as_text(chosen, findings, every))
    impossible = list(dict.fromkeys(finding.claim for finding in findings if finding.verdict == "impossible"))
    said = [f"impossible as printed: {', '.join(impossible)}"] if impossible else []
    said += ["the ledger has faults; the claims with them were not checked"] if chosen.problems else []
    if said:
        raise CheckFailed("; ".join(said))
