"""What ``trialwright design boundaries`` is asked for, from its options to boundaries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trialwright.cli.solve_design import check_dropout

if TYPE_CHECKING:
    from trialwright.design import Boundaries, Futility, Spending, SupposedTrial

__all__ = ["Asked", "Course", "numbers", "shares"]

BOUNDS = ("obrien-fleming", "pocock", "wang-tsiatis:DELTA", "haybittle-peto:Z", "pampallona-tsiatis:DELTA")
FUTILITY = (
    "--beta-spending", "--futility-z", "--futility-hazard-ratio", "--futility-conditional-power",
    "--futility-predictive-power",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The options that decide the bounds, as typed."""

    spending: str | None
    bounds: str | None
    alpha: float
    sides: Literal[1, 2]
    power: float | None
    beta_spending: str | None
    futility_z: str | None
    futility_hazard_ratio: str | None
    futility_conditional_power: str | None
    futility_predictive_power: str | None
    supposing: str | None
    binding: bool
    spending_times: str | None
    hazard_ratio: float | None
    ratio: float | None
    planned: float | None = None
    goes_on: bool = False

    def __post_init__(self) -> None:
        if (self.spending is None) == (self.bounds is None):
            raise ValueError("tell either --spending, a function of the information, or --bounds, their shape")
        named = self._futility_options
        if len(named) > 1:
            raise ValueError(f"futility is told in one way; got {' and '.join(named)}")
        if self.binding and not named and not (self.bounds or "").startswith("pampallona"):
            raise ValueError(
                f"--binding goes with futility: {', '.join(FUTILITY)} or --bounds pampallona-tsiatis:DELTA"
            )
        if self.planned is not None and self.spending is None:
            raise ValueError("--planned goes with --spending: what was spent, and what is left")
        if self.goes_on and self.planned is None:
            raise ValueError("--goes-on goes with --planned, the events planned for the end")
        if (self.supposing is not None) != (self.futility_conditional_power is not None):
            raise ValueError("--futility-conditional-power and --supposing go together: trend, design or null")

    @property
    def _futility_options(self) -> list[str]:
        values = (
            self.beta_spending, self.futility_z, self.futility_hazard_ratio, self.futility_conditional_power,
            self.futility_predictive_power,
        )  # fmt: skip
        return [option for option, value in zip(FUTILITY, values, strict=True) if value is not None]

    def at(self, fractions: Sequence[float], events: Sequence[float] | None = None) -> Boundaries:
        """Return the boundaries for looks at these fractions, which may be those of events."""
        from trialwright.design import spending_boundaries

        if self.bounds is not None:
            return self._by_shape(fractions)
        return spending_boundaries(
            fractions,
            spending_of(self.spending or ""),
            alpha=self.alpha,
            sides=self.sides,
            futility=self._futility(events),
            spending_times=None if self.spending_times is None else numbers("--spending-times", self.spending_times),
        )

    def at_events(self, events: Sequence[float]) -> Boundaries:
        """Return the boundaries for looks at these events, all so far."""
        if self.planned is not None:
            return self._observed(events, self.planned)
        return self.at([count / events[-1] for count in events], events)

    def _observed(self, events: Sequence[float], planned: float) -> Boundaries:
        """Return the boundaries at observed events; a type II error is spent under the hazard ratio supposed."""
        from trialwright.design import log_rank_mean, observed_boundaries

        spends = self.beta_spending is not None and self.hazard_ratio is not None and self.ratio is not None
        return observed_boundaries(
            events,
            planned,
            spending_of(self.spending or ""),
            alpha=self.alpha,
            sides=self.sides,
            last=not self.goes_on,
            futility=self._futility((*events, planned) if self.goes_on else events),
            spending_times=None if self.spending_times is None else numbers("--spending-times", self.spending_times),
            drift=log_rank_mean(self.hazard_ratio or 0, events=planned, ratio=self.ratio or 0) if spends else None,
        )

    def _by_shape(self, fractions: Sequence[float]) -> Boundaries:
        from trialwright import design

        given = [*self._futility_options, *(["--spending-times"] if self.spending_times is not None else [])]
        if given:
            raise ValueError(f"{given[0]} goes with --spending; of the --bounds, pampallona-tsiatis has futility")
        family, _, text = (self.bounds or "").partition(":")
        level = {"alpha": self.alpha, "sides": self.sides}
        if family in {"obrien-fleming", "pocock"} and not text:
            return design.wang_tsiatis_boundaries(fractions, 0.5 * (family == "pocock"), **level)  # type: ignore[arg-type]
        if family == "haybittle-peto":
            return design.haybittle_peto_boundaries(fractions, number("haybittle-peto", text or "3"), **level)  # type: ignore[arg-type]
        if family == "wang-tsiatis":
            return design.wang_tsiatis_boundaries(fractions, number(family, text), **level)  # type: ignore[arg-type]
        if family != "pampallona-tsiatis":
            raise ValueError(f"no bounds are called {self.bounds!r}; known: {', '.join(BOUNDS)}")
        if self.power is None:
            raise ValueError("--bounds pampallona-tsiatis needs --power: it fixes futility")
        return design.pampallona_tsiatis_boundaries(
            fractions, number(family, text), beta=1 - self.power, binding=self.binding, **level  # type: ignore[arg-type]
        )  # fmt: skip

    def _futility(self, events: Sequence[float] | None) -> Futility | None:
        from trialwright.design import Futility

        if self.beta_spending is not None:
            if self.power is None:
                raise ValueError("--beta-spending needs --power: 1 - power is what it spends")
            return Futility(binding=self.binding, spending=spending_of(self.beta_spending), beta=1 - self.power)
        if self.futility_z is not None:
            none = -math.inf if self.sides == 1 else 0.0
            return Futility(binding=self.binding, bounds=numbers("--futility-z", self.futility_z, none))
        if self.futility_hazard_ratio is not None:
            return self._on_hazard_ratio(self.futility_hazard_ratio, events)
        if self.futility_predictive_power is not None:
            chances = numbers("--futility-predictive-power", self.futility_predictive_power, 0.0)
            return Futility(binding=self.binding, chances=chances, supposing="flat prior")
        if self.futility_conditional_power is None:
            return None
        chances = numbers("--futility-conditional-power", self.futility_conditional_power, 0.0)
        return Futility(binding=self.binding, chances=chances, supposing=self._supposed(events))

    def _on_hazard_ratio(self, text: str, events: Sequence[float] | None) -> Futility:
        from trialwright.design import Futility

        if events is None or self.ratio is None:
            raise ValueError("--futility-hazard-ratio needs --events, --hazard-ratio and --ratio: they make it a z")
        ratios = numbers("--futility-hazard-ratio", text, math.inf)
        return Futility.at_hazard_ratios(ratios, events=events[:-1], ratio=self.ratio, binding=self.binding)

    def _supposed(self, events: Sequence[float] | None) -> float | Literal["trend"]:
        from trialwright.design import log_rank_mean

        if self.supposing == "trend":
            return "trend"
        if self.supposing == "null":
            return 0.0
        if self.supposing != "design":
            raise ValueError(f"--supposing must be trend, design or null; got {self.supposing!r}")
        if events is None or self.ratio is None or self.hazard_ratio is None:
            raise ValueError("--supposing design needs --events, --hazard-ratio and --ratio")
        return log_rank_mean(self.hazard_ratio, events=self.planned or events[-1], ratio=self.ratio)


@dataclass(frozen=True)
class Course:
    """Who enters when, as typed: all of it or nothing."""

    patients: float | None
    accrual: float | None
    control_median: float | None
    dropout: float

    def trial(self, hazard_ratio: float, ratio: float) -> SupposedTrial | None:
        """Return the trial supposed, in months, or None if nothing was told."""
        from trialwright.design import ArmRates, Stratum, SupposedTrial, dropout_hazard, uniform_accrual

        patients, accrual, median = self.patients, self.accrual, self.control_median
        if patients is None or accrual is None or median is None:
            if (patients, accrual, median, self.dropout) == (None, None, None, 0.0):
                return None
            raise ValueError("--patients, --accrual and --control-median go together, --dropout with them")
        if not 0 < median < math.inf:
            raise ValueError(f"--control-median must be a finite number greater than 0; got {median}")
        check_dropout("--dropout", self.dropout)
        hazard, leaving = math.log(2) / median, dropout_hazard(self.dropout, within=12)
        arms = Stratum(ArmRates.of(hazard_ratio * hazard, leaving), ArmRates.of(hazard, leaving))
        return SupposedTrial(uniform_accrual(patients, accrual), (arms,), ratio=ratio)


def spending_of(text: str) -> Spending:
    """Return the spending function that an option names."""
    from trialwright.design import Spending

    family, _, rest = text.partition(":")
    if family == "user":
        pairs = (pair.partition("=") for pair in rest.split(",") if pair)
        return Spending.user({number("user", at): number("user", share) for at, _, share in pairs})
    return Spending(family, number(family, rest) if rest else None)  # type: ignore[arg-type]


def number(name: str, text: str) -> float:
    """Return one number of an option."""
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} needs a number; got {text!r}") from None


def numbers(name: str, text: str, none: float | None = None) -> tuple[float, ...]:
    """Return the numbers of an option, one for each look; ``none`` is what the word none stands for."""
    parts = [part.strip() for part in text.split(",")]
    return tuple(none if part == "none" and none is not None else number(name, part) for part in parts)


def shares(name: str, text: str) -> tuple[float, ...]:
    """Return the numbers of an option, each of which may be a fraction such as 76/127."""
    return tuple(_share(name, part.strip()) for part in text.split(","))


def _share(name: str, text: str) -> float:
    above, stroke, below = text.partition("/")
    if not stroke:
        return number(name, text)
    try:
        return float(above) / float(below)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{name} needs a number or a fraction such as 76/127; got {text!r}") from None
