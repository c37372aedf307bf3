"""What users' browsers are shown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from OpenSSL import SSL
from OpenSSL.crypto import X509
from twisted.internet.error import ConnectionDone
from twisted.logger import capturedLogs

from appproxy.config.service import ServiceSettings
from appproxy.errors import ConfigError
from appproxy.net.secure.contexts import ClientContext, new_context
from appproxy.net.secure.tls import negotiated
from appproxy.pki import Credential, certificate_facts, load_chain
from appproxy.publish.application import Application, Url
from appproxy.service.own.served_certificates import Certificates
from appproxy.store.snapshot import AcmeChallenge, DeviceAuthority, ServedCertificate
from tests.net.wire import Net, network
from tests.pki.chains import BETWEEN, DAY, NOW, ROOT, Made, chain, leaf, make

TUNNEL = leaf("connect.example.com")
OWN = leaf("example.com", "*.example.com")
WIKI = leaf("wiki.example.com")


def pair(made: Made) -> Credential:
    """Chain and key."""
    return Credential(chain(made), made.key)


def served(made: Made, name: str = "one", source: str = "given") -> ServedCertificate:
    """As the snapshot has it."""
    facts = certificate_facts(made.pem)
    return ServedCertificate(name, name, source, facts.names, pair(made), facts.not_before, facts.not_after)


class Shelf:
    """The certificates of a node whose clock stands where it is put."""

    def __init__(self, directory: Path, files: bool = False) -> None:
        self.now = NOW
        names = {"certificate": "chain.pem", "key": "key.pem"} if files else {}
        settings = ServiceSettings(domain="example.com", **names)  # type: ignore[arg-type]
        self.certificates = Certificates(settings, directory, lambda: self.now)

    def load(self, own: Made | None = OWN, stored: Sequence[ServedCertificate] = ()) -> None:
        """As the node does at its start."""
        self.certificates.load(None if own is None else pair(own), pair(TUNNEL), stored)

    def shown(self, host: str) -> object:
        """The certificate that a browser sees who goes there."""
        raw = new_context(SSL.TLS1_2_VERSION)
        raw.set_verify(SSL.VERIFY_NONE)
        net = network(self.certificates.context, ClientContext(raw, host))
        return net.client.tls.getHandle().get_peer_certificate(as_cryptography=True)


def put(directory: Path, made: Made, key: str = "") -> None:
    """Write the files of the settings, as certbot and others do: beside their place, then moved there."""
    for name, text in (("chain.pem", chain(made)), ("key.pem", key or made.key)):
        (directory / "new").write_text(text)
        os.rename(directory / "new", directory / name)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Without files."""
    return Shelf(tmp_path)


def test_each_host_gets_its_own(shelf: Shelf) -> None:
    """An added certificate answers for its hosts, the default one for its own and for all others."""
    shelf.load(stored=[served(WIKI)])
    assert shelf.shown("wiki.example.com") == WIKI.certificate
    assert shelf.shown("blog.example.com") == OWN.certificate
    assert shelf.shown("elsewhere.net") == OWN.certificate


def test_what_was_added_goes_before_the_default_one(shelf: Shelf) -> None:
    """Even if it ends sooner; but not before a more specific name."""
    star = leaf("*.example.com", ends=NOW + 5 * DAY)
    shelf.load(stored=[served(star)])
    assert shelf.shown("blog.example.com") == star.certificate
    exact = Shelf(Path())
    exact.load(leaf("blog.example.com"), [served(star)])
    assert exact.shown("blog.example.com") != star.certificate
    assert exact.shown("wiki.example.com") == star.certificate


def test_a_change_of_the_store_holds_for_the_next_connection(shelf: Shelf) -> None:
    """Added, replaced and removed without a restart; contexts that stay are not made again."""
    shelf.load()
    first = shelf.certificates.context.serverConnectionForTLS(None).get_context()  # type: ignore[arg-type]
    shelf.certificates.apply([served(WIKI)])
    assert shelf.shown("wiki.example.com") == WIKI.certificate
    new = leaf("wiki.example.com")
    shelf.certificates.apply([served(new)])
    assert shelf.shown("wiki.example.com") == new.certificate
    shelf.certificates.apply([])
    assert shelf.shown("wiki.example.com") == OWN.certificate
    assert shelf.certificates.context.serverConnectionForTLS(None).get_context() is first  # type: ignore[arg-type]


def test_devices_are_asked_for_certificates(shelf: Shelf) -> None:
    """At their host, of the authorities that the store has now; and after the certificates have changed, too."""
    raw = new_context(SSL.TLS1_2_VERSION)
    raw.set_verify(SSL.VERIFY_NONE)

    def asked(host: str) -> list[object]:
        net = network(shelf.certificates.context, ClientContext(raw, host))
        return [one.CN for one in net.client.tls.getHandle().get_client_ca_list()]

    authorities = {"corp": DeviceAuthority("Company", (BETWEEN.pem,))}
    shelf.certificates.ask(authorities, {})
    shelf.load()
    assert asked("device.example.com") == []
    shelf.certificates.ask(authorities, {})
    assert asked("device.example.com") == ["Test Intermediate"]
    assert asked("signin.example.com") == []
    shelf.certificates.apply([served(WIKI)])
    assert asked("device.example.com") == ["Test Intermediate"]
    plant = Application(
        "p", "plant", Url.parse("https://plant.example.com/"), Url.parse("http://plant/"), machine_authority=ROOT.pem,
        machine_subjects=frozenset({"*"}))
    shelf.certificates.ask(authorities, {"p": plant})
    assert (asked("device.example.com"), asked("plant.example.com")) == (["Test Intermediate"], ["Test Root"])
    shelf.certificates.ask({}, {"p": plant})
    assert (asked("device.example.com"), asked("plant.example.com")) == ([], ["Test Root"])
    shelf.certificates.ask({}, {})
    assert (asked("device.example.com"), asked("plant.example.com")) == ([], [])


def test_applications_that_share_a_host(shelf: Shelf) -> None:
    """Machines of each are told its authority; where the names are too many they are told none, and asked all the same."""
    shelf.load()
    raw = new_context(SSL.TLS1_2_VERSION)
    raw.set_verify(SSL.VERIFY_NONE)
    raw.use_certificate(WIKI.certificate)
    raw.use_privatekey(WIKI.private)

    def asked(*authorities: str) -> tuple[set[object], bool]:
        """The names that a machine is told, and whether it is asked for a certificate."""
        shelf.certificates.ask({}, {str(at): Application(
            str(at), f"plant{at}", Url.parse(f"https://plant.example.com/{at}/"), Url.parse("http://plant/"),
            machine_authority=one, machine_subjects=frozenset({"*"})) for at, one in enumerate(authorities)})
        net = network(shelf.certificates.context, ClientContext(raw, "plant.example.com"))
        shown = net.server.tls.getHandle().get_peer_certificate()
        return {one.CN for one in net.client.tls.getHandle().get_client_ca_list()}, shown is not None

    assert asked(ROOT.pem, BETWEEN.pem) == asked(BETWEEN.pem, ROOT.pem, ROOT.pem) == (
        {"Test Root", "Test Intermediate"}, True)
    many = [make(f"Root {number}", authority=True).pem for number in range(101)]
    assert asked(*many[:100])[0] == {f"Root {number}" for number in range(100)}
    assert asked(*many) == (set(), True)


def test_before_the_start_nothing_is_shown(shelf: Shelf) -> None:
    """The first snapshot comes before the certificates."""
    shelf.certificates.apply([served(WIKI)])
    with pytest.raises(RuntimeError):
        shelf.certificates.context  # noqa: B018 -- reading it is the test
    with pytest.raises(ConfigError, match="appproxy init"):
        shelf.load(None)


def test_one_that_cannot_be_used_is_said_once(shelf: Shelf) -> None:
    """The default one answers, and the log does not fill."""
    bad = served(WIKI)
    broken = ServedCertificate(bad.id, bad.name, bad.source, bad.names, Credential(WIKI.pem, OWN.key), 0, bad.not_after)
    shelf.load(stored=[broken])
    with capturedLogs() as events:
        assert shelf.shown("wiki.example.com") == shelf.shown("wiki.example.com") == OWN.certificate
    assert [event["host"] for event in events if "host" in event] == [b"wiki.example.com"]


def test_what_has_ended_makes_room(shelf: Shelf) -> None:
    """Where an exact one has ended, a wildcard that is good takes over within the hour."""
    old = leaf("wiki.example.com", ends=NOW + DAY)
    shelf.load(stored=[served(old)])
    assert shelf.shown("wiki.example.com") == old.certificate
    shelf.now += 2 * DAY
    shelf.certificates.upkeep()
    assert shelf.shown("wiki.example.com") == OWN.certificate


def test_ticket_keys_last_a_day(shelf: Shelf) -> None:
    """Whoever steals the memory of a node reads back no more than a day of TLS 1.2."""
    shelf.load()

    def context() -> SSL.Context:
        return shelf.certificates.context.serverConnectionForTLS(None).get_context()  # type: ignore[arg-type]

    first = context()
    shelf.now += DAY - 1
    shelf.certificates.upkeep()
    assert context() is first
    shelf.now += 1
    shelf.certificates.upkeep()
    assert context() is not first
    assert shelf.shown("example.com") == OWN.certificate


def test_an_authority_sees_its_proof(shelf: Shelf) -> None:
    """Who asks by acme-tls/1 for a host in question is shown the proof, and the connection ends; others see no change."""
    proof = AcmeChallenge("tls-alpn-01", "wiki.example.com", "token", "token.print")
    shelf.certificates.prove([proof])
    shelf.load(stored=[served(WIKI)])
    shelf.certificates.prove([proof, AcmeChallenge("http-01", "blog.example.com", "other", "other.print")])

    shown: list[object] = []

    def note(_: SSL.Connection, certificate: X509, *__: int) -> bool:
        shown.append(certificate.to_cryptography())
        return True

    class Asking(ClientContext):
        """Notes the certificate, which is gone with the connection."""

        def clientConnectionForTLS(self, protocol: object) -> SSL.Connection:
            connection = super().clientConnectionForTLS(protocol)  # type: ignore[arg-type]
            connection.set_verify(SSL.VERIFY_PEER, note)
            return connection

    def asked(host: str, *protocols: bytes, version: int = SSL.TLS1_3_VERSION) -> Net:
        raw = new_context(SSL.TLS1_2_VERSION)
        raw.set_max_proto_version(version)
        raw.set_alpn_protos(list(protocols))
        shown.clear()
        return network(shelf.certificates.context, Asking(raw, host))

    net = asked("WIKI.example.com", b"acme-tls/1")
    assert net.server.tls.handshake_done and not net.server.ready and isinstance(net.server.reason, ConnectionDone)
    (found,) = set(shown)
    assert found == load_chain(shelf.certificates.context.challenges["wiki.example.com"].certificate)[0]
    assert asked("wiki.example.com", b"http/1.1").client.ready
    assert shelf.shown("wiki.example.com") == WIKI.certificate
    # What has nothing to prove is as any other protocol that is not spoken here; so is TLS 1.2.
    for host, version in (("blog.example.com", SSL.TLS1_3_VERSION), ("wiki.example.com", SSL.TLS1_2_VERSION)):
        assert negotiated(asked(host, b"acme-tls/1", version=version).client.tls) is None
        assert shown[0] in (OWN.certificate, WIKI.certificate, BETWEEN.certificate)
    before = dict(shelf.certificates.context.challenges)
    shelf.certificates.prove([proof])
    assert shelf.certificates.context.challenges == before
    shelf.certificates.prove([])
    assert negotiated(asked("wiki.example.com", b"acme-tls/1").client.tls) is None


class TestFiles:
    """The certificate of service.toml."""

    def test_it_is_the_default_one_and_read_again(self, tmp_path: Path) -> None:
        """Whoever renews the files need not restart the service."""
        put(tmp_path, OWN)
        shelf = Shelf(tmp_path, files=True)
        shelf.load(None)
        assert shelf.shown("elsewhere.net") == OWN.certificate
        assert shelf.certificates.given == chain(OWN)
        new = leaf("example.com")
        put(tmp_path, new)
        shelf.certificates.look()
        assert shelf.shown("elsewhere.net") == new.certificate

    def test_half_a_pair_is_not_taken(self, tmp_path: Path) -> None:
        """Between the writing of two files, and when one is gone, the one before goes on serving; each is said once."""
        put(tmp_path, OWN)
        shelf = Shelf(tmp_path, files=True)
        shelf.load(None)
        new = leaf("example.com")
        put(tmp_path, new, OWN.key)
        with capturedLogs() as events:
            shelf.certificates.look()
            shelf.certificates.look()
        assert len([event for event in events if "does not belong to its key" in event.get("reason", "")]) == 1
        assert shelf.shown("example.com") == OWN.certificate
        (tmp_path / "key.pem").unlink()
        with capturedLogs() as events:
            shelf.certificates.look()
        assert "cannot be read" in events[0]["reason"]
        assert shelf.shown("example.com") == OWN.certificate
        put(tmp_path, new)
        shelf.certificates.look()
        assert shelf.shown("example.com") == new.certificate

    def test_a_start_without_them_fails(self, tmp_path: Path) -> None:
        """The error names the file."""
        with pytest.raises(ConfigError, match=r"certificate: .*chain\.pem cannot be read"):
            Shelf(tmp_path, files=True).load(OWN)


def test_who_ends_soon_is_named_once_a_day(shelf: Shelf) -> None:
    """The log warns; one that has ended is warned of too."""
    soon = leaf("soon.example.com", begins=NOW - 87 * DAY, ends=NOW + 3 * DAY)
    shelf.load(stored=[served(soon, "soon"), served(WIKI, "wiki")])

    def warned() -> list[tuple[str, float]]:
        with capturedLogs() as events:
            shelf.certificates.upkeep()
        return [(event["name"], round(event["days"])) for event in events if "days" in event]

    # Chains of 90 days: warned of for 21 of them.
    assert warned() == [("soon", 3)]
    shelf.now += DAY / 2
    assert warned() == []
    shelf.now += DAY / 2
    assert warned() == [("soon", 2)]
    shelf.now += 4 * DAY
    assert warned() == [("soon", -2)]
    assert {(one.name, one.source) for one in shelf.certificates.expiries()} == {
        ("default", "own"), ("connectors", "own"), ("soon", "given"), ("wiki", "given")}
