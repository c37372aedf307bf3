"""A reactor that is turned by hand: sockets of this process are real, and read when a test says so."""

from __future__ import annotations

import select
import socket
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.task import Clock


@dataclass
class Adopted:
    """A connection that was handed over, and the descriptor's copy."""

    family: int
    factory: Any
    socket: socket.socket


@dataclass
class Spawned:
    """A process that was asked for."""

    protocol: Any
    command: list[str]
    environment: dict[str, str]
    descriptors: dict[int, int]


@dataclass
class HandReactor(Clock):
    """Reads whatever has something to read, in each `turn`."""

    readers: set[Any] = field(default_factory=set)
    writers: set[Any] = field(default_factory=set)
    adopted: list[Adopted] = field(default_factory=list)
    spawned: list[Spawned] = field(default_factory=list)
    stopped: int = 0
    refuses: OSError | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def addReader(self, reader: Any) -> None:
        """As a reactor's."""
        self.readers.add(reader)

    def removeReader(self, reader: Any) -> None:
        """As a reactor's."""
        self.readers.discard(reader)

    def addWriter(self, writer: Any) -> None:
        """As a reactor's."""
        self.writers.add(writer)

    def removeWriter(self, writer: Any) -> None:
        """As a reactor's."""
        self.writers.discard(writer)

    def adoptStreamConnection(self, descriptor: int, family: int, factory: Any) -> None:
        """Keep it, unless it is refused."""
        if self.refuses is not None:
            raise self.refuses
        self.adopted.append(Adopted(family, factory, socket.fromfd(descriptor, family, socket.SOCK_STREAM)))

    def spawnProcess(
        self, protocol: Any, executable: str, args: list[str], env: dict[str, str], childFDs: dict[int, int]
    ) -> None:
        """Keep it, with copies of its descriptors."""
        descriptors = {to: number if number < 3 else socket.dup(number) for to, number in childFDs.items()}
        self.spawned.append(Spawned(protocol, args, env, descriptors))

    def stop(self) -> None:
        """Count it."""
        self.stopped += 1

    def callFromThread(self, do: Any, *args: Any) -> None:
        """At once."""
        do(*args)

    def turn(self) -> int:
        """Have all that is ready read and written, until nothing is; gives how many times."""
        count = 0
        while count < 1000:
            ready = [one for one in self.readers if one.fileno() >= 0]
            out = [one for one in self.writers if one.fileno() >= 0]
            readable, writable, _ = select.select(ready, out, [], 0)
            if not readable and not writable:
                break
            for one in readable:
                one.doRead()
            for one in writable:
                one.doWrite()
            count += 1
        return count

