"""The ledger: what was published, as printed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trialwright.protocol import Misfit, raise_misfits
from trialwright.results import result_key

__all__ = ["Claim", "Claims", "Link", "PrintedP"]

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=0)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class PrintedP(_Model):
    """A P value as printed."""

    operator: Literal["=", "<", ">"] = "="
    value: Annotated[float, Field(ge=0, le=1)]
    sides: Literal[1, 2] | None = None
    """None where the source does not say."""
    decimals: Count | None = None
    """Decimals printed; needed only where the last one is a zero."""


class Link(_Model):
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


class Claim(_Model):
    """One published number with all that was printed beside it."""

    id: str
    label: str
    cited: str
    """Key of the document's list of sources."""
    kind: Literal["reported", "derived", "contradicted"]
    """Derived: computed from printed numbers, printed in no source. Contradicted: another source says otherwise."""
    cut: str
    """Data cut-off, ``design`` for what was planned."""
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
    events: Count | None = None
    direction: str | None = None
    """Numerator of a hazard ratio: the arm whose hazard is divided by the other's."""
    note: str | None = None
    result: Link | None = None

    @property
    def is_hazard_ratio(self) -> bool:
        """Return whether the number is a hazard ratio."""
        linked = self.result is not None and self.result.statistic == "hazard ratio"
        return linked or self.direction is not None or self.unit == "hazard ratio"

    @property
    def printed_decimals(self) -> int:
        """Return the decimals printed, read off the numbers where they are not stated.

        >>> ratio = {"value": 0.8, "lower": 0.65, "upper": 1.1}
        >>> Claim(id="x", label="", cited="s", kind="reported", cut="final", **ratio).printed_decimals
        2
        """
        numbers = [x for x in (self.value, self.lower, self.upper) if isinstance(x, int | float)]
        return self.decimals if self.decimals is not None else max(map(decimals, numbers), default=0)

    @model_validator(mode="after")
    def _interval(self) -> Claim:
        if (self.lower is None) != (self.upper is None):
            raise ValueError("an interval needs both limits; got only one of lower and upper")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"lower must not exceed upper; got {self.lower:g} to {self.upper:g}")
        return self

    @model_validator(mode="after")
    def _directed(self) -> Claim:
        if self.is_hazard_ratio and self.direction is None and " v " not in (self.result.group if self.result else ""):
            raise ValueError("a hazard ratio needs its direction: the arm that is the numerator")
        numbers = [x for x in (self.value, self.lower, self.upper) if isinstance(x, int | float)]
        if self.is_hazard_ratio and not all(0 < x < math.inf for x in numbers):
            raise ValueError(f"a hazard ratio and its limits must be greater than 0; got {numbers}")
        return self

    @model_validator(mode="after")
    def _counted(self) -> Claim:
        if self.n is not None and self.events is not None and self.events > self.n:
            raise ValueError(f"events must not exceed n; got {self.events} of {self.n}")
        return self


class Claims(_Model):
    """Everything published that a study is compared with."""

    sources: dict[str, str]
    """Key of a source: its citation."""
    claims: tuple[Claim, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _cited_and_unique(self) -> Claims:
        raise_misfits(chain(_uncited(self), _repeated(self)))
        return self

    def claim(self, id: str) -> Claim:
        """Return the claim of that name; ValueError listing the known ones when there is none."""
        for claim in self.claims:
            if claim.id == id:
                return claim
        raise ValueError(f"claim {id!r} is not in the ledger; known: {', '.join(c.id for c in self.claims)}")


def _uncited(ledger: Claims) -> Iterator[Misfit]:
    known = ", ".join(sorted(ledger.sources))
    for index, claim in enumerate(ledger.claims):
        if claim.cited not in ledger.sources:
            yield Misfit(("claims", index, "cited"), f"{claim.cited!r} is not under sources; known: {known}")


def _repeated(ledger: Claims) -> Iterator[Misfit]:
    ids = [claim.id for claim in ledger.claims]
    for index, id in enumerate(ids):
        if id in ids[:index]:
            yield Misfit(("claims", index, "id"), f"two claims are called {id!r}; every claim needs an id of its own")


def decimals(number: float) -> int:
    """Return the decimals of the shortest way to write a number.

    >>> decimals(0.84), decimals(62.0), decimals(0.0005)
    (2, 0, 4)
    """
    exponent = Decimal(repr(float(number))).normalize().as_tuple().exponent
    return max(0, -int(exponent))
