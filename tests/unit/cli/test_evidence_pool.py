"""``trialwright evidence pool``: what it prints, writes and refuses."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from trialwright.cli import main
from trialwright.evidence import ledger

RECHALLENGE = ["evidence", "pool", "rechallenge", "--endpoint", "PFS"]
CLAIM = """\
  - {{id: {id}, label: x, cited: S, kind: reported, endpoint: PFS, population: ITT, cut: final,
     statistic: hazard ratio, numerator: A, denominator: B, level: 0.95,
     value: {value}, lower: {lower}, upper: {upper}}}
"""


def trial(folder: Path, name: str, **ratio: object) -> None:
    (folder / name).mkdir()
    head = f"trial: {name}\nsources: {{S: Somebody 2024}}\nclaims:\n"
    (folder / name / "claims.yaml").write_text(head + CLAIM.format(id=f"{name}-1", **ratio))


def test_it_prints_trials_answer_groups_and_sensitivity(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RECHALLENGE, "--by", "inhibitor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [" ".join(line.split()) for line in lines]
    assert "PACE same drug FP v F primary pace-096 1.11 (0.79 to 1.55, 90%) 0.2049 18.7%" in told
    assert "PALMIRA: 198 possible events allow no SE below 0.1421" in told
    assert "left out: BioPER, no hazard ratio of PFS with an interval and its level" in told
    assert "Hartung-Knapp 0.79 (0.53 to 1.16) P 0.1460 <- taken" in told
    assert "z 0.79 (0.63 to 0.98) P 0.0300" in told
    assert "tau2 0.02347 (95% Q-profile 0 to 1.036)" in told
    assert any(line.startswith("same drug over switched drug: 1.36") for line in told)
    at = told.index("one thing changed at a time")
    assert len(told) - at == 17


def test_without_groups_or_with_a_common_effect(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RECHALLENGE, "--method", "common"]) == 0
    out = capsys.readouterr().out
    assert "common effect: one true hazard ratio in all trials" in out
    assert not any(line.strip().startswith("Hartung-Knapp  ") for line in out.splitlines())
    assert "between groups" not in out and "prediction" not in out


def test_where_z_is_taken_hartung_and_knapp_stand_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RECHALLENGE, "--test", "z", "--leave-out", "PACE"]) == 0
    told = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "z 0.74 (0.62 to 0.89) P 0.0010 <- taken" in told
    assert "z P Hartung-Knapp P tau2" in told
    assert "left out: PACE, left out as asked" in told
    assert "as printed 0.74 (0.62 to 0.89) 0.0010 0.74 (0.48 to 1.13) 0.0934 0.0050" in told
    assert any(line.startswith("common effect 0.74 (0.6") and line.endswith(" 0.0000") for line in told)


def test_json_has_every_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RECHALLENGE, "--by", "inhibitor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["trial"] for each in found["trials"]] == ["PALMIRA", "PACE", "MAINTAIN", "postMONARCH"]
    assert found["trials"][0]["place"].endswith(tuple("0123456789"))
    assert {each["test"]: each["ratio"][0] for each in found["inferences"]}["HK"] == pytest.approx(0.7866, abs=1e-4)
    assert found["heterogeneity"]["q"] == pytest.approx(6.064, abs=1e-3)
    assert [each["kind"] for each in found["prediction"]] == ["z", "t, k-1", "t, k-2"]
    assert found["groups"]["between"]["df"] == 1
    assert found["sensitivity"][0]["changed"] == "nothing" and len(found["sensitivity"]) == 15


def test_another_claim_level_and_test(capsys: pytest.CaptureFixture[str]) -> None:
    central = next(c.id for c in ledger("postmonarch").claims if c.is_hazard_ratio and c.assessed_by == "BICR")
    assert main([*RECHALLENGE, "--use", central, "--level", "0.9", "--test", "HK ad hoc", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["trials"][3]["claim"] == central
    assert found["test"] == "HK ad hoc" and found["heterogeneity"]["level"] == 0.9


def test_figures_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forest, funnel = tmp_path / "forest.svg", tmp_path / "funnel.svg"
    assert main([*RECHALLENGE, "--by", "inhibitor", "--figure", str(forest), "--funnel", str(funnel)]) == 0
    capsys.readouterr()
    for path, word in ((forest, "Pooled (Hartung-Knapp)"), (funnel, "Standard error")):
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        assert word in "".join(root.itertext())


@pytest.mark.parametrize(
    "options, told",
    [
        (["--by", "dose"], "features it states: inhibitor, setting"),
        (["--method", "reml"], "method must be one of common, DL"),
        (["--test", "knha"], "test must be one of z, t, HK"),
        (["--level", "95"], "level must be in (0, 1)"),
        (["--use", "nothing"], "known: palmira-"),
    ],
)
def test_wrong_options_say_what_they_may_be(options: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RECHALLENGE, *options]) == 2
    assert told in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_one_trial_only_ends_with_1_and_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trial(tmp_path, "one", value=0.8, lower=0.6, upper=1.07)
    assert main(["evidence", "pool", str(tmp_path), "--endpoint", "PFS"]) == 1
    assert "one/claims.yaml:4: only one prints one" in capsys.readouterr().err


def test_a_faulty_claim_is_named_and_the_others_are_pooled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (("one", 0.8), ("two", 0.9), ("three", 0.7)):
        trial(tmp_path, name, value=value, lower=value * 0.7, upper=value / 0.7)
    with (tmp_path / "three" / "claims.yaml").open("a") as file:
        file.write(CLAIM.format(id="turned", value=0.8, lower=1.2, upper=0.6))
    assert main(["evidence", "pool", str(tmp_path), "--endpoint", "PFS"]) == 1
    done = capsys.readouterr()
    assert "three/claims.yaml" in done.err and "lower must not exceed upper" in done.err
    assert "hazard ratios of PFS, 3 trials" in done.out


def test_a_figure_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RECHALLENGE, "--figure", str(tmp_path / "nowhere" / "x.svg")]) == 2
    assert "cannot write" in capsys.readouterr().err
