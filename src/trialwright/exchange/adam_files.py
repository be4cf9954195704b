"""Analysis datasets into a folder, with the Define-XML that describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trialwright.errors import OutputError
from trialwright.exchange.adam_specification import ADAM
from trialwright.exchange.define_xml import define_xml
from trialwright.exchange.delimited import LISTED, variables_csv
from trialwright.exchange.formats import FORMATS, UNDATED, write_dataset

if TYPE_CHECKING:
    from trialwright.exchange.datasets import Dataset

__all__ = ["write_adam"]


def write_adam(
    folder: Path,
    datasets: Mapping[str, Dataset],
    format: str,
    *,
    description: str = "",
    written_at: datetime = UNDATED,
) -> list[Path]:
    """Write analysis datasets and ``define.xml`` into a folder; return the files, in the order written.

    ``format`` is one of parquet, csv, xpt, json and the others of ``write_dataset``; CSV is accompanied by
    ``variables.csv``, which holds labels and types. ``written_at`` is the time the files state. OutputError when the
    format is not known or cannot hold a value, ADSL is missing, or a file cannot be written.

    >>> import tempfile
    >>> from trialwright import derive, protocol
    >>> from trialwright.exchange import adam
    >>> from trialwright.records import TrialData
    >>> plan = protocol.load(protocol.study_names()[0])
    >>> nobody = TrialData.from_rows("x", {}, virtual=True)
    >>> files = write_adam(Path(tempfile.mkdtemp()), adam(nobody, derive.tables(nobody, plan), plan), "csv")
    >>> files[0].name, files[-1].name
    ('adsl.csv', 'define.xml')
    """
    ending = f".{format.casefold().removeprefix('.')}"
    if ending not in FORMATS:
        raise OutputError(f"format {format!r} is not known; known: {', '.join(known[1:] for known in FORMATS)}")
    if "ADSL" not in datasets:
        raise OutputError(f"analysis datasets must include ADSL; got {', '.join(datasets) or 'none'}")
    files = [folder / f"{name.lower()}{ending}" for name in datasets]
    for file, dataset in zip(files, datasets.values(), strict=True):
        write_dataset(dataset, file, written_at=written_at)
    if ending == ".csv":
        files.append(_written(folder / LISTED, variables_csv(datasets.values())))
    return [*files, _written(folder / "define.xml", _define(datasets, description, written_at, ending))]


def _define(datasets: Mapping[str, Dataset], description: str, written_at: datetime, ending: str) -> bytes:
    studies = datasets["ADSL"].rows["STUDYID"].unique(maintain_order=True)
    study = studies[0] if len(studies) else "STUDY"
    said = description or f"Analysis datasets of study {study}"
    return define_xml(
        datasets.values(),
        ADAM,
        standard="ADaMIG",
        study=study,
        description=said,
        created=written_at,
        ending=ending,
    )


def _written(path: Path, content: bytes) -> Path:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path
