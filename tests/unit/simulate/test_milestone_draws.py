"""Forecasts from a scenario are its virtual trials: the same patients, the same days."""

import numpy as np
import pytest

from trialwright.derive import cut_dates, time_to_event
from trialwright.design import Scenario
from trialwright.errors import DocumentError
from trialwright.protocol import load, read_document, study_file
from trialwright.simulate import scenario_forecast, trial


@pytest.fixture(scope="module")
def palmira():
    return load("palmira"), read_document(study_file("palmira", "scenario.yaml"), Scenario)


def test_the_day_of_an_event_is_that_of_the_record_level_trial(palmira):
    protocol, scenario = palmira
    forecast = scenario_forecast(protocol, scenario, "PFS", 2, seed=1)
    for number in range(2):
        data = trial(protocol, scenario, 1, number)
        cut = cut_dates(data, protocol)["first"]
        opens = scenario.recruitment.opens_on
        assert forecast.days_of_event(155)[number] == (cut - opens).days
        entered = sorted((on - opens).days for on in data["allocations"]["randomized_on"])
        assert np.sort(forecast.entered[number]).tolist() == entered
        rows = time_to_event(data, protocol, "PFS").to_dicts()
        seen = sorted((row["ended_on"] - opens).days for row in rows if row["event"])
        # Days after the scenario's last one are in the forecast alone.
        assert np.sort(forecast.events[number])[: len(seen)].tolist() == seen


def test_trials_do_not_depend_on_their_number_or_on_the_map(palmira):
    def backwards(work, parts):
        return reversed([work(part) for part in reversed(list(parts))])

    plan = (*palmira, "PFS")
    short, long = scenario_forecast(*plan, 3, seed=2), scenario_forecast(*plan, 120, seed=2, map=backwards)
    assert (long.events[:3] == short.events).all()
    assert (scenario_forecast(*plan, 3, seed=3).events != short.events).any()


def test_what_cannot_be_forecast(palmira):
    with pytest.raises(DocumentError, match="cannot count events of endpoint 'DOR'"):
        scenario_forecast(*palmira, "DOR", 3, seed=1)
    with pytest.raises(ValueError, match="n must be at least 1 trial; got 0"):
        scenario_forecast(*palmira, "PFS", 0, seed=1)
