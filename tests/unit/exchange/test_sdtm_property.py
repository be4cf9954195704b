"""Any simulated trial comes back from SDTM as it went, whatever its seed, its cut-off and the order of its rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import polars as pl
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from trialwright.cli import rehearsal
from trialwright.exchange import NOT_IN_SDTM, sdtm, settings_of, trial_data
from trialwright.records import TABLES, TrialData
from trialwright.simulate import trial

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"
HELD = [name for name in TABLES if NOT_IN_SDTM.get(name) != ()]

QUICK = (Phase.explicit, Phase.generate)
"""A trial takes a second to simulate: a failing seed is reported as it is, not made smaller."""


@lru_cache
def study() -> rehearsal.Study:
    return rehearsal.read_study(str(TINY), None, None)


def canonical(data: TrialData, table: str) -> pl.DataFrame:
    frame = data[table].drop(NOT_IN_SDTM.get(table, ()))
    if table == "adverse_events":
        told = {
            "verbatim": pl.coalesce("verbatim", "term"),
            "started_as": pl.coalesce("started_as", pl.col("started_on").cast(pl.String)),
            "ended_as": pl.coalesce("ended_as", pl.col("ended_on").cast(pl.String)),
        }
        frame = frame.with_columns(**told)
    return frame.sort(TABLES[table].key)


def differing(data: TrialData) -> list[str]:
    again, _ = trial_data(sdtm(data, study().protocol), settings_of(study().protocol))
    return [name for name in HELD if not canonical(data, name).equals(canonical(again, name))]


@settings(max_examples=6, deadline=None, phases=QUICK)
@given(seed=st.integers(0, 10**6), days=st.integers(30, 2000))
def test_a_simulated_trial_comes_back_the_same(seed: int, days: int) -> None:
    whole = trial(study().protocol, study().scenario, seed)
    first = whole["allocations"]["randomized_on"].min()
    assert isinstance(first, date)
    assert differing(whole) == []
    assert differing(whole.cut(first + timedelta(days))) == []


@settings(max_examples=3, deadline=None, phases=QUICK)
@given(seed=st.integers(0, 10**6), shuffle=st.integers(0, 100))
def test_the_order_of_rows_never_matters(seed: int, shuffle: int) -> None:
    protocol = study().protocol
    written = sdtm(trial(protocol, study().scenario, seed), protocol)
    mixed = {
        name: replace(one, rows=one.rows.sample(fraction=1, shuffle=True, seed=shuffle))
        for name, one in written.items()
    }
    one, _ = trial_data(written, settings_of(protocol))
    other, _ = trial_data(mixed, settings_of(protocol))
    assert [name for name in HELD if not canonical(one, name).equals(canonical(other, name))] == []
