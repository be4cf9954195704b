"""How the analyses beside a planned comparison are computed, in words."""

from __future__ import annotations

from trialwright.results import Method

__all__ = ["SUPPORTING_METHODS"]

SUPPORTING_METHODS = (
    Method(
        "restricted-mean",
        "Restricted mean time",
        "The area under the Kaplan-Meier curve up to a planned day tau; variance by Greenwood without m/(m-1); "
        "differences with limits by the normal distribution, ratios by the delta method on the logarithm.",
        "Royston P, Parmar MKB. BMC Med Res Methodol 2013;13:152; Uno H et al. J Clin Oncol 2014;32:2380-2385",
    ),
    Method(
        "max-combo",
        "MaxCombo test",
        "The largest of several weighted log-rank statistics, stratified where the plan is, referred to the normal "
        "distribution with their joint covariance by quadrature.",
        "Karrison TG. Stata J 2016;16:678-690; Lin RS et al. Stat Biopharm Res 2020;12:187-198",
    ),
    Method(
        "proportional-hazards",
        "Test of proportional hazards",
        "Score test of a coefficient that changes with a function of time, in the Cox model of the arm.",
        "Grambsch PM, Therneau TM. Biometrika 1994;81:515-526",
    ),
    Method(
        "interval-censored",
        "Comparison of interval-censored times",
        "Progression lies between the planned scan that showed it and the one before, a death before the next one. "
        "Proportional hazards on that grid, stratified where the plan is; score test, Wald limits.",
        "Finkelstein DM. Biometrics 1986;42:845-854; Prentice RL, Gloeckler LA. Biometrics 1978;34:57-67",
    ),
    Method(
        "re-randomization",
        "Re-randomization test",
        "The trial's own allocation scheme is drawn again on fixed outcomes in the order of allocation; P is "
        "(1 + draws at least as extreme) / (1 + draws) of the log-rank z.",
        "Rosenberger WF, Uschner D, Wang Y. Stat Med 2019;38:1-12",
    ),
)
