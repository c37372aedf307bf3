"""What the origin does when several test files want the same of it."""

from __future__ import annotations

import time
from base64 import b64encode
from hashlib import sha1, sha256

from tests.end_to_end.origins import Call

#: RFC 6455 section 1.3.
_WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#: More than travels on a signal connection.
LARGE = sha256(b"large").digest() * 6_000


def large(call: Call) -> bool:
    """A long answer."""
    call.body()
    call.answer(LARGE)
    return True


def slow(call: Call) -> bool:
    """An answer that takes a second."""
    call.body()
    time.sleep(1)
    call.answer(b"slow")
    return True


def pour(call: Call) -> None:
    """An answer that goes on for ever, in chunks, so that any end of it could pass for its proper one."""
    call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        call.send(b"400\r\n" + bytes(1024) + b"\r\n")
        time.sleep(0.05)


def talk(call: Call) -> None:
    """A stream that says nothing."""
    call.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    call.wait_until_left()


def accept_websocket(call: Call, then: bytes = b"") -> None:
    """Say yes to a WebSocket, with the proof (RFC 6455 section 4.2.2), and `then` in the same breath."""
    accepted = b64encode(sha1(call.seen.values("sec-websocket-key")[0] + _WEBSOCKET).digest())
    call.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              b"Sec-WebSocket-Accept: " + accepted + b"\r\n\r\n" + then)
