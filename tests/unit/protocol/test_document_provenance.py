"""What holds for a leaf, what is open, and what cannot be traced."""

from pathlib import Path

import pytest

from trialwright.errors import DocumentError
from trialwright.protocol import (
    check_provenance,
    leaves,
    load,
    open_points,
    protocol_file,
    protocol_hash,
    study_file,
    study_names,
)

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"


@pytest.fixture
def changed(tmp_path):
    def changed(*pairs: tuple[str, str]):
        text = TINY.read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "changed.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path)

    return changed


def leaf(protocol, path):
    (found,) = [each for each in leaves(protocol) if each.path == path]
    return found


def test_a_leaf_inherits_source_and_status():
    found = leaf(load(TINY), "arms.new.label")
    assert (found.value, found.status, found.source) == ("Exampletinib", "stated", "invented")


def test_a_leaf_below_an_assumed_mapping_is_assumed_for_the_same_reason(changed):
    protocol = changed(("  window_days: 7\n", "  window_days: 7\n  status: assumed\n  why: a guess\n"))
    found = leaf(protocol, "assessments.until")
    assert (found.status, found.why) == ("assumed", "a guess")


def test_a_source_of_its_own_makes_a_leaf_stated_again(changed):
    protocol = changed(
        ("  window_days: 7\n", "  window_days: {value: 7, source: invented}\n  status: assumed\n  why: x\n")
    )
    found = leaf(protocol, "assessments.window_days")
    assert (found.status, found.why) == ("stated", None)


def test_a_reason_alone_keeps_the_status_above(changed):
    protocol = changed(("  window_days: 7\n", "  window_days: {value: 7, why: usual}\n  status: assumed\n  why: x\n"))
    found = leaf(protocol, "assessments.window_days")
    assert (found.status, found.why) == ("assumed", "usual")


def test_open_points_are_all_that_is_assumed_or_unknown():
    points = open_points(load(TINY))
    assert {each.path: each.status for each in points.leaves} == {
        "interventions.comparator.cycle.dosing_days": "unknown",
        "randomization.block_sizes": "assumed",
        "eligibility.parameters.washout": "assumed",
        "sample_size.events": "unknown",
    }
    assert all(each.why for each in points.leaves)
    assert [question.id for question in points.questions] == ["washout"]


def test_everything_in_the_tiny_study_can_be_traced():
    assert check_provenance(load(TINY)) == ()


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("source: invented\n", "", "identification.acronym is stated but names no source"),
        ("[2, 4], status: assumed, why: an example of an assumed leaf", "[2, 4], status: assumed",
         "randomization.block_sizes is assumed but gives no reason (why)"),
        ("{value: 14 d, status: assumed", "{value: 14 d, status: unknown",
         "eligibility.parameters.washout is unknown but has a value"),
    ],
)  # fmt: skip
def test_what_cannot_be_traced_is_found(changed, old, new, finding):
    assert finding in check_provenance(changed((old, new)))


def test_the_hash_ignores_layout_and_sees_any_value_and_status(changed):
    plain = protocol_hash(load(TINY))
    assert len(plain) == 64
    moved = ("window_days: 7\n  baseline_within_days: 28", "baseline_within_days: 28\n  window_days: 7")
    assert protocol_hash(changed(moved)) == plain
    assert protocol_hash(changed(("enrollment: 60", "enrollment: 59"), ("events: 30}", "events: 29}"))) != plain
    assert protocol_hash(changed(("[2, 4], status: assumed", "[2, 4], status: derived"))) != plain


def test_a_shipped_study_is_found_by_name_and_a_file_by_its_path(tmp_path, monkeypatch):
    for name in study_names():
        assert protocol_file(name) == study_file(name, "protocol.yaml")
    monkeypatch.chdir(TINY.parent)
    assert load("protocol.yaml").identification.id == "tiny"


def test_unknown_studies_and_files_list_the_known():
    with pytest.raises(DocumentError, match=r"no study 'nonesuch' ships with trialwright; .*known: "):
        load("nonesuch")
    for name in study_names():
        with pytest.raises(DocumentError, match=r"has no file 'protocl.yaml'; did you mean 'protocol.yaml'\? known: "):
            study_file(name, "protocl.yaml")
