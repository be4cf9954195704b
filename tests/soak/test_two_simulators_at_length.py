"""The fast simulator is held to the slow one on many whole trials."""

from __future__ import annotations

import pytest
from virtual_worlds import differences, study

pytestmark = pytest.mark.soak


@pytest.mark.parametrize(("name", "trials"), [("palmira", 60), ("tiny", 300)])
def test_every_number_and_every_patient_agree(name: str, trials: int) -> None:
    assert differences(*study(name), seed=60, trials=trials) == []
