"""Files of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialwright.errors import OutputError
from trialwright.report.figure import standalone
from trialwright.report.inputs import Contents
from trialwright.report.layout import NOTICE
from trialwright.report.page import figures_of, page

if TYPE_CHECKING:
    from trialwright.design import Scenario
    from trialwright.evidence import Achieved, Claims, Compared, Finding
    from trialwright.protocol import Protocol
    from trialwright.results import Results

__all__ = ["write"]


def write(
    results: Results,
    protocol: Protocol,
    to: Path,
    *,
    virtual: bool,
    manifest: Mapping[str, Any],
    claims: Claims | None = None,
    comparison: Sequence[Compared] = (),
    findings: Sequence[Finding] = (),
    calibration: Sequence[Achieved] = (),
    scenario: Scenario | None = None,
) -> tuple[Path, ...]:
    """Write ``report.html`` and ``figures/*.svg`` into the folder ``to`` and return the paths written.

    The page is complete in itself: no script, no other file, no address. The same arguments give the same bytes, so
    ``manifest`` (what the report was made from: study, seed, hashes, versions) must not hold the time of day.
    ``virtual`` says whether the patients were simulated; the page then says so in every section and on every printed
    page. ``claims`` is the ledger of what was published; ``comparison``, ``findings`` and ``calibration`` are what the
    room ``evidence`` says about it; ``scenario`` is what the virtual trial was drawn from. A part that is not given is
    named as missing. ``to`` must exist; nothing is written before everything has been drawn.

    Raises DataError when the flow of participants does not add up, OutputError when a file cannot be written.
    """
    contents = Contents(results, protocol, claims, comparison, findings, calibration, manifest, virtual, scenario)
    figures = figures_of(contents)
    notice = NOTICE if virtual else None
    files = {"report.html": page(contents, figures)}
    files |= {
        f"figures/{each.name}.svg": standalone(each, notice, titled=True) for kind in figures.values() for each in kind
    }
    _make(to / "figures")
    return tuple(_write(to / name, text) for name, text in files.items())


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise _refused(folder, error) from error


def _write(path: Path, text: str) -> Path:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _refused(path, error) from error
    return path


def _refused(path: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot write {path}: {error.strerror or error}; choose another output folder or make room")
