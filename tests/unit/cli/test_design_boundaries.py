"""``trialwright design boundaries`` from the outside."""

import json

import pytest

from trialwright.cli import main

ASKED = ("design", "boundaries", "--spending", "obrien-fleming", "--alpha", "0.025")


@pytest.fixture
def run(capsys):
    def run(*arguments: str):
        code = main(arguments)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def test_text(run):
    code, out, err = run(*ASKED, "--information", "0.6,1", "--power", "0.8")
    assert (code, err) == (0, "")
    assert "alpha 0.025 on one side" in out
    assert "2.668630" in out and "1.980965" in out and "none" in out
    assert "power 0.8 needs 1.0085 times the information of a single look" in out


def test_json_with_futility(run):
    code, out, _ = run(
        "design", "boundaries", "--information", "0.5,0.75,1", "--spending", "hwang-shih-decani:-4", "--alpha", "0.025",
        "--power", "0.9", "--beta-spending", "hwang-shih-decani:-2", "--json",
    )  # fmt: skip
    assert code == 0
    found = json.loads(out)
    assert found["binding"] is False
    assert [look["upper"] for look in found["looks"]] == pytest.approx([2.749966, 2.431782, 2.011558], abs=1e-6)
    assert [look["lower"] for look in found["looks"]] == pytest.approx([0.455485, 1.212104, 2.011558], abs=1e-6)
    assert found["inflation_factor"] == pytest.approx(1.081818, abs=1e-6)


def test_a_users_function_and_a_look_without_alpha(run):
    code, out, _ = run(
        "design", "boundaries", "--information", "0.5,1", "--spending", "user:0.5=0,1=1", "--alpha", "0.025", "--json"
    )
    assert code == 0
    assert json.loads(out)["looks"][0]["upper"] is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--information", "1,0.6"), "must rise"),
        (("--information", "0.6,1.4"), "(0, 1]"),
        (("--information", "0.6,x"), "could not convert"),
        (("--information", "1", "--alpha", "2.5"), "alpha must be in"),
        (("--information", "1", "--spending", "haybittle"), "known: obrien-fleming"),
        (("--information", "0.5,1", "--beta-spending", "pocock"), "needs --power"),
        (("--information", "0.5,1", "--binding"), "goes with --beta-spending"),
        (("--information", "0.5,1", "--power", "0.01"), "power must be in"),
    ],
)
def test_what_cannot_be_is_told(run, more, said):
    code, out, err = run(*ASKED, *more)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())
