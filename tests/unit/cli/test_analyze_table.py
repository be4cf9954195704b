"""``trialwright analyze table``: what it prints, what it refuses and in which words, and the files it writes."""

import json
import math
import re
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from trialwright.cli import main

SOUND = "time,status,arm\n3,1,A\n5,1,A\n7,1,B\n9,1,A\n11,1,B\n12,0,B\n"
PARTS = ("--time", "time", "--event", "status", "--arm", "arm")


@pytest.fixture
def run(capsys, tmp_path):
    """Analyze a table given as text; return exit code, standard output and standard error."""

    def run(text: str, *more: str, parts: tuple[str, ...] = PARTS, name: str = "t.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        code = main(["analyze", "table", str(path), *parts, *more])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture
def answer(run):
    """Analyze a table and return the JSON."""

    def answer(text: str, *more: str, **options):
        code, out, err = run(text, "--json", *more, **options)
        assert (code, err) == (0, "")
        return json.loads(out)

    return answer


def test_json_holds_what_is_asked_of_a_trial(answer):
    found = answer(SOUND, "--landmarks", "6,20", "--tau", "10")
    assert (found["n"], found["events"]) == (6, 5)
    arm = found["arms"]["B"]
    assert (arm["n"], arm["events"], arm["median"]["value"]) == (3, 2, 11.0)
    assert [rate["time"] for rate in arm["landmarks"]] == [6.0, 20.0]
    assert arm["landmarks"][1]["value"] is None
    assert arm["landmarks"][1]["problem"] == "day 20 is after the last follow-up"
    assert arm["follow_up"]["value"] == 12.0
    assert found["log_rank"]["unstratified"]["df"] == 1
    term = found["cox"]["unstratified"]["terms"][0]
    assert term["term"] == "B v A"
    assert term["hazard_ratio"] == pytest.approx(math.exp(term["coef"]))
    assert found["cox"]["unstratified"]["proportional_hazards"]["global"]["df"] == 1
    assert found["rmst"]["tau"] == 10.0
    difference = found["rmst"]["comparisons"]["B v A"]["difference"]["value"]
    assert difference == pytest.approx((7 + 10 + 10) / 3 - (3 + 5 + 9) / 3)


def test_every_number_stands_beside_its_conventions(answer):
    found = answer(SOUND, "--landmarks", "6", "--preset", "SAS")

    def blocks(part):
        if isinstance(part, dict):
            if "value" in part:
                yield part
            for each in part.values():
                yield from blocks(each)
        if isinstance(part, list):
            for each in part:
                yield from blocks(each)

    estimates = list(blocks(found))
    assert len(estimates) > 20
    assert all(each["conventions"] and (each["value"] is not None or each["problem"]) for each in estimates)
    assert "ties: Breslow" in found["cox"]["unstratified"]["conventions"]
    assert "SAS: left" in found["arms"]["A"]["at_risk"]["conventions"]


def test_an_option_goes_before_the_preset(answer):
    found = answer(SOUND, "--preset", "SAS", "--ties", "efron", "--conf-type", "plain")["conventions"]
    assert (found["preset"], found["ties"], found["conf_type"], found["flat_quantile"]) == (
        "SAS",
        "efron",
        "plain",
        "SAS",
    )


def test_the_control_turns_the_comparison_around(answer):
    one, other = (answer(SOUND, "--control", arm) for arm in "AB")
    a, b = (found["cox"]["unstratified"]["terms"][0] for found in (one, other))
    assert (a["term"], b["term"]) == ("B v A", "A v B")
    assert a["coef"] == pytest.approx(-b["coef"])


def test_numbers_of_any_spelling_are_one_arm_and_sort_as_numbers(answer):
    found = answer("time,status,arm\n3,1,10\n5,1, 2\n7,0,2.0\n9,1,10\n")
    assert list(found["arms"]) == ["2", "10"]
    assert found["table"]["control"] == "2"


def test_strata_are_combined(answer):
    text = "time,status,arm,x,y\n" + "".join(
        f"{t},1,{arm},{x},{y}\n" for t, arm, x, y in zip(range(1, 9), "ABBAABAB", "01100110", "aaabbbba", strict=True)
    )
    found = answer(text, "--strata", "x,y")
    assert set(found["log_rank"]) == {"unstratified", "stratified"}
    assert "strata: x, y" in found["log_rank"]["stratified"]["conventions"]


def test_strata_that_leave_no_information_are_a_row_with_its_problem(answer):
    found = answer("time,status,arm,s\n5,1,A,x\n8,1,B,y\n9,0,A,z\n", "--strata", "s")
    assert found["log_rank"]["stratified"]["p"] is None
    assert found["log_rank"]["stratified"]["problem"].startswith("no information")
    assert found["cox"]["stratified"]["terms"][0]["problem"].startswith("no information")
    assert found["log_rank"]["unstratified"]["p"] is not None
    assert any("s=x; s=y; s=z" in note for note in found["notes"])


def test_all_censored_is_told_not_estimable(answer):
    found = answer("time,status,arm\n5,0,A\n8,0,B\n9,0,A\n")
    assert found["log_rank"]["unstratified"]["problem"].startswith("no information")
    assert found["arms"]["A"]["median"]["problem"].startswith("not reached")


def test_no_event_in_one_arm_gives_a_ratio_of_zero_with_a_limit(answer):
    term = answer("time,status,arm\n5,1,A\n8,0,B\n9,1,A\n")["cox"]["unstratified"]["terms"][0]
    assert (term["hazard_ratio"], term["coef"], term["se"], term["p"]) == (0.0, None, None, None)
    assert term["upper"] > 1
    assert "the hazard ratio is 0" in term["problem"]


def test_everybody_at_time_zero_is_no_crash(answer):
    found = answer("time,status,arm\n0,1,A\n0,0,B\n")
    assert any("2 subjects have time 0" in note for note in found["notes"])
    assert found["rmst"]["problem"].startswith("no restricted mean")


def test_near_equal_times_are_one_time_unless_asked_otherwise(answer):
    text = f"time,status,arm\n{0.1 + 0.2!r},1,A\n0.3,1,B\n0.5,1,A\n0.7,0,B\n"
    assert (
        answer(text)["log_rank"]["unstratified"]
        == answer(text.replace(repr(0.1 + 0.2), "0.3"))["log_rank"]["unstratified"]
    )
    assert answer(text, "--preset", "SAS")["conventions"]["times"] == "continuous; exact ties only"


WITH_AGE = "time,status,arm,age,stage\n" + "".join(
    f"{t},{int(t % 4 > 0)},{arm},{age},{stage}\n"
    for t, arm, age, stage in zip(
        range(1, 13), "ABBAABABBABA", (50, 61, 47, 70, 55, 66, 49, 58, 73, 52, 64, 60), "123123123123", strict=True
    )
)


def test_covariates_are_numbers_or_categories(answer):
    model = answer(WITH_AGE, "--covariates", "age,factor(stage)")["cox"]["adjusted"]
    assert [term["term"] for term in model["terms"]] == ["B v A", "age", "stage=2", "stage=3"]
    assert model["model"] == "arm + age + factor(stage)"
    assert model["wald"]["df"] == 4
    assert list(model["proportional_hazards"]["terms"]) == ["arm", "age", "stage"]
    numeric = answer(WITH_AGE, "--covariates", "stage")["cox"]["adjusted"]
    assert [term["term"] for term in numeric["terms"]] == ["B v A", "stage"]


def test_an_aliased_covariate_is_named_and_not_estimable(answer):
    text = WITH_AGE.replace("age,stage", "age,stage,twice").replace("\n", ",\n")
    rows = [line.rstrip(",") for line in text.splitlines()]
    doubled = "\n".join([rows[0], *(f"{row},{2 * int(row.split(',')[3])}" for row in rows[1:])]) + "\n"
    terms = answer(doubled, "--covariates", "age,twice")["cox"]["adjusted"]["terms"]
    assert terms[1]["coef"] is not None
    assert terms[2]["coef"] is None
    assert "aliased" in terms[2]["problem"]


def test_a_constant_covariate_is_named(answer):
    text = WITH_AGE.replace("stage", "same").replace(",1\n", ",7\n").replace(",2\n", ",7\n").replace(",3\n", ",7\n")
    terms = answer(text, "--covariates", "same")["cox"]["adjusted"]["terms"]
    assert terms[1]["problem"] == "constant: 7 in each of the 12 rows"
    assert terms[0]["coef"] is not None


@pytest.mark.parametrize("ties", ["exact", "discrete"])
def test_under_exact_ties_there_is_no_test_of_proportional_hazards(answer, ties):
    model = answer(SOUND, "--ties", ties)["cox"]["unstratified"]
    assert model["terms"][0]["hazard_ratio"] == pytest.approx(0.184917, abs=1e-6)
    assert model["proportional_hazards"]["problem"].startswith(f"no test of proportional hazards under {ties} ties")


def test_missing_values_are_refused_until_they_may_be_dropped_and_then_counted(run, answer):
    text = SOUND + ".,1,A\n5,NA,B\n6,1,\nNaN,,B\n"
    code, _, err = run(text)
    assert code == 2
    assert "first in row 7: time is missing in 2 rows, status is missing in 1 row, arm is missing in 1 row" in err
    found = answer(text, "--missing", "drop")
    assert (found["table"]["rows_read"], found["table"]["rows_used"]) == (10, 6)
    assert found["table"]["dropped"] == {"time is missing": 2, "status is missing": 1, "arm is missing": 1}


def test_a_column_that_is_not_used_may_have_gaps(answer):
    assert answer("time,status,arm,note\n3,1,A,\n5,1,B,x\n")["n"] == 2


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ("time,status,arm\n5,1,A\n-3,0,B\n", (), "'time' must be zero or more.*got '-3' in row 2"),
        ("time,status,arm\n5,1,A\ninf,0,B\n", (), "'time' must be finite.*got 'inf' in row 2"),
        ("time,status,arm\n5,1,A\nabc,0,B\n", (), "'time' must be a number.*got 'abc' in row 2"),
        ("time,status,arm\n5,1,A\n3 days,0,B\n", (), "'time' must be a number"),
        ("time,status,arm\n5,1,A\n7,2,B\n8,0,A\n", (), "must have two values.*it has 3: 0, 1, 2"),
        ("time,status,arm\n5,1,A\n7,2,B\n8,0,A\n", ("--event-value", "1"), "must have two values"),
        ("time,status,arm\n5,2,A\n7,1,B\n", (), "holds 1 and 2; say which one means event: --event-value 2"),
        ("time,status,arm\n5,2,A\n7,1,B\n", ("--event-value", "3"), "no row has '3'"),
        ("time,status,arm\n5,1,A\n7,0,A\n", (), "one arm only, A"),
        (SOUND, ("--control", "Z"), "'Z' is no arm of column 'arm'; the arms are: A, B"),
        (SOUND, ("--strata", "sites"), "no column is called 'sites'"),
        (SOUND, ("--strata", "arm"), "'arm' is time, event or arm already"),
        (
            WITH_AGE.replace("61", "x"),
            ("--covariates", "age"),
            r"'age' must be a number throughout.*write factor\(age\)",
        ),
        (SOUND, ("--level", "95"), r"level must be in \(0, 1\)"),
        (SOUND, ("--preset", "Stata"), "preset must be one of R, SAS"),
        (SOUND, ("--ties", "exakt"), "ties must be one of efron, breslow, exact, discrete"),
        (SOUND, ("--conf-type", "logg"), "interval must be one of"),
        (SOUND, ("--landmarks", "5,x"), "landmarks must be numbers by comma; got 'x'"),
        (SOUND, ("--landmarks", "-5"), "landmarks must be times of zero or more"),
        (SOUND, ("--tau", "0"), "tau must be a time above zero"),
        (SOUND, ("--unit", "hours"), "unit must be one of days"),
        (SOUND, ("--missing", "ignore"), "missing must be refuse or drop"),
        ("time,status,arm\n,1,A\n,0,B\n", ("--missing", "drop"), "no row is left to analyze"),
        ("time,status,arm\n" + "".join(f"{i},1,s{i}\n" for i in range(60)), (), "has 60 arms"),
        (SOUND, ("--export", "x.doc"), "choose one of these endings"),
        (SOUND, ("--plot", "no/such/folder/x.svg"), "cannot write"),
        (SOUND, ("--plot", "x.png"), r"--plot writes SVG: the name must end in \.svg; got x\.png"),
    ],
)
def test_bad_input_ends_with_one_message(run, text, more, expected):
    code, out, err = run(text, *more)
    assert (code, out) == (2, "")
    assert re.search(expected, err), err
    assert "Traceback" not in err


def test_an_unknown_column_is_answered_with_the_known_ones_and_a_guess(run):
    code, _, err = run(SOUND, parts=("--time", "TIEM", "--event", "status", "--arm", "arm"))
    assert code == 2
    assert "no column is called 'TIEM'; did you mean 'time'? the columns are: time, status, arm" in err


@pytest.mark.parametrize("values", [("TRUE", "FALSE"), ("true", "false"), ("1", "0"), ("1.0", "0.0")])
def test_events_that_need_no_code(answer, values):
    text = "time,status,arm\n" + f"3,{values[0]},A\n5,{values[1]},B\n"
    assert answer(text)["events"] == 1


def test_typed_tables_are_read_alike(capsys, tmp_path):
    path = tmp_path / "t.parquet"
    frame = pl.DataFrame({"time": [3, 5, 7, 9, 11, 12], "status": [True] * 5 + [False], "arm": list("AABABB")})
    frame.write_parquet(path)
    assert main(["analyze", "table", str(path), *PARTS, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cox"]["unstratified"]["terms"][0]["hazard_ratio"] == pytest.approx(
        0.184917, abs=1e-6
    )


def test_problems_speak_in_the_unit_of_the_table(answer):
    found = answer(SOUND, "--unit", "months", "--landmarks", "20")["arms"]["B"]
    assert found["landmarks"][0]["problem"] == "month 20 is after the last follow-up"


@pytest.mark.parametrize("arm", [[1e20, 2.5], [float("inf"), 1.0], [True, False]])
def test_arms_of_any_plain_type_are_labels(capsys, tmp_path, arm):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"time": [1, 2], "status": [1, 0], "arm": arm}).write_parquet(path)
    assert main(["analyze", "table", str(path), *PARTS, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["arms"]) == 2


@pytest.mark.parametrize("arm", [[[1], [2]], [b"a", b"b"]])
def test_lists_and_bytes_are_no_labels(capsys, tmp_path, arm):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"time": [1, 2], "status": [1, 0], "arm": arm}).write_parquet(path)
    assert main(["analyze", "table", str(path), *PARTS]) == 2
    assert "'arm' must hold one label in each row" in capsys.readouterr().err


def test_a_column_of_dates_is_no_time(capsys, tmp_path):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"time": [1, 2], "status": [1, 0], "arm": ["A", "B"]}).cast({"time": pl.Date}).write_parquet(path)
    assert main(["analyze", "table", str(path), *PARTS]) == 2
    assert "it holds Date" in capsys.readouterr().err


def test_text_tells_the_same_with_conventions_and_problems(run):
    code, out, err = run(SOUND, "--landmarks", "6,20")
    assert (code, err) == (0, "")
    for expected in (
        "6 rows read, 6 used, 5 events",
        "B v A",
        "log-log limits",
        "Number at risk",
        "ties: Efron",
        "tau: ",
    ):
        assert expected in out
    assert "B at 20: day 20 is after the last follow-up" in out


def test_plot_and_export_are_written(run, tmp_path):
    plot, export = tmp_path / "km.svg", tmp_path / "rows.parquet"
    assert run(SOUND, "--plot", str(plot), "--export", str(export))[0] == 0
    root = ElementTree.fromstring(plot.read_text(encoding="utf-8"))
    text = " ".join(root.itertext())
    assert "Number at risk" in text
    assert "hazard ratio" in text
    rows = pl.read_parquet(export)
    assert rows.filter(pl.col("statistic") == "hazard ratio")["value"].to_list() == pytest.approx([0.184917], abs=1e-6)
    assert rows["data"].n_unique() == 1
    assert len(rows["data"][0]) == 64


def test_the_same_table_gives_the_same_bytes(run, tmp_path):
    written = []
    for name in ("one.svg", "two.svg"):
        assert run(SOUND, "--plot", str(tmp_path / name))[0] == 0
        written.append(Path(tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_presets_are_known_in_lower_case_and_ne_is_explained(run):
    assert run(SOUND, "--preset", "sas")[0] == 0
    text = "time,status,arm\n3,1,A\n5,0,B\n6,1,A\n7,0,B\n"
    code, out, _ = run(text)
    assert code == 0
    assert "NE: not estimable" in out
    assert "(status = 1 or true)" in out
