"""An application that speaks HTTP/2, in memory: nghttp2's server on the other end of the connector's wire."""

from __future__ import annotations

from typing import Any

from ngh2 import Configuration, Connection, Role, Setting
from ngh2 import events as h2

from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.tunnel.messages import Request
from tests.connector.rig import APPLICATION, DataPeer, Rig, SignalPeer, Wire, request, send

H2 = OriginAddress("http", "wiki.corp", 80, protocol="h2")
OK = [(b":status", b"200"), (b"content-type", b"text/plain")]


class H2Application:
    """One connection of it. `read` gives what has come since; what it answers leaves with `say`."""

    def __init__(self, rig: Rig, wire: Wire, **settings: Any) -> None:
        self.rig = rig
        self.wire = wire
        self.session = Connection(Role.SERVER, Configuration(auto_window_update=False))
        self.session.initiate_connection({getattr(Setting, name.upper()): value for name, value in settings.items()})
        self.say()

    def say(self) -> None:
        """Let leave what was put into the session, and take what that brings about."""
        while output := self.session.data_to_send():
            if self.wire.end:
                return
            self.wire.deliver(output)
            self.rig.clock.advance(0)

    def read(self) -> list[h2.Event]:
        """Requests, bodies and the like, in their order; SETTINGS and their like left out."""
        self.rig.clock.advance(0)
        data = self.wire.take()
        if data:
            self.session.receive_data(data)
        events = self.session.events()
        self.say()
        return [event for event in events if isinstance(event, _OF_STREAMS)]

    def requests(self) -> list[h2.RequestReceived]:
        """Only the heads."""
        return [event for event in self.read() if isinstance(event, h2.RequestReceived)]

    def body(self) -> bytes:
        """Only the bytes, which are taken: the windows open again."""
        data = b""
        for event in self.read():
            if isinstance(event, h2.DataReceived):
                data += event.data
                self.session.acknowledge_received_data(len(event.data), event.stream_id)
        self.say()
        return data

    def answer(self, stream: int, body: bytes = b"hello", headers: list[tuple[bytes, bytes]] = OK) -> None:
        """A complete answer."""
        self.session.send_response(stream, headers, end_stream=not body)
        if body:
            self.session.send_data(stream, body, end_stream=True)
        self.say()


_OF_STREAMS = (h2.RequestReceived, h2.DataReceived, h2.TrailersReceived, h2.StreamReset, h2.StreamClosed)


def h2_rig(address: OriginAddress = H2) -> Rig:
    """A connector whose application speaks HTTP/2."""
    rig = Rig(home=address)
    target = Target(APPLICATION, address, b"wiki.corp", False, 10.0, 3600.0, frozenset({b"websocket"}))
    rig.routes[APPLICATION] = OriginRoute(target, rig.origins.of(address))
    return rig


def connected(rig: Rig, **settings: Any) -> H2Application:
    """The next connection that was dialled, greeted both ways."""
    application = H2Application(rig, rig.origin(), **settings)
    application.read()
    return application


def first(rig: Rig, asked: Request | None = None, **settings: Any) -> tuple[SignalPeer, H2Application, int]:
    """An application that has got request 1; its stream."""
    signal = rig.online()
    send(signal, 1, asked)
    application = connected(rig, **settings)
    return signal, application, _stream(application)


def _stream(application: H2Application) -> int:
    return 1


def uploading(rig: Rig, asked: Request | None = None, **settings: Any) -> tuple[SignalPeer, DataPeer, H2Application]:
    """A request with a body, its data connection attached, the application connected."""
    signal, data = rig.with_data()
    send(signal, 1, asked or request(b"POST", length=None))
    application = connected(rig, **settings)
    data.read()
    data.attached(1)
    return signal, data, application
