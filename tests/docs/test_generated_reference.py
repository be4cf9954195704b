"""Reference pages are read off the code and leave nothing out."""

import re
import subprocess
import sys

import pytest
from pages import DOCS, PAGES, ROOT, generated, read, shown

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
