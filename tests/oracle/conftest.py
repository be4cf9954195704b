"""The table of differences reached, one file for each worker, under out/oracle."""

from collections import defaultdict
from collections.abc import Iterator

import pytest
from oracle_cases import ROOT, Differences


@pytest.fixture(scope="session")
def differences(request: pytest.FixtureRequest) -> Iterator[Differences]:
    found = Differences()
    yield found
    worker = getattr(request.config, "workerinput", {}).get("workerid", "all")
    worst: dict[str, float] = defaultdict(float)
    for (case, _), gap in found.rows.items():
        worst[case] = max(worst[case], gap)
    folder = ROOT / "out" / "oracle"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{gap:8.1e}  {case}" for case, gap in sorted(worst.items())]
    (folder / f"differences-{worker}.txt").write_text("\n".join(lines) + "\n")
