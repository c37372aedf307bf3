"""A connector that signs users in to applications with stored passwords (HTTP Basic, RFC 7617).

    python docs/library/stored_passwords.py --state DIR --passwords passwords.json

The file, which nobody but the connector's user may read, has by application a name and a password, for everybody or by user
(the subject that `/.appproxy/session` shows; a name is not safe, for users may be able to change theirs):

    {"printer": {"*": ["admin", "printer's password"]}, "wiki": {"248289761001": ["ann", "ann's password"]}}

It is read again when it has changed. Somebody who is not in it gets to see the application's own question for a password.
"""

from __future__ import annotations

import argparse
import json
import sys
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from appproxy.api import OriginAuth, connector_service, errors, tunnel

Passwords = Mapping[str, Mapping[str, tuple[str, str]]]


class PasswordFile:
    """The file. Raises ConfigError, and keeps what it had before, when it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = 0
        self._passwords: Passwords = {}
        self.passwords()

    def passwords(self) -> Passwords:
        """By application, then by user."""
        try:
            facts = self._path.stat()
            if facts.st_mtime_ns == self._read_at:
                return self._passwords
            if facts.st_mode & 0o077:
                raise errors.ConfigError(f"{self._path}: others can read it; chmod 600 {self._path}")
            found = json.loads(self._path.read_text())
            self._passwords = {
                application: {user: (str(name), str(password)) for user, (name, password) in users.items()}
                for application, users in found.items()
            }
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise errors.ConfigError(f"{self._path}: cannot be used ({error})") from error
        self._read_at = facts.st_mtime_ns
        return self._passwords

    def of(self, application: str) -> OriginAuth | None:
        """What `connector_service` asks for each application that it learns of; one that is not in the file has nothing."""
        return Basic(self, application) if application in self._passwords else None


class Basic:
    """Implements `OriginAuth` for one application."""

    def __init__(self, file: PasswordFile, application: str) -> None:
        self._file = file
        self._application = application

    def fields(self, request: tunnel.Request) -> bytes:
        """The password goes along with each request: nobody has to be asked first (RFC 7617 section 2.2)."""
        try:
            found = self._file.passwords().get(self._application, {})
        except errors.ConfigError as error:
            raise errors.RequestError(errors.Code.INTERNAL, str(error)) from error
        user: dict[str, Any] = json.loads(request.user) or {}
        known = found.get(user.get("subject", ""), found.get("*"))
        return b"" if known is None else b"authorization: Basic " + b64encode(":".join(known).encode()) + b"\n"

    def challenged(self, request: tunnel.Request, challenge: bytes, sent: bytes) -> None:
        """The password is wrong, or there was none. There is no other: the user sees the application's answer."""


async def run(reactor: Any, options: argparse.Namespace, stopping: Deferred[None]) -> None:
    """Carry requests until `stopping` fires. Raises SystemExit with the reason."""
    try:
        file = PasswordFile(options.passwords)
        service = connector_service(options.state, reactor, origin_auth=file.of)
        ready = service.ready
        service.startService()
        try:
            await ready
            print(f"connected to {service.settings.address}", flush=True)
            await stopping
        finally:
            await service.stopService()
    except errors.AppProxyError as error:
        raise SystemExit(str(error)) from error


def main(arguments: list[str]) -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="A connector with passwords for applications.")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--passwords", type=Path, required=True)
    options = parser.parse_args(arguments)

    def begin(reactor: Any) -> Deferred[None]:
        stopping: Deferred[None] = Deferred()
        stopped: Deferred[None] = Deferred()

        def stop() -> Deferred[None]:
            """SIGTERM or Ctrl-C: the reactor goes on until all has drained."""
            stopping.callback(None)
            return stopped

        def over(result: Any) -> Any:
            stopped.callback(None)
            return result

        reactor.addSystemEventTrigger("before", "shutdown", stop)
        return Deferred.fromCoroutine(run(reactor, options, stopping)).addBoth(over)

    react(begin)


if __name__ == "__main__":
    main(sys.argv[1:])
