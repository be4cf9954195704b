"""One patient, one rule: strong Kleene logic with reasons. The readable reference for the column-wise evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.interpret_logic import LOGIC_STEPS
from trialwright.protocol.rules.interpret_records import RECORD_STEPS
from trialwright.protocol.rules.interpret_values import VALUE_STEPS
from trialwright.protocol.rules.steps import Make, Step

__all__ = ["interpreter"]


def interpreter(node: n.Node) -> Step:
    """Return the step of a node."""
    return _STEPS[type(node)](node, interpreter)


_STEPS: Final[dict[type[n.Node], Callable[[Any, Make], Step]]] = VALUE_STEPS | LOGIC_STEPS | RECORD_STEPS
