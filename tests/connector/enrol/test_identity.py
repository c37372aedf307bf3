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
    """A new certificate beside the old key: the new key is found. Who reads leaves it, and the next renewal begins there."""
    authority = Authority()
    old, new, newest = authority.identity(), authority.identity(), authority.identity()
    found = create(tmp_path, old)
    (tmp_path / "connector.key.next").write_text(new.credential.key)
    (tmp_path / "certificate.pem").write_text(new.credential.certificate)
    assert found.load() == new
    assert (tmp_path / "connector.key.next").exists()
    found.prepare(newest.credential.key, new)
    assert found.load() == new
    found.renew(newest)
    assert found.load() == newest and not list(tmp_path.glob("*.next"))


def test_read_by_somebody_else_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the doctor, for example: at each step there is a pair that fits, and who writes is not disturbed."""
    authority = Authority()
    old, new, replace = authority.identity(), authority.identity(), os.replace
    found = create(tmp_path, old)

    def replaced(source: object, target: object) -> None:
        assert files(tmp_path).load() == old
        replace(source, target)  # type: ignore[arg-type]
        if target == found.certificate:
            assert files(tmp_path).load() == new
            monkeypatch.setattr(os, "replace", replace)

    monkeypatch.setattr(os, "replace", replaced)
    found.renew(new)
    assert files(tmp_path).load() == new and not list(tmp_path.glob("*.next"))


@pytest.mark.parametrize("name", ["certificate.pem", "trust.pem", "connector.key.next", "connector.key"])
def test_renewed_while_somebody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Whatever file is the one that was read before: never is an old one put together with a new one, or said to be broken."""
    authority = Authority()
    old, new = authority.identity(), Authority().identity()
    found, read, done = create(tmp_path, old), Path.read_text, list[str]()

    def reading(path: Path, *arguments: str) -> str:
        try:
            return read(path, *arguments)
        finally:
            if path.name == name and not done:
                done.append(name)
                found.renew(new)

    monkeypatch.setattr(Path, "read_text", reading)
    loaded = files(tmp_path).load()
    assert done and loaded.credential in (old.credential, new.credential)
    assert fits(loaded.credential.key, loaded.credential.certificate)


def test_nothing_is_written_by_who_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor is run by others, and where nothing can be written."""
    authority = Authority()
    old, new = authority.identity(), authority.identity()
    found = create(tmp_path, old)
    (tmp_path / "connector.key.next").write_text(new.credential.key)
    (tmp_path / "certificate.pem").write_text(new.credential.certificate)
    monkeypatch.setattr(os, "replace", lambda *_: pytest.fail("it was written"))
    assert found.load() == new


def test_another_connector_has_joined(tmp_path: Path) -> None:
    """Who runs as the one before writes nothing over it: its token is used up, and its key is nowhere else."""
    authority = Authority()
    before, after = authority.identity("c1"), authority.identity("c2")
    found = create(tmp_path, before)
    files(tmp_path).replace(after, 'id = "c2"\n')
    for write in (lambda: found.renew(authority.identity("c1")), lambda: found.trust(("x",), before),
                  lambda: found.prepare("k", before)):
        with pytest.raises(ConfigError, match="another connector has joined from here; restart"):
            write()
    assert found.load() == after and (tmp_path / "connector.toml").read_text() == 'id = "c2"\n'


def test_what_was_killed_leaves_nothing(tmp_path: Path) -> None:
    """Half written keys go with the next renewal; whatever else is there stays."""
    identity = Authority().identity()
    found = create(tmp_path, identity)
    for name in (".connector.key.next.abc", ".connector.key.x", ".certificate.pem.y", ".configuration.json.z"):
        (tmp_path / name).write_text("half")
    found.prepare("k", identity)
    assert [path.name for path in tmp_path.glob(".*")] == [".configuration.json.z"]
    found.discard()
    assert found.load() == identity and not (tmp_path / "connector.key.next").exists()


def test_a_key_that_belongs_to_the_certificate_is_not_discarded(tmp_path: Path) -> None:
    """What was cut off last is whole."""
    authority = Authority()
    old, new = authority.identity(), authority.identity()
    found = create(tmp_path, old)
    (tmp_path / "connector.key.next").write_text(new.credential.key)
    (tmp_path / "certificate.pem").write_text(new.credential.certificate)
    found.discard()
    assert found.load() == new and not (tmp_path / "connector.key.next").exists()


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before a certificate is asked for; what is there stays."""
    identity = Authority().identity()
    found = create(tmp_path, identity)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    with pytest.raises(ConfigError, match="cannot be written .No space left on device.; make room"):
        found.prepare("k", identity)
    assert found.load() == identity


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
    found.trust((first.anchor, second.anchor), found.load())
    assert found.load().trust == (first.anchor, second.anchor)


def test_fits() -> None:
    """Two keys never fit one certificate."""
    one, other = Authority().identity(), Authority().identity()
    assert fits(one.credential.key, one.credential.certificate)
    assert not fits(other.credential.key, one.credential.certificate)
