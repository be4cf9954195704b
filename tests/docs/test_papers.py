"""The papers say what is so: rooms, counts, links, headings, words."""

import re
from collections import Counter
from itertools import chain

import pytest
from pages import DOCS, PAGES, PAPERS, ROOT, generated, read, shown

import trialwright
from trialwright.evidence import Claims, check
from trialwright.protocol import load, open_points, read_document, study_file

README, CONTRIBUTING, CHANGELOG, GLOSSARY = PAPERS
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)(#[\w-]+)?\)")


def test_readme_fits_a_screen():
    assert len(read(README).splitlines()) <= 75


def test_readme_lists_every_room_once():
    listed = re.findall(r"^- `(\w+)`: ", read(README), re.MULTILINE)
    rooms = [room.__name__.removeprefix("trialwright.") for room in generated.rooms()]
    assert sorted(listed) == sorted([*rooms, "studies"])


def test_readme_counts_open_points_right():
    points = open_points(load("palmira"))
    found = Counter(leaf.status for leaf in points.leaves)
    said = f"{found['assumed']} assumed values, {found['unknown']} unknown ones, {len(points.questions)} questions"
    assert said in read(README)
    page = " ".join(read(DOCS / "adr" / "0006-provenance-beside-the-values.md").split())
    assert f"{found['assumed']} assumed and {found['unknown']} unknown values" in page


def test_readme_counts_checks_right():
    findings = check(read_document(study_file("palmira", "claims.yaml"), Claims))
    assert sum(finding.verdict == "impossible" for finding in findings) == 1
    assert f"{len(findings)} checks; one printed interval is impossible" in read(README)


def test_readme_calls_the_patients_virtual_and_names_the_license():
    text = read(README)
    assert "virtual patients" in text
    assert "no\nevidence about any treatment" in text
    assert "Apache-2.0" in text
    assert read(ROOT / "LICENSE").split()[:2] == ["Apache", "License"]


def versions():
    return re.split(r"^## ", read(CHANGELOG), flags=re.MULTILINE)[1:]


def test_changelog_begins_with_this_version():
    assert versions()[0].startswith(trialwright.__version__)


@pytest.mark.parametrize("part", versions(), ids=lambda part: part.split(",")[0])
def test_each_version_says_which_results_change(part):
    said = re.search(r"^### Results that change\n\n(.+)", part, re.MULTILINE)
    assert said is not None and said[1].strip()


def test_glossary_explains_each_word_once():
    words = re.findall(r"^\*\*(.+)\*\*$", read(GLOSSARY), re.MULTILINE)
    assert len(words) >= 60
    assert [word for word, count in Counter(map(str.casefold, words)).items() if count > 1] == []
    assert read(GLOSSARY).count("\n: ") == len(words)


@pytest.mark.parametrize("path", [*PAPERS, *PAGES], ids=shown)
def test_links_lead_somewhere(path):
    for target, _ in LINK.findall(read(path)):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{shown(path)}: {target}"


def test_every_page_is_reached_from_the_index():
    text = read(DOCS / "index.md")
    listed = chain.from_iterable(
        block.splitlines() for block in re.findall(r"```\{toctree\}\n(?::[^\n]*\n)*\n(.*?)```", text, re.DOTALL)
    )
    pages = {str(path.relative_to(DOCS).with_suffix("")) for path in PAGES} - {"index"}
    decisions = {page for page in pages if page.startswith("adr/0")}
    assert set(listed) == pages - decisions


DECISIONS = sorted((DOCS / "adr").glob("0*.md"))


def test_decisions_are_numbered_without_a_gap():
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    assert len(DECISIONS) >= 12


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_what_lost(path):
    text = read(path)
    assert text.startswith(f"# {path.name[:4]} ")
    parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert parts == ["Decision", "Why", "Weighed", "Consequence"]
    weighed = text.split("## Weighed\n")[1].split("## Consequence")[0]
    assert weighed.count("\n- *") >= 2


BOAST = re.compile(
    r"\b(comprehensive|robust|enhanced|seamless|powerful|cutting-edge|state-of-the-art|leverag\w+)\b", re.I
)


@pytest.mark.parametrize("path", [*PAPERS, *PAGES], ids=shown)
def test_papers_do_not_boast(path):
    assert BOAST.findall(read(path)) == []
