"""How a command reaches the admin API."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appproxy.admin.transport.client import AdminClient
from appproxy.admin.transport.lock import ServiceLock
from appproxy.config.service import ServiceSettings, dump_service
from appproxy.errors import ConfigError, StoreError
from appproxy.store.database.initial import initialise
from appproxy.store.database.store import Store
from appproxy.store.names import NotFound
from appproxy.store.service.master_key import create_master, read_master

NOW = 1782864000.0


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory as `init` leaves it, to copy."""
    made = tmp_path_factory.mktemp("state")
    settings = ServiceSettings(domain="example.com")
    (made / "service.toml").write_text(dump_service(settings))
    create_master(made)
    store = Store.create(f"sqlite:///{made}/appproxy.db", read_master("file", made, {}))
    with store.transaction(NOW) as tx:
        initialise(tx, "example.com", settings.signin_origin)
    store.close()
    return made


@pytest.fixture
def state(tmp_path: Path, made: Path) -> Path:
    """A state directory of the test's own."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    tmp_path.chmod(0o700)
    return tmp_path


def client(state: Path, said: list[str] | None = None, mute: float = 0.2) -> AdminClient:
    """A client that hashes no password."""
    return AdminClient(
        state, lambda name, password: "hash", say=(said if said is not None else []).append, wall_clock=lambda: NOW, mute=mute
    )


class TestWithoutService:
    """The command works on the database itself."""

    def test_it_does_it(self, state: Path) -> None:
        """What one call changes, the next one sees; the audit names this user."""
        said: list[str] = []
        ours = client(state, said)
        ours.call("POST", "/groups", {"name": "staff"})
        groups = ours.call("GET", "/groups")
        audit = ours.call("GET", "/audit")
        assert isinstance(groups, list) and groups[0]["name"] == "staff"
        assert isinstance(audit, list) and audit[0]["actor"] == f"local:{os.getuid()}"
        assert said == []

    @pytest.mark.parametrize("path", ["/connectors", "/status"])
    def test_it_says_so_once_where_the_answer_depends_on_it(self, state: Path, path: str) -> None:
        """Which connectors are online nobody knows then."""
        said: list[str] = []
        ours = client(state, said)
        for _ in range(2):
            ours.call("GET", path)
        assert said == ["no service runs on this state directory; what only a running one knows is missing"]

    def test_errors_are_the_same_as_over_the_socket(self, state: Path) -> None:
        """And the lock is free again."""
        for _ in range(2):
            with pytest.raises(NotFound, match="there is no user 'x'"):
                client(state).call("GET", "/users/x")
        assert ServiceLock(state / "service.lock").try_acquire()

    def test_a_directory_that_is_no_state(self, tmp_path: Path) -> None:
        """The command that makes one is named, and no file is left behind."""
        with pytest.raises(ConfigError, match="run: appproxy init"):
            client(tmp_path).call("GET", "/users")
        assert list(tmp_path.iterdir()) == []

    def test_a_wrong_master_key(self, state: Path) -> None:
        """Its file is named."""
        (state / "master.key").write_text("00" * 32)
        with pytest.raises(StoreError, match=r"master\.key is not the master key of this database"):
            client(state).call("GET", "/users")

    def test_a_broken_settings_file(self, state: Path) -> None:
        """The file and the key are named."""
        (state / "service.toml").write_text('domain = "example.com"\nlissten = "x"\n')
        with pytest.raises(ConfigError, match=r"service\.toml.*lissten"):
            client(state).call("GET", "/users")

    def test_commands_take_turns(self, state: Path) -> None:
        """A script that starts several at once sees none fail."""
        failed: list[BaseException] = []

        def work(number: int) -> None:
            try:
                client(state, mute=30).call("POST", "/groups", {"name": f"group {number}"})
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        groups = client(state).call("GET", "/groups")
        assert failed == [] and isinstance(groups, list) and len(groups) == 6


class Service:
    """Holds the lock and answers at the socket, one caller after the other, with a fixed text."""

    def __init__(self, state: Path, answer: bytes | None, alive: bool = True) -> None:
        self._alive = alive
        self.requests: list[bytes] = []
        self._answer = answer
        self._lock = ServiceLock(state / "service.lock")
        self._lock.acquire()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(state / "admin.sock"))
        self._listening.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            with caller:
                request = caller.recv(65536)
                if request.startswith(b"GET /alive ") and self._alive:
                    caller.sendall(http(200, {}))
                    request = caller.recv(65536)
                self.requests.append(request)
                if self._answer is not None:
                    caller.sendall(self._answer)
                    caller.shutdown(socket.SHUT_WR)
                caller.recv(65536)

    def stop(self) -> None:
        """Answer no longer."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)
        self._lock.release()


def http(status: int, body: object) -> bytes:
    """An answer."""
    text = json.dumps(body).encode()
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text)


class TestWithService:
    """The command asks the service."""

    @pytest.fixture
    def serve(self, state: Path) -> Iterator[Callable[..., Service]]:
        """Start services that are stopped after the test."""
        started: list[Service] = []

        def start(answer: bytes | None, alive: bool = True) -> Service:
            started.append(Service(state, answer, alive))
            return started[-1]

        yield start
        for one in started:
            one.stop()

    def test_it_asks_the_service(self, state: Path, serve: Callable[..., Service]) -> None:
        """With JSON, and without touching the database."""
        said: list[str] = []
        service = serve(http(200, [{"name": "x"}]))
        (state / "appproxy.db").unlink()
        assert client(state, said).call("POST", "/users/a%20b", {"name": "x"}) == [{"name": "x"}]
        assert service.requests[0].startswith(b"POST /users/a%20b HTTP/1.1\r\n")
        assert b"Content-Type: application/json" in service.requests[0] and said == []

    def test_its_errors_are_ours(self, state: Path, serve: Callable[..., Service]) -> None:
        """The same kind, the same words."""
        serve(http(404, {"detail": "there is no user 'x'"}))
        with pytest.raises(NotFound, match="there is no user 'x'"):
            client(state).call("GET", "/users/x")

    @pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{"])
    @pytest.mark.parametrize("alive", [True, False])
    def test_a_broken_answer_is_an_error(
        self, state: Path, serve: Callable[..., Service], answer: bytes, alive: bool
    ) -> None:
        """Nothing is done behind the service's back."""
        serve(answer, alive)
        with pytest.raises(StoreError, match="the service does not answer"):
            client(state).call("POST", "/groups", {"name": "staff"})

    def test_a_mute_service_is_an_error(self, state: Path, serve: Callable[..., Service]) -> None:
        """It is asked whether it is alive; until it answers that, nothing is asked of it."""
        service = serve(None, False)
        with pytest.raises(StoreError, match="the service does not answer"):
            client(state).call("POST", "/groups", {"name": "staff"})
        assert [request.split()[1] for request in service.requests] == [b"/alive"]

    def test_a_service_that_does_not_listen_is_an_error(self, state: Path) -> None:
        """Its process is named."""
        lock = ServiceLock(state / "service.lock")
        lock.acquire()
        with pytest.raises(StoreError, match=rf"\(process {os.getpid()}\) does not answer at .*admin\.sock"):
            client(state).call("GET", "/users")
        lock.release()
        assert client(state).call("GET", "/users") == []
