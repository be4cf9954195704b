"""Lists: what is generated is what is allocated, comes back from its file, and shows each way of being spoiled."""

from dataclasses import replace

import pytest

from trialwright.errors import DataError
from trialwright.randomize import (
    Assignment,
    Scheme,
    allocate,
    check_list,
    generate_list,
    list_csv,
    list_sha256,
    read_list,
)

KEY = bytes(range(32))
PLAN = Scheme.of({"SECRET-A": 2, "SECRET-B": 1}, [3, 6], {"ecog": ["0", "1"]})
ROWS = generate_list(PLAN, KEY, "t-1", 40)
HEAD = "list,stratum,position,block,place,arm\n"


def test_rows_are_allocations_in_whole_blocks():
    for stratum in PLAN.strata:
        own = [row for row in ROWS if row.stratum == stratum]
        assert 40 <= len(own) < 46
        assert own == [allocate(PLAN, KEY, "t-1", stratum, position) for position in range(len(own))]
        assert allocate(PLAN, KEY, "t-1", stratum, len(own)).place == 0


def test_golden_file():
    rows = generate_list(Scheme.of({"A": 2, "B": 1}, [3, 6]), KEY, "golden", 9)
    assert "".join(row.arm for row in rows) == "ABAAABABABAA"
    assert list_sha256(list_csv(rows)) == "6284120bc247499cf69f9cb59bf22e9e99dbca7c75afa7167024628fb516dfc7"


def test_a_list_comes_back_from_its_file():
    content = list_csv(ROWS)
    assert read_list(content, source="x", sha256=list_sha256(content).upper()) == ROWS
    assert read_list(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"), source="x") == ROWS
    assert check_list(ROWS, PLAN, key=KEY) == ()


def test_names_that_need_quotes_come_back():
    row = Assignment("A, or B", 'a "list"', "all", 0, 0, 0)
    assert read_list(list_csv([row]), source="x") == (row,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.csv, line 1: columns must be list,stratum"),
        (HEAD.encode(), "x.csv: the list must have rows"),
        (b"\xff", "x.csv: must be UTF-8; byte 0 is not"),
        ((HEAD + "l,all,0,0,0\n").encode(), "x.csv, line 2: must have 6 cells; has 5"),
        ((HEAD + "l,all,0,0,0,SECRET\nl,all,-1,0,0,SECRET\n").encode(), "line 3: position must be a whole number"),
        ((HEAD + "l,all,0,0,1.0,SECRET\n").encode(), "line 2: place must be a whole number from 0; got '1.0'"),
        ((HEAD + "l,,0,0,0,SECRET\n").encode(), "line 2: list, stratum and arm must not be empty"),
        ((HEAD + 'l,all,0,0,0,"SECRET\n').encode(), "not CSV"),
    ],
)
def test_what_is_not_a_list_is_refused_with_its_line(content, message):
    with pytest.raises(DataError, match=message) as raised:
        read_list(content, source="x.csv")
    assert "SECRET" not in str(raised.value)


def test_another_file_is_refused():
    with pytest.raises(DataError, match=r"x\.csv: SHA-256 must be 00"):
        read_list(list_csv(ROWS), source="x.csv", sha256="00" * 32)


def spoiled():
    rows, own = list(ROWS), [row for row in ROWS if row.stratum == "ecog=0"]
    other = rows[len(own) :]
    differs = next(i for i in range(len(own)) if own[i].arm != own[0].arm)
    flipped = replace(own[differs], arm=own[0].arm)
    by_arm = sorted(own, key=lambda row: (row.block, row.arm))
    yield "swapped rows", [rows[1], rows[0], *rows[2:]], "must be position 0"
    yield "a gap", rows[:4] + rows[5:], "stratum 'ecog=0': place 5 of the file must be position 4"
    yield "cut", rows[: len(own) - 1] + other, "places; known sizes|does not hold the groups"
    yield "twice", [*rows, rows[-1]], "is there 2 times"
    yield "one group changed", [flipped if i == differs else row for i, row in enumerate(rows)], "in their ratio"
    yield "a strange group", [replace(rows[0], arm="SECRET-C"), *rows[1:]], "1 rows name a group that is not"
    yield "a strange stratum", [*rows, replace(rows[0], stratum="ecog=2")], "'ecog=2' is not in the scheme"
    yield "no stratum", other, "'ecog=0' has no rows"
    yield "two lists", [replace(rows[0], list_id="t-2"), *rows[1:]], "the file names 2"
    yield "sorted by group", by_arm + other, "must be position"
    yield "pasted", own + [replace(row, stratum="ecog=1") for row in own], "hold the same allocations"


@pytest.mark.parametrize(("rows", "message"), [case[1:] for case in spoiled()], ids=[case[0] for case in spoiled()])
def test_each_fault_is_found_and_no_arm_is_named(rows, message):
    import re

    problems = check_list(rows, PLAN)
    assert any(re.search(message, problem) for problem in problems), problems
    assert "SECRET" not in " ".join(problems)


def test_blocks_sorted_and_numbered_anew_are_found():
    plan = Scheme.of({"A": 2, "B": 1}, [6])
    rows = generate_list(plan, KEY, "l", 60)
    arms = [row.arm for row in sorted(rows, key=lambda row: (row.block, row.arm))]
    renumbered = [replace(row, arm=arm) for row, arm in zip(rows, arms, strict=True)]
    assert check_list(renumbered, plan) == ("stratum 'all': all 10 blocks have the same order; was the file sorted?",)
    assert check_list(renumbered[:12], plan) == ()


def test_a_foreign_key_is_found():
    problems = check_list(ROWS, PLAN, key=bytes(32))
    assert len(problems) == 2
    assert "are not what the key says" in problems[0]


def test_places_are_needed():
    with pytest.raises(ValueError, match="places must be a whole number of at least 1; got 0"):
        generate_list(PLAN, KEY, "l", 0)
