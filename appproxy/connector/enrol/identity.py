"""Who this connector is: its key, its certificate and the anchors that it trusts, in the state directory.

Key and certificate are two files, and no file system replaces two at once. So a new key lies beside the old one as
`connector.key.next` until the certificate that belongs to it has taken its place; whoever reads takes the key that fits, and
writes nothing. Whoever writes holds `renewal.lock` (`identity_lock`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from appproxy.config.state import ConnectorPaths
from appproxy.connector.config.files import write_all, write_private
from appproxy.errors import ConfigError, IdentityError
from appproxy.pki import Credential, connector_id, load_chain, load_key, not_after, not_before, split_chain

#: What to do where this connector's certificate is of no use any more.
AGAIN = (
    "join again: at the service appproxy connector token, here appproxy connector join TOKEN --state DIR --again; restart")


#: What to do where another connector has taken the place of the one that runs, and where nothing can be kept.
RESTART = "restart this one, to become that: systemctl restart appproxy-connector"
_WRITABLE = "make room there, and let the user that the connector runs as write there"
#: How often all is read again when another has written it meanwhile.
_READS = 5


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


def is_same_connector(one: str, other: str) -> bool:
    """Are two certificates (PEM) of one connector? Raises ConfigError when one is no connector's."""
    try:
        return connector_id(one) == connector_id(other)
    except IdentityError as error:
        raise ConfigError(f"certificate.pem: {error}", hint=AGAIN) from error


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
        """Read all, whoever renews it meanwhile, and whether or not that was cut off: certificate and key belong together.

        Nothing is written: the doctor reads it as another user. Raises ConfigError, which names the file and the fix.
        """
        for _ in range(_READS):
            certificate = self._read(self._paths.certificate)
            trust = tuple(split_chain(self._read(self._paths.trust)))
            # In this order: a key that is not beside any more has taken its place by then.
            key = self._next_of(certificate) or self._read(self._paths.key)
            if fits(key, certificate):
                return Identity(Credential(certificate, key), trust)
            if self._read(self._paths.certificate) == certificate:
                break
        raise ConfigError(f"{self._paths.key}: does not belong to {self._paths.certificate.name}", hint=AGAIN)

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
                with suppress(ConfigError):  # of what is there nothing is needed where it cannot be read
                    self._settle()
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

    def prepare(self, key: str, present: Identity) -> None:
        """Keep a new key here, before a certificate for it is asked for: what cannot be kept is not asked for.

        Raises ConfigError, also where another connector than that of `present` has joined from here.
        """
        self._check_same(present)
        try:
            self._settle()
            self._sweep()
            write_private(self._next_key, key.encode())
        except OSError as error:
            raise ConfigError(f"{self._paths.directory}: cannot be written ({error.strerror})", hint=_WRITABLE) from error

    def discard(self) -> None:
        """The key that was kept is of no use: no certificate came for it. One that belongs to the certificate stays."""
        with suppress(ConfigError, OSError):
            self._settle()
            self._next_key.unlink(missing_ok=True)

    def renew(self, identity: Identity) -> None:
        """Take up a new key and certificate. Whenever it is cut off, a fitting pair is there.

        Raises OSError, and ConfigError where another connector has joined from here.
        """
        self._check_same(identity)
        self._put(identity, {})

    def replace(self, identity: Identity, settings: str) -> None:
        """Become another connector. What the service told the one before is forgotten. Raises OSError."""
        self._paths.configuration.unlink(missing_ok=True)
        self._put(identity, {self._paths.settings: settings.encode()})

    def trust(self, anchors: tuple[str, ...], present: Identity) -> None:
        """Take up new anchors. Raises OSError, and ConfigError where another connector than that of `present` has joined."""
        self._check_same(present)
        write_private(self._paths.trust, "".join(anchors).encode())

    def _put(self, identity: Identity, more: dict[Path, bytes]) -> None:
        with suppress(ConfigError):  # a new connector may take the place of files that cannot be read
            self._settle()
        write_private(self._next_key, identity.credential.key.encode())
        write_all({
            self._paths.trust: "".join(identity.trust).encode(), **more,
            self._paths.certificate: identity.credential.certificate.encode(),
        })
        os.replace(self._next_key, self._paths.key)

    def _settle(self) -> None:
        """Complete a renewal that was cut off: the next one needs the place of its key. Raises ConfigError or OSError."""
        if self._next_of(self._read(self._paths.certificate)):
            os.replace(self._next_key, self._paths.key)

    def _sweep(self) -> None:
        """Remove what writers have left that were killed. Raises OSError."""
        for path in (self._paths.key, self._next_key, self._paths.certificate, self._paths.trust):
            for left in self._paths.directory.glob(f".{path.name}.*"):
                left.unlink(missing_ok=True)

    def _check_same(self, present: Identity) -> None:
        """Raises ConfigError."""
        found = self._read(self._paths.certificate)
        if not is_same_connector(found, present.credential.certificate):
            raise ConfigError(f"{self._paths.directory}: another connector has joined from here", hint=RESTART)

    def _next_of(self, certificate: str) -> str:
        """The key that lies beside, if it belongs to this certificate, else "". Whatever else is there is of no use."""
        try:
            key = self._next_key.read_text("ascii")
            return key if fits(key, certificate) else ""
        except (OSError, ValueError, ConfigError):
            return ""

    def _read(self, path: Path) -> str:
        try:
            return path.read_text("ascii")
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path}: cannot be read ({error})", hint=AGAIN) from error
