"""``trialwright evidence reconstruct``: what it prints and writes, and how it ends."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from trialwright.cli.evidence import app
from trialwright.errors import CheckFailed

MONTHS = np.arange(1, 25)
RATES = {"control": 0.06, "treated": 0.035}


@pytest.fixture
def files(tmp_path):
    curve = [f"{m},{np.exp(-rate * m):.4f},{arm}" for arm, rate in RATES.items() for m in MONTHS]
    (tmp_path / "curve.csv").write_text("\n".join(["time,survival,arm", *curve]))
    (tmp_path / "at_risk.csv").write_text(
        "time,at_risk,arm\n0,100,control\n6,68,control\n12,44,control\n0,120,treated\n6,95,treated\n12,72,treated\n"
    )
    return tmp_path


def run(files, *options):
    given = [str(files / "curve.csv"), "--at-risk", str(files / "at_risk.csv"), "--solutions", "5"]
    return CliRunner().invoke(app, ["reconstruct", *given, *options])


def test_prints_what_is_exact_and_what_is_open(files):
    done = run(files, "--events", "control=70", "--events", "treated=60")
    assert done.exit_code == 0, done.exception
    lines = done.stdout.splitlines()
    assert lines[0] == "times read as months"
    assert lines[1].startswith("5 data sets, seed 1; data set ")
    assert [line.split()[:3] for line in lines[3:5]] == [["control", "100", "70"], ["treated", "120", "60"]]
    assert lines[5].startswith("hazard ratio of treated against control: 0.")
    assert max(map(len, lines)) <= 80


def test_json_and_the_file_of_patients_agree(files):
    out = files / "patients.csv"
    done = run(files, "--json", "--out", str(out))
    told = json.loads(done.stdout)
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert told["arms"] == ["control", "treated"] and told["patients"] == [100, 120] and told["solutions"] == 5
    for number, (control, treated) in enumerate(told["events"], 1):
        own = [row for row in rows if row["solution"] == str(number)]
        assert len(own) == 220
        died = [sum(row["event"] == "1" for row in own if row["arm"] == arm) for arm in RATES]
        assert died == [control, treated]


def test_printed_figures_are_answered(files):
    done = run(files, "--reference", "control", "--hazard-ratio", "0.58", "--rate", "treated=12:0.66")
    assert "hazard ratio: printed 0.58;" in done.stdout
    assert "rate of treated at 12 months: printed 0.66;" in done.stdout
    assert done.exit_code == 0, done.exception


@pytest.mark.parametrize(
    "options, told",
    [
        (["--hazard-ratio", "0.6"], "name the arm it is against with --reference; control, treated"),
        (["--reference", "drug"], "--reference: arm 'drug' has no curve; known: control, treated"),
        (["--events", "many"], "--events must be a whole number; got 'many'"),
        (["--events", "70", "--events", "treated=60"], "--events: give one total, or ARM=N for every arm"),
        (["--rate", "treated=0.5"], "--rate must be [ARM=]MONTH:SHARE, such as 6:0.42; got '0.5'"),
        (["--median", "1", "--median", "control=2"], "'control=2': control is given twice"),
        (["--events", "10"], "as read, curve and numbers at risk hold"),
        (["--reference", "control", "--hazard-ratio", "2.0"], "printed, but in none of the data sets: hazard ratio"),
    ],
)
def test_what_cannot_be_ends_with_a_message(files, options, told):
    done = run(files, *options)
    assert isinstance(done.exception, CheckFailed)
    assert told in str(done.exception)


def test_faults_of_all_files_are_listed_at_once(files):
    (files / "curve.csv").write_text("time,survival\n1,0.9\n2,0.99\n")
    (files / "at_risk.csv").write_text("time,at_risk\n0,10\n6,11\n")
    done = run(files)
    assert isinstance(done.exception, CheckFailed)
    first, second = str(done.exception).splitlines()
    assert first.startswith(f"{files / 'curve.csv'}, line 3: a survival curve cannot rise")
    assert second.startswith(f"{files / 'at_risk.csv'}, line 3: numbers at risk cannot grow")
