"""The claims of all shipped studies are those of the shared file of published results, number by number."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from trialwright.evidence import Claim, Ledger, ledger

PATH = Path(__file__).parents[3] / "shared" / "data" / "evidence" / "published_results.yaml"
SAME = {"AE grade 3-4", "TEAE grade 3 or higher"}
"""Other words for the same in our files."""
ALIASES = {"experimental": 0, "control": 1, "ribociclib": 0, "placebo": 1}
"""Arms of tables that do not name them, by their place among ours."""


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    if not PATH.is_file():
        pytest.skip(f"needs {PATH}, which is not here")
    return yaml.safe_load(PATH.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ours() -> Ledger:
    return ledger("all")


def test_every_claim_is_there(published, ours):
    assert len(published["claims"]) == 218
    extra = {"palmira-036-p", "palmira-049-p"}
    assert {claim.id for claim in ours.claims} == {row["id"] for row in published["claims"]} | extra


def test_every_number_is_the_same(published, ours):
    found = {claim.id: claim for claim in ours.claims}
    for row in published["claims"]:
        claim = found[row["id"]]
        assert (claim.trial, claim.cited, claim.kind) == (row["trial"], row["source"], row["status"]), claim.id
        assert _limits(claim) == _limits_of(row), claim.id
        assert claim.n == _sum(row.get("n")), claim.id
        assert claim.events == _sum(row["value"] if isinstance(row["value"], dict) else row.get("events")), claim.id
        assert _p(claim) == _p_of(row), claim.id
        if isinstance(row["value"], int | float):
            assert claim.value == row["value"], claim.id


def _limits(claim: Claim) -> tuple[float | None, ...]:
    return claim.lower, claim.upper, claim.level


def _limits_of(row: dict[str, Any]) -> tuple[float | None, ...]:
    printed = row.get("ci", {})
    return printed.get("lower"), printed.get("upper"), printed.get("level")


def _sum(given: Any) -> int | None:
    return sum(given.values()) if isinstance(given, dict) else given


def _p(claim: Claim) -> tuple[Any, ...] | None:
    if claim.statistic == "P":
        return ("=", claim.value, None)
    return (claim.p.operator, claim.p.value, claim.p.sides) if claim.p else None


def _p_of(row: dict[str, Any]) -> tuple[Any, ...] | None:
    p = row.get("p")
    return (p["operator"], p["value"], {"1": 1, "2": 2}.get(str(p["sided"])[0])) if p else None


def test_every_comparison_has_its_direction(published, ours):
    found = {claim.id: claim for claim in ours.claims}
    for row in published["claims"]:
        if row["statistic"] != "hazard ratio":
            continue
        claim = found[row["id"]]
        arms = ours.of(row["trial"]).claims.arms
        named = [arms[key] for key in claim.arms_compared or ()]
        wanted = [list(arms.values())[ALIASES[arm]] if arm in ALIASES else arm for arm in row["arms"]]
        assert named == wanted, claim.id


def test_what_is_counted_by_arm_stands_by_arm(published, ours):
    found = {claim.id: claim for claim in ours.claims}
    for row in published["claims"]:
        if isinstance(row.get("n"), dict) and row["statistic"] != "difference test":
            by_arm = found[row["id"]].n_by_arm
            assert by_arm is not None and sorted(by_arm.values()) == sorted(row["n"].values()), row["id"]


def test_landmarks_are_in_months(published, ours):
    found = {claim.id: claim for claim in ours.claims}
    for row in published["claims"]:
        words = row["statistic"].split()
        if words[:2] == ["rate", "at"]:
            months = int(words[2]) * (12 if words[3] == "years" else 1)
            assert found[row["id"]].at_months == months, row["id"]


def test_every_source_is_cited_as_it_is_known(published, ours):
    known = {key: text for file in ours.files for key, text in file.claims.sources.items()}
    assert set(known) == set(published["sources"]), "47 sources"
    for key, source in published["sources"].items():
        if source.get("doi"):
            assert source["doi"] in known[key] or key in {"P_JCO25", "P_ASCO23"}, key


def test_every_contradiction_is_told(published, ours):
    assert len(ours.contradictions) == len(published["contradictions"]) == 23
    per_trial = [topic["topic"].split()[0] for topic in published["contradictions"]]
    trials = [trial.split()[0].removesuffix("-2").removesuffix("-3") for trial, _ in ours.contradictions]
    assert sorted(name.removesuffix("-2").removesuffix("-3") for name in per_trial) == sorted(trials)
    assert all(topic.reading for _, topic in ours.contradictions)


def test_what_was_not_found_is_said(ours):
    silent = {file.trial for file in ours.files if not file.claims.not_found}
    assert {"PALMIRA", "MAINTAIN", "postMONARCH", "PACE", "INAVO120", "MONARCH 3"}.isdisjoint(silent)
    missing = [claim for claim in ours.claims if claim.kind in {"not found", "not legible"}]
    assert {claim.id for claim in missing} == {"palmira-028", "inavo120-136"}
    assert all(claim.value is None for claim in missing)
