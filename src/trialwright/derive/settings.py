"""What a derivation must be told where there is no protocol: a small settings file, and the endpoints it stands for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trialwright.derive.course import PROOFS
from trialwright.derive.rule_sets import under
from trialwright.derive.subjects import SAFETY_PROOFS
from trialwright.protocol import (
    Assessments,
    Censoring,
    Endpoint,
    Population,
    ResponseEndpoint,
    SafetyPlan,
    Stop,
    TimeToEventEndpoint,
    read_document,
)
from trialwright.stats import DAYS_PER_WEEK

if TYPE_CHECKING:
    from trialwright.derive.plan import Plan

__all__ = ["DerivationSettings", "load_settings", "proofs_of"]

Days = Annotated[int, Field(ge=0)]


class DerivationSettings(BaseModel):
    """Settings of the derivation of data without a protocol; nothing scientific has a default.

    >>> DerivationSettings.model_fields["confirmation_days"].is_required()
    True
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    study: str
    """Name of the study; data that name another are listed."""
    assessments: Assessments
    """Evaluators, schedule and windows of the tumor assessments, as in a protocol. The first evaluator judges the
    endpoints."""
    reference: Literal["randomization", "first dose"]
    """The day from which the weeks of stable disease are counted."""
    confirmation_days: Days
    """A confirmed response is seen again after at least so many days."""
    not_evaluable_between: Days
    """So many assessments that are not evaluable may lie between a response and its confirmation."""
    stable_minimum_days: Annotated[int, Field(ge=1)]
    """Stable disease seen earlier than this after the reference day is not stable disease."""
    benefit_weeks: Annotated[float, Field(gt=0)]
    """Clinical benefit is a response, or disease control at so many weeks."""
    benefit_window_days: Days
    """An assessment so many days before that week still counts."""
    progression_within_days: Days | None = None
    """A progression later than so many days after the last evaluable assessment is read as not evaluable for the best
    response. Left out: a progression counts whenever it is seen."""
    after_complete: Literal["as recorded", "progression"]
    """What disease seen after a complete response is, for the best response."""
    after_new_therapy: Literal["count", "leave out"]
    """Whether assessments after another anticancer therapy count for the best response."""
    without_assessment: Literal["NE", "MISSING"] = "NE"
    """What the best response of a patient without any assessment after baseline is called."""
    rules: Literal["fda", "fda-stops", "ema", "template"]
    """Rule set of the times that scans decide."""
    clinical_progression: Literal["event", "ignore"]
    """Whether clinical progression without a scan is an event, under a rule set that does not pass it by."""
    withdrawal: Literal["ignore", "ends follow-up"]
    """Whether nothing counts after a withdrawal from the study."""
    missed_visits_by: Literal["days", "scheduled visits"] = "days"
    """How missed assessments are found, where the rule set asks for it."""
    scan_dates: Literal["finding", "earliest", "latest"] = "finding"
    """The day of a time point whose scans lie days apart."""
    alive_by: Literal["every record", "safety records"] = "every record"
    """Which records prove a patient alive; ``safety records``: adverse events, laboratory and doses only."""
    safety: SafetyPlan
    """How harms are graded, and how long after the last dose they count."""
    reference_arm: str | None = None
    """The arm that others are compared with."""

    @model_validator(mode="after")
    def _judged(self) -> DerivationSettings:
        if not self.assessments.evaluators:
            raise ValueError("assessments need at least one evaluator")
        return self

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The standard endpoints under these settings, in the order in which they are derived."""
        return (*self._times(), *self._responses())

    def endpoint(self, id: str) -> Endpoint:
        """Return the endpoint of that name; ValueError with the known names when there is none."""
        for endpoint in self.endpoints:
            if endpoint.id == id:
                return endpoint
        raise ValueError(f"endpoint {id!r} is not known; known: {', '.join(each.id for each in self.endpoints)}")

    @property
    def populations(self) -> tuple[Population, ...]:
        """Everyone randomized, the treated, and those with a target lesion at baseline."""
        return (
            Population(id="randomized", label="Randomized", members="randomized"),
            Population(id="treated", label="Treated", members="treated"),
            Population(id="measurable", label="Measurable disease at baseline", members="measurable disease"),
        )

    @property
    def proofs(self) -> tuple[tuple[str, str], ...]:
        """Tables and columns whose dates prove a patient alive."""
        return PROOFS if self.alive_by == "every record" else SAFETY_PROOFS

    def _times(self) -> tuple[TimeToEventEndpoint, ...]:
        clinical = ("clinical progression",) if self.clinical_progression == "event" else ()
        progressed = ("progression", *clinical)
        responders: dict[str, Any] = {"among": "responders"}
        duration = responders | {"origin": "first response"}
        confirmed = {"confirmation_days": self.confirmation_days}
        failed = ("progression", "clinical progression", "death", "new therapy", "end of treatment")
        second = ("second progression", "second therapy", "death")
        return (
            self._time("PFS", "Progression-free survival", (*progressed, "death")),
            self._time("OS", "Overall survival", ("death",), scans=False),
            self._time("DOR", "Duration of response", (*progressed, "death"), **duration),
            self._time("CDOR", "Duration of confirmed response", (*progressed, "death"), **duration | confirmed),
            self._time("TTR", "Time to response", ("response",), **responders),
            self._time("TTP", "Time to progression", progressed),
            self._time("TTF", "Time to treatment failure", failed),
            self._time("PFS2", "Time to second progression or death", second, scans=False),
            self._time("TTC", "Time to first chemotherapy", ("chemotherapy",), scans=False),
        )

    def _time(
        self, id: str, label: str, events: tuple[str, ...], *, scans: bool = True, **more: Any
    ) -> TimeToEventEndpoint:
        stops = (Stop(event="withdrawal", how="censor before"),) if self.withdrawal == "ends follow-up" else ()
        rules = Censoring(
            without_baseline="count event",
            new_therapy="ignore",
            missed_visits="ignore",
            missed_visits_by=self.missed_visits_by,
            without_event="last adequate assessment" if scans else "last known alive",
            scan_dates=self.scan_dates,
        )
        named = {"id": id, "label": label, "level": "secondary", "measure": label, "kind": "time to event"}
        asked = named | {"events": events, "censoring": rules, "evaluator": self.assessments.evaluators[0]} | more
        ruled = under(TimeToEventEndpoint.model_validate(asked), self.rules)
        if not stops or not scans:
            return ruled
        return ruled.model_copy(
            update={"censoring": ruled.censoring.model_copy(update={"stops": (*ruled.censoring.stops, *stops)})}
        )

    def _responses(self) -> tuple[ResponseEndpoint, ...]:
        confirmed: dict[str, Any] = {"confirmation_days": self.confirmation_days}
        lasting: dict[str, Any] = {"stable_weeks": self.benefit_weeks, "stable_window_days": self.benefit_window_days}
        control = ("CR", "PR", "SD", "NON-CR/NON-PD")
        return (
            self._share("ORR", "Objective response"),
            self._share("CORR", "Confirmed objective response", **confirmed),
            self._share("DCR", "Disease control", success=control),
            self._share("CBR", "Clinical benefit", **lasting),
            self._share("CCBR", "Clinical benefit, response confirmed", **lasting | confirmed),
        )

    def _share(self, id: str, label: str, success: tuple[str, ...] = ("CR", "PR"), **more: Any) -> ResponseEndpoint:
        named = {"id": id, "label": label, "level": "secondary", "measure": label, "kind": "response"}
        asked = {
            "evaluator": self.assessments.evaluators[0],
            "success": success,
            "stable_disease_minimum_weeks": self.stable_minimum_days / DAYS_PER_WEEK,
            "reference": self.reference,
            "not_evaluable_between": self.not_evaluable_between,
            "progression_within_days": self.progression_within_days,
            "after_complete": self.after_complete,
            "without_assessment": self.without_assessment,
            "until": ("new therapy",) if self.after_new_therapy == "leave out" else (),
        }
        return ResponseEndpoint.model_validate(named | asked | more)


def proofs_of(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return the tables and columns that prove a patient alive: every record, unless settings say otherwise."""
    return plan.proofs if isinstance(plan, DerivationSettings) else PROOFS


def load_settings(path: str | Path) -> DerivationSettings:
    """Return the settings in a YAML file; DocumentError with every problem at its line and column.

    >>> try:
    ...     load_settings("no/such/file.yaml")
    ... except Exception as error:
    ...     print(type(error).__name__)
    DocumentError
    """
    return read_document(path, DerivationSettings)
