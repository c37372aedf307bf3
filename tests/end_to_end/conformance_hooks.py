"""What schemathesis loads to try the admin API (`test_api_conformance.py`): who calls, from where, and under which condition.

One caller has 20 requests a second, and one network a few wrong credentials a minute: so several call, from several addresses.
"""

from __future__ import annotations

import os
import socket
from itertools import count, cycle
from typing import Any

import schemathesis
from urllib3.util import connection

#: One change in so many keeps the ETag that was made up for it: it meets nothing (412), and so nothing else is tried.
_PRECONDITIONS = 8
_LONGEST_KEY = 255
_tokens = cycle(os.environ["CONFORMANCE_TOKENS"].split())
_sources = cycle(f"127.0.0.{last}" for last in range(2, 250))
_numbers = count()


@schemathesis.auth(refresh_interval=None)
class Tokens:
    """A service token, each time the next one."""

    def get(self, case: Any, context: Any) -> str:
        """Called for each request."""
        return next(_tokens)

    def set(self, case: Any, data: str, context: Any) -> None:
        """Called with it."""
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Take away what would be refused for what it is to be compared with, whatever else is asked."""
    number, fields = next(_numbers), case.headers or {}
    if case.method != "GET" and number % _PRECONDITIONS:
        fields.pop("If-Match", None)
        if fields.get("If-None-Match") == "*":
            del fields["If-None-Match"]
    key = fields.get("Idempotency-Key", "")
    if 0 < len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable():
        # The same one with another body is refused, and it is chance whether there was one.
        fields["Idempotency-Key"] = f"key {number}"


def connect(
    address: tuple[str, int], timeout: Any = None, source_address: Any = None, socket_options: Any = None
) -> socket.socket:
    """In place of urllib3's own: names below `localhost` are this machine (RFC 6761 section 6.3); not every resolver knows."""
    return _connect(("127.0.0.1", address[1]), timeout, (next(_sources), 0), socket_options)


schemathesis.hook(before_call)
_connect = connection.create_connection
connection.create_connection = connect
