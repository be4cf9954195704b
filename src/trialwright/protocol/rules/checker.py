"""From the parsed text to the typed tree: only the forms of the rule language, every name known, every type right."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final, NoReturn

from trialwright.errors import RuleError
from trialwright.protocol.rules.faults import did_you_mean, fault, listed
from trialwright.protocol.rules.functions import FUNCTIONS
from trialwright.protocol.rules.nodes import (
    Anchor,
    And,
    AnyOf,
    Compare,
    Datum,
    Difference,
    Field,
    Fixed,
    If,
    Level,
    Node,
    Not,
    OneOf,
    Operator,
    Or,
    Quantity,
    SameLevel,
    Sum,
)
from trialwright.protocol.rules.reader import Reading
from trialwright.protocol.rules.types import DATE, TRUTH, Choice, DateType, Number, SetOf, Truth, Type, same_measure
from trialwright.protocol.rules.vocabulary import Vocabulary

__all__ = ["Checker"]

Levels = tuple[str, ...]

_COMPARISONS: Final[dict[type[ast.cmpop], Operator]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


class Checker:
    """Checks one rule; ``records`` names the records whose fields are in scope."""

    def __init__(self, reading: Reading, vocabulary: Vocabulary, records: str | None = None) -> None:
        self.reading = reading
        self.vocabulary = vocabulary
        self.records = records
        self.fields = vocabulary.variables[records].fields if records else {}

    def node(self, tree: ast.expr, levels: Levels | None = None) -> Node:
        """Return the typed node; ``levels`` are those a bare name may mean here."""
        check = _FORMS.get(type(tree))
        if check is None:
            self.fail(tree, "this form has no meaning in a rule; see the operators and functions of the rule language")
        return check(self, tree, levels)

    def truth(self, tree: ast.expr) -> Node:
        """Return a node that is true or false."""
        return self._expect(tree, self.node(tree), TRUTH, "a condition")

    def date(self, tree: ast.expr) -> Node:
        """Return a node that is a date."""
        return self._expect(tree, self.node(tree), DATE, "a date")

    def set_of(self, tree: ast.expr) -> tuple[Datum | Field, Levels]:
        """Return a set variable with its levels."""
        node = self.node(tree)
        if not isinstance(node, Datum | Field) or not isinstance(node.kind, SetOf):
            self.fail(tree, f"a set variable is expected here; found {node.type}")
        return node, node.kind.levels

    def level(self, tree: ast.expr, levels: Levels) -> str:
        """Return a level, which must be among those."""
        name = self.bare(tree)
        if name is None:
            self.fail(tree, f"a level is expected here: {listed(levels)}")
        if name not in levels:
            self.fail(tree, f"{name!r} is not a level{did_you_mean(name, levels)}; levels: {listed(levels)}")
        return name

    def levels(self, tree: ast.expr, levels: Levels) -> Levels:
        """Return the levels listed between braces, in the order of the variable."""
        if not isinstance(tree, ast.Set):
            self.fail(tree, f"a set such as {{{', '.join(levels[:2])}}} is expected here")
        named = {self.level(item, levels) for item in tree.elts}
        return tuple(level for level in levels if level in named)

    def bare(self, tree: ast.expr) -> str | None:
        """Return the name of what can only be a level."""
        if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
            return tree.value
        known = isinstance(tree, ast.Name) and (
            tree.id in self.fields or tree.id in self.vocabulary or tree.id in {"true", "false"}
        )
        return tree.id if isinstance(tree, ast.Name) and not known else None

    def within(self, records: str) -> Checker:
        """Return a checker for a condition over the fields of those records."""
        return Checker(self.reading, self.vocabulary, records)

    def fail(self, tree: ast.AST, message: str) -> NoReturn:
        """Raise the fault at the place of a part."""
        raise fault(self.reading.text, self.reading.offset(tree), message)

    def _expect(self, tree: ast.expr, node: Node, wanted: Type, what: str) -> Node:
        if node.type != wanted:
            self.fail(tree, f"{what} is expected here ({wanted}); found {node.type}")
        return node


def _name(check: Checker, tree: ast.Name, levels: Levels | None) -> Node:
    name, words = tree.id, check.vocabulary
    if name in {"true", "false"}:
        return Fixed(name == "true")
    if name in check.fields or name in words:
        return _declared(check, tree)
    if levels is not None:
        return Level(check.level(tree, levels), levels)
    return check.fail(tree, words.unknown(name, check.fields))


def _declared(check: Checker, tree: ast.Name) -> Node:
    name, words = tree.id, check.vocabulary
    try:
        if check.records and name in check.fields:
            return words.field(check.records, name)
        if name in words.variables:
            return words.datum(name)
        return words.parameter(name) if name in words.parameters else Anchor(name)
    except RuleError as error:
        return check.fail(tree, str(error))


def _constant(check: Checker, tree: ast.Constant, levels: Levels | None) -> Node:
    if isinstance(tree.value, str):
        if levels is None:
            check.fail(tree, f"a level ({tree.value!r}) stands only beside a choice or a set")
        return Level(check.level(tree, levels), levels)
    return Quantity(float(tree.value))  # type: ignore[arg-type]  # the tokenizer lets only numbers and texts through


def _quantity(tree: ast.BinOp) -> Quantity:
    assert isinstance(tree.left, ast.Constant) and isinstance(tree.right, ast.Constant)
    return Quantity(float(tree.left.value), str(tree.right.value))  # type: ignore[arg-type]


def _binary(check: Checker, tree: ast.BinOp, levels: Levels | None) -> Node:
    if isinstance(tree.op, ast.MatMult):
        if isinstance(tree.right, ast.Constant) and isinstance(tree.left, ast.Constant):
            return _quantity(tree)
        check.fail(tree, "'before' stands only in latest(..., within = 14 d before anchor)")
    if not isinstance(tree.op, ast.Add | ast.Sub):
        check.fail(tree, "only + and - join quantities")
    left, right = check.node(tree.left), check.node(tree.right)
    if not (isinstance(left.type, Number) and same_measure(left.type, right.type)):
        check.fail(tree, f"+ and - need two quantities of one dimension; found {left.type} and {right.type}")
    return Sum(left, right) if isinstance(tree.op, ast.Add) else Difference(left, right)


def _unary(check: Checker, tree: ast.UnaryOp, levels: Levels | None) -> Node:
    if isinstance(tree.op, ast.Not):
        return Not(check.truth(tree.operand))
    part = check.node(tree.operand)
    if not isinstance(tree.op, ast.USub) or not isinstance(part, Quantity):
        check.fail(tree, "a sign stands only before a number, as in -3 d")
    return Quantity(-part.value, part.unit)


def _logic(check: Checker, tree: ast.BoolOp, levels: Levels | None) -> Node:
    parts = tuple(check.truth(part) for part in tree.values)
    return And(parts) if isinstance(tree.op, ast.And) else Or(parts)


def _if(check: Checker, tree: ast.IfExp, levels: Levels | None) -> Node:
    condition = check.truth(tree.test)
    then, other = check.node(tree.body, levels), check.node(tree.orelse, levels)
    if isinstance(then.type, SetOf):
        check.fail(tree.body, "a set cannot be chosen by if")
    both = isinstance(then.type, Choice) and isinstance(other.type, Choice)
    if not (both or then.type == other.type or same_measure(then.type, other.type)):
        check.fail(tree.orelse, f"both values of if must be alike; found {then.type} and {other.type}")
    return If(then, condition, other)


def _comparison(check: Checker, tree: ast.Compare, levels: Levels | None) -> Node:
    sides = [tree.left, *tree.comparators]
    pairs = zip(sides, tree.ops, sides[1:], strict=False)
    parts = tuple(_compare(check, left, op, right) for left, op, right in pairs)
    return parts[0] if len(parts) == 1 else And(parts)


def _compare(check: Checker, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Node:
    if isinstance(op, ast.In | ast.NotIn):
        node = _membership(check, left, right)
        return Not(node) if isinstance(op, ast.NotIn) else node
    operator = _COMPARISONS[type(op)]
    for first, second in ((left, right), (right, left)):
        if check.bare(second) is not None:
            return _is_level(check, first, operator, second)
    return _compare_values(check, left, operator, right)


def _is_level(check: Checker, choice: ast.expr, operator: Operator, level: ast.expr) -> Node:
    name = check.bare(level)
    if check.bare(choice) is not None:
        check.fail(choice, check.vocabulary.unknown(str(check.bare(choice)), check.fields))
    node = check.node(choice)
    if isinstance(node.type, SetOf):
        check.fail(choice, "a set is not one level; write level in set_variable, or any_of(set_variable, {...})")
    if not isinstance(node.type, Choice):
        if isinstance(level, ast.Name):
            check.fail(level, check.vocabulary.unknown(level.id, check.fields))
        check.fail(level, f"{name!r} is a level, but it is compared with {node.type}")
    return _equality(check, choice, operator, OneOf(node, (check.level(level, node.type.levels),)))


def _compare_values(check: Checker, left: ast.expr, operator: Operator, right: ast.expr) -> Node:
    one, two = check.node(left, _levels_of(check, left, right)), check.node(right, _levels_of(check, right, left))
    if same_measure(one.type, two.type):
        return Compare(one, operator, two)
    if isinstance(one.type, Choice) and isinstance(two.type, Choice):
        if not set(one.type.levels) & set(two.type.levels):
            check.fail(right, f"these two can never agree: {one.type}; {two.type}")
        return _equality(check, left, operator, SameLevel(one, two))
    if isinstance(one.type, Truth) and isinstance(two.type, Truth):
        return _equality(check, left, operator, Or((And((one, two)), And((Not(one), Not(two))))))
    return check.fail(right, _mismatch(one.type, two.type))


def _levels_of(check: Checker, tree: ast.expr, beside: ast.expr) -> Levels | None:
    """Levels a bare name within ``x if condition else y`` may mean: those of the variable it is compared with."""
    if not isinstance(tree, ast.IfExp) or not isinstance(beside, ast.Name):
        return None
    kind = check.node(beside).type
    return kind.levels if isinstance(kind, Choice) else None


def _mismatch(one: Type, two: Type) -> str:
    if isinstance(one, Number) and isinstance(two, Number):
        return f"cannot compare {one} with {two}; write both in units of one dimension ({one.dimension})"
    hint = "; use any_of(variable, {...}) or level in variable" if isinstance(one, SetOf) else ""
    hint = '; write a date as date("2020-01-31")' if isinstance(one, DateType) else hint
    return f"cannot compare {one} with {two}{hint}"


def _equality(check: Checker, tree: ast.expr, operator: Operator, node: Node) -> Node:
    if operator not in {"==", "!="}:
        check.fail(tree, f"levels and truths have no order; compare with == or !=, not {operator}")
    return Not(node) if operator == "!=" else node


def _membership(check: Checker, left: ast.expr, right: ast.expr) -> Node:
    if not isinstance(right, ast.Set):
        variable, levels = check.set_of(right)
        return AnyOf(variable, (check.level(left, levels),))
    if check.bare(left) is not None:
        check.fail(left, check.vocabulary.unknown(str(check.bare(left)), check.fields))
    node = check.node(left)
    if isinstance(node.type, Choice):
        return OneOf(node, check.levels(right, node.type.levels))
    parts = tuple(_compare_values(check, left, "==", item) for item in right.elts)
    return parts[0] if len(parts) == 1 else Or(parts)


def _call(check: Checker, tree: ast.Call, levels: Levels | None) -> Node:
    name = tree.func.id if isinstance(tree.func, ast.Name) else ""
    if name not in FUNCTIONS:
        hint = did_you_mean(name, FUNCTIONS)
        check.fail(tree, f"{name or 'this'!r} is not a function{hint}; functions: {listed(FUNCTIONS)}")
    return FUNCTIONS[name](check, tree)


def _set(check: Checker, tree: ast.Set, levels: Levels | None) -> Node:
    check.fail(tree, "a set stands only after in, not in, or within any_of")


def _attribute(check: Checker, tree: ast.Attribute, levels: Levels | None) -> Node:
    check.fail(tree, "records.field stands only within max, min or latest")


_FORMS: Final[dict[type[ast.expr], Callable[..., Node]]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _logic,
    ast.IfExp: _if,
    ast.Compare: _comparison,
    ast.Call: _call,
    ast.Set: _set,
    ast.Attribute: _attribute,
}
