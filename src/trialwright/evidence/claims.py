"""One published number, as printed, with all that was printed beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trialwright.results import result_key

__all__ = ["Claim", "Link", "Model", "PrintedP", "Share", "decimals"]

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=0)]
Kind = Literal["reported", "derived", "contradicted", "direction reversed", "not found", "not legible"]
Statistic = Literal[
    "hazard ratio", "median", "rate", "P", "events", "patients", "follow-up", "sites", "age", "plan", "text"
]


class Model(BaseModel):
    """A part of a file of claims: frozen, every field known."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class PrintedP(Model):
    """A P value as printed."""

    operator: Literal["=", "<", ">"] = "="
    value: Annotated[float, Field(ge=0, le=1)]
    sides: Literal[1, 2] | None = None
    """None where the source does not say."""
    decimals: Count | None = None
    """Decimals printed; needed only where the last one is a zero."""
    nominal: bool = False
    """The source calls it nominal: it tests nothing that was planned."""


class Link(Model):
    """The number of our own Results that answers a claim; its fields are those of ``trialwright.results.Result``."""

    cut: str
    endpoint: str
    population: str
    group: str
    statistic: str
    at: float | None = None
    item: str | None = None

    @property
    def key(self) -> str:
        """Return the key of the result, as ``Result.key`` writes it."""
        return result_key(
            self.cut, self.endpoint, self.population, self.group, self.statistic, at=self.at, item=self.item
        )


class Claim(Model):
    """One published number with all that was printed beside it.

    What it is a number of (trial, endpoint, population, arms, statistic) is stated, or read off ``result`` where a
    number of our own answers it. A hazard ratio without a numerator is refused, and so is a claim without a source.

    >>> ratio = {"value": 0.84, "lower": 0.66, "upper": 1.07, "level": 0.95, "n_by_arm": {"A": 136, "B": 62}}
    >>> place = {"endpoint": "PFS", "statistic": "hazard ratio", "numerator": "A", "denominator": "B"}
    >>> claim = Claim(id="x", label="PFS", cited="S", kind="reported", cut="final", **ratio, **place)
    >>> claim.n, claim.group, claim.printed_decimals
    (198, 'A v B', 2)
    """

    id: str
    label: str
    cited: str
    """Key of the document's list of sources."""
    kind: Kind
    """Derived: computed from printed numbers, printed in no source. Contradicted: another source says otherwise.
    Direction reversed: the reciprocal of what the trial's own report prints."""
    trial: str | None = None
    """That of the file where it is left out."""
    endpoint: str | None = None
    assessed_by: str | None = None
    """Who read the scans, as ``investigator`` or ``BICR`` (blinded independent central review)."""
    population: str | None = None
    cut: str
    """Data cut-off, ``design`` for what was planned."""
    statistic: Statistic | None = None
    """``rate`` is a share of counted patients or, with ``at_months``, a Kaplan-Meier estimate; ``plan`` is something
    planned and ``text`` something said that is no statistic, both named by ``item``."""
    at_months: Annotated[float, Field(gt=0)] | None = None
    item: str | None = None
    """What is counted or described, where the endpoint does not say."""
    arm: str | None = None
    """Arm of a number of one arm; left out for all arms together."""
    numerator: str | None = None
    """Arm whose hazard is divided by the other's, or which a test compares with it."""
    denominator: str | None = None
    value: float | str | None
    decimals: Count | None = None
    """Decimals printed, of the value and its limits; needed only where the last one is a zero."""
    unit: str = ""
    lower: float | None = None
    upper: float | None = None
    level: Share | None = None
    """Confidence level printed with the limits; None where the source does not say."""
    p: PrintedP | None = None
    n: Count | None = None
    """Patients behind the number: of the group, or of both groups for a comparison."""
    n_by_arm: dict[str, Count] | None = None
    """Patients of each arm; ``n`` is their sum."""
    events: Count | None = None
    events_by_arm: dict[str, Count] | None = None
    """Events of each arm; ``events`` is their sum."""
    immature: bool = False
    """The source calls the data immature: few of the patients had the event."""
    note: str | None = None
    result: Link | None = None

    @property
    def is_hazard_ratio(self) -> bool:
        """Return whether the number is a hazard ratio."""
        if self.statistic is not None:
            return self.statistic == "hazard ratio"
        linked = self.result is not None and self.result.statistic == "hazard ratio"
        return linked or self.numerator is not None or self.unit == "hazard ratio"

    @property
    def number(self) -> float | None:
        """Return the value where it is a number."""
        return self.value if isinstance(self.value, int | float) else None

    @property
    def group(self) -> str:
        """Return the arm, ``numerator v denominator`` for a comparison, ``all`` for all arms together."""
        if self.numerator is not None:
            return f"{self.numerator} v {self.denominator}" if self.denominator else self.numerator
        return self.arm or (self.result.group if self.result else "all")

    @property
    def arms_compared(self) -> tuple[str, str] | None:
        """Return numerator and denominator of a comparison, where both are known."""
        one, _, other = self.group.partition(" v ")
        return (one, other) if other else None

    @property
    def measure(self) -> tuple[str, str, str, str]:
        """Return endpoint, who assessed it, population and item: what two claims share that speak of the same thing."""
        link = self.result
        endpoint = self.endpoint or (link.endpoint if link else "")
        population = self.population or (link.population if link else "")
        return endpoint, self.assessed_by or "", population, self.item or (link.item if link else None) or ""

    @property
    def named_statistic(self) -> str:
        """Return the statistic in the ledger's words, read off ``result`` where it is not stated."""
        linked = self.result.statistic if self.result else ""
        return self.statistic or {"difference P": "P", "log-rank P": "P"}.get(linked, linked)

    @property
    def printed_decimals(self) -> int:
        """Return the decimals printed, read off the numbers where they are not stated.

        >>> ratio = {"value": 0.8, "lower": 0.65, "upper": 1.1}
        >>> Claim(id="x", label="", cited="s", kind="reported", cut="final", **ratio).printed_decimals
        2
        """
        numbers = [x for x in (self.value, self.lower, self.upper) if isinstance(x, int | float)]
        return self.decimals if self.decimals is not None else max(map(decimals, numbers), default=0)

    @model_validator(mode="before")
    @classmethod
    def _summed(cls, given: Any) -> Any:
        """Fill the totals of what is given by arm; a total that is not their sum is refused."""
        if not isinstance(given, Mapping):
            return given
        sums = {name: _total(given, name) for name in ("n", "events")}
        return {**given, **{name: value for name, value in sums.items() if value is not None}}

    @model_validator(mode="after")
    def _interval(self) -> Claim:
        if (self.lower is None) != (self.upper is None):
            raise ValueError("an interval needs both limits; got only one of lower and upper")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"lower must not exceed upper; got {self.lower:g} to {self.upper:g}")
        return self

    @model_validator(mode="after")
    def _directed(self) -> Claim:
        if self.is_hazard_ratio and self.numerator is None and self.arms_compared is None:
            raise ValueError("a hazard ratio needs its direction: the arm that is the numerator")
        if self.numerator is not None and (self.arm is not None or self.numerator == self.denominator):
            raise ValueError(f"a comparison is of two arms; got {self.numerator}, {self.denominator} and {self.arm}")
        numbers = [x for x in (self.value, self.lower, self.upper) if isinstance(x, int | float)]
        if self.is_hazard_ratio and not all(0 < x < math.inf for x in numbers):
            raise ValueError(f"a hazard ratio and its limits must be greater than 0; got {numbers}")
        return self

    @model_validator(mode="after")
    def _counted(self) -> Claim:
        if self.n is not None and self.events is not None and self.events > self.n:
            raise ValueError(f"events must not exceed n; got {self.events} of {self.n}")
        return self


def _total(given: Mapping[str, Any], name: str) -> Any:
    parts = given.get(f"{name}_by_arm")
    if not isinstance(parts, Mapping) or not all(type(x) is int for x in parts.values()):
        return None
    total = sum(parts.values())
    if given.get(name) not in {None, total}:
        raise ValueError(f"{name} must be the sum of {name}_by_arm, {total}; got {given[name]}. Leave {name} out.")
    return total


def decimals(number: float) -> int:
    """Return the decimals of the shortest way to write a number.

    >>> decimals(0.84), decimals(62.0), decimals(0.0005)
    (2, 0, 4)
    """
    exponent = Decimal(repr(float(number))).normalize().as_tuple().exponent
    return max(0, -int(exponent))
