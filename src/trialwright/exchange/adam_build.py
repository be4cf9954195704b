"""The analysis datasets of a trial, from its data and what was derived of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from trialwright import derive
from trialwright.errors import DocumentError
from trialwright.exchange.adam_adverse_events import adae
from trialwright.exchange.adam_exposure import adex
from trialwright.exchange.adam_laboratory import adlb
from trialwright.exchange.adam_response import adrs
from trialwright.exchange.adam_spec_subjects import ADSL
from trialwright.exchange.adam_subjects import adsl, study_of
from trialwright.exchange.adam_times import adtte
from trialwright.exchange.adam_tumors import adtr
from trialwright.protocol import Protocol, with_estimands

if TYPE_CHECKING:
    from trialwright.derive import Derived, LabRules, Plan
    from trialwright.exchange.adam_rows import Study
    from trialwright.exchange.datasets import Dataset
    from trialwright.protocol import Endpoint
    from trialwright.records import TrialData

__all__ = ["adam"]


def adam(
    data: TrialData,
    derived: Derived,
    plan: Plan,
    *,
    prefix: str | None = None,
    screened: bool = False,
    proofs: Sequence[tuple[str, str]] = derive.PROOFS,
    last_dose: Literal["unless ongoing", "of complete records"] = "unless ongoing",
    grading: LabRules | None = None,
) -> dict[str, Dataset]:
    """Return the analysis datasets by name, in the order in which they depend on each other.

    ``derived`` is ``derive.tables(data, plan)``; ``plan`` is the protocol, or the settings of data without one.
    ``prefix`` stands before the subject number in USUBJID, by default the study and a hyphen; "" where subject numbers
    are unique beyond the study. With ``screened`` ADRS has rows for subjects who were not randomized, too, as the R
    packages' template does; ADSL always has them. ``proofs`` and ``last_dose`` are those of ``derive.subjects``.
    ``grading`` says how laboratory results are graded; by default the version of CTCAE that the plan names, presuming
    nothing, within the plan's window. DocumentError where the plan names none that can be graded by numbers.

    >>> from trialwright import derive, protocol
    >>> from trialwright.records import TrialData
    >>> plan = protocol.load(protocol.study_names()[0])
    >>> nobody = TrialData.from_rows("x", {}, virtual=True)
    >>> list(adam(nobody, derive.tables(nobody, plan), plan))[:4]
    ['ADSL', 'ADRS', 'ADTR', 'ADTTE']
    """
    endpoints = _endpoints(plan)
    study = study_of(data, _arms(plan), f"{data.study.upper()}-" if prefix is None else prefix, proofs, last_dose)
    responses = adrs(
        study if screened else study.randomized,
        data,
        derived,
        [found for found in endpoints if found.kind == "response"],
    )
    times = adtte(study, derived.times, [found for found in endpoints if found.kind == "time to event"], responses)
    rules = _grading(plan) if grading is None else grading
    made = (
        adsl(study, data, responses),
        responses,
        adtr(study, data, derived, plan),
        times,
        *_safety(study, data, plan, rules),
    )
    return {dataset.name: dataset for dataset in made}


def _safety(study: Study, data: TrialData, plan: Plan, grading: LabRules) -> tuple[Dataset, Dataset, Dataset]:
    events = derive.adverse_events(data, derive.adverse_event_rules(plan))
    exposure = derive.exposure(data, plan if isinstance(plan, Protocol) else None)
    return (
        adae(study, events.rows),
        adex(study, data, exposure.rows),
        adlb(study, derive.laboratory(data, grading).rows),
    )


def _grading(plan: Plan) -> LabRules:
    version = re.search(r"\b[vV]?([45])(?:\.\d+)?\b", plan.safety.grading)
    if version is None:
        raise DocumentError(
            f"safety.grading must name version 4 or 5 of CTCAE; got {plan.safety.grading!r}. Give grading=LabRules(...)"
        )
    return derive.LabRules(version[1], (), plan.safety.window.days_after_last_dose)


def _endpoints(plan: Plan) -> Sequence[Endpoint]:
    return (with_estimands(plan) if isinstance(plan, Protocol) else plan).endpoints


def _arms(plan: Plan) -> Mapping[str, str]:
    """Return what the arms are called: by their label, or a shorter one where it is too long for the variable."""
    if not isinstance(plan, Protocol):
        return {}
    room = ADSL["TRT01P"].length or 0
    return {arm.id: arm.label if len(arm.label.encode()) <= room else arm.short for arm in plan.arms}
