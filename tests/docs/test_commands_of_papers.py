"""What papers and pages tell people to type exists, and whatever exists is documented."""

import re
import shlex

import pytest
from pages import DOCS, PAGES, PAPERS, ROOT, generated, read, shown

COMMANDS = dict(generated.every_command())
TYPED = re.compile(r"^\s*(trialwright .*)$", re.MULTILINE)
INLINE = re.compile(r"`(trialwright [^`]+)`")
MAKE = re.compile(r"^\s*(?:make) (\w+)|`make (\w+)`", re.MULTILINE)


def typed(path):
    """Command lines of a page, without their comments."""
    found = TYPED.findall(read(path)) + INLINE.findall(read(path))
    return [shlex.split(line, comments=True) for line in found]


def resolve(words):
    """The longest command that the words begin with."""
    lengths = range(len(words), 0, -1)
    return next((COMMANDS[tuple(words[:n])] for n in lengths if tuple(words[:n]) in COMMANDS), None)


def options(command):
    return {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]} | {"--help"}


@pytest.mark.parametrize("path", [*PAPERS, *PAGES], ids=shown)
def test_commands_in_papers_exist(path):
    for words in typed(path):
        if words[1:] in (["--help"], ["--version"]):
            continue
        command = resolve(words)
        assert command is not None, f"{shown(path)}: there is no command {' '.join(words)!r}"
        unknown = {word for word in words if word.startswith("--")} - options(command)
        assert not unknown, f"{shown(path)}: {' '.join(words)!r} has no option {sorted(unknown)}"


def targets():
    return set(re.findall(r"^(\w+):", read(ROOT / "Makefile"), re.MULTILINE))


@pytest.mark.parametrize("path", [*PAPERS, *PAGES], ids=shown)
def test_make_targets_in_papers_exist(path):
    named = {one or other for one, other in MAKE.findall(read(path))}
    assert named <= targets(), f"{shown(path)} names {sorted(named - targets())}, which the Makefile lacks"


def test_readme_names_the_two_commands():
    assert {"    make rehearse", "    make test"} <= {
        line.split("#")[0].rstrip() for line in read(PAPERS[0]).splitlines()
    }


def test_ci_runs_what_the_readme_says():
    steps = [line for line in read(ROOT / ".ci" / "run").splitlines() if line.startswith("make ")]
    assert steps == ["make check", "make test"]
    assert {step.removeprefix("make ") for step in steps} <= {one or two for one, two in MAKE.findall(read(PAPERS[0]))}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_is_documented(path):
    page = generated.fill(read(DOCS / "reference" / "commands.md"))
    assert f"## {' '.join(path)}\n" in page
    command = COMMANDS[path]
    assert command.help, f"{' '.join(path)} has no docstring"
    undescribed = [p.name for p in command.params if not p.help and p.name != "help"]
    assert not undescribed, f"{' '.join(path)}: {undescribed} without a description"
    unnamed = [
        name for p in command.params if p.param_type_name == "option" for name in p.opts if f"`{name}" not in page
    ]
    assert unnamed == []
