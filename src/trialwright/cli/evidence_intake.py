"""``trialwright evidence intake``: draft claims from a document, each with its place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trialwright.evidence import Draft, Intake

__all__ = ["intake"]


def intake(
    file: Annotated[
        Path,
        typer.Argument(help="A registry record (JSON or text), a PubMed or MARC record, a saved page, or plain text."),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    context: Annotated[bool, typer.Option("--context", help="List dates, doses and other numbers too.")] = False,
) -> None:
    """Read a document's numbers into draft claims for a person to accept.

    Every number of the document is listed once: in a draft, as context, or as not understood. Exit code 1 if a number
    cannot be as printed, or hardly.
    """
    from trialwright.errors import CheckFailed
    from trialwright.evidence import intake

    read = intake(file)
    typer.echo(_as_json(read) if json else _as_text(read, context))
    doubted = [draft for draft in read.drafts if draft.doubts]
    if doubted:
        raise CheckFailed(f"{len(doubted)} of {len(read.drafts)} drafts in doubt; the first at {doubted[0].place}")


def _as_text(read: Intake, context: bool) -> str:
    lines = [f"{read.file}, read as {read.kind}"]
    for draft in read.drafts:
        lines += [f"  {draft.place}  {_told(draft)}", f"      ... {draft.quote} ..."]
        lines += [f"      ! {doubt}" for doubt in draft.doubts]
    rest = [("context", read.context)] if context else []
    for title, unread in [*rest, ("not understood", read.not_understood)]:
        lines += [f"{title}:"] if unread else []
        lines += [f"  {one.place}  {one.written}  ({one.why})  ... {one.quote} ..." for one in unread]
    counts = f"{len(read.drafts)} drafts, {len(read.context)} in context, {len(read.not_understood)} not understood"
    return "\n".join([*lines, counts])


def _told(draft: Draft) -> str:
    found = draft.found
    at = f" at {found.at:g} months" if found.at is not None else ""
    side = "" if found.side is None else (" (first)", " (second)")[found.side]
    limits = ""
    if found.lower is not None:
        level = f"{found.level:g} % " if found.level is not None else ""
        limits = f", {level}interval {found.lower:g} to {found.upper:g}"
    p = f", P {found.operator} {found.p:g}" if found.p is not None else ""
    of = f" of {found.of}" if found.of is not None else ""
    value = f"{found.value:.{found.decimals}f}{of} {found.unit}".rstrip()
    return f"{found.statistic} {found.endpoint}".rstrip() + f"{at}{side}: {value}{limits}{p}"


def _as_json(read: Intake) -> str:
    import json
    from dataclasses import asdict

    from trialwright.evidence import draft_rows

    rows = {
        "file": read.file,
        "kind": read.kind,
        "drafts": draft_rows(read),
        "context": [asdict(one) for one in read.context],
        "not_understood": [asdict(one) for one in read.not_understood],
    }
    return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False)
