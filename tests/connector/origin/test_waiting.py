"""Requests that wait for a connection."""

from __future__ import annotations

from twisted.internet.task import Clock

from appproxy.connector.origin.waiting import MOST_WAITING, WaitingRequest, WaitingRequests
from appproxy.errors import Code
from appproxy.net.loop.deadlines import NEVER, Deadlines
from tests.connector.origin.dial.test_dialer import Nobody


def test_the_queue_is_bounded() -> None:
    """Who comes when it is full is told at once."""
    queue = WaitingRequests(Deadlines(Clock()))
    for _ in range(MOST_WAITING):
        queue.join(Nobody(), NEVER, Code.ORIGIN_BUSY, 10.0)
    late = Nobody()
    queue.join(late, NEVER, Code.ORIGIN_BUSY, 10.0)
    assert late.failed == [Code.ORIGIN_BUSY]
    assert len(queue) == MOST_WAITING


def test_first_come_first_served() -> None:
    """Whoever left meanwhile is passed over."""
    queue = WaitingRequests(Deadlines(Clock()))
    users = [Nobody(), Nobody(), Nobody()]
    waiting = [queue.join(user, NEVER, Code.ORIGIN_BUSY, 10.0) for user in users]
    waiting[1].cancel()
    assert [queue.take(), queue.take(), queue.take()] == [users[0], users[2], None]
    assert not queue


def test_who_gets_nothing() -> None:
    """Whoever has to know hears of it once: too late, left, crowded out, or turned away; and not of one that is served."""
    clock = Clock()
    queue = WaitingRequests(Deadlines(clock))
    heard: list[str] = []

    def join(name: str, deadline: float = NEVER, share: bytes = b"greedy") -> WaitingRequest:
        return queue.join(someone(share), deadline, Code.ORIGIN_BUSY, 10.0, left=lambda: heard.append(name))

    served = join("served")
    join("late", 1.0)
    gone = join("gone")
    assert queue.take() is not None
    served.cancel()
    clock.advance(1.5)
    gone.cancel()
    gone.cancel()
    assert heard == ["late", "gone"]
    for number in range(MOST_WAITING):
        join(str(number))
    join("turned away")
    join("modest", share=b"modest")
    assert heard[2:] == ["turned away", str(MOST_WAITING - 1)]


def someone(share: bytes) -> Nobody:
    made = Nobody()
    made.share = share
    return made


def test_users_are_served_in_turn() -> None:
    """Not all requests of the one who came first; each user's in their order."""
    queue = WaitingRequests(Deadlines(Clock()))
    users = [someone(b"ann"), someone(b"ann"), someone(b"ann"), someone(b"bob")]
    for user in users:
        queue.join(user, NEVER, Code.ORIGIN_BUSY, 10.0)
    assert [queue.take() for _ in users] == [users[0], users[3], users[1], users[2]]


def test_one_user_cannot_fill_it() -> None:
    """Their latest goes for a newcomer, and hears why; they themselves hear that it is full."""
    queue = WaitingRequests(Deadlines(Clock()))
    many = [someone(b"ann") for _ in range(MOST_WAITING)]
    for user in many:
        queue.join(user, NEVER, Code.ORIGIN_BUSY, 10.0)
    other, more = someone(b"bob"), someone(b"ann")
    queue.join(other, NEVER, Code.ORIGIN_BUSY, 10.0)
    queue.join(more, NEVER, Code.ORIGIN_BUSY, 10.0)
    assert (many[-1].failed, other.failed, more.failed) == ([Code.SHARE_EXCEEDED], [], [Code.ORIGIN_BUSY])
    assert len(queue) == MOST_WAITING


def test_each_hears_once() -> None:
    """Of the first thing that happens."""
    clock = Clock()
    queue = WaitingRequests(Deadlines(clock))
    user = Nobody()
    waiting = queue.join(user, 5.0, Code.ORIGIN_BUSY, 10.0)
    clock.advance(5.5)
    waiting.deadline_passed(6.0)
    assert user.failed == [Code.ORIGIN_BUSY]
    assert waiting.end() is None
