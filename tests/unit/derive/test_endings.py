import pytest

from trialwright.derive import gap_limit

EVERY_8_THEN_12 = [0, 56, 112, 168, 252, 336]


@pytest.mark.parametrize(
    ("last", "allowed", "limit"),
    [
        (0, 1, 112 + 14),
        (56, 1, 112 + 14),
        (60, 1, 112 + 14),
        (52, 1, 112 + 14),
        (112, 1, 140 + 14),
        (168, 1, 168 + 14),
        (56, 0, 56 + 14),
        (0, 2, 168 + 14),
        (400, 1, 0 + 14),
    ],
)
def test_the_limit_runs_to_the_planned_scan_after_those_that_may_be_missed(last, allowed, limit):
    assert gap_limit(EVERY_8_THEN_12, last, allowed, 7) == limit
