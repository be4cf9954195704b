"""A scenario: numbers by path, the scenario without a difference, and whether it fits the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trialwright.design import Piecewise, Scenario, Spread, check_scenario
from trialwright.errors import DocumentError
from trialwright.protocol import Protocol, load, read_document, study_file

TINY = Path(__file__).parents[2] / "studies" / "tiny"


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load(TINY / "protocol.yaml")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return read_document(TINY / "scenario.yaml", Scenario)


def changed(scenario: Scenario, path: str, value: Any) -> Scenario:
    """Return the scenario with anything at a path replaced, checked as if it came from a file."""
    plain = scenario.model_dump(mode="json", exclude_unset=True)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place: Any = plain
    for step in steps:
        place = place[step]
    place[last] = value
    return Scenario.model_validate(plain)


# numbers by path


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("progression.new.hazard.1", 0.09),
        ("death_after_progression.standard", 0.05),
        ("adverse_events.diarrhea.grade_3_or_higher.standard", 0.03),
        ("adverse_events.1.any_grade.standard", 0.1),
        ("adverse_events.rash.serious", 0.0),  # not in the file: the default of the model
        ("prognosis.liver.no liver", 0.7),
        ("candidates.failures.1.share", 0.06),
        ("recruitment.per_site_month", 3.0),
        ("lesions.diameter_mm.0", 10.0),
    ],
)
def test_a_number_is_read_and_replaced_by_its_path(scenario: Scenario, path: str, before: float) -> None:
    assert scenario.value(path) == before
    other = scenario.with_values({path: before / 2 + 0.01})
    assert other.value(path) == before / 2 + 0.01
    assert scenario.value(path) == before, "the scenario itself must not change"
    assert other.with_values({path: before}).model_dump() == scenario.model_dump()


def test_several_numbers_are_replaced_and_everything_else_is_kept(scenario: Scenario) -> None:
    values = {"progression.new.hazard.0": 0.2, "progression.new.hazard.1": 0.3, "contacts.lost": 0.0}
    other = scenario.with_values(values)
    assert other.progression["new"] == Piecewise(from_months=(0, 4), hazard=(0.2, 0.3))
    assert other.provenance == scenario.provenance != {}
    assert other.with_values({path: scenario.value(path) for path in values}) == scenario


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("progression.C.hazard.0", r"leads nowhere in the scenario: there is no 'C'; known: new, standard"),
        ("progresion.new.hazard.0", r"there is no 'progresion'; known: study, label, .*progression"),
        ("progression.new.hazard.7", r"there is no '7'; known: 0, 1"),
        ("adverse_events.nausea.any_grade.new", r"there is no 'nausea'; known: diarrhea, rash"),
        ("contacts.lost.more", r"there is no 'more'; known: nothing below a single value"),
        ("adverse_events.rash", r"must lead to a number in the scenario; it leads to \{'term'"),
        ("progression.new", r"must lead to a number in the scenario; it leads to \{'from_months'"),
        ("label", r"must lead to a number in the scenario; it leads to 'TINY as imagined'"),
    ],
)
def test_a_path_that_leads_to_no_number_is_told(scenario: Scenario, path: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"'{path}' {message}" if message.startswith(("leads", "must")) else message):
        scenario.value(path)
    with pytest.raises(ValueError, match=message):
        scenario.with_values({path: 1.0})


def test_a_number_out_of_its_range_is_refused(scenario: Scenario) -> None:
    with pytest.raises(ValueError, match="less than or equal to 1"):
        scenario.with_values({"scans.missed": 1.5})
    with pytest.raises(ValueError, match=r"diarrhea, arm new: grade 3 or higher \(0.9\) exceeds any grade"):
        scenario.with_values({"adverse_events.diarrhea.grade_3_or_higher.new": 0.9})


# no difference


def test_without_a_difference_every_arm_takes_the_course_of_the_control(scenario: Scenario) -> None:
    null = scenario.null("standard")
    for name in ("progression", "death_before_progression", "death_after_progression", "leaving"):
        assert getattr(null, name) == dict.fromkeys(["new", "standard"], getattr(scenario, name)["standard"])
    assert null.treatment.never == {"new": 0.03, "standard": 0.03}
    assert null.label == "TINY as imagined, no difference"
    assert null.response == scenario.response and null.adverse_events == scenario.adverse_events


def test_without_a_difference_from_an_unknown_arm_is_told(scenario: Scenario) -> None:
    with pytest.raises(ValueError, match=r"must be an arm of the scenario; got 'placebo'. Known: new, standard"):
        scenario.null("placebo")


# parts that contradict themselves


@pytest.mark.parametrize(
    ("starts", "rates", "message"),
    [
        ((1, 2), (0.1, 0.2), "must start at 0 and rise"),
        ((0, 2, 2), (0.1, 0.2, 0.3), "must start at 0 and rise"),
        ((0, 2), (0.1,), "2 pieces need 2 hazards; got 1"),
        ((0, 2), (0.1, 0), "the last hazard must be above 0, or all must be 0"),
        ((0,), (-0.1,), "greater than or equal to 0"),
    ],
)
def test_a_hazard_that_makes_no_sense_is_refused(starts: tuple[float], rates: tuple[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Piecewise(from_months=starts, hazard=rates)


@pytest.mark.parametrize(
    ("ways", "message"),
    [
        ({}, "needs exactly one of fixed, normal"),
        ({"yes": 0.5, "fixed": True}, "needs exactly one of fixed, normal"),
        ({"before": "entry"}, "before and days go together"),
        ({"uniform": (0, 1), "days": (0, 1)}, "before and days go together"),
    ],
)
def test_a_variable_varies_in_one_way(ways: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Spread(**ways)


def test_failures_leave_someone_to_randomize(scenario: Scenario) -> None:
    with pytest.raises(ValueError, match="must add to less than 1"):
        scenario.with_values({"candidates.failures.0.share": 0.9})


# protocol and scenario


def test_the_scenarios_here_fit_their_protocols(protocol: Protocol, scenario: Scenario) -> None:
    assert check_scenario(protocol, scenario) == ()
    palmira = read_document(study_file("palmira", "scenario.yaml"), Scenario)
    assert check_scenario(load("palmira"), palmira) == ()


MISFITS = [
    ("study", "other", "study: must be 'tiny'; got 'other'"),
    ("recruitment/opens_on", "2027-01-01", "until: must not come before recruitment.opens_on, 2027-01-01; got 2026-12"),
    ("recruitment/opens_on", "2026-06-30", "recruitment.opens_on: must come before the cut 'final' on 2026-06-30"),
    ("until", "2026-06-29", "until: must not come before the cut 'final' on 2026-06-30; got 2026-06-29"),
    ("progression/newest", {"from_months": [0], "hazard": [1]}, "progression: needs the arms ['new', 'standard']"),
    ("response/share", {"new": 0.1}, "response.share: needs the arms ['new', 'standard']; got ['new']"),
    (
        "treatment/never",
        {"new": 0.1, "control": 0.1},
        "treatment.never: needs the arms ['new', 'standard']; got ['control'",
    ),
    (
        "adverse_events/0/any_grade",
        {"new": 0.9, "standard": 0.9, "C": 1},
        "adverse_events.diarrhea.any_grade: needs the",
    ),
    (
        "candidates/variables/agee",
        {"fixed": 60},
        "candidates.variables: 'agee' is not in the protocol; known: age, ecog",
    ),
    (
        "candidates/variables/ecog",
        {"choice": {"0": 1, "9": 1}},
        "candidates.variables.ecog: '9' is not in the protocol",
    ),
    ("candidates/variables/compliant", {"choice": {"yes": 1}}, "candidates.variables.compliant: 'yes' is not in the"),
    ("candidates/variables/age", {"choice": {"old": 1}}, "candidates.variables.age: 'old' must be a number"),
    (
        "candidates/variables/last_chemotherapy",
        {"before": "entri", "days": [14, 20]},
        "candidates.variables.last_chemotherapy: 'entri' is not in the protocol; known: entry",
    ),
    ("candidates/anchors", {}, "candidates.anchors: entry is missing"),
    ("candidates/anchors/exit", "screening", "candidates.anchors: 'exit' is not in the protocol; known: entry"),
    (
        "candidates/failures/1/criterion",
        "I99",
        "candidates.failures.1.criterion: 'I99' is not in the protocol; known: I01",
    ),
    ("candidates/failures/1/answers", {"ecogg": "2"}, "candidates.failures.1.answers: 'ecogg' is not in the protocol"),
    (
        "candidates/failures/3/unknown",
        ["complaint"],
        "candidates.failures.3.unknown: 'complaint' is not in the protocol",
    ),
    ("lesions/otherwise", "skin", "lesions.otherwise: must be one of lesions.organs, liver, lung"),
    (
        "lesions/organs/brain",
        {"share": 0.1, "measurable": 0},
        "lesions.organs: 'brain' is not in the protocol; known: liver",
    ),
    ("lesions/organ_field", "site", "lesions.organ_field: 'site' is not in the protocol; known: organ, measurable"),
    ("prognosis/visceral", {"yes": 1.2}, "prognosis: 'visceral' is not in the protocol; known: liver"),
    ("prognosis/liver", {"liver": 1.2}, "prognosis.liver: needs the levels ['liver', 'no liver']; got ['liver']"),
    ("adverse_events/0/reduces", {"exampletinob": 1}, "adverse_events.diarrhea.reduces: 'exampletinob' is not in the"),
    ("samples_missed/blood1", 0.1, "samples_missed: 'blood1' is not in the protocol; known: blood0, blood15"),
    ("markers/0/sample", "blood1", "markers.KRAS.sample: 'blood1' is not in the protocol; known: blood0, blood15"),
]


@pytest.mark.parametrize(
    ("path", "value", "message"), MISFITS, ids=[f"{path} {index}" for index, (path, *_) in enumerate(MISFITS)]
)
def test_a_scenario_that_does_not_fit_says_where(
    protocol: Protocol, scenario: Scenario, path: str, value: Any, message: str
) -> None:
    (problem,) = check_scenario(protocol, changed(scenario, path, value))
    assert problem.startswith(message)


def test_every_misfit_is_told_at_once(protocol: Protocol, scenario: Scenario) -> None:
    wrong = changed(changed(scenario, "study", "other"), "lesions/otherwise", "skin")
    assert [problem.split(":")[0] for problem in check_scenario(protocol, wrong)] == ["study", "lesions.otherwise"]


def test_a_misspelled_field_of_the_file_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text((TINY / "scenario.yaml").read_text().replace("  jitter_sd_days: 2", "  jiter_sd_days: 2"))
    line = 1 + path.read_text().splitlines().index("  jiter_sd_days: 2")
    with pytest.raises(
        DocumentError, match=rf"scenario.yaml:{line}:3: scans.jiter_sd_days: .*did you mean 'jitter_sd_days'"
    ):
        read_document(path, Scenario)
