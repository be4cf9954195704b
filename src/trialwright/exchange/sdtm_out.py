"""Trial data to SDTM by SDTMIG 3.4: plain names end here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from trialwright.exchange.countries import COUNTRY_CODES
from trialwright.exchange.datasets import Dataset
from trialwright.exchange.sdtm_settings import SdtmSettings
from trialwright.exchange.sdtm_subject_days import marks
from trialwright.exchange.sdtm_visits import ASSESSMENT_NUMBER, visit_names
from trialwright.exchange.sdtm_write_design import design_datasets
from trialwright.exchange.sdtm_write_events import event_datasets
from trialwright.exchange.sdtm_write_subjects import strata_names, subject_datasets
from trialwright.exchange.sdtm_write_tumors import tumor_datasets

if TYPE_CHECKING:
    from trialwright.protocol import Protocol, Variable
    from trialwright.records import TrialData

__all__ = ["NOT_IN_SDTM", "sdtm", "settings_of"]

NOT_IN_SDTM: Mapping[str, tuple[str, ...]] = {
    "answers": (),
    "screenings": (),
    "samples": (),
    "biomarkers": (),
    "visits": ("planned_on",),
    "assessments": ("planned_on",),
    "doses": ("planned",),
    "therapies": ("progressed_on",),
}
"""What ``sdtm`` leaves out: columns of a table, or with no columns named the whole table."""


def sdtm(data: TrialData, protocol: Protocol) -> dict[str, Dataset]:
    """Return the SDTM datasets of a trial by name, the trial's design first; read back with ``settings_of``.

    Study day 1 is the day of the first dose. RS holds responses as recorded or, where none were, those that follow from
    the lesions, with RSDRVFL. What the protocol does not know is a null flavor in TS. ``NOT_IN_SDTM`` lists what is
    left out. Datasets without a record are left out too, but for DM.

    >>> from trialwright import protocol
    >>> from trialwright.records import TrialData
    >>> plan = protocol.load(protocol.study_names()[0])
    >>> list(sdtm(TrialData.from_rows("x", {}, virtual=True), plan))
    ['TA', 'TE', 'TV', 'TI', 'TS', 'DM']
    """
    marked = marks(data)
    made = [
        *design_datasets(data, protocol),
        *subject_datasets(data, protocol, marked),
        *event_datasets(data, protocol, marked),
        *tumor_datasets(data, protocol, marked),
    ]
    tumors = len(data["lesions"]) > 0
    kept = [one for one in made if len(one) and (one.name != "RELREC" or tumors)]
    found = {one.name: one for one in kept}
    return found if "DM" in found else {**found, "DM": next(one for one in made if one.name == "DM")}


def settings_of(protocol: Protocol) -> SdtmSettings:
    """Return the settings that read what ``sdtm`` writes for this protocol.

    >>> from trialwright import protocol
    >>> settings_of(protocol.load(protocol.study_names()[0])).subject
    'SUBJID'
    """
    products = {found.name: found.id for found in protocol.interventions}
    products |= {choice.product: found.id for found in protocol.interventions for choice in found.choice}
    readers = {name.upper(): name for name in protocol.assessments.evaluators}
    return SdtmSettings(
        subject="SUBJID",
        strata=strata_names(protocol),
        answers={},
        interventions=products,
        evaluators={"INVESTIGATOR": "investigator", **readers},
        assessment_number=ASSESSMENT_NUMBER,
        visits={name: id for id, name in visit_names(protocol).items()},
        countries={code: name for name, code in reversed(COUNTRY_CODES.items())},
        organs={level.upper().replace("_", " "): level for level in _levels(protocol.variables.values())},
        alive=(),
    )


def _levels(variables: Iterable[Variable]) -> Iterator[str]:
    """Yield the levels that variables and their fields may take: among them the protocol's own words for organs."""
    for variable in variables:
        yield from variable.levels
        yield from _levels(variable.fields.values())
