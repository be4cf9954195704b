"""C7: landmark rates, medians and hazard ratio, worked out by hand."""

import math

import pytest
from claims_made_up import found, median, rate, ratio


def test_a_rate_after_the_median_is_not_above_one_half():
    (said,) = found("C7", median("m", 4.9, "A"), rate("r", 50.2, "A", at=6))
    assert said.verdict == "impossible"
    assert "50.2 % at 6 months is above one half, after the median" in said.message
    (fine,) = found("C7", median("m", 4.9, "A"), rate("r", 50.0, "A", at=6))
    assert fine.verdict == "consistent", "50.0 may stand for 49.95"


def test_a_rate_before_the_median_is_not_below_one_half():
    (said,) = found("C7", median("m", 12.4, "A"), rate("r", 49.8, "A", at=12))
    assert (said.verdict, said.beside) == ("impossible", ("r",))
    (fine,) = found("C7", median("m", 12.0, "A", decimals=1), rate("r", 49.8, "A", at=12))
    assert fine.verdict == "consistent", "the median may be 11.96"


def test_a_curve_does_not_rise():
    claims = median("m", 4.0, "A"), rate("r6", 30.1, "A", at=6), rate("r12", 30.3, "A", at=12)
    (said,) = found("C7", *claims)
    assert said.verdict == "impossible"
    assert said.steps == ("the curve rises between 6 and 12 months",)
    (flat,) = found("C7", *claims[:2], rate("r12", 30.2, "A", at=12))
    assert flat.verdict == "consistent", "30.1 and 30.2 may both stand for 30.15"


def test_hazard_ratio_of_each_interval():
    """ln .42/ln .29 up to 6 months, then ln(.124/.42)/ln(.123/.29): below 1, then above: hazards that cross."""
    rates = rate("a6", 42.1, "A", at=6), rate("b6", 29.1, "B", at=6), rate("a12", 12.4, "A", at=12)
    said = found("C7", ratio(0.84, 0.66, 1.07), *rates, rate("b12", 12.3, "B", at=12))[-1]
    first = math.log(0.421) / math.log(0.291)
    second = math.log(0.124 / 0.421) / math.log(0.123 / 0.291)
    assert said.verdict == "note" and "the hazards cross" in said.message
    assert said.steps[0].startswith(f"months 0-6: {first:.2f} (") and f"{first:.2f}" == "0.70"
    assert said.steps[1].startswith(f"months 6-12: {second:.2f} (") and f"{second:.2f}" == "1.42"


def test_hazards_on_one_side_of_one_are_no_finding():
    rates = rate("a6", 41.2, "A", at=6), rate("b6", 23.9, "B", at=6), rate("a12", 24.6, "A", at=12)
    medians = median("ma", 5.29, "A"), median("mb", 2.76, "B")
    (said, *_) = found("C7", ratio(0.57, 0.39, 0.85), *rates, rate("b12", 7.4, "B", at=12), *medians)
    assert said.verdict == "consistent"
    assert said.steps[2].endswith("0.52 to 0.52")


@pytest.mark.parametrize(("value", "verdict"), [(1.6, "implausible"), (0.6, "consistent")])
def test_a_ratio_against_all_medians_and_rates_asks_for_its_direction(value, verdict):
    medians = median("ma", 9.0, "A"), median("mb", 5.0, "B")
    (said,) = found("C7", ratio(value, value / 1.3, value * 1.3, decimals=2), *medians)
    assert said.verdict == verdict
    assert ("direction" in said.message) == (verdict == "implausible")


def test_rates_that_print_alike_have_no_ratio():
    rates = rate("a6", 100.0, "A", at=6), rate("b6", 100.0, "B", at=6)
    assert found("C7", ratio(0.8, 0.6, 1.07), *rates)[0].verdict == "consistent"


def test_a_rate_of_nothing_has_no_upper_bound():
    (said,) = found("C7", ratio(0.8, 0.6, 1.07), rate("a6", 10.0, "A", at=6), rate("b6", 0.0, "B", at=6))
    assert said.verdict == "consistent"


def test_without_rates_or_medians_there_is_nothing_to_say():
    assert found("C7", ratio(0.8, 0.6, 1.07), median("m", 4.0, "A")) == []
    assert found("C7", median("m", 4.0, "A"), rate("b6", 60.0, "B", at=6)) == []
