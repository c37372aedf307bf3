"""Two PostgreSQL servers of a test's own, the second a standby of the first (streaming replication): Debian's programs."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.ports import free_port

#: Of one server: nothing is tested that a crash of the machine would lose.
_OPTIONS = ("fsync=off", "full_page_writes=off", "max_connections=100", "wal_level=replica", "max_wal_senders=4",
            "hot_standby=on", "unix_socket_directories=", "autovacuum=off", "jit=off")


def programs() -> Path | None:
    """Where the newest installed server's programs are; None: there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_basebackup"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@dataclass(slots=True)
class Server:
    """One, at an address and port; `under`: a command that runs others in the server's network, empty for this one."""

    data: Path
    address: str
    port: int
    under: Sequence[str] = ()

    def initialise(self) -> None:
        """A new cluster; anybody who reaches it may do anything."""
        self._run("initdb", "-D", str(self.data), "-U", "appproxy", "-A", "trust", "-E", "UTF8", "--no-sync")
        rule = "host all,replication all 0.0.0.0/0 trust\n"
        (self.data / "pg_hba.conf").write_text("local all all trust\n" + rule.replace("all,replication", "all")
                                               + rule.replace("all,replication", "replication"))

    def copy_of(self, other: Server) -> None:
        """Become a standby of another, which runs."""
        self._run("pg_basebackup", "-h", other.address, "-p", str(other.port), "-U", "appproxy", "-D", str(self.data), "-R",
                  "-X", "stream", "-c", "fast", "--no-sync")

    def start(self) -> None:
        """Until it answers."""
        options = " ".join(f"-c {one}" for one in (*_OPTIONS, f"listen_addresses={self.address}", f"port={self.port}"))
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.data / "log"), "-o", options, "-w", "start")

    def promote(self) -> None:
        """From now on it takes changes; waits until it does."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "promote")

    def kill(self) -> None:
        """Its machine is gone: no farewell to anybody."""
        main = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for process in (main, *map(int, children)):
            os.kill(process, signal.SIGKILL)

    def stop(self) -> None:
        """If it runs."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop", check=False)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        bin_ = programs()
        assert bin_ is not None
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        # Output goes to a file: a server that goes on would keep a pipe open.
        log = self.data.parent / f"{self.data.name}.{program}.log"
        with log.open("wb") as output:
            ended = subprocess.run([*self.under, *as_user, str(bin_ / program), *arguments], cwd="/", stdout=output,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=120, check=False)
        assert not check or ended.returncode == 0, f"{program}: {log.read_text()[-2000:]}"


@dataclass(slots=True)
class Replicated:
    """Both. The URL names both, and means whichever takes changes."""

    first: Server
    second: Server

    @property
    def url(self) -> str:
        """For `database_url`."""
        hosts = ",".join(f"{one.address}:{one.port}" for one in (self.first, self.second))
        return f"postgresql://appproxy@{hosts}/postgres?target_session_attrs=read-write"

    def fail_over(self, pause: float = 1.0) -> None:
        """The first is gone without a word; whoever watches over it notices after a moment, and promotes the second."""
        self.first.kill()
        time.sleep(pause)
        self.second.promote()


@contextmanager
def replicated(
    addresses: tuple[str, str] = ("127.0.0.1", "127.0.0.1"), unders: Sequence[Sequence[str]] = ((), ()),
) -> Iterator[Replicated]:
    """Both run, and are ended."""
    # Not below pytest's directories, which are root's alone.
    directory = Path(tempfile.mkdtemp(prefix="appproxy-servers-"))
    if os.geteuid() == 0:
        found = pwd.getpwnam("postgres")  # PostgreSQL refuses to run as root
        os.chown(directory, found.pw_uid, found.pw_gid)
    first, second = (Server(directory / name, address, free_port(), under)
                     for name, address, under in zip(("first", "second"), addresses, unders, strict=True))
    try:
        first.initialise()
        first.start()
        second.copy_of(first)
        second.start()
        yield Replicated(first, second)
    finally:
        for one in (second, first):
            if one.data.exists():
                one.stop()
        shutil.rmtree(directory, ignore_errors=True)
