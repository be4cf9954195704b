"""Files of the report: the same bytes from the same input, well-formed figures, and nothing half-written."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import made_up_results
import pytest

from trialwright import analyze
from trialwright.errors import OutputError
from trialwright.protocol import Protocol
from trialwright.records import TrialData
from trialwright.report import published_table, write
from trialwright.report.layout import NOTICE
from trialwright.results import Results

SVG = "{http://www.w3.org/2000/svg}"


def test_page_and_figures_are_written(written: tuple[Path, ...]) -> None:
    names = [path.relative_to(written[0].parent).as_posix() for path in written]
    assert names[0] == "report.html"
    assert {
        "figures/flow-final.svg",
        "figures/pfs-itt-first.svg",
        "figures/pfs-itt-final.svg",
        "figures/os-itt-final.svg",
    } < {name.lower() for name in names}
    assert all(path.is_file() for path in written)


def test_the_same_input_gives_the_same_bytes(
    tiny: Protocol, found: Results, written: tuple[Path, ...], tmp_path: Path
) -> None:
    evidence = made_up_results.evidence_for(found)
    again = write(found, tiny, tmp_path, virtual=True, manifest=made_up_results.MANIFEST, **evidence)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]


def test_figures_stand_alone_and_say_that_the_patients_are_virtual(written: tuple[Path, ...]) -> None:
    for path in written[1:]:
        root = ElementTree.parse(path).getroot()
        assert root.tag == f"{SVG}svg"
        assert root.find(f"{SVG}title") is not None
        assert not list(root.iter(f"{SVG}a")), "no link into a page that is not there"
        assert NOTICE in [text.text for text in root.iter(f"{SVG}text")]


def test_a_curve_falls_at_the_days_and_to_the_shares_of_its_rows(written: tuple[Path, ...], found: Results) -> None:
    path = next(path for path in written if path.name == "pfs-itt-final.svg")
    curve = next(e for e in ElementTree.parse(path).getroot().iter(f"{SVG}path") if e.get("class") == "curve arm0")
    steps = found.where(cut="final", endpoint="PFS", statistic="survival", group="new")
    assert str(curve.get("d")).count("V") == len(steps)


def test_a_folder_that_cannot_be_written_is_named(tiny: Protocol, found: Results, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"nowhere.*choose another output folder"):
        write(found, tiny, tmp_path / "nowhere", virtual=True, manifest={})


def test_writing_is_quick_and_the_page_small(tiny: Protocol, found: Results, tmp_path: Path) -> None:
    evidence = made_up_results.evidence_for(found)
    start = time.perf_counter()
    files = write(found, tiny, tmp_path, virtual=True, manifest={}, **evidence)
    assert time.perf_counter() - start < 1.5
    assert files[0].stat().st_size < 3_000_000


def test_the_terminal_shows_published_beside_rehearsed(found: Results) -> None:
    from rich.console import Console

    comparison = made_up_results.evidence_for(found)["comparison"]
    shown = StringIO()
    Console(width=160, file=shown).print(published_table(comparison))
    assert "4.9 months (3.6-6.1)" in shown.getvalue()
    assert "0.84 (0.66-1.07)" in shown.getvalue()
    assert shown.getvalue().count("\n") >= len(comparison)


def test_three_arms_are_drawn_beside_each_other_and_each_compared_with_the_control(
    tiny: Protocol, tmp_path: Path
) -> None:
    content = tiny.model_dump()
    third = content["arms"][0] | {"id": "third", "short": "Third", "label": "Third arm"}
    content["arms"] = (*content["arms"], third)
    content["randomization"] |= {"ratio": {"new": 1, "standard": 1, "third": 1}, "block_sizes": (3,)}
    protocol = Protocol.model_validate(content)
    files = write(made_up_results.results_for(protocol), protocol, tmp_path, virtual=True, manifest={})
    page = files[0].read_text(encoding="utf-8")
    assert "Exampletinib v Comparator" in page
    assert "Third v Comparator" in page
    curves = next(path for path in files if path.name == "pfs-itt-final.svg").read_text(encoding="utf-8")
    assert all(f'class="curve arm{i}"' in curves for i in range(3))


def test_what_the_analysis_finds_can_be_reported(
    small_protocol: Protocol, trial: Callable[..., TrialData], tmp_path: Path
) -> None:
    data = trial(
        subjects="""subject | arm | randomized_on
                    01      | A   | 2024-01-01
                    02      | B   | 2024-01-02
                    03      | A   | 2024-01-03
                    04      | B   | 2024-01-04""",
        assessments="""subject | assessed_on | response
                       01      | 2024-02-26  | PR
                       02      | 2024-02-27  | PD
                       03      | 2024-02-28  | PD""",
        screened="""subject | outcome
                    01      | randomized
                    02      | randomized
                    03      | randomized
                    04      | randomized
                    05      | not eligible""",
        screenings="""subject | criterion | answer
                      05      | I1        | not met""",
        doses="""subject | started_on | ended_on
                 01      | 2024-01-03 | 2024-01-20
                 02      | 2024-01-03 | 2024-01-20
                 03      | 2024-01-03 | 2024-01-20""",
        adverse_events="""subject | term        | grade | started_on
                          01      | neutropenia | 4     | 2024-01-10""",
    )  # fmt: skip
    found = analyze.run(data, small_protocol, "early") + analyze.run(data, small_protocol, "final")
    page = write(found, small_protocol, tmp_path, virtual=True, manifest={})[0].read_text(encoding="utf-8")
    assert "neutropenia" in page
    assert "Age" in page
    for method in {row.method for row in found if row.endpoint in {"PFS", "ORR", "AE"} and row.method}:
        assert f'id="m-{method}"' in page
