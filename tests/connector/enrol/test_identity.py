"""Key and certificate on disk: whenever the power goes, a pair that fits is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appproxy.config.state import ConnectorPaths
from appproxy.connector.enrol.identity import Identity, IdentityFiles, fits
from appproxy.errors import ConfigError
from tests.connector.authority import Authority


def files(folder: Path) -> IdentityFiles:
    """The files of a state directory."""
    return IdentityFiles(ConnectorPaths(folder))


def create(folder: Path, identity: Identity) -> IdentityFiles:
    """A connector that has joined."""
    found = files(folder)
    found.create(identity, 'id = "c1"\n')
    return found


def test_created_and_loaded(tmp_path: Path) -> None:
    """All files are there, the key for its owner only."""
    identity = Authority().identity()
    found = create(tmp_path / "state", identity)
    assert found.joined
    assert found.load() == identity
    assert (tmp_path / "state" / "connector.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_secrets_are_not_shown() -> None:
    """An identity in a log holds no key."""
    assert "PRIVATE" not in repr(Authority().identity())


def test_renewed(tmp_path: Path) -> None:
    """The new pair replaces the old one, and nothing is left over."""
    authority = Authority()
    found = create(tmp_path, authority.identity())
    new = authority.identity()
    found.renew(new)
    assert found.load() == new
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "certificate.pem", "connector.key", "connector.toml", "trust.pem"]


def test_cut_off_before_the_certificate(tmp_path: Path) -> None:
    """A new key without its certificate: the old pair counts."""
    authority = Authority()
    old, new = authority.identity(), authority.identity()
    found = create(tmp_path, old)
    (tmp_path / "connector.key.next").write_text(new.credential.key)
    assert found.load() == old


def test_cut_off_after_the_certificate(tmp_path: Path) -> None:
    """A new certificate beside the old key: the new key is found, and takes its place."""
    authority = Authority()
    old, new = authority.identity(), authority.identity()
    found = create(tmp_path, old)
    (tmp_path / "connector.key.next").write_text(new.credential.key)
    (tmp_path / "certificate.pem").write_text(new.credential.certificate)
    assert found.load() == new
    assert not (tmp_path / "connector.key.next").exists()
    assert found.load() == new


def test_read_by_somebody_else_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the doctor, for example: who reads completes it, and who writes has nothing left to do."""
    authority = Authority()
    found, new, replace = create(tmp_path, authority.identity()), authority.identity(), os.replace

    def replaced(source: object, target: object) -> None:
        replace(source, target)  # type: ignore[arg-type]
        if target == found.certificate:
            assert files(tmp_path).load() == new

    monkeypatch.setattr(os, "replace", replaced)
    found.renew(new)
    assert files(tmp_path).load() == new and not list(tmp_path.glob("*.next"))


def test_a_key_that_does_not_fit(tmp_path: Path) -> None:
    """The error names the file and the fix."""
    authority = Authority()
    found = create(tmp_path, authority.identity())
    (tmp_path / "connector.key").write_text(authority.identity().credential.key)
    with pytest.raises(ConfigError, match=r"connector\.key: does not belong to certificate\.pem; join"):
        found.load()


@pytest.mark.parametrize("name", ["connector.key", "certificate.pem", "trust.pem"])
def test_a_missing_file(tmp_path: Path, name: str) -> None:
    """The same."""
    found = create(tmp_path, Authority().identity())
    (tmp_path / name).unlink()
    with pytest.raises(ConfigError, match=f"{name}: cannot be read.*join"):
        found.load()


def test_new_anchors(tmp_path: Path) -> None:
    """Several are kept."""
    first, second = Authority(), Authority()
    found = create(tmp_path, first.identity())
    found.trust((first.anchor, second.anchor))
    assert found.load().trust == (first.anchor, second.anchor)


def test_fits() -> None:
    """Two keys never fit one certificate."""
    one, other = Authority().identity(), Authority().identity()
    assert fits(one.credential.key, one.credential.certificate)
    assert not fits(other.credential.key, one.credential.certificate)
