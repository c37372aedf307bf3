"""A whole system of real processes, made by the commands that the documentation tells people to type."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from appproxy.cli.main import run
from appproxy.demo.supervisor import Supervisor, twistd
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.ports import free_port

ROOT = Path(__file__).parent.parent.parent
DOMAIN = "appproxy.localhost"
#: Users of the built-in provider, all with this password; bob is assigned to nothing.
USERS = ("alice", "bob")
PASSWORD = "correct horse battery staple"
#: Seconds that a program may take to become ready: this machine may be busy with more than us.
PATIENCE = 180.0

T = TypeVar("T")


@dataclass(slots=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """That of a new user: no setting of ours, and this checkout to be found in any case."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("APPPROXY", "NOTIFY"))}
    return {**plain, "PYTHONPATH": str(ROOT)}


def appproxy(*arguments: str, stdin: str = "", under: Sequence[str] = ()) -> Outcome:
    """Run one command of the command line, `under` another program if one is given."""
    command = [*under, sys.executable, "-m", "appproxy.cli", *arguments]
    ended = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=PATIENCE, env=environment())
    return Outcome(ended.returncode, ended.stdout, ended.stderr)


def in_process(*arguments: str, stdin: str = "") -> Outcome:
    """The same in this process, where a command's effect is what matters: a start of Python is most of what it costs."""
    out, err, terminal = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(stdin)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = run(arguments)
    finally:
        sys.stdin = terminal
    return Outcome(code, out.getvalue(), err.getvalue())


def until(found: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """Ask again and again until the answer is true; gives it. Fails with `what` when it takes too long."""
    deadline = usual_seconds() + seconds
    while not (answer := found()):
        assert usual_seconds() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.05)
    return answer


@dataclass(slots=True)
class World:
    """Service, connectors and sample application, each a process; all end with the test run."""

    directory: Path
    supervisor: Supervisor
    port: int = field(default_factory=free_port)
    tunnel_port: int = field(default_factory=free_port)
    internal: str = ""
    #: Another database than a file of the state directory.
    database_url: str = ""

    @property
    def state(self) -> Path:
        """The service's state directory."""
        return self.directory / "service"

    @property
    def anchor(self) -> Path:
        """What browsers must trust."""
        return self.state / "trust-anchor.pem"

    def url(self, name: str, path: str = "/") -> str:
        """An address as users type it."""
        return f"https://{name}.{DOMAIN}:{self.port}{path}"

    def admin(self, *arguments: str, stdin: str = "") -> str:
        """A command on the service that must succeed; gives what it prints."""
        outcome = in_process("--state", str(self.state), *arguments, stdin=stdin)
        assert outcome.code == 0, f"appproxy {' '.join(arguments)}: {outcome.err}"
        return outcome.out

    def admin_json(self, *arguments: str) -> Any:
        """The same with --json."""
        return json.loads(self.admin(*arguments, "--json"))

    def build(self) -> None:
        """From nothing to a system with two applications, two users and one connector."""
        made = in_process(
            "init", "--state", str(self.state), "--domain", DOMAIN, "--listen", f"127.0.0.1:{self.port}",
            "--tunnel-listen", f"127.0.0.1:{self.tunnel_port}", "--tunnel-address", f"127.0.0.1:{self.tunnel_port}",
            *(["--database", self.database_url] if self.database_url else []),
        )  # fmt: skip
        assert made.code == 0, made.err
        settings = self.state / "service.toml"
        settings.write_text('decision_log = "decisions.log"\nadmin_api = true\n' + settings.read_text())
        command = [sys.executable, "-m", "appproxy.demo.application", "--listen", "127.0.0.1:0"]
        self.internal = self.supervisor.start("application", command, "ready on", PATIENCE).rpartition("ready on ")[2]
        self.publish("sample", self.internal, "--set", "header.x-user-name=name")
        self.publish("open", self.internal, "--preauth", "passthrough")
        for user in USERS:
            self.admin("user", "add", user, "--display-name", user.title(), "--password-stdin", stdin=PASSWORD + "\n")
        self.admin("assign", "sample", "--user", "alice")
        self.start_service()
        self.join("connector")
        self.start_connector("connector")

    def publish(self, name: str, internal: str, *options: str) -> None:
        """Publish an application."""
        self.admin("app", "publish", name, "--internal", internal, "--external", self.url(name), *options)

    def start_service(self) -> None:
        """Start the service; it is ready when this returns."""
        command = twistd("appproxy-service", "--state", str(self.state))
        self.supervisor.start("service", command, "appproxy-service ready on https://", PATIENCE)

    def join(self, name: str, *options: str) -> str:
        """Let a connector join; gives its id."""
        token = self.admin("connector", "token", *options).strip()
        joined = appproxy("connector", "join", token, "--state", str(self.directory / name), "--name", name)
        assert joined.code == 0, joined.err
        found = re.search(r"connector ([0-9a-f]{16})", joined.out)
        assert found is not None, joined.out
        return found[1]

    def start_connector(self, name: str) -> None:
        """Start a connector that has joined; it is connected when this returns."""
        command = twistd("appproxy-connector", "--state", str(self.directory / name))
        self.supervisor.start(name, command, "appproxy-connector ready and connected", PATIENCE)
