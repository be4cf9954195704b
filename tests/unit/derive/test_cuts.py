from datetime import date

import pytest

from trialwright.derive import cut_dates, time_to_event
from trialwright.errors import DataError


def test_an_event_cut_is_the_day_of_its_last_event(trial, small_protocol):
    data = trial(
        subjects="subject\n01\n02\n03",
        assessments="""subject | assessed_on | response
                       01      | 2024-02-26  | PD
                       02      | 2024-04-22  | PD """,
        deaths="subject | died_on\n03 | 2024-03-01",
    )
    assert cut_dates(data, small_protocol) == {"early": date(2024, 3, 1), "final": date(2024, 12, 31)}


def test_too_few_events_are_an_error_that_names_the_cut_and_the_number(trial, small_protocol):
    data = trial(subjects="subject\n01", deaths="subject | died_on\n01 | 2024-03-01")
    with pytest.raises(DataError, match="cut 'early' needs 2 events of PFS, and 1 were observed"):
        cut_dates(data, small_protocol)


def test_an_event_counts_from_the_day_it_was_certain_so_that_the_cut_holds_it(trial, small_protocol):
    """The new lesion of 01 is seen on 26 February, and certain on 22 April only."""
    data = trial(
        subjects="subject\n01\n02",
        deaths="subject | died_on\n02 | 2024-03-01",
        assessments="""subject | number | assessed_on
                       01      | 0      | 2023-12-25
                       01      | 1      | 2024-02-26
                       01      | 2      | 2024-04-22 """,
        lesions="subject | lesion | role\n01 | X1 | new",
        measurements="""subject | number | lesion | state       | assessed_on
                        01      | 1      | X1     | equivocal   | 2024-02-26
                        01      | 2      | X1     | unequivocal | 2024-04-22 """,
    )
    day = cut_dates(data, small_protocol)["early"]
    assert day == date(2024, 4, 22)
    times = time_to_event(data.cut(day), small_protocol, "PFS")
    assert times["event"].to_list() == [True, True]
    assert times["ended_on"].to_list() == [date(2024, 2, 26), date(2024, 3, 1)]
