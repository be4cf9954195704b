"""What must hold of every rehearsal, whatever the seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trialwright.errors import CheckFailed

if TYPE_CHECKING:
    from trialwright.cli.rehearsal import Rehearsal

__all__ = ["check_rehearsal", "faults"]

CLOSE = 1e-9


def check_rehearsal(found: Rehearsal) -> None:
    """Raise CheckFailed when the rehearsal contradicts itself, naming every contradiction."""
    wrong = list(faults(found))
    if wrong:
        raise CheckFailed("the rehearsal contradicts itself:\n" + "\n".join(wrong))


def faults(found: Rehearsal) -> Iterator[str]:
    """Yield what is wrong: allocations that do not replay, patients who should not be in, simulators that disagree."""
    yield from _allocations(found)
    yield from _admitted(found)
    yield from _simulators(found)


def _allocations(found: Rehearsal) -> Iterator[str]:
    """Every arm must come again from the key, the stratum and the position alone."""
    from trialwright.randomize import allocate, key_from_seed
    from trialwright.simulate import World

    world, key = World.of(found.study.protocol, found.study.scenario, found.seed), key_from_seed(found.seed, 0)
    for row in found.data["allocations"].iter_rows(named=True):
        again = allocate(world.scheme, key, world.list_id, row["stratum"], row["position"])
        if again.arm != row["arm"]:
            yield f"allocation of {row['subject']}: position {row['position']} of {row['stratum']} does not replay"


def _admitted(found: Rehearsal) -> Iterator[str]:
    """Nobody randomized may have a criterion that is not met or cannot be told."""
    import polars as pl

    randomized = found.data["allocations"]["subject"]
    screenings = found.data["screenings"].filter(pl.col("subject").is_in(randomized.implode()))
    doubtful = screenings.filter(pl.col("answer").is_in(["not met", "cannot tell"]))
    for row in doubtful.iter_rows(named=True):
        yield f"{row['subject']} was randomized although {row['criterion']} is {row['answer']}"


def _simulators(found: Rehearsal) -> Iterator[str]:
    """The first fast replay is the rehearsed trial: each of its numbers must be that of the full analysis."""
    if found.replays is None:
        return
    rows = {row.key: row.value for row in found.analysis.results}
    for key, values in found.replays.values.items():
        fast, full = float(values[0]), rows.get(key)
        if key in rows and not _same(fast, full):
            yield f"{key}: {fast} by the fast replay, {full} by the full analysis"


def _same(fast: float, full: float | None) -> bool:
    if full is None or not math.isfinite(fast):
        return full is None and not math.isfinite(fast)
    return abs(fast - full) <= CLOSE * max(1.0, abs(full))
