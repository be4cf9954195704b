"""A protocol beside its registry record, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from trialwright.exchange.comparison import Comparison, members, numbers, row
from trialwright.exchange.criteria_text import NumberedList, numbered_lists
from trialwright.exchange.registry_record import Record, read_record
from trialwright.protocol import Arm, DatedStatus, Intervention, Protocol, Registry, Site

__all__ = ["compare"]


def compare(protocol: Protocol, record: str | Path) -> list[Comparison]:
    """Return a protocol and its ClinicalTrials.gov record (API v2, JSON) compared field by field.

    Fields that neither side states are left out. Criteria are compared by their numbers only, because the protocol
    words them itself. Raises DocumentError where the record cannot be read.
    """
    found = read_record(record)
    return [each for section in _SECTIONS for each in section(protocol, found)]


def _identification(protocol: Protocol, record: Record) -> Iterator[Comparison]:
    ours, module = protocol.identification, "identificationModule"
    yield from row("identification.nct_id", ours.nct_id, record.text(module, "nctId"))
    yield from row("identification.org_study_id", ours.org_study_id, record.text(module, "orgStudyIdInfo", "id"))
    yield from row("identification.acronym", ours.acronym, record.text(module, "acronym"))
    yield from row("identification.brief_title", ours.brief_title, record.text(module, "briefTitle"))
    yield from row("identification.official_title", ours.official_title, record.text(module, "officialTitle"))
    theirs = [(item.get("id"), item.get("type")) for item in record.items(module, "secondaryIdInfos")]
    yield from members("identification.secondary_ids", [(i.id, i.type) for i in ours.secondary_ids], theirs)


def _status(protocol: Protocol, record: Record) -> Iterator[Comparison]:
    ours, module = protocol.registry or Registry(), "statusModule"
    yield from row("registry.overall_status", ours.overall_status, record.text(module, "overallStatus"))
    yield from _dated("registry.start", ours.start, record, "startDateStruct")
    yield from _dated("registry.primary_completion", ours.primary_completion, record, "primaryCompletionDateStruct")
    yield from _dated("registry.completion", ours.completion, record, "completionDateStruct")
    posted = record.text(module, "studyFirstPostDateStruct", "date")
    yield from _date("registry.first_posted", ours.first_posted, posted)
    updated = record.text(module, "lastUpdatePostDateStruct", "date")
    submitted = record.text(module, "lastUpdateSubmitDate")
    note = "the record's last update is the day it was submitted" if not updated and submitted else ""
    yield from _date("registry.last_updated", ours.last_updated, updated or submitted, note)


def _dated(field: str, ours: DatedStatus | None, record: Record, key: str) -> Iterator[Comparison]:
    yield from _date(f"{field}.date", ours.date if ours else None, record.text("statusModule", key, "date"))
    yield from row(f"{field}.type", ours.type if ours else None, record.text("statusModule", key, "type"))


def _date(field: str, ours: date | None, theirs: str | None, note: str = "") -> Iterator[Comparison]:
    """Yield one date; a record that knows only the month is compared by the month."""
    if ours is not None and theirs is not None and len(theirs) == len("2019-04"):
        yield from row(field, f"{ours:%Y-%m}", theirs, "compared by the month, the record has no day")
    else:
        yield from row(field, ours, theirs, note)


def _organization(protocol: Protocol, record: Record) -> Iterator[Comparison]:
    ours, module = protocol.organization, "sponsorCollaboratorsModule"
    yield from row("organization.sponsor", ours.sponsor, record.text(module, "leadSponsor", "name"))
    theirs = [item.get("name") for item in record.items(module, "collaborators")]
    yield from members("organization.funders", ours.funders, theirs)
    officials = [(o.name, o.affiliation, o.role) for o in ours.officials]
    listed = record.items("contactsLocationsModule", "overallOfficials")
    yield from members(
        "organization.officials", officials, [(o.get("name"), o.get("affiliation"), o.get("role")) for o in listed]
    )
    conditions = record.texts("conditionsModule", "conditions") or ()
    yield from members("description.conditions", protocol.description.conditions, conditions)


def _design(protocol: Protocol, record: Record) -> Iterator[Comparison]:
    ours, module, info = protocol.design, "designModule", ("designModule", "designInfo")
    yield from row("design.study_type", ours.study_type, record.text(module, "studyType"))
    yield from row("design.phases", ours.phases, record.texts(module, "phases"))
    yield from row("design.allocation", ours.allocation, record.text(*info, "allocation"))
    yield from row("design.model", ours.model, record.text(*info, "interventionModel"))
    yield from row("design.primary_purpose", ours.primary_purpose, record.text(*info, "primaryPurpose"))
    yield from row("design.masking", ours.masking, record.text(*info, "maskingInfo", "masking"))
    yield from row("design.enrollment", ours.enrollment, record.number(module, "enrollmentInfo", "count"))
    yield from row("design.enrollment_type", ours.enrollment_type, record.text(module, "enrollmentInfo", "type"))


def _arms(protocol: Protocol, record: Record) -> Iterator[Comparison]:
    groups = record.items("armsInterventionsModule", "armGroups")
    yield from row("arms", len(protocol.arms), len(groups) or None, "number of arms")
    names = {i.id: i.name for i in protocol.interventions}
    for arm, group in _paired_arms(protocol.arms, groups, names):
        field = f"arms.{arm.id}" if arm else "arms"
        given = sorted(names[i] for i in arm.interventions) if arm else None
        yield from row(f"{field}.label", arm and arm.label, group.get("label"))
        yield from row(f"{field}.type", arm and arm.type, group.get("type"))
        yield from row(f"{field}.interventions", given, _given(group))


def _given(group: dict[str, Any]) -> list[str] | None:
    """Return the names of a group's interventions; the API writes the type before them: 'Drug: X'."""
    return sorted(str(name).split(": ", 1)[-1] for name in group.get("interventionNames") or ()) or None


def _paired_arms(
    arms: Sequence[Arm], groups: Sequence[dict[str, Any]], names: dict[str, str]
) -> Iterator[tuple[Arm | None, dict[str, Any]]]:
    """Pair arms and groups by label, then by what is given; the rest stand alone."""
    left = list(groups)
    for arm in arms:
        given = sorted(names[i] for i in arm.interventions)
        match = next((g for g in left if g.get("label") == arm.label), None)
        match = match or next((g for g in left if _given(g) == given), None)
        if match is not None:
            left.remove(match)
        yield arm, match or {}
    yield from ((None, group) for group in left)


def _interventions(protocol: Protocol, record: Record) -> Iterator[Comparison]:
    listed = {str(i.get("name")): i for i in record.items("armsInterventionsModule", "interventions")}
    for ours in protocol.interventions:
        theirs = listed.pop(ours.name, {})
        yield from _intervention(ours, theirs)
    for name in listed:
        yield from row("interventions.name", None, name)


def _intervention(ours: Intervention, theirs: dict[str, Any]) -> Iterator[Comparison]:
    field = f"interventions.{ours.id}"
    yield from row(f"{field}.name", ours.name, theirs.get("name"))
    yield from row(f"{field}.type", ours.type, theirs.get("type"))
    yield from row(f"{field}.other_names", sorted(ours.other_names), sorted(theirs.get("otherNames") or ()))


def _eligibility(protocol: Protocol, record: Record) -> Iterator[Comparison]:
    ours, module = protocol.eligibility, "eligibilityModule"
    yield from row("eligibility.minimum_age", _years(ours.minimum_age), record.text(module, "minimumAge"))
    yield from row("eligibility.maximum_age", _years(ours.maximum_age), record.text(module, "maximumAge"))
    yield from row("eligibility.sex", ours.sex, record.text(module, "sex"))
    healthy = record.mapping(module).get("healthyVolunteers")
    yield from row("eligibility.healthy_volunteers", ours.healthy_volunteers, healthy)
    lists = {each.kind: each for each in numbered_lists(record.text(module, "eligibilityCriteria") or "")}
    for kind in ("inclusion", "exclusion"):
        yield from _criteria(protocol, kind, lists.get(kind) or NumberedList(kind, (), {}, 0))


def _years(age: int | None) -> str | None:
    return None if age is None else f"{age} {'Year' if age == 1 else 'Years'}"


def _criteria(protocol: Protocol, kind: str, listed: NumberedList) -> Iterator[Comparison]:
    ours = {c.number: c for c in protocol.eligibility.criteria if c.kind == kind}
    field = f"eligibility.criteria.{kind}"
    note = "; ".join(("numbers of the items", *(f"in the record {oddity}" for oddity in listed.oddities())))
    yield from numbers(field, ours, listed.numbers, note)
    for number in sorted({*ours, *listed.numbers}):
        criterion = ours.get(number)
        name = f"eligibility.criteria.{criterion.id}" if criterion else field
        sub_items = listed.sub_items.get(number, ())
        note = f"the record's item has {len(sub_items)} sub-items" if sub_items else ""
        theirs = f"{kind} {number}" if number in listed.numbers else None
        yield from row(f"{name}.number", f"{kind} {number}" if criterion else None, theirs, note)


def _sites(protocol: Protocol, record: Record) -> Iterator[Comparison]:
    locations = record.items("contactsLocationsModule", "locations")
    yield from row("sites", len(protocol.sites), len(locations) or None, "number of sites")
    ours = Counter(site.country for site in protocol.sites)
    theirs = Counter(str(location.get("country")) for location in locations)
    for country in sorted({*ours, *theirs}):
        yield from row("sites", ours[country] or None, theirs[country] or None, f"number of sites in {country}")
    left = list(locations)
    for site in protocol.sites:
        match = _best(site, left)
        if match is not None:
            left.remove(match)
        yield from _site(f"sites.{site.id}", _place(site.model_dump()), match)
    for location in left:
        yield from row("sites", None, _place(location))


def _best(site: Site, locations: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the location of the same facility, best of the same city too."""
    same = [each for each in locations if each.get("facility") == site.facility]
    return next((each for each in same if each.get("city") == site.city), same[0] if same else None)


def _site(field: str, ours: tuple[str, ...], location: dict[str, Any] | None) -> Iterator[Comparison]:
    yield from row(field, ours, _place(location) if location else None)


def _place(location: dict[str, Any]) -> tuple[str, ...]:
    names = (location.get(key) for key in ("facility", "city", "state", "country"))
    return tuple(str(name) for name in names if name)


def _references(protocol: Protocol, record: Record) -> Iterator[Comparison]:
    listed = [str(item.get("citation")) for item in record.items("referencesModule", "references")]
    ours = protocol.registry.references if protocol.registry else ()
    yield from members("registry.references", ours, listed)


_SECTIONS = (
    _identification,
    _status,
    _organization,
    _design,
    _arms,
    _interventions,
    _eligibility,
    _sites,
    _references,
)
