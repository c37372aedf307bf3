"""State directories of the service: made whole or not at all, and read back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from appproxy.admin import client
from appproxy.config import ServiceSettings, StatePaths, dump_service
from appproxy.errors import ConfigError
from appproxy.net.tls import user_context
from appproxy.pki.authority import Credential
from appproxy.store.database.initial import initialise
from appproxy.store.database.store import Store
from appproxy.store.service.master_key import create_master, read_master


@dataclass(frozen=True, slots=True)
class Made:
    """What `create_state` made; `trust_anchor` is the file that browsers must import, None with a certificate."""

    directory: Path
    trust_anchor: Path | None


def create_state(directory: Path, settings: ServiceSettings, now: float, environment: Mapping[str, str]) -> Made:
    """Make a state directory: settings, master key, database with its authorities.

    It is built beside its place and moved there in one step. Raises ConfigError or StoreError, with the fix.
    """
    directory = directory.absolute()
    _must_be_free(directory)
    _check_certificate(directory, settings)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    except OSError as error:
        raise ConfigError(f"{directory.parent}: no directory can be made here: {error.strerror}") from error
    try:
        anchor = _fill(building, settings, now, environment)
        os.rename(building, directory)
    except OSError as error:
        raise ConfigError(f"{directory}: cannot be made: {error}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Made(directory, StatePaths(directory).trust_anchor if anchor else None)


def read_settings(directory: Path) -> ServiceSettings:
    """The settings of a state directory. Raises ConfigError, with the fix."""
    paths = StatePaths(directory.absolute())
    if client.is_missing(paths.settings):
        raise ConfigError(f"{paths.settings}: not found; make a state directory with `appproxy init --state {directory}`")
    return client.read_settings(paths)


def _must_be_free(directory: Path) -> None:
    try:
        taken = any(directory.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(f"{directory}: cannot be read: {error.strerror}") from error
    if taken:
        raise ConfigError(f"{directory}: is not empty; give a new directory")


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
    _write(paths.settings, dump_service(settings))
    store = Store.create(paths.database_url(settings), sealer)
    try:
        with store.transaction(now) as tx:
            made = initialise(tx, settings.domain, settings.signin_origin, own_certificate=settings.certificate is not None)
    finally:
        store.close()
    if made.user_anchor is not None:
        _write(paths.trust_anchor, made.user_anchor)
    return made.user_anchor is not None


def _write(path: Path, text: str) -> None:
    with path.open("x") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
