"""Both sides, started: the product's processes beside the reference's, in front of the same application."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appproxy.demo.start import free_port
from appproxy.demo.supervisor import Supervisor
from bench.measure import Target, family
from bench.reference import HOST, Reference
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World, environment

GIB = 1 << 30
#: The processes of each hop, from the user's side: what is compared is the CPU time that each takes.
HOPS = (("service", "outer-nginx"), ("connector", "inner-nginx"))


@dataclass(frozen=True, slots=True)
class Effort:
    """How much of everything; the full run takes some ten minutes. `many`: connections of the row with many."""

    rounds: int = 5
    seconds: float = 4.0
    bulk: int = GIB // 2
    sockets: int = 2000
    events: int = 10
    many: int = 256


#: Beside other work on two cores, 256 handshakes take longer than the time for requests.
CHECK = Effort(rounds=1, seconds=2.0, bulk=32 << 20, sockets=50, events=2, many=32)


@dataclass(slots=True)
class Stage:
    """Everything that a run needs, started."""

    world: World
    reference: Reference
    #: Cookie fields of somebody who is signed in, by application.
    cookies: Mapping[str, str]
    effort: Effort
    directory: Path

    def product(self, name: str, path: str) -> Target:
        """An address of the product, asked by somebody who is signed in where that is needed."""
        url, host = f"https://127.0.0.1:{self.world.port}{path}", f"{name}.{DOMAIN}:{self.world.port}"
        return Target(url, host, self.cookies.get(name, ""))

    def hops(self, path: str) -> Target:
        """An address of the reference."""
        return Target(f"https://127.0.0.1:{self.reference.port}{path}", f"{HOST}:{self.reference.port}")

    def pids(self, *names: str) -> list[int]:
        """The processes of these programs, with their children."""
        return [pid for name in names for pid in family(self.world.supervisor.find(name).process.pid)]


@contextmanager
def stage(effort: Effort, kind: type[World] = World) -> Iterator[Stage]:
    """Start both sides, the product's as this `kind` starts it; all ends with the block."""
    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        directory = Path(name)
        logs, nginx = directory / "logs", directory / "nginx"
        logs.mkdir()
        nginx.mkdir()
        with Supervisor(logs, environment()) as supervisor:
            world = kind(directory, supervisor)
            world.build()
            reference = Reference(nginx, supervisor)
            url = reference.start_application(effort.bulk)
            sink = f"127.0.0.1:{free_port()}"
            supervisor.start("sink", [sys.executable, "-m", "bench.sink", sink], "sink ready")
            reference.start_hops(sink, world.internal.partition("//")[2])
            world.publish("small", url, "--preauth", "passthrough")
            world.publish("guard", url)
            world.publish("linked", url, "--set", "translate_body=html")
            world.publish("sinks", f"http://{sink}", "--preauth", "passthrough")
            cookies = {name: _sign_in(world, name) for name in ("guard", "linked")}
            yield Stage(world, reference, cookies, effort, directory)


def _sign_in(world: World, name: str) -> str:
    """Let alice use an application; gives her cookie for it."""
    world.admin("assign", name, "--user", "alice")
    visitor = Visitor(world.port, world.anchor)
    visitor.sign_in(world.url(name, "/small"), "alice")
    return visitor.cookie_field(f"{name}.{DOMAIN}")["Cookie"]
