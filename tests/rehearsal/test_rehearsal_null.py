"""Rehearsals in which the treatment does nothing: the primary test finds a difference about as often as it should."""

from __future__ import annotations

from math import comb
from pathlib import Path

from trialwright import analyze, derive, simulate
from trialwright.design import Scenario
from trialwright.protocol import load, read_document, study_file

TINY = Path(__file__).parents[1] / "studies" / "tiny"
ALPHA = 0.05


def binomial_p(successes: int, trials: int) -> float:
    """Return the exact two-sided P of a share of ALPHA: all outcomes at most as likely as the one seen."""
    likely = [comb(trials, k) * ALPHA**k * (1 - ALPHA) ** (trials - k) for k in range(trials + 1)]
    return sum(chance for chance in likely if chance <= likely[successes] * (1 + 1e-9))


def test_the_binomial_test_is_that_of_a_small_table() -> None:
    assert abs(binomial_p(0, 2) - 1) < 1e-12
    assert abs(binomial_p(2, 2) - 0.0025) < 1e-12
    assert binomial_p(9, 40) < 0.001 < binomial_p(7, 40)


def test_of_40_rehearsals_without_a_difference_not_too_many_are_significant() -> None:
    protocol, scenario = load(TINY / "protocol.yaml"), read_document(TINY / "scenario.yaml", Scenario)
    null, found = scenario.null("standard"), []
    for number in range(40):
        data = simulate.trial(protocol, null, 40, number)
        on = derive.cut_dates(data, protocol)["final"]
        assert on is not None
        results = analyze.run(data.cut(on), protocol, "final")
        found.append(results.one(endpoint="PFS", population="ITT", statistic="log-rank P").value)
    significant = sum(p is not None and p < ALPHA for p in found)
    assert len(set(found)) == 40
    assert binomial_p(significant, 40) > 0.001, f"{significant} of 40 have P < 0.05"


def test_of_1000_replays_without_a_difference_not_too_many_are_significant() -> None:
    protocol, scenario = load("palmira"), read_document(study_file("palmira", "scenario.yaml"), Scenario)
    values = simulate.many(protocol, scenario.null("B"), 1000, 1).values["final/PFS/ITT/A v B/log-rank P"]
    significant = int((values < ALPHA).sum())
    assert binomial_p(significant, 1000) > 0.001, f"{significant} of 1000 have P < 0.05"
