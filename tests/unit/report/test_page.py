"""The page: complete in itself, every number with its way back, every link with its target."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import made_up_results
import pytest

from trialwright.protocol import Protocol, leaves, open_points
from trialwright.report import write
from trialwright.report.layout import NOTICE
from trialwright.report.style import DARK, LIGHT
from trialwright.results import Results

VOID = {"meta", "br", "hr", "link", "img", "input", "col", "line", "rect", "path", "circle"}
SECTIONS = [
    *("synopsis", "flow", "baseline", "effects", "response", "multiplicity", "estimands", "subgroups", "sensitivity"),
    *("harms", "course", "published", "checks", "calibration"),
    *("open", "supposed", "methods", "values", "claims", "numbers", "made"),
]
FIGURES_OF_RESULTS = (
    "flow",
    "baseline",
    "effects",
    "response",
    "harms",
    "course",
    "published",
    "checks",
    "calibration",
)


class Page(HTMLParser):
    """Ids, links, addresses, and the text of each element with the elements around it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.addresses: list[tuple[str, str]] = []
        self.texts: list[tuple[tuple[str, ...], str, str]] = []
        self._open: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"elements left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if named.get("id"):
            self.ids.append(str(named["id"]))
        if tag == "a":
            self.links.append(str(named["href"]))
        found = (
            (name, value or "") for name, value in attrs if name in {"src", "href", "xlink:href", "action", "data"}
        )
        self.addresses += found
        if tag not in VOID:
            self._open.append((tag, named.get("id")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1][0] == tag, f"</{tag}> closes {self._open[-1:]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        section = next((str(id) for tag, id in self._open if tag == "section"), "")
        self.texts.append((tuple(tag for tag, _ in self._open), section, data))


@pytest.fixture(scope="module")
def read(page: str) -> Page:
    return Page(page)


def test_the_page_needs_no_other_file_and_runs_no_script(page: str, read: Page) -> None:
    assert all(address.startswith("#") for _, address in read.addresses)
    assert "<script" not in page
    assert "@import" not in page
    assert "url(" not in page
    assert "default-src 'none'" in unescape(page)


def test_every_link_has_its_target_and_every_id_is_its_own(read: Page) -> None:
    assert len(read.ids) == len(set(read.ids))
    assert {link.removeprefix("#") for link in read.links} <= set(read.ids)


def test_all_sections_are_there_and_in_the_contents(read: Page) -> None:
    assert [id for id in read.ids if id in SECTIONS] == SECTIONS
    assert all(f"#{id}" in read.links for id in SECTIONS)


def test_every_section_says_that_the_patients_are_virtual(page: str, read: Page) -> None:
    said = {section for _, section, text in read.texts if text == NOTICE}
    assert said == {"", *SECTIONS}
    assert page.count(f'content:"{NOTICE}"') == 2, "head and foot of every printed page"


def test_every_number_of_a_table_or_figure_is_a_link(read: Page) -> None:
    naked = [
        (section, text)
        for around, section, text in read.texts
        if section in FIGURES_OF_RESULTS and re.search(r"\d", text) and "a" not in around
        if "td" in around or ("svg" in around and "title" not in around and "desc" not in around)
    ]
    axis = re.compile(r"\d+|(.*: )?grade 3 or higher .*")
    """Ticks of axes, and the legend's name of a grade."""
    assert [text for section, text in naked if not (section in {"effects", "harms"} and axis.fullmatch(text))] == []


def test_a_number_leads_to_its_method_population_and_subjects(page: str, found: Results) -> None:
    index, row = next(
        (i, r) for i, r in enumerate(found) if r.statistic == "median" and r.endpoint == "PFS" and r.value
    )
    assert f'href="#n{index}"' in page
    block = next(part for part in page.split('<section class="set"') if f'id="n{index}"' in part)
    details = block[block.index(f'id="n{index}"') :].split("</tr>")[0]
    assert f'href="#m-{row.method}"' in details
    assert "All randomized" in details or "Randomized" in details or row.population in details
    assert row.conventions in details
    assert f"{row.value:g}" in details
    assert " ".join(found.subjects[row.subjects]) in block


def test_each_list_of_subjects_is_written_once(page: str, found: Results) -> None:
    lists = re.findall(r'<p class="ids">([^<]*)</p>', page)
    assert len(lists) == len(set(lists))
    assert len(lists) > 10


def test_every_open_value_of_the_protocol_is_listed_with_its_reason(page: str, tiny: Protocol) -> None:
    assumed = open_points(tiny).leaves
    assert assumed
    for leaf in assumed:
        assert f"<code>{leaf.path}</code>" in page
        assert leaf.why is not None
        assert leaf.why in page


def test_a_value_of_the_synopsis_leads_to_its_source(page: str, tiny: Protocol) -> None:
    leaf = next(leaf for leaf in leaves(tiny) if leaf.path == "randomization.block_sizes")
    assert 'href="#p-randomization.block_sizes"' in page
    details = page[page.index('id="p-randomization.block_sizes"') :].split("</tr>", maxsplit=1)[0]
    assert leaf.status in details
    assert str(leaf.why) in details


def test_published_figures_stand_beside_rehearsed_ones(page: str) -> None:
    part = page[page.index('<section id="published"') : page.index('<section id="checks"')]
    assert "4.9 months (3.6-6.1)" in part
    assert "0.84 (0.66-1.07)" in part
    assert part.count('class="figure strip"') == part.count("<tr>") - 2, "all but the heads and the claim that is text"


def test_a_claim_that_nothing_answers_is_listed_all_the_same(page: str) -> None:
    details = page[page.index('id="c-c-alone"') :].split("</tr>", maxsplit=1)[0]
    assert "no number of a rehearsal" in details
    assert "42.1%" in details
    assert "derived" in details


def test_text_of_the_protocol_cannot_become_markup(tiny: Protocol, found: Results, tmp_path: Path) -> None:
    name = tiny.identification.model_copy(update={"official_title": "<b onload=x>&"})
    write(found, tiny.model_copy(update={"identification": name}), tmp_path, virtual=True, manifest={})
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<b onload" not in page
    assert "&lt;b onload=x&gt;&amp;" in page


def test_a_report_of_a_real_trial_does_not_call_its_patients_virtual(
    tiny: Protocol, found: Results, tmp_path: Path
) -> None:
    write(found, tiny, tmp_path, virtual=False, manifest={})
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert [text for around, _, text in page.texts if "irtual" in text and "style" not in around] == []


def test_results_without_a_cut_of_the_protocol_are_refused(tiny: Protocol, found: Results, tmp_path: Path) -> None:
    rows = tuple(replace(row, cut="another") for row in found if row.cut == "final")
    with pytest.raises(ValueError, match="data cut of the protocol"):
        write(replace(found, rows=rows), tiny, tmp_path, virtual=True, manifest={})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize(
    ("text", "ground"),
    [("ink", "paper"), ("ink", "panel"), ("ink", "mark"), ("soft", "paper"), ("soft", "panel"), ("soft", "mark")]
    + [("link", "paper"), ("link", "panel"), ("link", "mark"), ("notice-ink", "notice")]
    + [(f"arm{i}", "paper") for i in range(4)],
)
def test_text_has_the_contrast_of_wcag_aa(palette: dict[str, str], text: str, ground: str) -> None:
    assert contrast(palette[text], palette[ground]) >= 4.5


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    parts = (int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_made_up_evidence_is_as_varied_as_the_real_one(found: Results) -> None:
    evidence = made_up_results.evidence_for(found)
    assert {finding.verdict for finding in evidence["findings"]} >= {"consistent", "impossible"}


def test_each_figure_is_drawn_for_a_desk_and_for_a_telephone(page: str, written: tuple[Path, ...]) -> None:
    figures = re.findall(r"<figure[^>]*>(.*?)</figure>", page, flags=re.DOTALL)
    assert len(figures) == len(written) - 1
    for figure in figures:
        widths = dict(re.findall(r'class="figure (at-desk|in-hand)" viewBox="0 0 (\d+)', figure))
        assert int(widths["in-hand"]) <= 400 < int(widths["at-desk"])
        assert figure.startswith("<figcaption><b>"), "the title, and in it the data cut-off, stands above"


def test_what_is_linked_in_a_figure_is_linked_in_its_narrow_drawing_too(page: str) -> None:
    for figure in re.findall(r"<figure[^>]*>(.*?)</figure>", page, flags=re.DOTALL):
        desk, hand = (set(re.findall(r'href="#(n\d+)"', part)) for part in figure.split("</svg>")[:2])
        assert hand
        assert hand <= desk
        assert hand == desk or "Subgroups" in figure, "medians of subgroups stand in the wide forest alone"


def test_numbers_at_risk_of_an_arm_stand_on_one_line_with_its_name(written: tuple[Path, ...]) -> None:
    svg = next(path for path in written if path.name == "pfs-itt-final.svg").read_text(encoding="utf-8")
    below = svg[svg.index("Number at risk") :]
    names = re.findall(r'y="([\d.]+)" class="name\d"', below)
    lines = set(re.findall(r'y="([\d.]+)" text-anchor="middle"', below))
    assert lines == set(names)
    assert len(names) == 2
