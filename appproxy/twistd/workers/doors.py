"""The parent's listening sockets: opened, or taken from systemd, and kept while workers come and go."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.task import deferLater

from appproxy.admin.transport.socket import check_path
from appproxy.config import ServiceSettings
from appproxy.config.values import Address
from appproxy.errors import ConfigError
from appproxy.net.descriptors.inherited import Inherited
from appproxy.net.descriptors.last_arrivals import HANDSHAKE_SECONDS, hear_again, turn_deaf
from appproxy.net.secure.sockets import prepare_listener
from appproxy.service.listen.listeners import BACKLOG
from appproxy.twistd.assembly.assemble import ADMIN
from appproxy.twistd.workers.entrance import Entrance

#: Seconds at the end for workers that have no room to take who waits; and between two looks.
_LAST_SECONDS, _LOOK_EVERY = 5.0, 0.05
#: Takes a connection of the listener that is named first; False: nobody can now.
GiveTo = Callable[[str, socket.socket], bool]


def wanted(settings: ServiceSettings) -> dict[str, Address]:
    """Where workers get connections from, by setting."""
    all_ = {"listen": settings.listen, "tunnel_listen": settings.tunnel_listen, "acme_listen": settings.acme_listen}
    return {setting: address for setting, address in all_.items() if address is not None}


class Doors:
    """All of a parent, by setting and address. None accepts before `begin`."""

    def __init__(self, reactor: Any, give: GiveTo, given: Inherited) -> None:
        self._reactor = reactor
        self._give = give
        self._given = given
        self._sockets: dict[tuple[str, Address | None], socket.socket] = {}
        self._entrances: dict[tuple[str, Address | None], Entrance] = {}
        self._commands: Path | None = None

    def open(self, settings: ServiceSettings) -> None:
        """Listen where these say, beside what is open already. Raises ConfigError; nothing new is left open then."""
        before = set(self._sockets)
        try:
            for setting, address in wanted(settings).items():
                if (setting, address) not in self._sockets:
                    self._sockets[setting, address] = self._listening(setting, address)
        except ConfigError:
            for key in set(self._sockets) - before:
                self._sockets.pop(key).close()
            raise

    def open_commands(self, path: Path) -> None:
        """The socket of `appproxy` commands. Raises ConfigError.

        Whoever has the lock knows that one which is there has lost its service.
        """
        check_path(path)
        path.unlink(missing_ok=True)
        found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        found.bind(os.fspath(path))
        path.chmod(0o600)
        found.listen(BACKLOG)
        self._sockets[ADMIN, None] = found
        self._commands = path

    def begin(self, settings: ServiceSettings) -> None:
        """Accept where these say, and nowhere else any more."""
        listed = {*wanted(settings).items(), (ADMIN, None)}
        for key in list(self._sockets):
            if key not in listed:
                self._sockets.pop(key).close()
                entrance = self._entrances.pop(key, None)
                if entrance is not None:
                    entrance.close()
            elif key not in self._entrances:
                self._entrances[key] = entrance = Entrance(
                    self._reactor, self._sockets[key], partial(self._give, key[0]))
                prepare_listener(entrance)

    def resume(self) -> None:
        """Somebody can take a connection."""
        for entrance in list(self._entrances.values()):
            entrance.resume()

    async def empty(self) -> None:
        """Begin no more connections, and give away all that there are, as far as anybody takes them. `close` follows.

        Who waits at a socket of systemd waits for the next start.
        """
        left = [one for (_, address), one in self._entrances.items() if str(address) not in self._given.stay_open]
        if [one for one in left if turn_deaf(one.socket)]:
            await deferLater(self._reactor, HANDSHAKE_SECONDS)
        until = self._reactor.seconds() + _LAST_SECONDS
        while any(one.somebody_waits for one in left) and self._reactor.seconds() < until:
            await deferLater(self._reactor, _LOOK_EVERY)

    def close(self) -> None:
        """Listen no more."""
        for entrance in self._entrances.values():
            entrance.close()
        for found in self._sockets.values():
            found.close()
        self._entrances.clear()
        self._sockets.clear()
        if self._commands is not None:
            self._commands.unlink(missing_ok=True)
            self._commands = None

    def _listening(self, setting: str, address: Address) -> socket.socket:
        descriptor = self._given.listening(setting, address)
        if descriptor is not None:
            found = socket.socket(fileno=descriptor)
            hear_again(found)
            return found
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        try:
            return socket.create_server((address.host, address.port), family=family, backlog=BACKLOG,
                                        dualstack_ipv6=address.host == "::")
        except OSError as error:
            raise ConfigError(f"{setting}: {address}: {error.strerror}",
                              hint="stop what listens there, or change the address in the settings") from error
