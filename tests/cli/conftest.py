"""A state directory without a running service, and a way to type commands at it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appproxy.cli.main import run
from appproxy.config import ServiceSettings
from appproxy.twistd.state import create_state

NOW = 1_800_000_000.0
PASSWORD = "correct horse battery staple"


@dataclass(slots=True)
class Typed:
    """What a command led to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


Typing = Callable[..., Typed]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory that nobody changes."""
    directory = tmp_path_factory.mktemp("made") / "state"
    create_state(directory, ServiceSettings(domain="example.com"), NOW, {})
    return directory


@pytest.fixture
def state(made: Path, tmp_path: Path) -> Path:
    """A copy to play with."""
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    for path in made.iterdir():
        copy = directory / path.name
        copy.write_bytes(path.read_bytes())
        copy.chmod(path.stat().st_mode & 0o777)
    return directory


@pytest.fixture
def bare(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typing:
    """Type a command; `stdin` is what it may read."""
    monkeypatch.delenv("APPPROXY_STATE", raising=False)

    def type_(*arguments: str, stdin: str = "") -> Typed:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = run(arguments)
        printed = capsys.readouterr()
        return Typed(code, printed.out, printed.err)

    return type_


@pytest.fixture
def typed(bare: Typing, state: Path) -> Typing:
    """Type a command at the state directory."""
    return lambda *arguments, stdin="": bare("--state", str(state), *arguments, stdin=stdin)
