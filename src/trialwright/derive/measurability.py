"""What may be a target: the rules of the baseline as values.

Eisenhauer et al., Eur J Cancer 2009;45:228-247, sections 3.1 (measurable and non-measurable lesions, bone, previous
local treatment) and 4.1 (choice of targets). Diameters are tenths of a millimeter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

__all__ = [
    "LEAST_NODE",
    "LEAST_TARGET",
    "MEASURABILITY",
    "MOST_PER_ORGAN",
    "MOST_TARGETS",
    "PATHOLOGICAL_NODE",
    "BaselineLesion",
    "MeasurabilityRule",
    "measurability",
    "organ_of",
]

MOST_TARGETS = 5
MOST_PER_ORGAN = 2
LEAST_TARGET = 100
"""Longest diameter of a measurable lesion that is no lymph node."""
LEAST_NODE = 150
"""Short axis of a measurable lymph node."""
PATHOLOGICAL_NODE = 100
"""Short axis from which a lymph node is disease at all."""


class BaselineLesion(NamedTuple):
    """What the rules ask about a lesion at baseline.

    >>> BaselineLesion("lung", node=False, diameter=120).diameter
    120
    """

    organ: str
    node: bool
    diameter: int | None
    """Longest diameter, of a node the short axis; None where it was not measured."""
    irradiated: bool = False
    grown_since: bool = False
    soft_tissue: bool = False
    """Of a bone lesion: it has a part of soft tissue."""


@dataclass(frozen=True)
class MeasurabilityRule:
    """One rule; the first that holds decides.

    >>> MEASURABILITY[0].name
    'irradiated without growth'
    """

    name: str
    holds: Callable[[BaselineLesion], bool]
    measurable: bool
    why: str


def _is_node_of(lesion: BaselineLesion, least: int) -> bool:
    return lesion.node and lesion.diameter is not None and lesion.diameter >= least


MEASURABILITY: tuple[MeasurabilityRule, ...] = (
    MeasurabilityRule(
        "irradiated without growth",
        lambda lesion: lesion.irradiated and not lesion.grown_since,
        False,
        "was irradiated and has not grown since",
    ),
    MeasurabilityRule(
        "bone without soft tissue",
        lambda lesion: organ_of(lesion.organ, lesion.node) == "bone" and not lesion.soft_tissue,
        False,
        "is a bone lesion without a part of soft tissue",
    ),
    MeasurabilityRule("without a diameter", lambda lesion: lesion.diameter is None, False, "was not measured"),
    MeasurabilityRule(
        "node of 15 mm", lambda lesion: _is_node_of(lesion, LEAST_NODE), True, "is a node of at least 15 mm"
    ),
    MeasurabilityRule(
        "node of 10 mm",
        lambda lesion: _is_node_of(lesion, PATHOLOGICAL_NODE),
        False,
        "is a node of 10 to below 15 mm: non-target",
    ),
    MeasurabilityRule("normal node", lambda lesion: lesion.node, False, "is a node below 10 mm: no disease"),
    MeasurabilityRule(
        "lesion of 10 mm", lambda lesion: (lesion.diameter or 0) >= LEAST_TARGET, True, "is at least 10 mm"
    ),
    MeasurabilityRule("small lesion", lambda lesion: True, False, "is below 10 mm: non-target"),
)
"""Whether a lesion is measurable, in the order of the questions."""


def measurability(lesion: BaselineLesion) -> MeasurabilityRule:
    """Return the rule that decides whether a lesion is measurable.

    >>> measurability(BaselineLesion("bone", node=False, diameter=300)).why
    'is a bone lesion without a part of soft tissue'
    >>> measurability(BaselineLesion("neck", node=True, diameter=149)).measurable
    False
    """
    return next(rule for rule in MEASURABILITY if rule.holds(lesion))


def organ_of(organ: str, node: bool) -> str:
    """Return the organ for the limit of two targets: all lymph nodes are one organ.

    >>> organ_of("Neck", node=True), organ_of("Bone", node=False)
    ('lymph nodes', 'bone')
    """
    return "lymph nodes" if node else organ.lower()
