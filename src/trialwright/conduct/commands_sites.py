"""What is asked about sites: opening with approvals, consent forms, caps, and closing recruitment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.facts import NewFact
from trialwright.conduct.refusals import Invalid, NotFound, Refused
from trialwright.conduct.sites import APPROVALS
from trialwright.randomize import scheme

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.protocol import Protocol

__all__ = [
    "Approval", "ApproveForm", "CloseRecruitment", "CloseSite", "OpenSite", "ReopenRecruitment", "SetCap", "Short",
]  # fmt: skip

Short = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Reason = Annotated[str, StringConstraints(min_length=3, max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]


class Approval(BaseModel):
    """One approval of a site."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)

    kind: Literal["ethics committee", "competent authority", "agreement"]
    reference: Short
    """Number of the document, by which it is found again."""
    approved_on: date


@offered
class OpenSite(Ask):
    """Open a site of the protocol to patients: every kind of approval must be there, none of them in the future."""

    action: ClassVar[str] = "open site"
    site: Short
    approvals: Annotated[tuple[Approval, ...], Field(max_length=20)]

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``site opened``."""
        site = known_site(context.screener.protocol, self.site)
        if site in state.sites.open:
            raise Refused(f"site {site} is open already")
        self._check_approvals(context.today)
        country = context.screener.protocol.site(site).country
        approvals = [approval.model_dump(mode="json") for approval in self.approvals]
        return [NewFact("site opened", {"site": site, "country": country, "approvals": approvals}, site)]

    def _check_approvals(self, today: date) -> None:
        lacking = [kind for kind in APPROVALS if kind not in {approval.kind for approval in self.approvals}]
        if lacking:
            raise Refused(f"site {self.site} cannot open: the approval of kind {lacking[0]!r} is missing; record it")
        for approval in self.approvals:
            not_future(approval.approved_on, today, f"approved_on of {approval.kind}")


@offered
class CloseSite(Ask):
    """Close a site: nobody is screened or randomized there until it is opened again."""

    action: ClassVar[str] = "close site"
    site: Short
    reason: Reason

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``site closed``."""
        if self.site not in state.sites.open:
            raise Refused(f"site {self.site} is not open; open are: {', '.join(sorted(state.sites.open)) or 'none'}")
        return [NewFact("site closed", {"site": self.site, "reason": self.reason}, self.site)]


@offered
class ApproveForm(Ask):
    """Record that a version of the consent form holds at a site from a day on."""

    action: ClassVar[str] = "approve form"
    site: Short
    version: Short
    valid_from: date

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``form approved``; an earlier version cannot be dated after a later one by mistake."""
        site = known_site(context.screener.protocol, self.site)
        held = state.sites.forms.get(site, ())
        if any(form.version == self.version for form in held):
            raise Refused(f"version {self.version} of the consent form is approved at {site} already")
        if held and self.valid_from <= held[-1].from_:
            last = held[-1]
            raise Invalid(
                f"valid_from must be after {last.from_}, when version {last.version} came into force at {site}"
            )
        return [
            NewFact("form approved", {"site": site, "version": self.version, "from": self.valid_from.isoformat()}, site)
        ]


class _Scoped(Ask):
    """What concerns the study, one country, one site or one stratum."""

    scope: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """``study``, ``country:Spain``, ``site:ES06`` or ``stratum:visceral=yes``."""

    def known_scope(self, context: Context) -> str:
        """Return the scope; NotFound, listing the known ones of its kind, when there is none of that name."""
        protocol = context.screener.protocol
        known = {
            "study": ["study"],
            "country": sorted({f"country:{site.country}" for site in protocol.sites}),
            "site": [f"site:{site.id}" for site in protocol.sites],
            "stratum": [f"stratum:{name}" for name in scheme(protocol).strata],
        }
        kind = self.scope.partition(":")[0]
        if self.scope not in known.get(kind, ()):
            names = ", ".join(known.get(kind, ["study", "country:...", "site:...", "stratum:..."]))
            raise NotFound(f"scope {self.scope!r} is not known; known: {names}")
        return self.scope


@offered
class SetCap(_Scoped):
    """Set the most patients that may be randomized in a scope; the last word holds, those there already stay."""

    action: ClassVar[str] = "set cap"
    most: Annotated[int, Field(ge=0, le=1_000_000)]

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``cap set``."""
        return [NewFact("cap set", {"scope": self.known_scope(context), "most": self.most})]


@offered
class CloseRecruitment(_Scoped):
    """Close recruitment in a scope: from this fact on nobody is randomized there."""

    action: ClassVar[str] = "close recruitment"
    reason: Reason

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``recruitment closed``."""
        scope = self.known_scope(context)
        if scope in state.sites.closed_to_recruitment:
            raise Refused(f"recruitment is closed in {scope} already: {state.sites.closed_to_recruitment[scope]}")
        return [NewFact("recruitment closed", {"scope": scope, "reason": self.reason})]


@offered
class ReopenRecruitment(_Scoped):
    """Open recruitment in a scope again."""

    action: ClassVar[str] = "reopen recruitment"
    reason: Reason

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``recruitment reopened``."""
        scope = self.known_scope(context)
        if scope not in state.sites.closed_to_recruitment:
            closed = ", ".join(sorted(state.sites.closed_to_recruitment)) or "none"
            raise Refused(f"recruitment is not closed in {scope}; closed are: {closed}")
        return [NewFact("recruitment reopened", {"scope": scope, "reason": self.reason})]


def known_site(protocol: Protocol, site: str) -> str:
    """Return the site; NotFound listing the protocol's sites when it is none of them."""
    known = [each.id for each in protocol.sites]
    if site not in known:
        raise NotFound(f"site {site!r} is not in the protocol; known: {', '.join(known)}")
    return site


def not_future(day: date, today: date, what: str) -> None:
    """Refuse a date that lies ahead."""
    if day > today:
        raise Invalid(f"{what} must not be in the future; got {day}, today is {today}")
