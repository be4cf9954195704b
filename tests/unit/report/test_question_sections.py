"""Estimands, subgroups, sensitivity and multiple tests on the page of a rehearsed trial."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_page import Page

from trialwright.analyze import run
from trialwright.design import Scenario
from trialwright.protocol import Protocol, load, read_document
from trialwright.report import write
from trialwright.results import Results
from trialwright.simulate import trial

TINY = Path(__file__).parents[2] / "studies" / "tiny"
NEW = ("multiplicity", "estimands", "subgroups", "sensitivity")


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load(TINY / "protocol.yaml")


@pytest.fixture(scope="module")
def results(protocol: Protocol) -> Results:
    data = trial(protocol, read_document(TINY / "scenario.yaml", Scenario), 4)
    cut = next(each.on for each in protocol.analysis.cuts if each.id == "final")
    assert cut is not None
    return run(data.cut(cut), protocol, "final")


@pytest.fixture(scope="module")
def files(protocol: Protocol, results: Results, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    paths = write(results, protocol, tmp_path_factory.mktemp("report"), virtual=True, manifest={})
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


@pytest.fixture(scope="module")
def page(files: dict[str, str]) -> Page:
    return Page(files["report.html"])


def within(page: Page, section: str) -> str:
    return " ".join(text for _, inside, text in page.texts if inside == section)


def test_every_number_of_these_sections_is_a_link_with_a_target(page: Page) -> None:
    naked = [
        text
        for around, section, text in page.texts
        if section in NEW and "td" in around and "a" not in around and "li" not in around
        if re.search(r"\d", text)
    ]
    assert naked == []
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_each_estimand_shows_its_five_attributes_and_results(page: Page, protocol: Protocol, results: Results) -> None:
    shown = within(page, "estimands")
    for each in protocol.estimands:
        assert each.label in shown
        assert each.summary in shown
        for event in each.intercurrent_events:
            assert f"{event.event}: {event.strategy}" in shown
    ratio = results.one(endpoint="PFS-hypothetical", statistic="hazard ratio")
    assert ratio.value is not None
    assert f"{ratio.value:.2f}" in shown
    changed = [r for r in results.where(endpoint="PFS-hypothetical", statistic="differs") if "PFS:" in (r.item or "")]
    assert changed, "the made-up trial has patients who got another drug before progression"
    assert all((r.item or "").partition(": ")[2] in shown for r in changed)


def test_decisions_stand_in_their_order(page: Page) -> None:
    shown = within(page, "multiplicity")
    assert (
        shown.index("Progression-free survival") < shown.index("Overall survival") < shown.index("Objective response")
    )
    assert re.search(r"(not )?rejected", shown)


def test_the_forest_has_a_line_for_each_subgroup(files: dict[str, str], results: Results) -> None:
    forest = files["subgroups-pfs-itt-final.svg"]
    rows = results.where(statistic="subgroup hazard ratio")
    assert len(rows) >= 6
    assert forest.count('class="fill0"') == sum(row.value is not None for row in rows)
    for row in rows:
        assert (row.item or "").partition("=")[2].replace("_", " ") in forest
    for row in results.where(statistic="interaction likelihood ratio P"):
        assert row.value is None or f"{row.value:.4f}" in forest


def test_the_map_has_a_square_for_each_combination(files: dict[str, str], results: Results) -> None:
    squares = re.findall(r"<title>delta ([^<]*)</title>", files["tipping-pfs-itt-final.svg"])
    rows = [r for r in results.where(statistic="imputed log-rank P") if ": delta " in (r.item or "")]
    assert len(squares) == len(rows) == 15
    assert len(set(squares)) == 15
    assert any("P " in text and "hazard ratio" in text for text in squares)


def test_a_protocol_without_questions_says_so(protocol: Protocol, results: Results, tmp_path: Path) -> None:
    content = protocol.model_dump() | {"estimands": ()}
    content["analysis"] |= {"subgroups": (), "sensitivity": (), "multiplicity": None}
    plain = Protocol.model_validate(content)
    paths = write(results, plain, tmp_path, virtual=True, manifest={})
    page = Page(paths[0].read_text(encoding="utf-8"))
    assert all("names none" in within(page, name) for name in ("estimands", "subgroups", "sensitivity"))
    assert "each P value stands alone" in within(page, "multiplicity")
    assert not [path for path in paths if "tipping" in path.name or "subgroups" in path.name]
