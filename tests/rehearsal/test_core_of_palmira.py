"""SDTM of rehearsed PALMIRA, written, read and checked by command: nothing is found beyond a list with reasons."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from trialwright.cli import main, rehearsal
from trialwright.exchange import check_study, read_folder, sdtm, write_dataset
from trialwright.simulate import trial

ROOT = Path(__file__).parents[2]
RULES = ROOT.parent / "shared" / "data" / "cdisc_core" / "rules_all.json.gz"
PAGE = ROOT / "docs" / "how-to" / "check-sdtm.md"
SEED = 20190405


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the datasets as they would be handed over."""
    found = rehearsal.read_study("palmira", None, None)
    made = tmp_path_factory.mktemp("sdtm")
    for name, dataset in sdtm(trial(found.protocol, found.scenario, SEED), found.protocol).items():
        write_dataset(dataset, made / f"{name.lower()}.xpt")
    return made


@pytest.fixture(scope="module")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take the list that is printed on the page."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition("```yaml\n")
    file = tmp_path_factory.mktemp("allowed") / "palmira.yaml"
    file.write_text(rest.partition("```")[0], encoding="utf-8")
    return file


def test_keys_subjects_dates_and_study_days_are_sound(folder: Path) -> None:
    assert check_study(read_folder(folder)).findings == ()


@pytest.fixture
def checked(folder: Path, allowed: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    if not RULES.exists():
        pytest.skip(f"{RULES} is missing")
    code = main(["exchange", "check", str(folder), "--rules", str(RULES), "--allow", str(allowed), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_conformance_rules_find_nothing_beyond_the_written_list(checked: tuple[int, dict[str, Any]]) -> None:
    code, document = checked
    assert document["findings"] == []
    assert document["allowed but not found"] == []
    assert code == 0


def test_most_rules_are_answered_and_the_others_say_why(checked: tuple[int, dict[str, Any]]) -> None:
    rules = [rule for rule in checked[1]["rules"] if rule["rule"].startswith("CORE-")]
    answered = [rule for rule in rules if rule["answer"] in ("clean", "found")]
    assert len(rules) == 430
    assert len(answered) > 300
    assert all(rule["why"] for rule in rules if rule not in answered)


def test_a_fault_put_into_the_data_is_found(folder: Path) -> None:
    study = read_folder(folder)
    first = pl.int_range(pl.len()) == 0
    broken = study["AE"].rows.with_columns(pl.when(first).then(pl.lit("NOBODY")).otherwise("USUBJID").alias("USUBJID"))
    faults = check_study({**study, "AE": replace(study["AE"], rows=broken)}).findings
    assert ("AE", 1, "subject known") in {(each.dataset, each.record, each.rule) for each in faults}
