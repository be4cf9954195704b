"""Screening: one patient with all reasons, and a million patients by columns.

Generic rules (every form of the language, 37 of them) and, where it is shipped, the reference study's own.
Targets: one patient within 1 ms, 37 rules for 1,000,000 patients within 10 s.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from time import perf_counter
from typing import Any

import numpy as np

from trialwright.protocol import (
    Column,
    Records,
    Screener,
    Variable,
    Vocabulary,
    compile_rule,
    load,
    screen_columns,
    study_names,
)
from trialwright.protocol.rules.answers import read_answers
from trialwright.protocol.rules.columns import Frame, evaluate_columns
from trialwright.protocol.rules.evaluation import evaluate_known

PATIENTS = 1_000_000
TODAY = date(2020, 6, 1)
TODAY_NUMBER = (TODAY - date(1970, 1, 1)).days


def _variable(type_: str, **more: Any) -> Variable:
    return Variable(type=type_, label=type_, **more)  # type: ignore[arg-type]


VARIABLES = {
    "age": _variable("number", unit="y"),
    "score": _variable("number"),
    "hemoglobin": _variable("number", unit="g/dL"),
    "willing": _variable("yes/no"),
    "partner": _variable("choice", levels=("A", "B", "C")),
    "stopped": _variable("date"),
    "drugs": _variable("set", levels=("X", "Y", "Z")),
    "lesions": _variable(
        "records",
        fields={
            "organ": _variable("choice", levels=("lung", "liver", "bone")),
            "size": _variable("number", unit="mm"),
            "date": _variable("date"),
        },
    ),
}
FORMS = (
    "age >= 18 y and score in {0, 1}",
    "hemoglobin >= limit and willing",
    "partner in {A, B} or score <= 2",
    "any_of(drugs, {X, Y})",
    "7 d <= days(stopped, entry) <= 8 wk",
    "months(stopped, entry) < 6 mo or willing",
    "any(lesions where organ in {lung, liver} and size >= 10 mm)",
    "count(lesions where days(date, entry) < 28 d) >= 2",
    "max(lesions.size where organ == lung) <= 5 cm",
    "latest(lesions.size, within = 28 d before entry) < 3 cm",
)
RULES = tuple(FORMS[i % len(FORMS)] for i in range(37))
VOCABULARY = Vocabulary(VARIABLES, {"limit": "90 g/L"}, ("entry",))


def columns_for(variables: Mapping[str, Variable], rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Random answers, one in ten unknown."""
    return {name: _column(one, rng, n) for name, one in variables.items()}


def _column(one: Variable, rng: np.random.Generator, n: int) -> Any:
    known = rng.random(n) < 0.9
    if one.type == "records":
        owner = np.repeat(np.arange(n), rng.integers(0, 4, n))
        return Records(owner, n, {name: _column(field, rng, len(owner)) for name, field in one.fields.items()}, known)
    draws: dict[str, Callable[[], Any]] = {
        "number": lambda: rng.integers(0, 100, n).astype(float),
        "yes/no": lambda: rng.random(n) < 0.5,
        "choice": lambda: rng.integers(0, len(one.levels), n),
        "date": lambda: TODAY_NUMBER - rng.integers(0, 300, n),
        "set": lambda: rng.random((n, len(one.levels))) < 0.3,
    }
    return Column(draws[one.type](), known)


def answer_for(one: Variable) -> Any:
    """One patient with every datum known."""
    if one.type == "records":
        return [{name: answer_for(field) for name, field in one.fields.items()}] * 3
    values = {"number": 30.0, "yes/no": True, "date": TODAY - timedelta(days=20), "set": list(one.levels[:1])}
    return values[one.type] if one.type in values else one.levels[0]


def fastest(run: Callable[[], object], times: int) -> float:
    """Seconds of the fastest of some runs."""
    best = float("inf")
    for _ in range(times):
        start = perf_counter()
        run()
        best = min(best, perf_counter() - start)
    return best


def generic() -> tuple[float, float]:
    """Seconds for one patient with reasons, and for a million by columns."""
    rules = [compile_rule(text, VOCABULARY) for text in RULES]
    answers = {name: answer_for(one) for name, one in VARIABLES.items()}
    frame = Frame(PATIENTS, columns_for(VARIABLES, np.random.default_rng(1), PATIENTS), {"entry": TODAY})

    def one() -> None:
        known = read_answers(VARIABLES, answers)
        for rule in rules:
            evaluate_known(rule, known, {"entry": TODAY}, frozenset({"entry"}))

    def many() -> None:
        for rule in rules:
            evaluate_columns(rule, frame)

    return fastest(one, 200), fastest(many, 1)


def study(name: str) -> tuple[float, float]:
    """The same of a shipped study."""
    protocol = load(name)
    screener = Screener(protocol)
    anchors = dict.fromkeys(protocol.eligibility.anchors, TODAY)
    answers = {variable: answer_for(one) for variable, one in protocol.variables.items()}
    columns = columns_for(protocol.variables, np.random.default_rng(1), PATIENTS)
    screener.screen(answers, anchors)
    one = fastest(lambda: screener.screen(answers, anchors, anchors), 200)
    return one, fastest(lambda: screen_columns(protocol, columns, anchors), 1)


def run() -> None:
    print(f"{'rules':<24}{'one patient, reasons':>24}{f'{PATIENTS:,} patients':>24}")
    rows = {"37 generic": generic()} | {name: study(name) for name in study_names()}
    for name, (one, many) in rows.items():
        print(f"{name:<24}{one * 1000:>21.3f} ms{many:>22.2f} s")


if __name__ == "__main__":
    run()
