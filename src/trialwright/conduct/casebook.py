"""The casebook of one subject: all its data at once, and the hash that a signature under them is bound to."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from trialwright.conduct.eligibility import content_hash
from trialwright.conduct.facts import canonical

if TYPE_CHECKING:
    from trialwright.conduct.cleaning import Signature
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject

__all__ = ["casebook_hash", "signature_of"]


def casebook_hash(state: State, record: Subject) -> str:
    """Return the SHA-256 of all that is recorded of a subject now; any change gives another one."""
    tables: dict[str, list[Any]] = {}
    for table, rows in sorted(state.rows.by_subject.get(record.id, {}).items()):
        kept = sorted((row for row in rows if not row.struck), key=lambda row: row.id.key)
        tables[table] = [[row.id.key, dict(row.now.values or {}), dict(row.now.without)] for row in kept]
    content = {
        "eligibility": content_hash(record),
        "allocation": record.allocated.hash if record.allocated else None,
        "withdrawals": [[one.level, one.on.isoformat(), one.reason] for one in record.withdrawals],
        "rows": tables,
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def signature_of(state: State, record: Subject) -> Signature | None:
    """Return the signature in force under a subject's casebook; None when there is none or the data changed since."""
    signed = state.cleaning.signatures.get(record.id, ())
    if not signed or signed[-1].content_hash != casebook_hash(state, record):
        return None
    return signed[-1]
