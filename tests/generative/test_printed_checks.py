"""Figures computed from one trial and rounded never raise a finding; figures that cannot be always do."""

import math

from claims_made_up import claim, findings, found, median, rate, ratio
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trialwright.evidence import limits_of_share, p_of_two_shares

QUANTILES = {0.90: 1.6448536269514722, 0.95: 1.959963984540054, 0.99: 2.5758293035489004}
UNTIMED = settings(deadline=None)
"""The first example imports scipy."""


@st.composite
def cox_results(draw):
    """Log hazard ratio, standard error that its events allow, level, decimals and sides of P."""
    events = draw(st.integers(30, 900))
    inflation = draw(st.floats(1.0, 1.4))
    effect = draw(st.floats(-1.2, 1.2))
    level, decimals = draw(st.sampled_from(sorted(QUANTILES))), draw(st.integers(2, 3))
    return effect, inflation * 2 / math.sqrt(events), events, level, decimals, draw(st.sampled_from((1, 2)))


def printed(effect, error, events, level, decimals, sides):
    reach = QUANTILES[level] * error
    low, value, high = (round(math.exp(effect + d), decimals) for d in (-reach, 0, reach))
    p = round(math.erfc(abs(effect) / error / math.sqrt(2)) / 2 * sides, 4)
    numbers = {"level": level, "sides": sides, "decimals": decimals, "events": events}
    return value, low, high, p, numbers


@UNTIMED
@given(cox_results())
def test_a_rounded_cox_result_is_consistent_with_itself(result):
    value, low, high, p, numbers = printed(*result)
    assume(low > 0 and p > 0)
    said = findings(ratio(value, low, high, p, n=2000, **numbers))
    wrong = [f for f in said if f.is_finding and not (f.check == "C10" and numbers["sides"] == 1)]
    assert wrong == []
    assert {f.check for f in said} >= {"C1", "C2", "C3", "C10"}


@UNTIMED
@given(cox_results(), st.floats(0.3, 0.99))
def test_fewer_patients_than_the_interval_needs_are_impossible(result, share):
    value, low, high, _, numbers = printed(*result)
    assume(low > 0 and high > low)
    half = 0.5 * 10.0 ** -numbers["decimals"]
    assume(low > half)
    widest = (math.log(high + half) - math.log(low - half)) / (2 * QUANTILES[numbers["level"]])
    patients = int(share * 4 / widest**2)
    assume(patients > 1)
    fewer = {"n": patients, "level": numbers["level"], "decimals": numbers["decimals"]}
    (bound,) = found("C3", ratio(value, low, high, **fewer))
    assert (bound.verdict, bound.available) == ("impossible", patients)


@UNTIMED
@given(cox_results())
def test_the_reciprocal_passes_and_fails_as_the_ratio_does(result):
    """The checks do not depend on which arm is the numerator, but for the rounding."""
    effect, *rest = result
    pair = [findings(ratio(*printed(e, *rest)[:4], n=2000, **printed(e, *rest)[4])) for e in (effect, -effect)]
    graded = [{f.check for f in each if f.verdict in {"implausible", "impossible"}} for each in pair]
    assert graded == [set(), set()]


@UNTIMED
@given(st.integers(1, 400), st.data(), st.integers(0, 2))
def test_whole_patients_pass_with_the_limits_and_tests_of_their_counts(n, data, decimals):
    x = data.draw(st.integers(0, n))
    method = data.draw(st.sampled_from(sorted(limits_of_share(x, n, 0.95))))
    low, high = (round(100 * limit, decimals + 1) for limit in limits_of_share(x, n, 0.95)[method])
    value = round(100 * x / n, decimals + 1)
    assume(low <= value <= high)
    share = rate("r", value, "A", n=n, events=x, lower=low, upper=high, level=0.95, decimals=decimals + 1)
    assert [f for f in findings(share) if f.is_finding] == []


@UNTIMED
@given(st.integers(2, 300), st.integers(2, 300), st.data())
def test_a_plain_test_is_recognized(n1, n2, data):
    x1, x2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    tests = p_of_two_shares(x1, n1, x2, n2)
    assume(tests)
    name = data.draw(st.sampled_from(sorted(tests)))
    place = {"endpoint": "CBR"}
    shares = [
        rate(arm, round(100 * x / n, 1), arm, n=n, events=x, decimals=1, **place)
        for arm, x, n in (("A", x1, n1), ("B", x2, n2))
    ]
    test = claim("p", round(tests[name], 3), statistic="P", numerator="A", denominator="B", decimals=3, **place)
    (said,) = found("C6", *shares, test)
    assert said.verdict == "consistent" and name in said.message


@UNTIMED
@given(st.floats(1, 40), st.floats(0.3, 3), st.lists(st.integers(1, 60), min_size=1, max_size=4, unique=True))
def test_exponential_curves_pass(middle, hazard_ratio, months):
    """Medians and rates of two exponential curves, rounded, give their hazard ratio on every interval."""
    hazards = {"B": math.log(2) / middle, "A": hazard_ratio * math.log(2) / middle}
    claims = [median(f"m{arm}", round(math.log(2) / h, 1), arm, decimals=1) for arm, h in hazards.items()]
    claims += [
        rate(f"{arm}{at}", round(100 * math.exp(-h * at), 1), arm, at=at, decimals=1)
        for arm, h in hazards.items()
        for at in months
    ]
    assume(all(c.value > 0.2 for c in claims))
    said = found("C7", ratio(round(hazard_ratio, 2), 0.01, 99.0, decimals=2), *claims)
    assert [f for f in said if f.is_finding] == []
