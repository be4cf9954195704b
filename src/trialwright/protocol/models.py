"""The protocol as typed, frozen values: what was promised.

Provenance is kept beside the values, not inside them: in the file every mapping may carry ``status``, ``source`` and
``why``, and every leaf may be written as ``{value: 8, status: assumed, why: ...}``. The loader takes these apart, so a
model field is always the plain value, and ``Protocol.provenance`` says where it comes from. A leaf that is ``unknown``
is ``None`` here.
"""

from __future__ import annotations

import typing
from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import Field, model_validator

from trialwright.protocol.base import Days, Id, Model, Positive, Share
from trialwright.protocol.provenance import Provenance
from trialwright.protocol.questions import Estimand, Multiplicity, SensitivityPlan, Stop, SubgroupPlan

__all__ = [
    "AdverseEventWindow",
    "AnalysisItem",
    "AnalysisPlan",
    "Arm",
    "Assessments",
    "Assumptions",
    "Censoring",
    "Choice",
    "Criterion",
    "Cut",
    "Cycle",
    "DatedStatus",
    "Description",
    "Design",
    "Dose",
    "Eligibility",
    "Endpoint",
    "Identification",
    "Intervention",
    "OpenPoint",
    "Organization",
    "Population",
    "Protocol",
    "Randomization",
    "Registry",
    "Rerandomization",
    "ResponseEndpoint",
    "Rule",
    "SafetyEndpoint",
    "SafetyPlan",
    "Sample",
    "Site",
    "StratificationFactor",
    "Supporting",
    "TimeToEventEndpoint",
    "UnanalyzedEndpoint",
    "Variable",
    "Visit",
]

Rule = str
"""A text in the rule language (see ``trialwright.protocol.rules``)."""


class DatedStatus(Model):
    """A date with the registry's flag."""

    date: date
    type: Literal["ACTUAL", "ESTIMATED"] | None = None


class SecondaryId(Model):
    """Another register's number of the same trial."""

    id: str
    type: str


class Identification(Model):
    """Names and numbers of the trial."""

    id: Id
    """Short name used in paths and data; also the name of the study's folder."""
    acronym: str
    brief_title: str
    official_title: str | None = None
    nct_id: str | None = None
    org_study_id: str | None = None
    secondary_ids: tuple[SecondaryId, ...] = ()
    version: str
    version_date: date | None = None


class Official(Model):
    """A person responsible for the trial."""

    name: str
    affiliation: str
    role: str


class Organization(Model):
    """Who runs and pays for the trial."""

    sponsor: str | None
    funders: tuple[str, ...] = ()
    officials: tuple[Official, ...] = ()


class Registry(Model):
    """Status and dates as a public register shows them."""

    overall_status: str | None = None
    start: DatedStatus | None = None
    primary_completion: DatedStatus | None = None
    completion: DatedStatus | None = None
    first_posted: date | None = None
    last_updated: date | None = None
    references: tuple[str, ...] = ()


class Description(Model):
    """What the trial is about."""

    disease: str
    conditions: tuple[str, ...] = ()
    rationale: str | None = None
    summary: str | None = None


class Design(Model):
    """The shape of the trial, in the registry's enumerations."""

    study_type: Literal["INTERVENTIONAL"]
    phases: tuple[str, ...]
    allocation: Literal["RANDOMIZED"]
    model: str
    primary_purpose: str
    masking: str
    enrollment: Annotated[int, Field(gt=0)]
    """Patients to be randomized."""
    enrollment_type: Literal["ACTUAL", "ESTIMATED"] | None = None
    recruitment_months: Positive | None = None


class Arm(Model):
    """One treatment group."""

    id: Id
    label: str
    short: str
    """Label short enough for a figure."""
    type: str | None = None
    interventions: tuple[Id, ...] = Field(min_length=1)
    description: str | None = None
    """Our own wording."""


class Cycle(Model):
    """A treatment cycle: dosing days within a fixed length."""

    days: Annotated[int, Field(gt=0)]
    dosing_days: tuple[int, int] | None
    """First and last day of dosing within the cycle; None where not stated."""

    @model_validator(mode="after")
    def _inside(self) -> Cycle:
        if self.dosing_days and not 1 <= self.dosing_days[0] <= self.dosing_days[1] <= self.days:
            first, last = self.dosing_days
            raise ValueError(f"dosing days {first} to {last} must lie within the {self.days} days of a cycle")
        return self


class Dose(Model):
    """A dose and the patients who start with it."""

    when: Rule | None = None
    """Rule over the screening data; None applies to all."""
    dose: Positive | None
    """None where the protocol does not say (status unknown)."""


class Choice(Model):
    """The product given to the patients for whom a rule holds."""

    when: Rule
    product: str


class Intervention(Model):
    """One treatment with its dosing."""

    id: Id
    name: str
    type: str | None = None
    other_names: tuple[str, ...] = ()
    unit: str | None = None
    route: str | None = None
    frequency: str | None = None
    cycle: Cycle
    start: tuple[Dose, ...] = Field(min_length=1)
    levels: tuple[Positive, ...] = ()
    """Dose levels from highest to lowest; a reduction moves one level down."""
    choice: tuple[Choice, ...] = ()
    """Which product is given, where the intervention names a class of drugs."""
    description: str | None = None

    @model_validator(mode="after")
    def _doses_are_levels(self) -> Intervention:
        if list(self.levels) != sorted(set(self.levels), reverse=True):
            raise ValueError(f"levels must fall from highest to lowest; got {list(self.levels)}")
        stray = [d.dose for d in self.start if self.levels and d.dose is not None and d.dose not in self.levels]
        if stray:
            raise ValueError(f"starting dose {stray[0]:g} is not among the dose levels {list(self.levels)}")
        return self


class StratificationFactor(Model):
    """A factor of the stratified allocation, computed from data."""

    id: Id
    label: str
    levels: tuple[str, ...] = Field(min_length=1)
    rule: Rule
    """Expression whose value is one of the levels."""


class Randomization(Model):
    """How the next patient gets an arm."""

    method: Literal["stratified permuted blocks"]
    ratio: dict[Id, Annotated[int, Field(gt=0)]] = Field(min_length=2)
    block_sizes: tuple[Annotated[int, Field(gt=0)], ...] = Field(min_length=1)
    strata: tuple[StratificationFactor, ...] = ()
    concealment: str | None = None

    @model_validator(mode="after")
    def _whole_blocks(self) -> Randomization:
        whole = sum(self.ratio.values())
        bad = [size for size in self.block_sizes if size % whole]
        if bad:
            raise ValueError(f"block size {bad[0]} must be a multiple of {whole}, the sum of the ratio")
        return self


class Variable(Model):
    """A datum of screening that rules may name."""

    type: Literal["number", "yes/no", "choice", "date", "set", "records"]
    """``set``: any subset of ``levels``. ``records``: a list of records with ``fields``."""
    label: str
    unit: str | None = None
    levels: tuple[str, ...] = ()
    fields: dict[str, Variable] = Field(default={})
    attestation: bool = False
    """A judgement that a person signs; never computed, never a default yes."""
    by: str | None = None
    """Who attests or decides, where that is not the investigator."""
    baseline: bool = False
    """Shown in the table of baseline characteristics."""

    @model_validator(mode="after")
    def _complete(self) -> Variable:
        if self.type in {"choice", "set"} and not self.levels:
            raise ValueError(f"a variable of type {self.type} needs levels")
        if (self.type == "records") != bool(self.fields):
            raise ValueError("a variable of type records, and only that, needs fields")
        return self


class Criterion(Model):
    """One inclusion or exclusion criterion."""

    id: Id
    kind: Literal["inclusion", "exclusion"]
    number: int
    """The registry's own number; never renumbered."""
    short: str
    """Our own short wording."""
    rule: Rule | None
    """Inclusion: what must hold. Exclusion: what excludes. None: not in the source."""
    note: str | None = None


class Eligibility(Model):
    """Who may enter."""

    minimum_age: int | None = None
    maximum_age: int | None = None
    sex: Literal["FEMALE", "MALE", "ALL"]
    healthy_volunteers: bool
    anchors: tuple[Id, ...]
    """Reference dates that rules may name."""
    parameters: dict[Id, float | str | None] = Field(default={})
    """Named limits of the rules, such as organ function; None where unknown. A text is a quantity with its unit."""
    criteria: tuple[Criterion, ...] = Field(min_length=1)


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
    without_event: Literal["last adequate assessment", "last known alive"]
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
    events: tuple[
        Literal[
            "progression",
            "clinical progression",
            "death",
            "new therapy",
            "chemotherapy",
            "response",
            "end of treatment",
        ],
        ...,
    ] = Field(min_length=1)
    """``end of treatment``: for another reason than progression, clinical progression or death."""
    censoring: Censoring


class ResponseEndpoint(_Endpoint):
    """Share of patients whose best overall response is a success."""

    kind: Literal["response"]
    evaluator: str = "investigator"
    success: tuple[Literal["CR", "PR"], ...] = Field(min_length=1)
    stable_weeks: Positive | None = None
    """Stable disease (or NON-CR/NON-PD) of at least so many weeks is a success too."""
    stable_window_days: Days = 0
    """An assessment so many days before that week still counts."""
    stable_disease_minimum_weeks: Positive
    """Stable disease seen earlier than this after randomization is not stable disease."""
    confirmation_days: Days | None = None
    """None: responses need no confirmation."""
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


class Assumptions(Model):
    """Why the trial has its size."""

    endpoint: Id
    test: str
    hazard_ratio: Positive
    power: Share
    alpha: Share
    sides: Literal[1, 2]
    patients: Annotated[int, Field(gt=0)]
    events: int | None = None
    control_median_months: Positive | None = None


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


class Site(Model):
    """A hospital of the trial."""

    id: Id
    facility: str
    city: str
    state: str | None = None
    country: str


class OpenPoint(Model):
    """A question the source leaves open, with what was done about it."""

    id: Id
    about: tuple[str, ...]
    """Criteria or sections concerned."""
    question: str
    decision: str | None
    """What the file does meanwhile; None where nothing could be decided."""


class Protocol(Model):
    """A whole trial as it was promised."""

    identification: Identification
    organization: Organization
    registry: Registry | None = None
    description: Description
    design: Design
    arms: tuple[Arm, ...] = Field(min_length=2)
    interventions: tuple[Intervention, ...] = Field(min_length=1)
    randomization: Randomization
    variables: dict[Id, Variable]
    eligibility: Eligibility
    visits: tuple[Visit, ...] = Field(min_length=1)
    assessments: Assessments
    samples: tuple[Sample, ...] = ()
    objectives: tuple[Objective, ...] = ()
    endpoints: tuple[Endpoint, ...] = Field(min_length=1)
    estimands: tuple[Estimand, ...] = ()
    safety: SafetyPlan
    sample_size: Assumptions
    analysis: AnalysisPlan
    sites: tuple[Site, ...] = Field(min_length=1)
    open_points: tuple[OpenPoint, ...] = ()
    sources: dict[str, str] = Field(default={})
    """Key of a source: its citation."""

    provenance: dict[str, Provenance] = Field(default={}, exclude=True)
    """Where each leaf comes from, by path; filled in by the loader."""

    @model_validator(mode="after")
    def _names_are_known(self) -> Protocol:
        from trialwright.protocol.references import check_references

        check_references(self)
        return self

    def arm(self, id: str) -> Arm:
        """Return the arm of that name."""
        return _named(self.arms, id, "arm")

    def intervention(self, id: str) -> Intervention:
        """Return the intervention of that name."""
        return _named(self.interventions, id, "intervention")

    def endpoint(self, id: str) -> Endpoint:
        """Return the endpoint of that name."""
        return _named(self.endpoints, id, "endpoint")

    def population(self, id: str) -> Population:
        """Return the population of that name."""
        return _named(self.analysis.populations, id, "population")

    def site(self, id: str) -> Site:
        """Return the site of that name."""
        return _named(self.sites, id, "site")


class _Named(typing.Protocol):
    @property
    def id(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


def _named(items: tuple[_N, ...], id: str, what: str) -> _N:
    for item in items:
        if item.id == id:
            return item
    raise ValueError(f"{what} {id!r} is not in the protocol; known: {', '.join(i.id for i in items)}")
