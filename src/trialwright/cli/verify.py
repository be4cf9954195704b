"""``trialwright verify``: whether the log of a trial office is as it was written, and the first record that is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trialwright.errors import CheckFailed

if TYPE_CHECKING:
    from trialwright.conduct import Anchors, Verdict

__all__ = ["verify"]

MOST_PRINTED = 50


def verify(  # noqa: PLR0917 - each is an option of the command
    db: Annotated[str, typer.Argument(help="Database of the office: a file of SQLite, or a URL.")],
    mirror: Annotated[
        Path | None, typer.Option(help="The office's mirror file: shows facts cut off or forged.")
    ] = None,
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="SEQ:HASH", help="What an export or a mail said of the log. May be repeated."),
    ] = None,
    passphrase_file: Annotated[
        list[str] | None,
        typer.Option(metavar="LIST=FILE", help="Passphrase of a sealed list: every arm is worked out again."),
    ] = None,
    study: Annotated[str | None, typer.Option(help="Study or protocol file: strata are worked out again.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Verify the log of a trial office: chain, digests, redactions, and the invariants of the allocation.

    Reads only. Exit code 1 with the first bad record when anything is not as it was written. Without --mirror or
    --head, facts cut off at the end of the log leave no trace in it.
    """
    from trialwright.cli.snapshot import database_url
    from trialwright.conduct import verify as verified

    anchors = _anchors(mirror, head, passphrase_file, study)
    verdict = verified(database_url(db), anchors)
    typer.echo(_as_json(verdict, anchors) if json else _as_text(verdict, anchors))
    if not verdict.is_good:
        first = verdict.problems[0]
        where = f"the first bad record is fact {first.seq}" if first.seq else "no single fact is bad"
        raise CheckFailed(f"{len(verdict.problems)} problems; {where}: {first.why}")


def _anchors(mirror: Path | None, head: list[str] | None, files: list[str] | None, study: str | None) -> Anchors:
    from trialwright.conduct import Anchors
    from trialwright.protocol import Screener, load

    if mirror is not None and not mirror.is_file():
        raise typer.BadParameter(f"{mirror}: there is no such file", param_hint="--mirror")
    return Anchors(
        mirror=mirror,
        heads=dict(map(_head, head or ())),
        passphrases=dict(map(_passphrase, files or ())),
        screener=Screener(load(study)) if study else None,
    )


def _head(text: str) -> tuple[int, str]:
    seq, _, hash = text.partition(":")
    if not seq.isdigit() or len(hash) != 64:
        raise typer.BadParameter(f"must be SEQ:HASH, such as 812:9f...; got {text!r}", param_hint="--head")
    return int(seq), hash.lower()


def _passphrase(text: str) -> tuple[str, str]:
    name, _, file = text.partition("=")
    if not file or not Path(file).is_file():
        raise typer.BadParameter(
            f"must be LIST=FILE, a file that is there; got {text!r}", param_hint="--passphrase-file"
        )
    return name, Path(file).read_text(encoding="utf-8").strip("\r\n")


def _not_judged(anchors: Anchors) -> list[str]:
    left = []
    if anchors.mirror is None and not anchors.heads:
        left.append("facts cut off at the end (no --mirror, no --head)")
    if not anchors.passphrases:
        left.append("arms (no --passphrase-file)")
    if anchors.screener is None:
        left.append("strata (no --study)")
    return left


def _as_text(verdict: Verdict, anchors: Anchors) -> str:
    problems = [f"fact {each.seq}: {each.why} ({each.invariant})" for each in verdict.problems[:MOST_PRINTED]]
    more = len(verdict.problems) - len(problems)
    lines = [f"{verdict.facts} facts; the last is {verdict.head}", *problems]
    if more:
        lines.append(f"and {more} more")
    if verdict.is_good:
        lines.append("every fact is as it was sealed, and what must always hold of an office holds")
    return "\n".join([*lines, *(f"not judged: {what}" for what in _not_judged(anchors))])


def _as_json(verdict: Verdict, anchors: Anchors) -> str:
    import json

    said: dict[str, Any] = {
        "facts": verdict.facts,
        "head": verdict.head,
        "good": verdict.is_good,
        "problems": [{"seq": each.seq, "check": each.invariant, "why": each.why} for each in verdict.problems],
        "not_judged": _not_judged(anchors),
    }
    return json.dumps(said, indent=1)
