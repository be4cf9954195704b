"""Data sets without a curve: each prints what was asked, and the rest is compared, not forced."""

import numpy as np
import pytest

from trialwright.evidence import PrintedArm, compatible
from trialwright.stats import DAYS_PER_MONTH, cox, kaplan_meier

OLD = PrintedArm("old", 62, median="3.6", median_limits=("2.5", "4.2"), rates={6: "0.291", 12: "0.123"})
NEW = PrintedArm("new", 136, median="4.9", median_limits=("3.6", "6.1"), rates={6: "0.421", 12: "0.124"})
GIVEN = {"events": (155, 198), "follow_up": 13.4, "longest": 40, "hazard_ratio": "0.84"}


@pytest.fixture(scope="module")
def found():
    return compatible((OLD, NEW), seed=1, limits=("0.66", "1.07"), p="0.149", curves=6, **GIVEN)


def test_every_data_set_prints_what_was_asked(found):
    assert len(found.solutions) >= 5
    for times in found.solutions:
        assert times.arms == ("old", "new")
        assert [int((times.arm == a).sum()) for a in (0, 1)] == [62, 136]
        assert 155 <= int(times.event.sum()) <= 198
        assert round(cox(times).effect.hazard_ratio, 2) == 0.84
        for arm in (OLD, NEW):
            curve = kaplan_meier(times)[arm.name]
            assert round(curve.quantile(0.5).value / DAYS_PER_MONTH, 1) == float(arm.median)
            for month, rate in arm.rates.items():
                assert round(curve.at(month * DAYS_PER_MONTH).value, 3) == float(rate)


def test_an_interval_too_narrow_for_its_patients_is_in_none_of_them(found):
    """SE of 0.123 needs 250 events; 198 patients have at most 198, so no data set has the printed limits."""
    told = {answer.name: answer for answer in found.answers}
    assert told["hazard ratio"].met == len(found.solutions)
    assert told["lower limit of the hazard ratio"].met == told["upper limit of the hazard ratio"].met == 0
    assert told["lower limit of the hazard ratio"].high < 0.655
    lower, upper = found.narrowest
    assert lower < 0.655 and upper > 1.075
    assert (found.standard_error >= 2 / np.sqrt(found.events)).all()
    assert told["P"].met == 0 and told["P"].low > 0.2


def test_data_sets_differ_where_nothing_is_printed(found):
    follow_up = next(answer for answer in found.answers if answer.name == "median follow-up")
    assert follow_up.low < 13.4 < follow_up.high
    assert len(set(found.events.tolist())) > 2


def test_the_seed_decides(found):
    again = compatible((OLD, NEW), seed=1, curves=6, **GIVEN)
    assert [t.day.tolist() for t in again.solutions] == [t.day.tolist() for t in found.solutions]


def test_nothing_found_is_told_as_such():
    none = compatible((OLD, NEW), seed=1, curves=1, **(GIVEN | {"hazard_ratio": "3.0"}))
    assert (none.solutions, none.narrowest) == ((), None)
    assert none.looked_at > 0 and none.answers[0].met == 0


@pytest.mark.parametrize(
    "arms, more, told",
    [
        ((OLD, OLD), {}, "two arms of different names"),
        ((OLD, PrintedArm("new", 136)), {}, "arm new: a median or a rate is needed"),
        ((OLD, NEW), {"longest": 12}, "longest must be later than the last printed figure of old, 12"),
        ((OLD, NEW), {"follow_up": 50}, "follow_up must be above 0 and not beyond longest"),
        ((OLD, NEW), {"events": (100, 199)}, "events must be the fewest and the most of 198"),
    ],
)
def test_refused(arms, more, told):
    with pytest.raises(ValueError, match=told):
        compatible(arms, seed=1, **(GIVEN | more))
