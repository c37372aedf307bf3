"""An application that takes large bodies and throws them away as fast as they come: python -m bench.sink HOST:PORT"""

from __future__ import annotations

import socket
import sys
import threading

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def serve(connection: socket.socket) -> None:
    """One connection: requests with Content-Length or chunked bodies, one after the other."""
    buffer = bytearray(1 << 20)
    with connection:
        while head := _read_head(connection):
            fields, rest = head
            length = fields.get(b"content-length")
            if length is not None:
                left = int(length) - len(rest)
                while left > 0:
                    got = connection.recv_into(buffer, min(left, len(buffer)))
                    if not got:
                        return
                    left -= got
            else:
                tail = rest[-5:]
                while tail != b"0\r\n\r\n":
                    got = connection.recv_into(buffer)
                    if not got:
                        return
                    tail = (tail + bytes(buffer[max(got - 5, 0) : got]))[-5:]
            connection.sendall(_ANSWER)


def _read_head(connection: socket.socket) -> tuple[dict[bytes, bytes], bytes] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in lines}, rest


def main() -> None:
    """Accept until killed."""
    host, _, port = sys.argv[1].rpartition(":")
    listener = socket.create_server((host, int(port)), backlog=128)
    print(f"sink ready on {host}:{port}", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
