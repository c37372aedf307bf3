"""Asking a program on this machine whether it works."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from appproxy.cli.base.observed import observe
from appproxy.config import Address


@contextmanager
def program(answer: bytes) -> Iterator[tuple[Address, list[bytes]]]:
    """One that answers everybody with these bytes; what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        def serve() -> None:
            connection = listening.accept()[0]
            with connection:
                asked.append(connection.recv(4096))
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield Address("127.0.0.1", listening.getsockname()[1]), asked
        thread.join(5)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", ""])
def test_status_and_line(host: str) -> None:
    """Of whoever listens there; an address that means all of them is asked on this machine."""
    with program(b"HTTP/1.1 503 no\r\nContent-Length: 14\r\n\r\ndraining\nmore\n") as (listen, asked):
        assert observe(Address(host, listen.port), "/ready", 5.0) == (503, "draining")
        assert asked[0].startswith(b"GET /ready HTTP/1.1\r\n")


def test_no_more_is_read_than_a_line_needs() -> None:
    """Whatever listens there instead."""
    with program(b"HTTP/1.1 200 ok\r\n\r\n" + b"x" * 5000) as (listen, _):
        assert observe(listen, "/live", 5.0) == (200, "x" * 200)


def test_nobody_there() -> None:
    """Is the caller's to explain."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(OSError, match="refused"):
            observe(Address("127.0.0.1", taken.getsockname()[1]), "/live", 5.0)
