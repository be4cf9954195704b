"""Sites, their approvals, the consent forms approved there, caps, and where recruitment is closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["APPROVALS", "Form", "Sites"]

APPROVALS = ("ethics committee", "competent authority", "agreement")
"""What a site must have before its first patient (ICH E6(R3) 4.3.5)."""


@dataclass(frozen=True, order=True)
class Form:
    """A version of the consent form, approved at a site from a day on."""

    from_: date
    version: str


@dataclass
class Sites:
    """What the facts say of the sites; a scope is ``study``, ``country:Spain``, ``site:ES06`` or ``stratum:...``."""

    countries: dict[str, str] = field(default_factory=dict)
    """Country of every site that was ever opened."""
    open: set[str] = field(default_factory=set)
    forms: dict[str, tuple[Form, ...]] = field(default_factory=dict)
    """Versions of the consent form by site, in the order of the days from which they hold."""
    caps: dict[str, int] = field(default_factory=dict)
    """Most allocations by scope."""
    closed_to_recruitment: dict[str, str] = field(default_factory=dict)
    """Reason by scope."""

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
        match fact.kind:
            case "site opened":
                self.open.add(body["site"])
                self.countries[body["site"]] = body["country"]
            case "site closed":
                self.open.discard(body["site"])
            case "form approved":
                self._approve(body["site"], Form(date.fromisoformat(body["from"]), body["version"]))
            case "cap set":
                self.caps[body["scope"]] = body["most"]
            case "recruitment closed":
                self.closed_to_recruitment[body["scope"]] = body["reason"]
            case "recruitment reopened":
                self.closed_to_recruitment.pop(body["scope"], None)

    def form_on(self, site: str, day: date) -> str | None:
        """Return the version of the consent form in force at a site on a day; None when there was none."""
        held = [form.version for form in self.forms.get(site, ()) if form.from_ <= day]
        return held[-1] if held else None

    def scopes(self, site: str, stratum: str | None = None) -> tuple[str, ...]:
        """Return the scopes that a patient of this site, and of this stratum, counts in, the widest first.

        >>> Sites(countries={"ES06": "Spain"}).scopes("ES06", "visceral=yes")
        ('study', 'country:Spain', 'site:ES06', 'stratum:visceral=yes')
        """
        country = self.countries.get(site)
        places = ("study", f"country:{country}" if country else None, f"site:{site}")
        return tuple(place for place in places if place) + ((f"stratum:{stratum}",) if stratum else ())

    def closed_scope(self, scopes: Iterable[str]) -> str | None:
        """Return the first of the scopes in which recruitment is closed."""
        return next((scope for scope in scopes if scope in self.closed_to_recruitment), None)

    def _approve(self, site: str, form: Form) -> None:
        others = tuple(held for held in self.forms.get(site, ()) if held.from_ != form.from_)
        self.forms[site] = tuple(sorted((*others, form)))
