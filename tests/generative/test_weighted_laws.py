"""Laws of weighted tests, restricted means and wins that hold for all data."""

from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trialwright.stats import (
    EventTimes,
    FixedOutcomes,
    FlemingHarrington,
    Gehan,
    ModestlyWeighted,
    PetoPeto,
    TaroneWare,
    compare_restricted_means,
    log_rank,
    max_combo,
    restricted_means,
    wins,
)

subject = st.tuples(st.integers(0, 12), st.booleans(), st.integers(0, 1), st.integers(0, 2))
subjects = st.lists(subject, min_size=2, max_size=25).filter(lambda rows: len({r[2] for r in rows}) == 2)
weights = st.sampled_from(
    [
        FlemingHarrington(),
        FlemingHarrington(0, 1),
        FlemingHarrington(1, 0),
        FlemingHarrington(0.5, 0.5),
        Gehan(),
        TaroneWare(),
        PetoPeto(),
        PetoPeto(modified=True),
        ModestlyWeighted(until=6),
        ModestlyWeighted(at_least=0.6),
    ]
)
quick = settings(max_examples=100, deadline=None)
ARMS, STRATA = ["C", "E"], ["x", "y", "z"]


def times_of(rows: list[tuple[int, bool, int, int]], **change: Any) -> EventTimes:
    columns = dict(zip(("day", "event", "arm", "stratum"), map(np.array, zip(*rows, strict=True)), strict=True))
    return EventTimes.coded(**(columns | change), arms=ARMS, strata=STRATA)


def close(a: Any, b: Any, tolerance: float = 1e-9) -> None:
    ours, theirs = (np.array([np.nan if v is None else v for v in np.atleast_1d(x)], float) for x in (a, b))
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@quick
@given(subjects)
def test_weights_that_are_one_are_the_log_rank_test(rows: Any) -> None:
    times = times_of(rows)
    plain = log_rank(times)
    for weight in (FlemingHarrington(0.0, 0.0), ModestlyWeighted(until=0), ModestlyWeighted(at_least=1.0)):
        found = log_rank(times, weight)
        close(found.z, plain.z)
        close(found.test.p, plain.test.p)
        close(found.variance, plain.variance)


@quick
@given(subjects, weights)
def test_one_stratum_is_no_stratum(rows: Any, weight: Any) -> None:
    times = times_of([(day, event, arm, 1) for day, event, arm, _ in rows])
    close(log_rank(times, weight).z, log_rank(times.unstratified(), weight).z)


@quick
@given(subjects, weights)
def test_exchanged_arms_flip_the_sign(rows: Any, weight: Any) -> None:
    times = times_of(rows)
    other = times_of([(day, event, 1 - arm, stratum) for day, event, arm, stratum in rows])
    found, flipped = log_rank(times, weight), log_rank(other, weight)
    close(-(found.z or 0), flipped.z or 0)
    close(found.test.statistic, flipped.test.statistic)
    if found.p_one_sided is not None:
        close(found.p_one_sided, 1 - (flipped.p_one_sided or 0))


@quick
@given(subjects, weights, st.integers(1, 1000), st.integers(2, 50))
def test_shifted_or_stretched_time_changes_no_test(rows: Any, weight: Any, shift: int, factor: int) -> None:
    assume(not isinstance(weight, ModestlyWeighted) or weight.until is None)
    times = times_of(rows)
    for day in (times.day + shift, times.day * factor):
        close(log_rank(times_of(rows, day=day), weight).z, log_rank(times, weight).z)


@quick
@given(subjects, weights, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_test(rows: Any, weight: Any, random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    close(log_rank(times_of(rows), weight).z, log_rank(times_of(shuffled), weight).z)


@quick
@given(subjects, weights, st.lists(st.integers(0, 1), min_size=25, max_size=25))
def test_fixed_outcomes_give_the_z_of_any_allocation(rows: Any, weight: Any, drawn: list[int]) -> None:
    times, arm = times_of(rows), np.array(drawn[: len(rows)])
    assume(0 < arm.sum() < len(arm))
    expected = log_rank(times_of(rows, arm=arm), weight).z
    found = FixedOutcomes.of(times, weight).z(arm[None, :])
    assume(expected is None or abs(expected) < 1e6)
    if expected is not None:
        close(found[0], expected, 1e-7)


@settings(max_examples=25, deadline=None)
@given(subjects)
def test_max_combo_lies_between_its_best_part_and_bonferroni(rows: Any) -> None:
    found = max_combo(times_of(rows))
    assume(found.problem is None)
    least = found.p_parts.min()
    assert least * (1 - 1e-9) <= (found.p or 0) <= min(1, 3 * least) * (1 + 1e-9)
    assert (found.p_one_sided or 0) <= (found.p or 0) * (1 + 1e-9) or found.z.min() > -np.abs(found.z).max()


@settings(max_examples=25, deadline=None)
@given(subjects)
def test_max_combo_of_exchanged_arms(rows: Any) -> None:
    found = max_combo(times_of(rows))
    other = max_combo(times_of([(day, event, 1 - arm, stratum) for day, event, arm, stratum in rows]))
    close(found.p, other.p)
    close(found.z, -other.z)


@quick
@given(subjects, st.integers(1, 15), st.integers(2, 40))
def test_stretched_time_stretches_the_restricted_mean(rows: Any, tau: int, factor: int) -> None:
    times = times_of(rows).unstratified()
    stretched = times_of(rows, day=times.day * factor).unstratified()
    for name, found in restricted_means(times, tau=tau, beyond="carry").items():
        other = restricted_means(stretched, tau=tau * factor, beyond="carry")[name]
        close((found.mean.value or 0) * factor, other.mean.value or 0)
        close((found.mean.se or 0) * factor, other.mean.se or 0)
    ours = compare_restricted_means(times, tau=tau, beyond="carry")
    close(ours.ratio.p, compare_restricted_means(stretched, tau=tau * factor, beyond="carry").ratio.p)


@quick
@given(subjects, st.integers(1, 15))
def test_restricted_means_are_areas_that_add_up(rows: Any, tau: int) -> None:
    """Mean + lost = tau; exchanged arms flip the difference and invert the ratios; one stratum is no stratum."""
    one = [(day, event, arm, 1) for day, event, arm, _ in rows]
    times = times_of(one)
    for found in restricted_means(times, tau=tau, beyond="carry").values():
        close((found.mean.value or 0) + (found.lost.value or 0), tau)
    ours = compare_restricted_means(times, tau=tau, beyond="carry")
    plain = compare_restricted_means(times.unstratified(), tau=tau, beyond="carry")
    other = compare_restricted_means(times_of(one, arm=1 - times.arm), tau=tau, beyond="carry")
    close(ours.difference.value, (ours.means[1].value or 0) - (ours.means[0].value or 0))
    for name in ("difference", "ratio", "lost_ratio"):
        close(getattr(ours, name).value, getattr(plain, name).value)
        close(getattr(ours, name).p, getattr(other, name).p)
    close(ours.difference.value, -(other.difference.value or 0))
    if ours.ratio.value is not None:
        close(ours.ratio.value * (other.ratio.value or 0), 1)


@quick
@given(subjects, st.data())
def test_wins_of_exchanged_arms_are_losses(rows: Any, data: st.DataObject) -> None:
    second = data.draw(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=len(rows), max_size=len(rows)))
    rows = [(*row[:3], 1) for row in rows]
    endpoints = [rows, [(*more, *row[2:]) for row, more in zip(rows, second, strict=True)]]
    ours = wins([times_of(e) for e in endpoints])
    other = wins([times_of([(d, v, 1 - a, s) for d, v, a, s in e]) for e in endpoints])
    assert (ours.wins, ours.losses, ours.ties) == (other.losses, other.wins, other.ties)
    assert ours.wins + ours.losses + ours.ties == ours.pairs
    close(ours.net_benefit.value, -(other.net_benefit.value or 0))
    close(ours.net_benefit.se, other.net_benefit.se)
    if ours.win_ratio.value and other.win_ratio.value:
        close(ours.win_ratio.value * other.win_ratio.value, 1)
        close(ours.win_ratio.se, other.win_ratio.se)
    plain = wins([times_of(e).unstratified() for e in endpoints])
    close(ours.win_odds.value, plain.win_odds.value)
