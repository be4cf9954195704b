"""Run the comparisons with other software and write what they reached to docs/reference/agreement.md.

Needs the shared reference files beside the project; SurPyval, comprisk and statsmodels come with ``make test``.

    python oracle/agreement.py
"""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "agreement.md"
sys.path.insert(0, str(ROOT / "tests" / "oracle"))

from references import FILES, SHARED, Reference, references, software  # noqa: E402

HEAD = """# Agreement with other software

Every case of the reference files and what the tests of this room reached on it. Written by `python oracle/agreement.py`
from a run of `tests/oracle`; not by hand.

- *numbers*: how many were compared; *allowed* and *reached*: the largest difference, and *where* it occurred.
- Differences are relative, those of numbers below 0.001 relative to 0.001; *abs* marks absolute ones. *printed* means
  that each number, rounded to the decimals the other software printed, is the one it printed.
- *words*: there is no number, or none worth printing, and a test holds the answer to what stands here.
- A case has a second line where part of its reference is known less precisely, and that part is held to what it is
  good for: the numerical integrals of mvtnorm and nph, the conditional odds ratios that R searches to 1.2e-4, fits
  that stopped early.
"""
FIXTURES = """## Fixtures of this repository

Written by the scripts under `oracle/` with R, on data of our own and on published effect sizes; anyone can run them
again.
"""
SECOND = """## Second programmers

Other Python programs on made-up trials (`tests/oracle/made_up.py`), run side by side in the tests.
"""
COLUMNS = ("case", "oracle", "numbers", "allowed", "reached", "where")


def measure() -> list[dict[str, Any]]:
    """Run the tests in one process and return what they compared; not those of the page that is yet to be written."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "tests/oracle", "-k", "not the_page"]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit("tests/oracle failed; the page was not written")
    found: list[dict[str, Any]] = json.loads((ROOT / "out" / "oracle" / "agreement-all.json").read_text())
    return found


def of_reference(row: dict[str, Any], id: str) -> bool:
    """Say whether a comparison belongs to a reference; a test that answers several says which by the case it names."""
    if len(row["references"]) == 1:
        return id == row["references"][0]
    return id == meant(row)


def meant(row: dict[str, Any]) -> str:
    """Return the reference that a comparison names in the beginning of its case; none for those of other sources."""
    asked = row["references"] or [each.id for each in references() if not row["oracle"]]
    return max((id for id in asked if row["case"].startswith(id)), key=len, default="")


def lines(case: str, oracle: str, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each precision a case is held to."""
    held = defaultdict(list)
    for row in rows:
        held[row["kind"], "" if row["kind"] in ("printed", "words") else row["allowed"]].append(row)
    for (kind, allowed), part in sorted(held.items(), key=lambda each: (each[0][0] == "words", str(each[0]))):
        worst = max(part, key=lambda row: row["gap"] / (row["allowed"] or 1))
        numbers = sum(row["numbers"] for row in part)
        if kind == "words":
            said = "; ".join(dict.fromkeys(row["what"] for row in part))
            yield line(case, oracle, "", "words", "", said)
        elif kind == "printed":
            yield line(case, oracle, numbers, "printed", "all", "")
        else:
            mark = " abs" if kind == "absolute" else ""
            yield line(case, oracle, numbers, f"{allowed:.0e}{mark}", f"{worst['gap']:.0e}", worst["what"])


def line(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", r"\|") for cell in cells) + " |"


def table(rows: Iterable[str]) -> list[str]:
    return [line(*COLUMNS), line(*("---" for _ in COLUMNS)), *rows, ""]


def of_file(file: str, known: list[Reference], measured: list[dict[str, Any]]) -> Iterator[str]:
    stated = (each.oracle.split(" ") for each in known if each.file == file)
    programs = software(file) or dict(stated)
    made = ", ".join(f"{name} {version}".replace("R R version", "R") for name, version in programs.items())
    yield from (f"## {file}", "", f"Made with {made}.", "")
    yield from table(
        each
        for reference in known
        if reference.file == file
        for each in of_one(reference, [row for row in measured if of_reference(row, reference.id)])
    )


def of_one(reference: Reference, rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a reference; simulated ones are held by shares, in tests that note no differences."""
    if rows or reference.file != "design_simulated.json":
        return lines(reference.id, reference.oracle, rows)
    return iter([line(reference.id, reference.oracle, "", "words", "", "within four Monte Carlo errors of both sides")])


def without_reference(measured: list[dict[str, Any]], second: bool) -> list[str]:
    """Return the table of what was compared without a shared case."""
    cases: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in measured:
        if not row["references"] and not meant(row) and row["case"].startswith("second programmer/") == second:
            cases[row["oracle"], row["case"].removeprefix("second programmer/")].append(row)
    return table(each for (oracle, case), rows in sorted(cases.items()) for each in lines(case, oracle, rows))


def page(measured: list[dict[str, Any]]) -> str:
    known = references()
    parts = [HEAD, *(text for file in FILES for text in of_file(file, known, measured))]
    parts += [FIXTURES, *without_reference(measured, False), SECOND, *without_reference(measured, True)]
    return "\n".join(parts).rstrip() + "\n"


def main() -> None:
    missing = [name for name in FILES if not (SHARED / name).exists()]
    if missing:
        sys.exit(f"{SHARED} lacks {', '.join(missing)}; the page was not written")
    PAGE.write_text(page(measure()))
    print(f"{PAGE.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
