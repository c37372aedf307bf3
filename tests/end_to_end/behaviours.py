"""What the origin does when several test files want the same of it."""

from __future__ import annotations

import time
from hashlib import sha256

from tests.end_to_end.origins import Call

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
