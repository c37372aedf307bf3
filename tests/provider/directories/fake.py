"""A directory in memory: what connects to it is a transport without a network, and it answers at once, or never."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.python.failure import Failure

from appproxy.ldap import ber
from appproxy.ldap.ber import Reader

BASE = "dc=corp"
ACCOUNT, SECRET = "cn=appproxy,dc=corp", "secret"


@dataclass
class FakeServer:
    """`entries`: attributes by DN; `passwords` by DN. `says`: what a bind is answered with, by DN: code, message, control."""

    entries: dict[str, dict[str, list[bytes]]] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=lambda: {ACCOUNT: SECRET})
    says: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    down: bool = False
    frozen: bool = False
    start_tls: int = 0
    #: What comes without TLS behind the answer to StartTLS.
    injected: bytes = b""
    search_code: int = 0
    binds: list[tuple[str, str]] = field(default_factory=list)
    searches: list[bytes] = field(default_factory=list)
    open: list[FakeTransport] = field(default_factory=list)

    def add(self, dn: str, password: str = "", **attributes: str | bytes | list[str]) -> None:
        """Add an entry."""
        self.entries[dn] = {
            name: [one.encode() if isinstance(one, str) else one for one in (value if isinstance(value, list) else [value])]
            for name, value in attributes.items()
        }
        if password:
            self.passwords[dn] = password

    def connect(self, factory: Any) -> Deferred[Any]:
        """As a client end point has it."""
        if self.down:
            return fail(ConnectionRefusedError())
        protocol = factory.buildProtocol(None)
        transport = FakeTransport(self, protocol)
        self.open.append(transport)
        protocol.makeConnection(transport)
        return succeed(protocol)

    def answer(self, data: bytes) -> list[bytes]:
        """The messages that answer one."""
        message = Reader(data).inner()
        id_ = message.integer()
        tag = message.tag
        if tag == 0x60:
            bind = message.inner(tag)
            bind.integer()
            dn, password = bind.text(), bind.text(0x80)
            self.binds.append((dn, password))
            right = bool(password) and self.passwords.get(dn) == password
            code, text, control = self.says.get(dn, (0, "", b"")) if right else (49, "", b"")
            return [_done(id_, 0x61, code, text, control)]
        if tag == 0x63:
            return self._search(id_, message.inner(tag))
        return []

    def _search(self, id_: int, asked: Reader) -> list[bytes]:
        base = asked.text().lower()
        for kind in (ber.ENUMERATED, ber.ENUMERATED):
            asked.integer(kind)
        most = asked.integer()
        asked.integer()
        asked.skip()
        self.searches.append(b"")
        start = asked
        matching = _matcher(start)
        found = [(dn, has) for dn, has in self.entries.items() if dn.lower().endswith(base) and matching(has)]
        code = self.search_code or (4 if len(found) > most else 0)
        entries = [
            ber.tlv(ber.SEQUENCE, ber.integer(id_), ber.tlv(0x64, ber.octets(dn), ber.tlv(ber.SEQUENCE, *(
                ber.tlv(ber.SEQUENCE, ber.octets(name), ber.tlv(ber.SET, *map(ber.octets, values)))
                for name, values in has.items()))))
            for dn, has in found[:most]
        ]
        reference = ber.tlv(ber.SEQUENCE, ber.integer(id_), ber.tlv(0x73, ber.octets("ldap://elsewhere/dc=x")))
        return [*entries, reference, _done(id_, 0x65, code)]


def _done(id_: int, tag: int, code: int, text: str = "", control: bytes = b"") -> bytes:
    controls = b""
    if control:
        controls = ber.tlv(0xA0, ber.tlv(ber.SEQUENCE, ber.octets("1.3.6.1.4.1.42.2.27.8.5.1"), ber.octets(control)))
    operation = ber.tlv(tag, ber.integer(code, ber.ENUMERATED), ber.octets(""), ber.octets(text))
    return ber.tlv(ber.SEQUENCE, ber.integer(id_), operation, controls)


def _matcher(reader: Reader) -> Any:
    """A filter as a function. Attributes are compared without regard to capitals; a chain of links is one link here."""
    tag = reader.tag
    if tag in (0xA0, 0xA1):
        inner = reader.inner(tag)
        parts = []
        while inner.tag >= 0:
            parts.append(_matcher(inner))
        choose = all if tag == 0xA0 else any
        return lambda has: choose(part(has) for part in parts)
    if tag == 0x87:
        name = reader.text(tag).lower()
        return lambda has: any(one.lower() == name for one in has)
    inner = reader.inner(tag)
    if tag == 0xA9:
        inner.skip()
        name, value = inner.text(0x82).lower(), inner.octets(0x83).lower()
    else:
        name, value = inner.text().lower(), inner.octets().lower()
    return lambda has: any(one.lower() == name and value in [each.lower() for each in values] for one, values in has.items())


class FakeTransport:
    """What a connection writes to."""

    def __init__(self, server: FakeServer, protocol: Any) -> None:
        self.server = server
        self.protocol = protocol
        self.secure = False
        self.closed = False
        self.plain: list[bytes] = []

    def write(self, data: bytes) -> None:
        """As ITransport has it."""
        if not self.secure:
            self.plain.append(data)
            if not self.server.frozen:
                self.protocol.dataReceived(_done(1, 0x78, self.server.start_tls) + self.server.injected)
            return
        if self.server.frozen:
            return
        for message in self.server.answer(data):
            # In two pieces, as networks do it.
            for piece in (message[:3], message[3:]):
                if not self.closed:
                    self.protocol.dataReceived(piece)

    def startTLS(self, context: object) -> None:
        """As ITLSTransport has it."""
        self.secure = True
        if not self.server.frozen:
            self.protocol.handshakeCompleted()

    def loseConnection(self) -> None:
        """As ITransport has it."""
        if not self.closed:
            self.closed = True
            self.protocol.connectionLost(Failure(ConnectionDone()))

    abortConnection = loseConnection
