"""One JSON line a request, whatever the request holds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.logger import capturedLogs, formatEvent

from appproxy.connector.requests.access_log import ConnectorAccessLog
from appproxy.errors import Code
from appproxy.tunnel.frames import Kind
from tests.connector.rig import Rig, code, request, send, send_whole

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"


def logged(rig: Rig) -> list[str]:
    """The lines of all that has ended."""
    lines: list[str] = []
    log = ConnectorAccessLog(rig.clock, lambda: 1782864000.25, rig.counters, lambda make: lines.append(make()))
    for ended in rig.ended:
        log.add(ended)
    return lines


def test_a_line(rig: Rig) -> None:
    """All that joins it to the service's log."""
    signal = rig.online()
    send(signal, 1, request(target=b"/page?token=secret"))
    rig.clock.advance(0.0125)
    rig.origin().deliver(OK)
    assert json.loads(logged(rig)[0]) == {
        "time": "2026-07-01T00:00:00.250Z", "request_id": "0" * 32, "method": "GET", "path": "/page", "status": 200,
        "received": 0, "sent": 5, "ms": 12.5, "application": "wiki"}


def test_a_body_that_came_in_the_request_is_counted(rig: Rig) -> None:
    """As one that came on a data connection is."""
    send_whole(rig.online(), 1, b"POST", b"hello")
    rig.origin().deliver(OK)
    assert (json.loads(logged(rig)[0])["received"], rig.counters.received) == (5, 5)


def test_a_failure_has_its_name(rig: Rig) -> None:
    """So that it can be counted."""
    signal = rig.online()
    send(signal, 1)
    signal.send(Kind.CANCEL, 1, code())
    assert json.loads(logged(rig)[0])["failure"] == "CANCELLED"


def test_a_failure_says_where_and_why(rig: Rig) -> None:
    """The same words as at the service: whoever looks at a connector need not go there."""
    signal = rig.online()
    send(signal, 1)
    rig.origin().lose()
    line = json.loads(logged(rig)[0])
    assert line["failure"] == "ORIGIN_CLOSED"
    assert line["detail"].endswith("closed before an answer; if it speaks TLS, set internal=https://wiki.corp:80/")


def test_an_application_that_does_not_answer_is_named_in_the_log(rig: Rig) -> None:
    """By what admins call it, once."""
    signal = rig.online()
    send(signal, 1)
    rig.origin().lose()
    log = ConnectorAccessLog(rig.clock, lambda: 0.0, rig.counters, None, name_of={"wiki": "The wiki"}.__getitem__)
    with capturedLogs() as events:
        log.add(rig.ended[0])
        log.add(rig.ended[0])
    assert [formatEvent(event)[:40] for event in events] == ["The wiki does not answer: ORIGIN_CLOSED,"]


@pytest.mark.parametrize("user_left", [True, False])
def test_a_web_socket_that_its_user_leaves_has_not_failed(user_left: bool, rig: Rig) -> None:
    """It is how they end; one that the application drops has."""
    signal, data = rig.with_data()
    send(signal, 1, request(upgrade=b"websocket"))
    origin = rig.origin()
    origin.deliver(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
    data.read()
    data.attached(1)
    if user_left:
        signal.send(Kind.CANCEL, 1, code())
    else:
        origin.lose()
    line = json.loads(logged(rig)[0])
    assert (line["status"], line.get("failure")) == (101, None if user_left else "ORIGIN_TRUNCATED")
    counted = rig.counters
    assert (counted.streamed, counted.failed, counted.cancelled) == ((1, 0, 0) if user_left else (0, 1, 0))


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f?"), min_size=1))
def test_no_target_breaks_a_line(text: str) -> None:
    """Quotes, backslashes and high bytes: each line is one JSON object, and holds the target."""
    rig = Rig()
    signal = rig.online()
    target = "/" + "".join(sign for sign in text if not 0x7F <= ord(sign) < 0x80)
    send(signal, 1, request(target=target.encode("latin-1")))
    signal.send(Kind.CANCEL, 1, code())
    line = logged(rig)[0]
    assert "\n" not in line
    assert json.loads(line)["path"] == target


def test_counters(rig: Rig) -> None:
    """Each request is counted once, by how it ended."""
    signal, data = rig.with_data()
    for id in (1, 2, 3, 4):
        send(signal, id, strict=id == 2)
    rig.origin().deliver(OK)
    rig.origin().deliver(OK)
    data.read()
    data.attached(2)
    rig.origin().lose()
    signal.send(Kind.CANCEL, 4, code())
    send(signal, 5, request(application="unknown"))
    rig.refreshes[0]()
    assert [ended.code for ended in rig.ended] == [
        None, None, Code.ORIGIN_CLOSED, Code.CANCELLED, Code.UNKNOWN_APPLICATION]
    logged(rig)
    counted = rig.counters
    names = ("requests", "in_line", "streamed", "failed", "cancelled", "rejected")
    assert {name: getattr(counted, name) for name in names} == {
        "requests": 5, "in_line": 1, "streamed": 1, "failed": 1, "cancelled": 1, "rejected": 1}
    assert counted.sent == 10
    assert counted.failures == {Code.ORIGIN_CLOSED: 1, Code.CANCELLED: 1, Code.UNKNOWN_APPLICATION: 1}
