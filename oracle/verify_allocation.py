"""Second implementation of the allocation, with Python's standard library alone: python verify_allocation.py FILE.

FILE is JSON: {"lists": [{"key", "commitment", "list_id", "ratio": {group: share}, "block_sizes": [..], "allocated":
{stratum: [group, ...]}}]}, the key in hex, groups in order of position. Written from the description of the method, not
from the program: exit code 0 when every list is as its key says, 1 with the first differing position of each otherwise.
"""

import hashlib
import json
import sys

BLOCK, WORD = 64, 2  # bytes of a SHA-256 input block (RFC 2104) and of one random word


def hmac_sha256(key, message):
    padded = key.ljust(BLOCK, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in padded) + message).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in padded) + inner).digest()


def message(*fields):
    texts = [str(field).encode("utf-8") for field in fields]
    return b"".join(len(text).to_bytes(4, "big") + text for text in texts)


class Words:
    """Sixteen-bit words of one block; a word that would favor small numbers is passed over."""

    def __init__(self, key, *where):
        self.key, self.where, self.digests, self.bytes, self.rejected = key, where, 0, b"", 0

    def word(self):
        if not self.bytes:
            self.bytes = hmac_sha256(self.key, message("trialwright allocation 1", *self.where, self.digests))
            self.digests += 1
        first, self.bytes = self.bytes[:WORD], self.bytes[WORD:]
        return int.from_bytes(first, "big")

    def below(self, bound):
        while (word := self.word()) // bound >= 65536 // bound:
            self.rejected += 1
        return word % bound


def fill(block_sizes, ratio, words):
    sizes = sorted(block_sizes)
    size = sizes[words.below(len(sizes))]
    groups = [group for group in sorted(ratio) for _ in range(ratio[group] * size // sum(ratio.values()))]
    for last in reversed(range(1, size)):
        chosen = words.below(last + 1)
        groups[last], groups[chosen] = groups[chosen], groups[last]
    return groups


def sequence(entry, stratum, length):
    key, found, number = bytes.fromhex(entry["key"]), [], 0
    while len(found) < length:
        words = Words(key, entry["list_id"], stratum, number)
        found += fill(entry["block_sizes"], entry["ratio"], words)
        number += 1
    return found[:length]


def faults(entry):
    if hashlib.sha256(bytes.fromhex(entry["key"])).hexdigest() != entry["commitment"]:
        yield f"{entry['list_id']}: the commitment does not belong to the key"
    for stratum, given in entry["allocated"].items():
        for position, pair in enumerate(zip(given, sequence(entry, stratum, len(given)), strict=True)):
            if pair[0] != pair[1]:
                yield f"{entry['list_id']}: {stratum}: position {position} is not what the key says"
                break


def main(path):
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        lists = json.load(file)["lists"]
    found = [fault for entry in lists for fault in faults(entry)]
    checked = sum(len(given) for entry in lists for given in entry["allocated"].values())
    print("\n".join(found) or f"{len(lists)} lists, {checked} allocations: all as their keys say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
