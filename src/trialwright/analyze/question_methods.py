"""How estimands, subgroups, sensitivity analyses and multiplicity are computed, in words."""

from __future__ import annotations

from trialwright.results import Method

__all__ = ["QUESTION_METHODS"]

_IMPUTED = (
    "The hazard of each arm is constant within pieces that hold about equally many of its events. For every imputation "
    "it is drawn from its posterior under Jeffreys' prior (gamma, shape events + 1/2, rate days at risk). A patient "
    "censored before the data cut-off then follows {} from the day of censoring up to the cut-off. Each completed data "
    "set is analyzed by the stratified Cox model (Efron) and the stratified log-rank test; log hazard ratios, and "
    "log-rank z with variance 1, are pooled by Rubin's rules with limits by Student's t. Imputed events are not moved "
    "to the grid of scans."
)
_RUBIN = "Rubin DB. Multiple imputation for nonresponse in surveys, 1987"

QUESTION_METHODS = (
    Method(
        "delta-adjusted",
        "Delta-adjusted multiple imputation",
        _IMPUTED.format("the hazard of the own arm times delta"),
        "Lipkovich I, Ratitch B, O'Kelly M. Pharm Stat 2016;15:216-229; Jackson D et al. Stat Med 2014;33:4681-4694; "
        + _RUBIN,
    ),
    Method(
        "jump-to-reference",
        "Jump-to-reference multiple imputation",
        _IMPUTED.format("the hazard of the control, whatever the own arm,"),
        "Atkinson A, Kenward MG, Clayton T, Carpenter JR. Pharm Stat 2019;18:645-658; " + _RUBIN,
    ),
    Method(
        "interaction-likelihood-ratio",
        "Interaction of arm and factor, likelihood ratio",
        "Twice the difference of the log partial likelihoods with and without the products of arm and level, beside "
        "the main effects of both; chi-square with as many degrees of freedom as products.",
        "Cox DR. J R Stat Soc B 1972;34:187-220",
    ),
    Method(
        "interaction-wald",
        "Interaction of arm and factor, Wald test",
        "The squared coefficients of the products of arm and level, divided by their covariance; chi-square.",
        "Cox DR. J R Stat Soc B 1972;34:187-220",
    ),
    Method(
        "fixed-sequence",
        "Tests in a fixed sequence",
        "Each hypothesis is tested at the whole alpha as long as all before it were rejected: the adjusted P is the "
        "largest P so far.",
        "Maurer W, Hothorn LA, Lehmacher W. In: Vollmar J, ed. Biometrie in der chemisch-pharmazeutischen Industrie 6, "
        "1995:3-18",
    ),
    Method(
        "holm",
        "Holm's step-down procedure",
        "The smallest of m P values times m, the next times m - 1 and so on, none below the one before, at most 1.",
        "Holm S. Scand J Stat 1979;6:65-70",
    ),
    Method(
        "alpha-split",
        "Split of alpha",
        "Each P divided by its share of alpha, at most 1.",
        "Bonferroni's inequality with weights: Bretz F, Maurer W, Brannath W, Posch M. Stat Med 2009;28:586-604",
    ),
)
