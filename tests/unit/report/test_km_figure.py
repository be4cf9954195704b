"""The figure for a paper: what stands in it, and that drawing programs can read it."""

import re
from xml.etree import ElementTree

import polars as pl
import pytest

from trialwright.analyze import Columns, Question, analyze_table, conventions, table_results
from trialwright.report import km_figure
from trialwright.results import Result, Results

SVG = "{http://www.w3.org/2000/svg}"


def drawn(frame: pl.DataFrame, **columns: object) -> ElementTree.Element:
    found = analyze_table(frame, Columns("t", "e", "arm", **columns), Question(conventions()))
    return ElementTree.fromstring(km_figure(table_results(found, data=""), unit="days", ticks=found.grid))


@pytest.fixture
def two_arms() -> pl.DataFrame:
    return pl.DataFrame({"t": [3, 5, 7, 9, 11, 12], "e": [1, 1, 1, 1, 1, 0], "arm": list("AABABB")})


def texts(root: ElementTree.Element) -> list[str]:
    return ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]


def test_it_names_arms_medians_ratio_and_p(two_arms):
    shown = texts(drawn(two_arms))
    assert shown[0].startswith("A: 3 events of 3; median 5 days (95% CI ")
    assert shown[2].startswith("B v A: hazard ratio 0.18 (95% CI ")
    assert "log-rank P = " in shown[2]


def test_numbers_at_risk_stand_below_their_ticks(two_arms):
    root = drawn(two_arms)
    table = texts(root)[texts(root).index("Number at risk") :]
    assert table[1] == "A"
    assert table[2:10] == ["3", "3", "2", "1", "1", "0", "0", "B"]


def test_curves_start_at_one_and_end_at_the_last_follow_up(two_arms):
    paths = [each.get("d") for each in drawn(two_arms).iter(f"{SVG}path") if "curve" in each.get("class", "")]
    assert len(paths) == 2
    assert all(path.startswith("M70.0 ") for path in paths)
    ends = [float(path.rpartition("H")[2]) for path in paths]
    assert ends[1] > ends[0]


def test_colors_are_written_out_for_programs_without_variables(two_arms):
    text = ElementTree.tostring(drawn(two_arms), encoding="unicode")
    assert "var(" not in text
    assert re.search(r"stroke:#[0-9a-f]{6}", text)


def test_three_arms_have_a_test_of_all(two_arms):
    frame = pl.concat([two_arms, two_arms.with_columns(pl.lit("C").alias("arm"), pl.col("t") + 1)])
    shown = texts(drawn(frame))
    assert any(text.startswith("All arms: log-rank P") for text in shown)
    assert sum("hazard ratio" in text for text in shown) == 2


def test_a_long_name_widens_the_canvas(two_arms):
    frame = two_arms.with_columns(
        pl.when(pl.col("arm") == "A").then(pl.lit("A" * 120)).otherwise(pl.lit("B")).alias("arm")
    )
    assert float(drawn(frame).get("width")) > float(drawn(two_arms).get("width")) == 640


def test_many_arms_never_look_alike():
    frame = pl.DataFrame({"t": range(1, 21), "e": [1] * 20, "arm": [f"{i % 10:02d}" for i in range(20)]})
    curves = [each for each in drawn(frame).iter(f"{SVG}path") if "curve" in each.get("class", "")]
    looks = [(each.get("class"), each.get("stroke-dasharray")) for each in curves]
    assert len(set(looks)) == len(looks) == 10


def test_names_are_escaped(two_arms):
    frame = two_arms.with_columns(pl.col("arm").replace({"A": "<A & co>"}))
    assert any(text.startswith("<A & co>: ") for text in texts(drawn(frame)))


def test_without_a_curve_there_is_no_figure():
    with pytest.raises(ValueError, match="survival"):
        km_figure(Results((Result("t", "d", "all", "A", "events", 1.0),)), unit="days", ticks=(0, 1))
