"""`max_connections` and one user who takes them all: others get one, whatever that one reads, sends or asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import Code
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.limits import DEFAULT_LIMITS
from tests.connector.rig import HOME, Rig, request, send
from tests.connector.test_fair_pool import BusyConnector

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"


class Few(BusyConnector):
    """An application with so few connections."""

    def __init__(self, most: int) -> None:
        self.rig = Rig(limits=replace(DEFAULT_LIMITS, pool_least=0), home=replace(HOME, max_connections=most))
        self.signal = self.rig.online()
        self._last = 0
        self.spare = []

    def hang(self, user: str, count: int) -> list[int]:
        """Requests that the application does not answer."""
        return [self.ask(user) for _ in range(count)]

    def dialled(self) -> int:
        """How many connections to the application are being dialled."""
        return len(self.rig.origins_dialled)


@pytest.mark.parametrize(("most", "alone"), [(8, 7), (16, 14), (64, 56), (7, 6), (4, 3), (3, 3), (1, 1)])
def test_an_eighth_is_kept_for_users_with_none(most: int, alone: int) -> None:
    """One at least where there are four or more."""
    busy = Few(most)
    busy.hang("ann", most)
    assert busy.dialled() == alone
    busy.ask("bob")
    assert busy.dialled() == alone + (most >= 4)


def test_a_kept_connection_stays_kept_after_its_use() -> None:
    """Whoever waits and has many does not get it; the next with none does, at once and without dialling."""
    busy = Few(8)
    busy.hang("ann", 9)
    for _ in range(7):
        busy.rig.origin()
    bob = busy.ask("bob")
    last = busy.rig.origin()
    last.deliver(OK)
    last.take()
    busy.rig.settle()
    assert busy.dialled() == 0 and last.take() == b""
    cyd = busy.ask("cyd")
    assert last.take().startswith(b"GET /page")
    last.deliver(OK)
    assert [id for _, id, _ in busy.wait(1)] == [bob, cyd]


def test_whoever_waits_gets_what_his_like_gives_back() -> None:
    """One who has many gets the connections of their own answers, one after the other."""
    busy = Few(8)
    busy.hang("ann", 9)
    first = busy.rig.origin()
    first.take()
    first.deliver(OK)
    assert first.take().startswith(b"GET /page")


def test_who_has_none_goes_before_who_has_some() -> None:
    """Although they came later: what others give up for them does not go back to them."""
    busy = Few(2)
    busy.hang("ann", 4)
    first = busy.rig.origin()
    first.take()
    bob = busy.ask("bob")
    for _ in range(2):
        first.deliver(OK)
    assert [id for _, id, _ in busy.wait(1)] == [1, bob]


def test_a_dial_that_fails_gives_its_place_back() -> None:
    """However often."""
    busy = Few(8)
    for _ in range(3):
        busy.hang("ann", 7)
        assert busy.dialled() == 7
        for each in list(busy.rig.origins_dialled):
            each.fail(ConnectionRefusedError())
        busy.rig.origins_dialled.clear()
        busy.rig.clock.advance(0)


def test_slow_readers_give_way_to_one_who_has_none() -> None:
    """Where none are kept, within a second once they have hardly moved for three."""
    busy = Few(3)
    slow = busy.downloads("ann", 3)
    assert busy.wait(4) == []
    bob = busy.ask("bob")
    (_, gone, code), = busy.wait(2)
    assert gone in {id for id, _, _ in slow} and code is Code.GAVE_WAY
    busy.rig.origin().deliver(OK)
    assert (Kind.RSP, bob, (200, b"hello")) in busy.wait(1)


def test_a_pause_of_a_reader_is_no_slowness() -> None:
    """Whoever has stopped just now goes on while another waits; from the fourth second on, an equal part is what counts."""
    busy = Few(3)
    busy.downloads("ann", 3)
    busy.ask("bob")
    assert busy.wait(2) == []
    assert [code for _, _, code in busy.wait(3)] == [Code.GAVE_WAY]


def test_requests_without_an_end_give_way_to_one_who_has_none() -> None:
    """Who waits for three seconds gets what another has beyond an equal part, though nobody is slow but the application."""
    busy = Few(3)
    busy.hang("ann", 3)
    for _ in range(3):
        busy.rig.origin()
    busy.ask("bob")
    assert busy.wait(2) == []
    (_, _, code), = busy.wait(3)
    assert code is Code.GAVE_WAY
    assert busy.dialled() == 1


def test_without_another_user_nobody_gives_way() -> None:
    """What waits is of the one who has all, or of nobody."""
    busy = Few(3)
    busy.downloads("ann", 3)
    assert busy.wait(20) == []
    busy.ask("ann")
    assert busy.wait(20) == []


def test_an_equal_part_is_not_taken_away() -> None:
    """Of two users with one each none goes for a third one, as long as the users are not what is slow."""
    busy = Few(2)
    busy.hang("ann", 1)
    busy.hang("bob", 1)
    for _ in range(2):
        busy.rig.origin()
    busy.ask("cyd")
    assert busy.wait(20) == []


def test_an_upload_that_hardly_moves_gives_way() -> None:
    """It is told 503 by the service, for nothing was answered yet."""
    busy = Few(2)
    for _ in range(2):
        busy.ask("ann", length=100_000)
    for _, peer in busy.stand():
        peer.wire.deliver(peer.session.body(b"u"))
        busy.rig.origin()
    assert busy.wait(4) == []
    send(busy.signal, 9, request(user="bob"))
    (_, _, code), = busy.wait(2)
    assert code is Code.GAVE_WAY
