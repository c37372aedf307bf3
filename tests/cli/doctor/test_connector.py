"""The doctor's look at a connector's state directory, where the service cannot be reached."""

from __future__ import annotations

from pathlib import Path

from appproxy.cli.doctor.connector import _context, examine
from appproxy.cli.doctor.findings import Finding, Health, Walk
from appproxy.config import ConnectorPaths, ConnectorSettings, dump_connector
from appproxy.connector.enrol.identity import Identity, IdentityFiles
from appproxy.pki import Credential, certificate_request, new_key, public_key_from_request
from appproxy.pki.issuing.authority import create_authority, issue_connector
from tests.cli.conftest import NOW


def joined(directory: Path) -> Path:
    """A state directory as `join` makes it; its service is nowhere."""
    authority = create_authority("test", NOW, serial=b"1" * 16)
    key = new_key()
    public = public_key_from_request(certificate_request(key))
    certificate = issue_connector(authority, public, "0123456789abcdef", NOW, 365, b"2" * 16)
    settings = ConnectorSettings(address="service.invalid:8443", name="connect.example.com", id="0123456789abcdef")
    identity = Identity(Credential(certificate, key), (authority.certificate,))
    IdentityFiles(ConnectorPaths(directory)).create(identity, dump_connector(settings))
    return directory


def walk_over(directory: Path, now: float) -> list[Finding]:
    """What the doctor finds."""
    walk = Walk(lambda finding: None)
    examine(walk, directory, now)
    return walk.findings


def test_the_first_broken_hop_is_the_last_step(tmp_path: Path) -> None:
    """A name that cannot be found ends the walk; the fix names the setting."""
    found = walk_over(joined(tmp_path / "c"), NOW)
    assert [one.health for one in found[:-1]] == [Health.GOOD] * 6 and found[-1].health is Health.BROKEN
    assert found[-1].step == "name of the service"
    assert "connector.toml" in found[-1].hint


def test_an_old_certificate_says_to_join_again(tmp_path: Path) -> None:
    """A connector that was away for too long is told the one command."""
    found = walk_over(joined(tmp_path / "c"), NOW + 400 * 86400.0)
    (key,) = (one for one in found if one.step == "key and certificate")
    assert key.health is Health.BROKEN
    assert "appproxy connector join" in key.hint


def test_a_lost_key_is_named(tmp_path: Path) -> None:
    """Without its key there is nothing to dial with."""
    directory = joined(tmp_path / "c")
    ConnectorPaths(directory).key.unlink()
    found = walk_over(directory, NOW)
    assert found[-1].step == "key and certificate"
    assert "connector.key" in found[-1].detail


def test_a_renewal_beside_the_doctor(tmp_path: Path) -> None:
    """What was read once counts to the end, whatever lies there by then; and nothing is written."""
    directory = joined(tmp_path / "c")
    paths = ConnectorPaths(directory)
    identity = IdentityFiles(paths).load()
    paths.certificate.write_text(IdentityFiles(ConnectorPaths(joined(tmp_path / "other"))).load().credential.certificate)
    before = {path: path.read_bytes() for path in directory.iterdir()}
    _context(identity)
    assert {path: path.read_bytes() for path in directory.iterdir()} == before
