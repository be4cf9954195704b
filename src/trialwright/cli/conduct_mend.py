"""``trialwright conduct reconcile`` and ``new-generation``: the two ways on from an older state that was restored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trialwright.errors import DataError

if TYPE_CHECKING:
    from trialwright.server import House

__all__ = ["new_generation", "reconcile"]

Folder = Annotated[Path, typer.Argument(help="Folder of the office, as 'trialwright serve' made it.")]
Database = Annotated[str | None, typer.Option(help="URL of the database where it is not in the folder.")]
StudyFile = Annotated[
    str | None, typer.Option(help="Study or protocol file, where it is not the name the office was founded under.")
]


def reconcile(folder: Folder, db: Database = None, study: StudyFile = None) -> None:
    """Put back from the mirror what a restored backup does not hold, in one transaction and checked fact by fact.

    The server must not be running on the same folder. Afterwards the office is what it was before the restore.
    """
    from trialwright.cli.conduct import open_folder

    with open_folder(folder, db, study) as house:
        why = house.office.halted
        if why is None:
            typer.echo("the database holds all that the mirror knows; there is nothing to put back")
            return
        count = house.office.reconcile()
        with house.office.reading() as state:
            typer.echo(f"{count} facts put back; {state.seq} facts, head sha256 {state.head}")


def new_generation(
    folder: Folder,
    user: Annotated[str, typer.Option("--as", help="Your account, an administrator's; password and code are asked.")],
    reason: Annotated[str, typer.Option(help="Why the missing facts cannot be put back; kept in the log for ever.")],
    db: Database = None,
    study: StudyFile = None,
) -> None:
    """Go on from a restored older state without what only the mirror holds: an administrator, with a reason.

    What is given up stays in the mirror file, kept under another name. First try 'reconcile'. The server must not be
    running on the same folder.
    """
    import secrets

    from trialwright.cli.conduct import open_folder
    from trialwright.conduct import Actor, BeginGeneration

    with open_folder(folder, db, study) as house:
        _prove(house, user)
        house.office.do(BeginGeneration(reason=reason), Actor(user), f"cli-generation-{secrets.token_hex(8)}")
        with house.office.reading() as state:
            typer.echo(f"generation {state.founding.generation} begun; {state.seq} facts, head sha256 {state.head}")


def _prove(house: House, user: str) -> None:
    """Prove password and second factor without a session, which a halted office could not write down."""
    proof = house.credentials.prove(user, typer.prompt(f"Password of {user}", hide_input=True))
    code = typer.prompt("Six-digit code, if you have a second factor", default="", show_default=False)
    now = house.clock().timestamp()
    held = not proof.has_second_factor or house.credentials.prove_code(user, code, lambda: now)
    if not proof.good or proof.temporary or not held:
        raise DataError("user, password or code is wrong, or the password is a temporary one")
