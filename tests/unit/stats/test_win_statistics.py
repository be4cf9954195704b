"""Wins by hand, by plain loops over pairs and triples, over strata, and where a ratio does not exist."""

import math
from typing import Any

import numpy as np
import pytest

from trialwright.stats import EndpointWins, EventTimes, wins


def random_trial(n: int = 24, strata: int = 1, seed: int = 3) -> list[EventTimes]:
    rng = np.random.default_rng(seed)
    arm, stratum = rng.integers(0, 2, n), rng.integers(0, strata, n)
    names = [str(s) for s in range(strata)]
    return [
        EventTimes.coded(rng.integers(1, 12, n), rng.random(n) < 0.6, arm, stratum, arms=["A", "B"], strata=names)
        for _ in range(2)
    ]


def verdict(i: int, j: int, endpoints: list[EventTimes]) -> int:
    for times in endpoints:
        if times.event[j] and times.day[i] > times.day[j]:
            return 1
        if times.event[i] and times.day[j] > times.day[i]:
            return -1
    return 0


def verdicts(endpoints: list[EventTimes]) -> np.ndarray:
    arm = endpoints[0].arm
    return np.array([[verdict(i, j, endpoints) for j in np.nonzero(arm == 0)[0]] for i in np.nonzero(arm == 1)[0]])


def test_pairs_by_hand() -> None:
    """B wins on death where A died while B lived on; an event on the other's last day decides nothing."""
    death = EventTimes.of([4, 9, 9, 4], [1, 0, 0, 0], list("AABB"))
    relapse = EventTimes.of([2, 5, 7, 3], [1, 1, 1, 1], list("AABB"))
    found = wins([death, relapse])
    assert found.by_endpoint == (EndpointWins(1, 0), EndpointWins(2, 1))
    assert (found.pairs, found.wins, found.losses, found.ties) == (4, 3, 1, 0)
    assert found.win_ratio.value == pytest.approx(3)
    assert found.net_benefit.value == pytest.approx(0.5)
    assert found.win_odds.value == pytest.approx(3)


def test_the_hajek_variance_by_loops() -> None:
    endpoints = random_trial()
    d = verdicts(endpoints)
    found = wins(endpoints)
    assert (found.wins, found.losses) == ((d == 1).sum(), (d == -1).sum())
    won, lost = (d == 1).astype(float), (d == -1).astype(float)
    one, zero = d.shape
    covariance = np.cov(won.mean(1), lost.mean(1)) / one + np.cov(won.mean(0), lost.mean(0)) / zero
    slope = np.array([1 / won.mean(), -1 / lost.mean()])
    assert found.win_ratio.se == pytest.approx(math.sqrt(slope @ covariance @ slope))
    assert found.net_benefit.se == pytest.approx(math.sqrt(np.array([1, -1]) @ covariance @ np.array([1, -1])))
    up, down = won.mean() + (d == 0).mean() / 2, lost.mean() + (d == 0).mean() / 2
    slope = np.array([0.5 / up + 0.5 / down, -0.5 / up - 0.5 / down])
    assert found.win_odds.value == pytest.approx(up / down)
    assert found.win_odds.se == pytest.approx(math.sqrt(slope @ covariance @ slope))


def test_the_null_variance_by_loops_over_triples() -> None:
    endpoints = random_trial(14)
    d = verdicts(endpoints).astype(float)
    one, zero = d.shape
    rows = [d[i, j] * d[i, k] for i in range(one) for j in range(zero) for k in range(zero) if j != k]
    columns = [d[i, j] * d[k, j] for j in range(zero) for i in range(one) for k in range(one) if i != k]
    found = wins(endpoints, variance="null")
    se = math.sqrt(np.mean(rows) / one + np.mean(columns) / zero)
    assert found.net_benefit.se == pytest.approx(se)
    assert found.win_ratio.se == pytest.approx(2 * se / (d != 0).mean())
    assert found.win_odds.se == pytest.approx(2 * se)


@pytest.mark.parametrize("variance", ["hajek", "null"])
def test_strata_are_weighted(variance: Any) -> None:
    endpoints = random_trial(60, strata=3, seed=5)
    parts = []
    for s in range(3):
        own = [times.only(times.stratum == s).unstratified() for times in endpoints]
        n1 = int((own[0].arm == 1).sum())
        parts.append((n1 * (len(own[0]) - n1) / len(own[0]), wins(own, variance=variance)))
    weight = np.array([w for w, _ in parts]) / sum(w for w, _ in parts)
    found = wins(endpoints, variance=variance)
    assert found.wins == sum(part.wins for _, part in parts)
    benefit = sum(w * (part.net_benefit.value or 0) for w, (_, part) in zip(weight, parts, strict=True))
    assert found.net_benefit.value == pytest.approx(benefit)
    se = math.sqrt(sum((w * (part.net_benefit.se or 0)) ** 2 for w, (_, part) in zip(weight, parts, strict=True)))
    assert found.net_benefit.se == pytest.approx(se)
    won = sum(w * part.wins / part.pairs for w, (_, part) in zip(weight, parts, strict=True))
    lost = sum(w * part.losses / part.pairs for w, (_, part) in zip(weight, parts, strict=True))
    assert found.win_ratio.value == pytest.approx(won / lost)


def test_a_stratum_of_one_arm_is_named() -> None:
    endpoints = random_trial(40, strata=2, seed=6)
    lonely = [
        EventTimes.coded(
            np.append(times.day, 3),
            np.append(times.event, True),
            np.append(times.arm, 1),
            np.append(times.stratum, 2),
            arms=["A", "B"],
            strata=["0", "1", "2"],
        )
        for times in endpoints
    ]
    assert wins(lonely).without_pairs == ("2",)
    assert wins(lonely).net_benefit == wins(endpoints).net_benefit


def test_ratios_that_do_not_exist() -> None:
    better = wins([EventTimes.of([1, 2, 8, 9], [1, 1, 1, 1], list("AABB"))])
    assert (better.win_ratio.value, better.win_ratio.problem) == (None, "no loss among the pairs")
    assert (better.win_odds.value, better.win_odds.problem) == (None, "no loss and no tie among the pairs")
    assert (better.net_benefit.value, better.net_benefit.problem) == (
        1,
        "no standard error: the data show no variation",
    )
    worse = wins([EventTimes.of([8, 9, 1, 2], [1, 1, 1, 1], list("AABB"))])
    assert (worse.win_ratio.value, worse.win_ratio.problem) == (0, "no win among the pairs")
    assert (worse.win_odds.value, worse.win_odds.lower) == (0, None)
    tied = wins([EventTimes.of([8, 9, 1, 2], [0, 0, 0, 0], list("AABB"))])
    assert (tied.ties, tied.win_ratio.problem) == (4, "no win and loss among the pairs")
    assert tied.win_odds.value == 1


@pytest.mark.parametrize("variance", ["hajek", "null"])
def test_one_subject_in_an_arm_has_no_variance(variance: Any) -> None:
    found = wins([EventTimes.of([4, 6, 5], [1, 1, 1], list("AAB"))], variance=variance)
    for contrast in (found.win_ratio, found.net_benefit, found.win_odds):
        assert contrast.value is not None and contrast.se is None
        assert contrast.problem == "the variance needs two subjects of each arm in a stratum"


def test_pairs_that_cannot_be_made() -> None:
    times = EventTimes.of([4, 6], [1, 1], list("AB"))
    with pytest.raises(ValueError, match="endpoint 1 is of other subjects, arms or strata than endpoint 0"):
        wins([times, EventTimes.of([4, 6], [1, 1], list("BA"))])
    with pytest.raises(ValueError, match="endpoints must be at least one"):
        wins([])
    with pytest.raises(ValueError, match="wins compare two arms, both with subjects; got A, B"):
        wins([EventTimes.of([4, 6], [1, 1], list("AA"), arms=["A", "B"])])
    with pytest.raises(ValueError, match="shares a stratum"):
        wins([EventTimes.of([4, 6], [1, 1], list("AB"), list("xy"))])
    with pytest.raises(ValueError, match="leave out entry and weight"):
        wins([EventTimes.of([4, 6], [1, 1], list("AB"), weight=[1, 2])])
