"""The four rechallenge trials of CDK4/6 inhibitors: the table that R's metafor gave for them, as it was noted down."""

import math

import pytest
from oracle_cases import Differences

from trialwright.evidence import PoolingMethod, Study, pool, pool_subgroups

pytestmark = pytest.mark.oracle("metafor 3.8, as noted")

PRINTED = {
    "PALMIRA": (0.84, 0.66, 1.07, 0.95, "same"),
    "MAINTAIN": (0.57, 0.39, 0.85, 0.95, "switched"),
    "postMONARCH": (0.73, 0.57, 0.95, 0.95, "switched"),
    "PACE": (1.11, 0.79, 1.55, 0.90, "same"),
}
TRIALS = [
    Study.of_ratio(name, ratio, lower, upper, level=level, group=group)
    for name, (ratio, lower, upper, level, group) in PRINTED.items()
]


@pytest.mark.parametrize(
    "method, ratio, tau2, i2, normal, t",
    [
        ("DL", (0.787, 0.631, 0.981), 0.0251, 0.505, (0.54, 1.15), (0.34, 1.82)),
        ("REML", (0.787, 0.633, 0.977), 0.0235, 0.488, (0.54, 1.14), (0.35, 1.77)),
    ],
)
def test_random_effects(
    method: PoolingMethod,
    ratio: tuple[float, ...],
    tau2: float,
    i2: float,
    normal: tuple[float, float],
    t: tuple[float, float],
    differences: Differences,
) -> None:
    found, where = pool(TRIALS, method=method, test="z"), "rechallenge as noted"
    differences.digits(where, f"{method} ratio", found.inference.ratio, ratio, 3)
    differences.digits(where, f"{method} tau2", found.heterogeneity.tau2, tau2, 4)
    differences.digits(where, f"{method} I2", found.heterogeneity.i2, i2, 3)
    for kind, ends in (("z", normal), ("t, k-2", t)):
        predicted = found.predict(kind)
        assert predicted.lower is not None and predicted.upper is not None
        logged = [math.exp(predicted.lower), math.exp(predicted.upper)]
        differences.digits(where, f"{method} predicted {kind}", logged, ends, 2)


def test_common_effect_and_q(differences: Differences) -> None:
    found, where = pool(TRIALS, method="common"), "rechallenge as noted"
    differences.digits(where, "common ratio", found.inference.ratio, (0.786, 0.678, 0.913), 3)
    differences.digits(where, "Q", found.heterogeneity.q, 6.06, 2)
    # noted with its last digit cut off: R prints 0.1085
    differences.absolute(where, "Q, P", found.heterogeneity.p, 0.108, 1e-3)


def test_paule_and_mandel(differences: Differences) -> None:
    """The digits on which statsmodels, stopping early, differs."""
    found = pool(TRIALS, method="PM")
    differences.digits("rechallenge as noted", "PM tau2", found.heterogeneity.tau2, 0.038105, 6)


def test_same_and_switched_drug(differences: Differences) -> None:
    found, where = pool_subgroups(TRIALS, method="common", shared_tau2=True), "rechallenge as noted"
    differences.digits(where, "same", found.means["same"].ratio, (0.905, 0.735, 1.113), 3)
    differences.digits(where, "switched", found.means["switched"].ratio, (0.678, 0.547, 0.839), 3)
    within = [pool(group, method="common").heterogeneity.q for group in found.groups.values()]
    differences.digits(where, "Q within", within, [1.36, 1.08], 2)
    differences.digits(where, "Q between", found.between.statistic, 3.62, 2)
    differences.digits(where, "Q between, P", found.between.p, 0.057, 3)
    difference = found.difference("same", "switched")
    differences.digits(where, "same v switched", difference.ratio, (1.33, 0.99, 1.80), 2)


def test_the_verdict_hangs_on_the_interval() -> None:
    """Significant by z, not by Hartung and Knapp: which is why both are printed."""
    found = pool(TRIALS)
    assert found.test == "HK" and found.inference.p > 0.05 > found.under("z").p


def test_one_wrong_level_changes_the_weight() -> None:
    """PACE prints a 90 % interval; read as 95 % its information grows by 42 %."""
    printed, misread = TRIALS[3], Study.of_ratio("PACE", 1.11, 0.79, 1.55, level=0.95)
    assert printed.variance / misread.variance == pytest.approx(1.42, abs=0.005)
