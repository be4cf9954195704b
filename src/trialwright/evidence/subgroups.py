"""Studies in groups: an answer for each, and whether the answers differ.

The groups' means m with standard errors s are compared by Q = sum (m - m0)^2 / s^2, m0 their weighted mean (Borenstein
and Higgins 2013, Prev Sci 14:134). tau2 is estimated within each group, or shared by all, which is what few studies
allow and what a meta-regression on the group does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trialwright.evidence.heterogeneity import Heterogeneity, PoolingMethod, heterogeneity
from trialwright.evidence.inference import Inference, PoolingTest, infer
from trialwright.evidence.mixed_model import MixedModel
from trialwright.evidence.quantiles import chi_square_tail
from trialwright.evidence.studies import Study, require
from trialwright.evidence.synthesis import Synthesis, pool
from trialwright.stats import Test

__all__ = ["Subgroups", "pool_subgroups"]


@dataclass(frozen=True)
class Subgroups:
    """All studies together, each group, and the test between them; made by ``pool_subgroups``."""

    overall: Synthesis
    groups: Mapping[str, tuple[Study, ...]]
    """In order of their first study."""
    means: Mapping[str, Inference]
    """Of each group, by the normal distribution."""
    within: Mapping[str, Heterogeneity]
    """Of each group; the same for all where tau2 is shared, and then of all studies about their groups' means."""
    between: Test
    """Chi-square with groups less one degrees of freedom."""
    shared_tau2: bool

    def difference(self, one: str, other: str) -> Inference:
        """Return the mean of ``one`` less that of ``other``; its ``ratio`` is the ratio of their ratios."""
        for name in (one, other):
            if name not in self.means:
                raise ValueError(f"group {name!r} is not known; known: {', '.join(self.means)}")
        a, b = self.means[one], self.means[other]
        return infer("z", a.estimate - b.estimate, math.hypot(a.se, b.se), None, a.level)


def pool_subgroups(
    studies: Sequence[Study],
    *,
    method: PoolingMethod = "REML",
    shared_tau2: bool,
    test: PoolingTest | None = None,
    level: float = 0.95,
) -> Subgroups:
    """Return the answer in each group of studies; at least two groups, none of one study unless tau2 is shared.

    ``test`` is that of all studies together; groups are compared by z, which knows no few studies.

    >>> same = [Study("a", -0.17, 0.12, "same"), Study("b", 0.10, 0.20, "same")]
    >>> switched = [Study("c", -0.56, 0.20, "switched"), Study("d", -0.31, 0.13, "switched")]
    >>> found = pool_subgroups(same + switched, method="common", shared_tau2=True)
    >>> f"{found.between.statistic:.2f} {found.difference('same', 'switched').ratio[0]:.2f}"
    '3.63 1.33'
    """
    require(studies, 3, "a comparison of groups")
    groups = _grouped(studies)
    if shared_tau2:
        means, within = _shared(studies, groups, method, level)
    else:
        means, within = _separate(groups, method, level)
    overall = pool(studies, method=method, test=test, level=level)
    return Subgroups(overall, groups, means, within, _between(list(means.values())), shared_tau2)


def _grouped(studies: Sequence[Study]) -> dict[str, tuple[Study, ...]]:
    names = list(dict.fromkeys(study.group for study in studies))
    if len(names) < 2:
        raise ValueError(f"studies must be of at least two groups; all are of {names[0]!r}. Set Study.group.")
    return {name: tuple(study for study in studies if study.group == name) for name in names}


def _separate(
    groups: Mapping[str, tuple[Study, ...]], method: PoolingMethod, level: float
) -> tuple[dict[str, Inference], dict[str, Heterogeneity]]:
    for name, members in groups.items():
        if len(members) < 2:
            raise ValueError(
                f"group {name!r} holds one study ({members[0].label}): how studies in it differ cannot be "
                f"estimated. Share tau2 between the groups, or leave it out."
            )
    found = {name: pool(members, method=method, test="z", level=level) for name, members in groups.items()}
    return (
        {name: each.under("z") for name, each in found.items()},
        {name: each.heterogeneity for name, each in found.items()},
    )


def _shared(
    studies: Sequence[Study], groups: Mapping[str, tuple[Study, ...]], method: PoolingMethod, level: float
) -> tuple[dict[str, Inference], dict[str, Heterogeneity]]:
    x = np.array([[float(study.group == name) for name in groups] for study in studies])
    model = MixedModel.with_design(studies, x, tuple(groups))
    spread = heterogeneity(model, method, level)
    fit = model.at(spread.tau2)
    means = zip(groups, fit.coefficients.tolist(), fit.covariance.diagonal().tolist(), strict=True)
    return {name: infer("z", b, math.sqrt(v), None, level) for name, b, v in means}, dict.fromkeys(groups, spread)


def _between(means: Sequence[Inference]) -> Test:
    weights = [1 / mean.se**2 for mean in means]
    center = sum(w * mean.estimate for w, mean in zip(weights, means, strict=True)) / sum(weights)
    q = sum(w * (mean.estimate - center) ** 2 for w, mean in zip(weights, means, strict=True))
    return Test(q, len(means) - 1, chi_square_tail(q, len(means) - 1))
