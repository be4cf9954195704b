"""Many patients, one rule: the same three values as ``interpreter``, column by column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.column_data import Array
from trialwright.protocol.rules.column_logic import LOGIC_COLUMNS
from trialwright.protocol.rules.column_records import RECORD_COLUMNS
from trialwright.protocol.rules.column_values import VALUE_COLUMNS, codes_of
from trialwright.protocol.rules.compiled import Compiled
from trialwright.protocol.rules.frame import Frame, Of

__all__ = ["Frame", "evaluate_columns", "level_columns"]


def evaluate_columns(rule: Compiled, frame: Frame) -> Array:
    """Return int8 ``[n]``: 1 true, 0 cannot tell, -1 false."""
    state = np.asarray(_of(rule.node, frame), dtype=np.int8)
    return np.full(frame.size, state[0]) if len(state) == 1 else state


def level_columns(rule: Compiled, frame: Frame) -> Array:
    """Return int64 ``[n]``: code among the rule's levels, -1 cannot tell."""
    return np.array(codes_of(rule.node, frame, rule.levels or (), _of), dtype=np.int64)


def _of(node: n.Node, frame: Frame) -> Any:
    return _COLUMNS[type(node)](node, frame, _of)


_COLUMNS: Final[dict[type[n.Node], Callable[[Any, Frame, Of], Any]]] = VALUE_COLUMNS | LOGIC_COLUMNS | RECORD_COLUMNS
