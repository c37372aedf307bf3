"""A system of real processes for tests that attack or break it: two connectors, an origin of bare sockets, short limits.

It is made in this process as far as that is possible, because each command costs a start of Python; its programs are
the real ones. All test files share one, which `restored` brings back to its order.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import ssl
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from appproxy.admin.transport.client import AdminClient
from appproxy.config import ConnectorPaths, ServiceSettings
from appproxy.config.service import ServiceLimits
from appproxy.config.values import Address
from appproxy.demo.supervisor import Supervisor
from appproxy.twistd.assembly.passwords import admit_password
from appproxy.twistd.state import create_state
from tests.end_to_end.origins import Origin
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, PASSWORD, World, environment, until

#: What is promised within one second, with two more for a machine that has other things to do.
PROMPT = 3.0
#: Seconds that a user may take for a head, and nobody for anything else, in this system.
HEAD_SECONDS = 3.0
DRAIN_SECONDS = 8.0
#: The smallest that an application can have.
BACKEND_TIMEOUT = 2.0
CONNECTORS = ("first", "second")
#: Requests that a connector has at the same time; few, so that a test can reach it.
IN_FLIGHT = 40


@dataclass(slots=True)
class System(World):
    """`raw` is open to everybody, `held` asks for a sign-in; both lead to `origin`. `dead` leads nowhere."""

    origin: Origin = field(default_factory=Origin)
    ids: dict[str, str] = field(default_factory=dict)
    #: Another database than the state directory's file.
    database: str | None = None

    def build(self) -> None:
        """From nothing to a running system."""
        settings = ServiceSettings(
            domain=DOMAIN, listen=Address("127.0.0.1", self.port), tunnel_listen=Address("127.0.0.1", self.tunnel_port),
            tunnel_address=f"127.0.0.1:{self.tunnel_port}", drain_seconds=DRAIN_SECONDS, log_format="json",
            database_url=self.database,
            limits=ServiceLimits(head_seconds=HEAD_SECONDS, in_flight=IN_FLIGHT),
        )  # fmt: skip
        create_state(self.state, settings, time.time(), os.environ)  # noqa: TID251 -- certificates are dated
        self.application("raw", self.origin.url, preauth="passthrough")
        self.application("dead", "http://127.0.0.1:1/", preauth="passthrough")
        self.application("held", self.origin.url, settings={"header.x-user-name": "name", "header.x-user-mail": "email"})
        for user, groups in (("alice", ["staff"]), ("bob", [])):
            body = {"name": user, "password": PASSWORD, "display_name": user.title(), "email": f"{user}@example.com"}
            self.call("POST", "/users", **body, groups=groups)
        self.call("POST", "/applications/held/assignments", group="staff")
        self.start_service()
        for name in CONNECTORS:
            self.enrol(name)

    def enrol(self, name: str, *options: str, address: str = "") -> None:
        """Let a connector join, with a short drain, and start it; it dials `address` if that is given."""
        self.ids[name] = self.join(name, *options)
        path = ConnectorPaths(self.directory / name).settings
        lines = path.read_text().splitlines()
        kept = [line for line in lines if not line.startswith(("drain_seconds", "# drain_seconds", "#drain_seconds"))]
        if address:
            kept = [f'address = "{address}"' if line.startswith("address") else line for line in kept]
        path.write_text("\n".join([f"drain_seconds = {DRAIN_SECONDS}", *kept]) + "\n")
        self.start_connector(name)

    def call(self, method: str, path: str, **body: object) -> Any:
        """One admin operation, at the running service or without one."""
        return AdminClient(self.state, admit_password).call(method, path, body if method in ("POST", "PATCH") else None)

    def application(self, name: str, internal: str, **others: object) -> None:
        """Publish an application."""
        self.call("POST", "/applications", name=name, internal=internal, external=self.url(name), **others)

    def application_heard_of(self, name: str, internal: str, **others: object) -> None:
        """The same, and wait until each connector that is there knows it, by its port."""
        self.application(name, internal, **others)
        address = re.compile(rf":{urlsplit(internal).port}\b")

        def heard() -> bool:
            files = [ConnectorPaths(self.directory / one).configuration for one in CONNECTORS if self.running(one)]
            return all(address.search(file.read_text()) for file in files)

        until(heard, f"the connectors do not hear of {name}")

    def set(self, name: str, **texts: str) -> None:
        """Change an application."""
        self.call("PATCH", f"/applications/{quote(name)}", settings=texts)

    def host(self, name: str) -> str:
        """What browsers send as Host."""
        return f"{name}.{DOMAIN}:{self.port}"

    def visitor(self, address: str = "127.0.0.1") -> Visitor:
        """A browser's stand-in at this address, signed in nowhere."""
        return Visitor(self.port, self.anchor, address)

    def alice(self) -> Visitor:
        """One who has signed in to `held`."""
        visitor = self.visitor()
        page = visitor.sign_in(self.url("held", "/signed-in"), "alice")
        assert (page.status, page.url) == (200, self.url("held", "/signed-in")), page.text
        return visitor

    def context(self) -> ssl.SSLContext:
        """Trusts this system alone."""
        return ssl.create_default_context(cafile=str(self.anchor))

    # Processes.

    def running(self, name: str) -> bool:
        """Is this program there?"""
        return any(one.name == name and one.process.poll() is None for one in self.supervisor.programs)

    def kill(self, name: str) -> None:
        """As the kernel does when memory is short: no farewell."""
        self.supervisor.end(name, sign=signal.SIGKILL)

    def online(self) -> int:
        """How many of its two connectors the service can use."""
        return sum(1 for one in self.call("GET", "/connectors") if one["online"] and one["name"] in CONNECTORS)

    def in_flight(self) -> int:
        """Requests that connectors have not spoken their last word about."""
        return sum(one["in_flight"] for one in self.call("GET", "/connectors"))

    def repair(self) -> None:
        """Start what a test has stopped, and see that nothing is left of what it began."""
        if not self.running("service"):
            self.start_service()
        for name in CONNECTORS:
            if not self.running(name):
                self.start_connector(name)
        until(lambda: self.online() >= len(CONNECTORS), "not all connectors came back")
        until(lambda: self.in_flight() == 0, "requests that are over still count", 20)

    def connector_of(self, port: int) -> str:
        """The connector that has this end of a connection to the origin."""
        for name in CONNECTORS:
            if self.running(name) and port in ports_of(self.supervisor.find(name).process.pid):
                return name
        raise AssertionError(f"no connector has port {port}")


def ports_of(pid: int) -> set[int]:
    """The local ports of a process's TCP sockets on 127.0.0.1 (proc(5), /proc/net/tcp)."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ports = {f"socket:[{row[9]}]": int(row[1][9:], 16) for row in rows if row[1].startswith("0100007F:")}
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found.add(ports.get(os.readlink(link), 0))
    return found - {0}


_shared: list[System] = []


def shared_system(request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> System:
    """The one system of all files; it ends with the test run, or with a test that fails (`second_tries.py`)."""
    if not _shared:
        stack = ExitStack()
        request.session.addfinalizer(stack.close)
        stack.callback(_shared.clear)
        directory = factory.mktemp("system")
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        (directory / "logs").mkdir()
        system = System(directory, stack.enter_context(Supervisor(directory / "logs", environment())))
        stack.callback(system.origin.stop)
        system.build()
        _shared.append(system)
    return _shared[0]
