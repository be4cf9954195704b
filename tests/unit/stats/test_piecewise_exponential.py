"""Hazards between cut points: counts, closed forms, limits, and the test of one common ratio."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialwright.stats import EventTimes, accelerated_failure, piecewise_exponential

DAY = [10, 30, 20, 60, 50, 90, 25]
EVENT = [1, 1, 1, 1, 0, 1, 1]
ARM = list("AABBBAB")
TIMES = EventTimes.of(DAY, EVENT, ARM)


def test_an_event_on_a_cut_belongs_to_the_interval_that_ends_there() -> None:
    found = piecewise_exponential(TIMES, [30, 60])
    assert [(h.arm, h.begins, h.ends, h.events, h.exposure) for h in found.hazards] == [
        ("A", 0, 30, 2, 70),
        ("A", 30, 60, 0, 30),
        ("A", 60, math.inf, 1, 30),
        ("B", 0, 30, 2, 105),
        ("B", 30, 60, 1, 50),
        ("B", 60, math.inf, 0, 0),
    ]
    assert found.hazards[-1].hazard.problem == "nobody is followed in this interval"


def test_exact_limits_are_those_of_a_poisson_count() -> None:
    """Garwood's limits of 10 events are 4.795 and 18.39; of none, 0 and 3.689 (95 %)."""
    ten = EventTimes.of([10] * 10, [1] * 10)
    hazard = piecewise_exponential(ten, []).hazards[0].hazard
    assert (hazard.value, hazard.lower, hazard.upper) == pytest.approx((0.1, 0.04795389, 0.18390356), rel=1e-6)
    none = piecewise_exponential(EventTimes.of([10] * 10, [0] * 10), []).hazards[0].hazard
    assert (none.value, none.lower, none.upper) == pytest.approx((0, 0, 0.03688879), rel=1e-6)


def test_wald_limits_on_the_log_scale() -> None:
    ten = EventTimes.of([10] * 10, [1] * 10)
    hazard = piecewise_exponential(ten, [], limits="wald").hazards[0].hazard
    spread = math.exp(1.959963984540054 / math.sqrt(10))
    assert (hazard.lower, hazard.upper) == pytest.approx((0.1 / spread, 0.1 * spread))
    none = piecewise_exponential(EventTimes.of([10] * 10, [0] * 10), [], limits="wald").hazards[0].hazard
    assert none.value == 0 and none.upper is None and "take exact" in (none.problem or "")


def test_ratios_of_one_stratum_have_a_closed_form() -> None:
    found = piecewise_exponential(TIMES, [30]).ratios[0]
    first = found.by_interval[0]
    assert first.hazard_ratio == pytest.approx((2 / 105) / (2 / 70), rel=1e-12)
    assert first.se == pytest.approx(1, rel=1e-12)  # sqrt(1/2 + 1/2)


def test_one_interval_is_the_exponential_model() -> None:
    mine = piecewise_exponential(TIMES, []).ratios[0].common
    model = accelerated_failure(TIMES, distribution="exponential").hazard_ratio("arm B")
    assert (mine.hazard_ratio, mine.lower, mine.upper) == pytest.approx((model.value, model.lower, model.upper))


def test_the_common_ratio_is_that_of_a_poisson_regression() -> None:
    """The score of the ratio is 0 and the test compares the two likelihoods, both written out with their hazards."""
    found = piecewise_exponential(TIMES, [22, 55])
    d = np.array([h.events for h in found.hazards], float).reshape(2, 3)
    e = np.array([h.exposure for h in found.hazards]).reshape(2, 3)
    ratio = found.ratios[0].common.hazard_ratio
    assert ratio
    rate = d.sum(axis=0) / (e[0] + ratio * e[1])
    assert float((d[1] - ratio * e[1] * rate).sum()) == pytest.approx(0, abs=1e-10)

    def poisson(mean: np.ndarray) -> float:
        return float((np.where(d > 0, d * np.log(np.where(mean > 0, mean, 1)), 0) - mean).sum())

    lrt = 2 * (poisson(d) - poisson(np.stack([e[0] * rate, ratio * e[1] * rate])))
    assert found.ratios[0].equality.statistic == pytest.approx(lrt, rel=1e-10)
    assert found.ratios[0].equality.df == 2


def test_no_event_in_one_arm_gives_one_limit() -> None:
    times = EventTimes.of([10, 20, 30, 40], [1, 1, 0, 0], ["A", "A", "B", "B"])
    found = piecewise_exponential(times, []).ratios[0].common
    assert found.hazard_ratio == 0 and found.lower == 0 and found.se is None and found.p is None
    # binomial with 0 of 2: log-likelihood 2 log(1 - p), p = 70 w / (70 w + 30), fallen by z^2 / 2
    p = 1 - math.exp(-(1.959963984540054**2) / 4)
    assert found.upper == pytest.approx(p / (1 - p) * 30 / 70, rel=1e-9)
    assert "no event in arm B" in (found.problem or "")
    swapped = EventTimes.of([10, 20, 30, 40], [1, 1, 0, 0], ["A", "A", "B", "B"], arms=["B", "A"])
    other = piecewise_exponential(swapped, []).ratios[0].common
    assert other.hazard_ratio == math.inf and other.lower == pytest.approx(1 / (found.upper or 0), rel=1e-9)


def test_late_entry_takes_exposure_off() -> None:
    times = EventTimes.of([10, 30], [1, 1], entry=[0, 12])
    found = piecewise_exponential(times, [20])
    assert [h.exposure for h in found.hazards] == [10 + 8, 10]
    with pytest.raises(ValueError, match="no case weights"):
        piecewise_exponential(EventTimes.of([10, 30], [1, 1], weight=[1, 2]), [20])


def test_no_information_is_said() -> None:
    times = EventTimes.of([10, 20, 30], [0, 1, 0], ["A", "A", "B"])
    found = piecewise_exponential(times, [15]).ratios[0]
    assert "no information" in (found.by_interval[0].problem or "")
    assert found.equality.statistic is None
    assert [r.arm for r in piecewise_exponential(TIMES, [20]).ratios[0].by_interval] == ["B", "B"]


rows = st.lists(st.tuples(st.integers(1, 60), st.booleans(), st.sampled_from("AB"), st.sampled_from("xy")), min_size=4)


@given(rows, st.sets(st.integers(1, 50), max_size=4))
def test_events_and_days_add_up_and_arms_swap(pairs: list[tuple[int, bool, str, str]], cuts: set[int]) -> None:
    day, event, arm, stratum = zip(*pairs, strict=True)
    times = EventTimes.of(day, event, arm, stratum, arms="AB")
    found = piecewise_exponential(times, sorted(cuts))
    assert sum(h.events for h in found.hazards) == sum(event)
    assert sum(h.exposure for h in found.hazards) == sum(day)
    swapped = piecewise_exponential(EventTimes.of(day, event, arm, stratum, arms="BA"), sorted(cuts))
    one, other = found.ratios[0].common, swapped.ratios[0].common
    if one.coef is None or math.isinf(one.coef):
        assert one.problem and other.problem
    else:
        assert other.coef == pytest.approx(-one.coef, abs=1e-9)


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match=r"increasing order; got \[30, 20\]"):
        piecewise_exponential(TIMES, [30, 20])
    with pytest.raises(ValueError, match="limits must be one of exact, wald"):
        piecewise_exponential(TIMES, [30], limits="score")  # type: ignore[arg-type]
