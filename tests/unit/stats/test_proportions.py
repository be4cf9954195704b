"""Proportions by hand, and counts that cannot be."""

import math
from typing import Any

import pytest

from trialwright.stats import clopper_pearson, fisher_exact, newcombe, pearson_chi_square, wilson


def test_clopper_pearson_at_the_ends_has_closed_forms() -> None:
    none, all_ = clopper_pearson(0, 10), clopper_pearson(10, 10)
    assert (none.lower, none.upper) == (0, pytest.approx(1 - 0.025**0.1))
    assert (all_.lower, all_.upper) == (pytest.approx(0.025**0.1), 1)


def test_fisher_by_hand() -> None:
    # tea tasting: 3 of 4 against 1 of 4: tables 3-1 and 1-3 have 16/70 each, 4-0 and 0-4 1/70
    assert fisher_exact(3, 4, 1, 4).p == pytest.approx(34 / 70)
    assert fisher_exact(2, 4, 2, 4).p == 1


def test_chi_square_by_hand() -> None:
    found = pearson_chi_square(3, 4, 1, 4)
    assert found.statistic == pytest.approx(2.0)
    assert found.p == pytest.approx(math.erfc(1.0))
    assert pearson_chi_square(3, 4, 1, 4, corrected=True).statistic == pytest.approx(0.5)


@pytest.mark.parametrize("call", [clopper_pearson, wilson])
def test_a_proportion_of_nobody(call: Any) -> None:
    found = call(0, 0)
    assert (found.value, found.lower, found.upper, found.problem) == (None, None, None, "no subject")


def test_a_comparison_with_nobody_or_without_difference() -> None:
    assert newcombe(1, 2, 0, 0).problem == "no subject"
    assert fisher_exact(1, 2, 0, 0).problem == "no subject"
    assert pearson_chi_square(1, 2, 0, 0).problem == "no subject"
    assert pearson_chi_square(0, 5, 0, 5).problem == "every outcome is the same: nothing to compare"
    assert pearson_chi_square(5, 5, 5, 5).p is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: clopper_pearson(11, 10),
        lambda: wilson(-1, 10),
        lambda: newcombe(1, 2, 3, 2),
        lambda: fisher_exact(1.5, 2, 1, 2),  # type: ignore[arg-type]
        lambda: pearson_chi_square(1, 2, 3, 2),
    ],
)
def test_counts_that_cannot_be(call: Any) -> None:
    with pytest.raises(ValueError, match="events must be a whole number from 0 to the number of subjects; got"):
        call()


@pytest.mark.parametrize("call", [clopper_pearson, wilson])
def test_levels_are_shares(call: Any) -> None:
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 95"):
        call(1, 2, level=95)
