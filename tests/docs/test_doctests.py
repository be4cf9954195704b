"""Examples run: those of every module, and those of the pages."""

import ast
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
SESSIONS = {path: [each for each in blocks(path, "python") if ">>>" in each[1]] for path in PAGES}


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module_run(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0


@pytest.mark.parametrize("path", [path for path, found in SESSIONS.items() if found], ids=shown)
def test_examples_of_a_page_run(path, monkeypatch):
    """A page is one session: what a block defines, the blocks below it may use."""
    monkeypatch.chdir(ROOT)
    names, said = {}, []
    for line, text in SESSIONS[path]:
        session = doctest.DocTestParser().get_doctest(text, names, shown(path), str(path), line - 1)
        assert session.examples
        doctest.DocTestRunner().run(session, out=said.append, clear_globs=False)
        names = session.globs
    assert said == [], "".join(said)


def test_there_are_examples():
    assert len(MODULES) > 100
    assert sum(map(len, SESSIONS.values())) >= 20
    finder = doctest.DocTestFinder()
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(examples) >= 20


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_other_python_of_a_page_is_python(path):
    for line, text in blocks(path, "python"):
        if ">>>" not in text:
            assert ast.parse("\n" * (line - 1) + text, str(path)).body, f"{shown(path)}:{line} holds no statement"
