"""PALMIRA's claims are the published figures, and each names a number that a rehearsal can give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from trialwright import analyze, derive, simulate
from trialwright.design import Scenario
from trialwright.evidence import Claim, Claims, check, compare
from trialwright.protocol import Protocol, load, read_document, study_file

LEDGER = Path(__file__).parents[3] / "shared" / "data" / "evidence" / "published_results.yaml"

CUTS = {"cut 1": "first", "final": "final", "protocol": "design"}
"""The ledger's names of the cuts; figures of other documents are filed where a reader looks for them."""

UNITS = {
    "median": {"months", "years"},
    "follow-up": {"months"},
    "rate": {"percent"},
    "share": {"percent"},
    "grade 3 or higher": {"percent"},
    "hazard ratio": {""},
    "log-rank P": {""},
    "difference P": {""},
    "events": {"events"},
    "allocated": {"patients"},
    "treated": {"patients"},
    "measurable": {"patients"},
    "sites": {"sites"},
}
"""Printed units of each statistic of the results."""


@pytest.fixture(scope="module")
def claims() -> Claims:
    return read_document(study_file("palmira", "claims.yaml"), Claims)


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load("palmira")


@pytest.fixture(scope="module")
def ledger() -> list[dict[str, Any]]:
    if not LEDGER.exists():
        pytest.skip(f"needs {LEDGER}, which is not here")
    entries = yaml.safe_load(LEDGER.read_text())["claims"]
    return [entry for entry in entries if entry["trial"] == "PALMIRA"]


def test_every_published_figure_is_a_claim(claims: Claims, ledger: list[dict[str, Any]]) -> None:
    assert len(ledger) == 73
    assert {entry["id"] for entry in ledger} == {c.id for c in claims.claims if not c.id.endswith("-p")}


def test_claims_are_printed_as_the_ledger_has_them(claims: Claims, ledger: list[dict[str, Any]]) -> None:
    for entry in ledger:
        claim = claims.claim(entry["id"])
        value = entry["p"]["value"] if entry["statistic"] == "difference test" else entry["value"]
        if isinstance(value, str | list):
            assert isinstance(claim.value, str) and claim.value, claim.id
        else:
            assert claim.value == value, claim.id
        assert claim.cited == entry["source"], claim.id
        assert claim.kind == entry["status"], claim.id
        assert claim.cut == CUTS.get(entry["data_cut"], claim.cut), claim.id
        assert _limits(claim) == _limits_of(entry), claim.id
        assert claim.n == _patients(entry), claim.id
        assert claim.events == entry.get("events"), claim.id


def _limits(claim: Claim) -> tuple[float | None, ...]:
    return claim.lower, claim.upper, claim.level


def _limits_of(entry: dict[str, Any]) -> tuple[float | None, ...]:
    printed = entry.get("ci", {})
    return printed.get("lower"), printed.get("upper"), printed.get("level")


def _patients(entry: dict[str, Any]) -> int | None:
    patients = entry.get("n")
    return sum(patients.values()) if isinstance(patients, dict) else patients


def test_p_values_are_printed_as_the_ledger_has_them(claims: Claims, ledger: list[dict[str, Any]]) -> None:
    printed = {e["id"]: e["p"] for e in ledger if "p" in e and e["statistic"] == "hazard ratio"}
    assert printed.keys() == {c.id for c in claims.claims if c.p is not None}
    for id, p in printed.items():
        beside, alone = claims.claim(id).p, claims.claim(f"{id}-p")
        assert beside is not None
        assert beside.value == alone.value == p["value"], id
        assert beside.sides == (2 if p["sided"].startswith("2") else None), id
        assert alone.cited == claims.claim(id).cited and alone.cut == claims.claim(id).cut, id


def test_decimals_are_stated_and_not_fewer_than_the_numbers_have(claims: Claims) -> None:
    for claim in claims.claims:
        numbers = [x for x in (claim.value, claim.lower, claim.upper) if isinstance(x, int | float)]
        assert not numbers or claim.decimals is not None, claim.id
        assert all(round(x, claim.printed_decimals) == x for x in numbers), claim.id


def test_every_link_names_things_of_the_protocol(claims: Claims, protocol: Protocol) -> None:
    cuts = {cut.id for cut in protocol.analysis.cuts}
    populations = {p.id for p in protocol.analysis.populations}
    for claim in claims.claims:
        if claim.result is None:
            continue
        link = claim.result
        assert link.cut in cuts and claim.cut == link.cut, claim.id
        assert link.endpoint in {"baseline", "flow"} | {e.id for e in protocol.endpoints}, claim.id
        assert link.population in ({"screened"} if link.endpoint == "flow" else populations), claim.id
        assert link.group in {"A", "B", "all", "A v B"}, claim.id
        assert claim.unit in UNITS[link.statistic], claim.id


def test_every_link_to_an_analysis_names_a_planned_one(claims: Claims, protocol: Protocol) -> None:
    planned = {(item.endpoint, item.population): item for item in protocol.analysis.items}
    landmarks = {6: 183, 12: 365}
    for claim in claims.claims:
        link = claim.result
        if link is None or link.endpoint in {"baseline", "flow"}:
            continue
        item = planned[link.endpoint, link.population]
        if link.at is not None:
            assert link.at in {landmarks[int(months)] for months in item.at_months}, claim.id
        assert item.compare or " v " not in link.group, claim.id


def test_baseline_links_name_variables_and_levels(claims: Claims, protocol: Protocol) -> None:
    items = [c.result.item for c in claims.claims if c.result and c.result.endpoint == "baseline"]
    assert len(items) == 5
    for item in items:
        assert item is not None
        name, _, level = item.partition("=")
        variable = protocol.variables[name]
        assert variable.baseline
        assert level in variable.levels if level else variable.type == "number"


def test_no_two_claims_name_the_same_result(claims: Claims) -> None:
    keys = [c.result.key for c in claims.claims if c.result]
    assert len(keys) == len(set(keys)), sorted(key for key in keys if keys.count(key) > 1)


def test_a_virtual_trial_answers_every_claim_that_names_a_result(claims: Claims, protocol: Protocol) -> None:
    scenario = read_document(study_file("palmira", "scenario.yaml"), Scenario)
    data = simulate.trial(protocol, scenario, 20190405)
    dates = derive.cut_dates(data, protocol)
    first, final = (analyze.run(data.cut(dates[cut]), protocol, cut=cut) for cut in ("first", "final"))
    compared = compare(claims, first + final)
    assert len(compared) == len([c for c in claims.claims if c.result]) > 50
    assert [c.key for c in compared if c.found is None and c.problem and c.problem.startswith("there is no")] == []


def test_the_final_interval_of_progression_free_survival_is_impossible(claims: Claims) -> None:
    findings = {f.claim: f for f in check(claims) if f.check == "C3"}
    assert findings["palmira-049"].verdict == "impossible"
    assert findings["palmira-049"].available == 198
    assert findings["palmira-036"].verdict == "consistent"
    assert findings["palmira-056"].verdict == "implausible"
    assert [id for id, f in findings.items() if f.verdict == "impossible"] == ["palmira-049"]


def test_printed_percentages_of_counts_are_possible(claims: Claims) -> None:
    found = {f.claim: f.verdict for f in check(claims) if f.check == "C5"}
    assert len(found) >= 20
    assert set(found.values()) == {"consistent"}
