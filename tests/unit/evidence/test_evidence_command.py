"""``trialwright evidence check``: what it prints and how it ends."""

import json

import pytest
from typer.testing import CliRunner

from trialwright.cli.evidence import app
from trialwright.errors import CheckFailed, DocumentError

CLAIM = """\
sources: {{S: Somebody 2025}}
claims:
  - id: ratio
    label: Hazard ratio
    cited: S
    kind: reported
    cut: final
    value: 0.84
    lower: {lower}
    upper: 1.07
    level: 0.95
    p: {{operator: '=', value: 0.149}}
    n: {n}
    numerator: A
"""


def run(tmp_path, *options, n=400, lower=0.66):
    path = tmp_path / "claims.yaml"
    path.write_text(CLAIM.format(n=n, lower=lower))
    return CliRunner().invoke(app, ["check", str(path), *options])


def test_prints_each_check(tmp_path):
    done = run(tmp_path)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "ratio  Hazard ratio (final): 0.84 (0.66-1.07)"
    assert [line.split()[:2] for line in lines[1:5]] == [[c, "consistent"] for c in ("C1", "C2", "C3", "C10")]
    assert lines[-1] == "4 checks: 4 consistent"


def test_an_impossible_claim_fails_the_check_after_printing(tmp_path):
    done = run(tmp_path, n=198)
    assert isinstance(done.exception, CheckFailed)
    assert str(done.exception) == "impossible as printed: ratio"
    assert "only 198 patients exist" in done.stdout


def test_json(tmp_path):
    rows = json.loads(run(tmp_path, "--json").stdout)
    assert [row["check"] for row in rows] == ["C1", "C2", "C3", "C10"]
    assert rows[2]["needed"] == pytest.approx([250.4, 277.1], abs=0.05)
    assert rows[2]["available"] == 400


def test_json_without_an_upper_bound(tmp_path):
    rows = json.loads(run(tmp_path, "--json", lower=1.07, n=10**9).stdout)
    assert rows[2]["needed"][1] is None


def test_a_file_that_is_not_there(tmp_path):
    done = CliRunner().invoke(app, ["check", str(tmp_path / "none.yaml")])
    assert isinstance(done.exception, DocumentError)


def test_a_study_that_does_not_exist():
    done = CliRunner().invoke(app, ["check", "nosuchstudy"])
    assert isinstance(done.exception, DocumentError)
    assert "nosuchstudy" in str(done.exception)


def test_a_shipped_study_by_its_name():
    done = CliRunner().invoke(app, ["check", "palmira"])
    assert isinstance(done.exception, CheckFailed)
    assert str(done.exception) == "impossible as printed: palmira-049"
    assert " 1 impossible" in done.stdout
    assert " 2 note" in done.stdout
