"""Joining: one token, one command, and nothing half done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError, DNSLookupError
from twisted.python.failure import Failure

from appproxy.config.connector import load_connector
from appproxy.config.state import ConnectorPaths
from appproxy.connector.enrol.control import ControlClient, ControlError, Issued
from appproxy.connector.enrol.enrolment import join
from appproxy.connector.enrol.identity import IdentityFiles
from appproxy.connector.enrol.identity_lock import IdentityLock
from appproxy.errors import AppProxyError, ConfigError, IdentityError
from appproxy.pki import JoinToken, connector_id, encode_token, fingerprint
from tests.connector.authority import NOW, Authority

NAME = "connect.example.com"


class Service:
    """A service that issues join tokens and takes them."""

    def __init__(self) -> None:
        self.authority = Authority()
        self.anchor = fingerprint(self.authority.anchor)
        self.chain = self.authority.chain(NAME)
        self.secrets: list[bytes] = []
        self.trusted: list[str] = []
        self.refuse = False
        self.id = self.issued = "c1"
        self.sign: Callable[[str], str] = lambda csr: self.authority.sign(csr, self.id)

    def token(self, **others: Any) -> str:
        """A join token."""
        values = {"address": "127.0.0.1:8443", "name": NAME, "anchor": self.anchor, "id": "token-1",
                  "secret": b"s" * 32, "expires": NOW + 3600}
        return encode_token(JoinToken(**{**values, **others}))

    def look(self, token: JoinToken) -> Deferred[list[str]]:
        """What it shows."""
        return succeed(self.chain)

    def reach(self, token: JoinToken, anchor: str) -> ControlClient:
        """Its end points, for whoever trusts this anchor."""
        self.trusted.append(anchor)
        return cast(ControlClient, self)

    async def enrol(self, token: JoinToken, csr: str, name: str) -> Issued:
        """Take a token."""
        self.secrets.append(token.secret)
        if self.refuse:
            raise ControlError("the service refused /enrol: the token was used up", 403)
        return Issued(self.sign(csr), (self.authority.anchor,), self.issued, "default", "approved")

    def join(self, state: Path, token: str | None = None, now: float = NOW, **others: Any) -> Any:
        """Join; gives what came, or raises."""
        results: list[Any] = []
        call = join(token or self.token(), state, None, lambda: now, "host-7", environment={},
                    look=self.look, reach=self.reach, **others)
        Deferred.fromCoroutine(call).addBoth(results.append)
        if isinstance(results[0], Failure):
            results[0].raiseException()
        return results[0]


def test_joined(tmp_path: Path) -> None:
    """The state directory holds all that the connector needs."""
    service = Service()
    settings, issued = service.join(tmp_path / "state")
    assert (settings.id, settings.name, settings.address) == ("c1", NAME, "127.0.0.1:8443")
    assert issued.state == "approved"
    paths = ConnectorPaths(tmp_path / "state")
    assert load_connector(paths.settings.read_text(), "connector.toml") == settings
    assert IdentityFiles(paths).load().trust == (service.authority.anchor,)
    assert service.trusted == [service.authority.anchor]


def test_the_key_stays_here(tmp_path: Path) -> None:
    """Files are for their owner only."""
    Service().join(tmp_path)
    assert (tmp_path / "connector.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("how", ["another service", "another name", "no anchor", "expired"])
def test_the_secret_never_leaves_for_a_stranger(tmp_path: Path, how: str) -> None:
    """Whoever is not the service of the token does not get to see its secret."""
    service = Service()
    now = NOW
    match how:
        case "another service":
            service.chain = Authority().chain(NAME)
        case "another name":
            service.chain = service.authority.chain("connect.evil.example")
        case "no anchor":
            service.chain = service.chain[:1]
        case "expired":
            now = NOW + 40 * 86400
    token = service.token(expires=NOW + 50 * 86400)
    with pytest.raises(IdentityError):
        service.join(tmp_path / "state", token, now)
    assert service.secrets == []
    assert not (tmp_path / "state").exists()


def test_an_expired_token(tmp_path: Path) -> None:
    """It is not even tried, and the fix is named."""
    service = Service()
    with pytest.raises(ConfigError, match="expired on 2026-07-01 01:00 UTC.*connector token"):
        service.join(tmp_path, now=NOW + 3600)
    assert service.secrets == []


def test_a_mangled_token(tmp_path: Path) -> None:
    """The error quotes nothing of it."""
    service = Service()
    token = service.token()[:-5]
    with pytest.raises(ConfigError, match="join token") as caught:
        service.join(tmp_path, token)
    assert token[20:40] not in str(caught.value)


def test_twice(tmp_path: Path) -> None:
    """A connector that has joined is not overwritten; the new token stays unused."""
    service = Service()
    service.join(tmp_path)
    before = (tmp_path / "connector.key").read_bytes()
    with pytest.raises(ConfigError, match="joined from here already"):
        service.join(tmp_path)
    assert (tmp_path / "connector.key").read_bytes() == before
    assert len(service.secrets) == 1


def test_again(tmp_path: Path) -> None:
    """One that its service has forgotten becomes a new one in the same place, and keeps its settings."""
    service = Service()
    service.join(tmp_path, outbound_proxy="http://proxy.corp:3128")
    paths = ConnectorPaths(tmp_path)
    paths.settings.write_text(paths.settings.read_text().replace("#least = 2", "least = 7"))
    paths.configuration.write_text("{}")
    before = IdentityFiles(paths).load()
    service.id = service.issued = "c2"
    settings, _ = service.join(tmp_path, service.token(address="elsewhere:8443"), again=True)
    assert (settings.id, settings.address, settings.pool.least) == ("c2", "elsewhere:8443", 7)
    assert settings.outbound_proxy == "http://proxy.corp:3128"
    assert load_connector(paths.settings.read_text(), "connector.toml") == settings
    now = IdentityFiles(paths).load()
    assert connector_id(now.credential.certificate) == "c2" and now.credential.key != before.credential.key
    assert not paths.configuration.exists()


def test_again_while_the_one_that_runs_renews(tmp_path: Path) -> None:
    """Two that write at once would leave the key of one beside the certificate of the other. The token stays good."""
    service = Service()
    service.join(tmp_path)
    before = IdentityFiles(ConnectorPaths(tmp_path)).load()
    service.id = service.issued = "c2"
    lock = IdentityLock(ConnectorPaths(tmp_path).renewal_lock)
    assert lock.try_acquire()
    with pytest.raises(ConfigError, match="renews its certificate now.*the token is still good"):
        service.join(tmp_path, again=True)
    assert len(service.secrets) == 1 and IdentityFiles(ConnectorPaths(tmp_path)).load() == before
    lock.release()
    service.join(tmp_path, again=True)
    assert IdentityFiles(ConnectorPaths(tmp_path)).load() != before and lock.try_acquire()


def test_again_where_it_is_refused(tmp_path: Path) -> None:
    """All stays as it was."""
    service = Service()
    service.join(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    service.refuse = True
    with pytest.raises(ControlError):
        service.join(tmp_path, again=True)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert after.pop("renewal.lock") == b"" and after == before


def test_a_refusal_writes_nothing(tmp_path: Path) -> None:
    """A used-up token leaves no trace."""
    service = Service()
    service.refuse = True
    with pytest.raises(ControlError, match="used up"):
        service.join(tmp_path / "state")
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("how", ["another key", "another id"])
def test_a_certificate_that_is_not_ours(tmp_path: Path, how: str) -> None:
    """It is not written."""
    service = Service()
    if how == "another key":
        other = service.authority.identity()
        service.sign = lambda csr: other.credential.certificate
    else:
        service.id = "c2"
    with pytest.raises(ConfigError, match="signed another key"):
        service.join(tmp_path / "state")
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(("error", "told"), [
    (DNSLookupError(), "its name cannot be found"),
    (ConnectionRefusedError(osError=111), r"nothing answers \(Connection refused\); is"),
    (ConnectionRefusedError(), r"nothing answers \(Connection was refused by other side\); is"),
    (ValueError("wrong version number"), "no TLS 1.3 there"),
])
def test_a_service_that_cannot_be_reached(tmp_path: Path, error: Exception, told: str) -> None:
    """One line with the address and the likely reason."""
    service = Service()
    service.look = lambda token: fail(error)  # type: ignore[method-assign]
    with pytest.raises(AppProxyError, match=rf"127\.0\.0\.1:8443: {told}"):
        service.join(tmp_path)


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    """It is found out before the token is used."""
    (tmp_path / "file").write_text("")
    service = Service()
    with pytest.raises(ConfigError, match=r"cannot be written \(Not a directory\); the token is still good"):
        service.join(tmp_path / "file" / "state")
    assert service.secrets == []


def test_a_refusal_leaves_a_directory_as_it_was(tmp_path: Path) -> None:
    """What was made for the connector goes, parents too; what was there stays."""
    service = Service()
    service.refuse = True
    (tmp_path / "kept").mkdir()
    for state in (tmp_path / "kept", tmp_path / "kept" / "deep" / "state"):
        with pytest.raises(ControlError):
            service.join(state)
    assert [path.name for path in tmp_path.rglob("*")] == ["kept"]
