"""The k-th smallest of some values, as a look that waits for events needs it."""

from __future__ import annotations

from typing import Any

from trialwright.stats import kernel

Array = Any


@kernel
def kth_smallest(values: Array, count: int, k: int, work: Array) -> Any:
    """Return the k-th smallest of ``count`` values (1 is the smallest): partitions about a pivot.

    Hoare 1961, "Algorithm 65: Find".
    """
    work[:count] = values[:count]
    low, high, wanted = 0, count - 1, k - 1
    while low < high:
        pivot = work[wanted]
        i, j = low, high
        while i <= j:
            while work[i] < pivot:
                i += 1
            while pivot < work[j]:
                j -= 1
            if i <= j:
                work[i], work[j] = work[j], work[i]
                i += 1
                j -= 1
        if j < wanted:
            low = i
        if wanted < i:
            high = j
    return work[wanted]
