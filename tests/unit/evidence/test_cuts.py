"""C8: a later cut against an earlier one."""

import pytest
from claims_made_up import claim, found, rate, ratio

FIRST = {"cut": "first", "id": "early"}


def test_information_cannot_grow_faster_than_events():
    """155 events hold at most the information of 155; 4/SE^2 of 0.66-1.07 is at least 250: 1.61 times, not 198/155."""
    early = ratio(0.8, 0.6, 1.1, events=155, n=198, **FIRST)
    (said,) = found("C8", early, ratio(0.84, 0.66, 1.07, n=198))
    assert said.verdict == "implausible"
    assert said.steps[2] == "events: 155, later at most 198; growth at most 1.28"
    assert "information grows 1.6" in said.message
    assert found("C8", early, ratio(0.84, 0.66, 1.07, n=260))[0].verdict == "consistent"


def test_information_of_the_same_patients_does_not_fall():
    early = ratio(0.80, 0.70, 0.91, decimals=2, **FIRST)
    (said,) = found("C8", early, ratio(0.80, 0.60, 1.07, decimals=2))
    assert said.verdict == "implausible" and "cannot know less" in said.message
    assert found("C8", early, ratio(0.80, 0.71, 0.90, decimals=2))[0].verdict == "consistent"


def test_another_population_or_an_undated_cut_is_not_compared():
    early = ratio(0.80, 0.70, 0.91, decimals=2, **FIRST)
    assert found("C8", early, ratio(0.80, 0.60, 1.07, decimals=2, population="visceral")) == []
    later = ratio(0.80, 0.60, 1.07, decimals=2, cut="table")
    assert found("C8", early, later, undated_cuts={"table": "of a review"}) == []


def test_events_do_not_become_fewer():
    early = ratio(0.8, 0.6, 1.1, events=155, n=198, **FIRST)
    said = found("C8", early, ratio(0.84, 0.62, 1.14, events=150, n=198))
    assert [each.message for each in said if each.verdict == "implausible"] == [
        "155 at the cut first, 150 at final: fewer at the later cut"
    ]


@pytest.mark.parametrize(("later", "verdict"), [(61, "consistent"), (60, "implausible")])
def test_patients_with_an_adverse_event_do_not_become_fewer(later, verdict):
    early = rate("early", 45.2, "A", endpoint="AE", n=135, events=61, cut="first")
    said = found("C8", early, rate("late", round(later / 1.35, 1), "A", endpoint="AE", n=135, events=later))
    assert [each.verdict for each in said] == [verdict]


def test_responders_may_be_read_again():
    early = rate("early", 6.4, "A", endpoint="ORR", n=94, events=6, cut="first")
    assert found("C8", early, rate("late", 5.3, "A", endpoint="ORR", n=94, events=5)) == []


def test_follow_up_grows():
    early = claim("early", 13.4, statistic="follow-up", unit="months", cut="first")
    (said,) = found("C8", early, claim("late", 8.7, statistic="follow-up", unit="months"))
    assert said.verdict == "implausible"
