"""The program, a second implementation and the stored vectors agree."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from trialwright.randomize import Allocator, Scheme, allocate, commitment

ORACLE = Path(__file__).parents[3] / "oracle"
VECTORS = ORACLE / "allocation_vectors.json"
LISTS = json.loads(VECTORS.read_text(encoding="utf-8"))["lists"]


def scheme_of(entry):
    strata = list(entry["allocated"])
    if strata == ["all"]:
        return Scheme.of(entry["ratio"], entry["block_sizes"])
    parts = [[pair.split("=") for pair in stratum.split("|")] for stratum in strata]
    factors = {name: list(dict.fromkeys(dict(part)[name] for part in parts)) for name, _ in parts[0]}
    return Scheme.of(entry["ratio"], entry["block_sizes"], factors)


def verify(path):
    return subprocess.run(
        [sys.executable, "-I", ORACLE / "verify_allocation.py", path], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("entry", LISTS, ids=lambda entry: entry["list_id"])
def test_allocations_are_the_golden_vectors(entry):
    scheme, key = scheme_of(entry), bytes.fromhex(entry["key"])
    assert scheme.strata == tuple(entry["allocated"])
    assert commitment(key) == entry["commitment"]
    for stratum, arms in entry["allocated"].items():
        pure = [allocate(scheme, key, entry["list_id"], stratum, position).arm for position in range(len(arms))]
        allocator = Allocator(scheme, key, entry["list_id"])
        assert pure == arms
        assert [allocator.next(stratum).arm for _ in arms] == arms


def test_the_vectors_hold_a_list_with_a_rejected_word():
    assert any(entry["list_id"].startswith("rejection") for entry in LISTS)


def test_verifier_accepts_a_list_of_the_program(tmp_path):
    scheme, key = Scheme.of({"A": 2, "B": 1}, [6, 9], {"ecog": ["0", "1"]}), bytes(range(32))
    allocated = {s: [allocate(scheme, key, "x", s, p).arm for p in range(150)] for s in scheme.strata}
    entry = {"key": key.hex(), "commitment": commitment(key), "list_id": "x", "ratio": dict(scheme.ratio)}
    entry |= {"block_sizes": scheme.block_sizes, "allocated": allocated}
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"lists": [entry]}))
    done = verify(path)
    assert (done.returncode, done.stdout) == (0, "1 lists, 300 allocations: all as their keys say\n")


def test_verifier_accepts_the_vectors():
    done = verify(VECTORS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_verifier_finds_a_changed_allocation_and_names_no_arm(tmp_path):
    entry = json.loads(json.dumps(LISTS[1]))
    arms = entry["allocated"]["et=ai|visceral=yes"]
    arms[17] = "B" if arms[17] == "A" else "A"
    path = tmp_path / "changed.json"
    path.write_text(json.dumps({"lists": [entry]}))
    done = verify(path)
    assert done.returncode == 1
    assert done.stdout == "2:1, three sizes: et=ai|visceral=yes: position 17 is not what the key says\n"


def test_verifier_finds_a_foreign_key(tmp_path):
    entry = LISTS[0] | {"commitment": commitment(bytes([1]) * 32)}
    path = tmp_path / "foreign.json"
    path.write_text(json.dumps({"lists": [entry]}))
    assert "commitment" in verify(path).stdout
