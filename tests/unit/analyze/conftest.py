import pytest

from trialwright.analyze import run

FOUR = {
    "subjects": """
        subject | arm | stratum | randomized_on
        01      | A   | yes     | 2024-01-01
        02      | A   | no      | 2024-01-02
        03      | B   | yes     | 2024-01-03
        04      | B   | no      | 2024-01-04
    """,
    "screened": """
        subject | site | country | outcome
        01      | 01   | Norway  | randomized
        02      | 01   | Norway  | randomized
        03      | 02   | Italy   | randomized
        04      | 01   | Norway  | randomized
        05      | 02   | Italy   | not eligible
        06      | 02   | Italy   | declined
        07      | 02   | Italy   | randomized
    """,
    "screenings": """
        subject | criterion | answer
        05      | I1        | not met
        05      | E1        | not met
        01      | I1        | met
    """,
    "answers": """
        subject | variable | value
        01      | age      | 50
        02      | age      | 60
        03      | age      | 71
        01      | ecog     | "0"
        02      | ecog     | "1"
        03      | ecog     | "1"
        04      | ecog     | "1"
    """,
    "strata": """
        subject | factor   | level
        01      | visceral | yes
        02      | visceral | no
        03      | visceral | yes
        04      | visceral | no
    """,
    "assessments": """
        subject | assessed_on | response
        01      | 2024-02-26  | PR
        01      | 2024-04-22  | PD
        02      | 2024-02-26  | SD
        02      | 2024-06-17  | SD
        03      | 2024-02-26  | PD
    """,
    "contacts": """
        subject | alive_on
        01      | 2024-07-01
        02      | 2024-07-01
        03      | 2024-07-01
        04      | 2024-02-01
    """,
    "doses": """
        subject | intervention | cycle | dose | change  | started_on | ended_on
        01      | new          | 1     | 100  | none    | 2024-01-01 | 2024-01-21
        01      | new          | 2     | 75   | reduced | 2024-01-29 | 2024-02-18
        01      | old          | 1     | 10   | none    | 2024-01-01 | 2024-01-28
        02      | new          | 1     | 100  | none    | 2024-01-02 | 2024-01-22
        03      | old          | 1     | 10   | none    | 2024-01-03 | 2024-01-30
        03      | old          | 3     | 10   | none    | 2024-01-31 |
    """,
    "dispositions": """
        subject | reason        | ended_on
        01      | progression   | 2024-04-22
        04      | never treated | 2024-01-05
    """,
    "adverse_events": """
        subject | term        | grade | started_on
        01      | neutropenia | 3     | 2024-01-10
        01      | nausea      | 1     | 2024-01-12
        02      | nausea      | 2     | 2024-01-12
        03      | nausea      | 4     | 2024-01-12
        04      | nausea      | 4     | 2024-01-12
    """,
    "samples": """
        subject | taken_on
        01      | 2024-01-01
        02      | 2024-01-02
        03      |
    """,
    "biomarkers": """
        subject | sample | marker | finding
        01      | S0     | ESR1   | altered
        01      | S1     | ESR1   | not altered
        02      | S0     | ESR1   | not altered
        03      | S0     | ESR1   | not evaluable
    """,
}
"""Four treated patients, two in each arm; one of each arm progresses, 04 was never treated."""


@pytest.fixture(scope="session")
def four(trial):
    return trial(**{name: table.strip() for name, table in FOUR.items()})


@pytest.fixture(scope="session")
def results(four, small_protocol):
    return run(four, small_protocol, "final")
