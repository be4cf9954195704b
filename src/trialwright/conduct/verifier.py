"""Verify the log of a trial office with the standard library alone: python verifier.py FILE [KEYS.json].

FILE is an SQLite archive with a table ``facts``, or JSON lines with one fact each. Every fact is sealed by the SHA-256
of its columns, its body through a salted digest, and names the seal of the fact before. With KEYS, as
replay_allocations.py beside this file wants them, every allocation is worked out again. Exit code 0 when all is well.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, var-annotated"
import hashlib
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

SEALED = ("seq", "at", "author", "role", "key", "part", "request", "kind", "site", "subject", "digest", "previous")
COLUMNS = (*SEALED, "text", "salt", "hash")


def read(path):
    """Return the facts of a file as dictionaries, in order."""
    if Path(path).read_bytes()[:13] == b"SQLite format":
        with closing(sqlite3.connect(path)) as archive:
            rows = archive.execute(f"SELECT {', '.join(COLUMNS)} FROM facts ORDER BY seq").fetchall()
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    entries = [json.loads(line) for line in Path(path).read_text("utf-8").split("\n") if line.endswith("}")]
    return [entry for entry in entries if "seq" in entry]


def problems(facts):
    """Yield sequence number and reason of what is wrong; after a gap nothing more can be said."""
    before = "0" * 64
    redacting = [(fact["seq"], fact["text"] or "") for fact in facts if fact["kind"] == "redacted"]
    for place, fact in enumerate(facts, 1):
        seq, columns = fact["seq"], [fact[name] for name in SEALED]
        if seq != place:
            yield seq, f"fact {place} is missing, twice or out of order"
            return
        if fact["text"] is None and not any(later > seq and why.endswith(f'"seq":{seq}}}') for later, why in redacting):
            yield seq, "the body is gone and no later fact redacts it"
        if fact["text"] is not None and _sha256(f"{fact['salt']}{fact['text']}") != fact["digest"]:
            yield seq, "the body is not the one that was sealed"
        if _sha256(json.dumps(columns, ensure_ascii=False, separators=(",", ":"))) != fact["hash"]:
            yield seq, "a column is not as it was sealed"
        if fact["previous"] != before:
            yield seq, "it is not bound to the fact before it"
        before = fact["hash"]


def _sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    log = read(sys.argv[1])
    found = [f"fact {seq}: {why}" for seq, why in problems(log)]
    if sys.argv[2:] and not found:
        found += __import__("replay_allocations").faults(log, json.loads(Path(sys.argv[2]).read_text("utf-8")))
    print("\n".join(found) or f"{len(log)} facts as sealed; last {log[-1]['hash'] if log else None}")  # noqa: T201
    sys.exit(1 if found else 0)
