"""The ledger is read as printed, and refuses what cannot be used."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from trialwright.errors import DocumentError
from trialwright.evidence import Claim, Claims, Link
from trialwright.protocol import read_document
from trialwright.results import Result

LEDGER = """\
sources:
  S: Somebody 2025
claims:
  - id: median
    label: Median
    cited: S
    kind: reported
    cut: final
    value: 4.9
    decimals: 1
    unit: months
    lower: 3.6
    upper: 6.1
    level: 0.95
    n: 136
    result: {cut: final, endpoint: PFS, population: ITT, group: A, statistic: median}
  - id: ratio
    label: Hazard ratio
    cited: S
    kind: reported
    cut: final
    value: 0.84
    lower: 0.66
    upper: 1.07
    level: 0.95
    p: {operator: '=', value: 0.149, sides: null}
    n: 198
    numerator: A
    note: a comment
    result: null
"""


def read(tmp_path: Path, text: str) -> Claims:
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    return read_document(path, Claims)


def test_reads_a_ledger(tmp_path):
    claims = read(tmp_path, LEDGER)
    median, ratio = claims.claims
    assert (median.value, median.lower, median.upper, median.unit, median.n) == (4.9, 3.6, 6.1, "months", 136)
    assert median.result == Link(cut="final", endpoint="PFS", population="ITT", group="A", statistic="median")
    assert (ratio.p.operator, ratio.p.value, ratio.p.sides) == ("=", 0.149, None)
    assert (median.is_hazard_ratio, ratio.is_hazard_ratio) == (False, True)
    assert claims.claim("ratio") is ratio
    with pytest.raises(ValueError, match="claim 'x' is not in the ledger; known: median, ratio"):
        claims.claim("x")


RATIO_LINK = "result: {cut: final, endpoint: PFS, population: ITT, group: A, statistic: hazard ratio}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: ratio", "id: median", "17:9: .*two claims are called 'median'"),
        (
            "id: ratio\n    label: Hazard ratio\n    cited: S",
            "id: r\n    label: r\n    cited: T",
            "'T' is not under.*: S",
        ),
        ("    upper: 1.07\n", "", "both limits"),
        ("lower: 0.66", "lower: 1.66", "lower must not exceed upper; got 1.66 to 1.07"),
        ("lower: 0.66", "lower: 0", "must be greater than 0"),
        ("numerator: A\n    note: a comment\n    result: null", RATIO_LINK, "needs its direction"),
        ("n: 198", "n: 198\n    events: 199", "events must not exceed n; got 199 of 198"),
        ("level: 0.95\n    p", "level: 95\n    p", "level"),
        ("kind: reported", "kind: guessed", "guessed"),
        ("operator: '='", "operator: '~'", "operator"),
        ("    note: a comment", "    remark: a comment", "remark"),
    ],
)
def test_a_faulty_ledger_is_refused_at_its_place(tmp_path, old, new, message):
    assert old in LEDGER
    with pytest.raises(DocumentError, match=f"(?s){message}"):
        read(tmp_path, LEDGER.replace(old, new))


def test_a_group_with_versus_gives_the_direction():
    link = Link(cut="final", endpoint="PFS", population="ITT", group="A v B", statistic="hazard ratio")
    common = {"id": "x", "label": "", "cited": "S", "kind": "reported", "cut": "final", "value": 0.84}
    assert Claim(**common, result=link).is_hazard_ratio
    with pytest.raises(ValidationError, match="direction"):
        Claim(**common, unit="hazard ratio")


@pytest.mark.parametrize(("at", "item"), [(None, None), (183.0, None), (None, "age"), (182.5, "x")])
def test_a_link_is_written_like_the_key_of_a_result(at, item):
    place = {"cut": "c", "endpoint": "e", "population": "p", "group": "A v B", "statistic": "s", "at": at, "item": item}
    assert Link(**place).key == Result(**place, value=1.0).key


@pytest.mark.parametrize(
    ("given", "decimals"),
    [
        ({"value": 0.84}, 2),
        ({"value": 0.8, "lower": 0.65, "upper": 1.1}, 2),
        ({"value": 62.0}, 0),
        ({"value": 10.0, "decimals": 1}, 1),
        ({"value": "not reached"}, 0),
        ({"value": None}, 0),
    ],
)
def test_decimals(given, decimals):
    assert Claim(id="x", label="", cited="S", kind="reported", cut="", **given).printed_decimals == decimals
