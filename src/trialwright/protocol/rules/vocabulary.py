"""The names a rule may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.errors import RuleError
from trialwright.protocol.rules.faults import did_you_mean, listed, nearest
from trialwright.protocol.rules.nodes import Datum, Field, Node, Parameter
from trialwright.protocol.rules.reader import read_quantity
from trialwright.protocol.rules.types import ANY_NUMBER, DATE, TRUTH, Choice, Number, SetOf, Type, number_in
from trialwright.protocol.rules.units import tidy, unit_of

if TYPE_CHECKING:
    from trialwright.protocol.eligibility import Variable
    from trialwright.protocol.protocol import Protocol

__all__ = ["Vocabulary"]


@dataclass(frozen=True)
class Vocabulary:
    """Variables, parameters and anchors that rules may name."""

    variables: Mapping[str, Variable]
    parameters: Mapping[str, float | str | None]
    anchors: tuple[str, ...]

    @classmethod
    def of(cls, protocol: Protocol) -> Vocabulary:
        """Return the vocabulary of a protocol."""
        eligibility = protocol.eligibility
        return cls(protocol.variables, eligibility.parameters, eligibility.anchors)

    def __contains__(self, name: str) -> bool:
        return name in self.variables or name in self.parameters or name in self.anchors

    def unknown(self, name: str, fields: Mapping[str, Variable]) -> str:
        """Return the message for a name that is none of these."""
        known = [*fields, *self.variables, *self.parameters, *self.anchors]
        in_record = f"fields: {listed(fields)}; " if fields else ""
        variables = nearest(name, self.variables, "under variables of the protocol file")
        parameters = nearest(name, self.parameters, "under eligibility.parameters")
        return (
            f"{name!r} is not known{did_you_mean(name, known)}; {in_record}variables: {variables}; "
            f"parameters: {parameters}; anchors: {listed(self.anchors)}"
        )

    def datum(self, name: str) -> Datum:
        """Return the node of a variable."""
        variable = self.variables[name]
        return Datum(name, value_type(name, variable), unit_of(variable.unit).scale)

    def field(self, records: str, name: str) -> Field:
        """Return the node of a field of a records variable."""
        variable = self.variables[records].fields[name]
        full = f"{records}.{name}"
        return Field(records, name, value_type(full, variable), unit_of(variable.unit).scale)

    def parameter(self, name: str) -> Node:
        """Return the node of a parameter, in base units."""
        value = self.parameters[name]
        if value is None:
            return Parameter(name, None, ANY_NUMBER)
        number, unit = read_quantity(value) if isinstance(value, str) else (float(value), None)
        scale = unit_of(unit).scale
        return Parameter(name, number if scale == 1 else tidy(number * scale), number_in(unit))


def value_type(name: str, variable: Variable) -> Type:
    """Return the type of a variable or field that holds one value."""
    if variable.type == "number":
        return _number(name, variable.unit)
    if variable.type in {"choice", "set"}:
        return (Choice if variable.type == "choice" else SetOf)(variable.levels)
    if variable.type == "records":
        raise RuleError(f"{name} is a list of records; name it inside any, all, count, max, min or latest")
    return DATE if variable.type == "date" else TRUTH


def _number(name: str, unit: str | None) -> Number:
    try:
        return number_in(unit)
    except ValueError as error:
        raise RuleError(f"{name} cannot be used in a rule: {error}") from None
