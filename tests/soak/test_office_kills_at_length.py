"""A thousand sudden deaths of the office, two hundred of its database, and a hundred thousand lost replies."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from office_proxy import FAULTS
from office_rounds import Ordeal, Score, misled, prepared
from postgres_server import NOWHERE, Cluster, cluster, programs
from trial_desk import Desk

from trialwright.conduct import Journal, verify_facts

pytestmark = pytest.mark.soak
FOREVER = 24 * 3600.0


@pytest.fixture(scope="module")
def desk() -> Desk:
    return prepared(60)


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    if programs() is None:
        pytest.skip(NOWHERE)
    with cluster() as running:
        yield running


def told(score: Score, what: str) -> None:
    print(f"\n{what}: {score.kills} kills, {score.acknowledged} acknowledged, {score.allocations} allocations, "
          f"{score.retried} asked again, {len(score.wrong)} wrong")  # fmt: skip
    assert score.wrong == []


@pytest.mark.parametrize("http", [False, True], ids=["writer", "HTTP server"])
def test_a_thousand_deaths_over_sqlite(desk: Desk, tmp_path: Path, http: bool) -> None:
    ordeal = Ordeal(desk, lambda name: f"sqlite:///{tmp_path / name}.db", tmp_path, seed=11, http=http)
    score = asyncio.run(ordeal.writer_killed(kills=1000, seconds=FOREVER))
    told(score, "HTTP server over SQLite" if http else "writer over SQLite")
    assert score.kills == 1000


def test_a_thousand_deaths_over_postgresql(desk: Desk, tmp_path: Path, server: Cluster) -> None:
    ordeal = Ordeal(desk, lambda _: server.database(), tmp_path, seed=12)
    told(asyncio.run(ordeal.writer_killed(kills=1000, seconds=FOREVER)), "writer over PostgreSQL")


def test_two_hundred_deaths_of_the_whole_cluster(desk: Desk, tmp_path: Path, server: Cluster) -> None:
    def kill() -> None:
        server.kill()
        server.start()

    ordeal = Ordeal(desk, lambda _: server.database(), tmp_path, seed=13)
    score = asyncio.run(ordeal.database_killed(kill, kills=200, seconds=FOREVER))
    told(score, "PostgreSQL cluster")
    assert score.kills == 200


MISLED: dict[str, Callable[[int], str]] = {
    "lost replies": lambda n: "" if n % 3 else "lose the reply",
    "every fault": lambda n: "" if n % 3 else FAULTS[n // 3 % len(FAULTS)],
}


@pytest.mark.parametrize("network", MISLED)
def test_a_hundred_thousand_requests_through_a_bad_network(desk: Desk, tmp_path: Path, network: str) -> None:
    total, done = Score(), 0
    for turn in range(10):
        folder = tmp_path / str(turn)
        folder.mkdir()
        score, proxy = asyncio.run(misled(folder, desk, MISLED[network], work=7_000, seed=turn))
        total, done = total + score, done + proxy.requests
    told(total, f"{network}: {done} requests")
    assert done >= 100_000 or network == "every fault"


def test_five_hundred_copies_of_a_write_ahead_log_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "office.db"
    journal, facts = Journal(f"sqlite:///{path}"), prepared(10).facts
    for fact in facts:
        with journal.transaction() as log:
            log.append([fact])
    acknowledged = [fact.hash for fact in facts]
    main, wal = path.read_bytes(), path.with_name("office.db-wal").read_bytes()
    journal.close()
    lengths: set[int] = set()
    cuts = [len(wal) * cut // 500 for cut in range(500)]
    for cut in cuts:
        copy = tmp_path / "copy.db"
        copy.write_bytes(main)
        copy.with_name("copy.db-wal").write_bytes(wal[:cut])
        with closing(sqlite3.connect(copy)) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            there = opened.execute("SELECT count(*) FROM sqlite_master WHERE name = 'facts_insert'").fetchone()[0]
        if there:
            again = Journal(f"sqlite:///{copy}")
            with again.reading() as log:
                kept = log.since(0)
            again.close()
            assert verify_facts(kept).is_good
            assert [fact.hash for fact in kept] == acknowledged[: len(kept)]
            lengths.add(len(kept))
        for ending in ("", "-wal", "-shm"):
            copy.with_name(f"copy.db{ending}").unlink(missing_ok=True)
    assert len(lengths) > 50
