"""The shared reference files: which cases there are, what each is called, and which software answered it."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "oracle"
ANALYSIS = ("survival.json", "rates.json", "exact_marginal.json", "external_reference.json", "sas_printed.json")
DESIGN = {
    "design_rpact.json": "test_design_rpact.py",
    "design_cross.json": "test_design_cross.py",
    "design_simulated.json": "test_design_simulated.py",
}
"""Files of designs with the tests that answer them; a file counts as a reference from the day its tests are there."""
FILES = (*ANALYSIS, *(name for name, tests in DESIGN.items() if (Path(__file__).parent / tests).exists()))
SPLIT = ("other", "fixed_events", "gsDesign_bounds", "lrstat_bounds", "delayed_effect_lrstat")
"""Blocks of the files of designs of which every entry is a case; the other blocks are one case each."""
NOTES = ("meta", "software", "convention", "note")


class Reference(NamedTuple):
    """One case of a shared file."""

    id: str
    file: str
    oracle: str


class Case(dict[str, Any]):
    """A case that knows which reference it is, so that a test that takes it is known to claim it."""

    reference: str = ""


def shared_cases(name: str, key: str = "cases") -> list[Case]:
    """Return the cases of a shared file; none, when it is missing, and a test says so."""
    found = read(name).get(key, [])
    if key in SPLIT:
        return [under(key, entry, part) for entry, part in found.items() if entry not in NOTES]
    return [named(name, key, part) for part in (found if isinstance(found, list) else [found])]


@cache
def read(name: str) -> dict[str, Any]:
    """Return a shared file; nothing, when it is missing."""
    path = SHARED / name
    return json.loads(path.read_text()) if path.exists() else {}


def under(key: str, entry: str, part: Any) -> Case:
    """Return an entry of a block that holds several cases, some of them a bare number or list."""
    case = Case(part if isinstance(part, dict) else {"expect": part})
    case.reference = f"{key}/{entry}"
    return case


def named(file: str, key: str, part: dict[str, Any]) -> Case:
    case = Case(part)
    case.reference = reference_id(file, key, part)
    return case


def reference_id(file: str, key: str, part: dict[str, Any]) -> str:
    """Return the name of a case: its own, or one made of what tells it from its neighbors."""
    if "id" in part:
        return str(part["id"])
    if file == "exact_marginal.json":
        return f"exact marginal/{part['data'].removesuffix('.csv')}{'/strat' if part['strata'] else ''}"
    told = {
        "one_proportion": lambda: f"{part['x']} of {part['n']}",
        "two_proportions": lambda: f"{part['x1']} of {part['n1']} v {part['x2']} of {part['n2']}",
        "stratified": lambda: f"{len(part['x1'])} strata",
        "poisson": lambda: f"{part['x1']} in {part['t1']:g} v {part['x2']} in {part['t2']:g}",
        "ratesci_mn": lambda: "{} of {} v {} of {}".format(*part["x"]),
    }
    return f"{key}/{told[key]()}" if key in told else key


@cache
def references() -> list[Reference]:
    """Return every case of the files; none of a file that is missing."""
    return [
        Reference(case.reference, file, oracle(file, case))
        for file in FILES
        for key in blocks(file)
        for case in shared_cases(file, key)
    ]


def blocks(file: str) -> list[str]:
    return [key for key in read(file) if key not in NOTES]


def software(file: str) -> dict[str, str]:
    """Return the programs that made a file, with their versions."""
    found = read(file)
    made: dict[str, str] = found["software"] if "software" in found else found.get("meta", {}).get("software", {})
    return {name: version for name, version in made.items() if name != "older_release"}


def oracle(file: str, case: Case) -> str:
    """Return the software that answered a case, with its version as the file states it."""
    made = software(file)
    if file in DESIGN:
        return designed_with(made, case)
    if file == "external_reference.json":
        block = case.reference.split("/")[0].split("_")[0].lower()
        return next(f"{name} {version}" for name, version in made.items() if name.lower() == block)
    if file == "survival.json":
        more = {"competing": ["cmprsk"], "fh": ["mvtnorm"]}.get(case["kind"], [])
        return ", ".join(f"{name} {made[name]}" for name in ["survival", *more])
    name, version = next(iter(made.items()))
    return f"mpmath, {version}" if name == "mpmath" else f"{name} {version.removeprefix('R version ').split(' ')[0]}"


def designed_with(made: dict[str, str], case: Case) -> str:
    """Return the program that a case of the designs states, or has in its name; the delayed effect has neither."""
    if "software" in case:
        return str(case["software"])
    named = [name for name in made if name in case.reference]
    name = max(named, key=len, default="gsDesign2" if "gsDesign2" in made else "rpact")
    return f"{name} {made[name]}"


def claimed(item: Any) -> tuple[str, ...]:
    """Return the references a test answers: those it is marked with, and every case, or id of one, it is given."""
    marked = [id for mark in item.iter_markers("reference") for id in mark.args]
    given = getattr(getattr(item, "callspec", None), "params", {}).values()
    cases = [value.reference for value in given if isinstance(value, Case)]
    ids = [design_ids()[value] for value in given if isinstance(value, str) and value in design_ids()]
    return tuple(dict.fromkeys([*marked, *cases, *ids]))


@cache
def design_ids() -> dict[str, str]:
    """Return the cases of designs by id, and by its last part where no other ends likewise."""
    ids = [each.id for each in references() if each.file in DESIGN]
    ends = [id.split("/")[-1] for id in ids]
    return {end: id for end, id in zip(ends, ids, strict=True) if ends.count(end) == 1} | {id: id for id in ids}
