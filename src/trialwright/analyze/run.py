"""The analysis plan, carried out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trialwright.analyze.baseline import baseline
from trialwright.analyze.effect import effects
from trialwright.analyze.estimands import estimand
from trialwright.analyze.exposure import exposure
from trialwright.analyze.flow import flow
from trialwright.analyze.harms import harms
from trialwright.analyze.methods import METHODS
from trialwright.analyze.multiplicity import multiplicity
from trialwright.analyze.response import responses
from trialwright.analyze.samples import biomarkers, samples
from trialwright.analyze.sensitivity import sensitivity
from trialwright.analyze.study import Finding, Study
from trialwright.analyze.subgroups import subgroups
from trialwright.analyze.supporting import supporting
from trialwright.analyze.survival import Survival, survival
from trialwright.derive import tables
from trialwright.protocol import with_estimands
from trialwright.results import Results

if TYPE_CHECKING:
    from trialwright.derive import Derived
    from trialwright.protocol import AnalysisItem, Protocol
    from trialwright.records import TrialData

__all__ = ["run"]


def run(data: TrialData, protocol: Protocol, cut: str = "final", derived: Derived | None = None) -> Results:
    """Return every number of the protocol's analysis plan.

    ``data`` are cut already (``TrialData.cut``); ``cut`` is the name under which the rows are listed, and the first
    part of every key of ``Results.subjects``. Times are days; groups are arms, ``all`` and comparisons ``A v B`` of an
    arm with the control. Stratified methods use the strata as randomized. What cannot be estimated is a row with its
    problem. Pass ``derived`` (of ``derive.tables``) to save deriving it again. Raises ValueError when a planned
    endpoint cannot be analyzed, DataError when a datum is not of its type.
    """
    study = Study(data, with_estimands(protocol), derived or tables(data, protocol), cut)
    found = list(_findings(study))
    sets = {finding.subjects.key: finding.subjects.subjects for finding in found}
    return Results(tuple(finding.result for finding in found), METHODS, sets, {cut: data.hash})


def _findings(study: Study) -> Iterator[Finding]:
    yield from flow(study)
    yield from baseline(study)
    yield from _comparisons(study)
    yield from _questions(study)
    yield from exposure(study)
    yield from samples(study)
    yield from biomarkers(study)


def _comparisons(study: Study) -> Iterator[Finding]:
    """Return the planned items and estimands, and the decisions over their tests together."""
    found = [finding for item in study.protocol.analysis.items for finding in _item(study, item)]
    found += [finding for each in study.protocol.estimands for finding in estimand(study, each)]
    yield from found
    plan = study.protocol.analysis
    if plan.multiplicity is not None:
        yield from multiplicity(plan.multiplicity, plan.control, found, study.cut)


def _questions(study: Study) -> Iterator[Finding]:
    for plan in study.protocol.analysis.subgroups:
        yield from subgroups(study, plan)
    for each in study.protocol.analysis.sensitivity:
        yield from sensitivity(study, each)


def _item(study: Study, item: AnalysisItem) -> Iterator[Finding]:
    match study.protocol.endpoint(item.endpoint).kind:
        case "time to event":
            analysis = Survival.of(study, item)
            yield from survival(analysis)
            if item.compare:
                yield from effects(analysis)
                if item.supporting is not None:
                    yield from supporting(analysis, item.supporting)
        case "response":
            yield from responses(study, item)
        case "adverse events":
            yield from harms(study, item)
        case kind:
            raise ValueError(f"endpoint {item.endpoint!r} is in the analysis plan, but its kind is {kind!r}")
