"""`appproxy demo`: a whole system on this machine, from an empty directory to an address to open."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from appproxy.admin.base.roles import ADMINISTRATOR
from appproxy.admin.transport.client import AdminClient
from appproxy.config import ServiceSettings
from appproxy.config.values import Address
from appproxy.demo.supervisor import Supervisor, interrupted_by_signals, twistd
from appproxy.errors import ConfigError
from appproxy.twistd.assembly.passwords import admit_password
from appproxy.twistd.process.successive import RELOAD_VARIABLE
from appproxy.twistd.shown import program
from appproxy.twistd.state import create_state

#: glibc and browsers send *.localhost to this machine, with no DNS.
DOMAIN = "appproxy.localhost"
#: What most people have free; with --port another.
PREFERRED_PORT = 8443
USER = "alice"
_LOOPBACK = "127.0.0.1"
_WORDS = (  # noqa: SIM905 -- easier to read and to change than a list of quoted words
    "amber anchor apple arrow autumn basil beacon birch blossom breeze bridge cedar chalk cinder clover cobalt coral "
    "copper cotton cricket dapple delta drift ember falcon fern fjord flint garnet ginger glacier granite harbor hazel "
    "heron indigo iris ivory jasper juniper kestrel lagoon lantern larch lemon linen lotus maple marble meadow mint "
    "nectar nutmeg oasis olive opal orchid otter"
).split()


@dataclass(frozen=True, slots=True)
class Demo:
    """What a running demo is called and where it lies."""

    directory: Path
    port: int
    password: str

    @property
    def service(self) -> Path:
        """The service's state directory."""
        return self.directory / "service"

    @property
    def connector(self) -> Path:
        """The connector's state directory."""
        return self.directory / "connector"

    @property
    def logs(self) -> Path:
        """What the programs print."""
        return self.directory / "logs"

    def address(self, name: str) -> str:
        """The address of the application `name`."""
        return f"https://{name}.{DOMAIN}:{self.port}/"


def run_demo(port: int | None, state: Path | None, out: TextIO) -> None:
    """Start everything, say what to open, and go on until Ctrl-C or a program's end. Raises AppProxyError."""
    interrupted_by_signals()
    with ExitStack() as stack:
        if state is None:
            directory = Path(tempfile.mkdtemp(prefix="appproxy-demo-"))
            stack.callback(shutil.rmtree, directory, ignore_errors=True)
        else:
            directory = state.absolute()
        try:
            demo = Demo(directory, _user_port(port), make_password())
            out.write("Starting service, connector and a sample application ...\n")
            out.flush()
            supervisor = stack.enter_context(start_demo(demo))
            out.write(explain(demo))
            out.flush()
            supervisor.watch()
        except KeyboardInterrupt:
            out.write("\nStopping.\n")


def start_demo(demo: Demo) -> Supervisor:
    """Make the state, start the three programs; all are ready when this returns."""
    demo.directory.mkdir(parents=True, exist_ok=True)
    tunnel = Address(_LOOPBACK, free_port())
    settings = ServiceSettings(
        domain=DOMAIN, listen=Address(_LOOPBACK, demo.port), tunnel_listen=tunnel, tunnel_address=str(tunnel),
        drain_seconds=2.0, admin_api=True,
    )  # fmt: skip
    create_state(demo.service, settings, time.time(), os.environ)  # noqa: TID251 -- the program's edge
    demo.logs.mkdir()
    supervisor = Supervisor(demo.logs, {**os.environ, RELOAD_VARIABLE: "no"})
    try:
        ready = supervisor.start(
            "application", [sys.executable, "-m", "appproxy.demo.application", "--listen", f"{_LOOPBACK}:0"], "ready on "
        )
        _publish(demo, ready.rpartition("ready on ")[2])
        supervisor.start("service", twistd("appproxy-service", "--state", str(demo.service)), "appproxy-service ready")
        made: Any = AdminClient(demo.service, admit_password).call("POST", "/connector-tokens", {})
        join = [sys.executable, "-m", "appproxy.cli", "connector", "join", made["token"], "--state", str(demo.connector)]
        supervisor.finish("join", [*join, "--name", "demo"])
        command = twistd("appproxy-connector", "--state", str(demo.connector))
        supervisor.start("connector", command, "appproxy-connector ready and connected")
    except BaseException:
        supervisor.stop()
        raise
    return supervisor


def _publish(demo: Demo, internal: str) -> None:
    """What the admin would type, while no service runs yet."""
    admin = AdminClient(demo.service, admit_password)

    def post(path: str, **body: object) -> None:
        admin.call("POST", path, body)

    names: Mapping[str, str] = {"header.x-user-name": "name", "header.x-user-email": "email"}
    post("/applications", name="sample", internal=internal, external=demo.address("sample"), settings=names)
    post("/applications", name="open", internal=internal, external=demo.address("open"), preauth="passthrough")
    post(
        "/users", name=USER, password=demo.password, display_name="Alice Example", email="alice@example.com",
        groups=["staff"],
    )  # fmt: skip
    post("/applications/sample/assignments", group="staff")
    post("/role-assignments", role=ADMINISTRATOR, user=USER)


def explain(demo: Demo) -> str:
    """What to open, and how to sign in."""
    anchor = demo.service / "trust-anchor.pem"
    return f"""
  Open       {demo.address("sample")}
  Sign in    {USER}  with password  {demo.password}

  Without sign-in   {demo.address("open")}
  Your applications {demo.address("apps")}
  Administration    {demo.address("admin")}
  Your browser will warn of the certificate: go on, or import {anchor}
  With curl         curl --cacert {shlex.quote(str(anchor))} {demo.address("open")}headers
  Commands          {program("appproxy")} --state {shlex.quote(str(demo.service))} connector list
  Logs              {demo.logs}

Ctrl-C stops everything.
"""


def make_password() -> str:
    """Four words: 24 bits, easy to type, and enough for a service that only this machine reaches."""
    return "-".join(secrets.choice(_WORDS) for _ in range(4))


def _user_port(port: int | None) -> int:
    """The port asked for, or the preferred one, or one that is free. Raises ConfigError when that asked for is taken."""
    if port is not None:
        if not _is_free(port):
            raise ConfigError(f"--port: {port} is in use or not allowed", hint="give another")
        return port
    return PREFERRED_PORT if _is_free(PREFERRED_PORT) else free_port()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of this machine on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port
