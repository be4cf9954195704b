"""PALMIRA's protocol file: complete, traceable, true to the registry record, and executable."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from trialwright.errors import DataError
from trialwright.exchange import compare
from trialwright.protocol import (
    Examples,
    Protocol,
    check_provenance,
    check_rules,
    leaves,
    load,
    open_points,
    planned_scans,
    read_document,
    read_plain_answers,
    rule_warnings,
    run_examples,
    screen,
    starting_doses,
    stratum,
    study_file,
    surviving_mutants,
)

RECORD = Path(__file__).parents[3] / "shared" / "data" / "palmira" / "registry_record.json"


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load("palmira")


@pytest.fixture(scope="module")
def examples() -> Examples:
    return read_document(study_file("palmira", "examples.yaml"), Examples)


@pytest.fixture(scope="module")
def base(protocol: Protocol, examples: Examples) -> dict[str, Any]:
    """The base patient of the examples: answers and anchors."""
    answers = read_plain_answers(protocol.variables, examples.base.answers)
    return {"answers": answers, "anchors": examples.base.anchors}


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    if not RECORD.exists():
        pytest.skip(f"needs {RECORD}, which is not here")
    content: dict[str, Any] = json.loads(RECORD.read_text())
    return content


# complete


def test_53_sites_in_6_countries(protocol: Protocol) -> None:
    assert Counter(site.country for site in protocol.sites) == {
        "France": 7,
        "Germany": 8,
        "Italy": 4,
        "Slovenia": 2,
        "Spain": 26,
        "United Kingdom": 6,
    }
    prefixes = {site.country: site.id[:2] for site in protocol.sites}
    assert all(site.id.startswith(prefixes[site.country]) for site in protocol.sites)


def test_criteria_carry_the_registers_numbers_and_none_is_left_out(protocol: Protocol) -> None:
    criteria = protocol.eligibility.criteria
    assert [c.number for c in criteria if c.kind == "inclusion"] == list(range(1, 19))
    assert [c.number for c in criteria if c.kind == "exclusion"] == list(range(1, 20))
    letters = {"inclusion": "I", "exclusion": "E"}
    assert all(c.id == f"{letters[c.kind]}{c.number:02d}" for c in criteria)
    assert [c.id for c in criteria if c.rule is None] == ["E01"]


def test_design_assumptions_are_those_published(protocol: Protocol) -> None:
    size = protocol.sample_size
    assert (size.hazard_ratio, size.power, size.alpha, size.sides, size.patients) == (0.59, 0.8, 0.05, 2, 198)
    assert (size.events, size.control_median_months) == (None, None)
    assert protocol.randomization.ratio == {"A": 2, "B": 1}
    assert [(factor.id, len(factor.levels)) for factor in protocol.randomization.strata] == [
        ("previous_et", 2),
        ("visceral", 2),
    ]


def test_scans_are_due_every_8_weeks(protocol: Protocol) -> None:
    assert planned_scans(protocol.assessments, 365) == [56, 112, 168, 224, 280, 336]


def test_samples_are_taken_at_inclusion_week_2_and_the_end(protocol: Protocol) -> None:
    assert [(s.kind, s.at, s.day) for s in protocol.samples] == [
        ("blood", "inclusion", None),
        ("blood", "day", 15),
        ("blood", "progression or end", None),
        ("tumor biopsy", "inclusion", None),
        ("tumor biopsy", "progression or end", None),
    ]


def test_judgments_are_attested_by_the_right_person(protocol: Protocol) -> None:
    attested = {name: variable.by for name, variable in protocol.variables.items() if variable.attestation}
    assert attested.pop("sponsor_designee_accepts") == "sponsor's designee"
    assert set(attested.values()) == {"investigator"}
    assert len(attested) == 11


# traceable


def test_every_value_can_be_traced(protocol: Protocol) -> None:
    assert check_provenance(protocol) == ()
    assert len(leaves(protocol)) > 500


def test_every_source_is_used(protocol: Protocol) -> None:
    used = {leaf.source for leaf in leaves(protocol)} | {p.source for p in protocol.provenance.values()}
    assert set(protocol.sources) <= used


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("interventions.palbociclib.start.2.dose", "unknown"),
        ("interventions.endocrine.start.0.dose", "unknown"),
        ("interventions.palbociclib.levels", "assumed"),
        ("randomization.method", "assumed"),
        ("randomization.block_sizes", "assumed"),
        ("randomization.ratio.A", "stated"),
        ("eligibility.parameters.anc_min", "assumed"),
        ("eligibility.criteria.I01.rule", "derived"),
        ("eligibility.criteria.I03.rule", "stated"),
        ("eligibility.criteria.I07.rule", "derived"),
        ("eligibility.criteria.I08.rule", "derived"),
        ("eligibility.criteria.I10.rule", "assumed"),
        ("eligibility.criteria.E01.rule", "unknown"),
        ("eligibility.criteria.E04.rule", "derived"),
        ("eligibility.criteria.E09.rule", "derived"),
        ("assessments.every_weeks", "assumed"),
        ("endpoints.PFS.censoring.missed_visits", "assumed"),
        ("sample_size.hazard_ratio", "stated"),
        ("sample_size.events", "unknown"),
        ("analysis.cuts.first.events", "stated"),
        ("analysis.cuts.final.on", "assumed"),
    ],
)
def test_what_the_sources_do_not_say_is_marked(protocol: Protocol, path: str, status: str) -> None:
    found = {leaf.path: leaf.status for leaf in leaves(protocol)}
    assert found[path] == status


def test_the_known_ambiguities_are_listed(protocol: Protocol) -> None:
    questions = open_points(protocol).questions
    about = {name for question in questions for name in question.about}
    assert {"I01", "E01", "I07", "I08", "I09", "I10", "I12", "I15", "E04", "E06", "E09", "E17", "E18"} <= about
    assert {"dose-75", "adjuvant-relapse", "item-1", "organ-limits", "requirement-as-exclusion"} <= {
        question.id for question in questions
    }


# true to the record


def test_the_registry_record_contradicts_nothing(protocol: Protocol, record: dict[str, Any]) -> None:
    found = compare(protocol, RECORD)
    verdicts = Counter(comparison.verdict for comparison in found)
    assert [c for c in found if c.verdict in {"differs", "only in registry"}] == []
    assert verdicts["same"] > 100


def test_numbers_of_the_items_are_those_of_the_record(protocol: Protocol, record: dict[str, Any]) -> None:
    items = record["trialwright"]["criteria"]
    listed = {item["id"] for kind in ("inclusion", "exclusion") for item in items[kind]}
    assert len(listed) == 35
    assert {c.id for c in protocol.eligibility.criteria} - listed == {"I01", "E01"}


def test_criteria_are_in_our_own_words(protocol: Protocol, record: dict[str, Any]) -> None:
    text = _words(record["protocolSection"]["eligibilityModule"]["eligibilityCriteria"])
    registers = {tuple(text[i : i + 6]) for i in range(len(text) - 5)}
    written = {c.id: f"{c.short} | {c.note}" for c in protocol.eligibility.criteria}
    written |= {name: variable.label for name, variable in protocol.variables.items()}
    for name, wording in written.items():
        ours = _words(wording)
        copied = [ours[i : i + 6] for i in range(len(ours) - 5) if tuple(ours[i : i + 6]) in registers]
        assert copied == [], name


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


# executable


def test_rules_have_no_fault_and_look_right(protocol: Protocol) -> None:
    assert check_rules(protocol) == ()
    assert rule_warnings(protocol) == ()


def test_the_base_patient_is_eligible_and_item_e01_is_not_claimed_to_be_met(
    protocol: Protocol, base: dict[str, Any]
) -> None:
    screening = screen(protocol, base["answers"], base["anchors"])
    assert screening.overall == "eligible"
    assert {f.criterion for f in screening.findings if f.answer != "met"} == {"E01"}
    assert screening.of("E01").answer == "not in source"


def test_without_answers_nothing_is_met(protocol: Protocol, base: dict[str, Any]) -> None:
    screening = screen(protocol, {}, base["anchors"])
    assert screening.overall == "pending"
    assert {f.answer for f in screening.findings if f.criterion != "E01"} == {"cannot tell"}


def test_a_screening_expires_when_the_window_of_the_last_palbociclib_closes(
    protocol: Protocol, base: dict[str, Any]
) -> None:
    today = frozenset(protocol.eligibility.anchors)
    assert screen(protocol, base["answers"], base["anchors"], today).of("I10").valid_until == date(2020, 4, 7)


@pytest.mark.parametrize(
    ("answers", "levels"),
    [
        ({"first_line_partner": "AI", "lesions": [{"organ": "bone"}]}, ("AI", "non-visceral")),
        ({"first_line_partner": "fulvestrant", "lesions": [{"organ": "liver"}]}, ("fulvestrant", "visceral")),
        ({"lesions": [{"organ": "lymph_node"}, {"organ": "pleura"}]}, ("AI", "visceral")),
        ({"lesions": [{"organ": "brain"}]}, ("AI", "visceral")),
        ({"lesions": [{"organ": "breast"}, {"organ": "skin"}, {"organ": "other"}]}, ("AI", "non-visceral")),
        ({"lesions": []}, ("AI", "non-visceral")),
        ({"lesions": [{}, {"organ": "lung"}]}, ("AI", "visceral")),
    ],
)
def test_strata_follow_from_the_answers(
    protocol: Protocol, base: dict[str, Any], answers: dict[str, Any], levels: tuple[str, str]
) -> None:
    found = stratum(protocol, base["answers"] | answers, base["anchors"])
    assert found == {"previous_et": levels[0], "visceral": levels[1]}


def test_an_unknown_organ_leaves_the_stratum_open(protocol: Protocol, base: dict[str, Any]) -> None:
    answers = base["answers"] | {"lesions": [{"organ": "bone"}, {}]}
    with pytest.raises(DataError, match=r"visceral.*lesions"):
        stratum(protocol, answers, base["anchors"])


@pytest.mark.parametrize(("previous", "dose"), [(125, 125), (100, 100), (75, None)])
def test_palbociclib_starts_at_the_previous_dose_and_75_mg_is_not_stated(
    protocol: Protocol, base: dict[str, Any], previous: int, dose: int | None
) -> None:
    answers = base["answers"] | {"previous_dose": previous, "previous_dose_before": previous}
    assert screen(protocol, answers, base["anchors"]).overall == "eligible"
    given = starting_doses(protocol, "A", answers, base["anchors"])
    palbociclib = given["palbociclib"]
    assert (palbociclib.product, palbociclib.dose, palbociclib.unit) == ("Palbociclib", dose, "mg")
    assert ("does not state" in palbociclib.reason) == (dose is None)
    assert given["endocrine"].dose is None


@pytest.mark.parametrize("arm", ["A", "B"])
@pytest.mark.parametrize(("partner", "product"), [("AI", "fulvestrant"), ("fulvestrant", "letrozole")])
def test_endocrine_therapy_is_the_one_not_used_before(
    protocol: Protocol, base: dict[str, Any], arm: str, partner: str, product: str
) -> None:
    answers = base["answers"] | {"first_line_partner": partner, "endocrine_advanced": [partner]}
    assert starting_doses(protocol, arm, answers, base["anchors"])["endocrine"].product == product


# example patients


def test_every_example_patient_gets_the_expected_answer(protocol: Protocol, examples: Examples) -> None:
    assert run_examples(protocol, examples) == ()


def test_every_criterion_has_examples_of_all_answers(protocol: Protocol, examples: Examples) -> None:
    for criterion in protocol.eligibility.criteria:
        own = [example for example in examples.examples if example.criterion == criterion.id]
        if criterion.rule is None:
            assert own == [], criterion.id
        else:
            assert len(own) >= 4, criterion.id
            assert {example.expect for example in own} == {"met", "not met", "cannot tell"}, criterion.id
            assert len({example.name for example in own}) == len(own), criterion.id


def test_what_cannot_be_told_names_the_missing_data(examples: Examples) -> None:
    for example in examples.examples:
        assert bool(example.missing) == (example.expect == "cannot tell"), f"{example.criterion}, {example.name}"


def test_every_threshold_is_held_by_an_example(protocol: Protocol, examples: Examples) -> None:
    assert surviving_mutants(protocol, examples) == ()


def test_an_example_that_is_wrong_is_found(protocol: Protocol, examples: Examples) -> None:
    kept = [e.model_copy(update={"expect": "met"}) for e in examples.examples if e.expect == "not met"]
    wrong = examples.model_copy(update={"examples": tuple(kept)})
    assert len(run_examples(protocol, wrong)) == len(kept) > 90


def test_thresholds_are_noticed_when_their_examples_are_taken_away(protocol: Protocol, examples: Examples) -> None:
    fewer = examples.model_copy(update={"examples": tuple(e for e in examples.examples if e.criterion != "I10")})
    assert {mutant.criterion for mutant in surviving_mutants(protocol, fewer)} == {"I10"}
