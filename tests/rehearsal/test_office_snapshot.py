"""A whole virtual trial goes through the trial office's commands and comes out as it went in, and is analyzed alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from trialwright.cli.rehearsal import analyze_trial
from trialwright.conduct import Journal, Office, seal_key, snapshot, state_as_of
from trialwright.design import Scenario
from trialwright.protocol import Protocol, Screener, load, protocol_file, read_document
from trialwright.randomize import key_from_seed
from trialwright.records import TABLES, TrialData
from trialwright.server import Hands, ListToUse, load_trial
from trialwright.simulate import trial

TINY = Path(__file__).parents[1] / "studies" / "tiny" / "protocol.yaml"
SEED = 11


class Loaded:
    """A simulated trial, and the office it went through."""

    def __init__(self, study: str, folder: Path) -> None:
        self.protocol: Protocol = load(study)
        scenario = read_document(protocol_file(study).with_name("scenario.yaml"), Scenario)
        self.truth: TrialData = trial(self.protocol, scenario, SEED)
        self.url, hands = f"sqlite:///{folder / 'office.db'}", Hands(datetime(2000, 1, 1, tzinfo=UTC))
        with Office(Journal(self.url), Screener(self.protocol), clock=hands) as office:
            self.commands = load_trial(office, hands, self.truth, self._list(), scenario.candidates.anchors)
            with office.reading() as state:
                self.shown = snapshot(state, self.protocol, virtual=True)
                self.refusals = sum(fact.kind == "refused" for fact in state.receipts.log)
        self.facts = self._facts()

    def _list(self) -> ListToUse:
        name, key = f"{self.protocol.identification.id} virtual", key_from_seed(SEED, 0)
        return ListToUse(name, key, seal_key(key, name, "a passphrase of some length", cost=2**14), places=400)

    def _facts(self) -> list:
        journal = Journal(self.url)
        with journal.reading() as log:
            facts = log.since(0)
        journal.close()
        return facts


@pytest.fixture(scope="module", params=[str(TINY), "palmira"], ids=["tiny", "palmira"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    return Loaded(request.param, tmp_path_factory.mktemp("office"))


def ordered(table: pl.DataFrame, name: str) -> pl.DataFrame:
    return table.sort(TABLES[name].key)


def test_every_table_is_the_simulators_truth(loaded: Loaded) -> None:
    assert loaded.refusals == 0
    for name in TABLES:
        assert ordered(loaded.shown[name], name).equals(ordered(loaded.truth[name], name)), name
    assert loaded.shown["allocations"].equals(loaded.truth["allocations"])


def test_results_are_those_of_the_truth(loaded: Loaded) -> None:
    shown, truth = (analyze_trial(data, loaded.protocol) for data in (loaded.shown, loaded.truth))
    assert shown.cuts == truth.cuts
    assert list(shown.results) == list(truth.results)


@pytest.mark.requirement("R28")
def test_a_snapshot_is_made_again_from_the_facts_written_by_then(loaded: Loaded) -> None:
    on = sorted(loaded.truth["allocations"]["randomized_on"])[len(loaded.truth["allocations"]) // 2]
    then = datetime(on.year, on.month, on.day, 23, 59, tzinfo=UTC)
    state = state_as_of(loaded.facts, then)
    shown = snapshot(state, loaded.protocol, on, virtual=True)
    known = loaded.truth.cut(on)
    assert shown["allocations"].equals(known["allocations"])
    assert ordered(shown["visits"], "visits").equals(ordered(known["visits"], "visits"))
    assert shown.hash == snapshot(state_as_of(loaded.facts, then), loaded.protocol, on, virtual=True).hash
    assert state.seq < len(loaded.facts)


def test_a_cut_off_before_anybody_was_randomized_is_refused(loaded: Loaded) -> None:
    from trialwright.errors import DataError

    with pytest.raises(DataError, match="leaves no patient"):
        snapshot(state_as_of(loaded.facts), loaded.protocol, date(2000, 1, 1))
