"""Every interleaving of clients, servers, deaths, lost answers and a restore, by SPIN over office.pml."""

from __future__ import annotations

from pathlib import Path

import pytest
from spin_model import MISSING, NOT_INSTALLED, searched

pytestmark = pytest.mark.skipif(bool(MISSING), reason=NOT_INSTALLED)


def test_the_office_as_it_is_has_no_error_in_any_interleaving(tmp_path: Path) -> None:
    errors, states, said = searched(tmp_path, "CLIENTS=2", "LOCKED", "GUARDED")
    assert (errors, "max search depth too small" in said) == (0, False), said
    assert states > 10_000


@pytest.mark.parametrize("defined", [("GUARDED",), ("LOCKED",)], ids=["without the lock", "without the guard"])
def test_without_one_of_its_guards_it_gives_one_position_twice(tmp_path: Path, defined: tuple[str, ...]) -> None:
    errors, _, said = searched(tmp_path, "CLIENTS=2", *defined)
    assert errors == 1
    assert "assertion violated" in said
