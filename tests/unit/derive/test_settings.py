"""Settings of data without a protocol: what they stand for, and how faults are told."""

from pathlib import Path

import pytest

from trialwright.derive import PROOFS, SAFETY_PROOFS, load_settings, tables, with_rules
from trialwright.errors import DocumentError

FILE = Path(__file__).with_name("settings.yaml")


@pytest.fixture
def settings(tmp_path):
    def settings(*changes):
        text = FILE.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "settings.yaml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    return settings


def test_the_standard_endpoints_follow_from_the_settings(settings):
    found = settings()
    assert [endpoint.id for endpoint in found.endpoints] == (
        ["PFS", "OS", "DOR", "CDOR", "TTR", "TTP", "TTF", "PFS2", "TTC", "ORR", "CORR", "DCR", "CBR", "CCBR"]
    )
    assert found.endpoint("CORR").confirmation_days == 28
    assert found.endpoint("CBR").stable_weeks == 6
    assert found.endpoint("ORR").stable_disease_minimum_weeks == 6
    assert found.endpoint("PFS").censoring.adequate == "any"


def test_each_setting_reaches_its_endpoints(settings):
    found = settings(
        ("rules: template", "rules: ema"),
        ("clinical_progression: ignore", "clinical_progression: event"),
        ("withdrawal: ignore", "withdrawal: ends follow-up\nmissed_visits_by: scheduled visits\nscan_dates: latest"),
        ("after_new_therapy: count", "after_new_therapy: leave out"),
        ("alive_by: safety records", "alive_by: every record"),
    )
    pfs = found.endpoint("PFS")
    assert pfs.events == ("progression", "clinical progression", "death")
    assert [stop.event for stop in pfs.censoring.stops] == ["withdrawal"]
    assert (pfs.censoring.missed_visits_by, pfs.censoring.scan_dates) == ("scheduled visits", "latest")
    assert found.endpoint("ORR").until == ("new therapy",)
    assert found.endpoint("OS").censoring.stops == ()
    assert (found.proofs, settings().proofs) == (PROOFS, SAFETY_PROOFS)


def test_settings_take_another_rule_set(settings):
    assert with_rules(settings(), "fda").endpoint("PFS").censoring.new_therapy == "censor before"
    assert with_rules(settings(), "protocol").endpoint("PFS").censoring.adequate == "any"


def test_data_are_derived_with_settings_alone(settings, trial):
    data = trial(subjects="subject\n01", assessments="subject | assessed_on | response\n01 | 2024-02-26 | PR")
    found = tables(data, settings(("responses: as recorded", "responses: from lesions")))
    assert found.times.filter(found.times["endpoint"] == "PFS")["ended_on"].to_list()[0].isoformat() == "2024-02-26"
    assert set(found.populations["population"]) == {"randomized", "treated", "measurable"}
    assert found.baseline.height == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("confirmation_days: 28\n", ""), "confirmation_days"),
        (("confirmation_days: 28", "confirmation_days: -1"), r"settings.yaml:\d+:\d+: confirmation_days"),
        (("rules: template", "rules: nmpa"), r"settings.yaml:\d+:\d+: rules: .*fda"),
        (("reference_arm: Placebo", "reference_arms: Placebo"), "reference_arms"),
        (("stable_minimum_days: 42", "stable_minimum_days: 0"), "stable_minimum_days"),
    ],
)
def test_a_fault_is_told_at_its_line(settings, change, message):
    with pytest.raises(DocumentError, match=message):
        settings(change)


def test_an_unknown_endpoint_is_refused_with_the_known_ones(settings):
    with pytest.raises(ValueError, match="endpoint 'EFS' is not known; known: PFS, OS, DOR"):
        settings().endpoint("EFS")
