"""The command line as a whole: every room's commands in one place, and how a run ends.

``--help`` must stay quick: a module of commands imports nothing but typer at its top; its functions import what they
need.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from trialwright.cli import analyze, conduct, design, evidence, exchange, protocol, randomize
from trialwright.cli.calibrate import calibrate
from trialwright.cli.derive import derive
from trialwright.cli.errors import exit_code
from trialwright.cli.rehearse import rehearse
from trialwright.cli.serve import serve
from trialwright.cli.simulate import simulate
from trialwright.cli.snapshot import snapshot
from trialwright.cli.verify import verify

__all__ = ["app", "main"]

app = typer.Typer(
    name="trialwright",
    help="Runs a randomized oncology trial from protocol to publication.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

# One line for each room, in the order a trial passes through them.
app.command()(rehearse)
app.command()(calibrate)
app.command()(simulate)
app.add_typer(protocol.app, name="protocol")
app.add_typer(design.app, name="design")
app.add_typer(randomize.app, name="randomize")
app.command()(serve)
app.add_typer(conduct.app, name="conduct")
app.command()(verify)
app.command()(snapshot)
app.command()(derive)
app.add_typer(analyze.app, name="analyze")
app.add_typer(evidence.app, name="evidence")
app.add_typer(exchange.app, name="exchange")


def _version(wanted: bool) -> None:
    if wanted:
        from trialwright import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; without arguments, those of the process."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return exit_code(lambda: app(given, prog_name="trialwright"))
