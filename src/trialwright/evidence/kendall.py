"""Kendall's rank correlation with its exact P value (Kendall 1938; David, Kendall and Stuart 1951)."""

from __future__ import annotations

import math

import numpy as np

from trialwright.evidence.mixed_model import FloatArray
from trialwright.evidence.quantiles import two_sided_p

__all__ = ["kendall_test"]


def kendall_test(a: FloatArray, b: FloatArray) -> tuple[float, float, bool]:
    """Return tau-b of two rows [k], its two-sided P, and whether P is exact.

    >>> tau, p, exact = kendall_test(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 4.0, 3.0]))
    >>> f"{tau:.4f} {p:.4f} {exact}"
    '0.6667 0.3333 True'
    """
    signs_a, signs_b = np.sign(np.subtract.outer(a, a)), np.sign(np.subtract.outer(b, b))
    score = float((signs_a * signs_b).sum()) / 2
    tied = (float((signs_a != 0).sum()) / 2, float((signs_b != 0).sum()) / 2)
    if min(tied) == 0:
        raise ValueError("a rank correlation needs values that differ; all of one row are the same")
    tau = score / math.sqrt(tied[0] * tied[1])
    pairs = len(a) * (len(a) - 1) / 2
    if min(tied) == pairs:
        return tau, _exact(len(a), round((pairs + score) / 2)), True
    return tau, two_sided_p(score / math.sqrt(_tied_variance(a, b)), None), False


def _exact(k: int, concordant: int) -> float:
    """Return P from the number of permutations by inversions, the product of (1 + x + ... + x^(i-1)) for i up to k."""
    chances = np.ones(1)
    for i in range(2, k + 1):
        chances = np.convolve(chances, np.full(i, 1 / i))
    below, above = float(chances[: concordant + 1].sum()), float(chances[concordant:].sum())
    return min(1.0, 2 * min(below, above))


def _tied_variance(a: FloatArray, b: FloatArray) -> float:
    """Return the variance of the score with ties (Kendall 1970, section 4.4)."""
    k = len(a)
    t, u = (np.unique(row, return_counts=True)[1].astype(float) for row in (a, b))
    plain = k * (k - 1) * (2 * k + 5)
    first = plain - float((t * (t - 1) * (2 * t + 5)).sum()) - float((u * (u - 1) * (2 * u + 5)).sum())
    pairs = float((t * (t - 1)).sum()) * float((u * (u - 1)).sum()) / (2 * k * (k - 1))
    triples = float((t * (t - 1) * (t - 2)).sum()) * float((u * (u - 1) * (u - 2)).sum())
    return first / 18 + pairs + triples / (9 * k * (k - 1) * (k - 2))
