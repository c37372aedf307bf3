"""Connections that the application has authenticated serve their owner, and nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.connector.bindings import HANDSHAKE_SECONDS
from appproxy.connector.configuration import OriginAddress
from appproxy.connector.origin import IDLE_SECONDS, MOST_BOUND, Origin
from appproxy.errors import Code
from appproxy.tunnel.frames import Kind
from tests.connector.rig import HOME, Rig, SignalPeer, Wire, finals, request, send

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
WHO = b"HTTP/1.1 401 Who?\r\nwww-authenticate: Negotiate\r\nwww-authenticate: NTLM\r\ncontent-length: 0\r\n\r\n"
LEG = b"HTTP/1.1 401 Go on\r\nwww-authenticate: NTLM TlRMTVNTUAACAAAA\r\ncontent-length: 0\r\n\r\n"
FIRST, THIRD = b"authorization: NTLM TlRMTVNTUAABAAAA\n", b"authorization: NTLM TlRMTVNTUAADAAAA\n"
ANN, BOB = b"a" * 16, b"b" * 16


class House(Rig):
    """A rig that numbers its requests."""

    def __init__(self, home: OriginAddress = HOME) -> None:
        super().__init__(home=home)
        self.number = 0
        #: Requests follow each other without any time between.
        self.hurried = False
        self.line: SignalPeer = self.online()

    def ask(self, owner: bytes, block: bytes = b"", method: bytes = b"GET") -> None:
        """A request comes."""
        self.number += 1
        if not self.hurried:
            self.settle()
        self.line.keep_alive()
        send(self.line, self.number, request(method, block=block, owner=owner))

    def answers(self) -> list[object]:
        """What the service was told since."""
        return [what for _, _, what in finals(self.line.read())]

    def fresh(self) -> Wire:
        """The connection that was dialled just now, which is all that was dialled."""
        wire = self.origin()
        assert not self.origins_dialled
        return wire


def authenticated(house: House, owner: bytes = ANN) -> Wire:
    """A connection on which this owner has finished a handshake."""
    house.ask(owner, FIRST)
    wire = house.fresh()
    wire.deliver(LEG)
    house.ask(owner, THIRD)
    wire.deliver(OK)
    wire.take()
    house.answers()
    return wire


@pytest.mark.parametrize("owner", [BOB, b"-"])
@pytest.mark.parametrize("block", [b"", FIRST, THIRD])
def test_nobody_else_gets_it(owner: bytes, block: bytes) -> None:
    """Whatever he says: he gets a connection of his own, and the owner still has his."""
    house = House()
    wire = authenticated(house)
    house.ask(owner, block)
    assert wire.take() == b""
    house.fresh().deliver(OK)
    house.ask(ANN)
    assert wire.take()


@pytest.mark.parametrize("answer", [WHO, LEG, b"HTTP/1.1 200 OK\r\npersistent-auth: true\r\ncontent-length: 0\r\n\r\n"])
def test_an_answer_binds_it(answer: bytes) -> None:
    """A challenge to a request without credentials does it too, on a connection that served others before."""
    house = House()
    house.ask(BOB)
    wire = house.fresh()
    wire.deliver(OK)
    wire.take()
    house.ask(ANN)
    assert wire.take(), "until then it is everybody's"
    wire.deliver(answer)
    house.ask(BOB)
    assert wire.take() == b""
    house.fresh()


def test_credentials_bind_it_before_any_answer() -> None:
    """Also when the application answers them with 200 and no challenge, on a kept connection."""
    house = House()
    house.ask(BOB)
    wire = house.fresh()
    wire.deliver(OK)
    house.ask(ANN, b"authorization: negotiate YIIabc\n")
    wire.deliver(OK)
    wire.take()
    house.ask(BOB)
    assert wire.take() == b""
    house.fresh()


def test_what_is_nobodys_serves_one_request() -> None:
    """Without an owner the connection closes after the answer."""
    house = House()
    house.ask(b"-", FIRST)
    wire = house.fresh()
    wire.deliver(LEG)
    assert wire.end
    house.ask(b"-", THIRD)
    house.fresh()


@pytest.mark.parametrize("block", [FIRST, b"authorization: Negotiate YIIabc\n"])
def test_what_is_nobodys_waits_for_nobody(block: bytes) -> None:
    """Kerberos in one leg works there, for many users at the same time."""
    house = House()
    for _ in range(3):
        house.ask(b"-", block)
    for dialled in house.origins_dialled:
        assert dialled.stand().take()
    house.ask(b"-", block)
    house.origins_dialled.pop().stand()


def test_a_handshake_is_not_torn_apart() -> None:
    """While it is under way its owner's other requests go elsewhere; its next leg comes back."""
    house = House()
    house.ask(ANN, FIRST)
    wire = house.fresh()
    wire.deliver(LEG)
    wire.take()
    house.ask(ANN)
    assert wire.take() == b""
    house.fresh().deliver(OK)
    house.ask(ANN, THIRD)
    assert b"TlRMTVNTUAAD" in wire.take()


def test_the_next_handshake_waits_for_this_one() -> None:
    """Streams of one HTTP/2 connection begin at once, and nobody could tell whose the next leg is."""
    house = House()
    house.ask(ANN, FIRST)
    house.ask(ANN, FIRST)
    wire = house.fresh()
    wire.deliver(LEG)
    wire.take()
    assert not house.origins_dialled
    house.ask(ANN, THIRD)
    wire.take()
    wire.deliver(OK)
    assert b"TlRMTVNTUAAB" in wire.take()


@pytest.mark.parametrize("how", ["given up", "ended", "refused"])
def test_a_handshake_that_does_not_go_on(how: str) -> None:
    """Whoever waits for its end goes on: at the end of the connection, or after some seconds."""
    house = House()
    house.ask(ANN, FIRST)
    house.ask(ANN, FIRST)
    if how == "refused":
        house.origins_dialled.pop().fail(ConnectionRefusedError())
    else:
        wire = house.fresh()
        wire.deliver(LEG)
        if how == "ended":
            wire.half_close()
        else:
            house.clock.advance(HANDSHAKE_SECONDS + 1)
            assert b"TlRMTVNTUAAB" in wire.take()
            return
    assert b"TlRMTVNTUAAB" in house.fresh().take()


def test_others_get_its_place() -> None:
    """With few connections one that is idle and somebody's closes for who waits; within a handshake it is given time."""
    house = House(replace(HOME, max_connections=1))
    wire = authenticated(house)
    house.ask(BOB, FIRST)
    assert wire.end == "aborted"
    second = house.fresh()
    second.deliver(LEG)
    house.ask(ANN)
    assert second.end == "" and not house.origins_dialled
    house.ask(BOB, THIRD)
    second.deliver(OK)
    assert second.end == "aborted"
    house.fresh().deliver(WHO)
    assert house.answers()[-1] == (401, b"")


def test_others_get_the_place_of_a_handshake_that_does_not_go_on() -> None:
    """They wait as long as the next leg may come, and not until the connection has been idle for long enough."""
    house = House(replace(HOME, max_connections=1))
    house.ask(ANN, FIRST)
    wire = house.fresh()
    wire.deliver(LEG)
    house.ask(BOB)
    assert wire.end == "" and not house.origins_dialled
    house.clock.advance(HANDSHAKE_SECONDS + 1)
    assert wire.end == "aborted"
    house.fresh()


@pytest.mark.parametrize("block", [b"", FIRST])
def test_who_waits_does_not_tear_his_own_handshake_apart(block: bytes) -> None:
    """With few connections a stream of the same user waits for the place until the handshake is over."""
    house = House(replace(HOME, max_connections=1))
    house.ask(ANN, FIRST)
    wire = house.fresh()
    house.ask(ANN, block)
    wire.take()
    wire.deliver(LEG)
    assert wire.take() == b""
    house.ask(ANN, THIRD)
    assert b"TlRMTVNTUAAD" in wire.take()
    wire.deliver(OK)
    assert wire.take()


def test_one_that_is_not_fresh_enough_makes_room() -> None:
    """A POST that may not use the only connection there may be does not wait until that has grown old."""
    house = House(replace(HOME, max_connections=1))
    house.ask(BOB)
    wire = house.fresh()
    wire.deliver(OK)
    house.clock.advance(10)
    house.ask(BOB, method=b"POST")
    assert wire.end == "aborted"
    house.fresh().deliver(OK)


@pytest.mark.parametrize(("answer", "expected"), [(OK, Code.ORIGIN_CLOSED), (WHO, (401, b""))])
def test_a_repeat_never_goes_unauthenticated(answer: bytes, expected: object) -> None:
    """When the connection ends under a request, another one may ask who it is, and not answer as for nobody."""
    house = House()
    wire = authenticated(house)
    house.ask(ANN)
    assert wire.take()
    wire.half_close()
    house.fresh().deliver(answer)
    assert house.answers() == [expected]


def test_it_is_used_however_long_it_was_idle() -> None:
    """A POST, too: on another connection it would be somebody unknown's."""
    house = House()
    wire = authenticated(house)
    house.clock.advance(30)
    house.ask(ANN, method=b"POST")
    assert wire.take()


def test_it_closes_when_its_owner_does_not_come_back() -> None:
    """As every idle connection does."""
    house = House()
    wire = authenticated(house)
    house.clock.advance(IDLE_SECONDS + 1)
    assert wire.end == "aborted"
    assert not house.routes["wiki"].origin.belongs_to(ANN)


def test_there_are_not_endlessly_many() -> None:
    """Whose owner was here longest ago goes first."""
    house = House()
    house.hurried = True
    wires = []
    for number in range(MOST_BOUND + 1):
        house.ask(b"%016d" % number, b"authorization: Negotiate YIIabc\n")
        wires.append(house.fresh())
        wires[-1].deliver(OK)
    assert [bool(wire.end) for wire in wires] == [True] + [False] * MOST_BOUND


def test_always_and_never() -> None:
    """Forced on, each connection is its owner's from the first request; forced off, all are everybody's."""
    house = House(replace(HOME, connection_authentication="always"))
    house.ask(ANN)
    wire = house.fresh()
    wire.deliver(OK)
    wire.take()
    house.ask(BOB)
    assert wire.take() == b""
    house = House(replace(HOME, connection_authentication="never"))
    house.ask(ANN, FIRST)
    wire = house.fresh()
    wire.deliver(LEG)
    house.ask(BOB)
    assert wire.take()


def test_two_applications_share_no_connection() -> None:
    """Whatever machine they lead to: their pools are two."""
    rig = Rig()
    one, other = rig.origins.of(replace(HOME, application="wiki")), rig.origins.of(replace(HOME, application="chat"))
    assert one is not other
    assert isinstance(one, Origin)


def test_a_fault_of_ours_cannot_give_it_away() -> None:
    """Should the pool ever choose wrongly, the connection itself refuses."""
    house = House()
    authenticated(house)
    origin = house.routes["wiki"].origin
    assert isinstance(origin, Origin)
    connection = origin._bindings.of(ANN)[0]
    with pytest.raises(AssertionError, match="somebody else's"):
        connection.carry(request(owner=BOB), house.routes["wiki"].target, None)
    assert Kind.FAIL not in [kind for kind, _, _ in finals(house.line.read())]
