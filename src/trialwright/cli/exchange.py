"""``trialwright exchange``: datasets of anybody's making checked, converted, and held against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trialwright.exchange import Dataset

__all__ = ["app"]

app = typer.Typer(help="Datasets in and out: check, convert and compare them.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Ending = Annotated[
    str | None, typer.Option(metavar="FORMAT", help="Read only files of this format, where a folder holds several.")
]
Show = Annotated[int, typer.Option(min=0, help="How many records to print of each kind.")]


@app.command()
def check(  # noqa: PLR0917 - each is an option of the command
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder of SDTM datasets, or one file.")],
    rules: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Conformance rules of CDISC CORE as JSON, also gzipped.")
    ] = None,
    standard: Annotated[str, typer.Option(help="Standard whose rules are run, such as sdtmig-3-3.")] = "sdtmig-3-4",
    allow: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Findings that are known, in YAML, each with its reason.")
    ] = None,
    read: Ending = None,
    show: Show = 3,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print every finding as CSV.")] = False,
) -> None:
    """Check SDTM datasets; exit code 1 when something is found that is not allowed, 2 when they cannot be read.

    Keys, subjects, dates, study days and references are always checked. With --rules, the conformance rules of CDISC
    CORE are run too; rules that cannot be answered are listed with the reason. XPT, Dataset-JSON, CSV and Parquet are
    read, also under gzip.
    """
    from trialwright.cli.conformance import check_datasets
    from trialwright.cli.conformance_text import as_csv, as_json, as_text

    checked = check_datasets(_datasets(path, read), rules, standard, allow)
    print_it = as_json if json else as_csv if csv else lambda found: as_text(found, show)
    typer.echo(print_it(checked))
    checked.verdict()


@app.command()
def convert(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A dataset, or a folder of datasets.")],
    to: Annotated[str, typer.Option(metavar="FORMAT", help="xpt, json, ndjson, dsjc, csv or parquet.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder to write into.")],
    read: Ending = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace files that are there already.")] = False,
) -> None:
    """Write datasets in another format; nothing is cut, rounded or renamed.

    A value, name or label that the format cannot hold is refused, and so is a file that is there already, without
    --replace. Beside CSV, variables.csv keeps labels and types. The same data give the same bytes. What a tolerant
    reader passed over is told on standard error.
    """
    from trialwright import exchange

    for name, dataset in _datasets(path, read).items():
        for warning in dataset.warnings:
            typer.echo(f"warning: {name}: {warning}", err=True)
    for file in exchange.convert(path, to, out, ending=read, replace=replace):
        typer.echo(file)


@app.command()
def compare(  # noqa: PLR0917 - each is an option of the command
    left: Annotated[Path, typer.Argument(metavar="A", help="The dataset or folder that is held to.")],
    right: Annotated[Path, typer.Argument(metavar="B", help="The dataset or folder that is held against it.")],
    keys: Annotated[
        str, typer.Option(metavar="NAMES", help="Variables that pair the records, with commas between them.")
    ] = "",
    tolerance: Annotated[float, typer.Option(min=0, help="Numbers may differ by this much.")] = 0.0,
    relative: Annotated[float, typer.Option(min=0, help="Numbers may differ by this share of the larger.")] = 0.0,
    read: Ending = None,
    show: Show = 20,
    json: Json = False,
) -> None:
    """Hold two datasets against each other; exit code 1 when anything differs.

    Variables, their kinds, labels, lengths and order, records and values are compared; a length that one file does not
    state is no difference. Without --keys, records are paired by the keys that the first file states, else by their
    order. Two folders are compared dataset by dataset.
    """
    from trialwright.cli.comparison_text import as_json, as_text
    from trialwright.errors import CheckFailed
    from trialwright.exchange import compare_datasets

    ours, theirs = _sides(left, right, read)
    named = tuple(name.strip() for name in keys.split(",") if name.strip())
    found = [
        compare_datasets(ours[name], theirs[name], named or ours[name].keys, absolute=tolerance, relative=relative)
        for name in ours
        if name in theirs
    ]
    alone = [f"{name}: only in {left}" for name in ours if name not in theirs]
    alone += [f"{name}: only in {right}" for name in theirs if name not in ours]
    typer.echo(as_json(found, alone) if json else as_text(found, alone, show))
    differing = [each.name for each in found if not each.same] + [line.partition(":")[0] for line in alone]
    if differing:
        raise CheckFailed(f"differing: {', '.join(differing)}")


def _datasets(path: Path, ending: str | None) -> dict[str, Dataset]:
    from trialwright.exchange import read_dataset, read_folder

    if path.is_dir():
        return read_folder(path, ending)
    dataset = read_dataset(path)
    return {path.name.partition(".")[0].upper(): dataset}


def _sides(left: Path, right: Path, ending: str | None) -> tuple[dict[str, Dataset], dict[str, Dataset]]:
    """Return the datasets of both sides; two files are compared whatever they are called."""
    from trialwright.errors import DataError

    if left.is_dir() != right.is_dir():
        raise DataError(f"{left} and {right}: compare two files or two folders, not one of each")
    ours, theirs = _datasets(left, ending), _datasets(right, ending)
    if not left.is_dir():
        theirs = dict(zip(ours, theirs.values(), strict=True))
    return ours, theirs
