"""A lazy door reads nothing before it is asked, gives names and not the modules that bear them, and lists them all."""

import importlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import trialwright

ROOMS = Path(trialwright.__file__).parent.glob("*/__init__.py")
LAZY = sorted(door.parent.name for door in ROOMS if "lazy_door(__name__)" in door.read_text(encoding="utf-8"))


def in_a_fresh_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_rooms_that_all_commands_pass_through_are_lazy():
    assert {"stats", "design", "simulate"} <= set(LAZY)


@pytest.mark.parametrize("room", LAZY)
def test_a_lazy_door_reads_nothing_before_it_is_asked(room):
    below = f"[name for name in sys.modules if name.startswith('trialwright.{room}.')]"
    assert in_a_fresh_process(f"import sys, trialwright.{room}; print({below})") == "[]"


def test_a_name_wins_over_the_module_that_bears_it_whichever_is_imported_first():
    code = "import trialwright.stats.cox; from trialwright import stats; from trialwright.stats import cox"
    assert in_a_fresh_process(f"{code}; print(stats.cox is cox, cox)").startswith("True <function cox")


def test_modules_that_bear_no_public_name_are_bound_as_in_every_package():
    code = "import trialwright.stats as s, trialwright.stats.calendar; print(s.calendar.__name__)"
    assert in_a_fresh_process(code) == "trialwright.stats.calendar"


def test_many_threads_may_ask_a_door_at_once():
    room = importlib.import_module("trialwright.stats")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: getattr(room, name), sorted(room.__all__) * 4))
    assert found == [getattr(room, name) for name in sorted(room.__all__) * 4]


@pytest.mark.parametrize("room", LAZY)
def test_an_unknown_name_is_an_error_of_python_and_all_names_are_listed(room):
    module = importlib.import_module(f"trialwright.{room}")
    with pytest.raises(AttributeError, match=f"module 'trialwright.{room}' has no attribute 'nothing'"):
        _ = module.nothing
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec(f"from trialwright.{room} import nothing")
    assert set(module.__all__) <= set(dir(module))
