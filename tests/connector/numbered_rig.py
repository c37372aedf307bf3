"""What tests of connections to applications share: answers, the legs of a handshake, and a rig that numbers its requests."""

from __future__ import annotations

from appproxy.connector.config.configuration import OriginAddress
from tests.connector.rig import HOME, Rig, SignalPeer, Wire, finals, request, send

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
WHO = b"HTTP/1.1 401 Who?\r\nwww-authenticate: Negotiate\r\nwww-authenticate: NTLM\r\ncontent-length: 0\r\n\r\n"
LEG = b"HTTP/1.1 401 Go on\r\nwww-authenticate: NTLM TlRMTVNTUAACAAAA\r\ncontent-length: 0\r\n\r\n"
FIRST, THIRD = b"authorization: NTLM TlRMTVNTUAABAAAA\n", b"authorization: NTLM TlRMTVNTUAADAAAA\n"
ANN, BOB = b"a" * 16, b"b" * 16


def idle(rig: Rig) -> tuple[SignalPeer, Wire]:
    """A connection that has served one request."""
    signal = rig.online()
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(OK)
    signal.read()
    origin.take()
    rig.settle()
    return signal, origin


class NumberedRig(Rig):
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


def authenticated(numbered: NumberedRig, owner: bytes = ANN) -> Wire:
    """A connection on which this owner has finished a handshake."""
    numbered.ask(owner, FIRST)
    wire = numbered.fresh()
    wire.deliver(LEG)
    numbered.ask(owner, THIRD)
    wire.deliver(OK)
    wire.take()
    numbered.answers()
    return wire
