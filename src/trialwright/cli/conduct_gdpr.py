"""``trialwright conduct gdpr-report``: the record of processing, read off an office."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["gdpr_report"]


def gdpr_report(
    office: Annotated[str, typer.Argument(help="Folder of the office, its SQLite file, or the URL of its database.")],
    study: Annotated[
        str | None, typer.Option(help="Study or protocol file, where it is not the name the office was founded under.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Print the record of processing: whose data, where, how protected, who reads them, what a breach would touch.

    Material for a unit's own record, impact assessment and 72-hour notice (GDPR 30, 32 to 35).
    """
    from json import dumps

    from trialwright.cli.conduct import read_office
    from trialwright.conduct import record_of_processing

    state, protocol = read_office(office, study)
    sections = record_of_processing(state, protocol)
    if json:
        typer.echo(dumps(sections, ensure_ascii=False, indent=1))
        return
    for title, items in sections.items():
        typer.echo(f"{title}\n")
        for name, text in items.items():
            typer.echo(f"  {name}: {text}")
        typer.echo("")
