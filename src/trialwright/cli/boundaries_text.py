"""Boundaries and designs in whole events as plain values and as text."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trialwright.design import Boundaries, SurvivalLooks

__all__ = ["boundaries_text", "boundaries_values", "looks_text", "looks_values"]

BOUNDS = [
    ("look", "look", "d"), ("events", "events", "d"), ("further", "further_events", "d"),
    ("information", "information", ".4f"), ("upper z", "upper", ".6f"), ("HR", "hazard_ratio_upper", ".4f"),
    ("lower z", "lower", ".6f"), ("HR", "hazard_ratio_lower", ".4f"), ("inner z", "inner", ".6f"),
    ("HR", "hazard_ratio_inner", ".4f"), ("nominal P", "nominal_p", ".6f"), ("alpha spent", "alpha_spent", ".6f"),
    ("month", "month", ".2f"), ("patients", "patients", ".1f"),
]  # fmt: skip
CHANCES = [
    ("look", "look", "d"), ("H0 upper", "chance_upper_null", ".6f"), ("H0 lower", "chance_lower_null", ".6f"),
    ("H0 inner", "chance_inner_null", ".6f"), ("H1 upper", "chance_upper", ".6f"), ("H1 lower", "chance_lower", ".6f"),
    ("H1 inner", "chance_inner", ".6f"),
]  # fmt: skip
FRACTIONS = [
    ("look", "look", "d"), ("information", "information", ".4f"), ("upper z", "upper", ".6f"),
    ("lower z", "lower", ".6f"), ("inner z", "inner", ".6f"), ("nominal P", "nominal_p", ".6f"),
    ("alpha spent", "alpha_spent", ".6f"),
]  # fmt: skip
Rows = Sequence[dict[str, Any]]


def boundaries_values(found: Boundaries, power: float | None) -> dict[str, Any]:
    """Return the boundaries as plain values; ``None`` where there is no bound."""
    inner = found.inner or (0.0,) * len(found.upper)
    columns = zip(found.information, found.upper, found.lower, inner, found.nominal, found.alpha_spent, strict=True)
    names = ("information", "upper", "lower", "inner", "nominal_p", "alpha_spent")
    looks = [
        {name: _told(name, value) for name, value in zip(names, values, strict=True)} for values in columns
    ]  # fmt: skip
    answer: dict[str, Any] = {"alpha": found.alpha, "sides": found.sides, "binding": found.binding, "looks": looks}
    return answer if power is None else answer | _cost(found, power)


def _told(name: str, value: float) -> float | None:
    return None if not isfinite(value) or (name == "inner" and value == 0) else value


def _cost(found: Boundaries, power: float) -> dict[str, float]:
    from trialwright.design import drift_for_power, expected_information, inflation_factor

    drift, inflation = drift_for_power(found, power), inflation_factor(found, power)
    return {
        "power": power,
        "drift": drift,
        "inflation_factor": inflation,
        "expected_information_null": inflation * expected_information(found, 0.0),
        "expected_information_alternative": inflation * expected_information(found, drift),
    }


def looks_values(design: SurvivalLooks) -> dict[str, Any]:
    """Return a design in whole events as plain values."""
    from dataclasses import asdict

    return asdict(design) | {
        "power": design.power,
        "expected_events_null": design.expected_events_null,
        "expected_events": design.expected_events,
    }


def boundaries_text(answer: dict[str, Any]) -> str:
    """Return the lines for boundaries at fractions of the information."""
    rows = [{"look": number} | look for number, look in enumerate(answer["looks"], start=1)]
    lines = [_level(answer), *_table(rows, FRACTIONS)]
    if "power" in answer:
        lines += [
            f"power {answer['power']:g} needs {answer['inflation_factor']:.4f} times the information of a single look;",
            f"expected: {answer['expected_information_null']:.4f} without the effect,"
            f" {answer['expected_information_alternative']:.4f} with it",
        ]
    return "\n".join(lines)


def looks_text(answer: dict[str, Any]) -> str:
    """Return the lines for a design in whole events."""
    supposed = f"hazard ratio {answer['hazard_ratio']:g} supposed, {answer['ratio']:g}:1"
    return "\n".join(
        [
            f"{_level(answer)}; {supposed}",
            *_table(answer["looks"], BOUNDS),
            f"chance to stop at the look, without an effect (H0) and with hazard ratio {answer['hazard_ratio']:g} (H1)",
            *_table(answer["looks"], CHANCES),
            f"power {answer['power']:.4f}; expected events: {answer['expected_events_null']:.2f} without the effect,"
            f" {answer['expected_events']:.2f} with it",
        ]
    )


def _level(answer: dict[str, Any]) -> str:
    sides = "one side" if answer["sides"] == 1 else "two sides"
    return f"alpha {answer['alpha']:g} on {sides}"


def _table(rows: Rows, columns: list[tuple[str, str, str]]) -> list[str]:
    """Return head and rows; a column is left out where no look has a value, or every chance is 0."""
    used = [column for column in columns if column[1] == "look" or any(row[column[1]] for row in rows)]
    cells = [[title for title, _, _ in used]]
    cells += [[_cell(row[name], how) for _, name, how in used] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(used))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]


def _cell(value: float | None, how: str) -> str:
    return "none" if value is None else format(value, how)
