"""What is asked about allocation lists: sealed or imported by a statistician, activated by another person."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, SecretStr, StringConstraints

from trialwright.conduct.allocation_lists import plain_scheme
from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.configuration import check_in_force, running_hash
from trialwright.conduct.facts import Fact, NewFact, canonical
from trialwright.conduct.refusals import Invalid, NotFound, Refused
from trialwright.conduct.sealed_rows import encrypted_rows
from trialwright.conduct.sealing import SealedKey
from trialwright.errors import DataError
from trialwright.randomize import Assignment, Scheme, check_list, commitment, list_sha256, read_list, scheme

if TYPE_CHECKING:
    from trialwright.conduct.allocation_lists import AllocationList
    from trialwright.conduct.state import State

__all__ = ["ActivateList", "ImportList", "ListUnsealed", "SealList", "known_list"]

ListId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]{0,39}$")]
Purpose = Literal["central", "contingency"]
MOST_PROBLEMS = 5


class _NewList(Ask):
    """What every new list says."""

    model_config = ConfigDict(hide_input_in_errors=True)

    list: ListId
    """A name never used before; it is part of every draw."""
    purpose: Purpose = "central"
    """``central`` gives arms here; ``contingency`` was printed into envelopes, whose opening is entered afterwards."""
    sealed: SealedKey
    """The key under the statistician's passphrase, made by ``seal_key``; neither is sent."""

    def check_new(self, state: State) -> None:
        """Refuse a name or a key used before: the same key would repeat the same arms."""
        if self.list in state.allocations.lists:
            raise Refused(f"there is a list {self.list!r} already; a new list needs a new name")
        used = [held.id for held in state.allocations.lists.values() if held.commitment == self.sealed.commitment]
        if used:
            raise Refused(f"the key of {self.list!r} is that of list {used[0]!r}; seal a new random key")

    def body(self, plan: Scheme, places: Mapping[str, int]) -> dict[str, Any]:
        """Return what both kinds of lists write down."""
        return {
            "list": self.list,
            "purpose": self.purpose,
            "scheme": plain_scheme(plan),
            "commitment": self.sealed.commitment,
            "places": dict(places),
            "sealed": self.sealed.model_dump(mode="json"),
        }

    def reply(self, facts: Sequence[Fact]) -> dict[str, Any]:
        """Return the name, and the hashes by which the sponsor knows the list again."""
        body = facts[0].body
        return {"list": body["list"], "sha256": body["sha256"], "commitment": body["commitment"]}


@offered
class SealList(_NewList):
    """Seal the key of a computed list, for the protocol's own scheme: arms exist only once they are allocated."""

    action: ClassVar[str] = "seal list"
    places: Annotated[int, Field(ge=1, le=1_000_000)]
    """Places in each stratum, after which the list gives nothing more."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``list sealed``; its hash covers all that the list promises."""
        self.check_new(state)
        plan = scheme(context.screener.protocol)
        body = self.body(plan, dict.fromkeys(plan.strata, self.places))
        sha256 = hashlib.sha256(canonical(body).encode()).hexdigest()
        return [NewFact("list sealed", {**body, "sha256": sha256})]


@offered
class ImportList(_NewList):
    """Take in a statistician's list: checked against the protocol's scheme, then encrypted row by row.

    ``sealed`` holds the ``key`` that the rows are encrypted with. Neither the content nor the key is written anywhere.
    """

    action: ClassVar[str] = "import list"
    content: SecretStr = Field(max_length=5_000_000)
    """The bytes of the CSV file in base64; its columns are list, stratum, position, block, place and arm."""
    key: SecretStr = Field(min_length=64, max_length=64)
    """The key in hex."""

    def request(self) -> dict[str, Any]:
        """Return what was asked with the list known by its hash and the key by its commitment."""
        plain = self.model_dump(mode="json", exclude={"content", "key"})
        return {**plain, "sha256": list_sha256(self._content()), "key": commitment(self._key())}

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``list imported``; what is wrong with the list is said without naming an arm."""
        self.check_new(state)
        if commitment(self._key()) != self.sealed.commitment:
            raise Invalid("key must be the one that was sealed; its SHA-256 is not the commitment")
        sha256, plan = list_sha256(self._content()), scheme(context.screener.protocol)
        if any(held.sha256 == sha256 for held in state.allocations.lists.values()):
            raise Refused(f"this list was imported already (SHA-256 {sha256}); make a new one")
        rows = self._rows(plan)
        places = {stratum: sum(row.stratum == stratum for row in rows) for stratum in plan.strata}
        hidden = encrypted_rows(rows, plan, self._key())
        return [NewFact("list imported", {**self.body(plan, places), "sha256": sha256, "rows": hidden})]

    def _rows(self, plan: Scheme) -> tuple[Assignment, ...]:
        try:
            rows = read_list(self._content(), source=self.list)
        except DataError as error:
            raise Invalid(str(error)) from None
        problems = list(check_list(rows, plan))
        if rows[0].list_id != self.list:
            problems.insert(0, f"the file is of list {rows[0].list_id!r}, not {self.list!r}")
        if problems:
            more = f"; and {len(problems) - MOST_PROBLEMS} more" if len(problems) > MOST_PROBLEMS else ""
            raise Invalid(f"the list cannot be used: {'; '.join(problems[:MOST_PROBLEMS])}{more}")
        return rows

    def _content(self) -> bytes:
        try:
            return base64.b64decode(self.content.get_secret_value(), validate=True)
        except ValueError:
            raise Invalid("content must be the bytes of the file in base64") from None

    def _key(self) -> bytes:
        try:
            return bytes.fromhex(self.key.get_secret_value())
        except ValueError:
            raise Invalid("key must be 64 hexadecimal digits") from None


@offered
class ActivateList(Ask):
    """Take a list into use: asked by another person than the one who made it, who names its hash.

    The first central list becomes the one source of allocations; a later one extends it, stratum by stratum, once the
    lists before it are used up.
    """

    action: ClassVar[str] = "activate list"
    needs_confirmation: ClassVar[bool] = True
    list: ListId
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", to_lower=True)]
    """Hash of the list as the statistician told it."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``list activated``; refused while the office cannot open the list."""
        found = known_list(state, self.list)
        if found.activated_by is not None:
            raise Refused(f"list {self.list!r} is active already, by {found.activated_by}")
        if found.sealed_by == context.actor.user:
            raise Refused(f"list {self.list!r} was made by {found.sealed_by}; another person must activate it")
        if found.sha256 != self.sha256:
            raise Refused(f"the hash of list {self.list!r} is another one than approved; compare it with the maker's")
        check_in_force(state, context)
        context.keys.of_list(self.list, found.commitment)
        extends = state.allocations.active[-1] if state.allocations.active else None
        body = {"list": self.list, "sha256": self.sha256, "purpose": found.purpose, "extends": extends}
        body |= {"protocol_hash": running_hash(context.screener.protocol)}
        return [NewFact("list activated", body)]


class ListUnsealed(Ask):
    """Note that somebody gave the passphrase of a list; asked by :func:`trialwright.conduct.unseal` only."""

    action: ClassVar[str] = "unseal list"
    list: ListId

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``list unsealed``."""
        return [NewFact("list unsealed", {"list": known_list(state, self.list).id})]


def known_list(state: State, name: str) -> AllocationList:
    """Return the list of that name; NotFound listing the known ones."""
    if name not in state.allocations.lists:
        known = ", ".join(state.allocations.lists) or "none"
        raise NotFound(f"list {name!r} is not known; known: {known}")
    return state.allocations.lists[name]
