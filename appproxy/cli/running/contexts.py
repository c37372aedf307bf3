"""appproxy login, logout, whoami, remote: services elsewhere that commands act on, kept in a file of the user's own."""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from appproxy.admin.transport.code_login import end, let_in, with_tokens
from appproxy.admin.transport.remote import Remote, origin_of
from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.kept_login import KeptLogin
from appproxy.cli.base.output import Column, done, json_option, note, printable, show_rows
from appproxy.cli.base.shown_code import code_shown
from appproxy.cli.people.users import secret_from
from appproxy.errors import AppProxyError, ConfigError

_TOKEN = ("--token-stdin", "Service token")
#: What only those have who have logged in by a code: versions before that know no such fields.
_OF_LOGINS = ("refresh_token", "expires")
_COLUMNS = (Column("NAME", "name"), Column("URL", "url"), Column("USED", "current", lambda used: "yes" if used else ""))


@dataclass(frozen=True, slots=True)
class SavedContexts:
    """What the file holds. `current`: the name of the one that counts where none is named, "" for none."""

    current: str = ""
    known: Mapping[str, Remote] = field(default_factory=dict)

    def find(self, name: str) -> Remote:
        """The context of this name. Raises ConfigError."""
        found = self.known.get(name)
        if found is None:
            there = ", ".join(sorted(self.known)) or "none yet: appproxy login https://admin.DOMAIN"
            raise ConfigError(f"there is no context {name!r}", hint=f"there is {there}")
        return found


def contexts_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the contexts of this user are (XDG base directories)."""
    base = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "appproxy" / "contexts.json"


def read_contexts(path: Path) -> SavedContexts:
    """What is kept there. Raises ConfigError for a file that others may read, since it has tokens."""
    try:
        with path.open() as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise ConfigError(f"{path}: others may read it, and it has tokens", hint=f"run: chmod 600 {path}")
            found = json.load(file)
        return SavedContexts(found["current"], {name: Remote(**one) for name, one in found["contexts"].items()})
    except FileNotFoundError:
        return SavedContexts()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})", hint="remove it, and log in again") from error


def write_contexts(path: Path, contexts: SavedContexts) -> None:
    """Keep them, for this user's eyes alone; a file that is there is replaced whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = {name: _written(one) for name, one in contexts.known.items()}
    text = json.dumps({"current": contexts.current, "contexts": known}, indent=1)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _written(service: Remote) -> dict[str, object]:
    return {key: value for key, value in asdict(service).items() if value or key not in _OF_LOGINS}


def caller_of(name: str, path: Path) -> Remote | KeptLogin:
    """What calls the service of a context. Raises ConfigError."""
    found = read_contexts(path).find(name)
    if not found.refresh_token:
        return found

    def write(service: Remote) -> None:
        contexts = read_contexts(path)
        write_contexts(path, replace(contexts, known={**contexts.known, name: service}))

    return KeptLogin(path, lambda: read_contexts(path).find(name), write, _wall_clock)


def _wall_clock() -> float:
    return time.time()  # noqa: TID251 -- the program's edge


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


@click.command()
@click.argument("url")
@click.option("--name", metavar="NAME", help="What to call the context.  [default: its domain]")
@click.option("--ca", "authority", type=click.Path(path_type=Path), metavar="FILE",
              help="Certificate of the authority that alone vouches for the service (trust-anchor.pem).")
@click.option("--token", "with_token", is_flag=True, help="With a service token that is asked for, and no code.")
@click.option("--token-stdin", is_flag=True, help="With a service token that is read from standard input.")
@json_option
def login(
    url: str, name: str | None, authority: Path | None, with_token: bool, token_stdin: bool, as_json: bool
) -> None:
    """Let commands act on a service elsewhere, at https://admin.DOMAIN.

    Shows an address and a code: whoever signs in there, on any device, and types the code lets this command line act in their
    name, with the roles that they have. Programs use a service token that has a role.
    """
    origin = origin_of(url)
    service = Remote(origin, ca="" if authority is None else authority.read_text())
    if with_token or token_stdin:
        service = replace(service, token=secret_from(token_stdin, *_TOKEN).strip())
    else:
        machine = {"name": f"{getpass.getuser()} at {socket.gethostname()}"}
        service = with_tokens(service, let_in(service, "administer", machine, code_shown, _sleep), _wall_clock())
    me = service.call("GET", "/me")
    if not isinstance(me, dict):
        raise ConfigError(f"{origin} is no admin API")
    path = contexts_file()
    called = name or (urlsplit(origin).hostname or "").removeprefix("admin.")
    before = read_contexts(path).known
    write_contexts(path, SavedContexts(called, {**before, called: service}))
    if (former := before.get(called)) is not None and former.refresh_token:
        _end_former(former)
    done(f"{called}: {_who(me)}", {"context": called, **me}, as_json)


def _end_former(service: Remote) -> None:
    """The session that another one has taken the place of."""
    try:
        end(service)
    except AppProxyError as error:
        note(f"The session of before could not be ended: {error}")


def _who(me: Mapping[str, Any]) -> str:
    return f"you are {printable(me['name'])}, with {', '.join(me['roles']) or 'no role now'}"


@click.command()
@click.argument("name", required=False)
@click.option("--forget", is_flag=True, help="Only forget it here, where the service cannot be reached.")
@json_option
def logout(name: str | None, forget: bool, as_json: bool) -> None:
    """End the session of a context, and forget it. A service token goes on to count until it is revoked."""
    path = contexts_file()
    contexts = read_contexts(path)
    gone = name or contexts.current
    service = contexts.find(gone)
    if service.refresh_token and not forget:
        end(service)
    rest = {other: one for other, one in contexts.known.items() if other != gone}
    write_contexts(path, SavedContexts("" if gone == contexts.current else contexts.current, rest))
    done(f"{gone} is forgotten", {"context": gone}, as_json)


@click.command()
@json_option
@pass_setting
def whoami(setting: CallSettings, as_json: bool) -> None:
    """Who you are at the service elsewhere that commands act on, and with which roles."""
    name = setting.context or read_contexts(contexts_file()).current
    if not name:
        raise ConfigError("commands act on no service elsewhere", hint="appproxy login https://admin.DOMAIN")
    me = caller_of(name, contexts_file()).call("GET", "/me")
    if not isinstance(me, dict):
        raise ConfigError(f"{name} is no admin API")
    done(f"{name}: {_who(me)}", {"context": name, **me}, as_json)


@click.group()
def remote() -> None:
    """Services elsewhere that commands can act on."""


@remote.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the contexts."""
    contexts = read_contexts(contexts_file())
    known = sorted(contexts.known.items())
    rows = [{"name": name, "url": one.url, "current": name == contexts.current} for name, one in known]
    show_rows(rows, _COLUMNS, as_json, "There are no contexts; see `appproxy login --help`.")


@remote.command()
@click.argument("name")
@json_option
def use(name: str, as_json: bool) -> None:
    """Let commands act on this one where they are told nothing else."""
    path = contexts_file()
    contexts = read_contexts(path)
    contexts.find(name)
    write_contexts(path, replace(contexts, current=name))
    done(f"commands act on {name} now", {"context": name}, as_json)


COMMANDS = (login, logout, whoami, remote)
