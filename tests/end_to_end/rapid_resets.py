"""HTTP/2 requests that are reset at once, again and again, a process of its own.

    python -m tests.end_to_end.rapid_resets PORT HOST

Four connections; each asks for 50 and resets them, in one write and in two by turns, until the service ends it. Then it is
opened again.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import time

from ngh2 import Configuration, Connection, Role

CONNECTIONS = 4
_ROUNDS, _STREAMS = 6, 50
_CANCEL = 8
#: Seconds between two writes of a connection.
_PAUSE = 0.004


def writes(authority: bytes) -> list[bytes]:
    """What a connection says: made once, and said again by each."""
    user = Connection(Role.CLIENT, Configuration())
    user.initiate_connection()
    found = [bytes(user.data_to_send())]
    for turn in range(_ROUNDS):
        head = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", authority), (b":path", b"/small")]
        streams = [user.send_request(head, end_stream=True) for _ in range(_STREAMS)]
        asked = bytes(user.data_to_send())
        for stream in streams:
            user.reset_stream(stream, _CANCEL)
        reset = bytes(user.data_to_send())
        found += [asked + reset] if turn % 2 else [asked, reset]
    return found


def main(port: int, host: str) -> None:
    """Until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    said = writes(f"{host}:{port}".encode())
    open_: dict[ssl.SSLSocket, int] = {}
    print("ready", flush=True)
    while True:
        while len(open_) < CONNECTIONS:
            with contextlib.suppress(OSError):
                plain = socket.create_connection(("127.0.0.1", port), 20, ("127.0.0.66", 0))
                one = context.wrap_socket(plain, server_hostname=host)
                one.setblocking(False)
                open_[one] = 0
        for one, number in list(open_.items()):
            try:
                one.sendall(said[number])
                open_[one] = number + 1
                with contextlib.suppress(ssl.SSLWantReadError):
                    while one.recv(65_536):
                        pass
            except (OSError, IndexError):
                one.close()
                del open_[one]
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
