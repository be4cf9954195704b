"""Grades of laboratory results by the Common Terminology Criteria for Adverse Events, as rules that can be listed.

The thresholds stand in ``ctcae.yaml``. Comparisons are of exact decimals, of the 15 digits that a float carries: a
result of 0.9 is not above 3 x 0.3. What is not known (a limit, a baseline, a unit) makes a condition neither met nor
unmet: a grade is given only where no unknown condition could make it worse.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from trialwright.derive.laboratory_units import decimal, known_unit, unit_factor

__all__ = [
    "PRESUMPTIONS",
    "Condition",
    "Grade",
    "GradeRule",
    "LabResult",
    "grade_result",
    "grade_rules",
    "lab_tests",
    "terms_without_numbers",
]

Direction = Literal["low", "high"]
_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
PRESUMPTIONS = ("anticoagulation", "consequences", "symptoms")
"""Clinical facts that some grades ask for and a number does not tell."""

_Grades = tuple[tuple[int, tuple["Condition", ...]], ...]
"""Conditions of each grade, the worst grade first."""


class Grade(NamedTuple):
    """A grade from 0 to 4, or None where it cannot be told; and why, in words."""

    grade: int | None
    why: str


class LabResult(NamedTuple):
    """One result with what its grade may depend on; limits and baseline are in the unit of the value.

    ``beyond_at_baseline``: whether the baseline lay beyond the limit of the rule's direction; None where there is no
    baseline, or no limit for it. ``is_baseline``: this is the baseline record or an earlier one, which is never graded
    against the baseline.
    """

    test: str
    value: float
    unit: str | None
    low: float | None
    high: float | None
    baseline: float | None = None
    beyond_at_baseline: bool | None = None
    is_baseline: bool = False


@dataclass(frozen=True)
class Condition:
    """One thing that is enough for a grade.

    ``of``: what the result is compared with: ``limit`` (``number`` times the limit), ``baseline`` (times the
    baseline), ``value`` (a number with a unit), ``above limit`` or ``above baseline`` (an amount more), or ``drop`` (a
    percentage below the baseline, of a result below its limit). ``numbers`` are by unit where it has one.
    """

    text: str
    of: str
    comparison: str
    numbers: tuple[tuple[Decimal, str | None], ...]
    presumes: str | None = None

    def __str__(self) -> str:
        """Return the condition as it is written in the rules."""
        return self.text


@dataclass(frozen=True)
class GradeRule:
    """The grades of one term in one version: ``grades``, and ``abnormal`` where a baseline beyond the limit differs.

    >>> [str(condition) for _, conditions in grade_rules("5", "potassium")[0].grades for condition in conditions]
    ['> 7.0 mmol/L', '> 6.0 mmol/L', '> 5.5 mmol/L', '> 1 x ULN']
    """

    term: str
    tests: tuple[str, ...]
    direction: Direction
    grades: _Grades
    abnormal: _Grades | None = None


def grade_rules(version: str, test: str | None = None) -> tuple[GradeRule, ...]:
    """Return the rules of CTCAE version ``4`` or ``5``, of all tests or of one, high before low.

    ValueError for another version or a test without a rule in any version.

    >>> [rule.term for rule in grade_rules("5", "sodium")]
    ['Hypernatremia', 'Hyponatremia']
    """
    rules = _read()[0]
    if version not in rules:
        raise ValueError(f"version must be one of {', '.join(rules)}; got {version!r}")
    if test is None:
        return rules[version]
    if test not in lab_tests():
        raise ValueError(f"test {test!r} has no grades by numbers; known: {', '.join(lab_tests())}")
    return tuple(rule for rule in rules[version] if test in rule.tests)


@lru_cache(maxsize=1)
def lab_tests() -> tuple[str, ...]:
    """Return the names of the tests that have grades by numbers, in alphabetical order.

    >>> lab_tests()[:2]
    ('CD4 lymphocytes', 'activated partial thromboplastin time')
    """
    return tuple(sorted({test for rules in _read()[0].values() for rule in rules for test in rule.tests}))


def terms_without_numbers(version: str) -> dict[str, str]:
    """Return the terms of a laboratory finding that a number cannot grade, with what grades them instead.

    >>> sorted(terms_without_numbers("5"))
    ['Hyperglycemia', 'Hypophosphatemia']
    """
    return dict(_read()[1][version])


def grade_result(rule: GradeRule, result: LabResult, presume: Collection[str]) -> Grade:
    """Return the grade of one result: the highest with a condition that is met, 0 where none is.

    ``presume`` names the clinical facts to be taken as present, of ``PRESUMPTIONS``: all of them for the worst case,
    none for what the number alone says. A result at or before baseline is graded as if the baseline were normal.
    ValueError for another fact.

    >>> alt = grade_rules("5", "alanine aminotransferase")[0]
    >>> grade_result(alt, LabResult("alanine aminotransferase", 121, "U/L", 5, 40, 30, False), presume=())
    Grade(grade=2, why='> 3.0 x ULN')
    >>> grade_result(alt, LabResult("alanine aminotransferase", 121, "U/L", 5, None, 30, False), presume=()).grade
    """
    if not frozenset(PRESUMPTIONS).issuperset(presume):
        strange = sorted(set(presume) - set(PRESUMPTIONS))
        raise ValueError(f"presume must be of {', '.join(PRESUMPTIONS)}; got {strange[0]!r}")
    grades = rule.grades
    if rule.abnormal is not None and not result.is_baseline:
        if result.beyond_at_baseline is None:
            return Grade(None, "no baseline with its limit, on which the rule depends")
        grades = rule.abnormal if result.beyond_at_baseline else rule.grades
    for grade, conditions in grades:
        unknown = None
        for condition in conditions:
            if condition.presumes is None or condition.presumes in presume:
                met = _met(condition, result, rule.direction)
                if met:
                    return Grade(grade, condition.text)
                if met is None:
                    unknown = unknown or condition
        if unknown:
            return Grade(None, f"cannot tell {unknown}: {_lacking(unknown, result, rule.direction)}")
    return Grade(0, "no condition met")


def _met(condition: Condition, result: LabResult, direction: Direction) -> bool | None:
    """Return whether a condition is met; None where what it needs is not known.

    A condition about the baseline is not met at the baseline itself: nothing has changed since.
    """
    if ("baseline" in condition.of or condition.of == "drop") and result.is_baseline:
        return False
    threshold = _threshold(condition, result, direction)
    if threshold is None:
        return None
    value = decimal(result.value)
    if condition.of == "drop":
        return _dropped(condition, value, result)
    return bool(_COMPARE[condition.comparison](value, threshold))


def _threshold(condition: Condition, result: LabResult, direction: Direction) -> Decimal | None:
    """Return what the value is compared with, in the unit of the value; of a drop, the baseline."""
    limit = result.high if direction == "high" else result.low
    anchor = limit if "limit" in condition.of else result.baseline
    match condition.of:
        case "value":
            return _in_unit(condition, result)
        case "limit" | "baseline":
            return None if anchor is None else condition.numbers[0][0] * decimal(anchor)
        case "drop":
            return None if anchor is None or limit is None else decimal(anchor)
    amount = _in_unit(condition, result)
    return None if anchor is None or amount is None else decimal(anchor) + amount


def _in_unit(condition: Condition, result: LabResult) -> Decimal | None:
    """Return the number printed for the unit of the result, or else the first, converted; a ratio needs no unit."""
    own = known_unit(result.unit or "ratio")
    for number, unit in condition.numbers:
        if unit == own:
            return number
    number, unit = condition.numbers[0]
    factor = unit_factor(result.test, result.unit, unit) if result.unit and unit else None
    return None if factor is None else number / factor


def _dropped(condition: Condition, value: Decimal, result: LabResult) -> bool:
    if result.baseline is None or result.low is None or not value < decimal(result.low):
        return False
    baseline = decimal(result.baseline)
    lost = 100 * (baseline - value)
    due = condition.numbers[0][0] * baseline
    return lost >= due if condition.comparison == ">=" else lost > due


def _lacking(condition: Condition, result: LabResult, direction: Direction) -> str:
    limit = result.high if direction == "high" else result.low
    if ("limit" in condition.of or condition.of == "drop") and limit is None:
        return f"no {'upper' if direction == 'high' else 'lower'} limit of normal"
    if ("baseline" in condition.of or condition.of == "drop") and result.baseline is None:
        return "no baseline"
    return f"no factor from the unit {result.unit!r}" if result.unit else "no unit"


_MULTIPLE = re.compile(r"(>=|>|<=|<) ([\d.]+) x (ULN|LLN|baseline)")
_ABOVE = re.compile(r"> (ULN|baseline) \+ (.+)")
_DROP = re.compile(r"drop (>=|>) ([\d.]+) %")
_VALUE = re.compile(r"(>=|>|<=|<) (.+)")


def _condition(text: str) -> Condition:
    """Read one condition of ``ctcae.yaml``."""
    bare, _, presumes = text.partition(" if ")
    if found := _MULTIPLE.fullmatch(bare):
        of = "baseline" if found[3] == "baseline" else "limit"
        return Condition(text, of, found[1], ((Decimal(found[2]), None),), presumes or None)
    if found := _ABOVE.fullmatch(bare):
        of = "above baseline" if found[1] == "baseline" else "above limit"
        return Condition(text, of, ">", _numbers(found[2]), presumes or None)
    if found := _DROP.fullmatch(bare):
        return Condition(text, "drop", found[1], ((Decimal(found[2]), None),), presumes or None)
    found = _VALUE.fullmatch(bare)
    if found is None:
        raise ValueError(f"ctcae.yaml: the condition {text!r} cannot be read")
    return Condition(text, "value", found[1], _numbers(found[2]), presumes or None)


def _numbers(text: str) -> tuple[tuple[Decimal, str | None], ...]:
    pairs = (part.split(" ", 1) for part in text.split(", "))
    return tuple((Decimal(number), known_unit(unit)) for number, unit in pairs)


@lru_cache(maxsize=1)
def _read() -> tuple[dict[str, tuple[GradeRule, ...]], dict[str, dict[str, str]]]:
    import yaml

    document = yaml.safe_load((files("trialwright.derive") / "ctcae.yaml").read_text(encoding="utf-8"))
    rules: dict[str, tuple[GradeRule, ...]] = {}
    others: dict[str, dict[str, str]] = {}
    for version in (4, 5):
        own = [_rule(entry) for entry in document["rules"] if version in entry["versions"]]
        rules[str(version)] = tuple(sorted(own, key=lambda rule: rule.direction))
        named = (entry for entry in document["without_numbers"] if version in entry["versions"])
        others[str(version)] = {entry["term"]: entry["by"] for entry in named}
    return rules, others


def _rule(entry: Mapping[str, Any]) -> GradeRule:
    tests = entry["test"] if isinstance(entry["test"], list) else [entry["test"]]
    abnormal = _grades(entry["abnormal"]) if "abnormal" in entry else None
    return GradeRule(entry["term"], tuple(tests), entry["direction"], _grades(entry["grades"]), abnormal)


def _grades(entry: Mapping[int, list[str]]) -> _Grades:
    return tuple((grade, tuple(_condition(text) for text in entry[grade])) for grade in sorted(entry, reverse=True))
