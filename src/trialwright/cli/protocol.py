"""``trialwright protocol``: show, check and describe what was promised; screen a patient."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trialwright.exchange import Comparison
    from trialwright.protocol import Protocol

__all__ = ["app"]

app = typer.Typer(help="What was promised: show, check and screen.", no_args_is_help=True)

Study = Annotated[str, typer.Argument(metavar="STUDY|FILE", help="A shipped study by its name, or a protocol file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command()
def show(
    study: Study,
    open_points: Annotated[
        bool, typer.Option("--open-points", help="List what is assumed, unknown or left as a question.")
    ] = False,
    json: Json = False,
) -> None:
    """Show a protocol: its main points, or what it leaves open."""
    from trialwright import protocol as room
    from trialwright.cli import synopsis

    protocol = room.load(study)
    if open_points:
        points = room.open_points(protocol)
        _print(_open_points_data(points) if json else synopsis.open_points(points))
    elif json:
        _print({"sha256": room.protocol_hash(protocol), "protocol": protocol.model_dump(mode="json")})
    else:
        _print(synopsis.synopsis(protocol, room.protocol_hash(protocol)))


@app.command()
def check(
    study: Study,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="REGISTRY.json", help="Compare with a ClinicalTrials.gov record (API v2)."),
    ] = None,
    json: Json = False,
) -> None:
    """Check that a protocol can be used, that each value can be traced, and that it agrees with the register.

    A scenario.yaml beside it must fit it, as rehearse asks.
    """
    from trialwright.errors import CheckFailed
    from trialwright.protocol import load, protocol_file

    protocol = load(study)
    beside = protocol_file(study).with_name("scenario.yaml")
    scenario = beside if beside.is_file() else None
    findings = [*_findings(protocol), *(_misfits(protocol, scenario) if scenario else [])]
    rows = _compared(protocol, against)
    checks = ("provenance", "rules", *(("scenario",) if scenario else ()))
    _print(_check_data(findings, rows) if json else _check_lines(findings, checks, rows if against else None))
    against_it = [*findings, *(row for row in rows if row.verdict == "differs")]
    if against_it:
        raise CheckFailed(f"{len(against_it)} finding(s) speak against {study}")


def _findings(protocol: Protocol) -> list[dict[str, str]]:
    from trialwright.protocol import check_provenance, path_of, rule_warnings

    untraced = [{"check": "provenance", "message": message} for message in check_provenance(protocol)]
    odd = [(path_of(protocol, problem.path), problem.message) for problem in rule_warnings(protocol)]
    return untraced + [{"check": "rules", "message": f"{path}: {message}"} for path, message in odd]


def _misfits(protocol: Protocol, scenario: Path) -> list[dict[str, str]]:
    """Return where the scenario beside the protocol does not fit it: what ``rehearse`` would refuse, told by it too."""
    from trialwright.design import Scenario, check_scenario
    from trialwright.protocol import read_document

    problems = check_scenario(protocol, read_document(scenario, Scenario))
    return [{"check": "scenario", "message": f"{scenario}: {problem}"} for problem in problems]


def _compared(protocol: Protocol, against: Path | None) -> list[Comparison]:
    from trialwright.exchange import compare

    return compare(protocol, against) if against else []


def _check_data(findings: list[dict[str, str]], rows: list[Comparison]) -> dict[str, Any]:
    from dataclasses import asdict

    return {"findings": findings, "comparison": [asdict(row) for row in rows]}


def _check_lines(
    findings: list[dict[str, str]], checks: tuple[str, ...], rows: list[Comparison] | None
) -> Iterable[str]:
    from trialwright.cli import synopsis

    yield from (f"{finding['check']}: {finding['message']}" for finding in findings)
    said = {finding["check"] for finding in findings}
    yield from (f"{check}: nothing to say against it" for check in checks if check not in said)
    if rows is not None:
        yield from synopsis.comparison(rows)


@app.command()
def screen(
    study: Study,
    answers: Annotated[Path, typer.Argument(metavar="ANSWERS", help="YAML or JSON: anchors and answers.")],
    now: Annotated[
        list[str] | None,
        typer.Option("--now", metavar="ANCHOR", help="Anchor that stands for today: tells how long an answer holds."),
    ] = None,
    json: Json = False,
) -> None:
    """Screen one patient: each criterion met, not met or cannot tell, with the data that decide or are missing.

    Exit code 1 for a patient who is not eligible; 0 for one who is, or of whom it cannot be told yet.
    """
    from trialwright import protocol as room
    from trialwright.cli import screening

    protocol = room.load(study)
    found = screening.screen(protocol, answers, now or ())
    _print(screening.data(found) if json else screening.lines(protocol, found))
    if found.overall == "not eligible":
        raise typer.Exit(1)


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to a file.")] = None,
) -> None:
    """Print the JSON Schema of a protocol file, for completion and checks in an editor."""
    from trialwright.protocol import json_schema

    if out is None:
        _print(json_schema())
    else:
        _write(out, _json(json_schema()))


def _open_points_data(points: Any) -> dict[str, Any]:
    from dataclasses import asdict

    leaves = [asdict(leaf) for leaf in points.leaves]
    return {"leaves": leaves, "questions": [question.model_dump(mode="json") for question in points.questions]}


def _print(content: dict[str, Any] | Iterable[str]) -> None:
    typer.echo(_json(content) if isinstance(content, dict) else "\n".join(content))


def _json(content: dict[str, Any]) -> str:
    import json

    return json.dumps(content, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def _write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all; a device or pipe is written to, never replaced."""
    from trialwright.errors import OutputError

    special = path.exists() and not path.is_file()
    part = path if special else path.with_name(f".{path.name}.part")
    try:
        part.write_text(text + "\n", encoding="utf-8")
        if not special:
            part.replace(path)
    except OSError as error:
        if not special:
            part.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
