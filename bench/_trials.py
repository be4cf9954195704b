"""Lesion tables of any size, as columns: the shapes of real ones, none of their content."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from trialwright.records import TABLES, TrialData

RANDOMIZED = (date(2024, 1, 1) - date(1970, 1, 1)).days
TARGETS, OTHERS, VISITS = 3, 1, 9


def made_up(patients: int, seed: int = 1) -> TrialData:
    """Return patients with nine visits after baseline, three targets, a non-target and, in a third, a new lesion."""
    rng = np.random.default_rng(seed)
    names = pl.Series([f"{i:07}" for i in range(patients)])
    tables = {name: _empty(name) for name in TABLES}
    entered = RANDOMIZED + rng.integers(0, 700, patients)
    scans = np.repeat(np.arange(patients), VISITS + 1)
    number = np.tile(np.arange(VISITS + 1), patients)
    on = entered[scans] - 7 + 56 * number + rng.integers(0, 8, len(scans))
    tables["allocations"] = _frame(
        "allocations",
        subject=names,
        stratum="all",
        position=np.arange(patients),
        block=0,
        arm=pl.Series(["A", "B"]).gather(np.arange(patients) % 2),
        randomized_on=entered,
    )
    tables["assessments"] = _frame(
        "assessments",
        subject=names.gather(scans),
        evaluator="investigator",
        number=number,
        planned_on=on,
        assessed_on=on,
    )
    with_new = rng.random(patients) < 1 / 3
    tables["lesions"], tables["measurements"] = _lesions(names, with_new, rng, scans=scans, number=number, on=on)
    died = rng.random(patients) < 0.4
    tables["deaths"] = _frame(
        "deaths", subject=names.filter(died), cause="disease", died_on=(entered + rng.integers(60, 900, patients))[died]
    )
    treated = rng.random(patients) < 0.3
    tables["therapies"] = _frame(
        "therapies",
        subject=names.filter(treated),
        therapy="other",
        chemotherapy=False,
        started_on=(entered + rng.integers(60, 600, patients))[treated],
    )
    return TrialData("made up", True, tables)


def _lesions(
    names: Any, with_new: Any, rng: Any, *, scans: Any, number: Any, on: Any
) -> tuple[pl.DataFrame, pl.DataFrame]:
    patients, lesion_names = len(names), [*(f"T{i}" for i in range(TARGETS)), *(f"N{i}" for i in range(OTHERS)), "X0"]
    roles = ["target"] * TARGETS + ["non-target"] * OTHERS + ["new"]
    followed, measured = [], []
    for place, (lesion, role) in enumerate(zip(lesion_names, roles, strict=True)):
        who = np.arange(patients)[with_new] if role == "new" else np.arange(patients)
        followed.append(
            _frame(
                "lesions",
                subject=names.gather(who),
                evaluator="investigator",
                lesion=lesion,
                role=role,
                organ="lung",
                node=place == 0,
                found_on=on[who * (VISITS + 1)],
            )
        )
        shown = with_new[scans] & (number >= 6) if role == "new" else np.ones(len(scans), bool)
        states, chance = _STATES[role]
        state = rng.choice(len(states), shown.sum(), p=chance)
        drift = np.exp(np.cumsum(rng.normal(0, 0.12, (patients, VISITS + 1)), axis=1)).ravel()[shown]
        diameter = np.where((state == 0) & (role == "target"), (250 * drift).astype(int), -1)
        measured.append(
            _frame(
                "measurements",
                subject=names.gather(scans[shown]),
                evaluator="investigator",
                number=number[shown],
                lesion=lesion,
                assessed_on=on[shown],
                diameter=pl.Series(diameter).set(pl.Series(diameter) < 0, None),
                state=pl.Series(states).gather(state),
            )
        )
    return pl.concat(followed), pl.concat(measured)


_STATES = {
    "target": (["measured", "not evaluable", "absent", "too small"], [0.95, 0.02, 0.02, 0.01]),
    "non-target": (["present", "absent", "not evaluable", "progressed"], [0.92, 0.03, 0.03, 0.02]),
    "new": (["unequivocal", "equivocal"], [0.6, 0.4]),
}


_KINDS = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64, "yes/no": pl.Boolean, "date": pl.Int32}


def _empty(table: str) -> pl.DataFrame:
    return _frame(table, **{column.name: pl.Series([], dtype=_KINDS[column.kind]) for column in TABLES[table].columns})


def _frame(table: str, **columns: Any) -> pl.DataFrame:
    kinds = {column.name: _KINDS[column.kind] for column in TABLES[table].columns}
    length = max(len(each) for each in columns.values() if hasattr(each, "__len__") and not isinstance(each, str))
    made = {
        name: pl.Series(name, columns[name]).cast(kind)
        if hasattr(columns.get(name), "__len__") and not isinstance(columns.get(name), str)
        else pl.repeat(columns.get(name), length, dtype=kind, eager=True).alias(name)
        for name, kind in kinds.items()
    }
    dates = [pl.col(column.name).cast(pl.Date) for column in TABLES[table].columns if column.kind == "date"]
    return pl.DataFrame(made).with_columns(dates)


def protocol() -> Any:
    """Return a shipped protocol whose PFS is censored at a new therapy and after missed visits."""
    from trialwright.protocol import load, study_names

    found = load(study_names()[0])
    pfs = next(each for each in found.endpoints if each.id == "PFS")
    rules = {"without_baseline": "censor at origin", "new_therapy": "censor before", "missed_visits": "censor before"}
    strict = pfs.model_copy(update={"censoring": pfs.censoring.model_copy(update=rules)})
    return found.model_copy(update={"endpoints": tuple(strict if e.id == "PFS" else e for e in found.endpoints)})
