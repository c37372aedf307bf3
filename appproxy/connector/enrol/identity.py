"""Who this connector is: its key, its certificate and the anchors that it trusts, in the state directory.

Key and certificate are two files, and no file system replaces two at once. So a new key lies beside the old one as
`connector.key.next` until the certificate that belongs to it has taken its place; whoever reads takes the key that fits.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from appproxy.config.state import ConnectorPaths
from appproxy.connector.config.files import write_all, write_private
from appproxy.errors import ConfigError
from appproxy.pki import Credential, load_chain, load_key, not_after, not_before, split_chain

#: What to do where this connector's certificate is of no use any more.
AGAIN = (
    "join again: at the service appproxy connector token, here appproxy connector join TOKEN --state DIR --again; restart")


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its key, and the anchors (PEM) that the service's certificate must come from."""

    credential: Credential
    trust: tuple[str, ...]

    @property
    def not_before(self) -> float:
        """When the certificate began, in seconds since 1970; a day before it was made."""
        return not_before(self.credential.certificate)

    @property
    def not_after(self) -> float:
        """When it ends."""
        return not_after(self.credential.certificate)


def fits(key: str, certificate: str) -> bool:
    """Does this certificate (PEM) belong to this key (PEM)? Raises ConfigError when one cannot be read."""
    return load_key(key).public_key() == load_chain(certificate)[0].public_key()


class IdentityFiles:
    """The files of one state directory."""

    def __init__(self, paths: ConnectorPaths[Path]) -> None:
        self._paths = paths
        self._next_key = paths.key.with_name(paths.key.name + ".next")

    @property
    def certificate(self) -> Path:
        """The file of the certificate, which takes its place in one step."""
        return self._paths.certificate

    @property
    def joined(self) -> bool:
        """Is there a connector in this directory already?"""
        return self._paths.settings.exists()

    def load(self) -> Identity:
        """Read all; a renewal that was cut off is completed. Raises ConfigError, which names the file and the fix."""
        certificate = self._read(self._paths.certificate)
        trust = tuple(split_chain(self._read(self._paths.trust)))
        key = self._read(self._paths.key)
        if not fits(key, certificate):
            key = self._complete(certificate)
        return Identity(Credential(certificate, key), trust)

    @contextmanager
    def reserved(self, key: str) -> Iterator[None]:
        """Make the directory and try it out by keeping a new key there. When the block raises, all is as it was before.

        Raises ConfigError before the block begins: what is used up in it is not used in vain.
        """
        directory = self._paths.directory
        made = [folder for folder in (directory, *directory.parents) if not folder.exists()]
        try:
            try:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_private(self._next_key, key.encode())
            except OSError as error:
                raise ConfigError(f"{directory}: cannot be written ({error.strerror}); the token is still good") from error
            yield
        except BaseException:
            with suppress(OSError):
                self._next_key.unlink(missing_ok=True)
                for folder in made:
                    folder.rmdir()
            raise

    def create(self, identity: Identity, settings: str) -> None:
        """Write all for a new connector; the settings last, for they are the sign that it has joined. Raises OSError."""
        self._paths.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._next_key.unlink(missing_ok=True)
        write_all({
            self._paths.key: identity.credential.key.encode(),
            self._paths.certificate: identity.credential.certificate.encode(),
            self._paths.trust: "".join(identity.trust).encode(),
            self._paths.settings: settings.encode(),
        })

    def renew(self, identity: Identity) -> None:
        """Take up a new key and certificate. Raises OSError; whenever it is cut off, a fitting pair is there."""
        write_private(self._next_key, identity.credential.key.encode())
        write_all({
            self._paths.trust: "".join(identity.trust).encode(),
            self._paths.certificate: identity.credential.certificate.encode(),
        })
        with suppress(FileNotFoundError):  # whoever has read it meanwhile, such as the doctor, has completed it
            os.replace(self._next_key, self._paths.key)

    def replace(self, identity: Identity, settings: str) -> None:
        """Become another connector. What the service told the one before is forgotten. Raises OSError."""
        self._paths.configuration.unlink(missing_ok=True)
        self.renew(identity)
        write_all({self._paths.settings: settings.encode()})

    def trust(self, anchors: tuple[str, ...]) -> None:
        """Take up new anchors."""
        write_private(self._paths.trust, "".join(anchors).encode())

    def _complete(self, certificate: str) -> str:
        if self._next_key.exists():
            key = self._read(self._next_key)
            if fits(key, certificate):
                os.replace(self._next_key, self._paths.key)
                return key
        raise ConfigError(f"{self._paths.key}: does not belong to {self._paths.certificate.name}", hint=AGAIN)

    def _read(self, path: Path) -> str:
        try:
            return path.read_text("ascii")
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path}: cannot be read ({error})", hint=AGAIN) from error
