"""What the trial wants to learn, and the endpoints that tell it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trialwright.protocol.base import Days, Id, Model, Positive
from trialwright.protocol.questions import Stop

__all__ = [
    "Censoring",
    "Endpoint",
    "Objective",
    "ResponseEndpoint",
    "SafetyEndpoint",
    "TimeToEventEndpoint",
    "UnanalyzedEndpoint",
]


class Objective(Model):
    """What the trial wants to learn."""

    level: Literal["primary", "secondary", "exploratory"]
    text: str
    endpoints: tuple[Id, ...] = ()


class Censoring(Model):
    """How time to event ends without, or in spite of, an event. Each rule is a value."""

    without_baseline: Literal["censor at origin", "count event"]
    new_therapy: Literal["censor before", "ignore"]
    missed_visits: Literal["censor before", "ignore"]
    """What an event after ``missed_visits_allowed`` + 1 or more missed assessments does."""
    missed_visits_allowed: Annotated[int, Field(ge=0)] = 1
    missed_visits_by: Literal["days", "scheduled visits"] = "days"
    """How assessments are found missed: by the days since the last adequate one, against the intervals in force and the
    window at both ends; or by counting the planned visits in between whose windows hold no adequate assessment."""
    without_event: Literal["last adequate assessment", "last known alive"]
    adequate: Literal["evaluable", "target known", "any"] = "evaluable"
    """Which assessments show a patient free of the event: those with a response other than NE; with ``target known``
    also NE whose target lesions were evaluated; with ``any`` every one."""
    scan_dates: Literal["finding", "earliest", "latest"] = "finding"
    """The day of a time point whose scans lie days apart: with ``finding`` a progression is dated by the earliest scan
    that shows it and any other response by the latest scan; else always the earliest, or the latest."""
    stops: tuple[Stop, ...] = ()
    """What else ends the time without an event; the first of them counts."""


class _Endpoint(Model):
    id: Id
    label: str
    level: Literal["primary", "secondary", "exploratory"]
    measure: str
    time_frame: str | None = None


class TimeToEventEndpoint(_Endpoint):
    """Days from an origin to the first of some events."""

    kind: Literal["time to event"]
    origin: Literal["randomization", "first response"] = "randomization"
    among: Literal["all", "responders"] = "all"
    evaluator: str = "investigator"
    confirmation_days: Days | None = None
    """None: a response counts unconfirmed, as origin and as event; else only one confirmed after so many days."""
    events: tuple[
        Literal[
            "progression",
            "clinical progression",
            "death",
            "new therapy",
            "chemotherapy",
            "response",
            "end of treatment",
            "second progression",
            "second therapy",
        ],
        ...,
    ] = Field(min_length=1)
    """``end of treatment``: for another reason than progression, clinical progression or death. ``second progression``:
    on the first new therapy, as recorded with it; ``second therapy``: the start of the therapy after it."""
    censoring: Censoring


class ResponseEndpoint(_Endpoint):
    """Share of patients whose best overall response is a success."""

    kind: Literal["response"]
    evaluator: str = "investigator"
    success: tuple[Literal["CR", "PR", "SD", "NON-CR/NON-PD"], ...] = Field(min_length=1)
    stable_weeks: Positive | None = None
    """Stable disease (or NON-CR/NON-PD) of at least so many weeks is a success too."""
    stable_window_days: Days = 0
    """An assessment so many days before that week still counts."""
    stable_disease_minimum_weeks: Positive
    """Stable disease seen earlier than this after randomization is not stable disease."""
    reference: Literal["randomization", "first dose"] = "randomization"
    """The day from which the weeks of stable disease are counted."""
    confirmation_days: Days | None = None
    """None: responses need no confirmation."""
    not_evaluable_between: Days = 1
    """So many assessments that are not evaluable may lie between a response and its confirmation."""
    progression_within_days: Days | None = None
    """A progression seen later than so many days after the last evaluable assessment (the reference day where there is
    none) is read as not evaluable. None: a progression counts whenever it is seen."""
    after_complete: Literal["as recorded", "progression"] = "as recorded"
    """What disease seen after a complete response is: the response recorded, or progression (Eisenhauer et al. 2009,
    table 3, note a)."""
    without_assessment: Literal["NE", "MISSING"] = "NE"
    """The best response of a patient without any assessment after baseline."""
    until: tuple[Literal["new therapy", "clinical progression", "end of treatment"], ...] = ()
    """Assessments after the first of these do not count."""


class SafetyEndpoint(_Endpoint):
    """Share of treated patients with an adverse event."""

    kind: Literal["adverse events"]


class UnanalyzedEndpoint(_Endpoint):
    """Promised, but outside what this program derives; listed so that it is not forgotten."""

    kind: Literal["not derived"]
    why: str = ""


Endpoint = Annotated[
    TimeToEventEndpoint | ResponseEndpoint | SafetyEndpoint | UnanalyzedEndpoint, Field(discriminator="kind")
]
