"""``trialwright evidence report``: one page about a question, and the same as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from trialwright.evidence import Claim, Compared, LedgerFile, Question
    from trialwright.report import EvidenceContents

__all__ = ["report"]

STEPS = 4


def report(  # noqa: PLR0917 - each is an option of the command
    name: Annotated[str, typer.Argument(metavar="NAME", help="A question that ships with the program: rechallenge.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write; out/evidence-NAME by default.")] = None,
    replays: Annotated[int, typer.Option(min=0, help="Simulated trials beside each trial that has a scenario.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="The same seed gives the same page.")] = 1,
    replace: Annotated[bool, typer.Option(help="Replace the folder if it exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the JSON too.")] = False,
) -> None:
    """Write one page about a question: trials, checks, pooled answer, published beside simulated, open points.

    The page needs no other file; evidence.json beside it holds the same with all digits.
    """
    from trialwright.cli.output import MANIFEST, whole_folder
    from trialwright.cli.rehearse import progress
    from trialwright.report import evidence_page

    with progress(STEPS) as say, whole_folder(out or Path("out") / f"evidence-{name}", replace=replace) as folder:
        contents, values = _gathered(name, replays, seed, say)
        say("page")
        text = _as_json(values)
        (folder / "evidence.json").write_text(text, encoding="utf-8")
        (folder / "evidence.html").write_text(evidence_page(contents), encoding="utf-8")
        (folder / MANIFEST).write_text(_as_json(_manifest(contents)), encoding="utf-8")
    typer.echo(text if json else f"Page: {(out or Path('out') / f'evidence-{name}') / 'evidence.html'}")


def _gathered(
    name: str, replays: int, seed: int, say: Callable[[str], None]
) -> tuple[EvidenceContents, dict[str, Any]]:
    import json

    from trialwright import __version__
    from trialwright.cli.evidence_pool_text import answered, as_json
    from trialwright.evidence import check, ledger, question
    from trialwright.report import EvidenceContents

    asked = question(name)
    say("claims and their checks")
    read = ledger(name)
    findings = tuple(one for file in read.files for one in check(file.claims))
    say("synthesis")
    found = answered(
        read, asked.endpoint or "", by=asked.by, use=(), leave_out=(), method="REML", test=None, level=0.95
    )
    replayed = {file.trial: _replays(file, replays, seed, say) for file in read.files} if replays else {}
    shown = {trial: rows for trial, rows in replayed.items() if rows}
    contents = EvidenceContents(
        name, asked, read, findings, found.poolable, found.rows, _outside(asked), shown, replays, seed, __version__
    )
    return contents, _values(contents, json.loads(as_json(found)))


def _outside(asked: Question) -> list[Claim]:
    from trialwright.evidence import ledger

    if asked.beside is None:
        return []
    claims = ledger(asked.beside).claims
    return [claim for claim in claims if claim.is_hazard_ratio and claim.endpoint == asked.endpoint]


def _replays(file: LedgerFile, count: int, seed: int, say: Callable[[str], None]) -> tuple[Compared, ...]:
    """Return a trial's published figures with their places among simulated trials; none without a scenario."""
    from concurrent.futures import ThreadPoolExecutor

    from trialwright import simulate
    from trialwright.cli.rehearsal import read_study
    from trialwright.evidence import compare
    from trialwright.results import Results

    folder = file.path.parent
    if not (folder / "protocol.yaml").exists() or not (folder / "scenario.yaml").exists():
        return ()
    say(f"{count:,} simulated trials of {file.trial}")
    study = read_study(str(folder / "protocol.yaml"), None, None)
    with ThreadPoolExecutor(2) as pool:
        many = simulate.many(study.protocol, study.scenario, count, seed, pool.map)
    return compare(file.claims, Results(()), many.values)


def _values(contents: EvidenceContents, pooled: dict[str, Any]) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "name": contents.name,
        "question": contents.asked.model_dump(mode="json"),
        "version": contents.version,
        "seed": contents.seed,
        "replays": contents.replay_count,
        "pooled": pooled,
        "outside": [claim.model_dump(mode="json") for claim in contents.outside],
        "findings": [asdict(one) for one in contents.findings],
        "contradictions": [
            {"trial": trial, **topic.model_dump(mode="json")} for trial, topic in contents.ledger.contradictions
        ],
        "published beside simulated": {
            trial: [
                {"claim": one.claim.id, "published": one.published, "replayed": asdict(one.replayed)}
                for one in rows
                if one.replayed is not None
            ]
            for trial, rows in contents.replays.items()
        },
        "claims": {
            file.trial: {
                "sources": dict(file.claims.sources),
                "claims": [claim.model_dump(mode="json", exclude_none=True) for claim in file.claims.claims],
            }
            for file in contents.ledger.files
        },
    }


def _manifest(contents: EvidenceContents) -> dict[str, Any]:
    made = {"trialwright": contents.version, "command": "evidence report", "name": contents.name}
    return made | {"seed": contents.seed, "replays": contents.replay_count}


def _as_json(values: dict[str, Any]) -> str:
    import json

    from trialwright.cli.evidence_pool_text import finite

    return json.dumps(finite(values), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
