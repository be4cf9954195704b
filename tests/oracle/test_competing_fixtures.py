"""Competing causes in strata, with delayed entry and with case weights: fixtures of oracle/competing.R."""

import json
from typing import Any

import pytest
from oracle_cases import FIXTURES, Differences

from trialwright.stats import CompetingTimes, aalen_johansen, cause_specific_hazards, fine_gray

SUBDISTRIBUTION = pytest.mark.oracle("R 4.2.2, survival 3.5-3, mets 1.3.2")
RECURSION = pytest.mark.oracle("R 4.2.2, product integral written out")
FOUND = json.loads((FIXTURES / "competing.json").read_text())
COLUMNS = FOUND["columns"]
CAUSES = ["one", "two"]
COUNTED: dict[str, dict[str, str]] = {
    "plain": {},
    "entry": {"entry": "entry"},
    "entry and weight": {"entry": "entry", "weight": "weight"},
    "share": {"weight": "share"},
}


def times_of(*, stratum: bool = False, **options: str) -> CompetingTimes:
    labels = COLUMNS["stratum"] if stratum else None
    given: dict[str, Any] = {name: COLUMNS[column] for name, column in options.items()}
    return CompetingTimes.of(COLUMNS["time"], COLUMNS["cause"], COLUMNS["arm"], labels, causes=CAUSES, **given)


def covariates() -> dict[str, Any]:
    arms = {f"arm{level}": [arm == level for arm in COLUMNS["arm"]] for level in ("B", "C")}
    return arms | {"x": COLUMNS["x"]}


@SUBDISTRIBUTION
@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_subdistribution_hazards_in_strata(ties: Any, differences: Differences) -> None:
    found = fine_gray(times_of(stratum=True), "one", covariates(), ties=ties, censoring_ties="after")
    expected = FOUND["subdistribution"][ties]
    where = f"Fine-Gray in strata/{ties}"
    differences.check(where, "coef", [e.coef for e in found.effects], expected["coef"])
    differences.check(where, "naive se", [e.naive_se for e in found.effects], expected["naive_se"])
    differences.check(where, "log-likelihood", [found.log_likelihood_null, found.log_likelihood], expected["loglik"])
    assert found.strata == ("a", "b", "c")


@SUBDISTRIBUTION
@pytest.mark.parametrize("censoring_ties", ["together", "after"])
def test_robust_errors_in_strata(censoring_ties: Any, differences: Differences) -> None:
    time, cause = FOUND["times_without_ties"], COLUMNS["cause"]
    times = CompetingTimes.from_continuous(time, cause, None, COLUMNS["stratum"], causes=CAUSES)
    found = fine_gray(times, "one", covariates(), censoring_ties=censoring_ties)
    expected, where = FOUND["subdistribution"]["without ties"], "Fine-Gray in strata/no ties"
    differences.check(where, "coef", [e.coef for e in found.effects], expected["coef"])
    differences.check(where, "naive se", [e.naive_se for e in found.effects], expected["naive_se"])
    differences.check(where, "sandwich se", [e.se for e in found.effects], expected["robust_se"])


@RECURSION
@pytest.mark.parametrize("counted", COUNTED)
@pytest.mark.parametrize("cause", CAUSES)
def test_incidence_with_delayed_entry_and_weights(counted: str, cause: str, differences: Differences) -> None:
    found = aalen_johansen(times_of(**COUNTED[counted]), cause)
    for arm, expected in FOUND["incidence"][counted].items():
        estimates = [found[arm].at(day) for day in expected["day"]]
        where = f"incidence/{counted}/{arm}/{cause}"
        differences.check(where, "incidence", [e.value for e in estimates], expected[cause])
        differences.check(where, "se", [e.se for e in estimates], expected[f"{cause}_se"])


@SUBDISTRIBUTION
def test_hazards_of_each_cause_with_delayed_entry_and_weights(differences: Differences) -> None:
    times = times_of(stratum=True, entry="entry", weight="weight")
    for cause, found in cause_specific_hazards(times, ties="breslow").items():
        expected = FOUND["cause_specific"][cause]
        differences.check(f"cause-specific/{cause}", "coef", [e.coef for e in found.effects], expected["coef"])
        differences.check(f"cause-specific/{cause}", "se", [e.se for e in found.effects], expected["se"])
