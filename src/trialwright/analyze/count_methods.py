"""How numbers about counts are computed, in words: shares compared, strata, rates and risks of adverse events."""

from __future__ import annotations

from trialwright.results import Method

__all__ = ["COUNT_METHODS"]

COUNT_METHODS = (
    Method(
        "miettinen-nurminen",
        "Difference of proportions with score limits",
        "The share in the first-named arm less that in the control; limits are the differences that the score test "
        "does not reject, with proportions most likely at each difference and variance times N / (N - 1).",
        "Miettinen O, Nurminen M. Stat Med 1985;4:213-226",
    ),
    Method(
        "mee",
        "Difference of proportions with score limits by Mee",
        "The share in the first-named arm less that in the control; limits are the differences that the score test "
        "does not reject, without the factor N / (N - 1).",
        "Mee RW. Biometrics 1984;40:1175-1176; Farrington CP, Manning G. Stat Med 1990;9:1447-1454",
    ),
    Method(
        "wald",
        "Difference of proportions with Wald limits",
        "The share in the first-named arm less that in the control, with the normal quantile times the root of the sum "
        "of p (1 - p) / n; not clipped.",
        "Newcombe RG. Stat Med 1998;17:873-890, method 1",
    ),
    Method(
        "woolf",
        "Odds ratio",
        "Odds of the event in the first-named arm divided by those in the control; Wald limits of the logarithm, which "
        "need patients with and without the event in both arms.",
        "Woolf B. Ann Hum Genet 1955;19:251-253",
    ),
    Method(
        "stratified-miettinen-nurminen",
        "Common difference of proportions in strata",
        "The weighted mean of the strata's differences; limits are the common differences that the score test at the "
        "same fixed weights does not reject. Weights: Mantel-Haenszel n1 n2 / (n1 + n2), or sample size n1 + n2.",
        "Miettinen O, Nurminen M. Stat Med 1985;4:213-226",
    ),
    Method(
        "mantel-haenszel",
        "Common odds ratio in strata",
        "The sum over strata of x1 (n2 - x2) / N divided by the sum of x2 (n1 - x1) / N; Wald limits of the logarithm "
        "with the variance of Robins, Breslow and Greenland.",
        "Mantel N, Haenszel W. J Natl Cancer Inst 1959;22:719-748; Robins J, Breslow N, Greenland S. Biometrics "
        "1986;42:311-323",
    ),
    Method(
        "cochran-mantel-haenszel",
        "Cochran-Mantel-Haenszel test",
        "Observed less expected events of the first-named arm, summed over strata, squared and divided by the summed "
        "hypergeometric variance; two-sided P.",
        "Cochran WG. Biometrics 1954;10:417-451; Mantel N, Haenszel W. J Natl Cancer Inst 1959;22:719-748",
    ),
    Method(
        "breslow-day",
        "Breslow-Day test of equal odds ratios",
        "Squared differences of events from those fitted at the common odds ratio, over their variance, with Tarone's "
        "correction; degrees of freedom are the informative strata less one.",
        "Breslow NE, Day NE. Statistical Methods in Cancer Research 1, 1980; Tarone RE. Biometrika 1985;72:91-95",
    ),
    Method(
        "incidence-rate",
        "Exposure-adjusted incidence rate",
        "Patients with the event divided by their time at risk in years: from the first dose to the first such event, "
        "to death, or to the end of the window after treatment or of what was seen. Exact Poisson limits. The rate "
        "takes the hazard for constant, and a competing death for a censoring.",
        "Garwood F. Biometrika 1936;28:437-442",
    ),
    Method(
        "rate-ratio",
        "Ratio of incidence rates",
        "The rate in the first-named arm divided by that in the control; limits are Clopper-Pearson limits of the "
        "first arm's share of all events.",
        "Przyborowski J, Wilenski H. Biometrika 1940;31:313-323",
    ),
    Method(
        "aalen-johansen",
        "Risk by Aalen-Johansen",
        "Cumulative incidence of the first event, death without it being a competing event; the end of the window "
        "after treatment, or of what was seen, is a censoring.",
        "Aalen OO, Johansen S. Scand J Stat 1978;5:141-150; Stegherr R et al. Pharm Stat 2021;20:1125-1146",
    ),
    Method(
        "incidence-proportion",
        "Share with the event by a day",
        "Patients with the event up to the day divided by all treated, however long they were followed: too low where "
        "follow-up is cut short before the day.",
        "Stegherr R et al. Pharm Stat 2021;20:1125-1146",
    ),
)
