"""``trialwright evidence pool``: one answer from the trials of a ledger, and what it hangs on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trialwright.cli.evidence_pool_text import Answer

__all__ = ["pool"]


def pool(  # noqa: PLR0917 - each is an option of the command
    ledger: Annotated[
        str,
        typer.Argument(metavar="LEDGER", help="A shipped collection such as rechallenge, a study, a file or a folder."),
    ],
    endpoint: Annotated[str, typer.Option("--endpoint", help="Endpoint whose hazard ratios are pooled, such as PFS.")],
    by: Annotated[
        str | None, typer.Option("--by", metavar="FIELD", help="Feature of the trials that groups them.")
    ] = None,
    method: Annotated[str, typer.Option("--method", help="common, DL, PM, REML, ML, EB, HE, HS or SJ.")] = "REML",
    test: Annotated[
        str | None,
        typer.Option("--test", help="z, t, HK or 'HK ad hoc'; HK with fewer than ten trials unless asked otherwise."),
    ] = None,
    level: Annotated[float, typer.Option("--level", help="Confidence level of the pooled limits.")] = 0.95,
    use: Annotated[
        list[str] | None,
        typer.Option("--use", metavar="CLAIM", help="Take this claim for its trial. May be repeated."),
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option("--leave-out", metavar="TRIAL", help="A trial that shall not enter. May be repeated."),
    ] = None,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="FILE", help="Write the forest plot as an SVG file.")
    ] = None,
    funnel: Annotated[
        Path | None, typer.Option("--funnel", metavar="FILE", help="Write the funnel plot as an SVG file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON with all digits instead of text.")] = False,
) -> None:
    """Pool the published hazard ratios of an endpoint over the trials of a ledger.

    Of each trial enters the reported ratio at its latest cut, of the comparison and population its file names first;
    its standard error comes from its interval at its own level. Printed are random effects with Hartung and Knapp's
    limits and those of z, tau2 with its Q-profile interval, prediction intervals, groups, and a table of what changes
    with the model, a data cut, a source, a level, a trial left out, and standard errors no smaller than the events
    allow.

    Exit code 1 if a claim of the ledger is at fault, the others being pooled, or only one trial is left.
    """
    from trialwright.cli.evidence_pool_text import answered, as_json, as_text
    from trialwright.errors import CheckFailed
    from trialwright.evidence import ledger as read_ledger

    read = read_ledger(ledger, skip_faults=True)
    for problem in read.problems:
        typer.echo(f"left out: {problem}", err=True)
    try:
        found = answered(
            read, endpoint, by=by, use=use or [], leave_out=leave_out or [], method=method, test=test, level=level
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    _draw(found, figure, funnel)
    typer.echo(as_json(found) if json else as_text(found))
    if read.problems:
        raise CheckFailed(f"faulty claims were left out of the synthesis: {len(read.problems)}; see above")


def _draw(found: Answer, figure: Path | None, funnel: Path | None) -> None:
    from trialwright.report import funnel_plot, synthesis_forest

    title = f"{found.ledger.name}: {found.poolable.endpoint}"
    printed = found.rows[0]
    if figure is not None:
        favors = ("numerator better", "denominator better")
        _write(figure, synthesis_forest(printed.groups or printed.synthesis, title=title, favors=favors))
    if funnel is not None:
        _write(funnel, funnel_plot(printed.synthesis, title=title))


def _write(path: Path, content: str) -> None:
    from trialwright.errors import OutputError

    try:
        path.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
