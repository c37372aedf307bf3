"""The application that tests are made with: when it ends, it touches nothing but its own connections."""

from __future__ import annotations

import socket
import ssl
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.end_to_end.origins import Origin, server_context
from tests.end_to_end.world import until

#: More than the descriptors that the end of an application gives back.
FILES = 50


def test_the_end_of_an_application_touches_no_file(tmp_path: Path) -> None:
    """Its threads read TLS. The numbers of its descriptors are soon those of other files, such as a database's."""
    origin = Origin(context=server_context(tmp_path))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        ExitStack() as stack,
        socket.create_connection(("127.0.0.1", origin.port), 20) as plain,
        context.wrap_socket(plain) as user,
    ):
        user.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Case: whole\r\n\r\n")
        assert user.recv(1000).startswith(b"HTTP/1.1 200 OK")
        origin.stop()
        files = []
        for number in range(FILES):
            path = tmp_path / f"{number}"
            path.write_bytes(b"untouched" * 100)
            files.append(stack.enter_context(path.open("r+b", buffering=0)))
        with suppress(OSError):
            user.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Case: late\r\n\r\n")
        until(lambda: not origin.open, "a connection stays", 20)
        assert [file.tell() for file in files] == [0] * FILES
        assert {file.read() for file in files} == {b"untouched" * 100}
