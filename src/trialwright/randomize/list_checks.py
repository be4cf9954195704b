"""What is wrong with a list, said before the first patient and without naming an arm.

Each check answers a way in which real trials went wrong: a schedule sorted or cut after it was made, a ratio that was
not the protocol's, one stratum pasted over another (Yelland et al. 2025, Trials, doi 10.1186/s13063-025-09390-9).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import factorial, prod

from trialwright.randomize.allocation import Allocator, Assignment
from trialwright.randomize.key import check_key
from trialwright.randomize.scheme import Scheme

__all__ = ["check_list"]

RARE = 10**6
"""A coincidence with a chance below one in this many is called a fault."""

Blocks = list[tuple[str, ...]]


def check_list(rows: Sequence[Assignment], scheme: Scheme, *, key: bytes | None = None) -> tuple[str, ...]:
    """Return what is wrong with the list, one sentence each; nothing when it can be used.

    Checked are its name, strata, order, gaps and duplicates, arms, the size and ratio of each block, strata that repeat
    one another and blocks that repeat one another beyond coincidence (one in a million), and with a ``key`` every
    allocation against it.

    >>> from trialwright.randomize import generate_list
    >>> scheme = Scheme.of({"A": 2, "B": 1}, [3])
    >>> rows = generate_list(scheme, bytes(32), "example", 6)
    >>> check_list(rows, scheme), check_list(rows[1:], scheme)[0]
    ((), "stratum 'all': place 1 of the file must be position 0, block 0, place 0; it is position 1, block 0, place 1")
    """
    return tuple(_problems(rows, scheme, key))


def _problems(rows: Sequence[Assignment], scheme: Scheme, key: bytes | None) -> Iterator[str]:
    names = {row.list_id for row in rows}
    if len(names) != 1:
        yield f"all rows must be of one list; the file names {len(names)}"
    strata = {row.stratum for row in rows}
    yield from (f"stratum {name!r} is not in the scheme" for name in sorted(strata - set(scheme.strata)))
    yield from (f"stratum {name!r} has no rows" for name in scheme.strata if name not in strata)
    strange = sum(row.arm not in scheme.arms for row in rows)
    if strange:
        yield f"{strange} rows name a group that is not in the scheme"
    yield from _twice(rows)
    found = {name: [row for row in rows if row.stratum == name] for name in scheme.strata if name in strata}
    for name, own in found.items():
        yield from _order(name, own)
        yield from _blocks(name, _split(own), scheme)
    yield from _copies({name: _split(own) for name, own in found.items()})
    if key is not None and not strange and len(names) == 1:
        yield from _replayed(found, scheme, key)


def _twice(rows: Sequence[Assignment]) -> Iterator[str]:
    seen = Counter((row.stratum, row.position) for row in rows)
    for (stratum, position), times in seen.items():
        if times > 1:
            yield f"stratum {stratum!r}: position {position} is there {times} times"


def _order(name: str, rows: Sequence[Assignment]) -> Iterator[str]:
    """Yield the first row out of order; what follows it would only repeat the fault."""
    block, place = 0, 0
    for position, row in enumerate(rows):
        if row.block == block + 1 and position:
            block, place = row.block, 0
        if (row.position, row.block, row.place) != (position, block, place):
            yield (
                f"stratum {name!r}: place {position + 1} of the file must be position {position}, block {block}, "
                f"place {place}; it is position {row.position}, block {row.block}, place {row.place}"
            )
            return
        place += 1


def _split(rows: Sequence[Assignment]) -> Blocks:
    blocks: dict[int, list[str]] = {}
    for row in rows:
        blocks.setdefault(row.block, []).append(row.arm)
    return [tuple(block) for block in blocks.values()]


def _blocks(name: str, blocks: Blocks, scheme: Scheme) -> Iterator[str]:
    for number, block in enumerate(blocks):
        if len(block) not in scheme.block_sizes:
            sizes = ", ".join(map(str, scheme.block_sizes))
            yield f"stratum {name!r}: block {number} has {len(block)} places; known sizes: {sizes}"
        elif Counter(block) != {arm: share * len(block) // scheme.whole for arm, share in scheme.ratio}:
            yield f"stratum {name!r}: block {number} does not hold the groups in their ratio"
    if len(set(blocks)) == 1 and _arrangements(blocks[1:]) > RARE:
        yield f"stratum {name!r}: all {len(blocks)} blocks have the same order; was the file sorted?"


def _copies(found: dict[str, Blocks]) -> Iterator[str]:
    for (one, first), (other, second) in combinations(found.items(), 2):
        if first == second and _arrangements(first) > RARE:
            yield f"strata {one!r} and {other!r} hold the same allocations; was one copied over the other?"


def _arrangements(blocks: Blocks) -> int:
    """Return in how many orders the blocks could have come, their sizes given."""
    return prod(factorial(len(block)) // prod(map(factorial, Counter(block).values())) for block in blocks)


def _replayed(found: dict[str, list[Assignment]], scheme: Scheme, key: bytes) -> Iterator[str]:
    for name, rows in found.items():
        allocator = Allocator(scheme, check_key(key), rows[0].list_id)
        wrong = [position for position, row in enumerate(rows) if row != allocator.at(name, position)]
        if wrong:
            yield f"stratum {name!r}: {len(wrong)} of {len(rows)} rows are not what the key says, first {wrong[0]}"
