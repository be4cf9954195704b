"""Item numbers in a block of free text."""

import json
from pathlib import Path

import pytest

from trialwright.exchange.criteria_text import numbered_lists

RECORD = Path(__file__).parents[4] / "shared" / "data" / "palmira" / "registry_record.json"


def test_numbers_stay_as_printed_and_sub_lists_belong_to_their_item():
    (inclusion, exclusion) = numbered_lists(
        "INCLUSION CRITERIA\n 2) Adult\n     1) or older\n 4) Consent:\n    form\n\n* Exclusion criteria:\n- none"
    )
    assert (inclusion.numbers, inclusion.sub_items) == ((2, 4), {2: (1,)})
    assert inclusion.oddities() == ("item 1 is missing", "item 3 is missing")
    assert (exclusion.kind, exclusion.numbers, exclusion.bullets) == ("exclusion", (), 1)


def test_a_number_given_twice_is_odd():
    (listed,) = numbered_lists("Exclusion Criteria:\n1. a\n1. b\n* c")
    assert listed.oddities() == ("item 1 is there 2 times", "1 item(s) have no number")


@pytest.mark.parametrize("text", ["", "no headings\n1. a"])
def test_text_without_headings_has_no_lists(text):
    assert numbered_lists(text) == ()


def test_the_numbers_of_a_whole_record():
    if not RECORD.is_file():
        pytest.skip("needs ../shared/data/palmira")
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    inclusion, exclusion = numbered_lists(record["protocolSection"]["eligibilityModule"]["eligibilityCriteria"])
    assert inclusion.numbers == tuple(range(2, 19))
    assert exclusion.numbers == tuple(range(2, 20))
    assert inclusion.sub_items == {2: (1, 2, 3)}
    assert inclusion.oddities() == exclusion.oddities() == ("item 1 is missing",)
