"""What a synthesis takes from a ledger, and what it says when a trial's numbers change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from trialwright.errors import CheckFailed
from trialwright.evidence import Ledger, ledger, poolable, pooling_sensitivity

Row = dict[str, Any]
Made = Callable[..., Ledger]


def ratio(id: str, value: float, lower: float, upper: float, **more: Any) -> Row:
    place = {"endpoint": "PFS", "population": "ITT", "cut": "final", "statistic": "hazard ratio"}
    arms = {"numerator": "A", "denominator": "B", "label": id, "cited": "S", "kind": "reported"}
    return {"id": id, "value": value, "lower": lower, "upper": upper, "level": 0.95, **place, **arms, **more}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A ledger of trials ``one=[claims], two=[claims]``; its files state the feature ``drug``: that of the trial."""

    def build(**trials: list[Row]) -> Ledger:
        for name, claims in trials.items():
            content = {
                "trial": name.upper(),
                "cuts": {"early": "first analysis", "final": "last analysis"},
                "undated_cuts": {"talk": "at a conference"},
                "features": {"drug": {"three": "new"}.get(name, "old")},
                "sources": {"S": "Somebody 2024", "T": "Somebody else 2025"},
                "claims": claims,
            }
            (tmp_path / name).mkdir()
            (tmp_path / name / "claims.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        return ledger(tmp_path)

    return build


TWO = [ratio("two-1", 0.9, 0.7, 1.157)]


def test_the_latest_dated_cut_enters_and_the_others_stand_beside_it(made: Made) -> None:
    talk, early = ratio("one-0", 0.6, 0.4, 0.9, cut="talk"), ratio("one-1", 0.8, 0.6, 1.07, cut="early")
    found = poolable(made(one=[talk, early, ratio("one-2", 0.7, 0.55, 0.9)], two=TWO), "PFS")
    one = found.trials[0]
    assert one.claim.id == "one-2"
    assert [claim.id for claim in one.others] == ["one-0", "one-1"]
    labels = [row.label for row in pooling_sensitivity(found) if row.changed == "data cut"]
    assert labels == ["ONE at the cut 'talk': 0.6 (0.4-0.9)", "ONE at the cut 'early': 0.8 (0.6-1.07)"]


def test_other_arms_populations_and_endpoints_neither_enter_nor_stand_beside(made: Made) -> None:
    other = [
        ratio("x-1", 0.5, 0.3, 0.8, numerator="C"),
        ratio("x-2", 0.5, 0.3, 0.8, population="mutated"),
        ratio("x-3", 0.5, 0.3, 0.8, endpoint="OS"),
        ratio("x-4", 0.5, 0.3, 0.8, level=None),
        ratio("x-5", 0.5, 0.3, 0.8, kind="derived"),
    ]
    one = poolable(made(one=[ratio("one-1", 0.7, 0.55, 0.9), *other], two=TWO), "PFS").trials[0]
    assert (one.claim.id, one.others) == ("one-1", ())


def test_another_reader_and_a_contradicting_source_are_rows_of_their_own(made: Made) -> None:
    central = ratio("one-2", 0.5, 0.35, 0.72, assessed_by="BICR")
    misprint = ratio("one-3", 0.7, 0.55, 0.99, kind="contradicted", cited="T", assessed_by="investigator")
    first = ratio("one-1", 0.7, 0.55, 0.9, assessed_by="investigator")
    rows = pooling_sensitivity(poolable(made(one=[first, central, misprint], two=TWO), "PFS"))
    found = {row.changed: row for row in rows if row.changed in {"assessment", "source"}}
    assert found["assessment"].label == "ONE by BICR: 0.5 (0.35-0.72)"
    assert found["source"].label == "ONE as printed by T: 0.7 (0.55-0.99)"
    printed = rows[0].synthesis
    assert found["assessment"].synthesis.inference.estimate < printed.inference.estimate
    assert found["source"].synthesis.weights[0] < printed.weights[0]


def test_a_standard_error_too_small_for_its_events_is_capped_in_a_row(made: Made) -> None:
    """Interval 0.55-0.90: se 0.126, the information of 253 events; 100 events allow no less than 0.2."""
    found = poolable(made(one=[ratio("one-1", 0.7, 0.55, 0.9, n=180, events=100)], two=TWO), "PFS")
    assert found.trials[0].possible_events == 100
    assert found.trials[0].capped.se == pytest.approx(0.2)
    assert found.trials[1].capped == found.trials[1].study
    (row,) = [row for row in pooling_sensitivity(found) if row.changed == "information"]
    assert row.label.endswith("(ONE)")
    assert row.synthesis.studies[0].se == pytest.approx(0.2)


def test_a_standard_error_that_rounding_explains_is_left_alone(made: Made) -> None:
    """0.89-1.45 gives se 0.1245 where 256 events allow 0.1250; 0.885-1.454 would print so too."""
    found = poolable(made(one=[ratio("one-1", 1.13, 0.89, 1.45, events=256)], two=TWO), "PFS")
    assert found.trials[0].study.se < 2 / 256**0.5
    assert found.trials[0].capped == found.trials[0].study


def test_patients_bound_the_events_where_these_are_not_printed(made: Made) -> None:
    found = poolable(made(one=[ratio("one-1", 0.7, 0.5, 0.98, n=400)], two=TWO), "PFS")
    assert [each.possible_events for each in found.trials] == [400, None]
    assert not [row for row in pooling_sensitivity(found) if row.changed == "information"]


def test_an_unusual_level_is_read_at_the_usual_one_in_a_row(made: Made) -> None:
    trials = made(one=[ratio("one-1", 0.7, 0.55, 0.9, level=0.9)], two=TWO, three=[ratio("t", 0.8, 0.6, 1.07)])
    found = poolable(trials, "PFS")
    (row,) = [row for row in pooling_sensitivity(found) if row.changed == "level"]
    assert row.label == "ONE read at 95%, printed at 90%"
    assert row.synthesis.studies[0].variance / found.studies[0].variance == pytest.approx((1.644854 / 1.959964) ** 2)


def test_groups_come_from_a_feature_and_stay_in_every_row_that_has_them(made: Made) -> None:
    trials = made(one=[ratio("one-1", 0.7, 0.55, 0.9)], two=TWO, three=[ratio("t", 0.8, 0.6, 1.07)])
    rows = pooling_sensitivity(poolable(trials, "PFS", by="drug"))
    assert rows[0].groups is not None
    assert {name: len(each) for name, each in rows[0].groups.groups.items()} == {"old": 2, "new": 1}
    without = {row.label: row.groups for row in rows if row.changed == "trial left out"}
    assert without["without THREE"] is None  # one group is left
    assert all(row.test == "HK" or row.heterogeneity.method == "common" for row in (r.synthesis for r in rows))


def test_a_claim_may_be_asked_for(made: Made) -> None:
    claims = [ratio("one-1", 0.7, 0.55, 0.9), ratio("one-2", 0.5, 0.35, 0.72, assessed_by="BICR")]
    found = poolable(made(one=claims, two=TWO), "PFS", use=["one-2"])
    assert [each.claim.id for each in found.trials] == ["one-2", "two-1"]
    assert [claim.id for claim in found.trials[0].others] == ["one-1"]


def test_trials_without_the_ratio_are_named(made: Made) -> None:
    trials = made(one=[ratio("one-1", 0.7, 0.55, 0.9)], two=TWO, three=[ratio("t", 0.8, 0.6, 1.07, endpoint="OS")])
    assert poolable(trials, "PFS").left_out == {"THREE": "no hazard ratio of PFS with an interval and its level"}


def test_a_meta_analysis_never_enters_and_a_trial_may_be_left_out(made: Made) -> None:
    trials = made(one=[ratio("one-1", 0.7, 0.55, 0.9)], two=TWO, three=[ratio("t", 0.8, 0.6, 1.07)])
    assert poolable(trials, "PFS", leave_out=["THREE"]).left_out == {"THREE": "left out as asked"}
    with pytest.raises(ValueError, match=r"trial 'FOUR' is not in the ledger; known: ONE, THREE, TWO"):
        poolable(trials, "PFS", leave_out=["FOUR"])
    pooled = poolable(ledger("all"), "PFS")
    assert pooled.left_out["meta-analysis of rechallenge"] == "a meta-analysis: its trials would count twice"


def test_one_trial_only_is_named_with_its_place(made: Made) -> None:
    with pytest.raises(CheckFailed, match=r"two trials .*one/claims\.yaml:\d+: only ONE prints one"):
        poolable(made(one=[ratio("one-1", 0.7, 0.55, 0.9)]), "PFS")


def test_an_interval_that_excludes_its_ratio_is_named_with_its_place(made: Made) -> None:
    with pytest.raises(CheckFailed, match=r"one/claims\.yaml:\d+: the interval of 'ONE' must hold its ratio"):
        poolable(made(one=[ratio("one-1", 0.95, 0.55, 0.9)], two=TWO), "PFS")


def test_unknown_names_list_the_known_ones(made: Made) -> None:
    trials = made(one=[ratio("one-1", 0.7, 0.55, 0.9)], two=TWO)
    with pytest.raises(ValueError, match=r"no hazard ratio of 'pfs' is in the ledger; endpoints with one: PFS"):
        poolable(trials, "pfs")
    with pytest.raises(ValueError, match=r"ONE does not say its 'dose'; features it states: drug"):
        poolable(trials, "PFS", by="dose")
    with pytest.raises(ValueError, match=r"'three-1' is no hazard ratio of PFS with an interval; known: one-1, two-1"):
        poolable(trials, "PFS", use=["three-1"])


def test_the_rechallenge_trials_of_the_ledger() -> None:
    found = poolable(ledger("rechallenge"), "PFS", by="inhibitor")
    rows = pooling_sensitivity(found)
    assert [each.trial for each in found.trials] == ["PALMIRA", "PACE", "MAINTAIN", "postMONARCH"]
    assert {each.trial: each.study.group for each in found.trials}["MAINTAIN"] == "switched drug"
    by_label = {row.label: row for row in rows}
    common = by_label["common effect"]
    assert common.groups is not None
    assert common.groups.difference("same drug", "switched drug").ratio == pytest.approx((1.33, 0.99, 1.80), abs=0.005)
    # one wrong level flips the verdict of z, and no row changes that of Hartung and Knapp
    assert rows[0].synthesis.under("z").p < 0.05 < by_label["PACE read at 95%, printed at 90%"].synthesis.under("z").p
    assert all(row.synthesis.inference.p > 0.05 for row in rows if row.synthesis.test == "HK")
    assert by_label["SE no smaller than the possible events allow (PALMIRA)"].synthesis.studies[0].se > 0.142
