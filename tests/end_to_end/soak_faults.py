"""What befalls the system of a soak from outside: processes, connections, packets, database, disk, names.

`Soaked` is a system to which all of it can be done: connectors dial a name, which leads to the service straight, through a
cable, or over a link that loses packets; its state directory is a small file system. As root only.
"""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from appproxy.config import ConnectorPaths, StatePaths
from appproxy.demo.supervisor import twistd
from appproxy.errors import AppProxyError
from appproxy.store.engine import make_engine
from tests.end_to_end import open_files
from tests.end_to_end.cable import Cable
from tests.end_to_end.lossy_link import FAR, NEAR, LossyLink
from tests.end_to_end.names import Names, asking
from tests.end_to_end.system import CONNECTORS, System
from tests.end_to_end.world import PATIENCE, until

NAME = "tunnel.example.com"
STRAIGHT, AROUND = "127.0.0.1", "127.0.0.13"
#: Seconds between two look-ups of a connector.
LOOK = 1.0
#: Seconds that a fault lasts which lasts; and the share of packets that are lost meanwhile.
LASTS, LOSS = 10.0, 0.05
#: MiB of the state directory's file system.
_DISK = 64
#: Runs twistd with a clock that is a day ahead.
_AHEAD = """
import time
real = time.time
time.time = lambda: real() + 86400
from twisted.scripts.twistd import run
run()
"""
#: linux/sched.h.
_CLONE_NEWNS = 0x00020000


def enter_mounts() -> None:
    """A mount namespace of this process's own, with what it starts: what is mounted there is gone with it."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


@dataclass(slots=True)
class Soaked(System):
    """Made after `enter_mounts` and `network.enter_own`."""

    names: Names = field(default_factory=Names)
    link: LossyLink = field(default_factory=LossyLink)
    cables: list[Cable] = field(default_factory=list)

    def build(self) -> None:
        self.state.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}m,mode=700", "none", str(self.state)], check=True)
        self.names.known[NAME] = STRAIGHT
        port = self.tunnel_port
        self.cables = [Cable(port, (AROUND, port)), Cable(port, (NEAR, port))]
        self.supervisor.start("far", self.link.there(sys.executable, "-m", "tests.end_to_end.soak_faults", str(port)),
                              "far ready", PATIENCE)
        System.build(self)

    def enrol(self, name: str, *options: str, address: str = "") -> None:
        self.ids[name] = self.join(name, *options)
        path = ConnectorPaths(self.directory / name).settings
        kept = [line for line in path.read_text().splitlines() if not line.startswith(("address", "drain_seconds"))]
        own = [f'address = "{NAME}:{self.tunnel_port}"', f"lookup_seconds = {LOOK}", "drain_seconds = 8.0"]
        path.write_text("\n".join([*own, *kept]) + "\n")
        self.start_connector(name)

    def start_connector(self, name: str) -> None:
        command = self.as_connector(twistd("appproxy-connector", "--state", str(self.directory / name)))
        self.supervisor.start(name, command, "appproxy-connector ready and connected", PATIENCE)

    def as_connector(self, command: Sequence[str]) -> list[str]:
        """One that finds the service by its name."""
        return asking(self.directory, command)

    def stop(self) -> None:
        """What is not a program."""
        for cable in self.cables:
            cable.stop()
        self.link.stop()
        self.names.stop()
        self.origin.stop()
        subprocess.run(["umount", "--lazy", str(self.state)], check=True)

    def move(self, address: str) -> None:
        """The name leads there from now on; connectors follow."""
        self.names.known[NAME] = address
        until(lambda: all(self._is_at(name, address) for name in CONNECTORS), f"not all connectors go to {address}", 60)

    def _is_at(self, name: str, address: str) -> bool:
        pid = self.supervisor.find(name).process.pid
        listed = subprocess.run(["ss", "-Htnp", "state", "established", f"dport = :{self.tunnel_port}"],
                                capture_output=True, text=True, timeout=30, check=True).stdout
        own = [line.split()[3].rpartition(":")[0] for line in listed.splitlines() if f"pid={pid}," in line]
        return bool(own) and set(own) == {address}


def stop_service(system: System, chance: random.Random) -> None:
    """SIGTERM, and a new start: nobody is let in between the two."""
    system.supervisor.end("service", 60)
    system.start_service()


def kill_service(system: System, chance: random.Random) -> None:
    """SIGKILL, and a new start."""
    system.kill("service")
    system.start_service()


def freeze_service(system: System, chance: random.Random) -> None:
    """It does not run for ten seconds, and then goes on as if nothing had been."""
    with _frozen(int(system.call("GET", "/alive")["process"])):
        time.sleep(LASTS)


def freeze_connector(system: System, chance: random.Random) -> None:
    """The same of a connector."""
    with _frozen(system.supervisor.find(chance.choice(CONNECTORS)).process.pid):
        time.sleep(LASTS)


def use_up_files(system: System, chance: random.Random) -> None:
    """The service, or a connector, may open no further file for ten seconds."""
    name = chance.choice(("service", *CONNECTORS))
    pid = int(system.call("GET", "/alive")["process"]) if name == "service" else system.supervisor.find(name).process.pid
    with open_files.none_left(pid):
        time.sleep(LASTS)


def set_clock(system: System, chance: random.Random) -> None:
    """A connector is started with a clock that is a day ahead, and later by the true one again; the other one goes on."""
    name = chance.choice(CONNECTORS)
    command = [sys.executable, "-c", _AHEAD, *twistd("appproxy-connector", "--state", str(system.directory / name))[3:]]
    system.supervisor.end(name, 60)
    system.supervisor.start(name, system.as_connector(command) if isinstance(system, Soaked) else command,
                            "appproxy-connector ready and connected", PATIENCE)
    time.sleep(LASTS / 2)
    system.supervisor.end(name, 60)
    system.start_connector(name)


def stop_server(system: System, cable: Cable) -> None:
    """The database's server refuses everybody for ten seconds."""
    cable.pull()
    time.sleep(LASTS)
    cable.plug()
    _answers_commands(system)


def freeze_server(system: System, cable: Cable) -> None:
    """It says nothing any more for ten seconds."""
    cable.block()
    time.sleep(LASTS)
    cable.unblock()
    _answers_commands(system)


def _answers_commands(system: System) -> None:
    def changed() -> bool:
        with suppress(AppProxyError, OSError):
            system.set("raw", connect_timeout="9")
            return True
        return False

    until(changed, "nothing can be changed", 60)


@contextmanager
def _frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def cut_tunnel(system: System, chance: random.Random) -> None:
    """The kernel resets all connections between connectors and the service, as a firewall does that was started again."""
    subprocess.run(["ss", "-K", "state", "established", f"dport = :{system.tunnel_port}"], capture_output=True, timeout=30,
                   check=True)


def lose_packets(system: Soaked, chance: random.Random) -> None:
    """One packet in twenty, for ten seconds: the name leads over another way meanwhile."""
    system.move(FAR)
    system.link.loss = LOSS
    try:
        time.sleep(LASTS)
    finally:
        system.link.loss = 0.0
        system.move(STRAIGHT)


def move_name(system: Soaked, chance: random.Random) -> None:
    """The service's name leads elsewhere, and back."""
    system.move(AROUND)
    time.sleep(1.0)
    system.move(STRAIGHT)


def lock_database(system: System, chance: random.Random) -> None:
    """Nothing can be written there for ten seconds."""
    other = sqlite3.connect(StatePaths(system.state).database, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(LASTS)
    finally:
        other.close()


def fill_disk(system: Soaked, chance: random.Random) -> None:
    """The state directory's file system has no byte left for five seconds."""
    filler = Path(system.state / "filler")
    try:
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass
        time.sleep(LASTS / 2)
    finally:
        filler.unlink(missing_ok=True)


def rows(system: System) -> dict[str, int]:
    """How many rows each table has that users and programs leave behind."""
    url = system.database or f"sqlite:///file:{StatePaths(system.state).database}?mode=ro&uri=true"
    engine = make_engine(url) if system.database else sa.create_engine(url)
    with engine.connect() as reading:
        found = {table: int(reading.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0) for table in TABLES}
    engine.dispose()
    return found


#: Those that have as many rows after a soak as before. Others keep what was, such as the audit.
TABLES = ("nodes", "connector_sightings", "connectors", "sessions", "one_time", "applications",
          "waiting_machines", "rate_uses", "join_tokens")


def main() -> None:
    """At the far side of the link: whatever comes there goes back to this side's cable, over the link once more."""
    port = int(sys.argv[1])
    Cable(port, (FAR, port), NEAR)
    print("far ready", flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
