"""appproxy health ..."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.cli.base.test_observed import program
from tests.cli.conftest import Typing
from tests.cli.doctor.test_connector import joined

WORKS = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlive\n"
DRAINS = b"HTTP/1.1 503 no\r\nContent-Length: 9\r\n\r\ndraining\n"


@pytest.fixture(params=["service.toml", "connector.toml"])
def settings(request: pytest.FixtureRequest, state: Path, tmp_path: Path) -> Path:
    """The settings file of either end."""
    directory = state if request.param == "service.toml" else joined(tmp_path / "connector")
    path: Path = directory / request.param
    return path


def observed(settings: Path, port: int) -> None:
    """Let the program be asked at this port."""
    settings.write_text(f'metrics_listen = "127.0.0.1:{port}"\n' + settings.read_text())


def test_the_exit_code_says_it(bare: Typing, settings: Path) -> None:
    """And the line says what the program said."""
    with program(WORKS) as (listen, asked):
        observed(settings, listen.port)
        done = bare("health", "--state", str(settings.parent))
        assert (done.code, done.out, done.err) == (0, "live\n", "") and asked[0].startswith(b"GET /live ")


def test_it_may_work_and_take_no_requests(bare: Typing, settings: Path) -> None:
    """That is another question."""
    with program(DRAINS) as (listen, asked):
        observed(settings, listen.port)
        done = bare("health", "--ready", "--state", str(settings.parent))
        assert (done.code, done.out) == (1, "draining\n") and asked[0].startswith(b"GET /ready ")


def test_nobody_answers(bare: Typing, settings: Path) -> None:
    """The address is named."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        observed(settings, port)
        done = bare("health", "--state", str(settings.parent))
    assert done.code == 1 and f"nothing answers at metrics_listen, 127.0.0.1:{port}" in done.err


def test_nobody_can_be_asked(bare: Typing, settings: Path, tmp_path: Path) -> None:
    """The setting is named, and the file that it belongs in; nothing is guessed."""
    done = bare("health", "--state", str(settings.parent))
    assert done.code == 1 and f"{settings}: metrics_listen is not set" in done.err and "add metrics_listen" in done.err
    assert "service.toml" in bare("health", "--state", str(tmp_path / "nowhere")).err
