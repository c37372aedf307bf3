"""A network of its own for a connector, behind a link that loses and delays packets: real TCP at both ends meets them.

A TUN device in this network namespace and one in another; a thread here carries the packets between them. The kernel's
own netem would do the same, but many kernels are built without it. Root only.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

#: linux/if_tun.h and linux/sched.h.
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI, _CLONE_NEWNET = 0x400454CA, 0x0001, 0x1000, 0x40000000
#: Addresses for trials of networks (RFC 2544), which nobody has in earnest.
NEAR, FAR = "198.18.77.1", "198.18.77.2"
_LONGEST_PACKET = 2048


def why_not() -> str:
    """Why no such link can be made here, "" when one can."""
    if os.geteuid():
        return "only root can make network namespaces and TUN devices"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        return "no network namespace can be made"
    return ""


class LossyLink:
    """Packets go at once, until `loss` (a share), `delay` (seconds, one way) and `rate` (bytes a second each way, 0 for any)
    say otherwise. With a rate, `queue` bytes wait at either end, and what comes then is lost, as in a router.
    """

    def __init__(self) -> None:
        self.loss = 0.0
        self.delay = 0.0
        self.rate = 0.0
        self.queue = 25_000
        self.lost = 0
        self._chance = random.Random(42)
        self._over = threading.Event()
        self._holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        # unshare has done its work once it is another program.
        while b"sleep" not in Path(f"/proc/{self._holder.pid}/comm").read_bytes():
            time.sleep(0.01)
        name = f"appproxy{os.getpid() % 100_000}"[:15]
        self._near, self._far = tun(name), opened_there(self._holder.pid, "far")
        run("ip", "addr", "add", f"{NEAR}/30", "dev", name)
        run("ip", "link", "set", name, "up")
        run(*self.there("ip", "link", "set", "lo", "up"))
        run(*self.there("ip", "addr", "add", f"{FAR}/30", "dev", "far"))
        run(*self.there("ip", "link", "set", "far", "up"))
        self._carrier = threading.Thread(target=self._carry, daemon=True)
        self._carrier.start()

    def there(self, *command: str) -> list[str]:
        """A command, run at the far side."""
        return ["nsenter", "-t", str(self._holder.pid), "-n", "--", *command]

    def stop(self) -> None:
        """Both devices and the namespace go."""
        self._over.set()
        self._carrier.join(10)
        os.close(self._near)
        os.close(self._far)
        self._holder.kill()
        self._holder.wait()

    def _carry(self) -> None:
        other = {self._near: self._far, self._far: self._near}
        late: list[tuple[float, int, int, bytes]] = []
        free = dict.fromkeys(other, 0.0)
        count = 0
        while not self._over.is_set():
            wait = 0.1 if not late else min(0.1, max(0.0, late[0][0] - time.monotonic()))
            for end in select.select(list(other), [], [], wait)[0]:
                packet = os.read(end, _LONGEST_PACKET)
                if self._chance.random() < self.loss:
                    self.lost += 1
                    continue
                due = now = time.monotonic()
                if self.rate:
                    due = max(now, free[end])
                    if (due - now) * self.rate > self.queue:
                        self.lost += 1
                        continue
                    due = free[end] = due + len(packet) / self.rate
                count += 1
                heapq.heappush(late, (due + self.delay, count, other[end], packet))
            now = time.monotonic()
            while late and late[0][0] <= now:
                with suppress(OSError):
                    os.write(late[0][2], late[0][3])
                heapq.heappop(late)


def opened_there(process: int, name: str) -> int:
    """A new TUN device in the network of a process: a thread enters it (namespaces are threads'), and the device is ours."""
    made: list[int] = []

    def enter() -> None:
        with open(f"/proc/{process}/ns/net") as space:
            if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        made.append(tun(name))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return made[0]


def tun(name: str) -> int:
    """A new TUN device in this network."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return device


def run(*command: str) -> None:
    """A command that must succeed."""
    subprocess.run(command, check=True, capture_output=True)
