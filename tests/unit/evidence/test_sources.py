"""C9: the same figure in two sources."""

import pytest
from claims_made_up import claim, found, ratio

PAPER = ratio(0.65, 0.50, 0.85, id="paper")


@pytest.mark.parametrize(
    ("other", "verdict", "words"),
    [
        (ratio(0.65, 0.50, 0.85, id="other", cited="T"), "consistent", ""),
        (ratio(0.648, 0.498, 0.846, id="other", cited="T"), "consistent", ""),
        (ratio(0.7, id="other", cited="T", decimals=1), "consistent", ""),
        (ratio(0.67, 0.50, 0.85, id="other", cited="T"), "implausible", "not both"),
        (ratio(0.65, 0.50, 0.95, id="other", cited="T"), "implausible", "not both"),
        (ratio(1.54, 1.18, 2.00, id="other", cited="T"), "implausible", "the direction of one is swapped"),
    ],
)
def test_figures_that_cannot_be_one(other, verdict, words):
    (said,) = found("C9", PAPER, other)
    assert (said.claim, said.beside, said.verdict) == ("other", ("paper",), verdict)
    assert words in said.message


def test_a_ratio_of_the_other_arm_is_the_reciprocal():
    turned = {"numerator": "B", "denominator": "A", "id": "other", "cited": "T"}
    (said,) = found("C9", PAPER, ratio(1.54, 1.18, 2.00, **turned))
    assert said.verdict == "consistent" and "reciprocals" in said.message
    (wrong,) = found("C9", PAPER, ratio(0.65, 0.50, 0.85, **turned))
    assert wrong.verdict == "implausible" and "the direction of one is swapped" in wrong.message


def test_the_contradicted_one_is_named():
    (said,) = found("C9", ratio(0.65, 0.50, 0.95, id="a", cited="T", kind="contradicted"), PAPER)
    assert said.claim == "a"


def test_other_cuts_populations_and_the_same_source_are_other_figures():
    others = (
        ratio(0.9, id="b", cited="T", cut="first"),
        ratio(0.9, id="c", cited="T", population="visceral"),
        ratio(0.9, id="d"),
        claim("e", 0.9, cited="T", statistic="P", numerator="A", denominator="B"),
    )
    assert found("C9", PAPER, *others) == []
