"""Forest and funnel of a synthesis: what stands in them, and that it stands in the right place."""

import math
from xml.etree import ElementTree

import pytest

from trialwright.evidence import Study, Synthesis, pool, pool_subgroups, trim_and_fill
from trialwright.report import funnel_plot, synthesis_forest
from trialwright.report.effect_axis import EffectAxis
from trialwright.report.synthesis_forest import drawn_forest

SVG = "{http://www.w3.org/2000/svg}"
TRIALS = [
    Study("PALMIRA", math.log(0.84), 0.1233, "same drug"),
    Study("PACE", math.log(1.11), 0.2049, "same drug"),
    Study("MAINTAIN", math.log(0.57), 0.1987, "switched drug"),
    Study("postMONARCH", math.log(0.73), 0.1303, "switched drug"),
]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def texts(root: ElementTree.Element) -> list[str]:
    return ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]


def squares(root: ElementTree.Element, cls: str = "fill0") -> list[tuple[float, float, float]]:
    """Return left side, top and width of the squares."""
    found = [each for each in root.iter(f"{SVG}rect") if each.get("class") == cls]
    return [tuple(float(each.get(name, "nan")) for name in ("x", "y", "width")) for each in found]


def test_every_study_stands_with_its_interval_and_weight() -> None:
    shown = texts(parsed(synthesis_forest(pool(TRIALS), title="PFS")))
    for label, interval in (("PALMIRA", "0.84 (0.66 to 1.07)"), ("postMONARCH", "0.73 (0.57 to 0.94)")):
        at = shown.index(label)
        assert shown[at + 1] == interval
    weights = [float(text.rstrip("%")) for text in shown if text.endswith("%")]
    assert sum(weights) == pytest.approx(100, abs=0.2)


def test_both_intervals_of_few_studies_and_the_kind_of_prediction() -> None:
    shown = texts(parsed(synthesis_forest(pool(TRIALS), title="PFS")))
    assert shown[shown.index("Pooled (Hartung-Knapp)") + 1] == "0.79 (0.53 to 1.16)"
    assert shown[shown.index("Pooled (z)") + 1] == "0.79 (0.63 to 0.98)"
    assert shown[shown.index("Prediction interval (t, k-2)") + 1].startswith("(0.")
    assert any(text.startswith("τ² 0.0235 (95% Q-profile 0 to 1.04); I² 49%; Q 6.06 on 3 df") for text in shown)


def test_groups_stand_together_with_their_means_and_the_test_between_them() -> None:
    found = pool_subgroups(TRIALS, method="common", shared_tau2=True)
    root = parsed(synthesis_forest(found, title="PFS"))
    shown = texts(root)
    order = [shown.index(name) for name in ("same drug", "PACE", "same drug (z)", "switched drug", "All studies")]
    assert order == sorted(order)
    assert shown[shown.index("same drug (z)") + 1] == "0.90 (0.74 to 1.11)"
    assert any(t.startswith("Between groups: Q 3.62 on 1 df, P 0.057") for t in shown)
    assert any(t.endswith("; one effect within each group.") for t in shown)
    assert len([each for each in root.iter(f"{SVG}path") if each.get("class") == "pale0"]) == 2


def test_squares_lie_in_the_order_of_the_effects_and_areas_are_as_weights() -> None:
    found = pool(TRIALS)
    drawn = squares(parsed(synthesis_forest(found, title="PFS")))
    middles = [x + width / 2 for x, _, width in drawn]
    assert sorted(range(4), key=lambda i: middles[i]) == [2, 3, 0, 1]
    areas, weights = [width**2 for _, _, width in drawn], found.weights
    assert [area / max(areas) for area in areas] == pytest.approx([w / max(weights) for w in weights], abs=0.02)


def arrows(found: Synthesis) -> list[float]:
    """Return where the tips of arrow heads lie."""
    paths = parsed(synthesis_forest(found, title="x")).iter(f"{SVG}path")
    return [float(each.get("d", "").split("L")[1].split()[0]) for each in paths if each.get("class") == "axis"]


def test_an_interval_far_beyond_the_axis_ends_in_an_arrow_at_its_end() -> None:
    assert arrows(pool(TRIALS, test="z")) == []
    low, high = arrows(pool([*TRIALS, Study("tiny", 0.0, 9.0)], test="z"))
    assert (low, high) == (330, 660)


def test_differences_stand_as_they_are() -> None:
    found = pool(TRIALS[:2], method="common")
    shown = texts(parsed(synthesis_forest(found, title="x", effect="Difference", is_ratio=False)))
    assert "−0.17 (−0.42 to 0.07)" in shown
    assert not any("Prediction" in text for text in shown)


def test_what_is_better_where() -> None:
    shown = texts(parsed(synthesis_forest(pool(TRIALS), title="x", favors=("new better", "old better"))))
    assert "← new better" in shown and "old better →" in shown


def test_the_figure_says_itself_in_words_and_has_a_narrow_form() -> None:
    figure = drawn_forest(pool(TRIALS), title="PFS")
    assert "PALMIRA: 0.84 (0.66 to 1.07)" in figure.description
    assert figure.narrow is not None and figure.narrow.width < 400
    drawn = parsed(figure.narrow.inline(lambda _, text: text).replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))
    ends = [float(each.get("x", "nan")) for each in drawn.iter(f"{SVG}text")]
    assert max(ends) <= figure.narrow.width


def test_names_are_escaped_and_colors_written_out() -> None:
    svg = synthesis_forest(pool([Study("a < b & c", 0.1, 0.1), Study("d", 0.2, 0.1)]), title="<script>")
    assert "a < b & c" in texts(parsed(svg))
    assert "<script>" not in svg and "var(" not in svg


def test_the_funnel_places_studies_by_effect_and_error() -> None:
    root = parsed(funnel_plot(pool(TRIALS), title="x"))
    shapes = [each for each in root.iter() if each.tag in {f"{SVG}circle", f"{SVG}path"}]
    points = {title.text: each for each in shapes for title in each.findall(f"{SVG}title")}
    assert set(points) == {study.label for study in TRIALS}
    palmira, pace = points["PALMIRA"], points["PACE"]
    assert float(palmira.get("cx", "nan")) < float(pace.get("cx", "nan"))
    assert float(palmira.get("cy", "nan")) < float(pace.get("cy", "nan"))
    assert palmira.tag == f"{SVG}circle" and points["MAINTAIN"].tag == f"{SVG}path"
    assert {"same drug", "switched drug", "Standard error"} <= set(texts(root))


def test_the_funnel_shows_what_is_supposed_to_be_missing_hollow() -> None:
    studies = [Study(str(i), *pair) for i, pair in enumerate([(-0.1, 0.1), (-0.3, 0.2), (-0.9, 0.3), (-1.4, 0.4)])]
    found = trim_and_fill(studies, side="right")
    assert found.missing
    svg = funnel_plot(pool(studies), title="x", filled=found.filled)
    assert svg.count("<title>filled ") == found.missing
    assert "supposed missing" in svg


@pytest.mark.parametrize("is_ratio", [True, False])
@pytest.mark.parametrize("span", [1e-3, 0.2, 1.0, 5.0, 40.0])
def test_an_axis_has_a_few_ticks_within_its_ends(span: float, is_ratio: bool) -> None:
    axis = EffectAxis.of([-span, span / 2], 10.0, 100.0, is_ratio=is_ratio)
    places = [axis.x(at) for at, _ in axis.ticks]
    assert 1 <= len(places) <= 12 and places == sorted(places)
    assert places[0] >= 10 and places[-1] <= 110
    assert (axis.x(-1e9), axis.x(1e9)) == pytest.approx((10, 110))
