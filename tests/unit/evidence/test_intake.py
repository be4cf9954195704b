"""Intake finds every printed number, invents none, and says where each stands."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialwright.cli import main
from trialwright.errors import DocumentError
from trialwright.evidence import Intake, intake
from trialwright.evidence.intake import PLAUSIBLE_RATIO
from trialwright.evidence.intake_grammar import read_text
from trialwright.evidence.intake_patterns import NUMERAL, plain

# The figures published of one trial, in sentences of our own, built the way abstracts build them.
ABSTRACT = (
    "From April 2019 to October 2022, 198 patients were randomly assigned 2:1 (136 to the combination, n = 62 to "
    "endocrine therapy). At a median follow-up of 13.4 months, median investigator-assessed PFS was 4.9 months (95% "
    "CI, 3.6 to 6.1) with the combination versus 3.6 months (95% CI, 2.5 to 4.2) without (hazard ratio, 0.84 [95% "
    "CI, 0.66 to 1.07]; P = .149). The 6-month PFS rate was 42.1% and 29.1%. ORR was 4.4% v 1.6%; CBR 41.9% v 27.4% "
    "(P = .044). Grade 3 or higher adverse events occurred in 47.4% and 10.0%. It had 80% power to show a hazard "
    "ratio of 0.59 at a two-sided alpha of 0.05 in disease after CDK4/6 inhibitors."
)
FIGURES = [
    ("patients", 198.0), ("patients", 136.0), ("patients", 62.0), ("median", 13.4), ("median", 4.9), ("median", 3.6),
    ("hazard ratio", 0.84), ("rate", 42.1), ("rate", 29.1), ("share", 4.4), ("share", 1.6), ("share", 41.9),
    ("share", 27.4), ("share", 47.4), ("share", 10.0), ("power", 80.0), ("hazard ratio", 0.59), ("alpha", 0.05),
]  # fmt: skip


def _written(tmp_path: Path, text: str, name: str = "text.txt") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_every_figure_of_an_abstract_is_found_and_none_invented(tmp_path: Path) -> None:
    read = intake(_written(tmp_path, ABSTRACT))
    assert [(draft.found.statistic, draft.found.value) for draft in read.drafts] == FIGURES
    assert [one.why for one in read.context] == ["date", "date", "ratio of allocation", "ratio of allocation"]
    assert read.not_understood == ()


def test_interval_level_and_p_belong_to_their_value(tmp_path: Path) -> None:
    [ratio] = [d.found for d in intake(_written(tmp_path, ABSTRACT)).drafts if d.found.value == 0.84]
    assert (ratio.lower, ratio.upper, ratio.level, ratio.operator, ratio.p) == (0.66, 1.07, 95, "=", 0.149)
    assert (ratio.endpoint, ratio.decimals) == ("PFS", 2)


def test_the_two_sides_of_a_comparison_are_told_apart(tmp_path: Path) -> None:
    medians = [d.found for d in intake(_written(tmp_path, ABSTRACT)).drafts if d.found.endpoint == "PFS"][:2]
    assert [(one.side, one.value, one.lower, one.upper) for one in medians] == [(0, 4.9, 3.6, 6.1), (1, 3.6, 2.5, 4.2)]


def test_a_hazard_ratio_that_was_misheard_is_flagged(tmp_path: Path) -> None:
    [draft] = intake(_written(tmp_path, "We planned for a hazard ratio of 4.7, and did not reach it.")).drafts
    assert draft.doubts[0].startswith("implausible: a hazard ratio of 4.7")


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("hazard ratio 0.80 (95% CI, 0.85 to 1.05)", "does not hold 0.8"),
        ("ORR was 104% v 12%", "104 percent"),
        ("hazard ratio 0.80 (95% CI, 0.61 to 1.05; P = 1.2)", "P of 1.2"),
        ("seen in 54 of 45 patients", "54 of 45"),
    ],
)
def test_what_cannot_be_is_flagged(tmp_path: Path, text: str, doubt: str) -> None:
    doubts = [doubt for draft in intake(_written(tmp_path, text)).drafts for doubt in draft.doubts]
    assert len(doubts) == 1
    assert doubts[0].startswith("impossible")
    assert doubt in doubts[0]


def test_journals_with_raised_points_and_long_dashes_read_the_same(tmp_path: Path) -> None:
    [draft] = intake(_written(tmp_path, "PFS: HR 0·84 (95% CI 0·66–1·07); p=0·149")).drafts
    found = draft.found
    assert (found.value, found.lower, found.upper, found.p) == (0.84, 0.66, 1.07, 0.149)


@pytest.mark.parametrize(
    ("name", "text", "kind", "place"),
    [
        (
            "a.nbib",
            "PMID- 12345678\nDP  - 2025 Jun\nAB  - The result: hazard\n      ratio 0.84 only.\n",
            "PubMed",
            (4, 13),
        ),
        ("a.mrk", "=LDR  00000nam\n=001  123\n=520  \\\\$aShown: hazard ratio 0.84.\n", "MARC", (3, 31)),
        ("a.html", "<html><script>var x = 3</script>\n<p>The hazard <b>ratio</b> 0.84</p></html>", "page", (2, 28)),
        ("a.txt", "\n\n  The hazard ratio 0.84", "text", (3, 20)),
    ],
)
def test_each_reader_knows_the_place(tmp_path: Path, name: str, text: str, kind: str, place: tuple[int, int]) -> None:
    read = intake(_written(tmp_path, text, name))
    [draft] = read.drafts
    line, column = place
    assert (read.kind, draft.found.value, draft.place.line, draft.place.column) == (kind, 0.84, line, column)
    assert text.splitlines()[line - 1][column - 1 :].startswith("0.84")


def test_marc_as_exchanged_is_read(tmp_path: Path) -> None:
    field = b"  \x1faHazard ratio 0.84\x1e"
    directory = b"520%04d%05d\x1e" % (len(field), 0)
    base = 24 + len(directory)
    record = b"%05dnam a22%05d a 4500" % (base + len(field) + 1, base) + directory + field + b"\x1d"
    path = tmp_path / "a.mrc"
    path.write_bytes(record)
    read = intake(path)
    assert (read.kind, [d.found.value for d in read.drafts], read.drafts[0].place.field) == ("MARC", [0.84], "520")


def test_a_registry_record_gives_its_size_and_posted_comparisons(tmp_path: Path) -> None:
    analysis = {"paramType": "Hazard Ratio (HR)", "paramValue": "0.84", "ciPctValue": "95", "ciNumSides": "TWO_SIDED",
                "ciLowerLimit": "0.66", "ciUpperLimit": "1.07", "pValue": "0.149"}  # fmt: skip
    record = {
        "protocolSection": {"designModule": {"enrollmentInfo": {"count": 198}}},
        "resultsSection": {"outcomeMeasuresModule": {"outcomeMeasures": [{"title": "PFS", "analyses": [analysis]}]}},
    }
    read = intake(_written(tmp_path, json.dumps(record, indent=1), "record.json"))
    size, ratio = (draft.found for draft in read.drafts)
    assert (size.statistic, size.value) == ("patients", 198)
    assert (ratio.value, ratio.lower, ratio.upper, ratio.level, ratio.p, ratio.sides) == (
        0.84,
        0.66,
        1.07,
        95,
        0.149,
        2,
    )


def test_the_palmira_record_gives_its_size() -> None:
    record = Path("../shared/data/palmira/registry_record.json")
    if not record.exists():
        pytest.skip(f"{record.parent} is missing")
    assert ("patients", 198) in [(d.found.statistic, d.found.value) for d in intake(record).drafts]


@given(
    st.integers(20, 300), st.integers(20, 300), st.integers(20, 300), st.integers(0, 999),
    st.sampled_from(["hazard ratio, {} [95% CI, {} to {}]; P = {}", "HR {} (95% CI: {}-{}, p = {})",
                     "hazard ratio of {} (90% confidence interval {} to {}; two-sided P = {})"]),
)  # fmt: skip
def test_any_printed_ratio_is_read_back(value: int, lower: int, upper: int, p: int, form: str) -> None:
    numbers = [f"{value / 100:.2f}", f"{lower / 100:.2f}", f"{upper / 100:.2f}", f"{p / 1000:.3f}"]
    reading = read_text("The result was a " + form.format(*numbers) + ".")
    [found] = reading.found
    assert [found.value, found.lower, found.upper, found.p] == [float(number) for number in numbers]
    assert reading.not_understood == ()


@given(st.text(st.sampled_from("0123456789.,%()- ABHRPv=<months CI\n"), max_size=80))
def test_every_number_of_any_text_is_accounted_for_once(text: str) -> None:
    reading = read_text(text)
    numbers = [match.start("number") for match in NUMERAL.finditer(plain(text)) if match["number"]]
    used = [start for found in reading.found for start in found.used]
    rest = [one.start for one, _ in reading.context] + [one.start for one in reading.not_understood]
    assert sorted(used + rest) == numbers


def test_the_command_lists_and_ends_with_one_where_in_doubt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _written(tmp_path, ABSTRACT)
    assert main(["evidence", "intake", str(path), "--json"]) == 0
    assert [row["value"] for row in json.loads(capsys.readouterr().out)["drafts"]] == [value for _, value in FIGURES]
    assert main(["evidence", "intake", str(_written(tmp_path, "hazard ratio 4.7", "talk.txt"))]) == 1
    assert "talk.txt:1:14" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b"", "it is empty"),
        ("a.txt", b"\xff\xfe0.84", "must be UTF-8"),
        ("a.json", b"{", "not JSON"),
        ("a.json", b"{}", "protocolSection"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=says):
        intake(path)
    with pytest.raises(DocumentError, match="cannot be read"):
        intake(tmp_path / "none.txt")


def test_published_ratios_are_plausible() -> None:
    key = Path("../shared/data/evidence/kmdata/kmdata_key.csv")
    if not key.exists():
        pytest.skip(f"{key.parent} is missing")
    with key.open() as file:
        ratios = [float(row["HazardRatio"]) for row in csv.DictReader(file) if row["HazardRatio"] not in {"", "NA"}]
    assert len(ratios) == 297
    assert [ratio for ratio in ratios if not PLAUSIBLE_RATIO[0] <= ratio <= PLAUSIBLE_RATIO[1]] == []


def _kinds(read: Intake) -> set[str]:
    return {one.why for one in read.context}


def test_doses_durations_and_identifiers_are_context(tmp_path: Path) -> None:
    text = "After 2 weeks at 125 mg or 100 mg, ECOG 0 or 1, see J Clin Oncol 2025;43:2084 and doi 10.1200/JCO-24-01865."
    read = intake(_written(tmp_path, text))
    assert read.drafts == read.not_understood == ()
    assert _kinds(read) == {"dose", "duration", "identifier", "line, phase, grade or version"}
