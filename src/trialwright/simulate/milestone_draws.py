"""Milestones of a scenario: the days on which its virtual patients enter and their events are seen, trial by trial."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trialwright.design import Forecast, Scenario
from trialwright.errors import DocumentError
from trialwright.protocol import Protocol, TimeToEventEndpoint
from trialwright.simulate.course import draw_course
from trialwright.simulate.observe import is_replayable, observe_time_to_event
from trialwright.simulate.population import populate
from trialwright.simulate.world import World

__all__ = ["scenario_forecast"]

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CHUNK = 100
"""Trials drawn at once; days do not depend on it."""
BEYOND = 5 * 366
"""Days after the scenario's last one on which events are still looked for, lest a slow trial seems to have none."""


def scenario_forecast(
    protocol: Protocol, scenario: Scenario, endpoint: str, n: int, seed: int, *, map: Map = map
) -> Forecast:
    """Return ``n`` virtual trials as possible trials of a forecast: events as they are seen, by the protocol's rules.

    Trial k is trial k of ``trial`` and ``many``. Days count from ``recruitment.opens_on``, day 0; scans, missed scans
    and the endpoint's censoring rules are in the days of its events. Events are followed for five years beyond the
    scenario's last day. DocumentError for an endpoint whose events the array-level simulator cannot count.

    >>> from trialwright.protocol import load, read_document, study_file, study_names
    >>> study = study_names()[0]
    >>> protocol, scenario = load(study), read_document(study_file(study, "scenario.yaml"), Scenario)
    >>> forecast = scenario_forecast(protocol, scenario, protocol.sample_size.endpoint, 100, seed=1)
    >>> forecast.patients == protocol.design.enrollment, forecast.events_by(0).median
    (True, 0.0)
    """
    if n < 1:
        raise ValueError(f"n must be at least 1 trial; got {n}")
    plan = protocol.endpoint(endpoint)
    if not isinstance(plan, TimeToEventEndpoint) or not is_replayable(plan):
        raise DocumentError(
            f"the simulator cannot count events of endpoint {endpoint!r}; it knows progression and death"
            " from randomization, without stops"
        )
    longer = scenario.model_copy(update={"until": scenario.until + timedelta(days=BEYOND)})
    work = _Chunk(World.of(protocol, longer, seed), plan)
    parts = list(map(work, [np.arange(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]))
    entered, events = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Forecast(entered, events, 0.0)


@dataclass(frozen=True)
class _Chunk:
    """The work of one chunk of trials; a value, so that it can be sent to another process."""

    world: World
    endpoint: TimeToEventEndpoint

    def __call__(self, trials: Ints) -> tuple[Floats, Floats]:
        """Return days of randomization and of events seen, each [trials, patients]."""
        patients = populate(self.world, trials).patients
        course = draw_course(self.world, patients)
        seen = observe_time_to_event(self.world.protocol, self.endpoint, course, patients.horizon)
        days = np.where(seen.event, patients.randomized + seen.days - 1.0, np.inf)
        shape = (len(trials), self.world.patients)
        return patients.randomized.reshape(shape).astype(np.float64), days.reshape(shape)
