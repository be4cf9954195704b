"""How each kind of number is computed, in words."""

from __future__ import annotations

from trialwright.analyze.count_methods import COUNT_METHODS
from trialwright.analyze.question_methods import QUESTION_METHODS
from trialwright.analyze.supporting_methods import SUPPORTING_METHODS
from trialwright.results import Method

__all__ = ["METHODS"]

_ALL = (
    Method(
        "count",
        "Count of patients",
        "The number of patients for whom the statement holds; each patient counts once.",
        "Hopewell S et al. CONSORT 2025. PLOS Med 2025;22:e1004587",
    ),
    Method(
        "share",
        "Share of patients",
        "Patients for whom the statement holds, divided by the patients for whom it is known.",
        "Hopewell S et al. CONSORT 2025. PLOS Med 2025;22:e1004587",
    ),
    Method(
        "kaplan-meier",
        "Kaplan-Meier estimate",
        "The product over event days of 1 - d/Y, with d events among Y patients at risk just before the day; patients "
        "censored on an event day are at risk for it. Variance of the logarithm by Greenwood; limits on the plan's "
        "transform. After the last follow-up the rate is not estimable unless it is 0.",
        "Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481; Greenwood M 1926",
    ),
    Method(
        "median",
        "Median time by Kaplan-Meier",
        "The first day on which the estimate is 0.5 or less, the middle of the interval where it equals 0.5; limits "
        "are the days on which the limits of the estimate reach 0.5.",
        "Brookmeyer R, Crowley J. Biometrics 1982;38:29-41",
    ),
    Method(
        "reverse-kaplan-meier",
        "Median follow-up by reverse Kaplan-Meier",
        "The Kaplan-Meier median with events and censorings exchanged.",
        "Schemper M, Smith TL. Control Clin Trials 1996;17:343-346",
    ),
    Method(
        "log-rank",
        "Log-rank test",
        "Observed less expected events with hypergeometric variance, summed over event days and strata before the "
        "quotient; two-sided P. z below zero: fewer events than expected in the first-named arm.",
        "Mantel N. Cancer Chemother Rep 1966;50:163-170; Peto R, Peto J. J R Stat Soc A 1972;135:185-207",
    ),
    Method(
        "cox",
        "Hazard ratio of the Cox model",
        "Partial likelihood with the arm as the only covariate and a baseline hazard for each stratum; tied days by "
        "the plan's rule; Wald limits on the logarithm. Below 1: fewer events in the first-named arm.",
        "Cox DR. J R Stat Soc B 1972;34:187-220; Efron B. J Am Stat Assoc 1977;72:557-565; Breslow N. "
        "Biometrics 1974;30:89-99",
    ),
    Method(
        "clopper-pearson",
        "Proportion with exact limits",
        "Successes divided by patients; limits are quantiles of beta distributions. A patient who could not be "
        "evaluated is not a success.",
        "Clopper CJ, Pearson ES. Biometrika 1934;26:404-413",
    ),
    Method(
        "wilson",
        "Proportion with score limits",
        "Successes divided by patients; limits invert the score test, without continuity correction. A patient who "
        "could not be evaluated is not a success.",
        "Wilson EB. J Am Stat Assoc 1927;22:209-212",
    ),
    Method(
        "newcombe",
        "Difference of proportions",
        "The share in the first-named arm less that in the control; limits from the Wilson limits of both, without "
        "continuity correction.",
        "Newcombe RG. Stat Med 1998;17:873-890, method 10",
    ),
    Method(
        "chi-square",
        "Pearson chi-square test",
        "Chi-square of the two-by-two table without continuity correction, not stratified; two-sided P.",
        "Pearson K. Philos Mag 1900;50:157-175",
    ),
    Method(
        "worst-grade",
        "Share of patients by worst grade",
        "Patients by the worst grade of the term among treatment-emergent events (of any term for the item any), "
        "divided by the treated patients.",
        "National Cancer Institute, Common Terminology Criteria for Adverse Events",
    ),
    Method(
        "value-median",
        "Median of values",
        "The middle value of the known values, the mean of the two middle ones for an even number.",
        "Hyndman RJ, Fan Y. Am Stat 1996;50:361-365, definition 2",
    ),
    Method("extreme", "Smallest or largest value", "Of the known values.", "By definition"),
    Method(
        "relative-dose-intensity",
        "Relative dose intensity",
        "Of each treated patient: dose taken per day of treatment divided by the planned dose per day. Treatment lasts "
        "from the first day of the first completed cycle to the later of the last dose and the end of the last "
        "completed cycle; planned is the dose of the first cycle on the planned dosing days of a cycle. The mean over "
        "patients with a completed cycle.",
        "Hryniuk W, Bush H. J Clin Oncol 1984;2:1281-1288",
    ),
    Method("date", "Date", "Days since 1970-01-01; the date stands in the conventions.", "ISO 8601"),
)

_EVERY = (*_ALL, *COUNT_METHODS, *QUESTION_METHODS, *SUPPORTING_METHODS)
METHODS: dict[str, Method] = {method.id: method for method in _EVERY}
"""Every method by its id."""
