"""A network of its own for each process that runs tests: nobody's devices come and go in it, and nobody takes its ports.

Chromium gives up its requests when an address of the machine comes or goes (ERR_NETWORK_CHANGED). That happens on a machine
that starts containers, and whenever `LossyLink` makes a device in the network that other tests are in. Root only: others stay
in the machine's network, and make no devices either.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

#: linux/sched.h, linux/sockios.h and linux/if.h.
_CLONE_NEWNET, _SIOCSIFFLAGS, _IFF_UP = 0x40000000, 0x8914, 0x0001
#: Descriptors of the network that this process came from, and of its own.
_networks: list[int] = []
_libc = ctypes.CDLL(None, use_errno=True)


def enter_own() -> None:
    """Go to a new network that has a loopback device alone, with what this thread starts from now on."""
    if os.geteuid() or _networks:
        return
    outside = _this()
    if _libc.unshare(_CLONE_NEWNET):
        os.close(outside)  # a container that may not
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", _IFF_UP))
    _networks.extend((outside, _this()))


@contextmanager
def outside() -> Iterator[None]:
    """This thread and what it starts are in the machine's network, to fetch something from there."""
    for network in _networks[:1]:
        _enter(network)
    try:
        yield
    finally:
        for network in _networks[1:]:
            _enter(network)


def _this() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _enter(network: int) -> None:
    if _libc.setns(network, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
