"""Sudden death and bad networks: nothing acknowledged is lost, told otherwise, written twice or out of order."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from office_proxy import FAULTS
from office_rounds import Ordeal, Score, misled, prepared
from postgres_server import Cluster
from trial_desk import Desk

KILLS, KILLS_OF_A_CLUSTER = 8, 3
PATIENCE = 300.0


@pytest.fixture(scope="module")
def desk() -> Desk:
    return prepared(60)


def show(score: Score, what: str) -> None:
    """Print the figures, shown with ``pytest -s``."""
    print(
        f"{what}: {score.kills} kills, {score.acknowledged} acknowledged ({score.allocations} allocations), "
        f"{score.retried} asked again after a broken answer, {score.repeated} asked again for nothing, "
        f"{len(score.wrong)} wrong"
    )


def survived(score: Score, kills: int, what: str) -> None:
    show(score, what)
    assert score.wrong == []
    assert score.kills >= kills
    assert score.allocations > 0
    assert score.acknowledged > score.allocations
    assert score.retried > 0


@pytest.mark.requirement("R4", "R32")
def test_the_writer_over_sqlite_is_killed(desk: Desk, tmp_path: Path) -> None:
    ordeal = Ordeal(desk, lambda name: f"sqlite:///{tmp_path / name}.db", tmp_path, seed=1)
    survived(asyncio.run(ordeal.writer_killed(kills=KILLS, seconds=PATIENCE)), KILLS, "writer over SQLite")


@pytest.mark.requirement("R4", "R32")
def test_the_writer_over_postgresql_is_killed(desk: Desk, tmp_path: Path, postgresql: Cluster) -> None:
    ordeal = Ordeal(desk, lambda _: postgresql.database(), tmp_path, seed=2)
    survived(asyncio.run(ordeal.writer_killed(kills=KILLS, seconds=PATIENCE)), KILLS, "writer over PostgreSQL")


@pytest.mark.requirement("R4", "R32")
def test_the_http_server_is_killed(desk: Desk, tmp_path: Path) -> None:
    ordeal = Ordeal(desk, lambda name: f"sqlite:///{tmp_path / name}.db", tmp_path, seed=3, http=True)
    survived(asyncio.run(ordeal.writer_killed(kills=KILLS, seconds=PATIENCE)), KILLS, "HTTP server over SQLite")


@pytest.mark.requirement("R4", "R32")
def test_the_whole_postgresql_cluster_is_killed(desk: Desk, tmp_path: Path, postgresql: Cluster) -> None:
    def kill() -> None:
        postgresql.kill()
        postgresql.start()

    ordeal = Ordeal(desk, lambda _: postgresql.database(), tmp_path, seed=4)
    survived(
        asyncio.run(ordeal.database_killed(kill, kills=KILLS_OF_A_CLUSTER, seconds=PATIENCE)),
        KILLS_OF_A_CLUSTER,
        "PostgreSQL cluster",
    )


@pytest.mark.requirement("R32")
def test_every_third_reply_is_lost_after_the_commit_and_every_retry_is_the_same(desk: Desk, tmp_path: Path) -> None:
    score, proxy = asyncio.run(misled(tmp_path, desk, lambda n: "" if n % 3 else "lose the reply", work=600, seed=5))
    show(score, f"lost replies: {proxy.requests} requests")
    assert score.wrong == []
    assert proxy.done["lose the reply"] >= proxy.requests // 3
    assert score.retried >= 100


def test_a_network_that_misbehaves_in_every_way_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    score, proxy = asyncio.run(
        misled(tmp_path, desk, lambda n: "" if n % 3 else FAULTS[n // 3 % len(FAULTS)], work=600, seed=6)
    )
    show(score, f"{proxy.requests} requests, {dict(proxy.done)}")
    assert score.wrong == []
    assert min(proxy.done[fault] for fault in FAULTS) >= 20
    assert score.allocations == len(desk.state.subjects.records)
