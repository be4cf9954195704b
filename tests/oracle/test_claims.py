"""Every case of the shared reference files is answered by a test."""

import re
from pathlib import Path

import pytest
from references import FILES, ROOT, SHARED, claimed, references

HERE = Path(__file__).parent


def test_every_reference_is_claimed(request: pytest.FixtureRequest) -> None:
    missing = [name for name in FILES if not (SHARED / name).exists()]
    if missing:
        pytest.skip(f"{SHARED} lacks {', '.join(missing)}")
    items = [item for item in request.session.items if item.path.parent == HERE]
    left_out = set(HERE.glob("test_*.py")) - {item.path for item in items}
    if left_out:
        pytest.skip(f"only part of tests/oracle was collected: no {', '.join(sorted(p.name for p in left_out))}")
    known = {each.id for each in references()}
    asked = {id for item in items for id in claimed(item)}
    assert sorted(asked - known) == [], "claimed, but in no file"
    assert sorted(known - asked) == [], "nobody claims these cases"


PAGE = ROOT / "docs" / "reference" / "agreement.md"
ROW = re.compile(r"^\| ([^|]+) \| [^|]* \| [^|]* \| ([^|]+) \| ([^|]*) \|", re.MULTILINE)


def test_the_page_lists_every_reference() -> None:
    known = {each.id for each in references()}
    if not known:
        pytest.skip(f"{SHARED} is missing")
    listed = {found[1] for found in ROW.finditer(PAGE.read_text())}
    assert sorted(known - listed) == [], "run python oracle/agreement.py"


def test_nothing_on_the_page_is_off_by_more_than_allowed() -> None:
    held = [found.groups() for found in ROW.finditer(PAGE.read_text())]
    compared = [(float(a.removesuffix(" abs")), float(b)) for _, a, b in held if "e-" in a]
    assert len(compared) > 200
    assert [pair for pair in compared if pair[1] > pair[0]] == []
