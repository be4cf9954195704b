"""Trials known by their claims only become studies that are calibrated and rehearsed like the one with a protocol."""

import re
from datetime import date

import pytest
from typer.testing import CliRunner

from trialwright import analyze, derive, simulate
from trialwright.cli.calibrate import fit
from trialwright.cli.evidence import app
from trialwright.design import Scenario, check_scenario
from trialwright.errors import DocumentError
from trialwright.evidence import Claims, compare, ledger, suppose
from trialwright.protocol import load, read_document

GIVEN = {"accrual_months": 24.0, "scan_weeks": 8.0, "follow_up_months": 24.0}
BY_ARM = {
    "MONALEESA-2": {"R": 334, "P": 334},
    "MONALEESA-7": {"R": 335, "P": 337},
    "MONARCH 2": {"A": 446, "P": 223},
    "MONARCH 3": {"A": 328, "P": 165},
    "PALOMA-2": {"A": 444, "P": 222},
    "PALOMA-3": {"A": 347, "P": 174},
}
"""Patients by arm as supposed for the test where the ledger has their sum only."""
WITHOUT = {"BioPER", "EMERALD", "INAVO120", "meta-analysis of rechallenge"}
"""One arm, or no medians or rates, or no hazard ratio."""


@pytest.mark.parametrize("trial", ledger("all").trials)
def test_every_trial_with_a_ratio_and_medians_makes_a_study(trial):
    claims = ledger("all").of(trial).claims
    if trial in WITHOUT:
        with pytest.raises(ValueError, match="no hazard ratio of PFS stands beside medians or rates of both arms"):
            suppose(claims, **GIVEN)
        return
    study = suppose(claims, **GIVEN, patients=BY_ARM.get(trial))
    assert check_scenario(study.protocol, study.scenario) == ()
    assert len(study.scenario.calibration) >= 2
    assert all(claim.result for claim in study.claims.claims)
    data = simulate.trial(study.protocol, study.scenario, 1)
    results = analyze.run(data.cut(study.protocol.analysis.cuts[0].on), study.protocol, cut="final")
    answered = compare(study.claims, results)
    assert [row.key for row in answered if row.problem and row.problem.startswith("there is no result")] == []


def test_pace_is_calibrated_from_its_claims_alone():
    """Both medians are met, and the published hazard ratio and its P lie well within what such trials give."""
    study = suppose(ledger("pace").of("PACE").claims, accrual_months=24)
    assert study.protocol.design.enrollment == 166
    assert study.protocol.randomization.ratio == {"FP": 2, "F": 1}
    # 23.6 months of median follow-up after uniform accrual over 24: 35.6 months after the first patient
    assert study.protocol.analysis.cuts[0].on == date(2022, 12, 20)
    assert study.protocol.assessments.every_weeks == ((0, 8),), "a claim says 8 weeks"
    found = fit(study.protocol, study.scenario, study.claims, 1, (100, 400))
    assert [abs(row.mean - row.target) < 5 for row in found.achieved] == [True, True], "days"
    fitted = study.scenario.with_values(dict(found.parameters))
    replays = simulate.many(study.protocol, fitted, 400, 2)
    (ratio,) = [row for row in compare(study.claims, _one(study.protocol, fitted), replays.values) if "v" in row.key]
    assert ratio.replayed is not None and ratio.replayed.place is not None
    assert 0.1 < ratio.replayed.place < 0.9


def _one(protocol, scenario):
    data = simulate.trial(protocol, scenario, 3)
    on = derive.cut_dates(data, protocol)["final"]
    return analyze.run(data.cut(on), protocol, cut="final")


def test_maintain_has_a_parameter_for_each_landmark():
    study = suppose(ledger("maintain").of("MAINTAIN").claims, accrual_months=36, scan_weeks=12)
    assert [each.claim for each in study.scenario.calibration] == [f"maintain-0{n}" for n in (80, 81, 82, 83)]
    assert study.scenario.progression["R"].from_months == (0, 6)
    # -ln(.412)/6 months, then -ln(.246/.412)/6
    assert study.scenario.progression["R"].hazard == pytest.approx((0.14779, 0.08595), abs=1e-5)
    assert "scans every 12 weeks" in study.supposed
    assert {claim.id for claim in study.claims.claims if claim.result} >= {"maintain-075", "maintain-077"}
    assert "maintain-078" not in {claim.id for claim in study.claims.claims}, "contradicted"


@pytest.mark.parametrize(
    ("trial", "given", "message"),
    [
        ("postMONARCH", {"scan_weeks": 8}, "follow_up_months must be given: no claim says it"),
        ("MAINTAIN", {}, "scan_weeks must be given"),
        ("MONARCH 2", GIVEN, "monarch2-169 does not print the patients by arm"),
        ("PACE", {"hazard_ratio": "pace-101"}, "pace-101 does not print the patients by arm"),
        ("PACE", {"hazard_ratio": "pace-101", "patients": {"FP": 50, "F": 20}}, "pace-101 needs a median or rates"),
        ("PACE", {"hazard_ratio": "nosuch"}, "'nosuch' is not in the ledger"),
    ],
)
def test_what_is_missing_is_named(trial, given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        suppose(ledger("all").of(trial).claims, **({"accrual_months": 24} | given))


def test_the_command_writes_a_study_that_reads(tmp_path):
    out = tmp_path / "study"
    done = CliRunner().invoke(app, ["suppose", "pace", "--accrual-months", "24", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "supposed: constant hazards" in done.output
    protocol = load(out / "protocol.yaml")
    scenario = read_document(out / "scenario.yaml", Scenario)
    claims = read_document(out / "claims.yaml", Claims)
    again = suppose(ledger("pace").of("PACE").claims, accrual_months=24)
    assert check_scenario(protocol, scenario) == ()
    assert scenario.progression == again.scenario.progression
    assert claims.claims == again.claims.claims
    assert protocol.provenance["design"].status == "assumed"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["all", "--accrual-months", "24"], "19 trials; name one of them"),
        (["bioper", "--accrual-months", "24"], "no hazard ratio of PFS"),
        (["monarch2", "--accrual-months", "24", "--patients", "A446"], "--patients must be ARM=NUMBER"),
    ],
)
def test_the_command_says_what_it_cannot_do(options, message, tmp_path):
    done = CliRunner().invoke(app, ["suppose", *options, "--out", str(tmp_path / "x")])
    assert isinstance(done.exception, DocumentError)
    assert message in str(done.exception)
    assert not (tmp_path / "x").exists()
