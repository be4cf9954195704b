"""Whether the scenarios give what they were fitted to, on random numbers that the fit never saw."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from virtual_worlds import TINY, study

from trialwright import simulate
from trialwright.cli.calibrate import achieved
from trialwright.evidence import Claims
from trialwright.protocol import read_document, study_file

pytestmark = pytest.mark.soak

REPLAYS = 4000


@pytest.mark.parametrize("name", ["palmira", "tiny"])
def test_the_mean_of_every_calibrated_quantity_meets_its_target(name: str, say: Callable[[str], None]) -> None:
    """Within 2 standard errors or listed with how far; none beyond 4."""
    protocol, scenario = study(name)
    claims = read_document(study_file(name, "claims.yaml") if name == "palmira" else TINY / "claims.yaml", Claims)
    with ThreadPoolExecutor(2) as pool:
        replays = simulate.many(protocol, scenario, REPLAYS, 987_654_321, pool.map)
    rows = achieved(scenario, claims, replays)
    say(f"\n{name}: {len(rows)} calibrated quantities over {REPLAYS:,} replays")
    for row in rows:
        far = "" if row.problem is None else "  beyond 2 standard errors"
        mean = f"mean {row.mean:10.4f} (SE {row.standard_error:.4f})"
        say(f"{row.quantity:55} target {row.target:10.4f}  {mean}  z {row.z:5.2f}{far}")
    assert len(rows) == len(scenario.calibration)
    assert [row.problem for row in rows if not abs(row.z) <= 4] == []
