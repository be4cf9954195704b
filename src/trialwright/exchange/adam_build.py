"""The analysis datasets of a trial, from its data and what was derived of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from trialwright import derive
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
    import polars as pl

    from trialwright.derive import Derived, Plan, SafetyTables
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
    proofs: Sequence[tuple[str, str]] | None = None,
    last_dose: Literal["unless ongoing", "of complete records"] = "unless ongoing",
    safety: SafetyTables | None = None,
) -> dict[str, Dataset]:
    """Return the analysis datasets by name, in the order in which they depend on each other.

    ``derived`` is ``derive.tables(data, plan)``; ``plan`` is the protocol, or the settings of data without one.
    ``prefix`` stands before the subject number in USUBJID, by default the study and a hyphen; "" where subject numbers
    are unique beyond the study. With ``screened`` ADRS has rows for subjects who were not randomized, too, as the R
    packages' template does; ADSL always has them. ``proofs`` and ``last_dose`` are those of ``derive.subjects``;
    without ``proofs`` those of the plan hold. ``safety`` saves deriving it again, and is how other grades than the
    plan's are asked for; its findings, of ``derive.safety_tables``, are the caller's to list.

    >>> from trialwright import derive, protocol
    >>> from trialwright.records import TrialData
    >>> plan = protocol.load(protocol.study_names()[0])
    >>> nobody = TrialData.from_rows("x", {}, virtual=True)
    >>> list(adam(nobody, derive.tables(nobody, plan), plan))[:4]
    ['ADSL', 'ADRS', 'ADTR', 'ADTTE']
    """
    endpoints = _endpoints(plan)
    study = study_of(
        data, _arms(plan), f"{data.study.upper()}-" if prefix is None else prefix, proofs or _proofs(plan), last_dose
    )
    responses = adrs(
        study if screened else study.randomized,
        data,
        derived,
        [found for found in endpoints if found.kind == "response"],
    )
    times = adtte(study, derived.times, [found for found in endpoints if found.kind == "time to event"], responses)
    harms = safety or derive.safety_tables(data, plan)
    made = (
        adsl(study, data, responses, _true_strata(data, plan)),
        responses,
        adtr(study, data, derived, plan),
        times,
        adae(study, harms.adverse_events.rows),
        adex(study, data, harms.exposure.rows),
        adlb(study, harms.laboratory.rows),
    )
    return {dataset.name: dataset for dataset in made}


def _proofs(plan: Plan) -> Sequence[tuple[str, str]]:
    return plan.proofs if isinstance(plan, derive.DerivationSettings) else derive.PROOFS


def _true_strata(data: TrialData, plan: Plan) -> pl.DataFrame | None:
    """Return the strata as the data say they truly are; settings without a protocol have no rules for them."""
    return derive.true_strata(data, plan).rows if isinstance(plan, Protocol) else None


def _endpoints(plan: Plan) -> Sequence[Endpoint]:
    return (with_estimands(plan) if isinstance(plan, Protocol) else plan).endpoints


def _arms(plan: Plan) -> Mapping[str, str]:
    """Return what the arms are called: by their label, or a shorter one where it is too long for the variable."""
    if not isinstance(plan, Protocol):
        return {}
    room = ADSL["TRT01P"].length or 0
    return {arm.id: arm.label if len(arm.label.encode()) <= room else arm.short for arm in plan.arms}
