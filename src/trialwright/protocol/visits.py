"""What is planned for a patient: visits, tumor assessments, samples."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from trialwright.protocol.base import Days, Id, Model, Positive, Rule

__all__ = [
    "Assessments",
    "Sample",
    "Visit",
]


class Visit(Model):
    """A planned visit."""

    id: Id
    label: str
    day: int
    """Planned day counted from the anchor (day 1 is the anchor's date)."""
    anchor: Literal["screening", "randomization", "end of treatment"] = "randomization"
    window_days: Days = 0
    repeat_days: Annotated[int, Field(gt=0)] | None = None
    """Repeats every so many days while on treatment; after the end of treatment, until the end of study."""
    activities: tuple[str, ...] = ()


class Assessments(Model):
    """Tumor assessments."""

    criteria: Literal["RECIST 1.1"]
    evaluators: tuple[str, ...] = ("investigator",)
    every_weeks: tuple[tuple[Annotated[int, Field(ge=0)], Positive], ...] = Field(min_length=1)
    """Pairs (from week, interval in weeks): [[0, 8], [48, 12]] is every 8 weeks, from week 48 every 12."""
    window_days: Days
    baseline_within_days: Days
    """A baseline assessment may precede randomization by at most so many days."""
    until: Literal["progression"]
    responses: Literal["from lesions", "as recorded"] = "from lesions"
    """Whether the response of an assessment follows from its lesions, or is the one the evaluator recorded."""


class Sample(Model):
    """A planned sample."""

    id: Id
    kind: Literal["blood", "tumor biopsy"]
    label: str
    at: Literal["inclusion", "day", "progression or end"]
    day: int | None = None
    window_days: Days = 0
    consent: Rule | None = None
    """Rule that says whether the patient gives this sample."""

    @model_validator(mode="after")
    def _dated(self) -> Sample:
        if (self.at == "day") != (self.day is not None):
            raise ValueError("a sample taken 'at: day' needs its day, any other has none")
        return self
