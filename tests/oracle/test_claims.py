"""Every case of the shared reference files is answered by a test."""

from pathlib import Path

import pytest
from references import FILES, SHARED, claimed, references

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
