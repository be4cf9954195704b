"""Ledgers by name, by path, and with claims that cannot be used."""

from pathlib import Path

import pytest

from trialwright.errors import DocumentError
from trialwright.evidence import Claim, ledger, ledger_names

TRIAL = """\
trial: PACE
arms: {FP: fulvestrant + palbociclib, F: fulvestrant}
cuts: {primary: Analysis of the paper}
sources: {S: Somebody 2024}
claims:
  - id: ratio
    label: Hazard ratio
    cited: S
    kind: reported
    endpoint: PFS
    population: ITT
    cut: primary
    statistic: hazard ratio
    numerator: FP
    denominator: F
    value: 1.11
    lower: 0.79
    upper: 1.55
    level: 0.90
    n_by_arm: {FP: 111, F: 55}
  - id: median
    label: Median
    cited: S
    kind: reported
    endpoint: PFS
    population: ITT
    cut: primary
    statistic: median
    arm: F
    value: 4.8
    unit: months
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str = TRIAL, name: str = "claims.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


def test_a_claim_knows_its_trial_its_arms_and_its_place(written):
    path = written()
    read = ledger(path)
    ratio = read.of("PACE").claims.claim("ratio")
    assert (ratio.trial, ratio.group, ratio.arms_compared, ratio.n) == ("PACE", "FP v F", ("FP", "F"), 166)
    assert ratio.measure == ("PFS", "", "ITT", "")
    assert read.place("median") == f"{path}:21"
    assert read.trials == ("PACE",)
    with pytest.raises(ValueError, match="trial 'X' is not in the ledger; known: PACE"):
        read.of("X")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    cited: S\n", "", r"6:5: .*cited"),
        ("cited: S\n    kind: reported\n    endpoint: PFS", "cited: T\n    kind: reported\n    endpoint: PFS", "'T'"),
        ("    numerator: FP\n    denominator: F\n", "", r"claims.yaml:6:5: .*a hazard ratio needs its direction"),
        ("    denominator: F\n", "", "must name the denominator of FP"),
        ("denominator: F", "denominator: P", "'P' is not under arms; known: FP, F"),
        ("    endpoint: PFS\n", "", "ratio must say its endpoint"),
        ("cut: primary", "cut: later", "'later' is not under cuts"),
        ("n_by_arm: {FP: 111, F: 55}", "n: 165\n    n_by_arm: {FP: 111, F: 55}", "n must be the sum of n_by_arm, 166"),
        ("statistic: hazard ratio", "statistic: hazard", "'hazard ratio'"),
    ],
)
def test_a_fault_is_refused_at_its_place_or_left_out(written, old, new, message):
    assert old in TRIAL
    path = written(TRIAL.replace(old, new, 1))
    with pytest.raises(DocumentError, match=f"(?s){message}"):
        ledger(path)
    rest = ledger(path, skip_faults=True)
    assert [claim.id for claim in rest.claims] == ["median"]
    (problem,) = rest.problems
    assert str(path) in problem


def test_a_file_with_nothing_left_is_refused(written):
    text = TRIAL[: TRIAL.index("  - id: median")].replace("lower: 0.79\n", "")
    with pytest.raises(DocumentError):
        ledger(written(text), skip_faults=True)


def test_a_fault_outside_the_claims_is_refused(written):
    with pytest.raises(DocumentError, match="cuts"):
        ledger(written(TRIAL.replace("cuts: {primary: Analysis of the paper}", "cuts: 3")), skip_faults=True)


def test_a_folder_of_trials(written, tmp_path):
    written(name="one/claims.yaml")
    written(TRIAL.replace("PACE", "ECAP").replace("id: ", "id: e-"), name="two/claims.yaml")
    read = ledger(tmp_path)
    assert read.trials == ("PACE", "ECAP")
    assert [claim.id for claim in read.claims] == ["ratio", "median", "e-ratio", "e-median"]
    written(TRIAL.replace("PACE", "ECAP"), name="two/claims.yaml")
    with pytest.raises(DocumentError, match="claim 'ratio' also stands in"):
        ledger(tmp_path)


def test_what_is_not_there(tmp_path):
    with pytest.raises(DocumentError, match=r"no ledger 'nosuch' ships.*known: all, rechallenge, bioper"):
        ledger("nosuch")
    with pytest.raises(DocumentError, match=r"no claims\.yaml"):
        ledger(tmp_path)


@pytest.mark.parametrize(
    "contradiction",
    [
        "{topic: t, values: [{said: x}], reading: r}",
        "{topic: t, values: [{said: x, cited: [T]}], reading: r}",
        "{topic: t, values: [{said: x, claims: [y]}], reading: r}",
    ],
)
def test_a_contradiction_names_where_each_value_is_said(written, contradiction):
    with pytest.raises(DocumentError, match=r"must name its source|is not under sources|is no claim"):
        ledger(written(f"{TRIAL}contradictions:\n  - {contradiction}\n"))
    sound = "{topic: t, values: [{said: x, cited: [S]}, {said: y, elsewhere: a talk}], reading: r}"
    ((trial, topic),) = ledger(written(f"{TRIAL}contradictions:\n  - {sound}\n")).contradictions
    assert (trial, topic.values[0].cited, topic.reading) == ("PACE", ("S",), "r")


def test_every_shipped_ledger_reads():
    assert set(ledger_names()) >= {"all", "rechallenge", "palmira", "pace", "maintain", "postmonarch", "bioper"}
    for name in ledger_names():
        assert ledger(name).claims, name
    assert ledger("rechallenge").question


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"numerator": "A", "denominator": "A"}, "of two arms"),
        ({"numerator": "A", "denominator": "B", "arm": "A"}, "of two arms"),
    ],
)
def test_a_comparison_is_of_two_arms(fields, message):
    with pytest.raises(ValueError, match=message):
        Claim(id="x", label="", cited="S", kind="reported", cut="", value=1.0, **fields)
