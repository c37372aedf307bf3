"""How commands reach the service of the state directory that they are given."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from appproxy.admin.transport.client import AdminClient
from appproxy.admin.transport.remote import Remote
from appproxy.cli.base.kept_login import KeptLogin
from appproxy.cli.base.output import note
from appproxy.cli.base.progress import Progress
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.errors import ConfigError, NotFound
from appproxy.twistd.assembly.passwords import admit_password

#: A state directory can also be named once for all commands.
STATE_VARIABLE = "APPPROXY_STATE"
#: And so can a service elsewhere.
CONTEXT_VARIABLE = "APPPROXY_CONTEXT"


@dataclass(slots=True)
class CallSettings:
    """What `appproxy --state DIR` says to the commands below it."""

    state: Path | None = None
    #: A service elsewhere, by the name of its context; "" for none.
    context: str = ""
    #: What finds it: the one of a name, or for "" the one that is used, None for none.
    remote_of: Callable[[str], Remote | KeptLogin | None] = lambda name: None
    #: One for the whole command, so that what it has to say is said once.
    client: AdminClient | Remote | KeptLogin | None = None
    #: What is shown where something takes long.
    progress: Progress = field(default_factory=lambda: Progress(sys.stderr))

    def needed(self, own: Path | None = None) -> Path:
        """The state directory; `own` is what the command itself was given. Raises ConfigError when there is none."""
        if self.context and own is None:
            raise ConfigError("this needs the state directory, on the service's machine",
                              hint="give --state, and no --context")
        state = own or self.state
        if state is None:
            raise ConfigError(f"say which state directory: appproxy --state DIR ..., or set {STATE_VARIABLE}")
        return state

    def call(
        self, method: str, *path: str, body: Mapping[str, object] | None = None, if_match: str = "", dry_run: bool = False
    ) -> Any:
        """Perform an operation of the admin API; the parts of its path are encoded here.

        `if_match`: the ETag that what is changed must have; `dry_run`: as if it was done, with nothing changed.
        """
        if self.client is None and (remote := self._remote()) is not None:
            self.client = remote
        if self.client is None:
            self.client = AdminClient(self.needed(), admit_password, say=note)
        target = "/" + "/".join(quote(part, safe="") for part in path)
        with self.progress("the service is at work"):
            if if_match or dry_run:
                return self.client.call(method, target, body, if_match=if_match, dry_run=dry_run)
            return self.client.call(method, target, body)

    def elsewhere(self) -> Remote | KeptLogin | None:
        """The service elsewhere that commands act on; None where it is that of this machine."""
        return self._remote()

    def _remote(self) -> Remote | KeptLogin | None:
        """The service elsewhere that is meant: the one that is named, or, where no state directory is, the one in use."""
        if self.context and self.state is not None:
            raise ConfigError("--context and --state name two services", hint="leave one of them out")
        return self.remote_of(self.context) if self.state is None else None

    def must_be_free(self, kind: str, name: str, what: str) -> None:
        """Nothing of this name is there yet: to be asked before a secret is. Raises ConfigError."""
        try:
            self.call("GET", kind, name)
        except NotFound:
            return
        raise ConfigError(f"there is already an {what} {name!r}", hint="choose another name, or change the one that is there")


pass_setting = click.make_pass_decorator(CallSettings, ensure=True)


def given(**fields: object) -> dict[str, object]:
    """The fields that were given."""
    return {key: value for key, value in fields.items() if value is not None and value != ()}


def key_values(pairs: tuple[str, ...], *, pictures: Collection[str] = ()) -> dict[str, str]:
    """KEY=VALUE arguments; KEY=@FILE takes the file's text, KEY=@@TEXT a text with an @. Raises WrongUse.

    `pictures`: keys that need a file; what is in it becomes base64.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        key, mark, value = pair.partition("=")
        if not mark or not key:
            raise WrongUse(f"{pair!r} is not KEY=VALUE")
        if value and key.lower().replace("-", "_") in pictures:
            found[key] = _picture_of(key, value)
            continue
        found[key] = _text_of(key, value[1:]) if value.startswith("@") else value
    return found


def _text_of(key: str, name: str) -> str:
    if name.startswith("@"):
        return name
    try:
        text = _bytes_of(key, name).decode()
    except ValueError as error:
        raise WrongUse(f"{key}: {name!r} is not a text") from error
    if not text.strip():
        raise WrongUse(f"{key}: {name!r} is empty")
    return text


def _picture_of(key: str, value: str) -> str:
    if not value.startswith("@"):
        raise WrongUse(f"{key}: name a file, as in {key}=@{value}")
    return b64encode(_bytes_of(key, value[1:])).decode("ascii")


def _bytes_of(key: str, name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise WrongUse(f"{key}: {name!r} cannot be read ({error.strerror})") from error
