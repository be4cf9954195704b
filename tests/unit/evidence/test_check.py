"""The checks C1, C2, C3, C5 and C10 on well-known published figures."""

import math

import pytest

from trialwright.evidence import Claim, Claims, Link, PrintedP, check, denominators, numerators, p_of_two_shares

SOURCES = {"S": "as printed"}


def claim(value, lower=None, upper=None, p=None, *, level=0.95, sides=None, operator="=", **rest):
    printed = None if p is None else PrintedP(operator=operator, value=p, sides=sides)
    common = {"label": "x", "cited": "S", "kind": "reported", "cut": "final", "numerator": "A"}
    rest = {"id": "x"} | common | rest
    return Claim(value=value, lower=lower, upper=upper, level=level, p=printed, **rest)


def verdicts(*claims):
    return {finding.check: finding.verdict for finding in check(Claims(sources=SOURCES, claims=claims))}


def finding(name, *claims):
    (found,) = [f for f in check(Claims(sources=SOURCES, claims=claims)) if f.check == name]
    return found


PALMIRA_FINAL = claim(0.84, 0.66, 1.07, 0.149, n=198)


def test_palmira_final_agrees_with_itself_and_needs_more_events_than_patients():
    assert verdicts(PALMIRA_FINAL) == {
        "C1": "consistent",
        "C2": "consistent",
        "C3": "impossible",
        "C10": "consistent",
    }
    found = finding("C3", PALMIRA_FINAL)
    assert found.message.endswith("at least 250 to 277 events; only 198 patients exist")
    assert found.available == 198
    assert [needed / 198 for needed in found.needed] == pytest.approx([1.26, 1.40], abs=0.005)


def test_information_by_hand():
    # Widest interval that prints as 0.66-1.07 is 0.655-1.075: SE = (ln 1.075 - ln 0.655) / (2 * 1.959964) = 0.126396.
    error = (math.log(1.075) - math.log(0.655)) / (2 * 1.959963985)
    assert finding("C3", PALMIRA_FINAL).needed[0] == pytest.approx(4 / error**2, rel=1e-9)


def test_palmira_first_cut_is_consistent_with_its_155_events():
    first = claim(0.8, 0.6, 1.1, 0.206, sides=2, n=198, events=155)
    assert set(verdicts(first).values()) == {"consistent"}
    assert finding("C3", first).needed == pytest.approx((113.0, 267.2), abs=0.1)


def test_printed_events_are_what_the_information_is_held_to():
    assert verdicts(claim(0.84, 0.66, 1.07, n=400, events=249)) == {"C1": "consistent", "C3": "impossible"}
    assert verdicts(claim(0.84, 0.66, 1.07, n=400, events=251))["C3"] == "consistent"


def test_maintain_is_a_misprint():
    assert verdicts(claim(0.57, 0.39, 0.95, 0.006, n=119, sides=2)) == {
        "C1": "implausible",
        "C2": "implausible",
        "C3": "consistent",
        "C10": "implausible",
    }
    assert set(verdicts(claim(0.57, 0.39, 0.85, 0.006, n=119)).values()) == {"consistent"}


def test_pace_read_at_95_percent_is_proposed_to_be_90():
    wrong = claim(1.11, 0.79, 1.55, 0.62, n=166)
    assert verdicts(wrong)["C2"] == "implausible"
    assert finding("C10", wrong).verdict == "implausible"
    assert finding("C10", wrong).message == "interval and P agree at 90% with a two-sided P"
    assert set(verdicts(claim(1.11, 0.79, 1.55, 0.62, n=166, level=0.90)).values()) == {"consistent"}


def test_solar_prints_a_one_sided_p():
    solar = claim(0.86, 0.64, 1.15, 0.15, n=341)
    assert finding("C2", solar).message.endswith("printed is = 0.15, which fits a one-sided P")
    assert "95% with a one-sided P" in finding("C10", solar).message
    assert verdicts(claim(0.86, 0.64, 1.15, 0.15, n=341, sides=1))["C2"] == "consistent"


def os_claims(median, followed="PFS"):
    def link(group, statistic, endpoint="OS"):
        return Link(cut="final", endpoint=endpoint, population="ITT", group=group, statistic=statistic)

    plain = {"numerator": None, "unit": "months"}
    return (
        claim(1.06, 0.75, 1.51, n=198, result=link("A v B", "hazard ratio")),
        claim(median, id="A", result=link("A", "median"), **plain),
        claim(28.8, id="B", result=link("B", "median"), **plain),
        claim(13.4, id="F", result=link("all", "follow-up", followed), **plain),
    )


def test_deaths_of_more_than_half_before_the_median_are_implausible():
    found = finding("C3", *os_claims(28.3, followed="OS"))
    assert found.verdict == "implausible"
    assert "28.3 and 28.8 lie beyond the median follow-up of 13.4 months" in found.message
    assert found.needed == pytest.approx((122, 129), abs=1)


def test_follow_up_of_another_endpoint_makes_it_a_note():
    found = finding("C3", *os_claims(28.3))
    assert found.verdict == "note"
    assert found.message.endswith("13.4 months printed for PFS; that for OS may be longer")


def shares_claims(p, decimals=3, ours=(57, 136), theirs=(17, 62)):
    def link(group, statistic):
        return Link(cut="final", endpoint="CBR", population="ITT", group=group, statistic=statistic)

    rates = [
        percent(round(100 * x / n, 1), n, x, id=arm, result=link(arm, "rate"))
        for arm, (x, n) in (("A", ours), ("B", theirs))
    ]
    plain = {"numerator": None, "unit": "", "decimals": decimals}
    return claim(p, id="P", result=link("A v B", "difference P"), **plain), *rates


def test_a_p_value_of_two_shares_is_held_to_the_plain_tests_of_their_counts():
    """57/136 v 17/62, by hand: chi-square 198 (57 x 45 - 79 x 17)^2 / (136 x 62 x 74 x 124) = 3.8214, P 0.0506."""
    found = finding("C6", *shares_claims(0.044))
    assert found.verdict == "note"
    assert "57/136 v 17/62 gives Pearson 0.0506, Yates-corrected 0.07" in found.message
    assert "none prints as 0.044" in found.message
    assert finding("C6", *shares_claims(0.051)).message.endswith("0.051 is Pearson")
    assert finding("C6", *shares_claims(0.025)).message.endswith("0.025 is one-sided Pearson")


def test_the_tests_of_two_shares_by_hand():
    """57/136 v 17/62. G = 2 (57 ln(57/50.83) + 79 ln(79/85.17) + 17 ln(17/23.17) + 45 ln(45/38.83)) = 3.923; log odds
    ratio .6472 with variance 1/57 + 1/79 + 1/17 + 1/45 = .11125; difference .14492 with variance .005000."""
    found = p_of_two_shares(57, 136, 17, 62)
    assert found["likelihood ratio"] == pytest.approx(0.0476, abs=0.00005)
    assert found["Wald of the odds ratio"] == pytest.approx(math.erfc(0.6472 / math.sqrt(2 * 0.11125)), abs=0.0001)
    assert found["unpooled z"] == pytest.approx(math.erfc(0.14492 / math.sqrt(2 * 0.005)), abs=0.0001)
    assert found["one-sided Pearson"] == found["Pearson"] / 2


def test_shares_without_an_event_have_nothing_to_test():
    assert finding("C6", *shares_claims(0.5, ours=(0, 30), theirs=(0, 20))).verdict == "not checkable"


def test_a_median_within_follow_up_is_no_such_ground():
    assert finding("C3", *os_claims(12.0)).verdict == "consistent"
    assert finding("C3", os_claims(28.3)[0]).verdict == "consistent"


@pytest.mark.parametrize(
    ("operator", "p", "verdict"),
    [
        ("<", 0.001, "consistent"),
        ("<", 0.0001, "implausible"),
        (">", 0.001, "implausible"),
        ("=", 0.0005, "consistent"),
    ],
)
def test_the_operator_counts(operator, p, verdict):
    # EMERALD, ESR1 mutated: 0.55 (0.39-0.77), P .0005
    assert verdicts(claim(0.55, 0.39, 0.77, p, operator=operator, n=228))["C2"] == verdict


def test_what_is_not_printed_is_not_checked():
    assert verdicts(claim(0.84)) == {}
    assert verdicts(claim(0.84, 0.66, 1.07)) == {"C1": "consistent", "C3": "not checkable"}
    unleveled = verdicts(claim(0.84, 0.66, 1.07, 0.149, level=None, n=198))
    assert unleveled == {"C1": "consistent", "C2": "not checkable", "C3": "not checkable", "C10": "not checkable"}
    assert "95% with a two-sided P" in finding("C10", claim(0.84, 0.66, 1.07, 0.149, level=None)).message


def test_an_interval_printed_too_coarsely_has_no_upper_bound():
    found = finding("C3", claim(0.9, 0.9, 0.9, n=5000, decimals=1))
    fewest = 4 / (math.log(0.95 / 0.85) / (2 * 1.959963985)) ** 2
    assert (found.verdict, found.needed) == ("consistent", (pytest.approx(fewest), math.inf))
    assert found.message.endswith(f"at least {fewest:.0f} to any number of events; 5000 patients exist")


def test_a_limit_that_rounds_to_nothing_never_alarms():
    assert finding("C3", claim(0.1, 0.0001, 1.0, decimals=0, n=5)).verdict == "consistent"


def percent(value, n, events=None, **rest):
    return claim(value, numerator=None, unit="percent", n=n, events=events, level=None, **rest)


def test_whole_patients():
    ae = Link(cut="final", endpoint="AE", population="SAF", group="A", statistic="grade 3 or higher", item="any")
    assert verdicts(percent(47.4, 135, 64)) == {"C5": "consistent"}
    assert finding("C5", percent(47.4, 135, 63)).message == "64 of 135 patients is 47.4 %, not 63"
    wrong = finding("C5", percent(47.4, 136, result=ae))
    assert wrong.verdict == "impossible"
    assert wrong.message == "no whole number of 136 patients is 47.4 %; it is of 133, 135, 137"
    rate = Link(cut="final", endpoint="PFS", population="ITT", group="A", statistic="rate", at=183)
    assert verdicts(percent(42.1, 136, result=rate)) == {}, "a Kaplan-Meier rate is not a count"
    assert verdicts(percent(42.1, 136)) == {}, "not known to be a count"


def test_only_135_and_60_patients_fit_the_printed_harms():
    assert denominators([47.4, 38.5, 45.2, 3.7, 3.0, 0.7], 1, range(130, 137)) == (135,)
    assert denominators([10.0, 8.3], 1, range(58, 63)) == (60,)


@pytest.mark.parametrize(("value", "decimals", "n", "counts"), [(50, 0, 2, [1]), (33.3, 1, 3, [1]), (12.5, 1, 8, [1])])
def test_numerators(value, decimals, n, counts):
    assert list(numerators(value, decimals, n)) == counts


def test_a_half_may_be_rounded_either_way():
    assert list(numerators(12, 0, 8)) == [1]
    assert list(numerators(13, 0, 8)) == [1]
    assert list(numerators(100, 0, 7)) == [7]
    assert list(numerators(0, 1, 60)) == [0]
    assert list(numerators(0.2, 1, 2000)) == [3, 4, 5], "3 of 2000 is 0.15 %, a half that binary cannot hold"
    assert list(numerators(2.3, 1, 2000)) == [45, 46, 47]
