"""The office writes every command once, in order, sealed; and says no without a trace but the refusal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import pytest

from trialwright import protocol
from trialwright.conduct import Actor, Ask, Conflict, Context, Fact, Journal, NewFact, Office, Refused, State

SYSTEM = Actor("system")


class Note(Ask):
    """The smallest command there is."""

    action: ClassVar[str] = "system"
    text: str

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        if self.text == "no":
            raise Refused("the answer is no")
        return [NewFact("noted", {"text": self.text, "before": state.seq})]

    def reply(self, facts: Sequence[Fact]) -> dict[str, Any]:
        return {"seq": facts[0].seq}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'office.db'}"


@pytest.fixture
def office(url: str) -> Iterator[Office]:
    with _office(url) as office:
        yield office


def _office(url: str) -> Office:
    return Office(Journal(url), protocol.Screener(protocol.load(protocol.study_file("palmira", "protocol.yaml"))))


def test_many_at_once_are_written_once_each_without_gaps(office: Office) -> None:
    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(lambda k: office.do(Note(text=f"n{k}"), SYSTEM, f"k{k}"), range(300)))
    assert sorted(receipt.facts[0].seq for receipt in receipts) == list(range(1, 301))
    assert all(receipt.facts[0].body["before"] == receipt.facts[0].seq - 1 for receipt in receipts)


def test_the_same_key_gives_the_same_answer_also_after_a_restart(office: Office, url: str) -> None:
    first = office.do(Note(text="once"), SYSTEM, "k")
    again = office.do(Note(text="once"), SYSTEM, "k")
    assert (again.reply, again.repeated) == (first.reply, True)
    office.close()
    with _office(url) as reopened:
        assert reopened.do(Note(text="once"), SYSTEM, "k").facts == first.facts


def test_a_key_used_for_something_else_is_refused(office: Office) -> None:
    office.do(Note(text="once"), SYSTEM, "k")
    with pytest.raises(Conflict, match="another request"):
        office.do(Note(text="other"), SYSTEM, "k")


def test_a_refusal_is_written_down_and_binds_no_key(office: Office) -> None:
    for _ in range(2):
        with pytest.raises(Refused, match="the answer is no"):
            office.do(Note(text="no"), SYSTEM, "k")
    with office.reading() as state:
        assert state.seq == 2
        assert "k" not in state.receipts.facts
