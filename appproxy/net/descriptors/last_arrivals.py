"""The end of a listening socket at which nobody is lost: who the kernel has let in is taken before it is closed.

`close` resets connections that are established and were not accepted (tcp(7)), and a load balancer that has connected takes
them for lost requests. So: no new ones are begun (`turn_deaf`), those whose handshake is under way get the time for it
(`HANDSHAKE_SECONDS`), all are accepted (`take_rest`), and then it is closed. Who comes meanwhile has no answer to the first
packet, sends it again after a second (RFC 6298 section 2), and is refused like everybody from then on.
"""

from __future__ import annotations

import ctypes
import select
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

#: Seconds: the answer to a first packet goes to the other side of the Earth and back.
HANDSHAKE_SECONDS = 0.25
#: asm-generic/socket.h; Python names neither.
_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27
#: Classic BPF (linux/filter.h) over what comes, from the TCP header on (RFC 9293 section 3.1: flags are in byte 13): drop
#: what has SYN and no ACK, let everything else through.
_SYN, _SYN_OR_ACK, _FLAGS_AT = 0x02, 0x12, 13
_DROP_SYN = b"".join(struct.pack("=HBBI", *one) for one in (
    (0x30, 0, 0, _FLAGS_AT),  # ld byte
    (0x54, 0, 0, _SYN_OR_ACK),  # and
    (0x15, 0, 1, _SYN),  # jeq
    (0x06, 0, 0, 0),  # ret: drop
    (0x06, 0, 0, 0xFFFF_FFFF),  # ret: all of it
))
#: More than any queue of ours holds (`BACKLOG` of the listeners), for a count that ends whatever happens.
_MOST = 8192


def turn_deaf(found: socket.socket) -> bool:
    """Begin no new connection on this listening TCP socket, whoever else has it open too; False where that cannot be."""
    if found.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    program = ctypes.create_string_buffer(_DROP_SYN, len(_DROP_SYN))
    with suppress(OSError):  # another system, or a kernel without it
        described = struct.pack("HP", len(_DROP_SYN) // 8, ctypes.addressof(program))
        found.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, described)
        return True
    return False


def hear_again(found: socket.socket) -> None:
    """Undo it: one that was killed meanwhile may have left a socket that others keep deaf."""
    with suppress(OSError):  # it hears
        found.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)


def take_rest(found: socket.socket, accept: Callable[[], object]) -> None:
    """Call `accept`, which takes one or more if it can, until nobody waits."""
    look = select.poll()
    look.register(found, select.POLLIN)
    for _ in range(_MOST):
        if not look.poll(0):
            return
        accept()
