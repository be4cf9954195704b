"""``trialwright randomize``: what an allocation scheme gives away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trialwright.randomize import Scheme

__all__ = ["app"]

app = typer.Typer(help="Who gets what: how predictable a scheme is.", no_args_is_help=True)


@app.callback()
def _room() -> None:
    """Keep ``predictability`` a command of its own while it is the only one."""


@app.command()
def predictability(
    study: Annotated[str, typer.Argument(metavar="STUDY|FILE", help="A shipped study by name, or a protocol file.")],
    block_sizes: Annotated[
        list[str] | None,
        typer.Option("--block-sizes", metavar="SIZES", help="Compare with these, such as 3,6. May be repeated."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
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
    import json

    return json.dumps([{"block_sizes": sizes, "certain": share} for sizes, share in found], indent=1)
