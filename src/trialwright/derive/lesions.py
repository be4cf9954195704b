"""What one patient's scans showed of each lesion, as the rules of RECIST 1.1 ask for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from trialwright.derive.recist import has_progressed, is_gone

__all__ = ["Lesion", "Scan", "Seen", "Sighting", "diameter_of", "gone", "growth_shown_on", "new_sightings"]


class Lesion(NamedTuple):
    """A lesion that is followed."""

    name: str
    node: bool


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


def diameter_of(seen: Seen | None) -> int | None:
    """Return the diameter of a target lesion, 0 when it is absent, None when it could not be evaluated."""
    if seen is None or seen.state == "not evaluable":
        return None
    return 0 if seen.state == "absent" else seen.diameter


def gone(seen: Seen | None, node: bool) -> bool | None:
    """Return whether a non-target lesion has disappeared, None when it could not be evaluated."""
    if seen is None or seen.state == "not evaluable":
        return None
    if seen.state == "measured" and seen.diameter is not None:
        return is_gone(seen.diameter, node)
    return seen.state == "absent"


def growth_shown_on(scan: Scan, targets: Sequence[Lesion], nadir: int) -> int:
    """Return the earliest day by which the targets measured so far already meet progression."""
    total = 0
    dated = [
        (scan.seen[lesion.name].on, diameter_of(scan.seen[lesion.name]))
        for lesion in targets
        if lesion.name in scan.seen
    ]
    for on, diameter in sorted((on, diameter) for on, diameter in dated if diameter is not None):
        total += diameter
        if has_progressed(total, nadir):
            return on
    raise ValueError(f"the targets of assessment {scan.number} do not meet progression from nadir {nadir}")


def new_sightings(lesions: Sequence[Lesion], scans: Sequence[Scan]) -> dict[int, Sighting]:
    """Return the earliest certain new lesion of each time point, by number.

    An equivocal lesion counts from the scan that first showed it once a later scan is unequivocal. A scan on which it
    is absent in between starts the wait anew.
    """
    certain: dict[int, Sighting] = {}
    for lesion in lesions:
        for number, sighting in _certain(lesion.name, scans):
            certain[number] = min(certain.get(number, sighting), sighting, key=lambda found: found.on)
    return certain


def _certain(lesion: str, scans: Sequence[Scan]) -> Iterator[tuple[int, Sighting]]:
    waiting: list[tuple[int, int]] = []
    confirmed = False
    for scan in scans:
        seen = scan.seen.get(lesion)
        if seen is None or seen.state == "not evaluable":
            continue
        if seen.state == "absent":
            waiting = []
            continue
        waiting.append((scan.number, seen.on))
        confirmed = confirmed or seen.state != "equivocal"
        if confirmed:
            yield from ((number, Sighting(lesion, on, seen.on)) for number, on in waiting)
            waiting = []
