"""The accepted reader's response counts at each time point; each reader keeps his or her own sums."""

import polars as pl

from trialwright.derive import accepted_responses, response

READERS = ("investigator", "central")


def read(trial, accepted):
    """Two readers of one target: 30 mm and 20 mm at baseline, 40 mm and 21 mm after; then 41 mm and 13 mm."""
    diameters = {"investigator": (300, 400, 410), "central": (200, 210, 130)}
    days = ("2023-12-25", "2024-02-26", "2024-04-22")
    scans, seen = [], []
    for who in READERS:
        for number, (on, diameter) in enumerate(zip(days, diameters[who], strict=True)):
            scans.append(f"01 | {who} | {number} | {on} | {'yes' if (who, number) in accepted else ''}")
            seen.append(f"01 | {who} | {number} | T1 | {diameter} | {on}")
    return trial(
        subjects="subject\n01",
        assessments="\n".join(["subject | evaluator | number | assessed_on | accepted", *scans]),
        lesions="\n".join(["subject | evaluator | lesion | role", *(f"01 | {who} | T1 | target" for who in READERS)]),
        measurements="\n".join(["subject | evaluator | number | lesion | diameter | assessed_on", *seen]),
    )


def chosen(trial, protocol, accepted):
    data = read(trial, accepted)
    rows = accepted_responses(data, pl.concat([response(data, protocol, who) for who in READERS]))
    assert set(rows["evaluator"]) <= {"accepted"}
    return [(row["number"], row["response"], row["baseline_sum"]) for row in rows.rows(named=True)]


def test_the_accepted_reader_counts_at_each_time_point(trial, small_protocol):
    found = chosen(trial, small_protocol, {("investigator", 1), ("central", 2)})
    assert found == [(0, None, 300), (1, "PD", 300), (2, "PR", 200)]


def test_a_time_point_without_an_accepted_reader_has_no_row(trial, small_protocol):
    assert chosen(trial, small_protocol, {("central", 2)}) == [(0, None, 200), (2, "PR", 200)]
    assert chosen(trial, small_protocol, set()) == []


def test_an_accepted_baseline_is_its_own_readers(trial, small_protocol):
    found = chosen(trial, small_protocol, {("central", 0), ("investigator", 1)})
    assert found == [(0, None, 200), (1, "PD", 300)]
