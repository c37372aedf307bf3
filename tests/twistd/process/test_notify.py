"""Telling systemd, by a real datagram on a socket of the test's own."""

from __future__ import annotations

import socket
from pathlib import Path

from appproxy.twistd.process.notify import READY, notify


def test_a_listener_hears_it(tmp_path: Path) -> None:
    """The socket that NOTIFY_SOCKET names gets READY=1."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        assert notify({"NOTIFY_SOCKET": path}, READY)
        assert listener.recv(100) == b"READY=1"


def test_an_abstract_socket_works_too() -> None:
    """systemd in a container uses one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(b"\0appproxy-test-notify")
        assert notify({"NOTIFY_SOCKET": "@appproxy-test-notify"}, READY)
        assert listener.recv(100) == b"READY=1"


def test_nobody_to_tell(tmp_path: Path) -> None:
    """Without systemd, or with one that is gone, nothing happens."""
    assert not notify({}, READY)
    assert not notify({"NOTIFY_SOCKET": "vsock:1:2"}, READY)
    assert not notify({"NOTIFY_SOCKET": str(tmp_path / "gone")}, READY)
