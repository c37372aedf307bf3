"""Telling systemd how we are: sd_notify(3), one datagram to the socket that NOTIFY_SOCKET names."""

from __future__ import annotations

import socket
from collections.abc import Mapping

READY = b"READY=1"
STOPPING = b"STOPPING=1"


def reloading(microseconds: int) -> bytes:
    """A reload begins, at this time of CLOCK_MONOTONIC; `READY` or `succeeded` ends it."""
    return b"RELOADING=1\nMONOTONIC_USEC=%d" % microseconds


def succeeded(process: int) -> bytes:
    """Another process of ours is the service from now on."""
    return b"MAINPID=%d\nREADY=1" % process


def notify(environment: Mapping[str, str], message: bytes) -> bool:
    """Send `message` if somebody listens; gives whether it was sent. A service manager that is gone stops nobody."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        try:
            sender.sendto(message, address)
        except OSError:
            return False
    return True
