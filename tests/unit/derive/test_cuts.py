from datetime import date

from trialwright.derive import cut_dates, time_to_event


def test_an_event_cut_is_the_day_of_its_last_event(trial, small_protocol):
    data = trial(
        subjects="subject\n01\n02\n03",
        assessments="""subject | assessed_on | response
                       01      | 2024-02-26  | PD
                       02      | 2024-04-22  | PD """,
        deaths="subject | died_on\n03 | 2024-03-01",
    )
    assert cut_dates(data, small_protocol) == {"early": date(2024, 3, 1), "final": date(2024, 12, 31)}


def test_a_cut_with_too_few_events_is_not_reached(trial, small_protocol):
    data = trial(subjects="subject\n01", deaths="subject | died_on\n01 | 2024-03-01")
    assert cut_dates(data, small_protocol) == {"early": None, "final": date(2024, 12, 31)}


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


def test_a_progression_is_known_once_any_is_certain_even_if_another_dates_it_back(trial, small_protocol):
    """The growth of 22 April is certain at once; the lesion that dates it back to 26 February only in June."""
    data = trial(
        subjects="subject\n01",
        assessments="""subject | number | assessed_on
                       01      | 0      | 2023-12-25
                       01      | 1      | 2024-02-26
                       01      | 2      | 2024-04-22
                       01      | 3      | 2024-06-17 """,
        lesions="subject | lesion | role\n01 | T1 | target\n01 | X1 | new",
        measurements="""subject | number | lesion | diameter | state       | assessed_on
                        01      | 0      | T1     | 300      | measured    | 2023-12-25
                        01      | 1      | T1     | 300      | measured    | 2024-02-26
                        01      | 1      | X1     |          | equivocal   | 2024-02-26
                        01      | 2      | T1     | 400      | measured    | 2024-04-22
                        01      | 3      | T1     | 400      | measured    | 2024-06-17
                        01      | 3      | X1     |          | unequivocal | 2024-06-17 """,
    )
    row = time_to_event(data, small_protocol, "PFS").row(0, named=True)
    assert (row["ended_on"], row["known_on"]) == (date(2024, 2, 26), date(2024, 4, 22))
    assert time_to_event(data.cut(date(2024, 4, 22)), small_protocol, "PFS")["event"].to_list() == [True]
