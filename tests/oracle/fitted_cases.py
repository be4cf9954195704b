"""Fitted Cox models from the reference cases: the design matrix of R's terms and the converged coefficients."""

from typing import Any

import numpy as np
from oracle_cases import as_list, columns, numbers, shared

from trialwright.stats.fitted_cox import FittedCox


def term_columns(term: str, data: dict[str, list[str]]) -> dict[str, list[float]]:
    """Return the columns of one of R's terms: a number, factor(x) or I(x=='level')."""
    if term.startswith("factor("):
        values = data[term[7:-1]]
        return {f"{term}{level}": [float(v == level) for v in values] for level in sorted(set(values))[1:]}
    if term.startswith("I("):
        name, level = term[2:-1].split("==")
        return {term: [float(v == level.strip("'")) for v in data[name]]}
    return {term: [float(v) for v in data[term]]}


def used_columns(case: dict[str, Any]) -> list[str]:
    names = [t.removeprefix("factor(").removeprefix("I(").split("==")[0].rstrip(")") for t in as_list(case["terms"])]
    return [*names, case["time"], case["event"]["column"], *as_list(case.get("strata") or []), *(
        [case["start"]] if case.get("start") else []
    )]  # fmt: skip


def complete(case: dict[str, Any]) -> dict[str, list[str]]:
    """Return the rows without a missing value in a used column, order kept."""
    data = columns(shared(f"data/{case['data']}"))
    used = used_columns(case)
    kept = [i for i in range(len(data[case["time"]])) if all(data[c][i] not in ("", "NA") for c in used)]
    return {name: [column[i] for i in kept] for name, column in data.items()}


def fitted(case: dict[str, Any], ties: Any) -> FittedCox:
    data = complete(case)
    terms = {term: term_columns(term, data) for term in as_list(case["terms"])}
    matrix = np.column_stack([column for term in terms.values() for column in term.values()])
    names = [name for term in terms.values() for name in term]
    owned, start = {}, 0
    for term, found in terms.items():
        owned[term] = range(start, start + len(found))
        start += len(found)
    strata = as_list(case["strata"] or [])
    return FittedCox.of(
        np.array(data[case["time"]], float),
        [float(v) in as_list(case["event"]["equals"]) for v in data[case["event"]["column"]]],
        matrix,
        np.atleast_1d(numbers(case["expect"][ties]["coef"])),
        names=names,
        ties=ties,
        entry=np.array(data[case["start"]], float) if case["start"] else None,
        stratum=["/".join(row) for row in zip(*(data[s] for s in strata), strict=True)] if strata else None,
        terms=owned,
    )
