"""Listening sockets that were there before the process: found by name or address, taken once, and none left over unheard."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from inspect import signature
from typing import Any

import pytest
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import Factory

from appproxy.config.values import Address
from appproxy.errors import ConfigError
from appproxy.net.descriptors.inherited import (
    HANDED_OVER,
    SD_LISTEN_FDS_START,
    STAY_OPEN,
    Inherited,
    as_variable,
    family_of,
    inherited,
    initial_environment,
    listener_name,
)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket as systemd opens it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        found.listen()
        yield found


def duplicate(of: socket.socket) -> int:
    """A descriptor that others may close."""
    return os.dup(of.fileno())


def test_a_predecessor_names_what_it_hands_over(listening: socket.socket) -> None:
    """The variable is gone from the environment, for it is meant for nobody else; neither is the descriptor."""
    address = Address("127.0.0.1", 443)
    descriptor = duplicate(listening)
    os.set_inheritable(descriptor, True)
    environment = {"PATH": "/bin", **as_variable({listener_name("listen", address): descriptor})}
    found = inherited(environment, {}, 7)
    assert environment == {"PATH": "/bin"} and found.succeeds
    assert not os.get_inheritable(descriptor)
    assert found.listening("listen", Address("127.0.0.1", 444)) is None  # the setting has changed
    assert found.listening("tunnel_listen", address) is None
    assert found.listening("listen", address) == descriptor
    assert found.listening("listen", address) is None
    assert family_of(descriptor) == socket.AF_INET
    os.close(descriptor)


def test_what_nobody_takes_is_closed(listening: socket.socket) -> None:
    """A listener that the new settings do not have any more must not keep its port."""
    descriptor = duplicate(listening)
    Inherited({"listen 127.0.0.1:443": descriptor}).close_rest()
    with pytest.raises(OSError):
        os.fstat(descriptor)


def test_sockets_of_systemd_are_known_by_their_address(listening: socket.socket) -> None:
    """sd_listen_fds(3): they follow one another, and are this process's alone."""
    environment = {"LISTEN_PID": "7", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "users"}
    descriptor = duplicate(listening)
    os.set_inheritable(descriptor, True)
    found = inherited(environment, dict(environment), 7, first=descriptor)
    address = Address(*listening.getsockname())
    assert environment == {STAY_OPEN: str(address)} and not found.succeeds and not os.get_inheritable(descriptor)
    assert found.listening("listen", address) == descriptor
    # Processes that follow are told, for to them it is a predecessor's like any other.
    assert found.stay_open == inherited(environment, {}, 7).stay_open == {str(address)}
    found.close_rest()
    os.close(descriptor)  # which is there still: whoever has taken it closes it


def test_systemd_begins_at_3() -> None:
    """The default. Nothing is put there: descriptor 3 of a test's process belongs to whoever runs the test."""
    assert signature(inherited).parameters["first"].default == SD_LISTEN_FDS_START == 3


def test_sockets_for_another_process_are_not_ours(listening: socket.socket) -> None:
    """The variables of a parent reach its children, too."""
    found = inherited({}, {"LISTEN_PID": "8", "LISTEN_FDS": "1"}, 7, first=listening.fileno())
    assert found.listening("listen", Address(*listening.getsockname())) is None


def test_a_socket_that_no_setting_names_is_an_error(listening: socket.socket) -> None:
    """Else users would wait for ever in a queue that nobody serves."""
    address = Address("0.0.0.0", 443)
    with pytest.raises(ConfigError, match=r"systemd listens on 0.0.0.0:443, which no setting names"):
        Inherited(of_systemd={address: duplicate(listening)}).close_rest()


def test_what_is_no_listening_socket_is_refused() -> None:
    """A datagram socket in the unit, or one for each connection (Accept=yes)."""
    refused = "of systemd is no listening TCP socket"
    with socket.socket() as other, pytest.raises(ConfigError, match=f"descriptor {other.fileno()} {refused}"):
        inherited({}, {"LISTEN_PID": "7", "LISTEN_FDS": "1"}, 7, first=other.fileno())


def test_nothing_is_inherited() -> None:
    """As of most starts."""
    found = inherited({HANDED_OVER: ""}, initial_environment(), 7)
    assert (found.succeeds, found.take("lock"), found.stay_open) == (False, None, frozenset())
    found.close_rest()


class Parent:
    """Another process, which listens in this one's place."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Address | None]] = []

    def open(self, setting: str, address: Address | None, factory: IProtocolFactory) -> Any:
        self.asked.append((setting, address))
        return self


class Ports:
    """A reactor that remembers what it listens on."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, int]] = []
        self.adopted: list[int] = []

    def listenTCP(self, port: int, factory: IProtocolFactory, interface: str) -> str:
        self.opened.append((interface, port))
        return "opened"

    def adoptStreamPort(self, descriptor: int, family: int, factory: IProtocolFactory) -> str:
        assert os.fstat(descriptor) and family == socket.AF_INET
        self.adopted.append(descriptor)
        return "adopted"


def test_listening_where_a_setting_says(listening: socket.socket) -> None:
    """With the socket that is there, which then is the port's alone; with a new one; or as the parent does it."""
    address, ports, parent = Address("127.0.0.1", 443), Ports(), Parent()
    descriptor = duplicate(listening)
    given = Inherited({listener_name("listen", address): descriptor})
    told: list[Any] = [given.listen(ports, "listen", address, Factory())]
    assert ports.adopted == [descriptor]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    told += [given.listen(ports, "listen", address, Factory())]
    assert ports.opened == [("127.0.0.1", 443)]
    told += [Inherited(parent=parent).listen(ports, "listen", address, Factory())]
    assert told == ["adopted", "opened", parent] and parent.asked == [("listen", address)] and len(ports.opened) == 1
