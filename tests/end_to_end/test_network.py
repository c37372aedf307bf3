"""The process that runs tests has a network of its own."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator

import pytest

from tests.end_to_end import network
from tests.end_to_end.lossy_link import LossyLink, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


def devices() -> set[str]:
    """The names of the network's devices, as a program sees them that is started here."""
    ended = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True)
    return {line.split(": ")[1] for line in ended.stdout.splitlines()}


@pytest.fixture
def link() -> Iterator[LossyLink]:
    """A device of a test's."""
    link = LossyLink()
    yield link
    link.stop()


@pytest.mark.usefixtures("link")
def test_others_see_no_device_of_a_test() -> None:
    """A browser that another process of tests has started goes on."""
    here = devices()
    assert len(here) > 1
    with network.outside():
        assert not {name for name in devices() if name.startswith(f"appproxy{os.getpid() % 100_000}")}
    assert devices() == here


def test_what_others_listen_on_is_not_there() -> None:
    """A port that they have is free here, and nobody is reached by mistake."""
    with network.outside():
        theirs = socket.create_server(("127.0.0.1", 0))
    with theirs:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(theirs.getsockname(), 5)
        socket.create_server(theirs.getsockname()).close()
