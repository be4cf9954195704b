"""What must always hold of the log as such: the chain, keys, mail, generations, time, and what was acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from trialwright.conduct.evidence import Broken, Check, Evidence
from trialwright.conduct.facts import GENESIS, digest_of, hash_of

__all__ = ["LOG"]


def acknowledged_is_present(evidence: Evidence) -> Iterator[Broken]:
    """INV6: whatever a client was told is in the log, with that arm."""
    written = {fact.key: (fact, body) for fact, body in evidence.of("allocated")}
    keys = {fact.key for fact in evidence.facts}
    for key, replies in evidence.acknowledged.items():
        if key not in keys:
            yield Broken(0, "INV6", f"the request with key {key!r} was acknowledged and is not in the log")
        elif key in written:
            fact, body = written[key]
            if any(reply.get("arm", body["arm"]) != body["arm"] for reply in replies):
                yield Broken(
                    fact.seq, "INV6", f"the request with key {key!r} was answered otherwise than it is written"
                )


def one_key_one_request(evidence: Evidence) -> Iterator[Broken]:
    """INV7: all facts of one key are of one request, one after another; every answer to it was the same."""
    first: dict[str, tuple[int, str, str]] = {}
    parts: Counter[str] = Counter()
    for fact in evidence.facts:
        begun, request, author = first.setdefault(fact.key, (fact.seq, fact.request, fact.author))
        if (fact.seq, fact.part, fact.request, fact.author) != (
            begun + parts[fact.key],
            parts[fact.key],
            request,
            author,
        ):
            yield Broken(fact.seq, "INV7", f"key {fact.key!r} was used for more than one request")
        parts[fact.key] += 1
    for key, replies in evidence.acknowledged.items():
        if any(reply != replies[0] for reply in replies):
            yield Broken(
                first.get(key, (0, "", ""))[0], "INV7", f"asking again with key {key!r} was answered otherwise"
            )


def chain_is_whole(evidence: Evidence) -> Iterator[Broken]:
    """INV10: sequence without gaps, every digest and seal right, each fact bound to the one before."""
    before = GENESIS
    for place, fact in enumerate(evidence.facts, 1):
        if fact.seq != place:
            yield Broken(fact.seq, "INV10", f"fact {place} is missing, twice or out of order")
            return
        if fact.text is not None and digest_of(fact.salt, fact.text) != fact.digest:
            yield Broken(fact.seq, "INV10", "the body is not the one that was sealed")
        if hash_of(fact) != fact.hash:
            yield Broken(fact.seq, "INV10", "a column is not as it was sealed")
        if fact.previous != before:
            yield Broken(fact.seq, "INV10", "it is not bound to the fact before it")
        before = fact.hash


def one_mail_each(evidence: Evidence) -> Iterator[Broken]:
    """INV11: one mail for each allocation, to the subject's own site, queued with it; each sent at most once."""
    mails = Counter(
        (fact.key, fact.subject, body["to"])
        for fact, body in evidence.of("mail queued")
        if body.get("about") == "allocation"
    )
    for fact, _ in evidence.of("allocated"):
        if mails.pop((fact.key, fact.subject, f"site:{fact.site}"), 0) != 1:
            yield Broken(fact.seq, "INV11", f"the allocation of {fact.subject} has not one mail to its site")
    for _, subject, _ in mails:
        yield Broken(0, "INV11", f"there is a mail on {subject} without its allocation")
    for seq, times in Counter(body["seq"] for _, body in evidence.of("mail sent")).items():
        if times > 1:
            yield Broken(seq, "INV11", "the mail is noted as sent more than once")


def generations_grow(evidence: Evidence) -> Iterator[Broken]:
    """INV14: the number of the generation only grows."""
    last = 0
    for fact, body in evidence.of("office founded", "generation begun"):
        if body["generation"] <= last:
            yield Broken(fact.seq, "INV14", f"generation {body['generation']} begins after generation {last}")
        last = max(last, body["generation"])


def time_goes_on(evidence: Evidence) -> Iterator[Broken]:
    """INV15: instants are UTC, and none is before that of the fact before."""
    last = ""
    for fact in evidence.facts:
        if not fact.at.endswith("Z"):
            yield Broken(fact.seq, "INV15", f"the instant {fact.at} is not in UTC")
        if fact.at < last:
            yield Broken(fact.seq, "INV15", f"it was written at {fact.at}, before the fact before it at {last}")
        last = max(last, fact.at)


def archive_is_the_log(evidence: Evidence) -> Iterator[Broken]:
    """INV20: the archive holds the same facts, so that whoever verifies it comes to the same verdict."""
    if evidence.archive is None:
        return
    for live, kept in zip(evidence.facts, evidence.archive, strict=False):
        if live != kept:
            yield Broken(live.seq, "INV20", "the archive holds it otherwise")
            return
    if len(evidence.facts) != len(evidence.archive):
        yield Broken(0, "INV20", f"the archive holds {len(evidence.archive)} facts, the log {len(evidence.facts)}")


LOG: dict[str, Check] = {
    "INV6": acknowledged_is_present,
    "INV7": one_key_one_request,
    "INV10": chain_is_whole,
    "INV11": one_mail_each,
    "INV14": generations_grow,
    "INV15": time_goes_on,
    "INV20": archive_is_the_log,
}
