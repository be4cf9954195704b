"""A design that cannot be, and the nearest that can."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trialwright.design.design_question import LARGEST, DesignQuestion, Known
from trialwright.design.event_probability import time_of_events

__all__ = ["InfeasibleDesignError", "never", "too_early", "too_few"]


class InfeasibleDesignError(ValueError):
    """No design has the quantities that were given.

    ``nearest`` holds, for each given quantity that alone could be changed, the value next to the one given with which
    there is a design, rounded to that side; it is empty where no single change helps. The message says the same.

    >>> str(InfeasibleDesignError("126.9 events are never reached", {"patients": 141.2, "power": 0.72}))
    '126.9 events are never reached; nearest: 141.2 patients, or power 0.72; all else as given'
    """

    def __init__(self, why: str, nearest: Mapping[str, float] = MappingProxyType({})) -> None:
        self.why = why
        self.nearest = dict(nearest)
        ways = ", or ".join(_way(name, value) for name, value in self.nearest.items())
        super().__init__(f"{why}; nearest: {ways}; all else as given" if ways else why)


def _way(name: str, value: float) -> str:
    words = {
        "patients": f"{value:.6g} patients",
        "events": f"{value:.6g} events",
        "power": f"power {value:.6g}",
        "hazard_ratio": f"a hazard ratio of {value:.6g}",
        "accrual": f"accrual over {value:.6g}",
        "follow_up": f"a follow-up of {value:.6g}",
        "rate": f"an accrual rate of {value:.6g}",
    }
    return words[name]


def too_few(question: DesignQuestion, known: Known) -> InfeasibleDesignError:
    """Return the error for a power that no hazard ratio has."""
    known = known | {"hazard_ratio": question.beyond(LARGEST)}
    came, needed, h = question.expected(known), question.needed(known), known["hazard_ratio"]
    return InfeasibleDesignError(
        f"power ({known['power']:g}) needs {needed:.6g} events even at a hazard ratio of {h:.3g}, and {came:.6g} come"
    )


def too_early(question: DesignQuestion, known: Known) -> InfeasibleDesignError:
    """Return the error for events that come before the end of accrual."""
    trial = question.course.trial(known["hazard_ratio"], patients=known["patients"], accrual=known["accrual"])
    time = time_of_events(trial, known["events"])
    enrolled = float(trial.accrual.until([time])[0])
    return InfeasibleDesignError(
        f"events ({known['events']:.6g}) are expected by {time:.4g}, before accrual ends at {known['accrual']:g}, with "
        f"{enrolled:.4g} of {known['patients']:g} patients entered"
    )


def never(known: Known, most: float) -> InfeasibleDesignError:
    """Return the error for events that so many patients never have; ``known`` holds the longest course looked at."""
    return InfeasibleDesignError(
        f"events ({known['events']:.6g}) are never reached: {known['patients']:g} patients have at most {most:.6g}"
    )
