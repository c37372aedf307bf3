"""The end of a listening socket, with a kernel: nobody who was let in is lost, and nobody else is let in."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from appproxy.net.descriptors.last_arrivals import hear_again, take_rest, turn_deaf


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A listening socket."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


def begun(listening: socket.socket, stack: ExitStack) -> socket.socket:
    """A connection that the kernel is asked for; it is there at once, or is not."""
    one = stack.enter_context(socket.socket())
    one.setblocking(False)
    one.connect_ex(listening.getsockname())
    return one


def is_there(one: socket.socket) -> bool:
    try:
        one.getpeername()
    except OSError:
        return False
    return True


def test_who_waits_is_taken_and_nobody_else_comes(listening: socket.socket) -> None:
    """More than one accept takes; those who come later are not let in to be lost."""
    taken: list[socket.socket] = []
    with ExitStack() as stack:
        before = [begun(listening, stack) for _ in range(40)]
        assert turn_deaf(listening)
        after = begun(listening, stack)
        take_rest(listening, lambda: taken.append(stack.enter_context(listening.accept()[0])))
        listening.close()
        assert len(taken) == 40 and not is_there(after)
        for one in taken:
            one.sendall(b"served")
        for one in before:
            one.setblocking(True)
            assert one.recv(6) == b"served"


def test_it_can_hear_again(listening: socket.socket) -> None:
    """A process that was killed in between leaves a socket that others have open, too."""
    turn_deaf(listening)
    hear_again(listening)
    hear_again(listening)
    with ExitStack() as stack:
        assert is_there(begun(listening, stack))


def test_nothing_is_filtered_but_first_packets(listening: socket.socket) -> None:
    """What was accepted in the meantime says what it likes."""
    with ExitStack() as stack:
        user = begun(listening, stack)
        turn_deaf(listening)
        served = stack.enter_context(listening.accept()[0])
        user.setblocking(True)
        for _ in range(3):
            user.sendall(b"ping")
            assert served.recv(4) == b"ping"
            served.sendall(b"pong")
            assert user.recv(4) == b"pong"


def test_a_socket_of_files_has_no_such_thing() -> None:
    """Commands come over one."""
    with socket.socket(socket.AF_UNIX) as found:
        assert not turn_deaf(found)


def test_it_ends_whatever_happens(listening: socket.socket) -> None:
    """Also where accepting fails each time."""
    calls: list[None] = []
    with ExitStack() as stack:
        begun(listening, stack)
        take_rest(listening, lambda: calls.append(None))
    assert 1 <= len(calls) < 10_000
