"""appproxy login, logout, remote: services elsewhere that commands act on. They are kept in a file of the user's own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import click

from appproxy.admin.transport.remote import Remote, origin_of
from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.output import Column, done, json_option, show_rows
from appproxy.cli.people.users import secret_from
from appproxy.errors import ConfigError

_TOKEN = ("--token-stdin", "Service token")
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
    text = json.dumps(
        {"current": contexts.current, "contexts": {name: asdict(one) for name, one in contexts.known.items()}}, indent=1)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


@click.command()
@click.argument("url")
@click.option("--name", metavar="NAME", help="What to call the context.  [default: its domain]")
@click.option("--ca", "authority", type=click.Path(path_type=Path), metavar="FILE",
              help="Certificate of the authority that alone vouches for the service (trust-anchor.pem).")
@click.option("--token-stdin", is_flag=True, help="Read the token from standard input; else it is asked for.")
@json_option
def login(url: str, name: str | None, authority: Path | None, token_stdin: bool, as_json: bool) -> None:
    """Let commands act on a service elsewhere, at https://admin.DOMAIN, by a service token that has a role."""
    origin = origin_of(url)
    anchor = "" if authority is None else authority.read_text()
    service = Remote(origin, secret_from(token_stdin, *_TOKEN).strip(), anchor)
    me = service.call("GET", "/me")
    if not isinstance(me, dict):
        raise ConfigError(f"{origin} is no admin API")
    path = contexts_file()
    called = name or (urlsplit(origin).hostname or "").removeprefix("admin.")
    write_contexts(path, SavedContexts(called, {**read_contexts(path).known, called: service}))
    done(f"{called}: you are {me['name']}, with {', '.join(me['roles'])}", {"context": called, **me}, as_json)


@click.command()
@click.argument("name", required=False)
@json_option
def logout(name: str | None, as_json: bool) -> None:
    """Forget a context and its token; the token itself goes on to count until it is revoked."""
    path = contexts_file()
    contexts = read_contexts(path)
    gone = name or contexts.current
    contexts.find(gone)
    rest = {other: one for other, one in contexts.known.items() if other != gone}
    write_contexts(path, SavedContexts("" if gone == contexts.current else contexts.current, rest))
    done(f"{gone} is forgotten", {"context": gone}, as_json)


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


COMMANDS = (login, logout, remote)
