"""Analyses beside the planned comparison: each row is the method's own answer on the analysis's own patients."""

import numpy as np
import pytest

from trialwright import analyze, derive, simulate
from trialwright.design import Scenario
from trialwright.protocol import load, read_document, study_file
from trialwright.stats import EventTimes, compare_restricted_means, cox, log_rank, max_combo


@pytest.fixture(scope="module")
def trial():
    protocol = load("palmira")
    scenario = read_document(study_file("palmira", "scenario.yaml"), Scenario)
    data = simulate.trial(protocol, scenario, 7)
    known = data.cut(protocol.analysis.cuts[-1].on)
    return protocol, known, analyze.run(known, protocol)


@pytest.fixture(scope="module")
def times(trial):
    protocol, data, _ = trial
    ended = derive.time_to_event(data, protocol, "PFS")
    allocated = data["allocations"].select("subject", "arm", "stratum")
    rows = ended.join(allocated, on="subject", how="inner", maintain_order="left")
    return EventTimes.of(rows["days"], rows["event"], rows["arm"].to_list(), rows["stratum"].to_list(), arms=("B", "A"))


def found(trial, statistic):
    return trial[2].one(endpoint="PFS", population="ITT", group="A v B", statistic=statistic)


def test_without_strata_the_pooled_table_decides(trial, times):
    pooled = times.unstratified()
    assert found(trial, "unstratified hazard ratio").value == pytest.approx(cox(pooled).effect.hazard_ratio, rel=1e-12)
    assert found(trial, "unstratified log-rank P").value == pytest.approx(log_rank(pooled).test.p, rel=1e-12)


def test_means_are_compared_up_to_the_planned_day(trial, times):
    expected = compare_restricted_means(times.unstratified(), tau=365).difference
    row = found(trial, "restricted mean difference")
    assert (row.value, row.lower, row.upper, row.at) == pytest.approx(
        (expected.value, expected.lower, expected.upper, 365), rel=1e-12
    )
    assert found(trial, "restricted mean P").value == pytest.approx(expected.p, rel=1e-12)


def test_max_combo_is_stratified_as_planned(trial, times):
    assert found(trial, "MaxCombo P").value == pytest.approx(max_combo(times).p, rel=1e-12)


def test_between_scans_the_ratio_stays_near_the_planned_one(trial):
    planned, grid = found(trial, "hazard ratio"), found(trial, "interval-censored hazard ratio")
    # The same patients and order of events, only grouped: far less apart than the width of the interval.
    assert abs(np.log(grid.value / planned.value)) < 0.25 * np.log(planned.upper / planned.lower)
    assert 0 < found(trial, "interval-censored score P").value < 1


def test_the_re_randomized_p_value_lies_near_the_log_rank_one(trial):
    planned, drawn = found(trial, "log-rank P"), found(trial, "re-randomization P")
    assert abs(drawn.value - planned.value) < 0.05
    assert "10,000 draws" in drawn.conventions


def test_every_supporting_row_names_method_and_patients(trial):
    _, _, results = trial
    for statistic in ("unstratified hazard ratio", "MaxCombo P", "proportional hazards P", "re-randomization P"):
        row = found(trial, statistic)
        assert row.method in results.methods
        assert len(results.subjects[row.subjects]) == row.n
