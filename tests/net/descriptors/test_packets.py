"""Packets between processes: in order, whole, with descriptors, and an end that is heard."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator
from contextlib import suppress
from errno import ENOBUFS, ENOMEM, ETOOMANYREFS
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from appproxy.net.descriptors.packets import PacketPipe, pair
from tests.net.hand_reactor import HandReactor


class Ends:
    """Two ends, and what came to each."""

    def __init__(self) -> None:
        self.reactor = HandReactor()
        self.got: list[tuple[bytes, int | None]] = []
        self.back: list[tuple[bytes, int | None]] = []
        self.lost: list[str] = []
        ours, theirs = pair()
        self.ours = PacketPipe(self.reactor, ours, lambda *got: self.back.append(got), lambda: self.lost.append("ours"))
        self.theirs = PacketPipe(self.reactor, theirs, lambda *got: self.got.append(got), lambda: self.lost.append("theirs"))


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Both open."""
    made = Ends()
    yield made
    for end in (made.ours, made.theirs):
        end.close()
    for _, descriptor in made.got:
        if descriptor is not None:
            with suppress(OSError):
                os.close(descriptor)


def test_packets_come_whole_and_in_order(ends: Ends) -> None:
    """Whatever is between them, in both directions."""
    ends.ours.send(b"one")
    ends.ours.send(b"two")
    ends.theirs.send(b"back")
    ends.reactor.turn()
    assert ends.got == [(b"one", None), (b"two", None)] and ends.back == [(b"back", None)]


def test_a_descriptor_comes_with_its_packet(ends: Ends) -> None:
    """It is the same file, and no program that is started from there gets it."""
    read, write = os.pipe()
    ends.ours.send(b"before")
    ends.ours.send(b"here", read)
    ends.ours.send(b"after")
    ends.reactor.turn()
    assert [packet for packet, _ in ends.got] == [b"before", b"here", b"after"]
    assert [descriptor is None for _, descriptor in ends.got] == [True, False, True]
    copy = ends.got[1][1]
    assert copy is not None and copy != read and not os.get_inheritable(copy)
    os.write(write, b"x")
    assert os.read(copy, 1) == b"x"
    os.close(read)
    os.close(write)


def test_what_has_no_room_waits(ends: Ends) -> None:
    """Nothing is lost, and nothing overtaken, when the other end does not read for a while."""
    packets = [b"%d" % number + b"." * 3000 for number in range(500)]
    for packet in packets:
        ends.ours.send(packet)
    assert ends.reactor.writers == {ends.ours}
    while ends.reactor.turn():
        pass
    assert [packet for packet, _ in ends.got] == packets and ends.reactor.writers == set()


def test_the_end_is_heard_once_behind_all_that_was_said(ends: Ends) -> None:
    """A parent that is killed has said what it has said."""
    ends.ours.send(b"last")
    ends.ours.close()
    ends.reactor.turn()
    assert ends.got == [(b"last", None)] and ends.lost == ["theirs"]
    ends.theirs.send(b"to nobody")
    ends.theirs.connectionLost(Failure(ConnectionDone()))
    ends.theirs.close()
    assert ends.lost == ["theirs"] and ends.reactor.readers == set() and ends.theirs.fileno() == -1


def test_sending_to_who_is_gone_is_no_error(ends: Ends) -> None:
    """Reading tells of it."""
    ends.theirs.close()
    ends.ours.send(b"x")
    assert ends.lost == []
    ends.reactor.turn()
    assert ends.lost == ["ours"]


@pytest.mark.parametrize("number", [ENOMEM, ENOBUFS, ETOOMANYREFS])
def test_what_the_kernel_cannot_send_now_is_sent_later(ends: Ends, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Nothing is lost, overtaken, or tried at every turn, when it has no memory or too many descriptors under way."""
    send, tried = socket.send_fds, 0

    def refuse(*args: Any) -> int:
        nonlocal tried
        tried += 1
        raise OSError(number, "not now")

    monkeypatch.setattr(socket, "send_fds", refuse)
    ends.ours.send(b"one")
    ends.ours.send(b"two")
    assert ends.reactor.turn() == 0 and ends.got == [] and tried == 1
    ends.reactor.advance(1.0)
    assert tried == 2
    monkeypatch.setattr(socket, "send_fds", send)
    ends.reactor.advance(1.0)
    ends.reactor.turn()
    assert [packet for packet, _ in ends.got] == [b"one", b"two"] and ends.lost == []
    monkeypatch.setattr(socket, "send_fds", refuse)
    ends.ours.send(b"three")
    ends.ours.close()
    assert ends.reactor.getDelayedCalls() == []


def test_a_descriptor_that_does_not_fit_is_told(ends: Ends) -> None:
    """A process that may open no more files gets the packet alone."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    ends.ours.send(b"c", 0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
    try:
        ends.theirs.doRead()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert ends.got == [(b"c", None)]
