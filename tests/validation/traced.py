"""Ties requirements to tests: ``@pytest.mark.requirement("R1")`` on a test, a report of every full run.

Hooks for tests/conftest.py. After a full run ``out/validation`` holds report.html and results.json: requirement,
clause, test, result, commit; one without a passed test fails the run. It is evidence for a unit's own validation.
"""

from __future__ import annotations

import html
import json
import subprocess
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "out" / "validation"
REQUIREMENTS: dict[str, dict[str, str]] = yaml.safe_load((HERE / "requirements.yaml").read_text())
RESULTS: dict[str, dict[str, str]] = defaultdict(dict)
"""Requirement: test: what became of it; filled in the process that collects the reports."""


def pytest_itemcollected(item: pytest.Item) -> None:
    for marker in item.iter_markers("requirement"):
        for id in marker.args:
            if id not in REQUIREMENTS:
                raise pytest.UsageError(f"{item.nodeid}: requirement {id!r} is not in requirements.yaml")
            item.user_properties.append(("requirement", id))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "call" and report.outcome == "passed":
        return
    for name, id in report.user_properties:
        if name == "requirement":
            RESULTS[id][report.nodeid] = report.outcome


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput") or not _everything_ran(session.config):
        return
    OUT.mkdir(parents=True, exist_ok=True)
    record = {"commit": _commit(), "at": datetime.now(UTC).isoformat(timespec="seconds"), "requirements": RESULTS}
    (OUT / "results.json").write_text(json.dumps(record, indent=1, sort_keys=True))
    (OUT / "report.html").write_text(report_page(record))
    if untested() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if not _everything_ran(config):
        return
    tests = sum(map(len, RESULTS.values()))
    held = len(REQUIREMENTS) - len(untested())
    terminalreporter.write_line(f"{held} of {len(REQUIREMENTS)} requirements hold by {tests} tests; see {OUT.name}")
    for id in untested():
        terminalreporter.write_line(f"no passed test for {id}: {REQUIREMENTS[id]['must']}", red=True)


def untested() -> list[str]:
    """Requirements without a passed test, or with a failed one."""
    return [id for id in REQUIREMENTS if "passed" not in RESULTS[id].values() or "failed" in RESULTS[id].values()]


def report_page(record: dict[str, Any]) -> str:
    """The validation report as one page."""
    rows = "".join(
        _row(id, requirement, record["requirements"].get(id, {})) for id, requirement in REQUIREMENTS.items()
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Validation report</title><style>"
        "body{font:15px/1.4 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}"
        "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.3rem .5rem;text-align:left;"
        "vertical-align:top}code{font-size:12px;overflow-wrap:anywhere}</style><h1>Validation report</h1>"
        f"<p>Commit <code>{record['commit']}</code>, {record['at']}. Requirements, the clauses they serve, the tests "
        "that ran and their results. This is evidence for a unit's own validation, not a claim of compliance.</p>"
        f"<table><tr><th>Id<th>Requirement<th>Clause<th>Result<th>Tests</tr>{rows}</table></html>"
    )


def _row(id: str, requirement: dict[str, str], tests: dict[str, str]) -> str:
    held = "passed" in tests.values() and "failed" not in tests.values()
    listed = "<br>".join(f"<code>{html.escape(test)}</code> {outcome}" for test, outcome in sorted(tests.items()))
    must, clause = html.escape(requirement["must"]), html.escape(requirement["clause"])
    return f"<tr><td>{id}<td>{must}<td>{clause}<td>{'holds' if held else 'NOT SHOWN'}<td>{listed}</tr>"


def _everything_ran(config: pytest.Config) -> bool:
    chosen = config.getoption("keyword") or config.getoption("lf", default=False) or config.getoption("collectonly")
    return not chosen and list(config.args) == list(config.getini("testpaths"))


def _commit() -> str:
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()
