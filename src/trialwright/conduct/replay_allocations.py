"""Second implementation of the allocation, standard library alone: python replay_allocations.py FACTS.jsonl KEYS.json.

FACTS holds one fact a line, KEYS {list: key in hex, or path of the imported CSV}. Exit code 0 when each allocation is
the one its list says, 1 otherwise. Written from the description of the method, not from the program; no arm is printed.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, var-annotated"
import csv
import hashlib
import hmac
import json
import sys
from pathlib import Path


def _words(key, *where):
    for digests in range(1 << 32):
        texts = [str(part).encode() for part in ("trialwright allocation 1", *where, digests)]
        told = b"".join(len(text).to_bytes(4, "big") + text for text in texts)
        digest = hmac.new(key, told, "sha256").digest()
        yield from (int.from_bytes(digest[i : i + 2], "big") for i in range(0, 32, 2))


def _below(bound, words):
    return next(word for word in words if word // bound < 65536 // bound) % bound


def _block(scheme, words):
    sizes, ratio = sorted(scheme["block_sizes"]), scheme["ratio"]
    size = sizes[_below(len(sizes), words)]
    arms = [arm for arm in sorted(ratio) for _ in range(ratio[arm] * size // sum(ratio.values()))]
    for last in reversed(range(1, size)):
        other = _below(last + 1, words)
        arms[last], arms[other] = arms[other], arms[last]
    return arms


def _arms(made, stratum, length, given):
    if "rows" in made:
        content = Path(given).read_bytes()
        assert hashlib.sha256(content).hexdigest() == made["sha256"], "the file is not the one imported"
        return [row["arm"] for row in csv.DictReader(content.decode().splitlines()) if row["stratum"] == stratum]
    key, found, number = bytes.fromhex(given), [], 0
    assert hashlib.sha256(key).hexdigest() == made["commitment"], "the key is not the one sealed"
    while len(found) < length:
        found, number = found + _block(made["scheme"], _words(key, made["list"], stratum, number)), number + 1
    return found


def faults(facts, keys):
    """Yield what is wrong with the allocations among facts given as dictionaries."""
    bodies = [(fact, json.loads(fact["text"])) for fact in facts if fact.get("text")]
    lists = {body["list"]: body for fact, body in bodies if fact["kind"] in ("list sealed", "list imported")}
    given = [(fact, body) for fact, body in bodies if fact["kind"] == "allocated"]
    longest = {}
    for _, body in given:
        where = body["list"], body["stratum"]
        longest[where] = max(longest.get(where, 0), body["position"] + 1)
    arms = {where: _arms(lists[where[0]], where[1], most, keys[where[0]]) for where, most in longest.items()}
    for fact, body in given:
        if arms[body["list"], body["stratum"]][body["position"]] != body["arm"]:
            yield f"fact {fact['seq']}: {fact['subject']} is not at the place its list says"


if __name__ == "__main__":
    lines = [json.loads(line) for line in Path(sys.argv[1]).read_text("utf-8").split("\n") if line]
    wrong = list(faults(lines, json.loads(Path(sys.argv[2]).read_text("utf-8"))))
    print("\n".join(wrong) or "all allocations are as their lists say")  # noqa: T201
    sys.exit(1 if wrong else 0)
