"""A sorting network over lanes: eight columns are sorted at once, without a branch on their values.

Tiles of 16 vectors are sorted in registers by merge exchange, then merged to runs of 32, 64, ... by the bitonic merge
(both Batcher 1968, "Sorting networks and their applications", AFIPS 32:307-314) in the form without reversed runs:
element i of the lower run is compared with element i from the end of the upper one, then runs of half the length are
cleaned with strides that halve. Every comparator puts the smaller value first, so what would lie beyond the end, larger
than all, needs no place and no comparator, and any multiple of 16 can be sorted. Several steps are taken between a load
and its store: a comparator costs two instructions, and two stores would take twice the time of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from numba import types
from numba.core.cgutils import ir

from trialwright.simulate._kernels_lanes_vectors import Address, in_memory
from trialwright.stats import kernel

TILE = 16
WIDEST = 8
"""Tiles of a run that are merged in registers; longer runs begin with single strides over memory."""

Pairs = Iterable[tuple[int, int]]


def batcher(n: int) -> Iterator[tuple[int, int]]:
    """Yield the comparators of the merge exchange sort of n, a power of two (Knuth 1998, 5.2.2, algorithm M).

    >>> list(batcher(4))
    [(0, 2), (1, 3), (0, 1), (2, 3), (1, 2)]
    """
    p = n // 2
    while p:
        q, r, d = n // 2, 0, p
        while True:
            yield from ((i, i + d) for i in range(n - d) if i & p == r)
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2


def clean(n: int, first: int, present: int) -> Iterator[tuple[int, int]]:
    """Yield the comparators that sort a bitonic run of n from a place on; those not present are larger than all."""
    stride = n // 2
    while stride:
        yield from ((first + i, first + i + stride) for i in range(present - stride) if not i & stride)
        stride //= 2


def merge(n: int, present: int) -> Iterator[tuple[int, int]]:
    """Yield the comparators that merge sorted runs at 0 to n - 1 and n to 2n - 1, of the second so many present."""
    yield from ((n - 1 - i, n + i) for i in range(present))
    yield from clean(n, 0, n)
    yield from clean(n, n, present)


def _exchange(builder: Any, addresses: list[Any], pairs: Pairs) -> None:
    """Load vectors, put the smaller of each pair first, and store them."""
    values = [builder.load(address, align=8) for address in addresses]
    for low, high in pairs:
        first, second = values[low], values[high]
        smaller = builder.fcmp_ordered("<", first, second)
        values[low], values[high] = builder.select(smaller, first, second), builder.select(smaller, second, first)
    for value, address in zip(values, addresses, strict=True):
        builder.store(value, address, align=8)


def _choose(builder: Any, number: Any, cases: dict[int, Callable[[], None]]) -> None:
    """Emit several cases, one of which is taken at run time."""
    end = builder.append_basic_block("end")
    switch = builder.switch(number, end)
    for value, write in cases.items():
        block = builder.append_basic_block(f"case{value}")
        switch.add_case(ir.Constant(number.type, value), block)
        builder.position_at_end(block)
        write()
        builder.branch(end)
    builder.position_at_end(end)


@in_memory(types.void, types.intp)
def sort_tile(builder: Any, at: Address, start: Any) -> None:
    """Sort 16 neighbors."""
    _exchange(builder, [at(start, i) for i in range(TILE)], batcher(TILE))


@in_memory(types.void, types.intp)
def clean_tile(builder: Any, at: Address, start: Any) -> None:
    """Sort 16 neighbors that are bitonic."""
    _exchange(builder, [at(start, i) for i in range(TILE)], clean(TILE, 0, TILE))


@in_memory(types.void, types.intp, types.intp)
def clean_window(builder: Any, at: Address, start: Any, present: Any) -> None:
    """Take the strides 64, 32 and 16 of one residue of a bitonic run of 128, of which some tiles are present."""

    def case(tiles: int) -> Callable[[], None]:
        places = [i * TILE for i in range(tiles)]
        return lambda: _exchange(builder, [at(start, i) for i in places], clean(WIDEST, 0, tiles))

    _choose(builder, present, {tiles: case(tiles) for tiles in range(2, WIDEST + 1)})


@in_memory(types.void, types.intp, types.intp, types.intp)
def merge_tiles(builder: Any, at: Address, low: Any, high: Any, runs: Any) -> None:
    """Take the steps over whole tiles of one residue, where two runs of up to 8 tiles are merged.

    ``low`` is a vector of the first tile of the lower run, ``high`` the one that faces it in the first tile of the
    upper run; ``runs`` is the tiles of the lower run (a power of two) and those present of the upper one, less one.
    """

    def case(tiles: int, present: int) -> Callable[[], None]:
        def write() -> None:
            lower = [at(low, i * TILE) for i in range(tiles)]
            _exchange(builder, lower + [at(high, i * TILE) for i in range(present)], merge(tiles, present))

        return write

    powers = [1, 2, 4, WIDEST]
    _choose(builder, runs, {n + q - 1: case(n, q) for n in powers for q in range(1, n + 1)})


@in_memory(types.void, types.intp, types.intp)
def exchange(builder: Any, at: Address, low: Any, high: Any) -> None:
    """Put the smaller of two vectors first."""
    _exchange(builder, [at(low, 0), at(high, 0)], [(0, 1)])


@kernel
def sort_lanes(keys: Any, n: Any) -> None:
    """Sort the first n vectors of an array, a multiple of 16, each lane by itself."""
    for start in range(0, n, TILE):
        sort_tile(keys, start)
    run = TILE
    while run < n:
        for low in range(0, n - run, 2 * run):
            if run <= WIDEST * TILE:
                tiles = run // TILE + (min(run, n - low - run)) // TILE - 1
                for residue in range(TILE):
                    merge_tiles(keys, low + residue, low + run + TILE - 1 - residue, tiles)
            else:
                _merge_far(keys, low, run, n)
            for start in range(low, min(low + 2 * run, n), TILE):
                clean_tile(keys, start)
        run *= 2


@kernel
def _merge_far(keys: Any, low: Any, run: Any, n: Any) -> None:
    """Take the steps of a merge over whole tiles where the runs are too long for registers."""
    end = min(low + 2 * run, n)
    for high in range(low + run, end):
        exchange(keys, low + 2 * run - 1 - (high - low), high)
    stride = run // 2
    while stride >= WIDEST * TILE:
        for start in range(low, end - stride, 2 * stride):
            for i in range(start, min(start + stride, end - stride)):
                exchange(keys, i, i + stride)
        stride //= 2
    for start in range(low, end, WIDEST * TILE):
        present = min(WIDEST, (end - start) // TILE)
        for residue in range(TILE):
            clean_window(keys, start + residue, present)
