"""How a command reaches the admin API: at the running service through its socket, or, without one, on the database.

The lock tells which: when it is free, the command takes it and runs the same operations in its own process. When it is
held, only the socket will do; a service that does not answer is an error, and nothing is tried behind its back.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from appproxy.admin.base.problem import error_of
from appproxy.admin.transport.lock import PAUSE, ServiceLock
from appproxy.config.service import ServiceSettings, load_service
from appproxy.config.state import StatePaths
from appproxy.errors import ConfigError, StoreError
from appproxy.policy.conditional.locations import CountryOf, no_country

#: Answered by the socket at once, without the store: a client learns whether the service is mute or only busy.
ALIVE = "/alive"
#: In the answer: how often other workers have taken over, how many attempts to start a successor (or them) have failed,
#: and why the last one has.
RELOADS, FAILED_RELOADS, WHY = "reloads", "failed_reloads", "why"
#: The query of a change that is to be checked and answered, and not made.
DRY_RUN = "?dry_run=true"
#: Seconds of silence after which the service counts as mute: asked whether it is alive, it answers in milliseconds.
MUTE = 2.0
#: Seconds that an operation may take then. To list 10,000 applications takes 2 on a slow machine.
WORKING = 60.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """One call."""

    method: str
    path: str
    body: Mapping[str, object] | None
    if_match: str
    dry_run: bool


def _quiet(text: str) -> None:
    """Say nothing."""


class AdminClient:
    """Calls operations on the service of one state directory.

    `say` hears once that no service runs, where an answer lacks what only a running one knows.
    """

    def __init__(
        self,
        state: Path,
        hash_password: Callable[[str, str], str],
        *,
        say: Callable[[str], None] = _quiet,
        wall_clock: Callable[[], float] = time.time,  # noqa: TID251 -- the default of an argument
        environment: Mapping[str, str] = os.environ,
        mute: float = MUTE,
    ) -> None:
        self._paths = StatePaths(state)
        self._hash_password = hash_password
        self._say = say
        self._wall_clock = wall_clock
        self._environment = environment
        self._mute = mute
        self._said: set[str] = set()

    def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, *, if_match: str = "", dry_run: bool = False
    ) -> object:
        """Perform one operation; `path` has names percent-encoded. Gives its answer.

        `if_match`: the ETag (without quotes) that what is changed must have; `dry_run`: as if it was done, with nothing
        changed. Raises ConfigError or StoreError, whose text is one line for people.
        """
        asked = _Asked(method, path, body, if_match, dry_run)
        if is_missing(self._paths.settings):
            if not is_missing(self._paths.directory / "connector.toml"):
                raise ConfigError(f"{self._paths.directory}: this is a connector's state directory; give that of the service, "
                                  "on its machine (here only `appproxy doctor` works)")
            raise ConfigError(f"{self._paths.directory}: no state of a service is there", hint="run: appproxy init")
        lock = ServiceLock(self._paths.lock)
        until = time.monotonic() + self._mute
        while True:
            # A service that starts or stops, or another command, holds the lock without a socket for a moment.
            if lock.try_acquire():
                with lock:
                    return self._in_process(asked)
            connection = self._connect()
            if connection is not None:
                return self._over_socket(connection, asked)
            if time.monotonic() >= until:
                raise StoreError(
                    f"the service{lock.holder()} does not answer at {self._paths.admin_socket}", hint="see its log, or stop it"
                )
            time.sleep(PAUSE)

    def _connect(self) -> socket.socket | None:
        """A connection to the service; None when nobody listens."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self._mute)
        try:
            connection.connect(str(self._paths.admin_socket))
        except PermissionError as error:
            connection.close()
            raise ConfigError(f"{self._paths.admin_socket}: only root and the user of the service may use it") from error
        except OSError:
            connection.close()
            return None
        return connection

    def _over_socket(self, connection: socket.socket, asked: _Asked) -> object:
        speaking = http.client.HTTPConnection("localhost", timeout=self._mute)
        speaking.sock = connection
        body = None if asked.body is None else json.dumps(dict(asked.body))
        headers = {} if body is None else {"Content-Type": "application/json"}
        headers |= {"If-Match": f'"{asked.if_match}"'} if asked.if_match else {}
        try:
            speaking.request("GET", ALIVE)
            speaking.getresponse().read()
            connection.settimeout(WORKING)
            speaking.request(asked.method, asked.path + (DRY_RUN if asked.dry_run else ""), body, headers)
            answer = speaking.getresponse()
            data = json.loads(answer.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise StoreError(
                f"the service does not answer at {self._paths.admin_socket} ({error})", hint="see its log"
            ) from error
        finally:
            speaking.close()
        if answer.status != 200:
            raise error_of(answer.status, data)
        return data

    def _in_process(self, asked: _Asked) -> object:
        # Here, because a database costs a third of a second, and most commands find a service that has it open.
        from appproxy.admin.base.principal import Principal
        from appproxy.admin.transport.direct import AdminContext, perform

        settings = read_settings(self._paths)
        context = AdminContext(
            Principal.full(f"local:{os.getuid()}"), self._wall_clock(), settings, self._hash_password,
            live=self._nobody_online,
            given_certificate=lambda: _given_certificate(self._paths, settings), country_of=_country_of(self._paths, settings),
        )  # fmt: skip
        return perform(self._paths, context, self._environment, self._tell, asked.method, asked.path, asked.body,
                       asked.if_match, asked.dry_run)

    def _nobody_online(self) -> Mapping[str, object]:
        """What a running service would know. Most operations do not ask, and setting up before the first start is usual."""
        self._tell("no service runs on this state directory; what only a running one knows is missing")
        return {}

    def _tell(self, text: str) -> None:
        """Say it, unless it was said before."""
        if text not in self._said:
            self._said.add(text)
            self._say(text)


def is_missing(path: Path) -> bool:
    """Is it certainly not there? Where we may not even look, reading it will say so."""
    try:
        return not path.exists()
    except OSError:
        return False


def _country_of(paths: StatePaths[Path], settings: ServiceSettings) -> CountryOf:
    """As the service of these settings would know countries. The file is opened when somebody asks, or ConfigError raised."""
    if settings.country_database is None:
        return no_country
    path = paths.resolve(settings.country_database)

    def country_of(address: str) -> str | None:
        from appproxy.store.policies.countries import CountryDatabase

        return CountryDatabase(path).country_of(address)

    return country_of


def _given_certificate(paths: StatePaths[Path], settings: ServiceSettings) -> str | None:
    """The certificate that the settings name, as it would be served. Raises ConfigError."""
    if settings.certificate is None:
        return None
    path = paths.resolve(settings.certificate)
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"certificate: {path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def read_settings(paths: StatePaths[Path]) -> ServiceSettings:
    """The settings of a state directory. Raises ConfigError."""
    try:
        return load_service(paths.settings.read_text(), str(paths.settings))
    except OSError as error:
        raise ConfigError(f"{paths.settings}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{paths.settings}: cannot be read: {error}") from error
