"""Screening of many patients at once: the same answers as ``screening``, without their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from trialwright.errors import DataError
from trialwright.protocol.protocol import Protocol
from trialwright.protocol.rules.column_data import Array, Column, Records, check_columns
from trialwright.protocol.rules.columns import Frame, evaluate_columns, level_columns
from trialwright.protocol.rules.compiled import compile_rule
from trialwright.protocol.rules.faults import listed
from trialwright.protocol.screening import Screener, screener

__all__ = ["rule_column", "rule_variables", "screen_columns", "stratum_columns"]

Anchors = Mapping[str, date | int | Array]


def screen_columns(protocol: Protocol, columns: Mapping[str, Column | Records], anchors: Anchors) -> dict[str, Array]:
    """Return criterion -> int8 ``[n]``: 1 met, 0 cannot tell, -1 not met, in the sense of being admissible.

    ``columns``: variable to ``Column`` or ``Records``; an absent variable is unknown for everybody. ``anchors``: a date
    or whole days since 1970-01-01, one for all or one per patient. A criterion without rule has no entry.
    """
    rules, frame = screener(protocol), _frame(protocol, columns, anchors)
    return {
        criterion.id: evaluate_columns(rule, frame) * np.int8(1 if criterion.kind == "inclusion" else -1)
        for criterion, rule in rules.criteria
        if rule is not None
    }


def stratum_columns(protocol: Protocol, columns: Mapping[str, Column | Records], anchors: Anchors) -> dict[str, Array]:
    """Return stratification factor -> code of its level ``[n]``, -1 where it cannot be told."""
    rules: Screener = screener(protocol)
    frame = _frame(protocol, columns, anchors)
    return {factor.id: level_columns(rule, frame) for factor, rule in rules.strata}


def rule_variables(protocol: Protocol, rule: str, levels: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Return the variables that a rule looks at; with ``levels``, a rule whose value is one of them."""
    return compile_rule(rule, screener(protocol).vocabulary, levels).variables


def rule_column(
    protocol: Protocol, variable: str, rule: str, columns: Mapping[str, Column | Records], anchors: Anchors
) -> Column:
    """Return a yes/no or choice variable computed from others by a rule, as a column."""
    levels = protocol.variables[variable].levels or None
    compiled, frame = compile_rule(rule, screener(protocol).vocabulary, levels), _frame(protocol, columns, anchors)
    if levels:
        codes = level_columns(compiled, frame)
        return Column(np.maximum(codes, 0), codes >= 0)
    truth = evaluate_columns(compiled, frame)
    return Column(truth > 0, truth != 0)


def _frame(protocol: Protocol, columns: Mapping[str, Column | Records], anchors: Anchors) -> Frame:
    known = protocol.eligibility.anchors
    if stray := [name for name in anchors if name not in known]:
        raise DataError(f"anchor {stray[0]!r} is not known; known: {listed(known)}")
    size = check_columns(protocol.variables, columns)
    return Frame(size, columns, anchors)
