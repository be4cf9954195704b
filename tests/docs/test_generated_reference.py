"""Reference pages are read off the code and leave nothing out."""

import inspect
import re
import subprocess
import sys
from dataclasses import is_dataclass

import pytest
from pages import DOCS, PAGES, ROOT, generated, read, shown

from trialwright import stats
from trialwright.analyze import METHODS
from trialwright.protocol import Protocol
from trialwright.records import TABLES
from trialwright.results import Result

REFERENCE = DOCS / "reference"
ASKED = [path for path in PAGES if generated.LINE.search(read(path)) and "{{ rehearsal" not in read(path)]


@pytest.mark.parametrize("path", ASKED, ids=shown)
def test_pages_are_filled(path):
    filled = generated.fill(read(path))
    assert not generated.LINE.search(filled)
    assert len(filled) > len(read(path))


def test_a_cell_never_breaks_its_table():
    for path in ASKED:
        rows = [line for line in generated.fill(read(path)).splitlines() if line.startswith("| ")]
        assert all(line.endswith("|") for line in rows), shown(path)


def sections(name):
    return set(re.findall(r"^##+ (.+)$", generated.fill(read(REFERENCE / name)), re.MULTILINE))


def test_every_public_name_has_its_section():
    named = {
        f"{room.__name__.removeprefix('trialwright.')}.{name}" for room in generated.rooms() for name in room.__all__
    }
    assert named <= sections("api.md")


def asked_of_statistics():
    asked = re.findall(r"^\{\{ statistics (.+) \}\}$", read(REFERENCE / "statistics.md"), re.MULTILINE)
    return [name for line in asked for name in line.split()]


def test_every_function_and_weight_of_stats_has_its_line():
    public = {name: getattr(stats, name) for name in stats.__all__}
    functions = {name for name, value in public.items() if inspect.isfunction(value)}
    weights = {
        name
        for name, value in public.items()
        if is_dataclass(value) and value.__module__ == "trialwright.stats.weights"
    }
    assert sorted(asked_of_statistics()) == sorted(functions | weights)


@pytest.mark.parametrize("name", asked_of_statistics())
def test_every_line_of_statistics_says_whom_it_follows(name):
    source = generated.source(name)
    assert source == "by definition" or re.search(r"\b(1[89]|20)\d\d\b", source) or "`" in source


def test_sources_kept_by_hand_are_needed():
    """A docstring that comes to name its source takes over, so the line kept here would never be read."""
    own = {name for name in generated.UNCITED if generated.citations(getattr(stats, name).__doc__)}
    assert own == set()
    assert set(generated.UNCITED) | generated.BY_DEFINITION <= set(asked_of_statistics())


@pytest.mark.parametrize(
    "text, found",
    [
        ("(Mantel 1966), times (Tarone and Ware 1977)", "Mantel 1966; Tarone and Ware 1977"),
        ("(Klein and Moeschberger 2003, eq. 4.5.2; Greenwood)", "Klein and Moeschberger 2003, eq. 4.5.2"),
        ("Gray (1988, section 3), ties", "Gray 1988, section 3"),
        ("Brown, Cai and DasGupta 2001; Uno et al. 2014", "Brown, Cai and DasGupta 2001; Uno et al. 2014"),
        ("Stegherr, Schmoor and others 2021", "Stegherr, Schmoor and others 2021"),
        ("On 500 days, 2000 patients", ""),
    ],
)
def test_citations_are_read_off_a_docstring(text, found):
    assert generated.citations(text) == found


def test_every_table_has_its_section_and_columns():
    page = generated.fill(read(REFERENCE / "tables.md"))
    assert set(TABLES) <= sections("tables.md")
    assert all(f"| `{column.name}` |" in page for table in TABLES.values() for column in table.columns)


def test_every_method_and_field_of_a_result_is_named():
    page = generated.fill(read(REFERENCE / "results.md"))
    assert [id for id in METHODS if f"| `{id}` |" not in page] == []
    described = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.+?) \|", page, re.MULTILINE))))
    assert set(Result.__dataclass_fields__) <= described


def test_every_part_of_a_protocol_is_described():
    assert {"Protocol", "Criterion", "Variable", "Censoring", "Cut", "StratificationFactor"} <= sections(
        "protocol-file.md"
    )
    page = generated.fill(read(REFERENCE / "protocol-file.md"))
    assert all(f"| `{name}` |" in page for name, field in Protocol.model_fields.items() if not field.exclude)


def test_the_pages_build_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "docs", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
