"""The command line of somebody on a machine of their own: a home, names that lead to the service, and nothing of its state."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest

from appproxy.testing.forms import Form
from tests.end_to_end.visitor import NAVIGATION, Answer, Visitor
from tests.end_to_end.world import DOMAIN, PATIENCE, ROOT, Outcome, World, until

#: Of another machine: nothing of this one's settings.
_KEPT = ("PATH", "LANG", "VIRTUAL_ENV")
_SHOWN = re.compile(r"https://\S+\?user_code=([A-Z-]+)")
needed = pytest.mark.skipif(
    os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0,
    reason="a machine of one's own needs mount namespaces")


@dataclass(slots=True)
class Waiting:
    """A command that waits until somebody lets it in. `page`: the address that it shows, with the code; what it prints is in
    files, which nobody has to read for it to go on.
    """

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    @property
    def page(self) -> str:
        """Where the code is confirmed. Waits until it is shown."""
        def shown() -> str:
            found = _SHOWN.search(self.err.read_text())
            assert found or self.process.poll() is None, self.err.read_text()
            return found[0] if found else ""

        return until(shown, "no code is shown")

    @property
    def code(self) -> str:
        """What is typed."""
        return self.page.partition("user_code=")[2]

    def end(self) -> Outcome:
        """Wait for its end."""
        code = self.process.wait(60)
        return Outcome(code, self.out.read_text(), self.err.read_text())


@dataclass(slots=True)
class CommandLine:
    """Somebody's. `address`: of the node that its names lead to; the service's files are not there for it (mount(8))."""

    world: World
    home: Path
    address: str = "127.0.0.1"
    started: list[Waiting] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True)
        shutil.copy(self.world.anchor, self.anchor)

    @property
    def anchor(self) -> Path:
        """What was handed over, for it to believe the service."""
        return self.home / "trust-anchor.pem"

    @property
    def contexts(self) -> Path:
        """Where it keeps its logins."""
        return self.home / ".config" / "appproxy" / "contexts.json"

    def at(self, address: str) -> CommandLine:
        """The same, with names that lead to another node from now on."""
        self.address = address
        return self

    def __call__(self, *arguments: str, stdin: str = "") -> Outcome:
        """Run a command to its end."""
        ended = subprocess.run(self._command(arguments), input=stdin, capture_output=True, text=True, timeout=PATIENCE,
                               env=self._environment(), cwd=self.home)
        return Outcome(ended.returncode, ended.stdout, ended.stderr)

    def good(self, *arguments: str) -> str:
        """Run a command that must succeed; gives what it prints."""
        outcome = self(*arguments)
        assert outcome.code == 0, f"appproxy {' '.join(arguments)}: {outcome.err}"
        return outcome.out

    def json(self, *arguments: str) -> Any:
        """The same with --json."""
        return json.loads(self.good(*arguments, "--json"))

    def begin(self, *arguments: str) -> Waiting:
        """Start a command that shows a code."""
        number = len(self.started)
        out, err = self.home / f"{number}.out", self.home / f"{number}.err"
        with out.open("wb") as to, err.open("wb") as errors:
            process = subprocess.Popen(self._command(arguments), stdin=subprocess.DEVNULL, stdout=to, stderr=errors,
                                       env=self._environment(), cwd=self.home)
        self.started.append(Waiting(process, out, err))
        return self.started[-1]

    def login(self, *options: str) -> Waiting:
        """`appproxy login` at the administration of the service."""
        return self.begin("login", self.world.url("admin", ""), "--ca", str(self.anchor), *options)

    def stop(self) -> None:
        """End what still waits."""
        for one in self.started:
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()

    def _command(self, arguments: Sequence[str]) -> list[str]:
        hosts = self.home / "hosts"
        names = " ".join(f"{name}.{DOMAIN}" for name in ("admin", "connect", "signin"))
        hosts.write_text(f"127.0.0.1 localhost\n{self.address} {names}\n")
        mounted = (
            f"mount --bind {shlex.quote(str(hosts))} /etc/hosts && "
            f"mount -t tmpfs none {shlex.quote(str(self.world.directory))} && "
            f"exec {shlex.join([sys.executable, '-m', 'appproxy.cli', *arguments])}")
        return ["unshare", "-m", "--propagation", "private", "sh", "-c", mounted]

    def _environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
        return {**kept, "HOME": str(self.home), "USER": self.home.name, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@contextmanager
def command_line(world: World, home: Path) -> Iterator[CommandLine]:
    """One that ends with the context; its user is called as the last part of `home`."""
    made = CommandLine(world, home)
    try:
        yield made
    finally:
        made.stop()


def press(visitor: Visitor, page: Answer, do: str = "allow", **fields: str) -> Answer:
    """A button of the page about a machine, or of that where its code is typed ("show")."""
    form = Form(page.text.partition("<main")[2])
    assert form.action == "/device", page.text
    url = urljoin(page.url, form.action)
    headers = {**NAVIGATION, "Sec-Fetch-Site": "same-origin", "Origin": url.removesuffix(form.action),
               "Content-Type": "application/x-www-form-urlencoded"}
    return visitor.request("POST", url, headers, urlencode({**form.fields, "do": do, **fields}).encode())


def let_in(visitor: Visitor, waiting: Waiting, user: str, do: str = "allow", **fields: str) -> Answer:
    """Open the page with the code, sign in where that is asked for, look at what it says, and press."""
    page = visitor.navigate(waiting.page)
    if 'name="password"' in page.text:
        page = visitor.sign_in(waiting.page, user)
    return press(visitor, look(visitor, page, waiting), do, **fields)


def look(visitor: Visitor, page: Answer, waiting: Waiting) -> Answer:
    """From the page with the code to that about the machine."""
    assert waiting.code in page.text, page.text
    return press(visitor, page, "show")
