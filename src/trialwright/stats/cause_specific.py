"""Cause-specific hazards of the arm, for every cause."""

from __future__ import annotations

from trialwright.stats.competing import CompetingTimes
from trialwright.stats.cox import CoxFit, cox
from trialwright.stats.log_rank import LogRank, log_rank
from trialwright.stats.partial_likelihood import TieRule


def cause_specific_hazards(times: CompetingTimes, *, ties: TieRule = "efron", level: float = 0.95) -> dict[str, CoxFit]:
    """Return the Cox model of the arm for the hazard of each cause, by cause, the other causes censoring.

    The hazard of one cause does not tell its risk: that depends on all of them, so all are given (Prentice and others
    1978; Latouche, Allignol, Beyersmann, Labopin and Fine 2013). Stratified by the strata of ``times``; delayed entry
    and weights are theirs, fractional weights for ``ties="breslow"`` only. For covariates make ``CoxData`` of
    ``times.of_cause(cause)``.

    >>> cause, arm = [1, 2, 1, 0, 2, 1, 1, 0], list("AABBABAB")
    >>> found = cause_specific_hazards(CompetingTimes.of([1, 2, 3, 4, 5, 6, 7, 8], cause, arm, causes=["x", "y"]))
    >>> round(found["x"].effect.hazard_ratio, 4), found["y"].effect.hazard_ratio
    (0.7071, 0.0)
    """
    return {cause: cox(times.of_cause(cause), ties=ties, level=level) for cause in times.causes}


def cause_specific_log_rank(times: CompetingTimes) -> dict[str, LogRank]:
    """Return the log-rank test of the arms for the hazard of each cause, by cause, the other causes censoring.

    >>> cause, arm = [1, 2, 1, 0, 2, 1, 1, 0], list("AABBABAB")
    >>> found = cause_specific_log_rank(CompetingTimes.of([1, 2, 3, 4, 5, 6, 7, 8], cause, arm, causes=["x", "y"]))
    >>> found["x"].observed.tolist()
    [2.0, 2.0]
    """
    return {cause: log_rank(times.of_cause(cause)) for cause in times.causes}
