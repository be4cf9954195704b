"""Forms as data: one definition of every field, from which a page is drawn and what it sends is read.

The fields follow from the tables' schemas and the protocol; the same limits stand in the browser and on the server,
and the server's edit checks have the last word.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

from trialwright.conduct.checks import CHECKS, Check
from trialwright.conduct.row_values import LONGEST, MADE_BY_THE_OFFICE, WITHOUT, recordable
from trialwright.records import TABLES, Column, Table

if TYPE_CHECKING:
    from trialwright.conduct.subjects import Subject
    from trialwright.protocol import Protocol, Variable

__all__ = ["Field", "Form", "Sent", "form_of", "forms", "question_of", "read_field", "read_form"]

Kind = Literal["text", "integer", "number", "yes/no", "date", "choice", "set", "records"]
Choices = tuple[tuple[str, str], ...]
NO_VALUE = "--none"
"""Ending of the name of the control that says why a field is empty."""
_SHORT_TEXT = 200


@dataclass(frozen=True)
class Field:
    """One field: what is asked, in which unit, among which choices."""

    name: str
    label: str
    kind: Kind
    unit: str | None = None
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False
    """Whether a number has no decimals."""
    tenths: bool = False
    """Shown in the unit, kept in whole tenths of it."""
    is_key: bool = False
    """Whether it names the row, and so cannot be corrected."""
    attested: bool = False
    by: str | None = None
    """Who judges, of a judgment."""
    parts: tuple[Field, ...] = ()
    """Fields of each record."""

    @property
    def attributes(self) -> dict[str, str]:
        """Return the limits as HTML says them."""
        found: dict[str, str] = {}
        if self.kind in {"integer", "number"}:
            found = {"inputmode": "numeric" if self.whole else "decimal", "step": "1" if self.whole else "any"}
            found["step"] = "0.1" if self.tenths else found["step"]
            found |= {"min": f"{self.minimum:g}"} if self.minimum is not None else {}
            found |= {"max": f"{self.maximum:g}"} if self.maximum is not None else {}
        if self.kind == "text":
            found = {"maxlength": str(LONGEST)}
        return found

    def shown(self, value: Any) -> str:
        """Return a kept value as the field shows it."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if self.tenths:
            return f"{value / 10:g}"
        if isinstance(value, list):
            return "\n".join(map(str, value))
        return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)

    def told(self, value: Any) -> str:
        """Return a kept value in words."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return "; ".join(_record_told(one) if isinstance(one, dict) else str(one) for one in value) or "none"
        text = dict(self.choices).get(str(value), self.shown(value))
        return f"{text} {self.unit}" if self.unit and value is not None else text


@dataclass(frozen=True)
class Form:
    """All fields of a table, the key first, with the edit checks that look at it."""

    table: str
    title: str
    fields: tuple[Field, ...]
    checks: tuple[Check, ...] = field(repr=False, default=())

    @property
    def key(self) -> tuple[Field, ...]:
        """Return the fields that name a row."""
        return tuple(one for one in self.fields if one.is_key)

    @property
    def values(self) -> tuple[Field, ...]:
        """Return the fields that can be corrected."""
        return tuple(one for one in self.fields if not one.is_key)


@dataclass(frozen=True)
class Sent:
    """What a page sent, read: values by name, reasons for empty fields, and what could not be read."""

    values: dict[str, Any]
    without: dict[str, str]
    errors: dict[str, str]


def forms(protocol: Protocol) -> dict[str, Form]:
    """Return the form of every table that is filled in by hand, by table."""
    return {name: form_of(protocol, name) for name in TABLES if name not in MADE_BY_THE_OFFICE}


def form_of(protocol: Protocol, table: str, record: Subject | None = None) -> Form:
    """Return the form of a table; for one subject, drugs and doses are those of its arm. NotFound for another table."""
    import trialwright.conduct.checks_all  # noqa: F401 - importing them fills CHECKS

    schema = recordable(table)
    choices = _choices(protocol, record)
    fields = tuple(_column_field(schema, column, choices) for column in schema.columns if column.name != "subject")
    ordered = sorted(fields, key=lambda one: not one.is_key)
    looked_at = tuple(one for one in CHECKS.values() if table in one.tables)
    return Form(table, _asked(schema.label).partition(",")[0], tuple(ordered), looked_at)


def read_form(form: Form, raw: Mapping[str, str], *, key: bool = True) -> Sent:
    """Return what a page sent as the values of a row; ``key`` says whether the key was asked for."""
    values: dict[str, Any] = {}
    without: dict[str, str] = {}
    errors: dict[str, str] = {}
    for one in form.fields if key else form.values:
        text, why = raw.get(one.name, "").strip(), raw.get(one.name + NO_VALUE, "").strip()
        try:
            values[one.name] = read_field(one, text)
        except ValueError as error:
            errors[one.name] = str(error)
            continue
        if why in WITHOUT and values[one.name] is None:
            without[one.name] = why
        if one.required and values[one.name] is None:
            errors[one.name] = "Give this."
    return Sent(values, without, errors)


def read_field(one: Field, text: str) -> Any:
    """Return the value of one field from its text, None of an empty one; ValueError says what it must be.

    >>> read_field(Field("size", "Diameter", "integer", "mm", tenths=True), "12.5")
    125
    """
    return None if not text else _READERS[one.kind](one, text)


def question_of(name: str, variable: Variable) -> Field:
    """Return the field of a screening question.

    >>> from trialwright.protocol import Variable
    >>> question_of("age", Variable(type="number", unit="y", label="Age")).attributes["inputmode"]
    'decimal'
    """
    choices = tuple((level, level.replace("_", " ")) for level in variable.levels)
    parts = tuple(question_of(part, inner) for part, inner in variable.fields.items())
    return Field(
        name, variable.label, variable.type, variable.unit, required=False, choices=choices,
        attested=variable.attestation, by=variable.by, parts=parts,
    )  # fmt: skip


def _column_field(
    table: Table, column: Column, choices: Mapping[tuple[str, str], tuple[tuple[str, str], ...]]
) -> Field:
    offered = choices.get((table.name, column.name)) or choices.get(("", column.name), ())
    offered = offered or tuple((value, value) for value in column.values)
    tenths = column.unit == "0.1 mm"
    low, high = _LIMITS.get((table.name, column.name), (None, None))
    kind: Kind = "choice" if offered and column.kind != "yes/no" else column.kind
    return Field(
        column.name, _asked(column.label), kind, "mm" if tenths else column.unit, column.required, offered,
        minimum=low, maximum=high, whole=column.kind == "integer" and not tenths, tenths=tenths,
        is_key=column.name in table.key,
    )  # fmt: skip


def _asked(label: str) -> str:
    """Return a label without what it tells the programmer."""
    return label.partition(";")[0]


_LIMITS: Final[dict[tuple[str, str], tuple[float, float]]] = {
    ("adverse_events", "grade"): (1, 5),
    ("adverse_events", "number"): (1, 9999),
    ("assessments", "number"): (0, 9999),
    ("doses", "cycle"): (1, 9999),
    ("laboratory", "number"): (1, 9999),
    ("measurements", "diameter"): (0, 500),
    ("measurements", "number"): (0, 9999),
    ("visits", "number"): (1, 9999),
}
"""Limits of the hard checks, as the browser can keep them."""


def _choices(protocol: Protocol, record: Subject | None) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    given = set(protocol.arm(record.allocation["arm"]).interventions) if record and record.allocated else None
    drugs = [drug for drug in protocol.interventions if given is None or drug.id in given]
    samples = tuple((sample.id, sample.label) for sample in protocol.samples)
    visits = tuple((visit.id, visit.label) for visit in protocol.visits)
    return {
        ("visits", "visit"): (*visits, ("unscheduled", "Unscheduled visit")),
        ("doses", "intervention"): tuple((drug.id, drug.name) for drug in drugs),
        ("samples", "sample"): samples,
        ("biomarkers", "sample"): samples,
        ("", "evaluator"): tuple((name, name) for name in protocol.assessments.evaluators),
    }


def _text(one: Field, text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"At most {LONGEST} characters; these are {len(text)}.")
    return text


def _number(one: Field, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError("Give a number such as 1.5, with a point.") from None
    if not math.isfinite(value):
        raise ValueError("Give a number such as 1.5, with a point.")
    if (one.minimum is not None and value < one.minimum) or (one.maximum is not None and value > one.maximum):
        raise ValueError(f"Give a number from {one.minimum:g} to {one.maximum:g}.")
    return value


def _integer(one: Field, text: str) -> int:
    value = _number(one, text) * (10 if one.tenths else 1)
    if abs(value - round(value)) > 1e-6:
        raise ValueError("Give it in steps of 0.1." if one.tenths else "Give a whole number.")
    return round(value)


def _truth(one: Field, text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("Say yes or no.")
    return text == "true"


def _date(one: Field, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("Give a date as year-month-day, such as 2026-03-02.") from None


def _choice(one: Field, text: str) -> Any:
    if text not in dict(one.choices):
        raise ValueError(f"Choose one of {', '.join(value for value, _ in one.choices)}.")
    return text


def _set(one: Field, text: str) -> list[str]:
    chosen = [value for value in text.splitlines() if value]
    return [_choice(one, value) for value in chosen if value != "none of these"]


def _records(one: Field, text: str) -> Any:
    raise ValueError("A list of records is read part by part.")


def _record_told(record: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {'yes' if v is True else 'no' if v is False else v}" for name, v in record.items())


_READERS: Final[dict[str, Callable[[Field, str], Any]]] = {
    "text": _text, "number": _number, "integer": _integer, "yes/no": _truth, "date": _date, "choice": _choice,
    "set": _set, "records": _records,
}  # fmt: skip
