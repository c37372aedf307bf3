"""Where things lie."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from appproxy.config import ConnectorPaths, ServiceSettings, StatePaths

SETTINGS = ServiceSettings(domain="example.com")


def test_the_service() -> None:
    """All files of a service lie in its one directory."""
    paths = StatePaths(PurePosixPath("/state"))
    names = [paths.settings, paths.database, paths.master_key, paths.admin_socket, paths.lock, paths.access_log,
             paths.trust_anchor]
    assert [str(path) for path in names] == [
        "/state/service.toml", "/state/appproxy.db", "/state/master.key", "/state/admin.sock", "/state/service.lock",
        "/state/access.log", "/state/trust-anchor.pem",
    ]


def test_a_connector() -> None:
    """So do those of a connector."""
    paths = ConnectorPaths(PurePosixPath("/state"))
    names = [paths.settings, paths.key, paths.certificate, paths.trust, paths.configuration, paths.lock]
    assert [str(path) for path in names] == [
        "/state/connector.toml", "/state/connector.key", "/state/certificate.pem", "/state/trust.pem",
        "/state/configuration.json", "/state/connector.lock",
    ]


def test_the_kind_of_path_is_kept() -> None:
    """A program that gives real paths gets real paths."""
    assert isinstance(StatePaths(Path("/state")).settings, Path)


def test_the_database() -> None:
    """The SQLite file of the directory, unless the settings name another."""
    paths = StatePaths(PurePosixPath("/state"))
    assert paths.database_url(SETTINGS) == "sqlite:////state/appproxy.db"
    other = ServiceSettings(domain="example.com", database_url="postgresql://h/n")
    assert paths.database_url(other) == "postgresql://h/n"


def test_paths_of_the_settings() -> None:
    """Relative ones count from the directory, absolute ones stand."""
    paths = StatePaths(PurePosixPath("/state"))
    assert str(paths.resolve("cert.pem")) == "/state/cert.pem"
    assert str(paths.resolve("/etc/cert.pem")) == "/etc/cert.pem"
