"""Descriptors that this process did not open: listening sockets of systemd, or all that its predecessor hands over.

systemd's are found as sd_listen_fds(3) says: LISTEN_PID is this process, LISTEN_FDS says how many there are from 3 on.
A service that starts its own successor names descriptors in one variable (`HANDED_OVER`), so that a listening socket is
never closed in between: whoever connects meanwhile waits in its queue, and one of the two processes takes them.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.interfaces import IListeningPort, IProtocolFactory

from appproxy.config.values import Address
from appproxy.errors import ConfigError

#: A JSON object: descriptors by name.
HANDED_OVER = "APPPROXY_HANDED_OVER"
#: Addresses whose sockets are systemd's, with commas between, for all processes that follow: they outlive each of them.
STAY_OPEN = "APPPROXY_SOCKETS_OF_SYSTEMD"
#: Where systemd's sockets begin: sd_listen_fds(3).
SD_LISTEN_FDS_START = 3


class HandsOver(Protocol):
    """Another process, which listens in this one's place."""

    def open(self, setting: str, address: Address | None, factory: IProtocolFactory) -> IListeningPort:
        """From now on what it accepts for this setting goes to `factory`."""


@dataclass(slots=True)
class Inherited:
    """What there is and nobody has taken yet. `named`: a predecessor's descriptors; `of_systemd`: its sockets by address;
    `parent`: where connections come from in a process that listens nowhere itself. `stay_open`: where systemd listens, which
    keeps whoever waits there for the next start.
    """

    named: dict[str, int] = field(default_factory=dict)
    of_systemd: dict[Address, int] = field(default_factory=dict)
    parent: HandsOver | None = None
    stay_open: frozenset[str] = frozenset()

    @property
    def succeeds(self) -> bool:
        """Is there a predecessor, which goes on until this process is ready?"""
        return bool(self.named)

    def take(self, name: str) -> int | None:
        """A predecessor's descriptor of this name, for the caller to close; None: there is none."""
        return self.named.pop(name, None)

    def listening(self, setting: str, address: Address) -> int | None:
        """A socket that listens where this setting says, for the caller to close; None: open one."""
        found = self.take(listener_name(setting, address))
        return self.of_systemd.pop(address, None) if found is None else found

    def listen(self, reactor: Any, setting: str, address: Address, factory: IProtocolFactory) -> IListeningPort:
        """Listen where this setting says: as the parent does it, with the socket that there is, or with a new one.

        Raises CannotListenError.
        """
        if self.parent is not None:
            return self.parent.open(setting, address, factory)
        port: IListeningPort
        descriptor = self.listening(setting, address)
        if descriptor is None:
            port = reactor.listenTCP(address.port, factory, interface=address.host)
        else:
            port = reactor.adoptStreamPort(descriptor, family_of(descriptor), factory)
            os.close(descriptor)  # the port has one of its own
        return port

    def close_rest(self) -> None:
        """Close what nobody has taken. A socket of systemd that no setting names is a mistake: raises ConfigError."""
        unwanted = sorted(map(str, self.of_systemd))
        for descriptor in (*self.named.values(), *self.of_systemd.values()):
            os.close(descriptor)
        self.named.clear()
        self.of_systemd.clear()
        if unwanted:
            raise ConfigError(f"systemd listens on {', '.join(unwanted)}, which no setting names",
                              hint="write the same address in ListenStream= and in the settings, such as 0.0.0.0:443")


def listener_name(setting: str, address: Address) -> str:
    """How a predecessor names a listening socket. One whose setting has changed meanwhile is not found."""
    return f"{setting} {address}"


def initial_environment() -> dict[str, str]:
    """What this process was started with (proc(5)): importing Twisted takes variables of systemd out of os.environ."""
    pairs = (pair.partition("=") for pair in os.fsdecode(Path("/proc/self/environ").read_bytes()).split("\0") if pair)
    return {name: value for name, _, value in pairs}


def inherited(
    environment: MutableMapping[str, str], initial: Mapping[str, str], process: int, first: int = SD_LISTEN_FDS_START,
) -> Inherited:
    """What this `process` was given, by its environment, from which it is taken out so that no child believes it too.

    `initial`: the same as it was at the start. `first`: the descriptor that systemd's sockets begin at. Raises ConfigError
    when systemd hands over what is no listening TCP socket.
    """
    handed = environment.pop(HANDED_OVER, "")
    said = {name: initial.get(name, "") for name in ("LISTEN_PID", "LISTEN_FDS")}
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        environment.pop(name, None)
    named = {str(name): int(descriptor) for name, descriptor in json.loads(handed).items()} if handed else {}
    for descriptor in named.values():
        os.set_inheritable(descriptor, False)
    of_systemd: dict[Address, int] = {}
    if said["LISTEN_PID"] == str(process) and said["LISTEN_FDS"].isdecimal():
        for descriptor in range(first, first + int(said["LISTEN_FDS"])):
            os.set_inheritable(descriptor, False)
            of_systemd[_address_of(descriptor)] = descriptor
        environment[STAY_OPEN] = ",".join(map(str, of_systemd))
    return Inherited(named, of_systemd, stay_open=frozenset(filter(None, environment.get(STAY_OPEN, "").split(","))))


def _address_of(descriptor: int) -> Address:
    with socket.socket(fileno=os.dup(descriptor)) as found:
        listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if found.family not in (socket.AF_INET, socket.AF_INET6) or not listens:
            raise ConfigError(f"descriptor {descriptor} of systemd is no listening TCP socket",
                              hint="give the service's socket unit lines such as ListenStream=0.0.0.0:443 alone")
        found.setblocking(False)
        host, port = found.getsockname()[:2]
        return Address(host, port)


def family_of(descriptor: int) -> int:
    """The address family of a socket."""
    with socket.socket(fileno=os.dup(descriptor)) as found:
        return int(found.family)


def as_variable(descriptors: Mapping[str, int]) -> dict[str, str]:
    """What a successor's environment has of these."""
    return {HANDED_OVER: json.dumps(dict(descriptors))}
