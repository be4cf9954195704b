"""Interval-censored times: the estimate, the score test and the hazard ratio, by algebra and by published answers."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialwright.stats import EventTimes, IntervalTimes, cox, interval_censored, kaplan_meier, log_rank, turnbull
from trialwright.stats.interval_likelihood import IntervalLikelihood

NEVER = math.inf
RADIATION = (
    "45+ 6-10 0-7 46+ 46+ 7-16 17+ 7-14 37-44 0-8 4-11 15+ 11-15 22+ 46+ 46+ 25-37 46+ 26-40 46+ 27-34 36-44 46+ 36-48 "
    "37+ 40+ 17-25 46+ 11-18 38+ 5-12 37+ 0-5 18+ 24+ 36+ 5-11 19-35 17-25 24+ 32+ 33+ 19-26 37+ 34+ 36+"
)
WITH_CHEMOTHERAPY = (
    "8-12 0-22 24-31 17-27 17-23 24-30 16-24 13+ 11-13 16-20 18-25 17-26 32+ 23+ 44-48 14-17 0-5 5-8 12-20 11+ 33-40 "
    "31+ 13-39 19-32 34+ 13+ 16-24 35+ 15-22 11-17 22-32 10-35 30-34 13+ 10-17 8-21 4-9 11+ 14-19 4-8 34+ 30-36 18-24 "
    "16-60 35-39 21+ 11-20 48+"
)
"""Months to breast retraction, radiotherapy without and with chemotherapy: Finkelstein and Wolfe 1985, table 4."""


def ends(text: str) -> tuple[list[float], list[float]]:
    pairs = [entry.removesuffix("+").split("-") for entry in text.split()]
    return [float(p[0]) for p in pairs], [float(p[1]) if len(p) == 2 else NEVER for p in pairs]


def cosmesis() -> IntervalTimes:
    (after1, by1), (after2, by2) = ends(RADIATION), ends(WITH_CHEMOTHERAPY)
    arms = ["radiation"] * len(after1) + ["both"] * len(after2)
    return IntervalTimes.of(after1 + after2, by1 + by2, arms, arms=["radiation", "both"])


def test_turnbull_of_the_cosmesis_data() -> None:
    """The published estimate of the first arm (Sun 2006, section 3.3)."""
    curve = turnbull(cosmesis())["radiation"]
    held = curve.mass > 1e-6
    pairs = list(zip(curve.after[held].tolist(), curve.by[held].tolist(), strict=True))
    assert pairs == [(4, 5), (6, 7), (7, 8), (11, 12), (24, 25), (33, 34), (38, 40), (46, 48)]
    assert curve.mass[held].round(4).tolist() == [0.0463, 0.0334, 0.0887, 0.0708, 0.0926, 0.0818, 0.1209, 0.4656]
    assert curve.subjects == 46 and curve.gap < 1e-8
    assert curve.quantile(0.5) == (38, 40)


def test_hazard_ratio_of_the_cosmesis_data() -> None:
    """The semiparametric log hazard ratio in the literature is 0.797 (icenReg prints 0.7974)."""
    found = interval_censored(cosmesis())
    assert (found.subjects, found.seen) == (94, 56)
    assert found.effects[0].coef == pytest.approx(0.7974, abs=5e-5)
    assert found.z is not None and found.z > 2.5


rows = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 5), st.booleans(), st.booleans()), min_size=2, max_size=14)


def intervals(pairs: list[tuple[int, int, bool, bool]], stratum: list[str] | None = None) -> IntervalTimes:
    after = [a for a, _, _, _ in pairs]
    by = [a + w if seen else NEVER for a, w, seen, _ in pairs]
    return IntervalTimes.of(after, by, [int(arm) for *_, arm in pairs], stratum, arms=[0, 1])


@given(rows)
def test_the_kuhn_tucker_conditions_hold(pairs: list[tuple[int, int, bool, bool]]) -> None:
    """No mass elsewhere would add likelihood, and every mass carries its share: checked from the definition."""
    curve = turnbull(IntervalTimes.of([a for a, *_ in pairs], [a + w if s else NEVER for a, w, s, _ in pairs]))["all"]
    assert curve.mass.sum() == pytest.approx(1)
    covers = np.array(
        [[a <= p and q <= (a + w if s else NEVER) for p, q in zip(curve.after, curve.by, strict=True)]
         for a, w, s, _ in pairs]
    )  # fmt: skip
    gradient = (covers / (covers @ curve.mass)[:, None]).sum(axis=0)
    assert gradient.max() <= len(pairs) + 1e-6
    assert gradient[curve.mass > 1e-4] == pytest.approx(len(pairs), rel=1e-3)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=25))
def test_days_known_exactly_give_kaplan_meier(pairs: list[tuple[int, bool]]) -> None:
    times = EventTimes.of(*zip(*pairs, strict=True))
    curve, reference = turnbull(IntervalTimes.from_event_times(times))["all"], kaplan_meier(times)["all"]
    for day in reference.days:
        survival = reference.at(day, beyond="carry").value
        if day < reference.days[-1] or reference.survival[-1] == 0:
            assert curve.bounds_at(day) == pytest.approx((survival, survival), abs=1e-7)


def grouped(n: int = 80, seed: int = 4) -> EventTimes:
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % 2
    day = np.ceil(rng.exponential(3, n) * (1 + 0.6 * arm)).astype(int)
    return EventTimes.of(day, rng.random(n) < 0.8, arm, rng.integers(0, 2, n))


def test_score_of_whole_days_is_a_weighted_log_rank_test() -> None:
    """With d of Y on a day, p = d / Y and a = -log(1 - p): U = sum (a / p)(d1 - Y1 p) over days and strata.

    Information of a subject at the log of the day's hazard: a if it stays, a e (a - p) / p^2 with e = 1 - p if it goes.
    """
    times = grouped()
    ties_u = ties_v = 0.0
    for s in range(len(times.strata)):
        for day in np.unique(times.day):
            now = (times.stratum == s) & (times.day == day) & times.event
            risk = (times.stratum == s) & (times.day >= day)
            d, y, d1, y1 = now.sum(), risk.sum(), now[times.arm == 1].sum(), risk[times.arm == 1].sum()
            if d == 0 or d == y:
                continue
            p = d / y
            a = -math.log1p(-p)
            going = a * (1 - p) * (a - p) / p**2
            ties_u += a / p * (d1 - y1 * p)
            own, all_of_it = d1 * going + (y1 - d1) * a, d * going + (y - d) * a
            ties_v += own - own**2 / all_of_it
    found = interval_censored(IntervalTimes.from_event_times(times))
    assert found.z == pytest.approx(ties_u / math.sqrt(ties_v), rel=1e-8)
    assert found.score.statistic == pytest.approx(ties_u**2 / ties_v, rel=1e-8)


def test_right_censored_days_come_close_to_cox_and_log_rank() -> None:
    rng = np.random.default_rng(8)
    arm = np.arange(150) % 2
    times = EventTimes.of(np.ceil(rng.exponential(200, 150) * (1 + 0.5 * arm)), rng.random(150) < 0.8, arm)
    found, model = interval_censored(IntervalTimes.from_event_times(times)), cox(times).effect
    assert found.effects[0].coef == pytest.approx(model.coef, abs=0.01)
    assert found.effects[0].se == pytest.approx(model.se, rel=0.01)
    assert found.z == pytest.approx(log_rank(times).z, abs=0.05)


def test_the_maximum_has_no_slope_and_no_better_neighbor() -> None:
    """The log-likelihood written out from its definition, at the maximum found and around it."""
    times = cosmesis()
    likelihood = IntervalLikelihood.of(times)
    best = likelihood.maximize(np.zeros(1), fixed=False)
    assert best is not None
    assert best.derivatives.gradient[(best.at > 0) | (np.arange(len(best.at)) == 0)] == pytest.approx(0, abs=1e-6)
    support = np.unique(np.concatenate([times.after, times.by[times.seen]]))

    def plain(at: np.ndarray) -> float:
        """Survival exp(-r H) with H stepping at the right ends of the innermost intervals."""
        from trialwright.stats.turnbull import innermost

        found = innermost(times.after, times.by)
        hazard = np.append(at[1:], np.inf)
        total = 0.0
        for after, by, seen, arm in zip(times.after, times.by, times.seen, times.arm, strict=True):
            r = math.exp(at[0] * arm)
            low = math.exp(-r * hazard[found.by <= after].sum())
            high = math.exp(-r * hazard[found.by <= by].sum()) if seen else 0.0
            total += math.log(low - high)
        return total

    assert len(support) > 0
    assert plain(best.at) == pytest.approx(best.derivatives.log_likelihood, rel=1e-12)
    rng = np.random.default_rng(1)
    for size in (1e-2, 1e-4):
        for _ in range(20):
            near = best.at + size * rng.normal(size=len(best.at)) * np.where(best.at > 0, np.abs(best.at), 0.05)
            near[1:] = np.abs(near[1:])
            assert plain(near) <= best.derivatives.log_likelihood + 1e-9


def test_derivatives_are_those_of_the_log_likelihood() -> None:
    likelihood = IntervalLikelihood.of(grouped_on_scans())
    rng = np.random.default_rng(3)
    at = np.concatenate([[0.3], likelihood.start + rng.random(len(likelihood.start)) * 0.1 + 0.01])
    found = likelihood(at)
    for j in range(len(at)):
        up, down = at.copy(), at.copy()
        up[j] += 1e-6
        down[j] -= 1e-6
        high, low = likelihood(up), likelihood(down)
        assert found.gradient[j] == pytest.approx((high.log_likelihood - low.log_likelihood) / 2e-6, rel=1e-5, abs=1e-5)
        assert found.information[j] == pytest.approx(-(high.gradient - low.gradient) / 2e-6, rel=1e-4, abs=1e-4)


def grouped_on_scans() -> IntervalTimes:
    rng = np.random.default_rng(9)
    arm = np.arange(120) % 2
    day = np.ceil(rng.exponential(150, 120) * (1 + 0.5 * arm)).astype(int)
    times = EventTimes.of(day, rng.random(120) < 0.8, arm, rng.integers(0, 3, 120))
    return IntervalTimes.from_event_times(times).on_grid(range(56, 1200, 56))


def test_strata_that_are_copies_double_the_evidence() -> None:
    one = cosmesis()
    twice = IntervalTimes.of(
        np.tile(one.after, 2), np.tile(np.where(one.seen, one.by, NEVER), 2), np.tile(one.arm, 2).tolist(),
        np.repeat([0, 1], len(one)).tolist(),
    )  # fmt: skip
    single, double = interval_censored(one), interval_censored(twice)
    assert double.effects[0].coef == pytest.approx(single.effects[0].coef, abs=1e-8)
    assert single.z is not None and double.z == pytest.approx(single.z * math.sqrt(2), rel=1e-8)


@settings(deadline=None, max_examples=50)
@given(rows, st.data())
def test_swapping_arms_changes_signs_only(pairs: list[tuple[int, int, bool, bool]], data: st.DataObject) -> None:
    stratum = data.draw(st.lists(st.sampled_from("xy"), min_size=len(pairs), max_size=len(pairs)))
    if len({arm for *_, arm in pairs}) < 2:
        return
    one = interval_censored(intervals(pairs, stratum))
    swapped = [(a, w, s, not arm) for a, w, s, arm in pairs]
    other = interval_censored(intervals(swapped, stratum))
    if one.z is None:
        assert one.score.problem and other.score.problem and one.effects[0].hazard_ratio is None
        return
    assert other.z == pytest.approx(-one.z, abs=1e-6)
    first, second = one.effects[0], other.effects[0]
    if "do not determine" in f"{first.problem} {second.problem}":
        return
    assert first.hazard_ratio is not None and second.hazard_ratio is not None
    if first.se is not None:
        assert second.coef == pytest.approx(-(first.coef or 0), abs=1e-4)
    else:
        assert first.problem and {first.hazard_ratio, second.hazard_ratio} == {0.0, math.inf}


def test_no_event_in_one_arm_gives_one_limit() -> None:
    """All of arm 0 by the first visit or not, none of arm 1: the profile likelihood is that of one binomial share."""
    times = IntervalTimes.of([0] * 4 + [10] * 6, [10] * 4 + [NEVER] * 6, [0] * 4 + [0] * 2 + [1] * 4)
    found = interval_censored(times).effects[0]
    assert found.hazard_ratio == 0 and found.se is None and found.p is None
    assert "rises without end" in (found.problem or "")

    def profile(b: float) -> float:
        x = np.linspace(1e-6, 5, 200_001)
        return float((4 * np.log(-np.expm1(-x)) - 2 * x - 4 * math.exp(b) * x).max())

    assert found.upper is not None
    assert profile(-40) - profile(math.log(found.upper)) == pytest.approx(1.959963984540054**2 / 2, abs=1e-6)


def test_a_flat_likelihood_is_not_an_estimate() -> None:
    """Arm A may have had its event in either of two cells, the second of which only A covers: any ratio fits alike."""
    times = IntervalTimes.of([0, 0, 0, 1, 2], [1, 1, 2, NEVER, NEVER], ["B", "B", "A", "B", "A"])
    found = interval_censored(times)
    assert found.effects[0].hazard_ratio is None and "do not determine" in (found.problem or "")
    assert found.score.statistic is not None


def test_three_arms_have_two_ratios() -> None:
    times = grouped_on_scans()
    three = IntervalTimes.of(
        times.after, np.where(times.seen, times.by, NEVER), (np.arange(120) % 3).tolist(), times.stratum.tolist()
    )
    found = interval_censored(three)
    assert [e.arm for e in found.effects] == ["1", "2"] and found.z is None
    assert found.score.df == found.likelihood_ratio.df == 2
    assert found.score.statistic == pytest.approx(found.likelihood_ratio.statistic, rel=0.1, abs=0.1)


def test_nothing_to_learn_is_said() -> None:
    found = interval_censored(IntervalTimes.of([3, 5, 8], [NEVER] * 3, ["A", "B", "B"]))
    assert found.score.statistic is None and found.effects[0].hazard_ratio is None
    assert "no information" in (found.problem or "")


def test_a_grid_widens_intervals() -> None:
    times = IntervalTimes.of([40, 60, 0, 130], [50, 70, 1, 140]).on_grid([56, 112])
    assert times.after.tolist() == [0, 56, 0, 112]
    assert times.by[:3].tolist() == [56, 112, 56]
    assert times.seen.tolist() == [True, True, True, False]


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="by must be later than after; got after 5 and by 5 at position 1"):
        IntervalTimes.of([0, 5], [3, 5])
    with pytest.raises(ValueError, match="same length"):
        IntervalTimes.of([0, 5], [3])
    with pytest.raises(ValueError, match="whole"):
        IntervalTimes.of([0.5], [3])
    with pytest.raises(ValueError, match="known"):
        IntervalTimes.of([math.nan], [3])
    with pytest.raises(ValueError, match="days above 0"):
        IntervalTimes.of([0], [3]).on_grid([0, 5])
    with pytest.raises(ValueError, match="at least two arms; got A of A"):
        interval_censored(IntervalTimes.of([0, 5], [3, 8], ["A", "A"]))
    with pytest.raises(ValueError, match="continuous"):
        IntervalTimes.from_event_times(EventTimes.from_continuous([0.5, 1.5], [1, 1]))


@pytest.mark.soak
def test_the_score_test_holds_its_level() -> None:
    """4,000 trials of 120 patients without a difference, scans every 8 weeks: 5 % within 4 Monte Carlo errors."""
    rng = np.random.default_rng(77)
    rejected = 0
    for _ in itertools.repeat(None, 4000):
        day = np.ceil(rng.exponential(150, 120)).astype(int)
        times = EventTimes.of(day, rng.random(120) < 0.8, rng.permutation(np.arange(120) % 2))
        z = interval_censored(IntervalTimes.from_event_times(times).on_grid(range(56, 1200, 56))).z
        rejected += z is not None and abs(z) > 1.959964
    assert abs(rejected / 4000 - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 4000)
