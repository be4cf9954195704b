"""The design linter: every rule where it speaks, and where it has nothing to say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from virtual_trial import study

from trialwright.simulate import DESIGN_RULES, Calibration, DesignFinding, Share, lint_design, suppositions
from trialwright.simulate.design_facts import Analysis, DesignFacts, PlannedLook, Simulated, design_facts
from trialwright.simulate.design_rules import lint_facts


@pytest.fixture(scope="module")
def facts() -> DesignFacts:
    """Facts of a sound design: PALMIRA with Schoenfeld's events stated and a slower disease."""
    protocol, scenario = study("palmira")
    size = protocol.sample_size.model_copy(update={"events": 127, "control_median_months": 9.0})
    sound = protocol.model_copy(update={"sample_size": size})
    supposed = suppositions(sound, scenario, follow_up=12)
    return replace(design_facts(sound, scenario, supposed), simulated=simulated())


def simulated(power: float = 0.81, upper: float = 0.025, lower: float = 0.025, se: float = 0.0005) -> Simulated:
    shares = (Share(power, se), Share(upper, se), Share(lower, se))
    return Simulated(100_000, *shares, Calibration(2.03, 0.004, Share(0.79, se)))


def test_a_sound_design_has_no_finding(facts: DesignFacts) -> None:
    found = lint_facts(facts)
    assert found.findings == ()
    assert found.unanswered == ()
    assert not found.has_errors


def of(facts: DesignFacts, **changes: Any) -> list[DesignFinding]:
    return list(lint_facts(replace(facts, **changes)).findings)


def only(found: list[DesignFinding], rule: str) -> DesignFinding:
    (one,) = [each for each in found if each.rule == rule]
    return one


NEVER = float("inf")
FIRES: list[tuple[str, str, dict[str, Any], str]] = [
    ("hazard-ratio-definition", "error", {"hazard_ratio": 1 / 0.59, "scenario_ratio": 1.2}, "1.69"),
    ("hazard-ratio-definition", "error", {"hazard_ratio": 1.0}, "1"),
    ("scenario-direction", "warning", {"scenario_ratio": 1.3}, "1.30 supposed"),
    ("level", "warning", {"sides": 1, "alpha": 0.05, "simulated": None}, "0.05 one-sided"),
    ("level", "warning", {"sides": 2, "alpha": 0.025, "simulated": None}, "0.025 two-sided"),
    ("events-above-patients", "error", {"patients": 120, "strata": 1}, "127 events, 120 patients"),
    ("analysis-before-accrual-ends", "warning", {"analysis": Analysis(34.4, 162.2, 42, 198, 180)}, "month 34.4 of 42"),
    ("events-out-of-reach", "error", {"analysis": Analysis(NEVER, 198, 42, 120, None)}, "120.0 expected at most"),
    ("events-out-of-reach", "warning", {"analysis": Analysis(60, 198, 42, 198, 118)}, "118.0 expected by then"),
    ("predictable-central", "warning", {"certain_central": 0.55, "block_sizes": (3,)}, "55.0% with blocks of 3"),
    ("predictable-site", "warning", {"certain_site": 0.2, "sites": 1}, "20.0%"),
    ("strata-too-many", "warning", {"strata": 48}, "198 patients in 48 strata: 4.1 each"),
    ("scan-interval", "warning", {"scan_weeks": 24}, "24 weeks, 5.52 months"),
    ("level-at-ratio", "warning", {"simulated": simulated(upper=0.0295, lower=0.0232)}, "2.95% (0.05) of 100,000"),
    ("level-at-ratio", "warning", {"simulated": simulated(lower=0.0295), "ratio": (1, 2)}, "2.95% (0.05)"),
    ("power-stated", "warning", {"simulated": simulated(power=0.75)}, "80% stated, 75.0%"),
    ("power-stated", "note", {"simulated": simulated(power=0.87)}, "87.0%"),
    ("events-and-formula", "note", {"events_stated": False}, "formulas ask for 111 to 133"),
    ("events-and-formula", "note", {"events": 111}, "111 events stated"),
    ("events-and-formula", "warning", {"events": 113}, "113 events stated"),
    ("events-and-formula", "warning", {"events": 90}, "90 events stated; formulas ask for 111 to 133"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "grade", "changes", "figure"), FIRES)
def test_a_rule_speaks(facts: DesignFacts, rule: str, grade: str, changes: dict[str, Any], figure: str) -> None:
    found = only(of(facts, **changes), rule)
    assert found.grade == grade
    assert figure in found.figure
    assert found.what and found.remedy


STAYS: list[tuple[str, dict[str, Any]]] = [
    ("hazard-ratio-definition", {"hazard_ratio": 0.99}),
    ("scenario-direction", {"scenario_ratio": 0.99}),
    ("level", {"sides": 1, "alpha": 0.025}),
    ("level", {"sides": 2, "alpha": 0.05}),
    ("events-above-patients", {"patients": 127}),
    ("analysis-before-accrual-ends", {"analysis": Analysis(42.0, 198, 42, 198, 180)}),
    ("events-out-of-reach", {"analysis": Analysis(60, 198, 42, 127, 127)}),
    ("events-out-of-reach", {"patients": 120}),
    ("predictable-central", {"certain_central": 0.10}),
    ("predictable-site", {"certain_site": 0.05}),
    ("strata-too-many", {"strata": 11}),
    ("scan-interval", {"scan_weeks": 16}),
    ("level-at-ratio", {"simulated": simulated(upper=0.0295, se=0.003)}),
    ("level-at-ratio", {"simulated": simulated(upper=0.0272)}),
    ("power-stated", {"simulated": simulated(power=0.791)}),
    ("power-stated", {"simulated": simulated(power=0.77, se=0.02)}),
    ("events-and-formula", {"events": 127}),
]


@pytest.mark.parametrize(("rule", "changes"), STAYS)
def test_a_rule_has_nothing_to_say(facts: DesignFacts, rule: str, changes: dict[str, Any]) -> None:
    assert [found for found in of(facts, **changes) if found.rule == rule] == []


def looks(*given: tuple[int | None, float]) -> dict[str, Any]:
    return {"looks": tuple(PlannedLook(f"look {k}", *each) for k, each in enumerate(given, 1)), "last_month": 55.0}


@pytest.mark.parametrize(
    ("given", "rule", "grade"),
    [
        (looks((100, 30.0), (127, 32.0)), "looks-close", "warning"),
        (looks((127, 32.0), (None, 31.0)), "looks-close", "warning"),
        (looks((250, 40.0)), "look-beyond-data", "error"),
        (looks((None, -2.0)), "look-beyond-data", "error"),
        (looks((127, 56.0)), "look-beyond-data", "warning"),
        (looks((190, NEVER)), "look-beyond-data", "warning"),
    ],
)
def test_looks_too_near_or_too_late(facts: DesignFacts, given: dict[str, Any], rule: str, grade: str) -> None:
    assert only(of(facts, **given), rule).grade == grade


def test_looks_that_are_apart_and_in_time(facts: DesignFacts) -> None:
    assert of(facts, **looks((100, 30.0), (127, 33.0), (None, 55.0))) == []


def test_every_rule_is_tried() -> None:
    tried = {rule for rule, *_ in FIRES} | {"looks-close", "look-beyond-data"}
    assert tried == {rule.id for rule in DESIGN_RULES}
    assert {rule for rule, _ in STAYS} | {"looks-close", "look-beyond-data"} == tried


def test_the_formula_that_fits_is_named(facts: DesignFacts) -> None:
    assert "that of Freedman, not of Schoenfeld" in only(of(facts, events=111), "events-and-formula").what
    equal = only(of(facts, events=113), "events-and-formula")
    assert "that of Schoenfeld for 1:1; allocation is 2:1" in equal.what


def test_a_flipped_hazard_ratio_is_named(facts: DesignFacts) -> None:
    found = only(of(facts, hazard_ratio=1 / 0.59, scenario_ratio=1.2), "hazard-ratio-definition")
    assert "write 0.59" in found.remedy


def test_rules_without_their_facts_say_what_they_lack(facts: DesignFacts) -> None:
    found = lint_facts(replace(facts, simulated=None, analysis=None, looks=None, certain_site=None))
    lacking = dict(found.unanswered)
    assert lacking["The analysis comes after the last patient"] == "accrual and the control arm's median"
    assert lacking["The power is what it is said to be"] == "simulated trials"
    assert len(lacking) == 7
    assert found.findings == ()


def test_the_gravest_come_first(facts: DesignFacts) -> None:
    found = of(facts, hazard_ratio=1.0, events_stated=False, scan_weeks=24, scenario_ratio=1.0)
    order = [each.grade for each in found]
    assert order == sorted(order, key=["error", "warning", "note"].index)
    assert order[0] == "error" and order[-1] == "note"


def test_palmira_is_told_what_is_known_of_it() -> None:
    protocol, scenario = study("palmira")
    found = lint_design(protocol, scenario, suppositions(protocol, scenario), trials=100_000, seed=1)
    assert [each.rule for each in found.findings] == [
        "analysis-before-accrual-ends", "scan-interval", "level-at-ratio", "events-and-formula",
    ]  # fmt: skip
    assert only(list(found.findings), "analysis-before-accrual-ends").figure.startswith(
        "127 events by month 34.4 of 42"
    )
    assert "2.03 would hold the level" in only(list(found.findings), "level-at-ratio").remedy


def test_a_protocol_alone_is_linted_as_far_as_it_goes() -> None:
    protocol, _ = study("tiny")
    found = lint_design(protocol, None, suppositions(protocol, None), trials=1000, seed=1)
    assert only(list(found.findings), "events-above-patients").figure == "70 events, 60 patients"
    assert found.has_errors
    assert "Looks are months apart" in dict(found.unanswered)


def test_facts_are_read_off_the_protocol() -> None:
    protocol, scenario = study("palmira")
    found = design_facts(protocol, scenario, suppositions(protocol, scenario))
    assert (found.ratio, found.events, found.events_stated, found.strata, found.block_sizes) == (
        (2, 1), 127, False, 4, (3, 6, 9),
    )  # fmt: skip
    assert found.certain_central == pytest.approx(0.0368, abs=5e-4)
    assert found.certain_site is not None and found.certain_site < 1e-6
    assert found.analysis is not None and found.analysis.month == pytest.approx(34.42, abs=0.005)
    assert found.looks is not None and found.looks[1].month == pytest.approx(1670 / (365.25 / 12))
    assert found.scenario_ratio is not None and 0.7 < found.scenario_ratio < 0.95
    assert found.simulated is None


def test_a_hazard_ratio_of_one_has_no_events() -> None:
    protocol, scenario = study("palmira")
    size = protocol.sample_size.model_copy(update={"hazard_ratio": 1.0})
    other = protocol.model_copy(update={"sample_size": size})
    found = lint_design(other, None, suppositions(other, scenario), trials=10, seed=1)
    assert found.findings[0].rule == "hazard-ratio-definition"
    assert dict(found.unanswered)["The analysis comes after the last patient"]
