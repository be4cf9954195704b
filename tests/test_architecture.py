"""The house stands as drawn: rooms with one door, walls between them, and nothing of one machine or study inside."""

import ast
import doctest
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "trialwright"
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py") if path.parent.name != "studies")
FILES = sorted(path for path in SOURCE.rglob("*.py") if "__pycache__" not in path.parts)
OUTSIDE_STUDIES = [path for path in FILES if path.relative_to(SOURCE).parts[0] != "studies"]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Yield line, module and names of each import in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{shown(path)}:{node.lineno}: write imports in full"
            yield node.lineno, str(node.module), tuple(alias.name for alias in node.names)


def other_room(path: Path, module: str) -> str | None:
    """Return the room an import enters, None for the file's own room and for what is no room."""
    parts = module.split(".")
    own = path.relative_to(SOURCE).parts[0]
    return parts[1] if parts[0] == "trialwright" and len(parts) > 1 and parts[1] in {*ROOMS} - {own} else None


def test_there_are_rooms():
    assert {"protocol", "records", "results", "stats", "derive", "analyze", "report", "cli"} <= set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_rooms_are_entered_by_their_door(path):
    for line, module, names in imports(path):
        room = other_room(path, module)
        if room is None:
            continue
        public = importlib.import_module(f"trialwright.{room}").__all__
        where = f"{shown(path)}:{line}"
        assert module == f"trialwright.{room}", f"{where}: import from trialwright.{room}, not from {module}"
        assert set(names) <= set(public), f"{where}: not public in {room}: {sorted(set(names) - set(public))}"


def public_names(room: str) -> set[str]:
    """Return the names a door imports from its room, at once or when they are asked for, and those it defines."""
    module = importlib.import_module(f"trialwright.{room}")
    given = imports(SOURCE / room / "__init__.py")
    imported = {name for _, home, names in given if home.startswith(f"trialwright.{room}.") for name in names}
    return imported | {n for n, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__}


@pytest.mark.parametrize("room", ROOMS)
def test_a_door_lists_exactly_what_it_gives(room):
    module = importlib.import_module(f"trialwright.{room}")
    assert module.__doc__
    assert sorted(module.__all__) == sorted(public_names(room))
    assert [name for name in module.__all__ if inspect.ismodule(getattr(module, name))] == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_documented(room):
    module = importlib.import_module(f"trialwright.{room}")
    values = {name: getattr(module, name) for name in module.__all__}
    ours = {n: v for n, v in values.items() if inspect.isclass(v) or inspect.isfunction(v) if is_ours(v)}
    assert [name for name, value in ours.items() if not documented(value)] == []


def is_ours(value: object) -> bool:
    """Say whether a class or function is defined here, not another name of a type of Python."""
    return str(getattr(value, "__module__", "")).startswith("trialwright")


def documented(value: object) -> bool:
    """Say whether a class or function has a docstring of its own; a dataclass makes one of its signature."""
    text = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    return bool(text) and not text.startswith(f"{value.__name__}(")


def test_the_walls_stand():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", OUTSIDE_STUDIES, ids=shown)
def test_nothing_of_one_study_is_outside_studies(path):
    assert "palmira" not in path.read_text(encoding="utf-8").casefold()


MACHINE = re.compile(r"(?<![\w.])/(?:home|root|work|tmp|usr|var|opt|mnt|Users)/|[A-Z]:\\\\|localhost|127\.0\.0\.1")
INDEX = re.compile(r"pypi|pythonhosted|simple/|artifactory|devpi", re.IGNORECASE)


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_nothing_of_one_machine_is_in_the_source(path):
    text = path.read_text(encoding="utf-8")
    found = [match[0] for pattern in (MACHINE, INDEX) for match in pattern.finditer(text)]
    assert found == []


def test_locks_name_no_address():
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert locks
    assert [shown(path) for path in locks if "://" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "__main__.py"], ids=shown)
def test_examples_in_docstrings_run(path):
    name = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0
