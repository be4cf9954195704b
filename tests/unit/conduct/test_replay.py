"""A second implementation of the allocation, standard library alone, agrees with the office fact by fact."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from trial_desk import Desk, asked, candidate, open_sites, running, seal, sealed_key

import trialwright.conduct
from trialwright.conduct import ActivateList, ImportList
from trialwright.conduct.replay_allocations import faults
from trialwright.randomize import generate_list, list_csv, scheme

SCRIPT = Path(trialwright.conduct.__file__).with_name("replay_allocations.py")
VECTORS = Path(__file__).parents[3] / "oracle" / "allocation_vectors.json"


def plain(desk: Desk) -> list[dict[str, Any]]:
    return [asdict(fact) for fact in desk.facts]


def run(folder: Path, facts: list[dict[str, Any]], keys: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (folder / "facts.jsonl").write_text("".join(json.dumps(fact) + "\n" for fact in facts))
    (folder / "keys.json").write_text(json.dumps(keys))
    command = [sys.executable, "-I", str(SCRIPT), str(folder / "facts.jsonl"), str(folder / "keys.json")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def desk() -> Desk:
    desk = running(places=7)
    for _ in range(7):
        desk.ask(asked(desk, candidate(desk)))
    seal(desk, "further", 30)
    for _ in range(12):
        desk.ask(asked(desk, candidate(desk)))
        desk.ask(asked(desk, candidate(desk, "S2", lesions=[])))
    return desk


KEYS = {name: sealed_key(name)[0].hex() for name in ("central", "further")}


@pytest.mark.requirement("R29")
def test_every_allocation_of_the_office_is_replayed(desk: Desk, tmp_path: Path) -> None:
    done = run(tmp_path, plain(desk), KEYS)
    assert (done.returncode, done.stdout) == (0, "all allocations are as their lists say\n")
    assert sum(fact.kind == "allocated" for fact in desk.facts) == 31


def test_one_changed_allocation_is_found_by_number_and_no_arm_is_named(desk: Desk, tmp_path: Path) -> None:
    facts = plain(desk)
    fact = [fact for fact in facts if fact["kind"] == "allocated"][20]
    body = json.loads(fact["text"])
    body["arm"] = ({"new", "standard"} - {body["arm"]}).pop()
    fact["text"] = json.dumps(body)
    done = run(tmp_path, facts, KEYS)
    assert done.returncode == 1
    assert done.stdout == f"fact {fact['seq']}: {fact['subject']} is not at the place its list says\n"


def test_a_key_that_was_not_sealed_is_refused(desk: Desk) -> None:
    with pytest.raises(AssertionError, match="not the one sealed"):
        list(faults(plain(desk), KEYS | {"further": "00" * 32}))


def test_an_imported_list_is_replayed_from_the_file_of_its_hash(tmp_path: Path) -> None:
    desk = Desk()
    open_sites(desk, "S1")
    key, held = sealed_key("paper", 1)
    content = list_csv(generate_list(scheme(desk.screener.protocol), sealed_key("paper", 2)[0], "paper", 6))
    told = desk.reply(
        ImportList(list="paper", sealed=held, content=b64encode(content).decode(), key=key.hex()), "ann"
    )  # fmt: skip
    desk.keys = desk.keys.with_list("paper", key)
    desk.ask(ActivateList(list="paper", sha256=told["sha256"]), "bob")
    for _ in range(6):
        desk.ask(asked(desk, candidate(desk)))
    (tmp_path / "paper.csv").write_bytes(content)
    assert list(faults(plain(desk), {"paper": str(tmp_path / "paper.csv")})) == []
    (tmp_path / "paper.csv").write_bytes(content + b"\n")
    with pytest.raises(AssertionError, match="not the one imported"):
        list(faults(plain(desk), {"paper": str(tmp_path / "paper.csv")}))


@pytest.mark.parametrize("entry", json.loads(VECTORS.read_text("utf-8"))["lists"], ids=lambda entry: entry["list_id"])
@pytest.mark.requirement("R29")
def test_the_golden_vectors_hold_for_it_too(entry: dict[str, Any]) -> None:
    made = {
        "list": entry["list_id"],
        "commitment": entry["commitment"],
        "scheme": {"ratio": entry["ratio"], "block_sizes": entry["block_sizes"]},
    }
    facts = [{"seq": 0, "kind": "list sealed", "subject": None, "text": json.dumps(made)}]
    for stratum, arms in entry["allocated"].items():
        for position, arm in enumerate(arms):
            body = {"list": entry["list_id"], "stratum": stratum, "position": position, "arm": arm}
            facts.append({"seq": len(facts), "kind": "allocated", "subject": "x", "text": json.dumps(body)})
    assert len(facts) > 30
    assert list(faults(facts, {entry["list_id"]: entry["key"]})) == []
