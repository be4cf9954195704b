"""The functions of the rule language: their forms and what they become."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Final

from trialwright.errors import RuleError
from trialwright.protocol.rules.nodes import (
    AllRecords,
    Anchor,
    AnyOf,
    AnyRecord,
    Count,
    Day,
    Days,
    Extreme,
    Field,
    Latest,
    Months,
    Node,
    Quantity,
)
from trialwright.protocol.rules.types import SetOf, same_measure

if TYPE_CHECKING:
    from trialwright.protocol.rules.checker import Checker

__all__ = ["FUNCTIONS"]


def _arguments(check: Checker, tree: ast.Call, form: str, count: int, keywords: tuple[str, ...] = ()) -> list[ast.expr]:
    given = [keyword.arg for keyword in tree.keywords]
    if len(tree.args) != count or given != list(keywords) or any(isinstance(a, ast.Starred) for a in tree.args):
        check.fail(tree, f"write {form}")
    return [*tree.args, *(keyword.value for keyword in tree.keywords)]


def _date(check: Checker, tree: ast.Call) -> Node:
    (text,) = _arguments(check, tree, 'date("2020-01-31")', 1)
    try:
        return Day(date.fromisoformat(text.value))  # type: ignore[attr-defined]
    except (AttributeError, TypeError, ValueError):
        check.fail(text, 'a date is written date("2020-01-31"), with a day that exists')


def _between(kind: type[Days] | type[Months], form: str) -> Callable[[Checker, ast.Call], Node]:
    def make(check: Checker, tree: ast.Call) -> Node:
        start, end = _arguments(check, tree, form, 2)
        return kind(check.date(start), check.date(end))

    return make


def _any_of(check: Checker, tree: ast.Call) -> Node:
    variable, wanted = _arguments(check, tree, "any_of(set_variable, {level, level})", 2)
    node, levels = check.set_of(variable)
    return AnyOf(node, check.levels(wanted, levels))


def _records(check: Checker, tree: ast.expr) -> str:
    variables = check.vocabulary.variables
    known = [name for name, variable in variables.items() if variable.type == "records"]
    if not isinstance(tree, ast.Name) or tree.id not in known:
        check.fail(tree, f"a variable of type records is expected here; known: {', '.join(known) or 'none'}")
    return tree.id


def _condition(check: Checker, records: str, tree: ast.expr) -> Node:
    if check.records:
        check.fail(tree, "a condition after where looks at one record; functions over records do not nest")
    return check.within(records).truth(tree)


def _over(kind: type[AnyRecord] | type[AllRecords] | type[Count], form: str) -> Callable[[Checker, ast.Call], Node]:
    def make(check: Checker, tree: ast.Call) -> Node:
        over, condition = _arguments(check, tree, form, 1, ("where",))
        records = _records(check, over)
        return kind(records, _condition(check, records, condition))

    return make


def _field(check: Checker, tree: ast.expr, form: str) -> Field:
    if not isinstance(tree, ast.Attribute):
        check.fail(tree, f"write {form}")
    if check.records:
        check.fail(tree, "a condition after where looks at one record; functions over records do not nest")
    records = _records(check, tree.value)
    fields = check.vocabulary.variables[records].fields
    if tree.attr not in fields:
        check.fail(tree, f"{tree.attr!r} is not a field of {records}; fields: {', '.join(fields)}")
    try:
        return check.vocabulary.field(records, tree.attr)
    except RuleError as error:
        check.fail(tree, str(error))


def _extreme(largest: bool) -> Callable[[Checker, ast.Call], Node]:
    form = f"{'max' if largest else 'min'}(records.field where condition)"

    def make(check: Checker, tree: ast.Call) -> Node:
        keywords = ("where",) if tree.keywords else ()
        of, *where = _arguments(check, tree, form, 1, keywords)
        field = _field(check, of, form)
        if not same_measure(field.kind, field.kind):
            check.fail(of, f"only numbers and dates have a largest and a smallest; found {field.kind}")
        condition = _condition(check, field.records, where[0]) if where else None
        return Extreme(field.records, field, condition, largest)

    return make


def _latest(check: Checker, tree: ast.Call) -> Node:
    form = "latest(records.field, within = 14 d before anchor)"
    of, within = _arguments(check, tree, form, 1, ("within",))
    field = _field(check, of, form)
    dated = check.vocabulary.variables[field.records].fields.get("date")
    if dated is None or dated.type != "date":
        check.fail(of, f"latest needs records with a field 'date' of type date; {field.records} has none")
    if isinstance(field.kind, SetOf):
        check.fail(of, f"latest gives one value; {field.records}.{field.name} is a set")
    if not (isinstance(within, ast.BinOp) and isinstance(within.left, ast.BinOp)):
        check.fail(within, f"write {form}")
    window, anchor = check.node(within.left), check.node(within.right)
    in_days = isinstance(window, Quantity) and window.type.dimension == "days" and window.value >= 0
    if not (in_days and isinstance(window, Quantity) and isinstance(anchor, Anchor)):
        check.fail(within, "a window is so many d or wk before an anchor, as in 14 d before " + _an_anchor(check))
    return Latest(field.records, field, window, anchor)


def _an_anchor(check: Checker) -> str:
    return next(iter(check.vocabulary.anchors), "an anchor")


FUNCTIONS: Final[dict[str, Callable[[Checker, ast.Call], Node]]] = {
    "date": _date,
    "days": _between(Days, "days(start, end)"),
    "months": _between(Months, "months(start, end)"),
    "any_of": _any_of,
    "any": _over(AnyRecord, "any(records where condition)"),
    "all": _over(AllRecords, "all(records where condition)"),
    "count": _over(Count, "count(records where condition)"),
    "max": _extreme(True),
    "min": _extreme(False),
    "latest": _latest,
}
