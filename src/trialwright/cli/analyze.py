"""``trialwright analyze``: the analysis of a table of anybody's making, no protocol needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from trialwright.analyze import Question, TableAnalysis

    Value = TypeVar("Value")

__all__ = ["app"]

app = typer.Typer(help="What was found: analyze a table of times to event.", no_args_is_help=True)


@app.callback()
def _room() -> None:
    """Keep ``table`` a command of its own while it is the only one."""


@app.command()
def table(  # noqa: PLR0917 - each is an option of the command
    file: Annotated[Path, typer.Argument(help="CSV, TSV, Parquet, XPT or SAS7BDAT; one row is one subject.")],
    time: Annotated[str, typer.Option(help="Column of times from the start to event or censoring.")],
    event: Annotated[str, typer.Option(help="Column that tells events from censorings; two values.")],
    arm: Annotated[str, typer.Option(help="Column of the arms.")],
    event_value: Annotated[str | None, typer.Option(help="The value that means event; 1 or true without it.")] = None,
    control: Annotated[str | None, typer.Option(help="Reference arm; the first in order without it.")] = None,
    strata: Annotated[str | None, typer.Option(help="Columns of strata, by comma.")] = None,
    covariates: Annotated[
        str | None, typer.Option(help="Columns of covariates, by comma; factor(x) takes numbers as categories.")
    ] = None,
    ties: Annotated[
        str | None,
        typer.Option(help="efron, breslow, exact (SAS EXACT: marginal) or discrete (R exact, SAS DISCRETE)."),
    ] = None,
    conf_type: Annotated[
        str | None, typer.Option(help="Limits of survival: log-log, log, plain, logit or arcsin.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="Conventions of R or SAS; other options go before the preset.")
    ] = None,
    landmarks: Annotated[str | None, typer.Option(help="Times at which rates are wanted, by comma.")] = None,
    tau: Annotated[
        float | None, typer.Option(help="Horizon of the restricted mean; the smaller of the arms' last times without.")
    ] = None,
    level: Annotated[float, typer.Option(help="Confidence level of all limits.")] = 0.95,
    unit: Annotated[
        str, typer.Option(help="Unit of the column and of every answer: days, weeks, months or years.")
    ] = "days",
    missing: Annotated[str, typer.Option(help="Rows with a missing value: refuse, or drop and count.")] = "refuse",
    plot: Annotated[Path | None, typer.Option(help="SVG file to write: curves above their risk table.")] = None,
    export: Annotated[
        Path | None, typer.Option(help="File of long rows to write: .csv, .parquet, .json, or .ars.json (CDISC ARS).")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Analyze a table: curves, medians, rates, log-rank tests, Cox models and restricted means, with conventions.

    Without a preset: log-log limits, Efron's ties, the middle of a flat piece, no rate after the last follow-up,
    numbers at risk just before. Times that are not whole numbers and closer than R's tolerance are one time; under
    SAS each is taken as it is.
    """
    from trialwright.analyze import Columns, analyze_table
    from trialwright.cli import table_json, table_text
    from trialwright.errors import OutputError
    from trialwright.exchange import read_table

    if plot is not None and plot.suffix.lower() != ".svg":
        raise OutputError(f"--plot writes SVG: the name must end in .svg; got {plot}")
    question = _question(preset, conf_type, ties, level, landmarks, tau, unit)
    columns = Columns(time, event, arm, event_value, control, _names(strata), _names(covariates))
    frame = read_table(file)
    found = _checked(lambda: analyze_table(frame, columns, question, missing=missing), f"{file}: ")  # type: ignore[arg-type]
    _write(found, file, plot, export)
    if json:
        typer.echo(table_json.as_json(found, file))
    else:
        table_text.show(found, file)


def _question(  # noqa: PLR0917 - one for each option
    preset: str | None,
    conf_type: str | None,
    ties: str | None,
    level: float,
    landmarks: str | None,
    tau: float | None,
    unit: str,
) -> Question:
    from trialwright.analyze import Question, conventions

    def asked() -> Question:
        rules = conventions(preset and preset.upper(), interval=conf_type, ties=ties)  # type: ignore[arg-type]
        times = tuple(_number("--landmarks", text) for text in _names(landmarks))
        return Question(rules, level, times, tau, unit)  # type: ignore[arg-type]

    return _checked(asked)


def _checked(make: Callable[[], Value], where: str = "") -> Value:
    """Return what is made; a wrong argument is something the user can put right."""
    from trialwright.errors import DataError

    try:
        return make()
    except (ValueError, DataError) as error:
        raise DataError(f"{where}{error}") from error


def _names(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"{option} must be numbers by comma; got {text!r}") from error


def _write(found: TableAnalysis, file: Path, plot: Path | None, export: Path | None) -> None:
    if plot is None and export is None:
        return
    import hashlib

    from trialwright.analyze import table_results
    from trialwright.exchange import results_file
    from trialwright.report import km_figure

    results = table_results(found, data=hashlib.sha256(file.read_bytes()).hexdigest())
    if plot is not None:
        _put(plot, km_figure(results, unit=found.question.unit, ticks=found.grid).encode())
    if export is not None:
        _put(export, results_file(results, export.name, title=file.name))


def _put(path: Path, content: bytes) -> None:
    from trialwright.errors import OutputError

    try:
        path.write_bytes(content)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
