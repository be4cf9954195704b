"""A written report of the tiny study, from made-up results."""

from __future__ import annotations

from pathlib import Path

import made_up_results
import pytest

from trialwright.protocol import Protocol, load
from trialwright.report import write
from trialwright.results import Results

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"


@pytest.fixture(scope="session")
def tiny() -> Protocol:
    return load(TINY)


@pytest.fixture(scope="session")
def found(tiny: Protocol) -> Results:
    return made_up_results.results_for(tiny)


@pytest.fixture(scope="session")
def written(tiny: Protocol, found: Results, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    to = tmp_path_factory.mktemp("report")
    return write(
        found, tiny, to, virtual=True, manifest=made_up_results.MANIFEST, **made_up_results.evidence_for(found)
    )


@pytest.fixture(scope="session")
def page(written: tuple[Path, ...]) -> str:
    return written[0].read_text(encoding="utf-8")
