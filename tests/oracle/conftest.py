"""Each test's comparisons go to a ledger under the references it claims; each worker writes its own to out/oracle."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import pytest
from measured import Differences, Ledger
from references import ROOT, claimed


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "reference(id, ...): cases of the shared reference files that a test answers")
    config.addinivalue_line("markers", "oracle(name): software that a test compares with, where no shared file says")


def versioned(name: str) -> str:
    """Return a program with its version, if it is installed here."""
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return name


@pytest.fixture(scope="session")
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    found = Ledger()
    yield found
    worker = getattr(request.config, "workerinput", {}).get("workerid", "all")
    found.write(ROOT / "out" / "oracle" / f"agreement-{worker}.json")


@pytest.fixture
def differences(request: pytest.FixtureRequest, ledger: Ledger) -> Differences:
    mark = request.node.get_closest_marker("oracle")
    return Differences(ledger, claimed(request.node), versioned(mark.args[0]) if mark else "")
