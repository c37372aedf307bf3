"""Requests that wait for a connection."""

from __future__ import annotations

from twisted.internet.task import Clock

from appproxy.connector.waiting import MOST_WAITING, Queue
from appproxy.errors import Code
from appproxy.net.deadlines import NEVER, Deadlines
from tests.connector.test_dialling import Nobody


def test_the_queue_is_bounded() -> None:
    """Who comes when it is full is told at once."""
    queue = Queue(Deadlines(Clock()))
    for _ in range(MOST_WAITING):
        queue.join(Nobody(), NEVER, Code.ORIGIN_BUSY, 10.0)
    late = Nobody()
    queue.join(late, NEVER, Code.ORIGIN_BUSY, 10.0)
    assert late.failed == [Code.ORIGIN_BUSY]
    assert len(queue) == MOST_WAITING


def test_first_come_first_served() -> None:
    """Whoever left meanwhile is passed over."""
    queue = Queue(Deadlines(Clock()))
    users = [Nobody(), Nobody(), Nobody()]
    waiting = [queue.join(user, NEVER, Code.ORIGIN_BUSY, 10.0) for user in users]
    waiting[1].cancel()
    assert [queue.first().end(), queue.first().end()] == [users[0], users[2]]
    assert not queue


def test_each_hears_once() -> None:
    """Of the first thing that happens."""
    clock = Clock()
    queue = Queue(Deadlines(clock))
    user = Nobody()
    waiting = queue.join(user, 5.0, Code.ORIGIN_BUSY, 10.0)
    clock.advance(5.5)
    waiting.deadline_passed(6.0)
    assert user.failed == [Code.ORIGIN_BUSY]
    assert waiting.end() is None
