"""Reconstructed patients as text, as JSON and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from trialwright.evidence import Answer, Reconstruction

__all__ = ["as_json", "as_text", "write_patients"]


def as_text(found: Reconstruction) -> str:
    """Return what is exact, what is open, and what the data sets say to the printed figures."""
    head = f"{len(found.solutions)} data sets, seed {found.seed}; data set {found.central + 1} stands in the middle"
    return "\n".join([head, *map("  ".join, _columns(_arms(found))), *_compared(found), *map(_answered, found.answers)])


def _arms(found: Reconstruction) -> Iterator[tuple[str, ...]]:
    yield "arm", "patients", "events", "curve off by", "reading error", "stretch"
    for a, arm in enumerate(found.arms):
        patients = int((found.best.arm == a).sum())
        yield (
            arm,
            str(patients),
            _span(found.events[:, a], "d"),
            f"{found.off[:, a].mean():.4f}",
            f"{found.reading_error[a]:g}",
            f"{found.stretch[a]:.3f}",
        )


def _columns(rows: Iterator[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    table = list(rows)
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    for name, *numbers in table:
        yield name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))


def _compared(found: Reconstruction) -> Iterator[str]:
    from numpy import exp

    ratios = found.log_hazard_ratio
    if ratios is not None:
        middle = float(exp(ratios[found.central]))
        yield f"hazard ratio of {found.arms[1]} against {found.arms[0]}: {middle:.3f} ({_span(exp(ratios), '.3f')})"
    if found.shift:
        yield f"readings moved by up to {found.shift:.4f} towards the printed hazard ratio"


def _answered(answer: Answer) -> str:
    span = f"{answer.low:.4g} to {answer.high:.4g}" if _finite(answer.low) is not None else "not reached"
    return f"{answer.name}: printed {answer.printed}; {span}; {answer.met} of {answer.of} data sets print it"


def _span(values: NDArray[Any], form: str) -> str:
    low, high = values.min(), values.max()
    return f"{low:{form}}" if low == high else f"{low:{form}} to {high:{form}}"


def as_json(found: Reconstruction) -> str:
    """Return every number of the reconstruction but the patients themselves."""
    import json
    from dataclasses import asdict

    ratios = found.log_hazard_ratio
    told = {
        "arms": list(found.arms),
        "patients": [int((found.best.arm == a).sum()) for a in range(len(found.arms))],
        "solutions": len(found.solutions),
        "central": found.central,
        "seed": found.seed,
        "events": found.events.tolist(),
        "off": found.off.tolist(),
        "furthest": found.furthest.tolist(),
        "log hazard ratio": None if ratios is None else [_finite(x) for x in ratios.tolist()],
        "reading error": list(found.reading_error),
        "stretch": list(found.stretch),
        "shift": found.shift,
        "answers": [{key: _finite(x) for key, x in asdict(answer).items()} for answer in found.answers],
    }
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)


def write_patients(found: Reconstruction, path: Path) -> None:
    """Write one row for each patient of each data set: solution, arm, day, event; the first column counts from 1."""
    import polars as pl

    from trialwright.errors import OutputError

    frames = [
        pl.DataFrame(
            {
                "solution": [number] * len(times),
                "arm": [times.arms[a] for a in times.arm.tolist()],
                "day": times.day.tolist(),
                "event": times.event.astype(int).tolist(),
            }
        )
        for number, times in enumerate(found.solutions, 1)
    ]
    try:
        pl.concat(frames).write_csv(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _finite(value: Any) -> Any:
    from math import isnan

    return None if isinstance(value, float) and isnan(value) else value
