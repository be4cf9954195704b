"""``trialwright design boundaries`` from the outside."""

import json

import pytest

from trialwright.cli import main

ASKED = ("design", "boundaries", "--spending", "obrien-fleming", "--alpha", "0.025")
SUPPOSED = ("--hazard-ratio", "0.59", "--ratio", "2:1")
SHAPED = ("design", "boundaries", "--alpha", "0.025")


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
    assert "2.668630" in out and "1.980965" in out and "lower z" not in out
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
        (("--information", "0.6,x"), "--information needs a number; got 'x'"),
        (("--information", "1", "--alpha", "2.5"), "alpha must be in"),
        (("--information", "1", "--spending", "haybittle"), "known: obrien-fleming"),
        (("--information", "0.5,1", "--beta-spending", "pocock"), "needs --power"),
        (("--information", "0.5,1", "--binding"), "--binding goes with futility"),
        (("--information", "0.5,1", "--power", "0.01"), "power must be in"),
        ((), "either by --information"),
        (("--information", "0.5,1", "--events", "50,100"), "either by --information"),
        (("--information", "0.5,1", "--bounds", "pocock"), "either --spending"),
        (("--information", "0.5,1", "--futility-z", "0", "--beta-spending", "pocock"), "told in one way"),
        (("--information", "0.5,1", "--futility-conditional-power", "0.1"), "--supposing go together"),
        (("--information", "0.5,1", "--futility-conditional-power", "0.1", "--supposing", "hope"), "trend, design or"),
        (("--information", "0.5,1", "--futility-conditional-power", "0.1", "--supposing", "design"), "needs --events"),
        (("--information", "0.5,1", "--futility-hazard-ratio", "1"), "needs --events"),
        (("--information", "0.5,1", "--patients", "198"), "go together"),
        (("--information", "1", "--patients", "198", "--accrual", "42", "--control-median", "4"), "add --hazard-ratio"),
        (("--information", "1", "--spending", "hwang-shih-decani:0"), "a straight line is kim-demets 1"),
        (("--events", "127,76", *SUPPOSED), "In order: 76, 127"),
        (("--events", "76.5,127", *SUPPOSED), "whole numbers"),
        (("--information", "0.5,1", "--planned", "127"), "--planned goes with --events"),
        (("--events", "76", *SUPPOSED, "--goes-on"), "--goes-on goes with --planned"),
        (("--events", "127", *SUPPOSED, "--planned", "127", "--goes-on"), "leaves nothing for later"),
        (("--events", "76,127", "--ratio", "2:1"), "both --hazard-ratio and --ratio"),
        (("--events", "127,76"), "--events must be whole numbers above 0 that rise; got 127, 76"),
        (("--information", "0.6"), "use --events with --planned, and --goes-on where"),
        (("--information", "1/0,1"), "needs a number or a fraction such as 76/127; got '1/0'"),
        (("--information", "0.6,1", *SUPPOSED), "needs --power, to find the events"),
        (("--events", "76,127", "--hazard-ratio", "0.59", "--ratio", "2"), "--ratio must be two numbers"),
        (
            ("--events", "76,127", *SUPPOSED, "--patients", "9", "--accrual", "9", "--control-median", "0"),
            "--control",
        ),
    ],
)
def test_what_cannot_be_is_told(run, more, said):
    code, out, err = run(*ASKED, *more)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("shape", "upper"),
    [
        ("obrien-fleming", [3.471091, 2.454432, 2.004036]),
        ("pocock", [2.289478] * 3),
        ("wang-tsiatis:0.5", [2.289478] * 3),
        ("haybittle-peto", [3.0, 3.0, 1.975098]),
        ("haybittle-peto:3", [3.0, 3.0, 1.975098]),
    ],
)
def test_shapes(run, shape, upper):
    thirds = "0.3333333333333333,0.6666666666666666,1"
    code, out, _ = run(*SHAPED, "--bounds", shape, "--information", thirds, "--json")
    assert code == 0
    assert [look["upper"] for look in json.loads(out)["looks"]] == pytest.approx(upper, abs=1e-6)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--bounds", "pocok"), "known: obrien-fleming"),
        (("--bounds", "wang-tsiatis:x"), "wang-tsiatis needs a number"),
        (("--bounds", "wang-tsiatis:7"), "delta must be in [-1, 1]"),
        (("--bounds", "pampallona-tsiatis:0"), "needs --power"),
        (("--bounds", "pocock", "--futility-z", "0"), "--futility-z goes with --spending"),
        (("--bounds", "pocock", "--spending-times", "0.5,1"), "--spending-times goes with --spending"),
        ((), "either --spending"),
    ],
)
def test_shapes_that_cannot_be(run, more, said):
    code, _, err = run(*SHAPED, "--information", "0.5,1", *more)
    assert code == 2
    assert said in " ".join(err.replace("│", " ").split())


def test_events_alone_give_the_bounds_at_their_fractions(run):
    code, out, _ = run(*ASKED, "--events", "76,127", "--json")
    assert code == 0
    supposed = json.loads(run(*ASKED, "--events", "76,127", *SUPPOSED, "--json")[1])
    for look, whole in zip(json.loads(out)["looks"], supposed["looks"], strict=True):
        assert (look["upper"], look["nominal_p"]) == (whole["upper"], whole["nominal_p"])
    assert run(*ASKED, "--information", "76/127,1", "--json")[1] == out


def test_the_design_in_whole_events(run):
    code, out, _ = run(*ASKED, "--events", "76,127", *SUPPOSED)
    assert code == 0
    assert "76       76       0.5984  2.672700  0.5219   0.003762     0.003762" in out
    assert "127       51       1.0000  1.980719  0.6888   0.023811     0.025000" in out
    assert "power 0.7971" in out


def test_the_events_for_a_power_and_their_months(run):
    course = ("--patients", "198", "--accrual", "42", "--control-median", "3.6", "--dropout", "0.02")
    code, out, _ = run(*ASKED, "--information", "0.6,1", "--power", "0.8", *SUPPOSED, *course, "--json")
    assert code == 0
    found = json.loads(out)
    assert [look["events"] for look in found["looks"]] == [77, 128]
    assert found["power"] >= 0.8
    assert 34 < found["looks"][1]["month"] < 36 and 160 < found["looks"][1]["patients"] < 172


@pytest.mark.parametrize(
    "more",
    [
        ("--futility-z", "0"),
        ("--futility-hazard-ratio", "1"),
        ("--futility-conditional-power", "0.0484", "--supposing", "null"),
        ("--futility-conditional-power", "0.1", "--supposing", "design", "--binding"),
        ("--futility-conditional-power", "0.1", "--supposing", "trend"),
        ("--futility-predictive-power", "0.1"),
        ("--beta-spending", "kim-demets:2", "--power", "0.8"),
    ],
)
def test_futility_in_every_form(run, more):
    code, out, _ = run(*ASKED, "--events", "76,127", *SUPPOSED, *more, "--json")
    assert code == 0
    first, last = json.loads(out)["looks"]
    assert -1 < first["lower"] < first["upper"] and last["lower"] == last["upper"]
    if "null" in more:
        assert first["lower"] == pytest.approx(1.2, abs=1e-3)


def test_no_futility_at_a_look(run):
    code, out, _ = run(*ASKED, "--events", "50,76,127", *SUPPOSED, "--futility-z", "none,0.2", "--json")
    assert code == 0
    assert [look["lower"] for look in json.loads(out)["looks"]][:2] == [None, 0.2]


def test_spending_at_the_calendar(run):
    code, out, _ = run(*ASKED, "--events", "76,127", *SUPPOSED, "--spending-times", "0.5,1", "--json")
    assert code == 0
    assert json.loads(out)["looks"][0]["alpha_spent"] == pytest.approx(0.001525, abs=1e-6)


def test_an_inner_wedge(run):
    code, out, _ = run(
        "design", "boundaries", "--alpha", "0.05", "--sides", "2", "--bounds", "pampallona-tsiatis:0", "--power", "0.8",
        "--information", "0.2,0.4,0.6,0.8,1", "--binding", "--json",
    )  # fmt: skip
    assert code == 0
    assert [look["inner"] for look in json.loads(out)["looks"]][:2] == [None, pytest.approx(0.274263, abs=1e-6)]


def test_observed_looks_spend_what_is_left(run):
    code, out, _ = run(*ASKED, "--events", "80,130", "--planned", "127", *SUPPOSED, "--json")
    assert code == 0
    found = json.loads(out)["looks"]
    assert [look["information"] for look in found] == pytest.approx([80 / 127, 130 / 127])
    assert found[1]["alpha_spent"] == pytest.approx(0.025)
    assert sum(look["chance_upper_null"] for look in found) == pytest.approx(0.025, abs=1e-12)


def test_an_observed_look_that_is_not_the_end(run):
    code, out, _ = run(
        *ASKED, "--events", "80", "--planned", "127", "--goes-on", *SUPPOSED, "--power", "0.8", "--beta-spending",
        "kim-demets:2", "--json",
    )  # fmt: skip
    assert code == 0
    (look,) = json.loads(out)["looks"]
    assert look["chance_lower"] == pytest.approx(0.2 * (80 / 127) ** 2, abs=1e-12)
    assert look["lower"] < look["upper"]
