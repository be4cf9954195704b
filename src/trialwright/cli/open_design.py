"""One trial of the fast simulation in full: its records, and whether derivation finds in them what was counted."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import typer

from trialwright.errors import CheckFailed, DataError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from trialwright.cli.rehearsal import Study
    from trialwright.records import TrialData
    from trialwright.simulate import DesignedTrial

__all__ = ["open_design"]

CLOSE = 1e-9
Look = dict[str, Any]


def open_design(study: Study, seed: int, number: int, out: Path | None, as_json: bool) -> None:
    """Write the records of trial ``number`` and what is derived from them at each look, beside what was counted."""
    from trialwright.simulate import designed, designed_records

    if out is None:
        raise DataError("--open writes a whole trial; name the folder with --out")
    try:
        plan = designed(study.protocol, study.scenario)
        data = designed_records(study.protocol, study.scenario, plan, number, seed)
    except ValueError as error:
        raise DataError(str(error)) from None
    looks, derived = _looks(study, plan, data, number, seed)
    _write(out, data, derived, {"trial": number, "seed": seed, "looks": looks})
    content = {"trial": number, "seed": seed, "virtual patients": True, "looks": looks}
    typer.echo(json.dumps(content, indent=1) if as_json else _as_text(content))
    if not all(look["same"] for look in looks if look["on"]):
        raise CheckFailed("the records do not give the numbers that were counted")


def _looks(
    study: Study, plan: DesignedTrial, data: TrialData, number: int, seed: int
) -> tuple[list[Look], dict[int, pl.DataFrame]]:
    from trialwright.derive import time_to_event
    from trialwright.simulate import simulate_design

    counted = simulate_design(plan, 1, seed, first=number)
    endpoint = study.protocol.sample_size.endpoint
    looks, derived = [], {}
    for look, time in enumerate(counted.time[0].tolist()):
        on = study.scenario.recruitment.opens_on + timedelta(days=int(time)) if math.isfinite(time) else None
        found: Look = {"look": look + 1, "on": on and on.isoformat()}
        if on is not None:
            cut = data.cut(on)
            derived[look + 1] = time_to_event(cut, study.protocol, endpoint)
            found |= _compared(study, cut, derived[look + 1], plan, on)
            found["counted_events"], found["counted_z"] = int(counted.events[0, look]), float(counted.z[0, look])
            found["same"] = found["events"] == found["counted_events"] and _same(found["z"], found["counted_z"])
        looks.append(found)
    return looks, derived


def _compared(study: Study, cut: TrialData, times: pl.DataFrame, plan: DesignedTrial, on: date) -> Look:
    from trialwright.stats import EventTimes, log_rank

    who = times.join(cut["allocations"].select("subject", "arm", "stratum"), on="subject")
    control = study.protocol.analysis.control
    arms = [control, next(arm.id for arm in study.protocol.arms if arm.id != control)]
    strata = who["stratum"].to_list() if plan.test.stratified else None
    seen = EventTimes.of(who["days"].to_numpy(), who["event"].to_numpy(), who["arm"].to_list(), strata, arms=arms)
    z = log_rank(seen).z
    return {"patients": len(seen), "events": int(seen.event.sum()), "z": math.nan if z is None else -z}


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE) or (math.isnan(one) and math.isnan(other))


def _write(out: Path, data: TrialData, derived: dict[int, pl.DataFrame], about: dict[str, Any]) -> None:
    from trialwright.cli.output import whole_folder

    with whole_folder(out, replace=False) as folder:
        manifest = {"virtual patients": True, "study": data.study, "data sha256": data.hash, **about}
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8", newline="\n")
        (folder / "tables").mkdir()
        for name, table in data.tables.items():
            table.write_csv(folder / "tables" / f"{name}.csv")
        for look, times in derived.items():
            (folder / "derived" / f"look {look}").mkdir(parents=True)
            times.write_csv(folder / "derived" / f"look {look}" / "times.csv")


def _as_text(content: dict[str, Any]) -> str:
    head = f"virtual trial {content['trial']} of seed {content['seed']}, its records derived and tested at each look"
    lines = [f"{'look':<5}{'on':<12}{'patients':>9}{'events':>8}{'z':>12}{'z counted':>12}"]
    for look in content["looks"]:
        if look["on"] is None:
            lines.append(f"{look['look']:<5}never reached")
        else:
            numbers = f"{look['patients']:>9}{look['events']:>8}{look['z']:>12.6f}{look['counted_z']:>12.6f}"
            lines.append(f"{look['look']:<5}{look['on']:<12}{numbers}{'' if look['same'] else '  differs'}")
    return "\n".join([head, *lines])
