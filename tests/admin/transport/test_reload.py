"""Asking for a successor: who serves then, or why nobody new does."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appproxy.admin.transport import reload
from appproxy.admin.transport.reload import reloaded
from appproxy.errors import ConfigError, StoreError

#: No answer, though the connection stands.
MUTE: dict[str, Any] = {}
ALIVE = {"process": 7, "reloads": 0, "failed_reloads": 0, "why": ""}


class Service:
    """Answers at the socket of a state directory, each time with the next of what it is to say; the last one stays."""

    def __init__(self, state: Path, answers: list[dict[str, Any]]) -> None:
        self.killed: list[tuple[int, int]] = []
        self._unanswered: list[socket.socket] = []
        self._answers = answers
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(state / "admin.sock"))
        self._listening.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                if self._answers[0] == MUTE:
                    self._answers.pop(0)
                    self._unanswered.append(connection.dup())
                    continue
                body = json.dumps(self._answers[0]).encode()
                if len(self._answers) > 1:
                    self._answers.pop(0)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def kill(self, process: int, sign: int) -> None:
        """In place of os.kill."""
        self.killed.append((process, sign))

    def close(self) -> None:
        """End."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)
        for connection in self._unanswered:
            connection.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory."""
    (tmp_path / "service.toml").write_text('domain = "example.com"\n')
    return tmp_path


@pytest.fixture
def service(state: Path, request: pytest.FixtureRequest) -> Iterator[Service]:
    """One that answers as the test says."""
    found = Service(state, list(request.param))
    yield found
    found.close()


@pytest.mark.parametrize("service", [[ALIVE, ALIVE, {**ALIVE, "process": 8}]], indirect=True)
def test_the_new_process_is_named(state: Path, service: Service) -> None:
    """Once it answers; until then the old one does."""
    slept: list[float] = []
    assert reloaded(state, kill=service.kill, sleep=slept.append) == 8
    assert service.killed == [(7, signal.SIGHUP)] and len(slept) == 1


@pytest.mark.parametrize("service", [[ALIVE, ALIVE, {**ALIVE, "reloads": 1}]], indirect=True)
def test_a_service_with_several_workers_stays_the_same_process(state: Path, service: Service) -> None:
    """That others of them serve is what is waited for."""
    assert reloaded(state, kill=service.kill, sleep=lambda seconds: None) == 7


OLDER = {"process": 7, "failed_reloads": 0, "why": ""}


@pytest.mark.parametrize("service", [[OLDER, OLDER, {**ALIVE, "process": 8}]], indirect=True)
def test_a_service_of_an_earlier_version_is_reloaded(state: Path, service: Service) -> None:
    """It does not count its reloads."""
    assert reloaded(state, kill=service.kill, sleep=lambda seconds: None) == 8


@pytest.mark.parametrize("service", [[MUTE, ALIVE, MUTE, ALIVE, {**ALIVE, "process": 8}]], indirect=True)
def test_a_service_that_is_mute_for_a_moment(state: Path, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again: it is there all the same."""
    monkeypatch.setattr(reload, "MUTE", 0.05)
    assert reloaded(state, kill=service.kill, sleep=lambda seconds: None) == 8
    assert service.killed == [(7, signal.SIGHUP)]


def test_a_service_that_stays_mute(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for none, and no signal is sent."""
    monkeypatch.setattr(reload, "MUTE", 0.05)
    moments = iter(range(0, 1000, 9))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(state / "admin.sock"))
        listening.listen()
        with pytest.raises(StoreError, match="the service does not answer within 20 s"):
            reloaded(state, kill=lambda process, sign: pytest.fail("a signal"), clock=lambda: float(next(moments)),
                     sleep=lambda seconds: None)


@pytest.mark.parametrize("service", [[{**ALIVE, "failed_reloads": 1, "why": "an older reason"},
                                      {**ALIVE, "failed_reloads": 2, "why": "the port is taken"}]], indirect=True)
def test_the_reason_of_a_failure_is_told(state: Path, service: Service) -> None:
    """That of this attempt."""
    with pytest.raises(StoreError, match="goes on as it was: the port is taken"):
        reloaded(state, kill=service.kill, sleep=lambda seconds: None)


@pytest.mark.parametrize("service", [[ALIVE]], indirect=True)
def test_waiting_has_an_end(state: Path, service: Service) -> None:
    """The service is stuck."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += 10.0

    with pytest.raises(StoreError, match="no new process serves"):
        reloaded(state, kill=service.kill, clock=lambda: now[0], sleep=sleep)


@pytest.mark.parametrize("service", [[ALIVE]], indirect=True)
def test_wrong_settings_are_told_first(state: Path, service: Service) -> None:
    """Nothing is started for them."""
    (state / "service.toml").write_text('domain = "example.com"\nlisten = "nowhere"\n')
    with pytest.raises(ConfigError, match="listen"):
        reloaded(state, kill=service.kill)
    assert service.killed == []


def test_no_service_runs(state: Path) -> None:
    """There is nothing to go on with."""
    with pytest.raises(ConfigError, match="no service runs on it"):
        reloaded(state)
