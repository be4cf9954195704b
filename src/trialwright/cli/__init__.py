"""The command line: one command per room."""

from trialwright.cli.commands import app, main

__all__ = ["app", "main"]
