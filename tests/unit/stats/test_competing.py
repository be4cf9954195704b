"""Competing risks by hand, and what is refused or not estimable."""

from typing import Any

import numpy as np
import pytest

from trialwright.stats import (
    CompetingTimes,
    aalen_johansen,
    adverse_event_risk,
    cause_specific_hazards,
    cause_specific_log_rank,
    fine_gray,
    gray_test,
    kaplan_meier,
    log_rank,
)

CAUSES = ["relapse", "death"]
DAY, CAUSE, ARM = [1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 0, 2, 1, 0, 1], list("AABABBAB")


def times(day: list[float], cause: list[int], arm: Any = None, stratum: Any = None) -> CompetingTimes:
    return CompetingTimes.of(day, cause, arm, stratum, causes=CAUSES)


def test_incidence_and_its_variances_by_hand() -> None:
    #  day 2: relapse, 1 of 4; day 4: death, 1 of 3; day 6: relapse, 1 of 2; day 8: censored
    #  S(t-): 1, 3/4, 1/2;  F = 1/4, 1/4, 1/4 + 1/2 * 1/2
    found = aalen_johansen(times([2, 4, 6, 8], [1, 2, 1, 0]), "relapse")["all"]
    assert found.incidence.tolist() == [0.25, 0.25, 0.5, 0.5]
    # without censoring before day 6 the multinomial variance p (1 - p) / n
    assert found.se[:3].tolist() == pytest.approx([np.sqrt(p * (1 - p) / 4) for p in (0.25, 0.25, 0.5)])
    # Aalen: day 2 changes F(6) by 1 - (1/4)/(3/4) = 2/3, day 4 by -(1/4)/(1/2) of S(t-), day 6 by 1
    aalen = aalen_johansen(times([2, 4, 6, 8], [1, 2, 1, 0]), "relapse", variance="aalen")["all"]
    by_hand = (2 / 3) ** 2 / 16 + (3 / 4 * 1 / 2) ** 2 / 9 + (1 / 2) ** 2 / 4
    assert aalen.se[2] ** 2 == pytest.approx(by_hand)


def test_incidences_and_the_event_free_add_up_to_one() -> None:
    both = times([1, 2, 2, 3, 5, 5, 8], [1, 2, 1, 0, 1, 2, 0])
    one, two = (aalen_johansen(both, cause)["all"] for cause in CAUSES)
    np.testing.assert_allclose(one.incidence + two.incidence + one.free, 1)
    np.testing.assert_allclose(one.free, kaplan_meier(both.any_cause())["all"].survival)


def test_questions_to_an_incidence() -> None:
    found = aalen_johansen(times([2, 4, 6, 8], [1, 2, 1, 0]), "relapse")["all"]
    assert (found.at(1).value, found.at(6).value) == (0, 0.5)
    assert (found.at(9).value, found.at(9).problem) == (None, "day 9 is after the last follow-up")
    assert found.at(9, beyond="carry").value == 0.5
    ended = aalen_johansen(times([2, 4], [1, 2]), "death")["all"]
    assert ended.at(9).value == 0.5
    assert ended.at(3).problem == "no log-log limits where incidence is 0"


def test_everybody_may_end_on_one_day() -> None:
    found = aalen_johansen(times([5, 5, 5, 5], [1, 2, 2, 1]), "relapse")["all"]
    assert found.incidence.tolist() == [0.5]
    assert found.se[0] == pytest.approx(np.sqrt(0.25 / 4))


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        ([1, 3], r"cause must be a position in \('censored', 'relapse', 'death'\); got 3"),
        ([1.5, 1.0], "cause must be 0 for censored or 1 to 2 for relapse, death; got 1.5"),
        (["relapse", "death"], "cause must be 0 for censored or 1 to 2"),
        ([1], "cause must have one entry for each of the 2 subjects"),
        ([-1, 0], "got -1"),
    ],
)
def test_causes_in_another_coding(cause: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        times([1, 2], cause)


def test_unknown_names_list_the_known() -> None:
    with pytest.raises(ValueError, match="cause 'tox' is not known; known: relapse, death"):
        times([1], [1]).of_cause("tox")
    with pytest.raises(ValueError, match="variance must be one of greenwood, aalen; got 'jackknife'"):
        wrong: Any = "jackknife"
        aalen_johansen(times([1], [1]), "death", variance=wrong)


def test_gray_without_competing_events_has_the_score_of_the_log_rank_test() -> None:
    arm, stratum = list("ABABABAB"), list("xxyyxyxy")
    data = times([1, 2, 3, 4, 5, 5, 7, 8], [1, 1, 0, 1, 1, 1, 0, 1], arm, stratum)
    found, test = gray_test(data, "relapse"), log_rank(data.of_cause("relapse"))
    np.testing.assert_allclose(found.score, test.observed - test.expected)


def test_gray_without_information_or_a_second_arm() -> None:
    data = times([1, 2, 3, 4], [2, 2, 0, 2], list("ABAB"))
    assert "no information" in str(gray_test(data, "relapse").test.problem)
    with pytest.raises(ValueError, match="at least two arms; got A only"):
        gray_test(times([1, 2], [1, 1], ["A", "A"]), "relapse")


def test_gray_adds_strata_before_the_quotient() -> None:
    day, cause, arm = [1, 2, 3, 4, 5, 6], [1, 2, 1, 1, 0, 1], list("ABABAB")
    once = gray_test(times(day, cause, arm), "relapse")
    twice = gray_test(times(day * 2, cause * 2, arm * 2, ["x"] * 6 + ["y"] * 6), "relapse")
    np.testing.assert_allclose(twice.score, 2 * once.score)
    np.testing.assert_allclose(twice.variance, 2 * once.variance)


def test_fine_gray_by_algebra() -> None:
    # No censoring: the weights are 1, so the one of arm A who dies on day 2 stays at risk.
    # Risk sets (A, B) are (2, 2), (2, 1), (1, 1) on days 1, 3, 4; two of the three relapses are in B.
    data = times([1, 2, 3, 4], [1, 2, 1, 1], list("BAAB"))
    w = fine_gray(data, "relapse").effect.hazard_ratio
    assert w is not None
    assert pytest.approx(2 * w / (2 + 2 * w) + w / (2 + w) + w / (1 + w), abs=1e-9) == 2


def test_fine_gray_where_there_is_no_answer() -> None:
    one_sided = fine_gray(times([1, 2, 3, 4], [1, 1, 0, 2], list("AABB")), "relapse")
    assert one_sided.effect.hazard_ratio is None
    assert "rises without end" in str(one_sided.problem)
    none = fine_gray(times([1, 2], [2, 0], list("AB")), "relapse")
    assert none.effect.problem == "no event of this cause"
    constant = fine_gray(times([1, 2, 3], [1, 1, 0]), "relapse", {"x": [1, 1, 1]})
    assert "constant" in str(constant.problem)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: fine_gray(t, "relapse", {"x": [1.0, float("nan"), 2.0]}), "x must be known and finite; got nan"),
        (lambda t: fine_gray(t, "relapse", {"x": [1.0]}), "x must have one entry for each of the 3 subjects"),
        (lambda t: fine_gray(t, "relapse", {}), "covariates must name at least one column"),
        (lambda t: fine_gray(t, "relapse"), "reference arm all and another; got all"),
        (lambda t: fine_gray(t, "relapse", {"x": [1, 2, 3]}, ties="exact"), "ties must be one of breslow, efron"),
    ],
)
def test_fine_gray_refuses(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(times([1, 2, 3], [1, 2, 0]))


def test_fine_gray_in_strata_is_a_product_over_them() -> None:
    once = fine_gray(times(DAY, CAUSE, ARM), "relapse")
    # each stratum is the whole trial again: the same maximum, from twice the information and twice the squares
    twice = fine_gray(times(DAY * 2, CAUSE * 2, ARM * 2, ["x"] * 8 + ["y"] * 8), "relapse")
    assert twice.effect.coef == pytest.approx(once.effect.coef, abs=1e-9)
    assert twice.effect.naive_se == pytest.approx(once.effect.naive_se / 2**0.5)
    assert twice.effect.se == pytest.approx(once.effect.se / 2**0.5)
    assert twice.log_likelihood == pytest.approx(2 * once.log_likelihood)
    assert (twice.strata, twice.events) == (("x", "y"), 2 * once.events)


def test_strata_may_have_no_subject_or_no_event() -> None:
    named = CompetingTimes.of(DAY, CAUSE, ARM, ["x"] * 8, causes=CAUSES, strata=["w", "x"])
    quiet = times([*DAY, 3, 4], [*CAUSE, 0, 2], [*ARM, "A", "B"], ["x"] * 8 + ["y"] * 2)
    plain = fine_gray(times(DAY, CAUSE, ARM), "relapse").effect
    assert fine_gray(named, "relapse").effect == plain
    assert fine_gray(quiet, "relapse").effect.se == pytest.approx(plain.se)


def test_incidence_with_delayed_entry_by_hand() -> None:
    # at risk in (entry, end]: day 2: first, fourth, last; day 4: first, second, fourth; then the middle three
    late = CompetingTimes.of([4, 6, 9, 9, 2], [1, 2, 0, 1, 0], causes=CAUSES, entry=[0, 2, 4, 1, 1])
    found = aalen_johansen(late, "relapse")["all"]
    assert found.days.tolist() == [2, 4, 6, 9]
    assert found.at_risk.tolist() == [3, 3, 3, 2]
    assert found.incidence.tolist() == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3 + 2 / 3 * 2 / 3 * 1 / 2])


@pytest.mark.parametrize("variance", ["greenwood", "aalen"])
def test_whole_weights_count_subjects(variance: Any) -> None:
    weight = [1, 3, 2, 1, 1, 2, 4, 1]
    weighted = CompetingTimes.of(DAY, CAUSE, ARM, causes=CAUSES, weight=weight, entry=[0, 0, 1, 0, 2, 0, 3, 0])
    each = np.repeat(np.arange(8), weight)
    repeated = CompetingTimes.of(
        np.array(DAY)[each], np.array(CAUSE)[each], np.array(ARM)[each], causes=CAUSES,
        entry=np.array([0, 0, 1, 0, 2, 0, 3, 0])[each],
    )  # fmt: skip
    for arm, found in aalen_johansen(weighted, "relapse", variance=variance).items():
        same = aalen_johansen(repeated, "relapse", variance=variance)[arm]
        assert found.at_risk.tolist() == same.at_risk.tolist()
        np.testing.assert_allclose(found.se, same.se)
    ours, theirs = (cause_specific_hazards(t)["death"].effect for t in (weighted, repeated))
    assert (ours.coef, ours.se) == (theirs.coef, theirs.se)
    counted = CompetingTimes.of(DAY, CAUSE, ARM, causes=CAUSES, weight=weight)
    alike = CompetingTimes.of(*(np.array(part)[each] for part in (DAY, CAUSE, ARM)), causes=CAUSES)
    assert gray_test(counted, "relapse").test == gray_test(alike, "relapse").test
    assert gray_test(counted, "relapse").subjects.tolist() == gray_test(alike, "relapse").subjects.tolist()


def test_fractional_weights_may_be_on_any_scale() -> None:
    share = [0.25, 0.75, 0.5, 0.25, 0.25, 0.5, 1.0, 0.25]
    found = aalen_johansen(CompetingTimes.of(DAY, CAUSE, causes=CAUSES, weight=share), "relapse")["all"]
    larger = aalen_johansen(CompetingTimes.of(DAY, CAUSE, causes=CAUSES, weight=np.array(share) * 4), "relapse")["all"]
    np.testing.assert_allclose(found.incidence, larger.incidence)
    np.testing.assert_allclose(found.se, 2 * larger.se)
    assert found.at_risk[0] == sum(share)


@pytest.mark.parametrize(
    ("method", "column", "message"),
    [
        (lambda t: gray_test(t, "relapse"), {"entry": [0] * 8}, "Gray's test takes no delayed entry: its"),
        (lambda t: gray_test(t, "relapse"), {"weight": [0.5] * 8}, "Gray's test takes no fractional weights: its"),
        (lambda t: fine_gray(t, "relapse"), {"entry": [0] * 8}, "the subdistribution hazard takes no delayed entry"),
        (lambda t: fine_gray(t, "relapse"), {"weight": [2] * 8}, "the subdistribution hazard takes no case weights"),
        (lambda t: adverse_event_risk(t, "relapse", 4), {"entry": [0] * 8}, "an adverse event takes no delayed"),
        (lambda t: adverse_event_risk(t, "relapse", 4), {"weight": [2] * 8}, "an adverse event takes no case"),
        (lambda t: aalen_johansen(t, "relapse", variance="aalen"), {"weight": [0.5] * 8}, "aalen needs whole weights"),
    ],
)  # fmt: skip
def test_methods_name_what_they_refuse(method: Any, column: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        method(CompetingTimes.of(DAY, CAUSE, ARM, causes=CAUSES, **column))


def test_entry_is_before_the_end_of_follow_up_and_weights_are_positive() -> None:
    with pytest.raises(ValueError, match="entry must be before the end of follow-up; got 8 at position 1"):
        CompetingTimes.of([5, 8], [1, 2], causes=CAUSES, entry=[0, 8])
    with pytest.raises(ValueError, match="weight must be positive and finite; got 0"):
        CompetingTimes.of([5, 8], [1, 2], causes=CAUSES, weight=[0, 1])


def test_cause_specific_tests_censor_the_other_causes() -> None:
    data = times([1, 2, 3, 4], [1, 2, 1, 0], list("AABB"))
    assert cause_specific_log_rank(data)["death"].observed.tolist() == [1, 0]


def test_three_estimates_of_the_risk_of_an_adverse_event() -> None:
    data = times([2, 4, 6, 8, 9], [1, 2, 1, 0, 0])
    found = adverse_event_risk(data, "relapse", 7)["all"]
    # 1 - 4/5 * 2/3 by Kaplan-Meier; 1/5 + 3/5 * 1/3 by Aalen-Johansen; 2 of 5
    assert found.one_minus_kaplan_meier.estimate.value == pytest.approx(1 - 4 / 5 * 2 / 3)
    assert found.aalen_johansen.estimate.value == pytest.approx(0.4)
    assert found.proportion.estimate.value == 0.4
    assert (found.subjects, found.events, found.competing, found.censored) == (5, 2, 1, 0)
    assert [risk.estimator for risk in found.all] == ["Aalen-Johansen", "incidence proportion", "1 - Kaplan-Meier"]
    assert found.one_minus_kaplan_meier.bias.startswith("too high")


def test_times_may_be_real_numbers() -> None:
    real = CompetingTimes.from_continuous([0.5, 1.5, 2.5], [1, 2, 0], causes=CAUSES)
    assert aalen_johansen(real, "relapse")["all"].days.tolist() == [0.5, 1.5, 2.5]
    assert adverse_event_risk(real, "relapse", 1.0)["all"].events == 1


def test_parts_of_the_subjects() -> None:
    data = times([1, 2, 3], [1, 2, 0], list("ABA"), list("xyx"))
    assert data.only([True, False, True]).cause.tolist() == [1, 0]
    assert (data.pooled().arms, data.unstratified().strata) == (("all",), ("all",))
    with pytest.raises(ValueError, match="leaves no subject"):
        data.only([False] * 3)


def test_gray_after_an_arm_has_died_out() -> None:
    found = gray_test(times([1, 1, 2, 3], [1, 1, 1, 1], list("AABB")), "relapse")
    assert found.score.tolist() == [1.0, -1.0]
    assert found.test.p is not None


def test_fine_gray_with_all_events_on_one_day_has_no_robust_error() -> None:
    found = fine_gray(times([1, 1], [1, 1], list("AB")), "relapse").effect
    assert (found.hazard_ratio, found.se, found.p) == (1.0, None, None)
    assert found.naive_se is not None and "robust variance is 0" in str(found.problem)
