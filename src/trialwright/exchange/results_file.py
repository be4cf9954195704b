"""Results as the content of a file: long rows, or a reporting event."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from trialwright.errors import OutputError
from trialwright.exchange.ars import reporting_event

if TYPE_CHECKING:
    from trialwright.protocol import Protocol
    from trialwright.results import Results

__all__ = ["results_file"]


def results_file(results: Results, name: str, *, title: str, protocol: Protocol | None = None) -> bytes:
    """Return the content of a file called ``name``, whose ending tells the format.

    ``.csv`` and ``.parquet``: one line a row, with the SHA-256 of its data; ``.json``: rows, methods, subjects;
    ``.ars.json``: the CDISC Analysis Results Standard. OutputError when the ending is none of these.

    >>> from trialwright.results import Result, Results
    >>> rows = (Result("table", "days", "all", "A", "events", 5.0),)
    >>> results_file(Results(rows, data={"table": "12ab"}), "out.csv", title="")[-5:]
    b'12ab\\n'
    """
    ending = name.casefold()
    if ending.endswith(".ars.json"):
        event = reporting_event(results, title=title, protocol=protocol)
        return (json.dumps(event, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    if ending.endswith(".json"):
        return results.to_json().encode()
    if ending.endswith(".csv"):
        return results.to_csv().encode()
    if ending.endswith(".parquet"):
        buffer = io.BytesIO()
        results.frame().write_parquet(buffer)
        return buffer.getvalue()
    raise OutputError(f"{name}: results are written to .csv, .parquet, .json or .ars.json; choose one of these endings")
