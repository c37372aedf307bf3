"""A system with few places, and those of its users who must not notice that others take all that they can get.

A connector with 256 data connections and 600 streams, so that the limits are there to be met.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from appproxy.config import ConnectorPaths, ServiceSettings
from appproxy.config.connector import PoolSettings, dump_connector, load_connector
from appproxy.config.values import Address
from appproxy.demo.supervisor import Supervisor
from appproxy.twistd.state import create_state
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.system import System
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, PASSWORD, PATIENCE, environment

#: Places at the connector.
MOST, STREAMS = 256, 600
ROUNDS = 12
UPLOAD = b"u" * 40_000


@dataclass(slots=True)
class Shared(System):
    """One connector, two applications at the same origin for everybody, and one that asks for a sign-in."""

    def build(self) -> None:
        settings = ServiceSettings(
            domain=DOMAIN, listen=Address("127.0.0.1", self.port), tunnel_listen=Address("127.0.0.1", self.tunnel_port),
            tunnel_address=f"127.0.0.1:{self.tunnel_port}", log_format="json",
        )  # fmt: skip
        create_state(self.state, settings, time.time(), {})  # noqa: TID251 -- certificates are dated
        command = [sys.executable, "-m", "tests.end_to_end.shares_origin"]
        internal = self.supervisor.start("application", command, "ready on", PATIENCE).rpartition("ready on ")[2].strip()
        self.application("attacked", internal, preauth="passthrough")
        self.application("other", internal, preauth="passthrough")
        self.application("eight", internal, preauth="passthrough", settings={"max_connections": "8"})
        self.application("three", internal, preauth="passthrough", settings={"max_connections": "3"})
        self.application("held", internal)
        self.call("POST", "/users", name="alice", password=PASSWORD, display_name="Alice", groups=["staff"])
        self.call("POST", "/applications/held/assignments", group="staff")
        self.start_service()
        self.join("only")
        path = ConnectorPaths(self.directory / "only").settings
        found = load_connector(path.read_text(), str(path))
        path.write_text(dump_connector(replace(found, streams=STREAMS, pool=PoolSettings(most=MOST))))
        self.start_connector("only")

    def log(self) -> list[dict[str, object]]:
        """The service's access log."""
        return [json.loads(line) for line in (self.state / "access.log").read_text().splitlines()]


@contextmanager
def shared_places(directory: Path) -> Iterator[Shared]:
    """The system, in this directory, which is removed behind it."""
    (directory / "logs").mkdir()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        system = Shared(directory, stack.enter_context(Supervisor(directory / "logs", environment())))
        system.build()
        yield system


class Others:
    """Those who must not notice."""

    def __init__(self, system: Shared) -> None:
        self._alice = system.visitor()
        assert self._alice.sign_in(system.url("held", "/small"), "alice").status == 200
        self._anybody = system.visitor()
        self._system = system

    def work(self) -> float:
        """So many rounds of small GETs, downloads and uploads; the longest time that one took. All must succeed."""
        small, large = self.times()
        return second(small + large)  # of 108: the 99th percentile

    def times(self) -> tuple[list[float], list[float]]:
        """The same: how long each took that needs no data connection, and each that needs one."""
        small, large = [], []
        system = self._system
        for _ in range(ROUNDS):
            for visitor, name in ((self._anybody, "attacked"), (self._anybody, "other"), (self._alice, "held")):
                small.append(self._timed(visitor, "GET", system.url(name, "/small"), None, b"small"))
                large += [
                    self._timed(visitor, "GET", system.url(name, "/kib/100"), None, bytes(102_400)),
                    self._timed(visitor, "POST", system.url(name, "/upload"), UPLOAD, b"%d" % len(UPLOAD)),
                ]
        return small, large

    @staticmethod
    def _timed(visitor: Visitor, method: str, url: str, body: bytes | None, means: bytes) -> float:
        began = usual_seconds()  # other load on the machine is not counted
        answer = visitor.request(method, url, {"Origin": "https://" + urlsplit(url).netloc} if body else None, body)
        assert (answer.status, answer.body == means) == (200, True), (url, answer.status, answer.text[:300])
        return usual_seconds() - began


def second(took: list[float]) -> float:
    """The longest but one."""
    return sorted(took)[-2]
