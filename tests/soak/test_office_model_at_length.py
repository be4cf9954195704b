"""Every interleaving of three patients, two servers, deaths, lost answers and a restore: nine million states."""

from __future__ import annotations

from pathlib import Path

import pytest
from spin_model import MISSING, NOT_INSTALLED, searched

pytestmark = [pytest.mark.soak, pytest.mark.skipif(bool(MISSING), reason=NOT_INSTALLED)]


def test_the_office_as_it_is_has_no_error_with_three_patients(tmp_path: Path) -> None:
    errors, states, said = searched(tmp_path, "LOCKED", "GUARDED")
    assert (errors, "max search depth too small" in said) == (0, False), said
    assert states > 1_000_000
