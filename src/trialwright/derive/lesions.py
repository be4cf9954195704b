"""What one patient's scans showed of each lesion, as the rules of RECIST 1.1 ask for it.

A target that splits is the sum of its parts; lesions that merge have one diameter between them, which counts once; a
lesion too small to measure counts 5 mm (Eisenhauer et al. 2009, section 4.3.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from trialwright.derive.recist import TOO_SMALL, has_progressed, is_gone

__all__ = [
    "Lesion",
    "Reading",
    "Scan",
    "Seen",
    "Sighting",
    "diameter_of",
    "gone",
    "growth_shown_on",
    "new_sightings",
    "readings",
]


class Lesion(NamedTuple):
    """A lesion that is followed."""

    name: str
    node: bool
    role: str
    whole: str | None = None
    """The lesion of which this one is a part, since that one split."""
    into: str | None = None
    """The lesion whose diameter holds this one, once they have merged."""


class Seen(NamedTuple):
    """What one scan showed of one lesion."""

    diameter: int | None
    """Tenths of a millimeter."""
    state: str
    on: int
    """Whole days since 1970-01-01; the scans of one time point may lie days apart."""


class Scan(NamedTuple):
    """One time point: everything assessed under one number."""

    number: int
    on: int
    """Latest date of the time point."""
    seen: Mapping[str, Seen]


class Sighting(NamedTuple):
    """A new lesion at one time point."""

    lesion: str
    on: int
    known_on: int
    """Day from which it was certain: later than ``on`` when the lesion was equivocal first."""


class Reading(NamedTuple):
    """What a time point says of one lesion that counts, or of one part of it."""

    lesion: Lesion
    seen: Seen | None
    """A lesion that has merged shows nothing of its own as a target, and what the whole shows otherwise."""
    mark: str | None = None
    """What a reader of the sum should know."""


def readings(lesions: Sequence[Lesion], scan: Scan, parts_seen: frozenset[str], role: str) -> list[Reading]:
    """Return what the scan says of each lesion of a role, in order of their names.

    ``parts_seen`` names the parts seen by now: a part counts from the scan that first shows it. A whole that is not
    recorded once a part of it is seen has gone over into its parts.
    """
    split = {lesion.whole for lesion in lesions if lesion.name in parts_seen}
    return [
        _reading(lesion, scan, lesions)
        for lesion in sorted(lesions)
        if lesion.role == role
        and (lesion.whole is None or lesion.name in parts_seen)
        and (lesion.name not in split or lesion.name in scan.seen)
    ]


def _reading(lesion: Lesion, scan: Scan, lesions: Sequence[Lesion]) -> Reading:
    seen = scan.seen.get(lesion.name)
    part = f"{lesion.name} part of {lesion.whole}" if lesion.whole else None
    if seen is None:
        return Reading(lesion, None, part)
    if seen.state == "merged":
        return Reading(
            lesion, _merged(lesion, seen, scan, lesions), f"{lesion.name} merged into {lesion.into or 'another lesion'}"
        )
    if seen.state == "too small" and seen.diameter is None:
        return Reading(lesion, seen, f"{lesion.name} too small to measure, taken as {TOO_SMALL / 10:.1f} mm")
    return Reading(lesion, seen, part)


def _merged(lesion: Lesion, seen: Seen, scan: Scan, lesions: Sequence[Lesion]) -> Seen:
    """Return what stands for a merged lesion: as a target nothing more, else what the lesion that holds it shows."""
    into = {each.name: each.into for each in lesions}
    whole: Seen | None = seen
    name: str | None = lesion.name
    for _ in lesions:
        name = into.get(name) if name else None
        whole = scan.seen.get(name) if name else None
        if whole is None or whole.state != "merged":
            break
    if whole is None or whole.state in ("merged", "not evaluable"):
        return Seen(None, "not evaluable", seen.on)
    if lesion.role == "target":
        measured = diameter_of(whole) is not None
        return Seen(0 if measured else None, "measured" if measured else "not evaluable", seen.on)
    return whole._replace(on=seen.on)


def diameter_of(seen: Seen | None) -> int | None:
    """Return the diameter of a target lesion, 0 when it is absent, None when it could not be evaluated.

    >>> diameter_of(Seen(None, "too small", 0)), diameter_of(Seen(30, "too small", 0)), diameter_of(None)
    (50, 30, None)
    """
    if seen is None or seen.state == "not evaluable":
        return None
    if seen.state == "too small" and seen.diameter is None:
        return TOO_SMALL
    return 0 if seen.state == "absent" else seen.diameter


def gone(seen: Seen | None, node: bool) -> bool | None:
    """Return whether a non-target lesion has disappeared, None when it could not be evaluated."""
    if seen is None or seen.state == "not evaluable":
        return None
    diameter = diameter_of(seen)
    if seen.state in ("measured", "too small") and diameter is not None:
        return is_gone(diameter, node)
    return seen.state == "absent"


def growth_shown_on(shown: Iterable[Seen], nadir: int) -> int:
    """Return the earliest day by which the targets measured so far already meet progression."""
    total = 0
    dated = [(seen.on, diameter_of(seen)) for seen in shown]
    for on, diameter in sorted((on, diameter) for on, diameter in dated if diameter is not None):
        total += diameter
        if has_progressed(total, nadir):
            return on
    raise ValueError(f"targets of {total} tenths of a mm together do not meet progression from nadir {nadir}")


def new_sightings(lesions: Sequence[Lesion], scans: Sequence[Scan]) -> dict[int, Sighting]:
    """Return the earliest certain new lesion of each time point, by number.

    An equivocal lesion counts from the scan that first showed it once a later scan is unequivocal. A scan on which it
    is absent in between starts the wait anew.
    """
    certain: dict[int, Sighting] = {}
    for lesion in sorted(lesions):
        for number, sighting in _certain(lesion.name, scans):
            certain[number] = min(certain.get(number, sighting), sighting, key=lambda found: found.on)
    return certain


def _certain(lesion: str, scans: Sequence[Scan]) -> Iterator[tuple[int, Sighting]]:
    waiting: list[tuple[int, int]] = []
    confirmed = False
    for scan in scans:
        seen = scan.seen.get(lesion)
        if seen is None or seen.state in ("not evaluable", "merged"):
            continue
        if seen.state == "absent":
            waiting = []
            continue
        waiting.append((scan.number, seen.on))
        confirmed = confirmed or seen.state != "equivocal"
        if confirmed:
            yield from ((number, Sighting(lesion, on, seen.on)) for number, on in waiting)
            waiting = []
