"""A request's wish for a data connection: who hears of its end, and how its place is used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from appproxy.connector.tunnel.attachment import DataAttachment, look_at
from appproxy.errors import Code
from appproxy.tunnel.shares import SLOW_RATE, SLOW_SECONDS_OVER, FairQueue, hardly_moves


@dataclass
class Owner:
    """Notes what it hears."""

    heard: list[object] = field(default_factory=list)

    def attachment_failed(self, attachment: DataAttachment, code: Code) -> None:
        self.heard.append(code)

    def attachment_over(self, attachment: DataAttachment) -> None:
        self.heard.append("over")

    def give_way(self) -> None:
        self.heard.append("give way")


@dataclass
class Side:
    """A body, or an answer."""

    received: int = 0
    sent: int = 0
    begun: bool = True
    waits_for_user: bool = False


@dataclass
class Gate:
    held: bool = False


@dataclass
class Connection:
    read_gate: Gate = field(default_factory=Gate)


def wish(owner: Owner | None = None, body: Side | None = None, answer: Side | None = None, share: bytes = b"ann") -> Any:
    return DataAttachment(owner or Owner(), 7, body, answer, share)  # type: ignore[arg-type]


def test_its_owner_hears_once_that_it_failed() -> None:
    """And nothing more when it was given up before."""
    owner = Owner()
    attachment = wish(owner)
    attachment.failed(Code.CONNECTOR_BUSY)
    attachment.failed(Code.CONNECTOR_LOST)
    assert owner.heard == [Code.CONNECTOR_BUSY]
    given_up = wish(owner := Owner())
    given_up.forget()
    given_up.failed(Code.CONNECTOR_LOST)
    assert owner.heard == []
    assert given_up.holder is owner  # it is still the one to say that its place is needed


@pytest.mark.parametrize("end", [lambda one: one.forget(), lambda one: one.failed(Code.CANCELLED)])
def test_one_that_is_over_waits_for_no_connection(end: Any) -> None:
    """It leaves the queue, and the next one of its user is next."""
    queue: FairQueue[bytes, DataAttachment] = FairQueue()
    first, second = wish(), wish()
    for one in (first, second):
        queue.push(one.share, one)
        one.queue = queue
    end(first)
    assert first.queue is None and len(queue) == 1
    end(second)
    assert len(queue) == 0


def test_what_counts_for_nobody_is_a_share_of_its_own() -> None:
    """Two of them are no one's double."""
    owner = Owner()
    assert DataAttachment(owner, 7, None, None).share == b"#7" != DataAttachment(owner, 8, None, None).share


@pytest.mark.parametrize(("body", "answer", "held", "waits"), [
    (None, None, False, False),
    (Side(waits_for_user=True), None, False, True),
    (Side(waits_for_user=True), None, True, False),  # it is not read, because the application is slow
    (Side(waits_for_user=True), Side(begun=False), False, True),  # as long as there is no answer, the body counts
    (Side(waits_for_user=True), Side(waits_for_user=False), False, False),
    (Side(waits_for_user=False), Side(waits_for_user=True), True, True),
])
def test_whether_it_is_the_user_who_keeps_it(body: Side | None, answer: Side | None, held: bool, waits: bool) -> None:
    """By not reading the answer or, before there is one, by not sending the body."""
    attachment = wish(body=body, answer=answer)
    attachment.connection = Connection(Gate(held))
    assert attachment.waits_for_user is waits


def test_bytes_of_both_directions_count() -> None:
    assert wish(body=Side(received=5), answer=Side(sent=7)).moved == 12
    assert wish().moved == 0


def test_a_place_that_is_used_well_is_measured_again() -> None:
    """Once in a while; what it did an hour ago says nothing."""
    answer = Side(sent=0, waits_for_user=True)
    attachment = wish(answer=answer)
    answer.sent = int(SLOW_RATE * SLOW_SECONDS_OVER)
    look_at(attachment, "it", SLOW_SECONDS_OVER)
    assert (attachment.marked, attachment.marked_at) == (answer.sent, SLOW_SECONDS_OVER)
    later = look_at(attachment, "it", 2 * SLOW_SECONDS_OVER)
    assert (later.rate, later.seconds) == (0.0, SLOW_SECONDS_OVER) and hardly_moves(later)


def test_one_that_trickles_is_measured_from_its_beginning() -> None:
    """A byte now and then does not begin the time again."""
    answer = Side(waits_for_user=True)
    attachment = wish(answer=answer)
    for second in range(1, 10):
        answer.sent += 1
        held = look_at(attachment, "it", float(second))
    assert (held.seconds, held.rate, held.stuck, held.still) == (9.0, 1.0, True, 0.0)
    assert look_at(attachment, "it", 12.0).still == 3.0


def test_one_whose_application_is_slow_is_not_its_users_fault() -> None:
    """Unless all of the answer was given: then it can only be the user who does not read."""
    attachment = wish(answer=Side(waits_for_user=False))
    assert not look_at(attachment, "it", 60.0).stuck
    assert look_at(attachment, "it", 120.0, unread=True).stuck


def test_at_its_very_beginning_there_is_no_rate() -> None:
    """Nothing is divided by nothing."""
    assert look_at(wish(answer=Side(sent=5)), "it", 0.0).rate == 0.0
