"""What will be computed: populations, data cut-offs, conventions, planned analyses; and how harms are recorded."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from trialwright.protocol.base import Days, Id, Model, Positive, Share
from trialwright.protocol.questions import Multiplicity, SensitivityPlan, SubgroupPlan

__all__ = [
    "AdverseEventWindow",
    "AnalysisItem",
    "AnalysisPlan",
    "Cut",
    "Population",
    "Rerandomization",
    "SafetyPlan",
    "Supporting",
]


class Population(Model):
    """A set of patients analyzed together."""

    id: Id
    label: str
    members: Literal["randomized", "treated", "measurable disease"]


class AdverseEventWindow(Model):
    """Which adverse events count as treatment-emergent."""

    days_after_last_dose: Days


class SafetyPlan(Model):
    """How harms are recorded."""

    dictionary: str | None = None
    grading: str
    window: AdverseEventWindow
    survival_follow_up_weeks: Positive | None = None


class Cut(Model):
    """A data cut-off: a date, or the day on which an endpoint has so many events."""

    id: Id
    label: str
    on: date | None = None
    endpoint: Id | None = None
    events: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_trigger(self) -> Cut:
        if (self.on is None) == (self.events is None) or (self.events is None) != (self.endpoint is None):
            raise ValueError("a cut needs either its date (on), or an endpoint with its number of events")
        return self


class Rerandomization(Model):
    """A test that draws the trial's own allocation again on fixed outcomes."""

    draws: Annotated[int, Field(ge=1000)]
    seed: Annotated[int, Field(ge=0)]


class Supporting(Model):
    """Analyses beside the planned comparison of a time to event; none is made that is not named."""

    unstratified: bool = False
    """The hazard ratio and the log-rank test without strata."""
    restricted_mean_months: Positive | None = None
    """Compare the mean times up to so many months."""
    max_combo: bool = False
    """The largest of three weighted log-rank tests."""
    proportional_hazards: Literal["km", "rank", "identity", "log"] | None = None
    """Test proportional hazards against a ratio that changes with this function of time."""
    interval_censored: bool = False
    """Compare the arms with each event between the scans around it."""
    re_randomization: Rerandomization | None = None


class AnalysisItem(Model):
    """One planned analysis of one endpoint in one population."""

    endpoint: Id
    population: Id
    at_months: tuple[Positive, ...] = ()
    """Landmarks at which event-free rates, or risks of adverse events, are estimated."""
    compare: bool = True
    """Test and estimate the difference between the arms."""
    supporting: Supporting | None = None
    """Only for a time to event that is compared."""


class AnalysisPlan(Model):
    """What will be computed, and by which conventions."""

    populations: tuple[Population, ...] = Field(min_length=1)
    cuts: tuple[Cut, ...] = Field(min_length=1)
    confidence_level: Share
    ties: Literal["breslow", "efron", "exact", "discrete"]
    """``exact`` is the exact marginal likelihood (SAS EXACT), ``discrete`` the discrete one (SAS DISCRETE, R exact)."""
    interval: Literal["plain", "log", "log-log", "logit", "arcsin"]
    """Transform of Kaplan-Meier limits and of the intervals of quantiles."""
    proportion_interval: Literal["clopper-pearson", "wilson"]
    difference_interval: Literal["newcombe", "miettinen-nurminen", "mee", "wald"] | None = None
    """Limits of differences of proportions; None: Newcombe's, and the result says so."""
    stratum_weights: Literal["mantel-haenszel", "sample size"] | None = None
    """Weights of the strata in a common difference; None: the plan names none, and both are given."""
    stratified: bool
    control: Id
    """The arm all others are compared with."""
    items: tuple[AnalysisItem, ...] = Field(min_length=1)
    subgroups: tuple[SubgroupPlan, ...] = ()
    sensitivity: tuple[SensitivityPlan, ...] = ()
    multiplicity: Multiplicity | None = None
    """None: each test stands alone."""
