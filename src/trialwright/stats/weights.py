"""Weights of the log-rank family: how much each day with an event counts, from the pooled data of its stratum.

A weight looks at the arms together, never at one arm, so the test keeps its level whatever weight the plan names. All
are left-continuous (fixed before the events of the day) but the two of Peto, which include them, as printed by SAS.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.risk_table import RiskTable


@dataclass(frozen=True, eq=False)
class PooledTies:
    """The C pairs of stratum and day with an event, arms together, in order of stratum and day."""

    stratum: IntArray
    """[C]"""
    time: FloatArray
    """[C] days, or the real times that stand behind ranks."""
    events: FloatArray
    """[C]"""
    at_risk: FloatArray
    """[C], just before the day."""

    @classmethod
    def of(cls, table: RiskTable) -> PooledTies:
        """Return the pooled ties of a table, in the order of ``table.ties``."""
        ties = table.ties
        _, day = np.nonzero(table.events.any(axis=2))
        return cls(ties.stratum, table.display(table.days[day]), ties.events.sum(axis=1), ties.at_risk.sum(axis=1))

    @cached_property
    def survival_before(self) -> FloatArray:
        """[C] S(t-): the Kaplan-Meier estimate of the stratum just before the day."""
        after = self.product(1 - self.events / self.at_risk)
        return np.where(self._first, 1.0, np.append(1.0, after[:-1]))

    def product(self, factors: FloatArray) -> FloatArray:
        """Return the running product [C] of the factors within each stratum."""
        edges = np.append(np.nonzero(self._first)[0], len(factors))
        parts = [np.cumprod(factors[a:b]) for a, b in pairwise(edges)]
        return np.concatenate(parts) if parts else factors

    def survival_before_time(self, time: float) -> FloatArray:
        """Return S(time-) of each tie's stratum [C]."""
        earlier = np.where(self.time < time, 1 - self.events / self.at_risk, 1.0)
        whole = np.ones(int(self.stratum.max(initial=0)) + 1)
        np.multiply.at(whole, self.stratum, earlier)
        return whole[self.stratum]

    @property
    def _first(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.diff(self.stratum, prepend=-1) > 0


class Weight(Protocol):
    """A rule that weighs the days with an event; ``str(weight)`` names it with its parameters."""

    def at(self, ties: PooledTies) -> FloatArray:
        """Return the weights [C]."""


@dataclass(frozen=True)
class FlemingHarrington:
    """S(t-)^rho (1 - S(t-))^gamma (Fleming and Harrington 1991, section 7.2); (0, 0) is the log-rank test.

    With gamma 0 this is ``rho`` of R's survdiff; rho 1 is R's "Peto & Peto modification", see :class:`PetoPeto`.

    >>> str(FlemingHarrington(0, 1))
    'Fleming-Harrington(0, 1)'
    """

    rho: float = 0.0
    gamma: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.rho < np.inf and 0 <= self.gamma < np.inf):
            raise ValueError(f"rho and gamma must be finite and zero or more; got {self.rho} and {self.gamma}")

    def at(self, ties: PooledTies) -> FloatArray:
        """Return the weights [C]."""
        before = ties.survival_before
        weights: FloatArray = before**self.rho * (1 - before) ** self.gamma
        return weights

    def __str__(self) -> str:
        return f"Fleming-Harrington({self.rho:g}, {self.gamma:g})"


@dataclass(frozen=True)
class Gehan:
    """The number at risk (Gehan 1965; Breslow 1970); SAS calls it the Wilcoxon test. It depends on the censoring."""

    def at(self, ties: PooledTies) -> FloatArray:
        """Return the weights [C]."""
        return ties.at_risk

    def __str__(self) -> str:
        return "Gehan"


@dataclass(frozen=True)
class TaroneWare:
    """The square root of the number at risk (Tarone and Ware 1977)."""

    def at(self, ties: PooledTies) -> FloatArray:
        """Return the weights [C]."""
        return np.sqrt(ties.at_risk)

    def __str__(self) -> str:
        return "Tarone-Ware"


@dataclass(frozen=True)
class PetoPeto:
    """S~(t) = prod(1 - d / (Y + 1)) over the days up to and with t (Peto and Peto 1972), the PETO test of SAS.

    ``modified`` multiplies by Y / (Y + 1) (Andersen, Borgan, Gill and Keiding 1982; SAS MODPETO). R's
    survdiff with rho = 1 is another test, ``FlemingHarrington(1, 0)``: S(t-) without the one added.

    >>> str(PetoPeto())
    'Peto-Peto'
    """

    modified: bool = False

    def at(self, ties: PooledTies) -> FloatArray:
        """Return the weights [C]."""
        survival = ties.product(1 - ties.events / (ties.at_risk + 1))
        return survival * ties.at_risk / (ties.at_risk + 1) if self.modified else survival

    def __str__(self) -> str:
        return "modified Peto-Peto" if self.modified else "Peto-Peto"


@dataclass(frozen=True)
class ModestlyWeighted:
    """1 / max(S(t-), s): early events count less than late ones, within bounds (Magirr and Burman 2019).

    s is S(``until``-) of the stratum, ``until`` in the unit of the times (the t* of Magirr and Jimenez 2022), or the
    same ``at_least`` in every stratum (their s*). Give one of the two. ``until=0`` is the log-rank test.

    >>> str(ModestlyWeighted(until=168))
    'modestly weighted(t* = 168)'
    """

    until: float | None = None
    at_least: float | None = None

    def __post_init__(self) -> None:
        if (self.until is None) == (self.at_least is None):
            raise ValueError(f"give until (t*) or at_least (s*), not both; got {self.until} and {self.at_least}")
        if self.until is not None and not self.until >= 0:
            raise ValueError(f"until must be zero or more; got {self.until}")
        if self.at_least is not None and not 0 < self.at_least <= 1:
            raise ValueError(f"at_least must be in (0, 1]; got {self.at_least}")

    def at(self, ties: PooledTies) -> FloatArray:
        """Return the weights [C]."""
        before = ties.survival_before
        floor = np.full_like(before, self.at_least) if self.until is None else ties.survival_before_time(self.until)
        # S(t-) can be 0 with delayed entry only; such a day has no finite weight and the test says so
        with np.errstate(divide="ignore"):
            weights: FloatArray = 1 / np.maximum(before, floor)
        return weights

    def __str__(self) -> str:
        return f"modestly weighted(t* = {self.until:g})" if self.until is not None else (
            f"modestly weighted(s* = {self.at_least:g})"
        )  # fmt: skip


LOG_RANK = FlemingHarrington(0, 0)
"""Every event counts alike."""
