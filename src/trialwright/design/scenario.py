"""A scenario: what is supposed about patients, sites and treatments. Never mixed with what was promised.

Rates per month are hazards per month of 365.25/12 days. Maps by arm carry one entry for each arm of the protocol.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trialwright.protocol import Provenance

__all__ = [
    "AdverseEvent",
    "Calibrated",
    "Candidates",
    "Contacts",
    "Failure",
    "Lesions",
    "Marker",
    "Organ",
    "Piecewise",
    "Planning",
    "Recruitment",
    "Scans",
    "Scenario",
    "Spread",
    "Treatment",
]

Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class Model(BaseModel):
    """Frozen, closed, documented by its docstrings."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Piecewise(Model):
    """A hazard per month that changes at some months."""

    from_months: tuple[Rate, ...] = Field(min_length=1)
    hazard: tuple[Rate, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _pieces(self) -> Piecewise:
        starts = list(self.from_months)
        if starts[0] != 0 or starts != sorted(set(starts)):
            raise ValueError(f"from_months must start at 0 and rise; got {starts}")
        if len(starts) != len(self.hazard):
            raise ValueError(f"{len(starts)} pieces need {len(starts)} hazards; got {len(self.hazard)}")
        if self.hazard[-1] == 0 and any(self.hazard):
            raise ValueError("the last hazard must be above 0, or all must be 0")
        return self


class Recruitment(Model):
    """Sites opening over time and consenting patients (Anisimov and Fedorov 2007: Poisson arrivals, gamma rates)."""

    opens_on: date
    """Day on which the first site may open."""
    opening_months: Positive
    """Sites open uniformly over so many months."""
    per_site_month: Positive
    """Mean consents of an open site in a month."""
    heterogeneity: Positive
    """Shape of the gamma distribution of the sites' rates; smaller is more unequal."""
    screening_days: tuple[int, int]
    """Days from consent to randomization, uniform from the first to the second."""
    first_dose_days: tuple[int, int]
    """Days from randomization to the first dose."""


class Spread(Model):
    """How a variable of screening varies between eligible candidates: exactly one way."""

    fixed: Any = None
    """The same for everybody (an empty list for records)."""
    normal: dict[Literal["mean", "sd", "low", "high"], float] | None = None
    """Truncated normal, rounded to ``decimals``."""
    uniform: tuple[float, float] | None = None
    """Uniform between two numbers, rounded to ``decimals``."""
    decimals: Annotated[int, Field(ge=0)] = 0
    choice: dict[str, Rate] | None = None
    """Weights of the levels (or of numbers, written as text)."""
    yes: Share | None = None
    """Probability of yes."""
    before: str | None = None
    """A date ``days`` (from, to) before this anchor."""
    days: tuple[int, int] | None = None
    rule: str | None = None
    """Computed from the other variables by the rule language."""
    lesions: bool = False
    """The lesions themselves, as records."""

    @model_validator(mode="after")
    def _one_way(self) -> Spread:
        ways = set(self.model_fields_set) - {"decimals", "days"}
        if len(ways) != 1:
            raise ValueError(
                f"needs exactly one of fixed, normal, uniform, choice, yes, before, rule, lesions; got {ways}"
            )
        if ("before" in ways) != ("days" in self.model_fields_set):
            raise ValueError("before and days go together")
        return self


class Failure(Model):
    """A share of the candidates whose answers keep them out."""

    outcome: Literal["not eligible", "cannot tell", "no dose stated", "declined"]
    criterion: str | None = None
    """Criterion that is expected to fail; the real rules decide."""
    share: Share
    answers: dict[str, Any] = {}
    """Answers that differ from those of an eligible candidate."""
    unknown: tuple[str, ...] = ()
    """Variables nobody could answer."""


class Candidates(Model):
    """People who consent to be screened."""

    anchors: dict[str, Literal["screening", "randomization", "first dose"]]
    """Which simulated date each anchor of the protocol's rules is."""
    variables: dict[str, Spread]
    failures: tuple[Failure, ...] = ()

    @model_validator(mode="after")
    def _shares(self) -> Candidates:
        if sum(f.share for f in self.failures) >= 1:
            raise ValueError("the shares of the screening failures must add to less than 1")
        return self


class Organ(Model):
    """Lesions of one organ at baseline."""

    share: Share
    """Patients with at least one lesion there."""
    measurable: Share
    """Probability that a patient's lesions there are measurable."""
    node: bool = False


class Lesions(Model):
    """Tumor burden at baseline."""

    organ_field: str
    """Field of the records variable that receives the organ."""
    measurable_field: str
    """Field that receives whether the lesion is measurable."""
    organs: dict[str, Organ] = Field(min_length=1)
    otherwise: str
    """Organ of a patient for whom none was drawn."""
    diameter_mm: tuple[Positive, Positive]
    """Diameters of measurable lesions, uniform; a node's short axis likewise, at least 15 mm."""


class Scans(Model):
    """How the scan schedule is kept."""

    jitter_sd_days: Rate
    """Scans are taken so many days off plan (normal, rounded), within the protocol's window."""
    missed: Share
    not_evaluable: Share
    """Scans taken that show nothing that can be judged."""
    unscheduled: Share
    """Progressions found before the next planned scan, because of symptoms."""
    unscheduled_days: tuple[int, int]
    """Days from progression to that scan."""


class Response(Model):
    """Tumor shrinkage among patients with measurable disease."""

    share: dict[str, Share]
    complete: Share = 0
    """Share of the responses that are complete."""
    second_scan: Share
    """Share of the responses first seen at the second scan, not the first."""


class AdverseEvent(Model):
    """One term."""

    term: str
    system: str
    any_grade: dict[str, Share]
    grade_3_or_higher: dict[str, Share]
    grade_4: Share = 0
    """Share of the grade 3 or higher events that are grade 4."""
    onset_days: Positive
    """Mean of the exponential time from first dose to onset."""
    lasts_days: Positive
    serious: Share = 0
    """Share of the grade 3 or higher events that are serious."""
    reduces: dict[str, Share] = {}
    """By intervention: probability that a grade 3 or higher event lowers its dose by one level."""

    @model_validator(mode="after")
    def _nested(self) -> AdverseEvent:
        for arm, share in self.grade_3_or_higher.items():
            if share > self.any_grade.get(arm, 0):
                raise ValueError(f"{self.term}, arm {arm}: grade 3 or higher ({share}) exceeds any grade")
        return self


class Treatment(Model):
    """Exposure apart from progression."""

    never: dict[str, Share]
    """Randomized, never treated, no follow-up."""
    stops_for_toxicity: dict[str, Rate]
    """Hazard per month of ending treatment for an adverse event; scans go on."""
    next_therapy: Share
    """Patients who start another anticancer therapy after progression or leaving."""
    next_therapy_days: tuple[int, int]
    chemotherapy: Share
    """Share of those therapies that are chemotherapy."""
    delayed_cycles: Share
    """Cycles that start a week late."""


class Contacts(Model):
    """Survival follow-up."""

    every_days: Annotated[int, Field(gt=0)]
    lost: Rate
    """Hazard per month of being lost to all follow-up."""


class Marker(Model):
    """A marker looked for in a sample."""

    marker: str
    sample: str
    altered: Share
    not_evaluable: Share = 0


class Calibrated(Model):
    """A parameter of this file that was fitted so that a quantity meets its published value."""

    parameter: str
    """Path in this file, as in progression.A.hazard.0."""
    claim: str
    """Published figure the simulated mean is brought to."""
    quantity: str | None = None
    """Simulated quantity, where it is not the claim's own (see ``why``)."""
    target: float | None = None
    """Value of that quantity the claim implies."""
    scale: Literal["log", "logit"]


class Planning(Model):
    """What the trial as planned is supposed to rest on, where the protocol does not say so."""

    control_median_months: Positive | None = None
    """Median time to the event of the sample size in the control arm."""
    accrual_months: Positive | None = None
    """The patients of the sample size enter uniformly over so many months."""
    follow_up_months: Rate | None = None
    """From the last entry to the analysis."""
    dropout_12_months: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Chance to leave without an event within 12 months, in both arms."""


class Scenario(Model):
    """All suppositions of one virtual trial."""

    study: str
    label: str
    sources: dict[str, str] = {}
    until: date
    """Last day on which anything is recorded."""
    recruitment: Recruitment
    candidates: Candidates
    lesions: Lesions
    progression: dict[str, Piecewise]
    prognosis: dict[str, dict[str, Positive]] = {}
    """By stratification factor and level: multiplies the hazard of progression."""
    death_before_progression: dict[str, Rate]
    death_after_progression: dict[str, Rate]
    leaving: dict[str, Piecewise]
    """Ends tumor assessments without progression; survival follow-up goes on."""
    scans: Scans
    response: Response
    adverse_events: tuple[AdverseEvent, ...]
    treatment: Treatment
    samples_missed: dict[str, Share]
    markers: tuple[Marker, ...] = ()
    contacts: Contacts
    planning: Planning = Planning()
    calibration: tuple[Calibrated, ...] = ()

    provenance: dict[str, Provenance] = Field(default={}, exclude=True)

    def with_values(self, values: dict[str, float]) -> Scenario:
        """Return this scenario with the numbers at some paths replaced, as in ``{"progression.A.hazard.0": 0.2}``.

        Raises ValueError for a path that leads nowhere.
        """
        content = self.model_dump(exclude_unset=True)
        for path, value in values.items():
            self.value(path)
            _replace(content, path, value)
        return Scenario.model_validate(content).model_copy(update={"provenance": self.provenance})

    def value(self, path: str) -> float:
        """Return the number at a path; ValueError when there is none."""
        found: Any = self.model_dump()
        for step in path.split("."):
            found = _step(found, step, path)
        if not isinstance(found, int | float):
            raise ValueError(f"{path!r} must lead to a number in the scenario; it leads to {found!r}")
        return float(found)

    def null(self, control: str) -> Scenario:
        """Return the scenario in which all arms progress, die, leave and begin treatment as the control arm does.

        Response, toxicity and adverse events keep their arms: no time to progression or death depends on them.
        """
        if control not in self.progression:
            raise ValueError(
                f"control must be an arm of the scenario; got {control!r}. Known: {', '.join(self.progression)}"
            )
        by_arm = ("progression", "death_before_progression", "death_after_progression", "leaving")
        same = {name: dict.fromkeys(getattr(self, name), getattr(self, name)[control]) for name in by_arm}
        never = dict.fromkeys(self.treatment.never, self.treatment.never[control])
        treatment = self.treatment.model_copy(update={"never": never})
        return self.model_copy(update={**same, "treatment": treatment, "label": f"{self.label}, no difference"})


def _step(content: Any, step: str, path: str) -> Any:
    if isinstance(content, dict) and step in content:
        return content[step]
    if isinstance(content, list | tuple):
        for item in content:
            if isinstance(item, dict) and step in {item.get("term"), item.get("id")}:
                return item
        if step.isdigit() and int(step) < len(content):
            return content[int(step)]
    raise ValueError(
        f"{path!r} leads nowhere in the scenario: there is no {step!r}; known: {', '.join(_names(content))}"
    )


def _names(content: Any) -> list[str]:
    if isinstance(content, dict):
        return [str(name) for name in content]
    if not isinstance(content, list | tuple):
        return ["nothing below a single value"]
    named = (item.get("term", item.get("id")) if isinstance(item, dict) else None for item in content)
    return [name or str(index) for index, name in enumerate(named)]


def _replace(content: Any, path: str, value: float) -> None:
    *steps, last = path.split(".")
    for step in steps:
        content = _listed(content, step, path)
    content[int(last) if isinstance(content, list) else last] = value


def _listed(content: Any, step: str, path: str) -> Any:
    """Step down, turning a tuple on the way into a list so that it can be changed."""
    found = _step(content, step, path)
    if isinstance(found, tuple):
        found = list(found)
        content[int(step) if isinstance(content, list) else step] = found
    return found
