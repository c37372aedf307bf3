"""What streams ask of their connection to an application: each verb, and what becomes of one for a stream that has gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest
from ngh2 import Configuration, Connection, NGH2Error, Role, Setting
from ngh2 import events as h2
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from appproxy.connector.origin.h2.port import H2Pool, OriginH2Port
from appproxy.connector.transport import Transport
from appproxy.errors import Code, RequestError
from appproxy.http.h2.client import new_client_session
from appproxy.http.h2.session import H2Session

GET = [(b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"wiki.corp"), (b":path", b"/")]
CANCEL = 8


@dataclass(eq=False)
class Stream:
    """One request. `room`: may its sender go on, when something has left? `told`: what it has heard."""

    id: int = 0
    open: bool = True
    room: bool = True
    told: list[object] = field(default_factory=list)

    def refuse(self) -> None:
        self.told.append("refused")

    def lost(self, error: RequestError) -> None:
        self.told.append(error.code)

    def drained(self) -> bool:
        self.told.append("drained")
        return self.room


class Pool:
    """Where the connection is kept. `back`: streams that were given back."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.refuses_credentials = True
        self.back: list[Stream] = []

    def give_back(self, stream: Stream) -> None:
        self.back.append(stream)


class Port(OriginH2Port[Stream]):
    """The sending side alone. `said`: what a connection would have been asked for."""

    def __init__(self, pool: Pool, settings: dict[Setting, int] | None = None) -> None:
        super().__init__(cast(H2Pool[Stream], pool))
        self.pool, self.wire = pool, StringTransport()
        self.out = cast(Transport, self.wire)
        self.application = Connection(Role.SERVER, Configuration(auto_window_update=False))
        self.application.initiate_connection(settings or {})
        self.said: list[str] = []
        self.heard: list[h2.Event] = []

    def up(self) -> None:
        """It is connected, and both have said what they can."""
        self._session = new_client_session()
        self.enlist()
        self.turn()

    def give(self) -> Stream:
        """A stream for a request that is not sent yet."""
        stream = Stream()
        self._given.add(stream)
        return stream

    def begun(self, *, ended: bool = False) -> Stream:
        """One whose head is on its way."""
        stream = self.give()
        stream.id = self.begin(stream, GET, ended)
        return stream

    def block(self, blocked: bool) -> None:
        """The transport takes nothing more, or again something."""
        self._blocked = blocked

    def turn(self) -> list[h2.Event]:
        """The reactor's turn ends; what the application has heard since."""
        found: list[h2.Event] = []
        for _ in range(20):
            self.pool.clock.advance(0)
            there = self.wire.value()
            self.wire.clear()
            if there:
                self.application.receive_data(there)
                found += self.application.events()
            back = self.application.data_to_send()
            if back and self._session is not None:
                self._session.receive_data(back)
                self.enlist()
            if not there and not back:
                break
        return [one for one in found if isinstance(one, h2.RequestReceived | h2.DataReceived | h2.StreamClosed)]

    def _freed(self) -> None:
        self.said.append("freed")

    def _take_events(self, session: H2Session) -> None:
        self.heard += session.events()

    def _broken(self, reason: str) -> None:
        self.said.append("broken")
        self._left = True

    def _end_of_session(self) -> None:
        self.said.append("end")


@pytest.fixture
def port() -> Port:
    """A connection that is up."""
    made = Port(Pool())
    made.up()
    return made


def test_a_request_and_its_body(port: Port) -> None:
    """All of a turn leaves at its end, in one write, and not before."""
    stream = port.begun()
    port.send(stream, b"abc")
    port.end(stream, b"x-sum: 1\n")
    assert port.wire.value() == b""
    head, data, *_ = port.turn()
    assert isinstance(head, h2.RequestReceived) and dict(head.headers)[b":path"] == b"/" and head.stream_id == stream.id
    assert isinstance(data, h2.DataReceived) and data.data == b"abc"
    assert port.said == [] and port.pool.back == []


def test_what_it_is_asked_before_it_is_up() -> None:
    """Nothing waits, nothing is offered, and nothing fails."""
    port = Port(Pool())
    stream = port.give()
    assert (port.waiting(stream), port.offers_upgrades, port.refuses_credentials) == (0, False, True)
    port.acknowledge(stream, 5)
    port.flush_turn()
    port.reset(stream, CANCEL)
    assert port.pool.back == [stream] and port.said == ["freed"]


@pytest.mark.parametrize(("value", "offered"), [(1, True), (0, False), (None, False)])
def test_upgrades_that_the_application_offers(value: int | None, offered: bool) -> None:
    """By SETTINGS (RFC 8441 section 3)."""
    made = Port(Pool(), {} if value is None else {Setting.ENABLE_CONNECT_PROTOCOL: value})
    made.up()
    assert made.offers_upgrades is offered


def test_it_was_closing_already(port: Port) -> None:
    """Nothing of the request has left: another connection may carry it. The stream hears of its end in a turn of its own."""
    port.application.terminate_connection()
    port.turn()
    stream = port.give()
    assert port.begin(stream, GET, True) == 0
    assert (stream.told, port.pool.back) == (["refused"], [stream])
    port.pool.clock.advance(0)
    assert stream.told == ["refused", Code.ORIGIN_CLOSED]


def test_verbs_for_a_stream_that_has_gone(port: Port) -> None:
    """Do nothing, and have nothing sent."""
    stream = port.begun(ended=True)
    port.turn()
    port.application.send_response(stream.id, [(b":status", b"204")], end_stream=True)
    port.turn()
    port.send(stream, b"late")
    port.end(stream, b"")
    assert port.waiting(stream) == 0
    assert port.turn() == [] and port.wire.value() == b"" and port.said == []


def test_a_stream_that_is_broken_off(port: Port) -> None:
    """The application hears so, and there is room for another; of one that was not used yet nobody hears."""
    stream = port.begun()
    port.turn()
    port.reset(stream, CANCEL)
    (closed,) = port.turn()
    assert isinstance(closed, h2.StreamClosed) and closed.error_code == CANCEL and port.said == ["freed"]
    unused = port.give()
    port.reset(unused, CANCEL)
    assert port.pool.back == [unused] and port.said == ["freed", "freed"] and port.turn() == []
    port.reset(unused, CANCEL)
    assert port.pool.back == [unused], "twice is as once"


def test_bytes_that_wait_for_the_application(port: Port) -> None:
    """Beyond its windows they wait here; when some have left, whoever was paused goes on."""
    stream = port.begun()
    port.send(stream, b"x" * 100_000)
    port.turn()
    waits = port.waiting(stream)
    assert 0 < waits < 100_000
    stream.room = False
    port.await_room(stream)
    port.enlist()
    port.turn()
    assert stream.told and set(stream.told) == {"drained"}, "it is asked each time, until it has room"
    port.application.acknowledge_received_data(60_000, stream.id)
    stream.room = True
    port.turn()
    asked = len(stream.told)
    port.enlist()
    port.turn()
    assert len(stream.told) == asked and port.waiting(stream) < waits


def test_nothing_leaves_while_the_transport_is_full(port: Port) -> None:
    """Else its buffer would grow; and who is closed meanwhile is not asked whether there is room."""
    stream = port.begun()
    port.block(True)
    assert port.turn() == []
    port.await_room(stream)
    stream.open = False
    port.block(False)
    port.enlist()
    assert [type(one) for one in port.turn()] == [h2.RequestReceived] and stream.told == []


def test_an_application_that_keeps_to_nothing(port: Port) -> None:
    """What the session cannot take breaks the connection, and it is left alone afterwards."""
    class Broken(H2Session):
        """One that has failed."""

        def data_to_send(self, max_length: int | None = None) -> bytes:
            raise NGH2Error("failed")

    port._session = Broken(Role.CLIENT, Configuration())
    port.enlist()
    port.pool.clock.advance(0)
    assert port.said == ["broken"]
    port.enlist()
    port.pool.clock.advance(0)
    assert port.said == ["broken"]


def test_it_is_asked_once_a_turn(port: Port) -> None:
    """However often something is to be sent."""
    for _ in range(5):
        port.enlist()
    assert len(port.pool.clock.getDelayedCalls()) == 1


def test_a_session_that_wants_nothing_more(port: Port) -> None:
    """Is at its end, once all of it has left."""
    assert port._session is not None
    port._session.terminate_connection()
    port.block(True)
    port.enlist()
    port.pool.clock.advance(0)
    assert "end" not in port.said
    port.block(False)
    port.enlist()
    port.turn()
    assert port.said[0] == "end"
