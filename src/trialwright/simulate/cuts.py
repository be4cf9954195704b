"""The day of each data cut-off in virtual trials."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trialwright.errors import DocumentError
from trialwright.protocol import Cut, TimeToEventEndpoint
from trialwright.simulate.course import Course, Patients
from trialwright.simulate.observe import is_replayable, observe_time_to_event
from trialwright.simulate.world import World

__all__ = ["NOT_REACHED", "cut_days"]

Ints = NDArray[np.int64]

NOT_REACHED = -1


def cut_days(world: World, cut: Cut, patients: Patients, course: Course) -> Ints:
    """Return the day of a cut-off from ``recruitment.opens_on``, one per trial, patients running trial after trial.

    A cut by events falls on the day on which the n-th event is seen; NOT_REACHED where so many never happen.
    """
    trials = len(patients.trial) // world.patients
    if cut.on is not None:
        return np.full(trials, world.day_of(cut.on))
    endpoint = world.protocol.endpoint(str(cut.endpoint))
    if not isinstance(endpoint, TimeToEventEndpoint) or not is_replayable(endpoint):
        raise DocumentError(f"cut {cut.id}: the simulator cannot count events of endpoint {cut.endpoint}")
    seen = observe_time_to_event(world.protocol, endpoint, course, patients.horizon)
    never = np.iinfo(np.int64).max
    days = np.where(seen.event, patients.randomized + seen.days - 1, never).reshape(trials, -1)
    events = int(cut.events or 0)
    if events > days.shape[1]:
        return np.full(trials, NOT_REACHED)
    last = np.partition(days, events - 1, axis=1)[:, events - 1]
    return np.where(last < never, last, NOT_REACHED)
