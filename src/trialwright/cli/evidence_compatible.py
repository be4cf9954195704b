"""``trialwright evidence compatible``: data sets behind printed figures without a curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trialwright.evidence import Answer, Compatible

__all__ = ["compatible"]

DECIDING = ("hazard ratio", "P")
"""Answers that decide the exit code."""


def compatible(  # noqa: PLR0917 - each is an option of the command
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study that ships with the program, or a ledger.")],
    cut: Annotated[str, typer.Option(help="Data cut of the printed figures.")],
    endpoint: Annotated[str, typer.Option(help="Endpoint of the printed figures.")],
    events: Annotated[tuple[int, int], typer.Option(metavar="FEWEST MOST", help="Events in all, from and to.")],
    longest: Annotated[float, typer.Option(help="Longest follow-up, in months.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")],
    follow_up: Annotated[float | None, typer.Option(help="Median follow-up in months, if not printed.")] = None,
    curves: Annotated[int, typer.Option(min=1, help="How many survival curves to suppose.")] = 30,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Draw patients that print a study's medians, rates and hazard ratio, and compare what else is printed.

    Exit code 1 if no data set is found, or the printed limits of the hazard ratio or its P value are in none of them.
    Limits of medians and the follow-up depend on conventions that are seldom printed; they are shown only.
    """
    from trialwright.errors import CheckFailed
    from trialwright.evidence import compatible_with, ledger

    files = ledger(study).files
    if len(files) != 1:
        raise CheckFailed(f"{study} holds {len(files)} studies; name one of {', '.join(file.name for file in files)}")
    try:
        found = compatible_with(
            files[0].claims,
            cut=cut,
            endpoint=endpoint,
            events=events,
            longest=longest,
            seed=seed,
            follow_up=follow_up,
            curves=curves,
        )
    except ValueError as error:
        raise CheckFailed(str(error)) from error
    typer.echo(_as_json(found) if json else "\n".join(_lines(found)))
    unmet = [answer.name for answer in found.answers if not answer.met and answer.name.endswith(DECIDING)]
    if unmet:
        raise CheckFailed(f"printed, but in none of the data sets: {', '.join(unmet)}")


def _lines(found: Compatible) -> Iterator[str]:
    yield f"{len(found.solutions)} data sets, of {found.looked_at} that print the medians and rates"
    if found.narrowest is not None:
        low, high = found.narrowest
        yield f"events {found.events.min()} to {found.events.max()}; SE of the log hazard ratio at least " + (
            f"{found.standard_error.min():.3f}"
        )
        yield f"narrowest interval of the hazard ratio {low:.2f} to {high:.2f}"
    yield from map(_answered, found.answers)


def _answered(answer: Answer) -> str:
    span = f"{answer.low:.4g} to {answer.high:.4g}" if answer.of else "no data set"
    return f"{answer.name}: printed {answer.printed}; {span}; {answer.met} print it"


def _as_json(found: Compatible) -> str:
    import json
    from dataclasses import asdict
    from math import isfinite

    def kept(value: object) -> object:
        return None if isinstance(value, float) and not isfinite(value) else value

    told = {
        "data sets": len(found.solutions),
        "looked at": found.looked_at,
        "events": found.events.tolist(),
        "standard error": found.standard_error.tolist(),
        "narrowest interval": None if found.narrowest is None else list(found.narrowest),
        "answers": [{key: kept(value) for key, value in asdict(answer).items()} for answer in found.answers],
    }
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)
