"""A TCP relay made of the tunnel's protocols and the one object that pauses, and of nothing else of appproxy.

The far side dials out and accepts nothing; the near side accepts users and hands each to the far side, which connects to the
target. Bytes go both ways with back-pressure end to end, and each direction can be closed on its own.

    python docs/library/tcp_relay.py near --users 2222 --tunnel 7000
    python docs/library/tcp_relay.py far --tunnel localhost:7000 --target localhost:22

To keep the example short the tunnel is plain TCP and nobody is asked who they are: put `appproxy.net.secure.tls` under it for
more than trying it out.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.api import DataSession, ReadGate, SignalSession, bridge, errors, tunnel


@implementer(IHalfCloseableProtocol)
class Plain(Protocol):
    """A plain connection: a user's at the near side, the target's at the far side. It is bridged to a `Data`."""

    def __init__(self, ready: Callable[[Plain], None]) -> None:
        self._ready = ready
        self.data: Data | None = None
        self.read_gate: ReadGate | None = None

    def connectionMade(self) -> None:
        # Nothing is read before there is somewhere to put it.
        self.transport.pauseProducing()  # type: ignore[union-attr]
        self._ready(self)

    def dataReceived(self, data: bytes) -> None:
        if self.data is not None:
            self.data.say(self.data.session.body(data))

    def readConnectionLost(self) -> None:
        if self.data is not None:
            self.data.say(self.data.session.end())

    def writeConnectionLost(self) -> None:
        """Our own half-close has gone out."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self.read_gate is not None:
            self.read_gate.close()
        data, self.data = self.data, None
        if data is not None:
            data.transport.unregisterProducer()
            data.transport.loseConnection()


class Data(Protocol):
    """Either end of a data connection: one stream, then it closes."""

    def __init__(self, role: tunnel.Role, clock: Any, ready: Callable[[Data, int], None]) -> None:
        self._clock = clock
        self._ready = ready
        self.session = DataSession(role, clock.seconds())
        self.plain: Plain | None = None
        self.transport: Any

    def connectionMade(self) -> None:
        if self.session.role is tunnel.Role.CONNECTOR:
            self._ready(self, 0)

    def bridge(self, plain: Plain) -> None:
        """Each side's transport is the other's producer: that is all there is to back-pressure."""
        self.plain, plain.data = plain, self
        plain.read_gate, _ = bridge(plain.transport, self.transport)  # type: ignore[arg-type]
        plain.transport.resumeProducing()  # type: ignore[union-attr]

    def say(self, frames: bytes) -> None:
        """Send what the session gave."""
        self.transport.write(frames)

    def dataReceived(self, data: bytes) -> None:
        for kind, _, request_id, _, tail in self.session.receive(data, self._clock.seconds()):
            if kind == tunnel.Kind.ATTACH:
                self.say(self.session.attached(request_id))
                self._ready(self, request_id)
            elif kind == tunnel.Kind.BODY and self.plain is not None:
                self.plain.transport.write(tail)  # type: ignore[union-attr]
            elif kind == tunnel.Kind.END and self.plain is not None:
                self.plain.transport.unregisterProducer()  # type: ignore[union-attr]
                self.plain.transport.loseWriteConnection()  # type: ignore[union-attr]
            elif kind in (tunnel.Kind.ABORT, tunnel.Kind.STOP, tunnel.Kind.DETACH):
                self.transport.loseConnection()
        if output := self.session.take_output():
            self.say(output)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        plain, self.plain = self.plain, None
        if plain is not None:
            plain.data = None
            plain.transport.unregisterProducer()  # type: ignore[union-attr]
            plain.transport.loseConnection()  # type: ignore[union-attr]


class Signal(Protocol):
    """Either end of the signal connection: it says who is to be connected."""

    def __init__(self, role: tunnel.Role, clock: Any, wanted: Callable[[int], None], ready: Callable[[Signal], None]) -> None:
        self._clock = clock
        self._wanted = wanted
        self._ready = ready
        self.session = SignalSession(role, clock.seconds())

    def connectionMade(self) -> None:
        if self.session.role is tunnel.Role.CONNECTOR:
            hello = tunnel.Hello((1,), secrets.token_bytes(16), 0, 0, (), 1000, (), (), "example")
            self.say(self.session.hello(hello))

    def say(self, frames: bytes) -> None:
        """Send frames."""
        self.transport.write(frames)  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        for kind, _, request_id, _, _ in self.session.receive(data, self._clock.seconds()):
            if kind == tunnel.Kind.HELLO:
                self.say(self.session.welcome(tunnel.Welcome("near", EPOCH, "", 0, 15.0, 0, 180)))
                self._ready(self)
            elif kind == tunnel.Kind.WELCOME:
                self._ready(self)
            elif kind == tunnel.Kind.REQ:
                self._wanted(request_id)
        if output := self.session.take_output():
            self.say(output)


#: One run of the near side. The example has one node and starts it once.
EPOCH = b"\0" * 8


class Near:
    """Accepts users on one port, and the far side's two kinds of connections on two others."""

    def __init__(self, reactor: Any, users: int, first: int) -> None:
        self._reactor = reactor
        self._ids = tunnel.RequestIds()
        self._waiting: dict[int, Plain] = {}
        self._signal: Signal | None = None
        listen = reactor.listenTCP
        self.ports = [
            listen(users, _factory(lambda: Plain(self._user))),
            listen(first, _factory(lambda: Signal(tunnel.Role.SERVICE, reactor, lambda id: None, self._here))),
            listen(first + 1, _factory(lambda: Data(tunnel.Role.SERVICE, reactor, self._attached))),
        ]

    def _here(self, signal: Signal) -> None:
        self._signal = signal

    def _user(self, plain: Plain) -> None:
        if self._signal is None:
            plain.transport.loseConnection()  # type: ignore[union-attr]
            return
        id = self._ids.allocate(self._waiting)
        self._waiting[id] = plain
        request = tunnel.Request("tcp", 0, b"GET", b"/", b"-", "-", "http", "-", 60.0, 0, b"tcp", b"null", b"")
        flags = tunnel.request_flags(request)
        self._signal.say(tunnel.encode(tunnel.Kind.REQ, id, tunnel.encode_request(request), b"", flags))

    def _attached(self, data: Data, id: int) -> None:
        plain = self._waiting.pop(id, None)
        if plain is None:
            data.say(data.session.abort(errors.Code.UNKNOWN_REQUEST))
        else:
            data.bridge(plain)


class Far:
    """Dials the near side, and for each user the target."""

    def __init__(
        self, reactor: Any, near: tuple[str, int], target: tuple[str, int],
        ready: Callable[[], None] = lambda: None, failed: Callable[[Failure], None] = Failure.printBriefTraceback,
    ) -> None:
        self._reactor = reactor
        self._near = near
        self._target = target
        host, port = near
        signal = _factory(lambda: Signal(tunnel.Role.CONNECTOR, reactor, self._wanted, lambda signal: ready()))
        HostnameEndpoint(reactor, host, port).connect(signal).addErrback(failed)

    def _wanted(self, id: int) -> None:
        target = HostnameEndpoint(self._reactor, *self._target)
        target.connect(_factory(lambda: Plain(lambda plain: self._connected(id, plain))))

    def _connected(self, id: int, plain: Plain) -> None:
        def attach(data: Data, _: int) -> None:
            data.say(data.session.attach(id, EPOCH, True, True))
            data.say(data.session.head(101, b"upgrade: tcp\n"))
            data.bridge(plain)

        host, port = self._near
        data = _factory(lambda: Data(tunnel.Role.CONNECTOR, self._reactor, attach))
        HostnameEndpoint(self._reactor, host, port + 1).connect(data)


def _factory(make: Callable[[], Protocol]) -> Factory:
    class One(Factory):
        noisy = False

        def buildProtocol(self, addr: IAddress | None) -> Protocol:
            return make()

    return One()


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def main(arguments: list[str]) -> None:
    """Run one side."""
    parser = argparse.ArgumentParser(description="A TCP relay over the tunnel's protocols.")
    sides = parser.add_subparsers(dest="side", required=True)
    near = sides.add_parser("near")
    near.add_argument("--users", type=int, default=2222)
    near.add_argument("--tunnel", type=int, default=7000, help="signal connections come here, data connections one higher")
    far = sides.add_parser("far")
    far.add_argument("--tunnel", type=_place, default=("localhost", 7000))
    far.add_argument("--target", type=_place, required=True)
    options = parser.parse_args(arguments)
    from twisted.internet import reactor  # noqa: TID251 -- this is the program

    if options.side == "near":
        Near(reactor, options.users, options.tunnel)
        print(f"users at port {options.users}, the far side at ports {options.tunnel} and {options.tunnel + 1}", flush=True)
    else:
        near_side, target = (f"{host}:{port}" for host, port in (options.tunnel, options.target))

        def failed(failure: Failure) -> None:
            print(f"{near_side}: {failure.getErrorMessage()}; start the near side first", file=sys.stderr)
            reactor.stop()

        Far(reactor, options.tunnel, options.target,
            lambda: print(f"connected to {near_side}, users go to {target}", flush=True), failed)
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[1:])
