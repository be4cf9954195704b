"""Synthesis against statsmodels, where it does the same: DL, the common effect, and the Hartung-Knapp error of both."""

import importlib
import math
from typing import Any

import numpy as np
import pytest
from oracle_cases import Differences

from trialwright.evidence import Study, pool

pytestmark = pytest.mark.oracle("statsmodels")


def combined(y: np.ndarray[Any, Any], v: np.ndarray[Any, Any], method: str) -> Any:
    pytest.importorskip("statsmodels", reason="statsmodels is not installed: it is a second programmer")
    combine = importlib.import_module("statsmodels.stats.meta_analysis").combine_effects
    with np.errstate(invalid="ignore"):  # it leaves a negative tau2 as it is and takes roots of it
        return combine(y, v, method_re=method)


@pytest.mark.parametrize("seed", range(6))
def test_pooled_by_statsmodels(seed: int, differences: Differences) -> None:
    rng = np.random.default_rng(seed)
    k = 3 + 2 * seed
    v = rng.uniform(0.01, 0.2, k)
    y = rng.normal(-0.2, np.sqrt(v + 0.1 * (seed % 3)))
    studies = [Study(str(i), *pair) for i, pair in enumerate(zip(y.tolist(), np.sqrt(v).tolist(), strict=True))]
    theirs, where = combined(y, v, "dl"), f"second programmer/{k} studies"
    common, ours = pool(studies, method="common"), pool(studies, method="DL")
    differences.check(where, "common", common.inference.estimate, theirs.mean_effect_fe)
    differences.check(where, "common, se", common.inference.se, theirs.sd_eff_w_fe)
    differences.check(where, "Q", ours.heterogeneity.q, theirs.q)
    differences.check(where, "tau2", ours.heterogeneity.tau2, max(0.0, float(theirs.tau2)))
    if theirs.tau2 >= 0:
        found = [ours.under("z").estimate, ours.under("z").se, ours.under("HK").se]
        expected = [theirs.mean_effect_re, theirs.sd_eff_w_re, theirs.sd_eff_w_re_hksj]
        differences.check(where, "random effects: mean, se, Hartung-Knapp se", found, expected)
    # its Paule-Mandel iteration stops early: tau2 agrees in the third digit
    iterated = combined(y, v, "iterated")
    if iterated.tau2 > 0:
        paule_mandel = pool(studies, method="PM").heterogeneity.tau2
        differences.check(where, "Paule-Mandel, stopped early", paule_mandel, iterated.tau2, 5e-3)


def test_at_least_one_case_is_heterogeneous_and_one_is_not() -> None:
    """The comparison above would hold for tau2 = 0 alone: see that it meets both."""
    found = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        v = rng.uniform(0.01, 0.2, 3 + 2 * seed)
        y = rng.normal(-0.2, np.sqrt(v + 0.1 * (seed % 3)))
        pairs = zip(y.tolist(), v.tolist(), strict=True)
        found.append(pool([Study(str(i), a, math.sqrt(b)) for i, (a, b) in enumerate(pairs)], method="DL"))
    assert {each.heterogeneity.tau2 > 0 for each in found} == {True, False}
