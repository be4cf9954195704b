"""Writes allocation_vectors.json with the second implementation: python oracle/make_allocation_vectors.py."""

import hashlib
import json
from itertools import count
from pathlib import Path

from verify_allocation import Words, fill, sequence

KEY = hashlib.sha256(b"golden vectors").hexdigest()
FOUR = [f"et={therapy}|visceral={answer}" for therapy in ("ai", "fulvestrant") for answer in ("no", "yes")]


def entry(list_id, key, plan, strata, length):
    made = {"key": key, "commitment": hashlib.sha256(bytes.fromhex(key)).hexdigest(), "list_id": list_id}
    made |= dict(zip(("ratio", "block_sizes"), plan, strict=True))
    return made | {"allocated": {stratum: sequence(made, stratum, length) for stratum in strata}}


def throws_away_a_word(list_id, ratio, block_sizes, length):
    """One block in about five thousand does; without such a list the rejection would go untested."""
    rejected = filled = block = 0
    while filled < length:
        words = Words(bytes.fromhex(KEY), list_id, "all", block)
        filled += len(fill(block_sizes, ratio, words))
        rejected += words.rejected
        block += 1
    return rejected > 0


def main():
    ratio, sizes = {"A": 2, "B": 1}, [6, 9]
    rare = next(name for i in count() if throws_away_a_word(name := f"rejection {i}", ratio, sizes, 36))
    lists = [
        entry("zero key", bytes(32).hex(), (ratio, [3, 6]), ["all"], 30),
        entry("2:1, three sizes", KEY, (ratio, [3, 6, 9]), FOUR, 60),
        entry("1:1, one size", KEY, ({"B": 1, "A": 1}, [4]), ["all"], 40),
        entry("3:2:1", KEY, ({"low": 1, "mid": 2, "high": 3}, [12, 6]), ["site=ES-01", "site=Łódź"], 48),
        entry("long blocks", KEY, ({"A": 20, "B": 20}, [40]), ["all"], 80),
        entry(rare, KEY, (ratio, sizes), ["all"], 36),
    ]
    text = ",\n".join(json.dumps(made, ensure_ascii=False) for made in lists)
    Path(__file__).with_name("allocation_vectors.json").write_text(f'{{"lists": [\n{text}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
