"""``trialwright evidence``: read what was published, check it, pool it."""

from __future__ import annotations

import typer

from trialwright.cli.evidence_check import check
from trialwright.cli.evidence_compatible import compatible
from trialwright.cli.evidence_intake import intake
from trialwright.cli.evidence_pool import pool
from trialwright.cli.evidence_reconstruct import reconstruct
from trialwright.cli.evidence_report import report
from trialwright.cli.evidence_suppose import suppose

__all__ = ["app"]

app = typer.Typer(help="What was published: read it, check it, pool it.", no_args_is_help=True)

app.command()(check)
app.command()(compatible)
app.command()(intake)
app.command()(pool)
app.command()(reconstruct)
app.command()(report)
app.command()(suppose)
