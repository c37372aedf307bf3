"""A name server that answers as a test wants, and programs that ask it alone."""

from __future__ import annotations

import shlex
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

from twisted.names import dns

#: All of 127/8 is this machine; the port is the only one that resolv.conf(5) can name.
ADDRESS = ("127.0.0.77", 53)


class Names:
    """Knows the names in `known`; those in `mute` get no answer, and all others are told that there is no such name."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.mute: set[str] = set()
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(ADDRESS)
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        """Answer no more."""
        self._socket.sendto(b"", ADDRESS)

    def _serve(self) -> None:
        while True:
            data, whom = self._socket.recvfrom(4096)
            if not data:
                self._socket.close()
                return
            query = dns.Message()
            query.fromStr(data)
            name = query.queries[0].name.name.decode().lower()
            self.asked.append(name)
            if name not in self.mute:
                self._socket.sendto(self._answer(query, name), whom)

    def _answer(self, query: dns.Message, name: str) -> bytes:
        address = self.known.get(name)
        answer = dns.Message(query.id, answer=1, recAv=1, rCode=dns.OK if address else dns.ENAME)
        answer.queries = query.queries
        if address and query.queries[0].type == dns.A:
            answer.answers = [dns.RRHeader(name, dns.A, dns.IN, 1, dns.Record_A(address, 1))]
        wire: bytes = answer.toStr()
        return wire


def asking(directory: Path, command: Sequence[str]) -> list[str]:
    """The same command in a mount namespace in which `ADDRESS` is the only name server."""
    path = directory / "resolv.conf"
    path.write_text(f"nameserver {ADDRESS[0]}\noptions timeout:5 attempts:1\n")
    mounted = f"mount --bind {shlex.quote(str(path))} /etc/resolv.conf && exec {shlex.join(command)}"
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", mounted]
