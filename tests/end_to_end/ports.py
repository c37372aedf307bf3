"""Ports for programs that are started in a moment."""

from __future__ import annotations

import random
import socket

#: Below those that connections of other tests are given meanwhile (ip(7), ip_local_port_range).
_RANGE = range(12_000, 32_000)


def free_port() -> int:
    """A port of this machine on which nobody listens now."""
    while True:
        port = random.choice(_RANGE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
