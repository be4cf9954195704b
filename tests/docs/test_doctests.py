"""Examples run: those of every module, and those of the pages."""

import doctest
import importlib
import pkgutil

import pytest
from pages import PAGES, ROOT, blocks, shown

import trialwright

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(trialwright.__path__, "trialwright.")
    if not module.name.endswith("__main__")
)
SESSIONS = [(path, line, text) for path in PAGES for line, text in blocks(path, "python") if ">>>" in text]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module_run(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0


@pytest.mark.parametrize(
    "path, line, text", SESSIONS, ids=lambda value: shown(value) if hasattr(value, "parts") else ""
)
def test_examples_of_a_page_run(path, line, text, monkeypatch):
    monkeypatch.chdir(ROOT)
    session = doctest.DocTestParser().get_doctest(text, {}, shown(path), str(path), line - 1)
    assert session.examples
    said = []
    outcome = doctest.DocTestRunner().run(session, out=said.append)
    assert outcome.failed == 0, "".join(said)


def test_there_are_examples():
    assert len(MODULES) > 100
    assert len(SESSIONS) >= 5
    finder = doctest.DocTestFinder()
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(examples) >= 20


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_other_python_of_a_page_is_python(path):
    for line, text in blocks(path, "python"):
        if ">>>" not in text:
            compile("\n" * (line - 1) + text, str(path), "exec")
