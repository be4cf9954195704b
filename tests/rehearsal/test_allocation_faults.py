"""The allocation service under faults: sound on every database; sixteen planted faults and four patterns are found."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from allocation_mutants import MUTANTS, Mutant
from allocation_rivals import Contest, CountModulo, ReadThenSave, RedoOn409, SkipLocked, TheOffice, plain_subjects
from allocation_world import LIVER, Memory, World, complaints
from postgres_server import Cluster

from trialwright.conduct import SetCap


@pytest.mark.requirement("R32")
def test_the_office_is_sound_under_every_fault(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, url=database_url)
    assert complaints(world) == []
    allocated = [fact for fact in world.facts() if fact.kind == "allocated"]
    assert len(allocated) > 35
    assert any("no place left" in text for text in world.texts)
    assert any(len(answers) > 1 for answers in world.acknowledged.values())


def test_the_database_without_constraints_is_no_fault_of_its_own(tmp_path: Path) -> None:
    """Otherwise it would be the stand-in that the planted faults are found by."""
    assert complaints(World(tmp_path, Memory())) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.number}-{mutant.what}")
@pytest.mark.requirement("R32")
def test_a_planted_fault_is_found(mutant: Mutant, tmp_path: Path) -> None:
    world = World(tmp_path, mutant.memory() if mutant.memory else None)
    found = {complaint.split(":")[0] for complaint in complaints(world, mutant.plant(world))}
    assert found & mutant.killed_by, f"mutant {mutant.number} survived; complaints: {sorted(found)}"


def test_there_are_sixteen_planted_faults() -> None:
    assert [mutant.number for mutant in MUTANTS] == list(range(1, 17))


@pytest.mark.requirement("R32")
def test_of_fifty_at_once_ten_get_the_last_ten_places(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, url=database_url)
    world.start()
    world.open(places=60)
    subjects = world.patients(50, LIVER)
    world.do(SetCap(scope="study", most=10))
    requests = [world.request(subject) for subject in subjects]
    barrier = threading.Barrier(50)

    def press(number: int) -> Any:
        barrier.wait()
        return world.ask(requests[number], f"key {subjects[number]}")

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(press, range(50)))
    world.stop()
    assert sum(answer is not None for answer in answers) == 10
    refusals = [text for text in world.texts if "the cap of 10 patients in study is reached" in text]
    assert len(refusals) == 40
    assert world.judge() == []


def test_the_office_stands_the_contest_in_two_processes(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, url=database_url)
    office = TheOffice(world)
    contest = Contest(office)
    assert contest.run(office.prepare()) == []
    world.stop()
    assert world.judge() == []
    assert len(contest.history) > 60


def test_reading_then_saving_without_a_lock_loses_patients(tmp_path: Path) -> None:
    found = Contest(ReadThenSave(tmp_path)).run(plain_subjects())
    assert any(complaint.startswith("acknowledged and lost") for complaint in found), found


def test_skipping_locked_rows_leaves_the_order_of_the_list(postgresql: Cluster) -> None:
    found = Contest(SkipLocked(postgresql.database())).run(plain_subjects())
    assert any(complaint.startswith("out of the list's order") for complaint in found), found


def test_counting_members_modulo_the_length_uses_places_again() -> None:
    found = Contest(CountModulo()).run(plain_subjects())
    assert any(complaint.startswith("place given twice") for complaint in found), found
    assert any(complaint.startswith("went on after the list's end") for complaint in found), found


def test_a_conflict_for_a_repeated_request_is_another_answer() -> None:
    found = Contest(RedoOn409()).run(plain_subjects())
    assert [complaint.partition(":")[0] for complaint in found] == ["asking again answered otherwise"]
