"""Where things lie in a state directory. Both classes keep the kind of path that they are given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Generic, TypeVar

from appproxy.config.service import ServiceSettings

PathT = TypeVar("PathT", bound=PurePath)


@dataclass(frozen=True, slots=True)
class StatePaths(Generic[PathT]):
    """The state directory of a service; it has mode 0700."""

    directory: PathT

    @property
    def settings(self) -> PathT:
        """The settings file."""
        return self.directory / "service.toml"

    @property
    def database(self) -> PathT:
        """The SQLite database, unless the settings name another."""
        return self.directory / "appproxy.db"

    @property
    def master_key(self) -> PathT:
        """The master key (0600), unless the settings name another source."""
        return self.directory / "master.key"

    @property
    def kept_snapshot(self) -> PathT:
        """What a start needs while the database server is away, sealed."""
        return self.directory / "snapshot.sealed"

    @property
    def admin_socket(self) -> PathT:
        """Where the running service takes commands."""
        return self.directory / "admin.sock"

    @property
    def lock(self) -> PathT:
        """Locked while a process owns the store."""
        return self.directory / "service.lock"

    @property
    def access_log(self) -> PathT:
        """The access log, unless the settings name another file."""
        return self.directory / "access.log"

    @property
    def trust_anchor(self) -> PathT:
        """The authority of the users' certificate, when it is of our own making: to be imported by browsers."""
        return self.directory / "trust-anchor.pem"

    def resolve(self, path: str) -> PathT:
        """A path from the settings: relative ones count from here."""
        return self.directory / path

    def database_url(self, settings: ServiceSettings) -> str:
        """The database of the settings, or the SQLite file here."""
        return settings.database_url or f"sqlite:///{self.database}"


@dataclass(frozen=True, slots=True)
class ConnectorPaths(Generic[PathT]):
    """The state directory of a connector; it has mode 0700."""

    directory: PathT

    @property
    def settings(self) -> PathT:
        """The settings file."""
        return self.directory / "connector.toml"

    @property
    def key(self) -> PathT:
        """The private key (0600); it never leaves this directory."""
        return self.directory / "connector.key"

    @property
    def certificate(self) -> PathT:
        """The connector's certificate."""
        return self.directory / "certificate.pem"

    @property
    def trust(self) -> PathT:
        """The anchors of the service, from its own answers."""
        return self.directory / "trust.pem"

    @property
    def client_certificates(self) -> PathT:
        """Certificates with their keys to show to applications, `NAME.pem` each (0600)."""
        return self.directory / "client-certificates"

    @property
    def configuration(self) -> PathT:
        """The applications as last heard from the service."""
        return self.directory / "configuration.json"

    @property
    def renewal_lock(self) -> PathT:
        """Locked by the one of several workers that renews the certificate, or reads a new one."""
        return self.directory / "renewal.lock"

    @property
    def lock(self) -> PathT:
        """Locked while an endpoint (`appproxy:` of Twisted) listens as this connector."""
        return self.directory / "connector.lock"
