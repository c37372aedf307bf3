"""The time that a peer has for one reply."""

from __future__ import annotations

import math

from appproxy.tunnel.reply import Reply


def test_the_time_runs_from_the_first_look() -> None:
    """What asks has no clock; a second look changes nothing."""
    reply = Reply(5.0, 0.0)
    reply.ask()
    assert (reply.begun, reply.due(0.0)) == (False, math.inf)
    assert (reply.begin(100.0), reply.begin(103.0)) == (True, False)
    assert (reply.begun, reply.due(0.0)) == (True, 105.0)


def test_each_question_has_its_own_time() -> None:
    """The one before is over when another is asked."""
    reply = Reply(5.0, 0.0)
    for now in (100.0, 200.0):
        reply.ask()
        assert reply.begin(now)
        assert reply.due(0.0) == now + 5.0


def test_while_we_do_not_read_no_time_runs() -> None:
    """The reply may lie in the kernel: it has its time from when we read again."""
    reply = Reply(5.0, 0.0)
    reply.ask()
    reply.begin(100.0)
    assert (reply.due(99.0), reply.due(102.0)) == (105.0, 107.0)


def test_before_any_question_nothing_begins() -> None:
    """A connection that is new has asked nothing."""
    reply = Reply(5.0, 10.0)
    assert (reply.begun, reply.begin(11.0), reply.due(0.0)) == (True, False, 15.0)
