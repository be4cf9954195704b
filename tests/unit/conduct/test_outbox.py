"""Every allocation queues one mail; what waits is sent in order, and what was sent is noted once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from allocation_world import World

from trialwright.conduct import Evidence, Mail, broken, send_mail


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.start()
    world.open()
    for subject in world.patients(4):
        world.ask(world.request(subject), f"key {subject}")
    yield world
    world.stop()


def test_all_mail_goes_once_in_the_order_of_the_allocations(world: World) -> None:
    sent: list[Mail] = []
    assert send_mail(world.offices[0], sent.append) == 4
    assert send_mail(world.offices[0], sent.append) == 0
    allocated = [fact for fact in world.facts() if fact.kind == "allocated"]
    assert [mail.to for mail in sent] == [f"site:{fact.site}" for fact in allocated]
    for mail, fact in zip(sent, allocated, strict=True):
        assert str(fact.subject) in mail.subject_line
        assert fact.body["arm_label"] in mail.text
    assert broken(Evidence(world.facts()), "INV11") == []


def test_a_mailbox_that_fails_keeps_the_rest_waiting(world: World) -> None:
    sent: list[Mail] = []

    def failing(mail: Mail) -> None:
        if len(sent) == 2:
            raise ConnectionError("no mail server")
        sent.append(mail)

    with pytest.raises(ConnectionError):
        send_mail(world.offices[0], failing)
    world.restart()
    assert send_mail(world.offices[0], sent.append) == 2
    assert len({mail.id for mail in sent}) == 4


def test_a_mail_sent_but_not_noted_comes_again_under_the_same_number(world: World) -> None:
    """The process ends between sending and noting: a copy too many, known by its number."""
    sent: list[Mail] = []
    world.crashes["before_commit"] = 1
    with pytest.raises(Exception, match="cannot write now"):
        send_mail(world.offices[0], sent.append)
    world.restart()
    send_mail(world.offices[0], sent.append)
    assert [mail.id for mail in sent[:1]] == [mail.id for mail in sent[1:2]]
    assert len({mail.id for mail in sent}) == 4
    assert broken(Evidence(world.facts()), "INV11") == []
