"""How often the next allocation can be known before it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trialwright.randomize.scheme import Scheme

__all__ = ["certain_share"]

Place = tuple[int, ...]
"""A place in a block: how many of each arm are left."""


def certain_share(scheme: Scheme, patients: int, shares: Mapping[str, float] | Sequence[float]) -> float:
    """Return the expected share of allocations that a central observer knows for certain beforehand.

    The observer sees all earlier allocations with their strata and knows the ratio and the block sizes, but not the
    size of the current block. ``shares`` gives the chance of each stratum, by name or in the order of
    ``scheme.strata``. Exact: for each position of a stratum the chance is summed over every place in a block, together
    with the set of places the observer cannot tell it from; no chance is drawn.

    >>> scheme = Scheme.of({"A": 1, "B": 1}, [2])
    >>> certain_share(scheme, 100, [1])
    0.5
    """
    from scipy.special import bdtrc

    chances = [shares[name] for name in scheme.strata] if isinstance(shares, Mapping) else list(shares)
    _check(scheme, patients, chances)
    certain = _certain_by_position(scheme, patients)
    reached = (float(bdtrc(p, patients, chance)) * certain[p] for chance in chances for p in range(patients))
    return sum(reached) / patients


def _certain_by_position(scheme: Scheme, positions: int) -> list[float]:
    starts = [tuple(share * size // scheme.whole for _, share in scheme.ratio) for size in scheme.block_sizes]
    now = {(start, frozenset(starts)): starts.count(start) / len(starts) for start in set(starts)}
    found = []
    for _ in range(positions):
        found.append(sum(chance for (_, possible), chance in now.items() if _is_certain(possible)))
        now = _next(now, starts)
    return found


def _next(
    now: Mapping[tuple[Place, frozenset[Place]], float], starts: Sequence[Place]
) -> dict[tuple[Place, frozenset[Place]], float]:
    """Return where the next allocation leads: the true place, and all that could be it, with its chance."""
    after: dict[tuple[Place, frozenset[Place]], float] = {}
    for (place, possible), chance in now.items():
        for arm, left in enumerate(place):
            if left:
                seen = frozenset(new for old in possible if old[arm] for new in _used(old, arm, starts))
                news = _used(place, arm, starts)
                for new in news:
                    step = chance * left / sum(place) / len(news)
                    after[new, seen] = after.get((new, seen), 0.0) + step
    return after


def _used(place: Place, arm: int, starts: Sequence[Place]) -> Sequence[Place]:
    """Return where a place leads when this arm is given: one step on, or to the start of any block."""
    left = tuple(number - (index == arm) for index, number in enumerate(place))
    return [left] if any(left) else starts


def _is_certain(possible: frozenset[Place]) -> bool:
    return len({arm for place in possible for arm, left in enumerate(place) if left}) == 1


def _check(scheme: Scheme, patients: int, chances: Sequence[float]) -> None:
    if patients < 1:
        raise ValueError(f"patients must be at least 1; got {patients}")
    strata = len(scheme.strata)
    if len(chances) != strata or min(chances) < 0 or abs(sum(chances) - 1) > 1e-9:
        raise ValueError(f"shares must be {strata} chances, one for each stratum, that add up to 1; got {chances}")
