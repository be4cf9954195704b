"""What cannot be pooled is refused by name, with what to do."""

import math
from typing import Any

import pytest

from trialwright.evidence import (
    Study,
    egger,
    leave_one_out,
    meta_regression,
    pool,
    pool_mantel_haenszel,
    pool_peto,
    pool_subgroups,
    rank_test,
    trim_and_fill,
)
from trialwright.stats import TwoByTwoTables


def made(k: int, **fields: Any) -> list[Study]:
    return [Study("abcdefgh"[i], i / 10, 0.1 + i / 100, **fields) for i in range(k)]


@pytest.mark.parametrize("se", [0.0, -1.0, math.inf, math.nan])
def test_a_study_without_a_variance(se: float) -> None:
    with pytest.raises(ValueError, match=r"se of 'PACE' must be greater than 0 and finite; got .* leave it out"):
        Study("PACE", 0.1, se)


def test_a_study_without_an_estimate() -> None:
    with pytest.raises(ValueError, match=r"estimate of 'PACE' must be a finite number; got -inf"):
        Study("PACE", -math.inf, 0.1)


@pytest.mark.parametrize("ratio", [(1.6, 0.79, 1.55), (1.11, 0.0, 1.55), (1.11, 1.11, 1.11), (-1.0, -2.0, 1.0)])
def test_an_interval_that_does_not_hold_its_ratio(ratio: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"interval of 'PACE' must hold its ratio"):
        Study.of_ratio("PACE", *ratio, level=0.9)


def test_a_level_in_percent() -> None:
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 95.*write level=0.95"):
        Study.of_ratio("PACE", 1.11, 0.79, 1.55, level=95)
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 95"):
        pool(made(3), level=95)


def test_standard_errors_of_different_units() -> None:
    with pytest.raises(ValueError, match=r"'b' has 1e-06 and 'a' 0.1, so that nothing but the first would count"):
        pool([*made(1), Study("b", 0.0, 1e-6)])


def test_effects_that_are_all_the_same_have_no_ranks() -> None:
    with pytest.raises(ValueError, match=r"rank correlation needs values that differ"):
        rank_test([Study(str(se), 0.0, se) for se in (0.1, 0.2, 0.3)])


def test_one_study_only() -> None:
    with pytest.raises(ValueError, match=r"pooling needs at least 2 studies; got 1 \(a\). Report a single study"):
        pool(made(1))


def test_no_study() -> None:
    with pytest.raises(ValueError, match=r"got none"):
        pool([])


def test_labels_that_stand_twice() -> None:
    with pytest.raises(ValueError, match=r"labels of studies must differ; got a more than once"):
        pool([*made(2), *made(1)])


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"method must be one of common, DL, PM, REML.*; got 'dl'"):
        pool(made(3), method="dl")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"test must be one of z, t, HK, HK ad hoc; got 'knha'"):
        pool(made(3), test="knha")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"test must be one of z, t; got 'HK'"):
        pool(made(3), method="common", test="HK")
    with pytest.raises(ValueError, match=r"kind must be one of 'z', 't, k-1', 't, k-2'; got 't'"):
        pool(made(3)).predict("t")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"measure must be one of odds ratio, risk ratio, risk difference; got 'OR'"):
        pool_mantel_haenszel(TwoByTwoTables.of([1], [4], [2], [5]), "OR")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"rule must be one of L0, R0, Q0"):
        trim_and_fill(made(4), rule="L1")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"side must be one of left, right or None"):
        trim_and_fill(made(4), side="up")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"model must be one of dispersion, random effects"):
        egger(made(4), model="lm")  # type: ignore[arg-type]


def test_a_moderator_that_never_varies() -> None:
    with pytest.raises(ValueError, match=r"column dose is the same for each study, as is the intercept"):
        meta_regression(made(4), {"dose": [2, 2, 2, 2]})


def test_moderators_that_follow_from_each_other_are_named() -> None:
    year, size = [1, 2, 3, 4, 9, 2], [5, 3, 9, 1, 4, 4]
    age = [s + 2 * y for y, s in zip(year, size, strict=True)]
    with pytest.raises(ValueError, match=r"collinear: age follows from year, size\. .*leave one of them out"):
        meta_regression(made(6), {"year": year, "size": size, "age": age})


def test_a_factor_that_repeats_another_is_named() -> None:
    moderators = {"drug": list("aabb"), "phase": ["2", "2", "3", "3"]}
    with pytest.raises(ValueError, match=r"phase=3 follows from drug=b"):
        meta_regression(made(4), moderators)


def test_more_coefficients_than_studies() -> None:
    with pytest.raises(ValueError, match=r"3 coefficients \(intercept, a, b\) needs at least 4 studies; got 3"):
        meta_regression(made(3), {"a": [1, 2, 4], "b": [0, 1, 1]})


def test_a_moderator_of_another_length() -> None:
    with pytest.raises(ValueError, match=r"moderator a must hold a value for each of 3 studies"):
        meta_regression(made(3), {"a": [1, 2]})


def test_an_unknown_coefficient_or_group() -> None:
    found = meta_regression(made(4), {"a": [1, 2, 4, 4]})
    with pytest.raises(ValueError, match=r"coefficient 'b' is not in the model; known: intercept, a"):
        found["b"]
    groups = pool_subgroups([*made(2, group="x"), Study("y", 0, 1, "y")], shared_tau2=True)
    with pytest.raises(ValueError, match=r"group 'z' is not known; known: x, y"):
        groups.difference("x", "z")


def test_groups_of_one_study_or_one_group() -> None:
    with pytest.raises(ValueError, match=r"group 'y' holds one study \(h\).*Share tau2"):
        pool_subgroups([*made(2, group="x"), Study("h", 0, 1, "y")], shared_tau2=False)
    with pytest.raises(ValueError, match=r"at least two groups; all are of 'x'"):
        pool_subgroups(made(3, group="x"), shared_tau2=True)


def test_too_few_for_small_study_tests() -> None:
    for refused in (leave_one_out, egger, rank_test, trim_and_fill):
        with pytest.raises(ValueError, match=r"needs at least 3 studies; got 2 \(a, b\)"):
            refused(made(2))


def test_studies_of_one_size_tell_nothing_of_small_ones() -> None:
    alike = [Study(str(i), i / 10, 0.2) for i in range(5)]
    for refused in (egger, rank_test, trim_and_fill):
        with pytest.raises(ValueError, match=r"standard errors of the studies must differ; all are 0.2"):
            refused(alike)


def test_tables_without_events() -> None:
    empty = TwoByTwoTables.of([0, 0], [10, 20], [0, 0], [10, 20])
    with pytest.raises(ValueError, match="allow no common odds ratio"):
        pool_peto(empty)
    for measure in ("odds ratio", "risk ratio", "risk difference"):
        with pytest.raises(ValueError, match=f"allow no common {measure}"):
            pool_mantel_haenszel(empty, measure)  # type: ignore[arg-type]


def test_all_events_in_one_group_allow_no_ratio() -> None:
    with pytest.raises(ValueError, match="the ratio is infinite"):
        pool_mantel_haenszel(TwoByTwoTables.of([3], [10], [0], [10]), "risk ratio")
