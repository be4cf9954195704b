"""What identifies a trial: names, people, its entry in a public register, its subject and its hospitals."""

from __future__ import annotations

from datetime import date
from typing import Literal

from trialwright.protocol.base import Id, Model

__all__ = [
    "DatedStatus",
    "Description",
    "Identification",
    "Official",
    "Organization",
    "Registry",
    "SecondaryId",
    "Site",
]


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


class Site(Model):
    """A hospital of the trial."""

    id: Id
    facility: str
    city: str
    state: str | None = None
    country: str
