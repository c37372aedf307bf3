"""Which idle connection serves which request, and when: what an application sends late reaches no other user."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.connector.origin.bindings import NOBODY
from appproxy.connector.origin.h1.kept import (
    BODYLESS_SETTLE_SECONDS,
    HURRIED_SETTLE_SECONDS,
    IDLE_SECONDS,
    MOST_SETTLING,
    ORDERLY,
    RECENT_SECONDS,
    SETTLE_SECONDS,
    KeptConnections,
)
from appproxy.net.secure.sockets import UnreadBytes
from tests.connector.numbered_rig import ANN, BOB, OK
from tests.connector.rig import HOME, Rig, SignalPeer, Wire, request, send

NO_BODY = b"HTTP/1.1 304 Not Modified\r\n\r\n"
POISON = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison"


class Connection:
    """An idle connection, as far as is asked here."""

    def __init__(self, asker: bytes = ANN, *, bodyless: bool = False) -> None:
        self.asker = asker
        self.bodyless = bodyless
        self.hurried = False
        self.deadline = 0.0
        self.pending = UnreadBytes.NOTHING
        self.kept_in: object = None

    @property
    def settle_seconds(self) -> float:
        if self.hurried:
            return HURRIED_SETTLE_SECONDS
        return BODYLESS_SETTLE_SECONDS if self.bodyless else SETTLE_SECONDS

    def look(self) -> UnreadBytes:
        return self.pending


def orderly(*kinds: bool) -> KeptConnections[Any]:
    """Of an application that has been orderly for long enough behind answers of these kinds (bodyless or not)."""
    kept: KeptConnections[Any] = KeptConnections()
    for bodyless in kinds:
        for _ in range(ORDERLY):
            connection = Connection(bodyless=bodyless)
            kept.add(connection, 0.0)
            kept.discard(connection)
    return kept


def add(kept: KeptConnections[Any], connection: Connection, now: float = 0.0) -> Connection:
    """It has served a request."""
    kept.add(connection, now)
    return connection


def take(kept: KeptConnections[Any], owner: bytes, now: float, *, repeatable: bool = True, full: bool = False) -> object:
    """What a request of this owner gets; it answers, so that nothing is left of the one that was taken."""
    return kept.take(owner, repeatable, now, full)


@pytest.mark.parametrize("bodyless", [False, True])
def test_the_same_owner_of_an_orderly_application_waits_for_nothing(bodyless: bool) -> None:
    """What comes late is theirs. Others wait, and in between nothing is dialled for the owner."""
    kept = orderly(bodyless)
    connection = add(kept, Connection(ANN, bodyless=bodyless))
    assert take(kept, BOB, 0.001) is None
    assert take(kept, ANN, 0.001) is connection
    assert len(kept) == 0


@pytest.mark.parametrize("owner", [ANN, BOB])
@pytest.mark.parametrize(("known", "bodyless"), [((), False), ((), True), ((False,), True), ((True,), False)])
def test_nobody_is_in_a_hurry_at_an_application_that_is_not_known(
    known: tuple[bool, ...], bodyless: bool, owner: bytes
) -> None:
    """Behind answers of one kind nothing is learned of the other."""
    kept = orderly(*known)
    connection = add(kept, Connection(ANN, bodyless=bodyless))
    rest = BODYLESS_SETTLE_SECONDS if bodyless else SETTLE_SECONDS
    assert take(kept, owner, rest - 0.001) is None
    assert take(kept, owner, rest) is connection


def test_who_was_late_once_has_to_be_orderly_again() -> None:
    """For as many answers as in the beginning."""
    kept = orderly(False)
    kept.disturbed()
    for number in range(ORDERLY + 1):
        connection = add(kept, Connection(ANN))
        assert take(kept, ANN, 0.001) is (connection if number == ORDERLY else None)
        kept.discard(connection)


@pytest.mark.parametrize("full", [False, True])
def test_others_wait_longer_behind_a_request_in_a_hurry(full: bool) -> None:
    """A late answer may have been taken for that request's own, which then is still to come: not even in need before."""
    kept = orderly(False)
    connection = add(kept, Connection(ANN))
    assert take(kept, ANN, 0.001) is connection
    add(kept, connection, 0.002)
    assert take(kept, BOB, HURRIED_SETTLE_SECONDS, full=full) is None
    assert take(kept, BOB, 0.003 + HURRIED_SETTLE_SECONDS, full=full) is connection
    assert not connection.hurried
    add(kept, connection, 2.0)
    assert take(kept, ANN, 2.001 + SETTLE_SECONDS) is connection
    assert not connection.hurried


def test_nobodys_requests_have_no_owner() -> None:
    """Behind a proxy of several users: each of them could be another."""
    kept = orderly(False)
    add(kept, Connection(NOBODY))
    assert take(kept, NOBODY, 0.001) is None


def test_what_must_not_be_sent_twice_takes_no_chance() -> None:
    """Neither among the owner's nor among the others."""
    kept = orderly(False)
    connection = add(kept, Connection(ANN))
    late = RECENT_SECONDS + 0.001
    assert take(kept, ANN, late, repeatable=False) is None
    assert take(kept, BOB, late, repeatable=False) is None
    assert take(kept, ANN, late) is connection


@pytest.mark.parametrize("pending", [one for one in UnreadBytes if one is not UnreadBytes.NOTHING])
@pytest.mark.parametrize(("owner", "now"), [(ANN, 0.001), (BOB, 1.0)])
def test_what_has_come_already_is_seen(pending: UnreadBytes, owner: bytes, now: float) -> None:
    """Or an end: such a connection serves nobody."""
    kept = orderly(False)
    add(kept, Connection(ANN)).pending = pending
    assert take(kept, owner, now) is None


def test_the_owners_that_was_used_last_is_used_first() -> None:
    """So that the others grow old and go."""
    kept = orderly(False)
    first, second = add(kept, Connection(ANN)), add(kept, Connection(ANN), 0.001)
    assert [take(kept, ANN, 0.002) for _ in range(3)] == [second, first, None]


def test_all_that_are_here_are_counted_and_the_oldest_goes_first() -> None:
    """Quiet ones before those that settle; what has gone leaves nothing."""
    kept = orderly(False)
    assert (len(kept), list(kept), kept.oldest()) == (0, [], None)
    connections = [add(kept, Connection(owner, bodyless=bodyless), number / 100)
                   for number, (owner, bodyless) in enumerate([(ANN, True), (BOB, False), (NOBODY, False)])]
    assert {id(each) for each in kept} == {id(each) for each in connections}
    assert len(kept) == 3
    assert take(kept, BOB, 0.06) is connections[1]
    add(kept, connections[1], 0.07)
    assert take(kept, ANN, 0.08) is connections[2]
    for connection in connections:
        kept.discard(connection)
    assert (len(kept), kept.owners) == (0, 0)


def test_an_owner_leaves_nothing() -> None:
    """Thousands come and go."""
    kept = orderly(False)
    for number in range(100):
        add(kept, Connection(b"%016d" % number), number)
        assert take(kept, BOB, number + 0.5)
    assert (len(kept), kept.owners) == (0, 0)


@pytest.mark.parametrize(("answer", "seconds"), [(OK, SETTLE_SECONDS), (NO_BODY, BODYLESS_SETTLE_SECONDS)])
def test_a_kept_connection_settles_first(answer: bytes, seconds: float, rig: Rig, signal: SignalPeer) -> None:
    """What the application sends late behind its answer comes while nobody uses the connection, and closes it."""
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(answer)
    origin.take()
    rig.clock.advance(seconds - 0.01)
    send(signal, 2)
    assert origin.take() == b""
    rig.origin().deliver(OK)
    rig.clock.advance(0.02)
    send(signal, 3)
    assert origin.take()


def test_few_are_dialled_only_to_settle(rig: Rig, signal: SignalPeer) -> None:
    """With many of them the one that has been quiet longest is used; one without a body never is before its time."""
    wires = []
    for id in range(1, MOST_SETTLING + 1):
        send(signal, id)
        wires.append(rig.origin())
    wires[0].deliver(NO_BODY)
    for wire in wires[1:]:
        wire.deliver(OK)
        wire.take()
    wires[0].take()
    send(signal, 100)
    assert not rig.origins_dialled
    assert [bool(wire.take()) for wire in wires[:3]] == [False, True, False]


class TestAtAConnector:
    """The same with requests."""

    def known(self, answer: bytes = OK) -> tuple[Rig, SignalPeer, Wire]:
        """An application that has been orderly to Ann, and the one connection that she uses."""
        rig = Rig()
        signal = rig.online()
        send(signal, 1, request(owner=ANN))
        wire = rig.origin()
        for id in range(2, ORDERLY + 10):
            wire.take()
            wire.deliver(answer)
            signal.read()
            if id <= ORDERLY + 1:
                rig.settle()
                signal.keep_alive()
                rig.second.keep_alive()
            send(signal, id, request(owner=ANN))
        wire.take()
        wire.deliver(answer)
        return rig, signal, wire

    @pytest.mark.parametrize("answer", [OK, NO_BODY])
    def test_one_connection_is_enough_for_one_user(self, answer: bytes) -> None:
        """However fast their requests follow each other."""
        rig, signal, wire = self.known(answer)
        for id in range(2000, 2100):
            send(signal, id, request(owner=ANN))
            assert wire.take()
            wire.deliver(answer)
        assert rig.origins_dialled == []

    @pytest.mark.parametrize("answer", [OK, NO_BODY])
    @pytest.mark.parametrize("between", [0, 1, 3])
    def test_a_late_answer_is_no_other_users(self, answer: bytes, between: int) -> None:
        """The same user may have got it in place of their own, which then comes half a second later."""
        rig, signal, wire = self.known(answer)
        for id in range(2000, 2000 + between):
            send(signal, id, request(owner=ANN))
            rig.clock.advance(0.01)
            if wire.take():
                wire.deliver(POISON)
        for number, pause in enumerate([0.0, 0.03, 0.1, 0.3]):
            rig.clock.advance(pause)
            send(signal, 3000 + number, request(owner=b"%016d" % number))
            assert wire.take() == b""
        wire.deliver(OK)
        assert wire.end

    def test_the_others_use_it_when_it_was_quiet(self) -> None:
        """A connection is nobody's for good."""
        rig, signal, wire = self.known()
        rig.clock.advance(HURRIED_SETTLE_SECONDS)
        send(signal, 2000, request(owner=BOB))
        assert wire.take()
        assert len(rig.origins.of(HOME)) == 0
        wire.deliver(OK)
        rig.clock.advance(IDLE_SECONDS + 1)
        assert wire.end


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["add", "discard", "take", "hurry"]), st.floats(0, 0.3))))
def test_each_is_kept_once_or_not_at_all(steps: list[tuple[int, str, float]]) -> None:
    """Whatever has happened to it: it is in one row, counted once, and of its owner."""
    kept: KeptConnections[Any] = KeptConnections()
    now = 0.0
    connections = [Connection(ANN if number % 2 else NOBODY, bodyless=number > 3) for number in range(6)]
    there: set[object] = set()
    for number, what, seconds in steps:
        now += seconds
        connection = connections[number]
        if what == "add" and connection not in there:
            add(kept, connection, now)
            there.add(connection)
        elif what == "hurry" and connection not in there:
            connection.hurried = True
        elif what == "discard":
            kept.discard(connection)
            there.discard(connection)
        elif what == "take":
            there.discard(take(kept, ANN, now, full=number > 2))
        assert set(kept) == there and len(kept) == len(there)
        assert kept.owners == any(isinstance(each, Connection) and each.asker == ANN for each in there)
        assert all((one.kept_in is not None) == (one in there) for one in connections)
