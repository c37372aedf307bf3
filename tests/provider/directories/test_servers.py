"""Which server is asked, for how long, and by whom."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from appproxy.errors import Code, RequestError
from appproxy.ldap import filters
from appproxy.ldap.messages import SearchRequest
from appproxy.policy.fair_queue import Lane
from appproxy.provider.directories.servers import ANSWER, CONNECT, IDLE, MOST_OF_ONE, PLACES, RENEWED, Servers
from tests.fakes.outcome import got
from tests.provider.directories.fake import ACCOUNT, BASE, SECRET, FakeServer
from tests.provider.directories.made import directory

FIND = SearchRequest(BASE, filters.equal("uid", "ann"), ("uid",), 5)


class Two:
    """Two servers of a directory, and a clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.first, self.second = FakeServer(), FakeServer()
        for server in (self.first, self.second):
            server.add("uid=ann,dc=corp", "right", uid="ann")
        by_host = {"one": self.first, "two": self.second}
        self.servers = Servers(directory(servers=("ldaps://one", "ldap://two:3890")),
                               lambda host, port: (by_host[host], object()), self.clock)  # type: ignore[return-value,arg-type]

    def search(self) -> Deferred[Any]:
        """Ask."""
        return Deferred.fromCoroutine(self.servers.search(FIND))

    def bind(self, password: str) -> Deferred[Any]:
        """Try a password."""
        return Deferred.fromCoroutine(self.servers.bind("uid=ann,dc=corp", password))


def test_one_connection_does_for_many_searches_and_another_for_passwords() -> None:
    two = Two()
    for _ in range(5):
        assert len(got(two.search())[0]) == 1
        assert (got(two.bind("right")).code, got(two.bind("wrong")).code) == (0, 49)
    assert (len(two.first.open), len(two.second.open)) == (2, 0)
    # A search is always our own account's, whoever has bound meanwhile.
    assert two.first.binds[0] == (ACCOUNT, SECRET) and two.first.binds.count((ACCOUNT, SECRET)) == 1


def test_the_second_stands_in_and_the_first_is_asked_again_after_a_while() -> None:
    two = Two()
    two.first.down = True
    got(two.search())
    assert len(two.second.open) == 1
    two.first.down = False
    got(two.search())
    assert two.first.open == []
    two.clock.advance(5.1)
    got(two.search())
    assert len(two.first.open) == 1


def test_a_server_that_says_nothing_costs_a_few_seconds_once() -> None:
    two = Two()
    two.first.frozen = True
    waiting = two.search()
    two.clock.advance(CONNECT - 0.1)
    assert not waiting.called
    two.clock.advance(0.2)
    got(waiting)
    assert two.first.open[0].closed
    got(two.search())


def test_one_that_falls_silent_is_left_and_not_asked_twice() -> None:
    two = Two()
    got(two.search())
    two.first.frozen = True
    waiting = two.search()
    two.clock.advance(ANSWER + 0.1)
    got(waiting)
    assert len(two.first.open) == 1 and two.first.open[0].closed and len(two.second.open) == 1


def test_a_connection_that_the_server_has_closed_is_replaced_unseen() -> None:
    two = Two()
    got(two.search())
    two.first.open[0].closed = True  # nobody has noticed
    two.first.open[0].protocol.connectionLost(Failure(ConnectionDone()))
    got(two.search())
    assert (len(two.first.open), len(two.second.open)) == (2, 0)


@pytest.mark.parametrize("pause", [IDLE + 1, RENEWED + 1])
def test_old_connections_are_not_used_again(pause: float) -> None:
    two = Two()
    got(two.search())
    two.clock.advance(pause)
    got(two.search())
    assert [one.closed for one in two.first.open] == [True, False]


def test_all_away_is_said_at_once_and_not_asked_again_before_a_while() -> None:
    two = Two()
    two.first.down = two.second.down = True
    for _ in range(3):
        with pytest.raises(RequestError, match="one:636.*two:3890") as caught:
            got(two.search())
        assert caught.value.code is Code.PROVIDER_UNREACHABLE and two.servers.away
    two.first.down = False
    with pytest.raises(RequestError):
        got(two.search())
    two.clock.advance(5.1)
    assert not two.servers.away
    got(two.search())


@pytest.mark.parametrize("code", [51, 52])
def test_a_busy_server_is_as_good_as_away(code: int) -> None:
    two = Two()
    two.first.search_code = code
    assert got(two.search())[1].code == 0
    assert len(two.second.open) == 1


def test_a_refused_account_is_not_tried_again_and_again() -> None:
    """It would be locked, or fill the directory's log."""
    two = Two()
    two.first.passwords[ACCOUNT] = two.second.passwords[ACCOUNT] = "another"
    for _ in range(4):
        with pytest.raises(RequestError, match="refuses our account"):
            got(two.search())
    assert len(two.first.binds) == len(two.second.binds) == 1


def test_one_sender_takes_no_turns_of_others() -> None:
    two = Two()
    flood = [two.servers.turn(Lane.STRANGER, "flood") for _ in range(PLACES + MOST_OF_ONE + 5)]
    assert sum(one.called for one in flood) == PLACES + 5
    other = two.servers.turn(Lane.STRANGER, "ann")
    two.servers.give_back()
    two.servers.give_back()
    assert other.called
    for one in flood[-5:]:
        with pytest.raises(RequestError, match="OVERLOADED"):
            got(one)


def test_closing_leaves_nothing_open() -> None:
    two = Two()
    got(two.search())
    got(two.bind("right"))
    two.servers.close()
    assert all(one.closed for one in two.first.open)
    assert two.clock.getDelayedCalls() == []
