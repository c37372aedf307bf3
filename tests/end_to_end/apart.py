"""Machines of a test's own: each has a network namespace and an address, and a thread here is the switch between them.

TUN devices, because kernels are built without veth as well. Root only.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.end_to_end.lossy_link import opened_there, run, tun, why_not

__all__ = ["Machines", "why_not"]

#: Addresses for trials of networks (RFC 2544): .254 is this process's own network.
NETWORK = "198.18.78"
HERE = f"{NETWORK}.254"
_LONGEST_PACKET = 2048


class Machines:
    """A context: so many of them, `address(0)` and so on."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._over = threading.Event()
        self._switching = threading.Thread(target=self._switch, daemon=True)
        self._holders: list[subprocess.Popen[bytes]] = []
        #: Devices by address.
        self._devices: dict[bytes, int] = {}

    def __enter__(self) -> Machines:
        name = f"machines{os.getpid() % 100_000}"[:15]
        self._devices[socket.inet_aton(HERE)] = tun(name)
        run("ip", "addr", "add", f"{HERE}/24", "dev", name)
        run("ip", "link", "set", name, "up")
        for number in range(self._count):
            holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
            self._holders.append(holder)
            while b"sleep" not in Path(f"/proc/{holder.pid}/comm").read_bytes():
                time.sleep(0.01)
            self._devices[socket.inet_aton(self.address(number))] = opened_there(holder.pid, "eth0")
            run(*self.on(number, "ip", "link", "set", "lo", "up"))
            run(*self.on(number, "ip", "addr", "add", f"{self.address(number)}/24", "dev", "eth0"))
            run(*self.on(number, "ip", "link", "set", "eth0", "up"))
        self._switching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        # Before the devices go: their numbers are soon other files', which it would read.
        self._switching.join()
        for holder in self._holders:
            holder.kill()
            holder.wait()
        for device in self._devices.values():
            os.close(device)

    def address(self, number: int) -> str:
        """Of one of them."""
        return f"{NETWORK}.{number + 1}"

    def on(self, number: int, *command: str) -> list[str]:
        """A command, run there."""
        return ["nsenter", "-t", str(self._holders[number].pid), "-n", "--", *command]

    def _switch(self) -> None:
        devices = list(self._devices.values())
        while not self._over.is_set():
            for device in select.select(devices, [], [], 0.2)[0]:
                with suppress(OSError):
                    packet = os.read(device, _LONGEST_PACKET)
                    # RFC 791 section 3.1: the destination.
                    there = self._devices.get(packet[16:20]) if packet[0] >> 4 == 4 else None
                    if there is not None:
                        os.write(there, packet)
