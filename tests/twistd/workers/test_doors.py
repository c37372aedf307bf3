"""The parent's listening sockets."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appproxy.config import ServiceSettings
from appproxy.config.values import Address
from appproxy.errors import ConfigError
from appproxy.net.descriptors.inherited import Inherited
from appproxy.twistd.workers.doors import Doors, wanted
from tests.net.hand_reactor import HandReactor


def free() -> Address:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return Address(*found.getsockname())


class House:
    """Doors, and who came through which."""

    def __init__(self, given: Inherited) -> None:
        self.reactor = HandReactor()
        self.came: list[tuple[str, socket.socket]] = []
        self.doors = Doors(self.reactor, self.give, given)
        self.settings = ServiceSettings(domain="example.com", listen=free(), tunnel_listen=free())

    def give(self, setting: str, found: socket.socket) -> bool:
        """All are taken."""
        self.came.append((setting, found))
        return True

    def come(self, address: Address) -> None:
        """Somebody connects, and leaves."""
        socket.create_connection((address.host, address.port)).close()
        self.reactor.turn()

    @property
    def through(self) -> list[str]:
        """The doors that they came through."""
        return [setting for setting, _ in self.came]

    def close(self) -> None:
        """Leave nothing open."""
        self.doors.close()
        for _, found in self.came:
            found.close()


@pytest.fixture
def house() -> Iterator[House]:
    """Nothing is open."""
    made = House(Inherited())
    yield made
    made.close()


def test_nobody_is_refused_and_nobody_taken_before_workers_serve(house: House) -> None:
    """Who comes early waits in the queue."""
    house.doors.open(house.settings)
    house.come(house.settings.listen)
    assert house.came == []
    house.doors.begin(house.settings)
    house.reactor.turn()
    house.come(house.settings.tunnel_listen)
    assert house.through == ["listen", "tunnel_listen"]


def test_listeners_move_with_the_settings(house: House) -> None:
    """The new one is open before the old one closes; those that stay are not touched."""
    house.doors.open(house.settings)
    house.doors.begin(house.settings)
    moved = replace(house.settings, listen=free(), acme_listen=free())
    house.doors.open(moved)
    house.come(house.settings.listen)
    house.doors.begin(moved)
    assert moved.acme_listen is not None
    for address in (moved.listen, moved.acme_listen, moved.tunnel_listen):
        house.come(address)
    assert house.through == ["listen", "listen", "acme_listen", "tunnel_listen"]
    with pytest.raises(ConnectionRefusedError):
        house.come(house.settings.listen)


def test_an_address_that_is_taken_is_told(house: House) -> None:
    """And what had been opened before it is closed again; what was open before is not."""
    house.doors.open(house.settings)
    house.doors.begin(house.settings)
    with socket.create_server(("127.0.0.1", 0)) as other:
        moved = replace(house.settings, listen=free(), acme_listen=Address(*other.getsockname()))
        with pytest.raises(ConfigError, match=r"acme_listen: 127.0.0.1:\d+: .*in use"):
            house.doors.open(moved)
    with pytest.raises(ConnectionRefusedError):
        house.come(moved.listen)
    house.come(house.settings.listen)
    assert house.through == ["listen"]


def test_a_socket_of_systemd_is_used(house: House) -> None:
    """It is taken for the setting that names its address."""
    found = socket.create_server(("127.0.0.1", 0))
    address = Address(*found.getsockname())
    given = House(Inherited(of_systemd={address: found.detach()}))
    settings = replace(given.settings, listen=address)
    given.doors.open(settings)
    given.doors.begin(settings)
    given.come(address)
    assert given.through == ["listen"]
    given.close()


def test_commands_have_a_socket_of_their_own(house: House, tmp_path: Path) -> None:
    """For the owner alone; one that a killed service has left is replaced."""
    tmp_path.chmod(0o700)
    path = tmp_path / "admin.sock"
    path.touch()
    house.doors.open(house.settings)
    house.doors.open_commands(path)
    house.doors.begin(house.settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        house.reactor.turn()
    assert house.through == ["admin"]
    house.doors.close()
    house.doors.resume()
    assert house.reactor.readers == set() and not path.exists()
    tmp_path.chmod(0o755)
    with pytest.raises(ConfigError, match="only its owner"):
        house.doors.open_commands(path)


def test_what_workers_get_connections_of() -> None:
    """Metrics are the parent's own."""
    settings = ServiceSettings(
        domain="example.com", metrics_listen=Address("127.0.0.1", 9), acme_listen=Address("127.0.0.1", 80))
    assert list(wanted(settings)) == ["listen", "tunnel_listen", "acme_listen"]
    assert list(wanted(replace(settings, acme_listen=None))) == ["listen", "tunnel_listen"]
