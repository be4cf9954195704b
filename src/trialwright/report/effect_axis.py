"""The axis of an effect: a ratio on the scale of its logarithm, or a difference as it is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trialwright.report.style import LIGHT

__all__ = ["EffectAxis", "colors_written_out"]

_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_COARSE = (0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 100.0, 1000.0)
_MOST_TICKS = 8


@dataclass(frozen=True)
class EffectAxis:
    """Effects from ``low`` to ``high``, on the scale on which they are pooled, over ``length`` units from ``left``."""

    low: float
    high: float
    left: float
    length: float
    is_ratio: bool
    """Whether the effects are logarithms of ratios, which then stand at the ticks."""

    @classmethod
    def of(cls, effects: Iterable[float], left: float, length: float, *, is_ratio: bool) -> EffectAxis:
        """Return the axis that holds all effects, and no effect, with a little room beside them.

        >>> axis = EffectAxis.of([-0.7, 0.1], 0.0, 100.0, is_ratio=True)
        >>> [text for _, text in axis.ticks], round(axis.x(0.0))
        (['0.5', '0.7', '1'], 83)
        """
        ends = [0.0, *(effect for effect in effects if math.isfinite(effect))]
        room = 0.06 * (max(ends) - min(ends)) or 0.1
        return cls(min(ends) - room, max(ends) + room, left, length, is_ratio)

    def x(self, effect: float) -> float:
        """Return where an effect lies; beyond an end of the axis, that end."""
        inside = min(max(effect, self.low), self.high)
        return self.left + self.length * (inside - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Return effects with what is written below them."""
        if not self.is_ratio:
            return [(at, f"{at:g}".replace("-", "−")) for at in _even(self.low, self.high)]
        inside = self._within(_RATIOS)
        chosen = inside if len(inside) <= _MOST_TICKS else self._within(_COARSE)
        return [(math.log(ratio), f"{ratio:g}") for ratio in chosen]

    def _within(self, ratios: Sequence[float]) -> list[float]:
        return [ratio for ratio in ratios if self.low <= math.log(ratio) <= self.high]

    def text(self, effect: float, decimals: int = 2) -> str:
        """Return an effect as it is read: the ratio, or the difference."""
        value = math.exp(effect) if self.is_ratio else effect
        return f"{value:.{decimals}f}".replace("-", "−")


def _even(low: float, high: float) -> list[float]:
    """Return round numbers between the ends, about six."""
    raw = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    return [round(step * i, 12) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def colors_written_out(svg: str) -> str:
    """Return the file with the palette's colors for print in the place of their names, which few programs read."""
    return re.sub(r"var\(--([a-z0-9-]+)\)", lambda found: LIGHT[found[1]], svg)
