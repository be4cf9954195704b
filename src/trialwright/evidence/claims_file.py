"""A file of claims: what was published about one trial, its sources, and where they disagree."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator, model_validator

from trialwright.evidence.claims import Claim, Model
from trialwright.protocol import Misfit, raise_misfits

__all__ = ["Claims", "Contradiction", "PublishedAllocation", "Said"]

DESIGN = "design"
"""The cut of what was planned; every file has it."""
Positive = Annotated[float, Field(gt=0)]


class Said(Model):
    """What one or several sources say on a topic."""

    said: str
    cited: tuple[str, ...] = ()
    """Keys of the sources."""
    claims: tuple[str, ...] = ()
    """Claims of this file that print it."""
    elsewhere: str | None = None
    """Who says so, where that is none of the sources."""


class Contradiction(Model):
    """A topic on which sources disagree, what each says, and our reading of it."""

    topic: str
    values: tuple[Said, ...] = Field(min_length=1)
    reading: str


class PublishedAllocation(Model):
    """What is known of how patients were allocated, for asking which schemes could have given the published split.

    Shares, countries and sites describe where lists could have been kept. They need not be published: ``why`` says
    where they come from.
    """

    ratio: dict[str, int] = Field(min_length=2)
    """Arm: parts of the planned ratio."""
    published: dict[str, int] = Field(min_length=2)
    """Arm: patients randomized."""
    strata: tuple[Positive, ...] = (1.0,)
    """Supposed share of the patients in each stratum."""
    sites_by_country: tuple[int, ...] = ()
    """Sites of each country."""
    site_shape: Positive = 1.0
    """Supposed shape of the gamma distribution of the sites' recruitment rates."""
    basis: str
    """Where the figures come from, and what is supposed."""


class Claims(Model):
    """Everything published that a study is compared with.

    A file that names its trial must say of every claim what it is a number of: endpoint, population and statistic.

    >>> claim = {"id": "x", "label": "Median PFS", "cited": "S", "kind": "reported", "cut": "final", "value": 4.9}
    >>> ledger = Claims.model_validate({"sources": {"S": "Somebody 2025"}, "claims": [claim]})
    >>> ledger.claim("x").value
    4.9
    """

    trial: str | None = None
    arms: dict[str, str] = Field(default_factory=dict)
    """Key of an arm: its treatment."""
    cuts: dict[str, str] = Field(default_factory=dict)
    """Data cut-offs in the order of time, the earliest first, each with what is known of it."""
    undated_cuts: dict[str, str] = Field(default_factory=dict)
    """Cut-offs whose place among the others is not known."""
    features: dict[str, str] = Field(default_factory=dict)
    """What a synthesis may group trials by, as ``{inhibitor: same drug}``."""
    allocation: PublishedAllocation | None = None
    sources: dict[str, str]
    """Key of a source: its citation."""
    claims: tuple[Claim, ...] = Field(min_length=1)
    contradictions: tuple[Contradiction, ...] = ()
    not_found: tuple[str, ...] = ()
    """What was looked for and is in no source; never filled in."""

    @field_validator("claims", mode="after")
    @classmethod
    def _of_the_trial(cls, claims: tuple[Claim, ...], info: ValidationInfo) -> tuple[Claim, ...]:
        """Give each claim the file's trial."""
        trial = info.data.get("trial")
        return tuple(claim if claim.trial else claim.model_copy(update={"trial": trial}) for claim in claims)

    @model_validator(mode="after")
    def _sound(self) -> Claims:
        raise_misfits(chain(_uncited(self), _repeated(self), _unplaced(self), _unknown(self), _contradictory(self)))
        return self

    def claim(self, id: str) -> Claim:
        """Return the claim of that name; ValueError listing the known ones when there is none."""
        for claim in self.claims:
            if claim.id == id:
                return claim
        raise ValueError(f"claim {id!r} is not in the ledger; known: {', '.join(c.id for c in self.claims)}")

    def order(self, cut: str) -> int | None:
        """Return the place of a cut among the dated ones; None where it is not known."""
        return list(self.cuts).index(cut) if cut in self.cuts else None


def _uncited(ledger: Claims) -> Iterator[Misfit]:
    known = ", ".join(sorted(ledger.sources))
    for index, claim in enumerate(ledger.claims):
        if claim.cited not in ledger.sources:
            yield Misfit(("claims", index, "cited"), f"{claim.cited!r} is not under sources; known: {known}")


def _repeated(ledger: Claims) -> Iterator[Misfit]:
    seen: set[str] = set()
    for index, claim in enumerate(ledger.claims):
        if claim.id in seen:
            yield Misfit(("claims", index, "id"), f"two claims are called {claim.id!r}; every claim needs its own id")
        seen.add(claim.id)


def _unplaced(ledger: Claims) -> Iterator[Misfit]:
    if ledger.trial is None:
        return
    for index, claim in enumerate(ledger.claims):
        missing = [name for name in ("endpoint", "population", "statistic") if getattr(claim, name) is None]
        if missing:
            yield Misfit(("claims", index, "id"), f"{claim.id} must say its {' and '.join(missing)}")
        if claim.numerator is not None and claim.denominator is None:
            yield Misfit(("claims", index, "numerator"), f"{claim.id} must name the denominator of {claim.numerator}")


def _unknown(ledger: Claims) -> Iterator[Misfit]:
    cuts = {*ledger.cuts, *ledger.undated_cuts, DESIGN}
    for index, claim in enumerate(ledger.claims):
        if len(cuts) > 1 and claim.cut not in cuts:
            known = ", ".join(sorted(cuts))
            yield Misfit(("claims", index, "cut"), f"{claim.cut!r} is not under cuts or undated_cuts; known: {known}")
        for field in ("arm", "numerator", "denominator"):
            arm = getattr(claim, field)
            if ledger.arms and arm is not None and arm not in ledger.arms:
                yield Misfit(("claims", index, field), f"{arm!r} is not under arms; known: {', '.join(ledger.arms)}")


def _contradictory(ledger: Claims) -> Iterator[Misfit]:
    ids = {claim.id for claim in ledger.claims}
    for index, topic in enumerate(ledger.contradictions):
        for place, said in enumerate(topic.values):
            loc = ("contradictions", index, "values", place)
            if not (said.cited or said.claims or said.elsewhere):
                yield Misfit(loc, "must name its source, the claims that print it, or who says so elsewhere")
            for name in sorted({*said.cited} - {*ledger.sources}):
                yield Misfit((*loc, "cited"), f"{name!r} is not under sources; known: {', '.join(ledger.sources)}")
            for name in sorted({*said.claims} - ids):
                yield Misfit((*loc, "claims"), f"{name!r} is no claim of this file")
