"""State directories of the service: made whole or not at all, and read back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from appproxy.admin.transport import client
from appproxy.config import ServiceSettings, StatePaths, dump_service
from appproxy.errors import ConfigError
from appproxy.net.secure.tls import user_context
from appproxy.pki.issuing.authority import Credential
from appproxy.store.database.initial import initialise
from appproxy.store.database.store import Store
from appproxy.store.service.master_key import create_master, read_master

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Made:
    """What `create_state` made; `trust_anchor` is the file that browsers must import, None with a certificate."""

    directory: Path
    trust_anchor: Path | None


def create_state(directory: Path, settings: ServiceSettings, now: float, environment: Mapping[str, str]) -> Made:
    """Make a state directory: settings, master key, database with its authorities.

    It is built beside its place and moved there in one step. Where the directory is there already, as systemd makes one for a
    user who may make none, it is built inside, and the settings, without which it is no state directory, are moved last.
    Raises ConfigError or StoreError, with the fix.
    """
    directory = directory.absolute()
    _is_there(directory)
    _check_certificate(directory, settings)
    anchor = make_directory(directory, lambda building: _fill(building, settings, now, environment))
    return Made(directory, StatePaths(directory).trust_anchor if anchor else None)


def make_directory(directory: Path, fill: Callable[[Path], T]) -> T:
    """What `fill` writes into the directory that it is given becomes this one; gives its result. Raises ConfigError."""
    there = _is_there(directory)
    beside = directory if there else directory.parent
    try:
        beside.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=beside))
    except OSError as error:
        raise ConfigError(f"{beside}: no directory can be made here: {error.strerror}") from error
    try:
        result = fill(building)
        if there:
            _move_up(building)
        else:
            os.rename(building, directory)
    except OSError as error:
        raise ConfigError(f"{directory}: cannot be made: {error}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return result


def read_settings(directory: Path) -> ServiceSettings:
    """The settings of a state directory. Raises ConfigError, with the fix."""
    paths = StatePaths(directory.absolute())
    if client.is_missing(paths.settings):
        raise ConfigError(f"{paths.settings}: not found",
                          hint=f"make a state directory with `appproxy init --state {directory}`")
    return client.read_settings(paths)


def _is_there(directory: Path) -> bool:
    """Is the directory there, and empty?"""
    try:
        taken = any(directory.iterdir())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ConfigError(f"{directory}: cannot be read: {error.strerror}") from error
    if taken:
        raise ConfigError(f"{directory}: is not empty", hint="give a new directory")
    return True


def _move_up(building: Path) -> None:
    """Everything to the directory above, which is nobody else's from now on; the settings last."""
    directory = building.parent
    directory.chmod(0o700)
    settings = StatePaths(building).settings
    for path in sorted(building.iterdir(), key=lambda path: path == settings):
        os.rename(path, directory / path.name)


def _check_certificate(directory: Path, settings: ServiceSettings) -> None:
    """A wrong pair is told now, not at the first start."""
    if settings.certificate is None or settings.key is None:
        return
    texts = []
    for key, path in (("certificate", settings.certificate), ("key", settings.key)):
        try:
            texts.append((directory / path).read_text())
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"{key}: {directory / path} cannot be read: {reason}") from error
    user_context([Credential(*texts)])


def _fill(building: Path, settings: ServiceSettings, now: float, environment: Mapping[str, str]) -> bool:
    """Write everything into the directory; was an authority for browsers made?"""
    paths = StatePaths(building)
    if settings.master_key == "file":
        create_master(building)
    sealer = read_master(settings.master_key, building, environment)
    write_file(paths.settings, dump_service(settings))
    store = Store.create(paths.database_url(settings), sealer)
    try:
        with store.transaction(now) as tx:
            made = initialise(tx, settings.domain, settings.signin_origin, own_certificate=settings.certificate is not None)
    finally:
        store.close()
    if made.user_anchor is not None:
        write_file(paths.trust_anchor, made.user_anchor)
    return made.user_anchor is not None


def write_file(path: Path, text: str, *, private: bool = False) -> None:
    """A new file, to be there also after a power cut."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
