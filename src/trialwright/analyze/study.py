"""What an analysis works on: the data, the derived tables, and the groups of patients that are compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from trialwright.results import Result

if TYPE_CHECKING:
    from trialwright.derive import Derived
    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["Finding", "Group", "Place", "Study"]


@dataclass(frozen=True)
class Group:
    """A set of patients with the name under which results list it."""

    name: str
    """Arm, ``all``, or a comparison ``A v B``."""
    key: str
    subjects: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.subjects)

    def of_endpoint(self, endpoint: str) -> Group:
        """Return the same patients under a key with the endpoint, for parts that belong to one endpoint."""
        cut, _, rest = self.key.partition("/")
        return self if rest.startswith(f"{endpoint}/") else Group(self.name, f"{cut}/{endpoint}/{rest}", self.subjects)

    def only(self, suffix: str, chosen: Iterable[str]) -> Group:
        """Return those of the group who are chosen, in the group's order, under a longer key."""
        wanted = set(chosen)
        return Group(self.name, f"{self.key}/{suffix}", tuple(s for s in self.subjects if s in wanted))


class Finding(NamedTuple):
    """A result with the patients behind it."""

    result: Result
    subjects: Group


@dataclass(frozen=True)
class Place:
    """Where a result belongs: data cut, endpoint and population."""

    cut: str
    endpoint: str
    population: str

    def found(self, group: Group, statistic: str, value: float | None, by: Group | None = None, **more: Any) -> Finding:
        """Return one result of a group; ``by`` are the patients who contribute, where these are not the whole group.

        A value of None without a problem is given one, so that nothing is missing without a reason.
        """
        subjects = group if by is None else by
        if value is None:
            more["problem"] = more.get("problem") or "not estimable"
        fields: dict[str, Any] = {"n": len(group), "subjects": subjects.key} | more
        result = Result(self.cut, self.endpoint, self.population, group.name, statistic, value, **fields)
        return Finding(result, subjects)

    def count(self, group: Group, statistic: str, by: Group, source: str, **more: Any) -> Finding:
        """Return how many of a group there are, with who they are."""
        fields: dict[str, Any] = {"events": len(by), "unit": "patients", "method": "count", "source": source} | more
        return self.found(group, statistic, float(len(by)), by, **fields)

    def share(self, group: Group, statistic: str, by: Group, source: str, **more: Any) -> Finding:
        """Return the share of a group, with who they are."""
        value = len(by) / len(group) if len(group) else None
        fields: dict[str, Any] = {"events": len(by), "unit": "share", "method": "share", "source": source} | more
        if value is None:
            fields["problem"] = "no patient"
        return self.found(group, statistic, value, by, **fields)


@dataclass(frozen=True)
class Study:
    """The data of one cut with everything derived from them."""

    data: TrialData
    protocol: Protocol
    derived: Derived
    cut: str

    @cached_property
    def arm_of(self) -> dict[str, str]:
        """Return the arm of each randomized subject, in the order of allocation."""
        return self._allocated("arm")

    @cached_property
    def stratum_of(self) -> dict[str, str]:
        """Return the stratum of each randomized subject as it was used for allocation."""
        return self._allocated("stratum")

    @cached_property
    def randomized_population(self) -> str:
        """Return the first population of everyone randomized, or the first population."""
        plans = self.protocol.analysis.populations
        return next((plan.id for plan in plans if plan.members == "randomized"), plans[0].id)

    def groups(self, population: str, within: Iterable[str] | None = None, name: str | None = None) -> list[Group]:
        """Return the arms and then ``all`` of a population, if wanted only those within a set that has a name."""
        kept = self._members[population]
        if within is not None:
            chosen = set(within)
            kept = tuple(subject for subject in kept if subject in chosen)
        return self.split(f"{self.cut}/{name + '/' if name else ''}{population}", kept)

    def split(self, key: str, subjects: Iterable[str]) -> list[Group]:
        """Return subjects by arm, in the protocol's order, and then all of them."""
        everyone = tuple(subjects)
        arms = [
            Group(arm.id, f"{key}/{arm.id}", tuple(s for s in everyone if self.arm_of[s] == arm.id))
            for arm in self.protocol.arms
        ]
        return [*arms, Group("all", f"{key}/all", everyone)]

    def comparisons(self, groups: Iterable[Group]) -> Iterator[tuple[Group, Group, Group]]:
        """Return (experimental, control, both) for each arm against the control."""
        by_name = {group.name: group for group in groups}
        control = by_name[self.protocol.analysis.control]
        for arm in self.protocol.arms:
            if arm.id != control.name:
                own = by_name[arm.id]
                name = f"{own.name} v {control.name}"
                yield own, control, Group(name, _beside(own.key, name), own.subjects + control.subjects)

    @cached_property
    def _members(self) -> dict[str, tuple[str, ...]]:
        import polars as pl

        frame = self.derived.populations.filter(pl.col("member"))
        found: dict[str, list[str]] = {plan.id: [] for plan in self.protocol.analysis.populations}
        for subject, population in zip(frame["subject"], frame["population"], strict=True):
            found[population].append(subject)
        return {population: tuple(subjects) for population, subjects in found.items()}

    def _allocated(self, column: str) -> dict[str, str]:
        allocations = self.data["allocations"]
        return dict(zip(allocations["subject"].to_list(), allocations[column].to_list(), strict=True))


def _beside(key: str, name: str) -> str:
    return f"{key.rpartition('/')[0]}/{name}"
