"""``trialwright evidence check``: what it prints and how it ends."""

import json
import math

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
    value: {value}
    decimals: 2
    lower: {lower}
    upper: 1.07
    level: 0.95
    p: {{operator: '=', value: 0.149}}
    n: {n}
    numerator: A
"""


def run(tmp_path, *options, n=400, lower=0.66, value=0.84, more=""):
    path = tmp_path / "claims.yaml"
    path.write_text(CLAIM.format(n=n, lower=lower, value=value) + more)
    return CliRunner().invoke(app, ["check", str(path), *options])


def test_prints_findings_and_with_all_each_check(tmp_path):
    done = run(tmp_path)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "4 checks: 4 consistent"
    assert "ratio  Hazard ratio" not in done.stdout
    lines = run(tmp_path, "--all").stdout.splitlines()
    assert "ratio  Hazard ratio (final): 0.84 (0.66-1.07), 95% limits, P = 0.149" in lines
    assert [line.split()[0] for line in lines if "CONSISTENT" in line] == ["C1", "C2", "C3", "C10"]
    assert "      | z = ln 0.84 / 0.1233 = -1.415" in lines


def test_an_impossible_claim_fails_the_check_after_printing(tmp_path):
    done = run(tmp_path, n=198)
    assert isinstance(done.exception, CheckFailed)
    assert str(done.exception) == "impossible as printed: ratio"
    told = " ".join(done.stdout.split())
    assert "IMPOSSIBLE: 0.66-1.07 at 95% holds the information of at least 250 to 277 events; only 198 patients" in told
    assert "| events >= 4 / SE^2 = 263.3; with rounding 250.4 to 277.1" in told
    assert "To settle it: The number of events behind the ratio" in told
    assert f"{tmp_path / 'claims.yaml'}:3" in told


def test_lines_fit_a_terminal():
    done = CliRunner().invoke(app, ["check", "all", "--all"])
    paths = ("/", "http")
    long = [line for line in done.stdout.splitlines() if len(line) > 80 and not any(part in line for part in paths)]
    assert long == []


def test_json(tmp_path):
    content = json.loads(run(tmp_path, "--json").stdout)
    rows = content["checks"]
    assert [row["check"] for row in rows] == ["C1", "C2", "C3", "C10"]
    assert rows[2]["needed"] == pytest.approx([250.4, 277.1], abs=0.05)
    assert rows[2]["available"] == 400
    assert rows[0]["place"] == f"{tmp_path / 'claims.yaml'}:3"
    assert (content["claims"], content["counts"], content["problems"]) == (1, {"consistent": 4}, [])


def test_json_without_an_upper_bound(tmp_path):
    rows = json.loads(run(tmp_path, "--json", lower=1.07, value=1.07, n=10**9).stdout)["checks"]
    (bound,) = (row for row in rows if row["check"] == "C3")
    assert bound["needed"][1] is None
    assert math.isfinite(bound["needed"][0])


FAULTY = """\
  - {id: unsourced, label: x, cited: T, kind: reported, cut: final, value: 3.1, unit: months}
  - {id: undirected, label: x, cited: S, kind: reported, cut: final, value: 0.8, unit: hazard ratio}
  - {id: crowded, label: x, cited: S, kind: reported, cut: final, value: 30, unit: percent, n: 10, events: 11}
  - {id: turned, label: x, cited: S, kind: reported, cut: final, value: 0.65, lower: 1.18, upper: 2.00, numerator: A}
  - {id: share, label: x, cited: S, kind: reported, cut: final, value: 104.5, unit: percent, n: 10}
"""


def test_faulty_claims_are_named_with_their_lines_and_the_rest_is_checked(tmp_path):
    done = run(tmp_path, more=FAULTY)
    assert isinstance(done.exception, CheckFailed)
    assert str(done.exception) == (
        "impossible as printed: turned, share; the ledger has faults; the claims with them were not checked"
    )
    path = tmp_path / "claims.yaml"
    for line, words in (
        (16, "'T' is not under sources"),
        (17, "needs its direction"),
        (18, "events must not exceed n"),
    ):
        found = [told for told in done.stdout.splitlines() if told.startswith(f"{path}:{line}:")]
        assert len(found) == 1 and words in found[0], line
    told = " ".join(done.stdout.split())
    assert f"{path}:19 C0 IMPOSSIBLE: 0.65 lies outside its own interval 1.18-2.00" in told
    assert "swapped direction: the interval is of the other arm over this one fits: 1/0.65 = 1.54" in told
    assert f"{path}:20 C0 IMPOSSIBLE: 104.5 % is no share of patients" in told
    assert "6 checks: 2 impossible, 4 consistent" in told


def test_a_ledger_of_one_trial_says_so(tmp_path):
    assert "one trial" in run(tmp_path).stdout


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
    assert "56 checks: 1 impossible, 4 implausible, 3 note, 48 consistent" in done.stdout


def test_where_sources_disagree_is_shown():
    told = " ".join(CliRunner().invoke(app, ["check", "solar1"]).stdout.split())
    assert (
        "Direction of the hazard ratio of PFS - 0.65 [solar1-146] - 1.54 [solar1-153] = One is the reciprocal" in told
    )
    assert "a one-sided P beside a two-sided interval" in told
