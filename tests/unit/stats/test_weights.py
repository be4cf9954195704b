"""Weights of the log-rank family by hand, and MaxCombo where the data allow no answer."""

import math
from typing import Any

import numpy as np
import pytest

from trialwright.stats import (
    EventTimes,
    FixedOutcomes,
    FlemingHarrington,
    Gehan,
    ModestlyWeighted,
    PetoPeto,
    RiskTable,
    TaroneWare,
    log_rank,
    max_combo,
)
from trialwright.stats.weights import PooledTies

TIMES = EventTimes.of([3, 5, 5, 7, 9], [1, 1, 1, 0, 1], list("ABABA"))
"""S(t-) is 1, 4/5 and 2/5 at the days 3, 5, 9 with 5, 4, 1 at risk."""


def weights(weight: Any, times: EventTimes = TIMES) -> list[float]:
    return list(weight.at(PooledTies.of(RiskTable.count(times))))


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (FlemingHarrington(), [1, 1, 1]),
        (FlemingHarrington(1, 0), [1, 0.8, 0.4]),
        (FlemingHarrington(0, 1), [0, 0.2, 0.6]),
        (FlemingHarrington(0.5, 2), [0, 0.8**0.5 * 0.04, 0.4**0.5 * 0.36]),
        (Gehan(), [5, 4, 1]),
        (TaroneWare(), [5**0.5, 2, 1]),
        (PetoPeto(), [5 / 6, 5 / 6 * 3 / 5, 5 / 6 * 3 / 5 / 2]),
        (PetoPeto(modified=True), [5 / 6 * 5 / 6, 5 / 6 * 3 / 5 * 4 / 5, 5 / 6 * 3 / 5 / 2 / 2]),
        (ModestlyWeighted(until=0), [1, 1, 1]),
        (ModestlyWeighted(until=3), [1, 1, 1]),
        (ModestlyWeighted(until=4), [1, 1.25, 1.25]),
        (ModestlyWeighted(until=5), [1, 1.25, 1.25]),
        (ModestlyWeighted(until=6), [1, 1.25, 2.5]),
        (ModestlyWeighted(at_least=0.5), [1, 1.25, 2]),
    ],
    ids=str,
)
def test_weights_by_hand(weight: Any, expected: list[float]) -> None:
    assert weights(weight) == pytest.approx(expected)


@pytest.mark.parametrize("weight", [FlemingHarrington(1, 1), PetoPeto(), ModestlyWeighted(until=6), Gehan()], ids=str)
def test_weights_are_found_within_strata(weight: Any) -> None:
    other = EventTimes.of([1, 2, 5], [1, 0, 1], list("ABA"))
    both = EventTimes.of([3, 5, 5, 7, 9, 1, 2, 5], [1, 1, 1, 0, 1, 1, 0, 1], list("ABABAABA"), list("xxxxxyyy"))
    assert weights(weight, both) == pytest.approx([*weights(weight), *weights(weight, other)])


def test_a_weighted_test_by_hand() -> None:
    """Gehan on 3 A, 5 A, 7 B, 9 B: weights 4, 3, 2, 1; one-armed days add nothing."""
    times = EventTimes.of([3, 5, 7, 9], [1, 1, 1, 1], list("AABB"))
    found = log_rank(times, Gehan())
    assert found.weight == "Gehan"
    assert found.events.tolist() == [2, 2]
    assert found.observed.tolist() == [7, 3]
    assert found.expected.tolist() == pytest.approx([4 * 1 / 2 + 3 * 1 / 3, 4 / 2 + 3 * 2 / 3 + 2 + 1])
    assert found.variance[1, 1] == pytest.approx(16 * 1 / 4 + 9 * 2 / 9)
    assert found.z == pytest.approx(-4 / math.sqrt(6))


def test_delayed_entry_that_empties_the_risk_set() -> None:
    """S(t-) is 0 after day 2, when all of the early subjects are gone; a weight 1 / S(t-) does not exist."""
    times = EventTimes.of([1, 2, 5, 6], [1, 1, 1, 1], list("ABAB"), entry=[0, 0, 3, 3])
    assert log_rank(times).z is not None
    found = log_rank(times, ModestlyWeighted(until=6))
    assert (found.z, found.test.p) == (None, None)
    assert found.test.problem == "a weight is infinite: pooled survival reaches zero while subjects are still to enter"
    assert max_combo(times, [ModestlyWeighted(until=6), Gehan()]).problem == (
        f"modestly weighted(t* = 6): {found.test.problem}"
    )


def test_a_weight_that_is_zero_at_all_events() -> None:
    times = EventTimes.of([3, 5, 6], [1, 0, 0], list("ABA"))
    assert log_rank(times).test.problem is None
    found = log_rank(times, FlemingHarrington(0, 1))
    assert (found.z, found.p_one_sided) == (None, None)
    assert found.test.problem == (
        "no information: the weight is zero at every event while subjects of two arms are at risk"
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FlemingHarrington(-1, 0), "rho and gamma must be finite and zero or more; got -1 and 0"),
        (lambda: FlemingHarrington(0, math.nan), "rho and gamma must be finite"),
        (ModestlyWeighted, "give until .* or at_least .*, not both; got None and None"),
        (lambda: ModestlyWeighted(until=3, at_least=0.5), "not both; got 3 and 0.5"),
        (lambda: ModestlyWeighted(until=-1), "until must be zero or more; got -1"),
        (lambda: ModestlyWeighted(at_least=0), r"at_least must be in \(0, 1\]; got 0"),
    ],
)
def test_weights_that_do_not_exist(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_names_tell_the_parameters() -> None:
    rules = [FlemingHarrington(0, 0.5), PetoPeto(), PetoPeto(True), ModestlyWeighted(at_least=0.5), TaroneWare()]
    assert [str(rule) for rule in rules] == [
        "Fleming-Harrington(0, 0.5)",
        "Peto-Peto",
        "modified Peto-Peto",
        "modestly weighted(s* = 0.5)",
        "Tarone-Ware",
    ]


def test_max_combo_of_one_weight_is_that_test() -> None:
    times = EventTimes.of([3, 5, 7, 9, 4, 8], [1, 1, 1, 1, 1, 0], list("AABBAB"))
    alone, found = log_rank(times, Gehan()), max_combo(times, [Gehan()])
    assert found.statistic == pytest.approx(alone.z)
    assert found.p == pytest.approx(alone.test.p)
    assert found.p_one_sided == pytest.approx(alone.p_one_sided)
    assert max_combo(times, [Gehan()] * 3).p == pytest.approx(found.p)


def test_max_combo_names_its_strongest_part() -> None:
    early = EventTimes.of([1, 2, 3, 4, 9, 9, 9, 9, 5, 6, 7, 8], [1] * 4 + [0] * 8, list("AAAABBBBABAB"))
    found = max_combo(early)
    assert found.largest == found.weights[int(np.abs(found.z).argmax())]
    assert found.statistic == found.z.min() < 0
    assert found.p_parts.min() < (found.p or 0) < 3 * found.p_parts.min()
    assert (found.p_one_sided or 0) < (found.p or 0) < 2 * (found.p_one_sided or 0) + 1e-12
    np.testing.assert_allclose(np.diag(found.correlation), 1)


def test_max_combo_without_information() -> None:
    nothing = max_combo(EventTimes.of([2, 4, 5, 7], [0, 0, 0, 0], list("ABAB")))
    assert (nothing.p, nothing.statistic, nothing.largest) == (None, None, None)
    assert nothing.problem == "no information: there is no event while subjects of two arms are at risk"
    early = max_combo(EventTimes.of([3, 5, 6], [1, 0, 0], list("ABA")))
    assert early.p is None
    assert early.problem and early.problem.endswith("to which Fleming-Harrington(0, 1) gives weight")


def test_max_combo_refuses() -> None:
    three = EventTimes.of([1, 2, 3], [1, 1, 1], list("ABC"))
    with pytest.raises(ValueError, match="MaxCombo compares two arms; got A, B, C"):
        max_combo(three)
    with pytest.raises(ValueError, match="weights must be 1 to 4; got 5"):
        max_combo(TIMES, [Gehan()] * 5)
    with pytest.raises(ValueError, match="at least two arms; got A only"):
        max_combo(EventTimes.of([1, 2], [1, 1], list("AA"), arms=["A", "B"]))


def test_outcomes_that_stay_while_the_arms_change() -> None:
    with pytest.raises(ValueError, match=r"arms must be \[allocations, 5 subjects\]; got shape \(1, 4\)"):
        FixedOutcomes.of(TIMES).z([[0, 1, 0, 1]])
    with pytest.raises(ValueError, match="arms must be 0 or 1; got 0 to 2"):
        FixedOutcomes.of(TIMES).z([[0, 1, 0, 1, 2]])
    with pytest.raises(ValueError, match="followed from the start who count once each"):
        FixedOutcomes.of(EventTimes.of([5, 6], [1, 1], entry=[1, 2]))
    assert np.isnan(FixedOutcomes.of(TIMES).z([[0] * 5, [1] * 5])).all()
