"""The conventions behind an analysis of a table: named, with presets for what R and SAS do unasked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from trialwright.stats import Beyond, Flat, Interval, TieRule

__all__ = ["PRESETS", "Conventions", "Preset", "conventions"]

Preset = Literal["R", "SAS"]
R_MERGES = 1.5e-8
"""Gap, also over the mean of the times, up to which R takes two times for one (``aeqSurv``)."""


@dataclass(frozen=True)
class Conventions:
    """Every choice on which programs differ; see ``conventions`` for the presets."""

    interval: Interval
    """Transform of the limits of survival, and so of quantiles and rates."""
    ties: TieRule
    """``exact`` is the marginal likelihood (SAS ``TIES=EXACT``), ``discrete`` R's "exact" (SAS ``TIES=DISCRETE``)."""
    flat: Flat
    """Where survival equals the level of a quantile until the last follow-up: its middle (R), or not estimable."""
    beyond: Beyond
    """A rate after the last follow-up, while somebody is still free of the event."""
    at_risk: Literal["before", "after"]
    """Whether the number at risk at a time counts those who leave at it (R) or not (SAS: left)."""
    merge: float
    """Gap up to which two times that are not whole numbers are one."""
    preset: Preset | None = None

    @property
    def curve(self) -> str:
        """Return in words how curves and their limits are made."""
        return f"Kaplan-Meier, events before censorings at a shared time; {self.interval} limits (Greenwood)"

    @property
    def quantile(self) -> str:
        """Return in words how quantiles are read off a curve."""
        tail = "also up to the last follow-up (R)" if self.flat == "R" else "not estimable without a later event (SAS)"
        return f"{self.curve}; middle of a flat piece, {tail}"

    @property
    def rate(self) -> str:
        """Return in words how survival at a time is read off a curve."""
        return f"{self.curve}; after the last follow-up {'carried forward' if self.beyond == 'carry' else self.beyond}"

    @property
    def number_at_risk(self) -> str:
        """Return in words who is counted at risk at a time."""
        who = "just before the time (R)" if self.at_risk == "before" else "just after the time (SAS: left)"
        return f"followed and free of the event {who}"

    @property
    def ties_in_words(self) -> str:
        """Return the tie rule with what other programs call it."""
        return _TIES[self.ties]


_TIES: Mapping[str, str] = {
    "efron": "ties: Efron",
    "breslow": "ties: Breslow",
    "exact": "ties: exact marginal likelihood (SAS EXACT; R has none)",
    "discrete": "ties: exact discrete likelihood (R exact, SAS DISCRETE)",
}

OWN = Conventions("log-log", "efron", "R", "not estimable", "before", R_MERGES)
PRESETS: Mapping[Preset, Conventions] = {
    "R": Conventions("log", "efron", "R", "carry", "before", R_MERGES, "R"),
    "SAS": Conventions("log-log", "breslow", "SAS", "not estimable", "after", 0.0, "SAS"),
}
"""What R's survival package and SAS 9.4 (LIFETEST, PHREG) do when nothing is asked for."""


def conventions(
    preset: Preset | None = None, *, interval: Interval | None = None, ties: TieRule | None = None
) -> Conventions:
    """Return the conventions of a preset, or the program's own, with those given put in their place.

    The own ones are log-log limits, Efron's ties, the middle of a flat piece, no rate after the last follow-up, and
    numbers at risk just before. ValueError names what is known when a name is not.

    >>> conventions("SAS").ties, conventions("SAS", ties="efron").ties, conventions().interval
    ('breslow', 'efron', 'log-log')
    """
    from trialwright.stats import Interval, TieRule

    for name, given, known in (
        ("preset", preset, get_args(Preset)),
        ("interval", interval, get_args(Interval)),
        ("ties", ties, get_args(TieRule)),
    ):
        if given is not None and given not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}; got {given!r}")
    chosen: dict[str, Any] = {"interval": interval, "ties": ties}
    base = OWN if preset is None else PRESETS[preset]
    return replace(base, **{name: value for name, value in chosen.items() if value is not None})
