"""A part of a rule as a function of a patient.

A measure (number or date) is known as an interval, so a maximum with one unknown record can still decide; an unknown
measure is the whole line. The value of a step is one of

* measure ``(low, high, data, missing)``
* truth, choice or set ``(value or None, data, missing)``

``data`` are pairs (datum, value) that were looked at, ``missing`` the names of those without value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.types import DateType, Number, Type
from trialwright.protocol.rules.units import tidy, unit_of

__all__ = ["INF", "Data", "Make", "Measure", "Names", "Patient", "Step", "absent", "base", "is_measure"]

INF: Final = math.inf

Step = Callable[["Patient"], Any]
Make = Callable[[n.Node], Step]
"""Makes the step of a part."""
Data = tuple[tuple[str, Any], ...]
Names = tuple[str, ...]
Measure = tuple[float, float, Data, Names]


@dataclass(slots=True)
class Patient:
    """What a rule looks at: checked answers, anchors and, inside ``where``, one record."""

    values: Mapping[str, Any]
    anchors: Mapping[str, date]
    record: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""


def is_measure(kind: Type) -> bool:
    """Whether values of the type can be ordered."""
    return isinstance(kind, Number | DateType)


def base(node: n.Quantity) -> float:
    """Return a literal in the base unit of its dimension."""
    scale = unit_of(node.unit).scale
    return node.value if scale == 1 else tidy(node.value * scale)


def absent(kind: Type, *names: str) -> Any:
    """Return the value of a step that lacks those data."""
    return (-INF, INF, (), names) if is_measure(kind) else (None, (), names)
