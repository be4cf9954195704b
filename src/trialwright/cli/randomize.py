"""``trialwright randomize``: what an allocation scheme gives away, and the lists it makes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trialwright.randomize import Method, Scheme

__all__ = ["app"]

app = typer.Typer(help="Who gets what: how predictable a scheme is, and lists.", no_args_is_help=True)

Study = Annotated[str, typer.Argument(metavar="STUDY|FILE", help="A shipped study by name, or a protocol file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
KEY_HELP = "File of 64 hexadecimal digits: the sealed key."


@app.command()
def predictability(
    study: Study,
    block_sizes: Annotated[
        list[str] | None,
        typer.Option("--block-sizes", metavar="SIZES", help="Compare with these, such as 3,6. May be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """Print the share of allocations that a central observer who knows the block sizes can be certain of.

    Computed exactly, for the planned number of patients and strata of equal size.
    """
    from trialwright.protocol import load
    from trialwright.randomize import certain_share, scheme

    protocol = load(study)
    plan, patients = scheme(protocol), protocol.design.enrollment
    equal = [1 / len(plan.strata)] * len(plan.strata)
    plans = [plan, *(_with_sizes(plan, text) for text in block_sizes or ())]
    found = [(each.block_sizes, certain_share(each, patients, equal)) for each in plans]
    typer.echo(_as_json(found) if json else _as_text(found, plan, patients))


@app.command()
def compare(
    study: Study,
    *,
    places: Annotated[int, typer.Option("--places", min=1, max=200, help="Allocations in one stratum.")],
    tolerated: Annotated[int, typer.Option("--tolerated", min=1, help="Limit of the big stick.")] = 2,
    sets: Annotated[int, typer.Option("--sets", min=1, help="Balanced sets in the block urn.")] = 2,
    json: Json = False,
) -> None:
    """Compare the blocks of a protocol with other methods of the same ratio: what they give away and how even they are.

    For one stratum: the share of allocations that a central observer is certain of and guesses rightly, and after the
    last one the standard deviation and the largest possible distance from the ratio, in patients. Computed exactly.
    """
    from trialwright.protocol import load
    from trialwright.randomize import BigStick, BlockUrn, Simple, scheme

    plan = scheme(load(study))
    ratio = dict(plan.ratio)
    blocks = f"blocks {', '.join(map(str, plan.block_sizes))}"
    urn, stick = BlockUrn.of(ratio, sets), BigStick.of(ratio, tolerated)
    plans: dict[str, Scheme | Method] = {blocks: plan, f"block urn {sets}": urn}
    plans |= {f"big stick {tolerated}": stick, "simple": Simple.of(ratio)}
    rows: list[dict[str, str | float]] = [{"method": name, **_compared(each, places)} for name, each in plans.items()]
    typer.echo(_dumps(rows) if json else _side_by_side(rows))


def _compared(plan: Scheme | Method, places: int) -> dict[str, str | float]:
    from fractions import Fraction

    from trialwright.randomize import guesses, imbalance_of

    try:
        told = guesses(plan, places, seen=Fraction(1))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--places") from None
    last = imbalance_of(plan, places)[-1]
    return {
        "certain": told.certain_share,
        "correct": told.correct_share,
        "sd": max(last.standard_deviations),
        "largest": float(last.largest),
    }


def _side_by_side(rows: list[dict[str, str | float]]) -> str:
    head = f"{'method':<18}{'certain':>9}{'correct':>9}{'sd':>8}{'largest':>9}"
    line = "{method:<18}{certain:>9.1%}{correct:>9.1%}{sd:>8.2f}{largest:>9.2f}"
    return "\n".join([head, *(line.format(**row) for row in rows)])


@app.command("list")
def make_list(
    study: Study,
    *,
    key_file: Annotated[Path, typer.Option("--key-file", metavar="FILE", help=KEY_HELP)],
    list_id: Annotated[str, typer.Option("--list-id", metavar="NAME", help="Name of the list, part of every draw.")],
    places: Annotated[int, typer.Option("--places", min=1, help="Places in each stratum, rounded up to whole blocks.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="New CSV file, readable by its owner alone.")],
    json: Json = False,
) -> None:
    """Write the allocation list of a protocol, for the statistician who keeps it sealed.

    What is printed may be shown to anybody: the size of the list, its SHA-256 and the commitment to the key. An
    existing file is never overwritten.
    """
    from trialwright.protocol import load
    from trialwright.randomize import commitment, generate_list, list_csv, list_sha256, scheme

    key = _key(key_file)
    rows = generate_list(scheme(load(study)), key, _named(list_id), places)
    content = list_csv(rows)
    _write_new(to, content)
    said = {"list": list_id, "rows": len(rows), "sha256": list_sha256(content), "commitment": commitment(key)}
    typer.echo(_dumps(said) if json else "\n".join(f"{name:<12}{value}" for name, value in said.items()))


@app.command("check-list")
def check(
    study: Study,
    file: Annotated[Path, typer.Argument(metavar="LIST", help="CSV file of the list.")],
    sha256: Annotated[str | None, typer.Option("--sha256", metavar="HEX", help="What the file must hash to.")] = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="FILE", help=KEY_HELP + " Checks every allocation.")
    ] = None,
    json: Json = False,
) -> None:
    """Check an allocation list against its protocol: order, gaps, duplicates, ratio of each block, copied strata.

    No arm is ever printed. Exit code 1 when the list must not be used.
    """
    from trialwright.errors import CheckFailed
    from trialwright.protocol import load
    from trialwright.randomize import check_list, list_sha256, read_list, scheme

    content, key = file.read_bytes(), _key(key_file) if key_file else None
    rows = read_list(content, source=str(file), sha256=sha256)
    problems = check_list(rows, scheme(load(study)), key=key)
    said = {"rows": len(rows), "sha256": list_sha256(content), "problems": problems}
    typer.echo(_dumps(said) if json else f"{len(rows)} rows, SHA-256 {said['sha256']}")
    if problems:
        raise CheckFailed(f"{file} must not be used:\n" + "\n".join(problems))


def _key(path: Path) -> bytes:
    """Return the key in a file; no message ever shows what the file holds."""
    from trialwright.errors import DocumentError

    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise DocumentError(f"{path}: must hold 64 hexadecimal digits, such as `openssl rand -hex 32` writes")
    return key


def _named(list_id: str) -> str:
    if not list_id:
        raise typer.BadParameter("must not be empty", param_hint="--list-id")
    return list_id


def _write_new(path: Path, content: bytes) -> None:
    import os

    from trialwright.errors import OutputError

    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise OutputError(f"{path} exists; a list is never overwritten. Choose another file.") from None
    with os.fdopen(opened, "wb") as file:
        file.write(content)


def _dumps(said: object) -> str:
    import json

    return json.dumps(said, indent=1)


def _with_sizes(plan: Scheme, text: str) -> Scheme:
    from trialwright.randomize import Scheme

    try:
        return Scheme.of(dict(plan.ratio), map(int, text.split(",")), dict(plan.factors))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: {error}", param_hint="--block-sizes") from None


def _as_text(found: list[tuple[tuple[int, ...], float]], plan: Scheme, patients: int) -> str:
    ratio = ":".join(str(share) for _, share in plan.ratio)
    head = f"{patients} patients, {ratio}, {len(plan.strata)} strata of equal size"
    rows = [f"{', '.join(map(str, sizes)):<16}{share:>8.1%}" for sizes, share in found]
    return "\n".join([head, f"{'block sizes':<16}{'certain':>8}", *rows])


def _as_json(found: list[tuple[tuple[int, ...], float]]) -> str:
    return _dumps([{"block_sizes": sizes, "certain": share} for sizes, share in found])
