"""Which allocation schemes could have given the published split?

Permuted blocks leave the planned ratio only within the last block of each list (Matts and Lachin 1988, Control Clin
Trials 9:327), so few lists stay near it. Patients choose their list at random: strata by supposed shares, sites by
gamma-distributed rates (Anisimov and Fedorov 2007, Stat Med 26:4958). The distribution of the split is exact under
these suppositions: lists are convolved with each other, given the number of patients.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trialwright.evidence.claims_file import Claims, PublishedAllocation
from trialwright.evidence.findings import Finding

if TYPE_CHECKING:
    from trialwright.evidence.claims import Claim

__all__ = ["SchemeFit", "check_split", "compatible_schemes"]

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]

BLOCKS = ((1,), (2,), (1, 2), (3,), (4,), (6,))
"""Sizes of blocks tried, as multiples of the smallest; several are drawn at random with equal chances."""
UNLIKELY = 0.05
NEGLIGIBLE = 1e-17


@dataclass(frozen=True)
class SchemeFit:
    """How often a scheme leaves the planned ratio at least as far as published."""

    where: str
    """Whose lists: ``by stratum``, ``by country and stratum``, ``by site and stratum``, or ``simple`` without lists."""
    blocks: tuple[int, ...]
    """Sizes of the blocks; empty for simple randomization."""
    p: float
    """P of a deviation at least as large, in either direction."""
    p_same_side: float
    """P of a deviation at least as large in the direction published."""
    spread: float
    """Standard deviation of the number of patients in the first arm."""

    @property
    def name(self) -> str:
        """Return the scheme in words."""
        sizes = " and ".join(map(str, self.blocks))
        return f"blocks of {sizes} {self.where}" if self.blocks else "simple randomization"


def compatible_schemes(allocation: PublishedAllocation) -> tuple[SchemeFit, ...]:
    """Return, for simple randomization and for block lists by stratum, country and site, how likely the split is.

    Two arms. ValueError where there are more or fewer.

    >>> blocks = PublishedAllocation(ratio={"A": 2, "B": 1}, published={"A": 136, "B": 62}, basis="example")
    >>> [f"{fit.name}: {fit.p:.3f}" for fit in compatible_schemes(blocks)][:2]
    ['simple randomization: 0.598', 'blocks of 3 by stratum: 0.000']
    """
    split = _split(allocation)
    shares = tuple(share / sum(allocation.strata) for share in allocation.strata)
    sites = tuple(allocation.sites_by_country)
    return tuple(_fits(split, shares, sites, allocation.site_shape))


def check_split(ledger: Claims) -> Iterator[Finding]:
    """Say which schemes hardly ever give the published split, where the file describes the allocation."""
    allocation = ledger.allocation
    if allocation is None or len(allocation.ratio) != 2 or set(allocation.ratio) != set(allocation.published):
        return
    fits = compatible_schemes(allocation)
    published = ":".join(str(allocation.published[arm]) for arm in allocation.ratio)
    ratio = ":".join(map(str, allocation.ratio.values()))
    unlikely = [fit for fit in fits if fit.p < UNLIKELY]
    likely = [fit for fit in fits if fit.p >= UNLIKELY]
    text = f"{published} at {ratio}: "
    text += f"hardly ever by {_listed(unlikely)}; compatible with {_listed(likely)}" if unlikely else "any scheme tried"
    yield Finding(
        _claim(ledger, allocation).id,
        "split",
        "note" if unlikely else "consistent",
        text,
        steps=tuple(_steps(fits)),
        settles=f"The scheme of allocation: its lists, its blocks, its factors. Supposed here: {allocation.basis}.",
    )


def _listed(fits: Sequence[SchemeFit]) -> str:
    """Return schemes in words, those that differ by their blocks only in one."""
    told = []
    for where in dict.fromkeys(fit.where for fit in fits):
        here = [fit for fit in fits if fit.where == where]
        sizes = ", ".join("+".join(map(str, fit.blocks)) for fit in here if fit.blocks)
        low, high = min(fit.p for fit in here), max(fit.p for fit in here)
        p = f"P {low:.2g}" if len(here) == 1 else f"P {low:.2g} to {high:.2g}"
        told.append(f"blocks of {sizes} {where} ({p})" if sizes else f"simple randomization ({p})")
    return "; ".join(told)


def _steps(fits: Sequence[SchemeFit]) -> Iterator[str]:
    for where in dict.fromkeys(fit.where for fit in fits):
        here = [fit for fit in fits if fit.where == where]
        told = (f"{'+'.join(map(str, fit.blocks))}: P {fit.p:.2g} (SD {fit.spread:.2f})".lstrip(": ") for fit in here)
        yield f"{'blocks ' * bool(here[0].blocks)}{where}: {', '.join(told)}"


def _claim(ledger: Claims, allocation: PublishedAllocation) -> Claim:
    arm, patients = next(iter(allocation.published.items()))
    found = (c for c in ledger.claims if c.named_statistic == "patients" and c.arm == arm and c.number == patients)
    return next(found, ledger.claims[0])


@dataclass(frozen=True)
class _Split:
    """A published split, and the number that patients of the first arm are counted modulo.

    Numbers that far apart are more than ten standard deviations of simple randomization apart, so nothing is lost.
    """

    first: int
    parts: int
    patients: int
    observed: int
    """Patients of the first arm."""

    @property
    def share(self) -> float:
        return self.first / self.parts

    @property
    def width(self) -> int:
        return 2 * math.ceil(7 * math.sqrt(self.patients * self.share * (1 - self.share)) + 4)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Return, for each remainder, the number of patients nearest to what is planned."""
        lowest = round(self.patients * self.share) - self.width // 2
        return lowest + (np.arange(self.width) - lowest) % self.width


def _split(allocation: PublishedAllocation) -> _Split:
    if len(allocation.ratio) != 2 or set(allocation.ratio) != set(allocation.published):
        raise ValueError(f"ratio and published must name the same two arms; got {allocation.ratio} and others")
    common = math.gcd(*allocation.ratio.values())
    first, second = (part // common for part in allocation.ratio.values())
    arm = next(iter(allocation.ratio))
    return _Split(first, first + second, sum(allocation.published.values()), allocation.published[arm])


def _fits(split: _Split, shares: tuple[float, ...], sites: tuple[int, ...], shape: float) -> Iterator[SchemeFit]:
    yield _fit(split, "simple", (), _transform(split, _simple(split)))
    for multiples in BLOCKS:
        blocks = tuple(split.parts * multiple for multiple in multiples)
        central = _by_strata(split, blocks, shares)
        yield _fit(split, "by stratum", blocks, central[split.patients])
        if len(sites) > 1:
            yield _fit(split, "by country and stratum", blocks, _spread_out(split, central, sites, shape))
        if sum(sites) > 1:
            each = tuple(1 for _ in range(sum(sites)))
            yield _fit(split, "by site and stratum", blocks, _spread_out(split, central, each, shape))


def _fit(split: _Split, where: str, blocks: tuple[int, ...], transformed: Complex) -> SchemeFit:
    found = np.clip(np.fft.irfft(transformed, split.width), 0, None)
    found /= found.sum()
    planned = split.patients * split.share
    deviation = (split.counts - planned) * (1 if split.observed >= planned else -1)
    distance = abs(split.observed - planned) - 1e-9
    p, same = float(found[np.abs(deviation) >= distance].sum()), float(found[deviation >= distance].sum())
    spread = float(np.sqrt((found * deviation**2).sum() - (found * deviation).sum() ** 2))
    return SchemeFit(where, blocks, min(p, 1.0), min(same, 1.0), spread)


def _transform(split: _Split, chances: Iterable[tuple[int, float]]) -> Complex:
    """Return the Fourier transform of a distribution of patients of the first arm."""
    row = np.zeros(split.width)
    for patients, p in chances:
        row[patients % split.width] += p
    return np.fft.rfft(row)


def _simple(split: _Split) -> Iterator[tuple[int, float]]:
    n, log = split.patients, math.lgamma
    for a in range(n + 1):
        ways = log(n + 1) - log(a + 1) - log(n - a + 1)
        yield a, math.exp(ways + a * math.log(split.share) + (n - a) * math.log(1 - split.share))


def _one_list(split: _Split, blocks: tuple[int, ...]) -> Complex:
    """Return, for 0 to all patients of one list, the transform of its first arm: (patients + 1, width / 2 + 1).

    A whole block holds its share exactly; the last one is cut off at random, so the first m of its places are a
    hypergeometric draw. Blocks of several sizes follow each other at random.
    """
    rows = np.ones((split.patients + 1, split.width // 2 + 1), dtype=complex)
    whole = {size: _transform(split, [(size * split.first // split.parts, 1.0)]) for size in blocks}
    for n in range(1, split.patients + 1):
        parts = [rows[n - b] * whole[b] if b <= n else _transform(split, _cut_block(split, b, n)) for b in blocks]
        rows[n] = sum(parts) / len(parts)
    return rows


def _cut_block(split: _Split, size: int, seen: int) -> Iterator[tuple[int, float]]:
    ones = size * split.first // split.parts
    for a in range(max(0, seen - (size - ones)), min(seen, ones) + 1):
        yield a, math.comb(ones, a) * math.comb(size - ones, seen - a) / math.comb(size, seen)


@cache
def _by_strata(split: _Split, blocks: tuple[int, ...], shares: tuple[float, ...]) -> Complex:
    """Return the same for a unit with a list in each stratum, patients falling into strata by their shares."""
    alone = _one_list(split, blocks)
    together, so_far = alone, shares[0]
    for share in shares[1:]:
        so_far += share
        together = _joined(together, alone, share / so_far)
    return together


def _joined(one: Complex, other: Complex, share: float) -> Complex:
    """Return the transforms of two units together, each patient belonging to the other with the given chance."""
    chances, joined = _binomial(len(one) - 1, share), np.zeros_like(one)
    likely = chances > NEGLIGIBLE
    first, last = likely.argmax(axis=0), len(one) - likely[::-1].argmax(axis=0)
    for m in np.flatnonzero(likely.any(axis=0)):
        low, high = first[m], last[m]
        joined[low:high] += chances[low:high, m, None] * (one[low - m : high - m] * other[m])
    return joined


@cache
def _binomial(most: int, share: float) -> Floats:
    """Return P(m of n) for n, m from 0 to ``most``; rows are n."""
    rows = np.zeros((most + 1, most + 1))
    rows[0, 0] = 1.0
    for n in range(1, most + 1):
        rows[n, 1:] = share * rows[n - 1, :-1]
        rows[n] += (1 - share) * rows[n - 1]
    return rows


def _spread_out(split: _Split, unit: Complex, sizes: tuple[int, ...], shape: float) -> Complex:
    """Return the transform for many units, given all patients: each a country or site of so many sites.

    A site's patients are negative binomial, rates being gamma with the given shape; given their sum this is the
    distribution of patients among sites (Anisimov and Fedorov 2007), whatever their mean. Sums are products of
    transforms over patients; the mean is chosen so that what wraps around is negligible.
    """
    n, length = split.patients, 2 * split.patients + 64
    total = shape * sum(sizes)
    tilt = min(n / (n + total), 10.0 ** (-13 / length))
    product = np.ones((length, unit.shape[1]), dtype=complex)
    for size in sorted(set(sizes)):
        weighted = _negative_binomial(n, size * shape, tilt)[:, None] * unit
        product *= _power(np.fft.fft(weighted, length, axis=0), sizes.count(size))
    back = np.exp(2j * np.pi * n * np.arange(length) / length)
    row: Complex = (back[:, None] * product).sum(axis=0)
    row /= row[0]
    return row


def _power(base: Complex, times: int) -> Complex:
    """Return a power by squaring; numpy's own takes logarithms."""
    found = np.ones_like(base)
    while times:
        if times % 2:
            found *= base
        base, times = base * base, times // 2
    return found


def _negative_binomial(most: int, shape: float, tilt: float) -> Floats:
    """Return the chances of 0 to ``most`` patients, each ``tilt`` as likely as rates that follow a gamma law let it."""
    steps = np.concatenate([[1.0], tilt * (shape + np.arange(most)) / (1 + np.arange(most))])
    chances: Floats = np.cumprod(steps) * (1 - tilt) ** shape
    return chances
