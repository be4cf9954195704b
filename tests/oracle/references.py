"""The shared reference files: which cases there are, what each is called, and which software answered it."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "oracle"
FILES = ("survival.json", "rates.json", "exact_marginal.json", "external_reference.json", "sas_printed.json")


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
    path = SHARED / name
    found = json.loads(path.read_text())[key] if path.exists() else []
    return [named(name, key, part) for part in (found if isinstance(found, list) else [found])]


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
    """Return every case of the five files of the analysis; none of a file that is missing."""
    return [
        Reference(case.reference, file, oracle(file, case))
        for file in FILES
        for key in blocks(file)
        for case in shared_cases(file, key)
    ]


def blocks(file: str) -> list[str]:
    path = SHARED / file
    return [key for key in json.loads(path.read_text()) if key != "meta"] if path.exists() else []


def oracle(file: str, case: Case) -> str:
    """Return the software that answered a case, with its version as the file states it."""
    software = json.loads((SHARED / file).read_text())["meta"]["software"]
    if file == "external_reference.json":
        block = case.reference.split("/")[0].split("_")[0].lower()
        return next(f"{name} {version}" for name, version in software.items() if name.lower() == block)
    if file == "survival.json":
        more = {"competing": ["cmprsk"], "fh": ["mvtnorm"]}.get(case["kind"], [])
        return ", ".join(f"{name} {software[name]}" for name in ["survival", *more])
    name, version = next(iter(software.items()))
    return f"mpmath, {version}" if name == "mpmath" else f"{name} {version.removeprefix('R version ').split(' ')[0]}"


def claimed(item: Any) -> tuple[str, ...]:
    """Return the references a test answers: those it is marked with, and every case among its parameters."""
    marked = [id for mark in item.iter_markers("reference") for id in mark.args]
    given = getattr(getattr(item, "callspec", None), "params", {}).values()
    return (*marked, *(value.reference for value in given if isinstance(value, Case)))
