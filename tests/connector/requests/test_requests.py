"""The table of requests: who is let in, who is refused, and what HELLO tells of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.logger import capturedLogs

from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.applications.wildcard import WildcardHosts
from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.errors import Code
from appproxy.publish.application import Segment, Url
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.limits import DEFAULT_LIMITS
from tests.connector.rig import Rig, code, finals, request, send

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"


def new_route(rig: Rig) -> OriginRoute:
    """An application that the connector has not heard of yet."""
    address = OriginAddress("http", "new.corp", 80)
    target = Target("new", address, b"new.corp", False, 10.0, 3600.0, frozenset())
    return OriginRoute(target, rig.origins.of(address))


def test_an_unknown_application_is_asked_for_once(rig: Rig) -> None:
    """The configuration is read once more; then the request goes its way."""
    signal = rig.online()
    send(signal, 1, request(application="new"))
    assert len(rig.refreshes) == 1
    assert signal.read() == []
    rig.routes["new"] = new_route(rig)
    rig.refreshes[0]()
    rig.origin().deliver(OK)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]


def wildcard(rig: Rig, **more: Any) -> None:
    """The application `wild`: `*.example.com` is `*.corp`."""
    pair = Segment(Url.parse("https://*.example.com/"), Url.parse("http://*.corp:81/"))
    address = OriginAddress("http", "*.corp", 81)
    target = Target("wild", address, b"*.corp:81", False, 10.0, 3600.0, frozenset(), pair, **more)
    rig.routes["wild"] = OriginRoute(target, rig.origins.of(address), WildcardHosts(target, rig.origins))


def test_the_host_of_a_wildcard_is_worked_out_here(rig: Rig) -> None:
    """What the user typed for the star is put before the internal suffix: in what is dialled, and in Host."""
    signal = rig.online()
    wildcard(rig)
    send(signal, 1, replace(request(application="wild"), authority=b"A.b.example.com:8443"))
    assert rig.origins_dialled[0].where == OriginAddress("http", "a.b.corp", 81)
    wire = rig.origin()
    assert b"\r\nhost: a.b.corp:81\r\n" in wire.take().lower()
    wire.deliver(OK)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]


@pytest.mark.parametrize(
    "authority",
    [b"evil.example", b"example.com", b"evilexample.com", b"a.example.com.evil.example", b"no.example.com", b"a..example.com",
     b".example.com", b"x" * 200, b"127.0.0.1", b"[::1]", b"-", b"a.example.org"],
)
def test_a_request_can_name_no_other_host(authority: bytes, rig: Rig) -> None:
    """What is not below the external wildcard, or is excluded, is dialled nowhere."""
    signal = rig.online()
    wildcard(rig, excluded_hosts=frozenset({"no.example.com"}))
    send(signal, 1, replace(request(application="wild"), authority=authority))
    assert list(finals(signal.read())) == [(Kind.REJECT, 1, Code.UNKNOWN_APPLICATION)]
    assert rig.origins_dialled == []


def test_an_application_that_stays_unknown(rig: Rig) -> None:
    """REJECT: another connector may know it."""
    signal = rig.online()
    send(signal, 1, request(application="new"))
    rig.refreshes[0]()
    assert list(finals(signal.read())) == [(Kind.REJECT, 1, Code.UNKNOWN_APPLICATION)]
    assert rig.origins_dialled == []


def test_cancelled_while_the_configuration_is_read(rig: Rig) -> None:
    """The user left; the answer of the service changes nothing more."""
    signal = rig.online()
    send(signal, 1, request(application="new"))
    signal.send(Kind.CANCEL, 1, code())
    rig.routes["new"] = new_route(rig)
    rig.refreshes[0]()
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.CANCELLED)]
    assert rig.origins_dialled == []


def test_too_many_at_once() -> None:
    """Over its limit the connector rejects; a free slot is used again."""
    rig = Rig(limits=replace(DEFAULT_LIMITS, in_flight=2))
    signal = rig.online()
    for id in (1, 2, 3):
        send(signal, id)
    assert list(finals(signal.read())) == [(Kind.REJECT, 3, Code.CONNECTOR_BUSY)]
    rig.origin().deliver(OK)
    send(signal, 4)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]


def test_an_id_that_is_in_use(rig: Rig) -> None:
    """The service breaks the protocol: that connection is dropped, the request itself goes on."""
    signal = rig.online()
    send(signal, 1)
    send(signal, 1)
    assert signal.wire.end == "lost"
    rig.origin().deliver(OK)
    assert list(finals(rig.second.read())) == [(Kind.RSP, 1, (200, b"hello"))]


def test_a_fault_of_ours_costs_one_request(rig: Rig) -> None:
    """The connection that all requests share goes on."""
    signal = rig.online()

    def broken(address: OriginAddress, factory: IProtocolFactory, timeout: float) -> Deferred[IProtocol]:
        raise ZeroDivisionError

    origin = rig.origins.of(rig.home)
    good, origin.connect = origin.connect, broken
    with capturedLogs() as events:
        send(signal, 1)
    origin.connect = good
    assert any("log_failure" in event for event in events)
    send(signal, 2)
    rig.origin().deliver(OK)
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.INTERNAL), (Kind.RSP, 2, (200, b"hello"))]


def test_cancel_of_an_unknown_request_leaves_a_tombstone(rig: Rig) -> None:
    """Its slot becomes free, and should the request still come, it is refused for a minute."""
    signal = rig.online()
    rig.second.send(Kind.CANCEL, 7, code())
    assert list(finals(rig.second.read())) == [(Kind.FAIL, 7, Code.CANCELLED)]
    send(signal, 7)
    assert list(finals(signal.read())) == [(Kind.FAIL, 7, Code.CANCELLED)]
    assert rig.origins_dialled == []


def test_a_late_cancel(rig: Rig) -> None:
    """For a request whose last word was said, nothing is said again."""
    signal = rig.online()
    send(signal, 1)
    rig.origin().deliver(OK)
    signal.read()
    signal.send(Kind.CANCEL, 1, code())
    assert signal.read() == []


def test_in_line_answers_wait_for_a_slow_service(rig: Rig) -> None:
    """256 KiB unsent on a signal connection; beyond it, small answers take data connections."""
    signal, data = rig.with_data()
    signal.wire.clog()
    for id in range(1, 18):
        send(signal, id)
        rig.origin().deliver(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 16384\r\n\r\n" + bytes(16384))
    sent = [id for kind, id, _ in finals(signal.read()) if kind == Kind.RSP]
    assert sent == list(range(1, 16))
    assert data.kinds() == [Kind.ATTACH, Kind.HEAD, Kind.BODY, Kind.END]


def test_the_service_reads_again(rig: Rig) -> None:
    """Then answers go in line again."""
    signal = rig.online()
    signal.wire.clog()
    signal.wire.unclog()
    send(signal, 1)
    rig.origin().deliver(OK)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]


def test_what_hello_tells(rig: Rig) -> None:
    """Open: what waits for an answer. Ended: whose last word may have been lost. Not: what streams already."""
    signal, data = rig.with_data()
    for id in (1, 2, 3):
        send(signal, id)
    rig.origin().deliver(OK)
    streaming = rig.origin()
    streaming.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
    data.read()
    assert set(rig.uplink.requests.open_ids()) == {2, 3}
    data.attached(2)
    assert rig.uplink.requests.open_ids() == (3,)
    assert rig.uplink.requests.ended_ids() == (1,)


def test_answers_wait_for_a_signal_connection(rig: Rig) -> None:
    """With none up, a final frame is kept, listed as open, and sent after the next WELCOME."""
    signal = rig.online()
    send(signal, 1)
    origin = rig.origin()
    signal.wire.lose()
    rig.second.wire.lose()
    origin.deliver(OK)
    rig.clock.pump([0.25] * 4)
    again = rig.signal()
    again.read()
    assert again.hello is not None
    assert again.hello.open == (1,)
    again.welcome()
    assert list(finals(again.read())) == [(Kind.RSP, 1, (200, b"hello"))]
    assert rig.uplink.requests.ended_ids() == (1,)
