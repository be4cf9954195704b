"""Requirements, tests, results and the build are tied together by machine, and a missing tie fails the run."""

from __future__ import annotations

import json
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
import traced


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """Every requirement held by one test, written to a folder of this test."""
    held = defaultdict(dict, {id: {f"test_{id}": "passed"} for id in traced.REQUIREMENTS})
    monkeypatch.setattr(traced, "RESULTS", held)
    monkeypatch.setattr(traced, "OUT", tmp_path)
    return held


def _finished(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(traced, "_everything_ran", lambda config: True)
    session = SimpleNamespace(config=SimpleNamespace(), exitstatus=pytest.ExitCode.OK)
    traced.pytest_sessionfinish(session)  # type: ignore[arg-type]
    return session.exitstatus


@pytest.mark.requirement("R34")
def test_there_are_44_requirements_each_with_its_clause() -> None:
    assert list(traced.REQUIREMENTS) == [f"R{number}" for number in range(1, 45)]
    assert all(one["must"] and one["clause"] for one in traced.REQUIREMENTS.values())


@pytest.mark.requirement("R34")
def test_the_report_ties_requirement_clause_test_result_and_commit(
    results: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _finished(monkeypatch) == pytest.ExitCode.OK
    record = json.loads((traced.OUT / "results.json").read_text())
    assert record["requirements"]["R34"] == {"test_R34": "passed"}
    assert record["commit"] == traced._commit()
    page = (traced.OUT / "report.html").read_text()
    assert page.count("<td>holds<td>") == 44
    assert record["commit"] in page
    assert "not a claim of compliance" in page


@pytest.mark.requirement("R34")
@pytest.mark.parametrize("outcome", [{}, {"t": "skipped"}, {"t": "failed"}, {"t": "failed", "u": "passed"}])
def test_a_requirement_without_a_passed_test_fails_the_run(
    results: Any, monkeypatch: pytest.MonkeyPatch, outcome: dict[str, str]
) -> None:
    results["R7"] = outcome
    assert traced.untested() == ["R7"]
    assert _finished(monkeypatch) == pytest.ExitCode.TESTS_FAILED
    assert (traced.OUT / "report.html").read_text().count("NOT SHOWN") == 1


@pytest.mark.requirement("R34")
def test_a_test_of_an_unknown_requirement_stops_the_run() -> None:
    item = SimpleNamespace(iter_markers=lambda name: [SimpleNamespace(args=("R99",))], nodeid="t", user_properties=[])
    with pytest.raises(pytest.UsageError, match="R99"):
        traced.pytest_itemcollected(item)  # type: ignore[arg-type]
