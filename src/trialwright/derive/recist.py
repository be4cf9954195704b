"""RECIST 1.1 at one time point: the rules as values and as functions of whole tenths of a millimeter.

Eisenhauer et al., Eur J Cancer 2009;45:228-247, section 4.3 and tables 1 and 2. All comparisons are between integers:
20 % above the nadir is ``5 * sum >= 6 * nadir``, 30 % below baseline is ``10 * sum <= 7 * baseline``. Every threshold
stands here once; the path by columns is handed the same values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

__all__ = [
    "GROWTH",
    "LEAST_GROWTH",
    "NORMAL_NODE",
    "OVERALL",
    "SHRINKAGE",
    "TOO_SMALL",
    "OverallRule",
    "has_progressed",
    "is_gone",
    "nontarget_response",
    "overall_response",
    "target_response",
]

NORMAL_NODE = 100
"""Short axis, in tenths of a millimeter, below which a lymph node is normal (section 4.3.2)."""
LEAST_GROWTH = 50
"""Absolute growth, in tenths of a millimeter, that progression needs (section 4.3.1)."""
GROWTH = (6, 5)
"""Progression is a sum of at least 6/5 of the nadir (section 4.3.1)."""
SHRINKAGE = (7, 10)
"""Partial response is a sum of at most 7/10 of the baseline (section 4.3.1)."""
TOO_SMALL = 50
"""Diameter, in tenths of a millimeter, of a lesion seen but too small to measure (section 4.3.2)."""


def is_gone(diameter: int, node: bool) -> bool:
    """Return whether a lesion of this diameter (0.1 mm) counts as disappeared.

    >>> is_gone(99, node=True), is_gone(100, node=True), is_gone(10, node=False)
    (True, False, False)
    """
    return diameter == 0 or (node and diameter < NORMAL_NODE)


def has_progressed(total: int, nadir: int) -> bool:
    """Return whether a sum (0.1 mm) is at least 20 % and at least 5 mm above the nadir.

    >>> has_progressed(420, 350), has_progressed(419, 350), has_progressed(120, 100)
    (True, False, False)
    """
    times, of = GROWTH
    return of * total >= times * nadir and total - nadir >= LEAST_GROWTH


def target_response(
    diameters: Sequence[int | None], nodes: Sequence[bool], baseline: int | None, nadir: int | None
) -> str | None:
    """Return CR, PD, NE, PR or SD of the target lesions, or None when there was no target at baseline.

    ``diameters`` holds one entry (0.1 mm) for every target of the baseline, None where it could not be evaluated.
    ``baseline`` and ``nadir`` are complete sums, the current one excluded, or None when there is none. The order of the
    questions matters: progression may be called from the part that was measured.

    >>> target_response([350, None], [False, False], baseline=300, nadir=280)
    'PD'
    """
    if not diameters:
        return None
    known = [diameter for diameter in diameters if diameter is not None]
    complete, total = len(known) == len(diameters), sum(known)
    if complete and all(map(is_gone, known, nodes)):
        return "CR"
    if nadir is not None and has_progressed(total, nadir):
        return "PD"
    if not complete or baseline is None:
        return "NE"
    times, of = SHRINKAGE
    return "PR" if of * total <= times * baseline else "SD"


def nontarget_response(gone: Iterable[bool | None], progressed: bool) -> str | None:
    """Return PD, NON-CR/NON-PD, NE or CR of the non-target lesions, or None when there was none at baseline.

    ``gone`` says of each lesion whether it has disappeared, None where it could not be evaluated. A lesion that is
    still there is conclusive even when another could not be evaluated.
    """
    states = list(gone)
    if not states:
        return None
    if progressed:
        return "PD"
    if False in states:
        return "NON-CR/NON-PD"
    return "NE" if None in states else "CR"


@dataclass(frozen=True)
class OverallRule:
    """One line of the table of overall responses; an empty field stands for anything."""

    target: tuple[str | None, ...]
    nontarget: tuple[str | None, ...]
    new: tuple[bool, ...]
    response: str
    why: str

    def holds(self, target: str | None, nontarget: str | None, new: bool) -> bool:
        """Return whether this line describes the time point."""
        asked = ((self.target, target), (self.nontarget, nontarget), (self.new, new))
        return all(not allowed or found in allowed for allowed, found in asked)


OVERALL: tuple[OverallRule, ...] = (
    OverallRule((), (), (True,), "PD", "new lesion"),
    OverallRule(("PD",), (), (), "PD", "target lesions progressed"),
    OverallRule((), ("PD",), (), "PD", "non-target lesions progressed"),
    OverallRule(("NE",), (), (), "NE", "target lesions not all evaluable"),
    OverallRule(("CR",), ("CR", None), (), "CR", "all lesions gone"),
    OverallRule(("CR",), (), (), "PR", "target lesions gone, non-target lesions left or not all evaluated"),
    OverallRule(("PR",), (), (), "PR", "target lesions shrank"),
    OverallRule(("SD",), (), (), "SD", "target lesions neither shrank nor grew enough"),
    OverallRule((None,), ("CR",), (), "CR", "all lesions gone, none was measurable"),
    OverallRule((None,), ("NON-CR/NON-PD",), (), "NON-CR/NON-PD", "non-target lesions left, none was measurable"),
    OverallRule((None,), ("NE",), (), "NE", "non-target lesions not all evaluated, none was measurable"),
    OverallRule((None,), (None,), (), "NE", "no lesion at baseline to follow"),
)
"""Tables 1 and 2 of the paper; the first line that holds decides."""


@cache
def overall_response(target: str | None, nontarget: str | None, new: bool) -> OverallRule:
    """Return the line of the table that decides the overall response.

    >>> overall_response("CR", "NON-CR/NON-PD", False).response
    'PR'
    """
    return next(rule for rule in OVERALL if rule.holds(target, nontarget, new))
