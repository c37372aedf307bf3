"""Where the master key comes from: exactly one of a file in the state directory, a file that the environment names,
or a systemd credential. In each, it is written as 64 hex digits.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from appproxy.errors import StoreError
from appproxy.store.sealing import MASTER_LENGTH, Sealer

FILE = "master.key"
#: 64 digits and room for a line end; more is another file by mistake.
_MOST = 2 * MASTER_LENGTH + 2


def create_master(state: Path, random_bytes: Callable[[int], bytes] = secrets.token_bytes, name: str = FILE) -> Path:
    """Write a new master key to STATE/master.key, readable by its owner only. Raises StoreError when one is there."""
    path = state / name
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise StoreError(f"{path}: a master key is already there; it is never overwritten") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(random_bytes(MASTER_LENGTH).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def read_master(choice: str, state: Path, environment: Mapping[str, str]) -> Sealer:
    """The sealer for the setting `master_key`: `file`, `env:NAME` or `credential:NAME`.

    Raises StoreError, which names the source and the fix.
    """
    path, source = locate_master(choice, state, environment)
    return read_file(path, source, private=choice == "file")


def read_master_key(choice: str, state: Path, environment: Mapping[str, str]) -> bytes:
    """The key itself, for a machine that is to have it too. Raises StoreError, as `read_master`."""
    path, source = locate_master(choice, state, environment)
    return _read(path, source, private=choice == "file")


def read_file(path: Path, source: str, *, private: bool = True) -> Sealer:
    """The sealer for a key file; `private`: refuse it when others can read it. Raises StoreError."""
    return Sealer(_read(path, source, private=private), source)


def _read(path: Path, source: str, *, private: bool) -> bytes:
    try:
        if private and path.stat().st_mode & 0o077:
            raise StoreError(f"{source} can be read by others", hint=f"run: chmod 600 {path}")
        with path.open("rb") as file:
            text = file.read(_MOST + 1)
    except OSError as error:
        raise StoreError(f"{source} cannot be read: {error.strerror}") from error
    digits = text.strip()
    try:
        master = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        master = b""
    if len(text) > _MOST or len(digits) != 2 * MASTER_LENGTH or len(master) != MASTER_LENGTH:
        raise StoreError(f"{source} must hold {2 * MASTER_LENGTH} hex digits and nothing else")
    return master


def locate_master(choice: str, state: Path, environment: Mapping[str, str]) -> tuple[Path, str]:
    """The file of the master key, and how to call it towards the admin."""
    kind, _, name = choice.partition(":")
    if choice == "file":
        return state / FILE, f"master key file {state / FILE}"
    if kind == "env" and name:
        if not environment.get(name):
            raise StoreError(f"master_key: the environment variable {name} must name the file of the master key")
        return Path(environment[name]), f"master key file {environment[name]} (from ${name})"
    if kind == "credential" and name and "/" not in name:
        folder = environment.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise StoreError(
                f"master_key: no systemd credential is there; add LoadCredential={name}:/path to the unit, "
                "or set master_key to file"
            )
        return Path(folder) / name, f"systemd credential {name}"
    raise StoreError(f"master_key: {choice!r} is none of file, env:NAME, credential:NAME")
