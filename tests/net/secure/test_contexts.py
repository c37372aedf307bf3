"""Who may speak TLS with whom: real handshakes, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL
from OpenSSL._util import lib as _openssl
from OpenSSL.crypto import X509
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

from appproxy.errors import ConfigError
from appproxy.net.secure.contexts import (
    CURVES,
    TLS12_SUITES,
    TLS13_SUITES,
    ClientContext,
    TunnelContext,
    UserContext,
    connector_context,
    first_contact_context,
    new_context,
    origin_context,
    tunnel_context,
    user_context,
)
from appproxy.net.secure.half_close import NoProtocol
from appproxy.net.secure.peer_verdict import CertificateRefused
from appproxy.net.secure.tls import negotiated, peer_certificate, peer_chain, server_name, shown_certificates
from appproxy.pki import Credential, certificate_names, connector_id, fingerprint, load_chain, load_key, serial
from tests.net.wire import Net, network
from tests.pki.authorities import CONNECT, CONNECTOR, DAY, NOW, OTHERS, OURS, SERVICE, authority, connector, server, unreadable
from tests.pki.chains import BETWEEN, CLIENT, ROOT, Made, leaf, make, usage

SIGNAL = b"appproxy-signal/1"
DATA = b"appproxy-data/1"
HTTP = b"http/1.1"


def dial(credential: Credential | None, *alpn: bytes, trust: Sequence[str] = (OURS.certificate,)) -> Net:
    """A connector with this certificate and these protocols at our listener."""
    client = connector_context(trust, CONNECT, credential, alpn or (SIGNAL,))
    return network(tunnel_context(SERVICE, [OURS.certificate]), client)


def alien(context: SSL.Context) -> ClientContext:
    """A client of someone else's making, which checks nothing."""
    context.set_verify(SSL.VERIFY_NONE)
    return ClientContext(context, CONNECT)


def refused(net: Net) -> str:
    """The service's reason; its protocol never heard of a handshake, nor of a byte."""
    assert not net.server.ready
    assert net.server.got == b""
    return str(net.server.reason)


class TestTunnel:
    """The connectors' listener."""

    @pytest.mark.parametrize("protocol", [SIGNAL, DATA, HTTP])
    def test_our_own_connector_is_let_in_and_known(self, protocol: bytes) -> None:
        """A connector with our certificate reaches the protocol it asked for, under its own id."""
        net = dial(CONNECTOR, protocol)
        assert net.server.ready and net.client.ready
        assert negotiated(net.server.tls) == negotiated(net.client.tls) == protocol
        shown = peer_certificate(net.server.tls)
        assert shown is not None and connector_id(shown) == "c0ffee"

    @pytest.mark.parametrize("protocol", [SIGNAL, DATA])
    def test_no_certificate_no_tunnel(self, protocol: bytes) -> None:
        """Who shows no certificate does not reach a tunnel protocol."""
        assert "did not return a certificate" in refused(dial(None, protocol))

    def test_offering_http_beside_the_tunnel_does_not_help(self) -> None:
        """Whoever offers a tunnel protocol must show a certificate, whatever else is offered."""
        assert "did not return a certificate" in refused(dial(None, HTTP, SIGNAL))

    def test_without_a_certificate_only_http(self) -> None:
        """A machine that wants to join has none yet: it may speak HTTP, as nobody."""
        net = dial(None, HTTP)
        assert net.server.ready
        assert peer_certificate(net.server.tls) is None

    @pytest.mark.parametrize("protocol", [SIGNAL, DATA, HTTP])
    def test_anothers_connector_is_refused(self, protocol: bytes) -> None:
        """A certificate of another authority is refused, even where none would do."""
        net = dial(connector(OTHERS), protocol)
        assert "not one that we trust" in refused(net)
        assert isinstance(net.server.reason, CertificateRefused)

    def test_an_authority_of_the_same_name_is_refused(self) -> None:
        """An authority that only calls itself like ours is not ours."""
        assert refused(dial(connector(authority(now=NOW - DAY))))

    @pytest.mark.parametrize("protocol", [SIGNAL, HTTP])
    def test_an_expired_connector_is_refused(self, protocol: bytes) -> None:
        """A certificate past its end opens nothing."""
        assert "expired" in refused(dial(connector(OURS, now=NOW - 100 * DAY, days=99), protocol))

    def test_a_connector_from_the_future_is_refused(self) -> None:
        """A certificate that is not valid yet opens nothing."""
        assert "not valid yet" in refused(dial(connector(OURS, now=NOW + 10 * DAY)))

    @pytest.mark.parametrize("protocol", [SIGNAL, HTTP])
    def test_a_servers_certificate_is_no_connectors(self, protocol: bytes) -> None:
        """The service's own leaf, stolen, does not make a connector."""
        assert "another use" in refused(dial(SERVICE, protocol))

    def test_a_connectors_certificate_is_no_servers(self) -> None:
        """A connector's certificate, stolen, does not make a service."""
        thief = Credential(CONNECTOR.certificate, CONNECTOR.key)
        client = connector_context([OURS.certificate], CONNECT, CONNECTOR, [SIGNAL])
        net = network(tunnel_context(thief, [OURS.certificate]), client)
        assert not net.client.ready
        assert "another use" in str(net.client.reason)

    def test_an_unknown_protocol_is_closed_without_a_word(self) -> None:
        """Who speaks none of our protocols is closed; the client learns that none was chosen."""
        net = dial(CONNECTOR, b"appproxy-signal/9")
        assert isinstance(net.server.reason, NoProtocol)
        assert negotiated(net.client.tls) is None
        net.client.tls.loseConnection()
        refused(net)

    def test_no_protocol_at_all_is_closed(self) -> None:
        """A client without ALPN gets no further than the handshake."""
        context = new_context(SSL.TLS1_3_VERSION)
        net = network(tunnel_context(SERVICE, [OURS.certificate]), alien(context))
        net.client.tls.write(b"GET / HTTP/1.1\r\n\r\n")
        net.flush()
        assert net.server.got == b""
        net.client.tls.loseConnection()
        net.flush()
        refused(net)
        assert isinstance(net.server.reason, NoProtocol)

    def test_an_old_tls_is_refused(self) -> None:
        """TLS 1.2 does not reach the tunnel."""
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        context.set_alpn_protos([SIGNAL])
        net = network(tunnel_context(SERVICE, [OURS.certificate]), alien(context))
        assert "unsupported protocol" in refused(net)

    def test_the_service_must_bear_its_name(self) -> None:
        """A connector does not speak with a service of another name, even of our authority."""
        other = server(OURS, "connect.example.org")
        client = connector_context([OURS.certificate], CONNECT, CONNECTOR, [SIGNAL])
        net = network(tunnel_context(other, [OURS.certificate]), client)
        assert not net.client.ready
        assert "connect.example.org, not for connect.example.com" in str(net.client.reason)

    def test_a_node_may_be_asked_for_by_another_name(self) -> None:
        """It is in the ClientHello; the certificate must be the service's as ever."""
        net = network(tunnel_context(SERVICE, [OURS.certificate]),
                      connector_context([OURS.certificate], CONNECT, CONNECTOR, [SIGNAL]).asking_for(f"0011.{CONNECT}"))
        assert net.client.ready
        other = server(OURS, f"0011.{CONNECT}")
        net = network(tunnel_context(other, [OURS.certificate]),
                      connector_context([OURS.certificate], CONNECT, CONNECTOR, [SIGNAL]).asking_for(f"0011.{CONNECT}"))
        assert not net.client.ready and f"0011.{CONNECT}, not for {CONNECT}" in str(net.client.reason)

    def test_the_service_must_be_of_our_authority(self) -> None:
        """A connector does not speak with another service."""
        client = connector_context([OTHERS.certificate], CONNECT, CONNECTOR, [SIGNAL])
        net = network(tunnel_context(SERVICE, [OURS.certificate]), client)
        assert not net.client.ready
        assert isinstance(net.client.reason, CertificateRefused)

    def test_an_expired_service_is_refused(self) -> None:
        """A connector does not speak with a service whose certificate has ended."""
        old = server(OURS, now=NOW - 100 * DAY, days=99)
        client = connector_context([OURS.certificate], CONNECT, CONNECTOR, [SIGNAL])
        net = network(tunnel_context(old, [OURS.certificate]), client)
        assert not net.client.ready
        assert "expired" in str(net.client.reason)

    def test_two_authorities_side_by_side(self) -> None:
        """While an authority is replaced, connectors of the old and of the new one are let in."""
        context = tunnel_context(SERVICE, [OURS.certificate, OTHERS.certificate])
        for credential in (CONNECTOR, connector(OTHERS)):
            client = connector_context([OURS.certificate], CONNECT, credential, [SIGNAL])
            assert network(context, client).server.ready

    def test_a_new_bundle_holds_for_the_next_connection(self) -> None:
        """An authority taken out lets nobody in any more."""
        context = tunnel_context(SERVICE, [OURS.certificate, OTHERS.certificate])
        context.replace(SERVICE, [OURS.certificate])
        client = connector_context([OURS.certificate], CONNECT, connector(OTHERS), [SIGNAL])
        assert refused(network(context, client))

    def test_the_anchor_is_shown(self) -> None:
        """A joining connector finds the trust anchor in what the service shows."""
        net = dial(None, HTTP)
        chain = net.client.tls.getHandle().get_peer_cert_chain(as_cryptography=True)
        assert len(chain) == 2
        assert chain[1].fingerprint(chain[1].signature_hash_algorithm).hex() == fingerprint(OURS.certificate)

    def test_no_session_is_resumed(self) -> None:
        """Each connection of a connector proves its key again: a revoked one cannot ride on an old session."""
        context = tunnel_context(SERVICE, [OURS.certificate])
        client = Resuming(connector_context([OURS.certificate], CONNECT, CONNECTOR, [SIGNAL]))
        assert [client.resumed_at(context) for _ in range(3)] == [False, False, False]

    def test_an_empty_bundle_is_an_error(self) -> None:
        """A service that would believe nobody, or anybody, does not start."""
        with pytest.raises(ConfigError, match="trust bundle"):
            tunnel_context(SERVICE, [])

    def test_a_key_of_another_certificate_is_an_error(self) -> None:
        """A certificate with the wrong key is found at the start, and the error names it."""
        with pytest.raises(ConfigError, match="certificate: does not belong to its key"):
            tunnel_context(Credential(SERVICE.certificate, CONNECTOR.key), [OURS.certificate])


def attempt(at: UserContext | TunnelContext, set_up: Callable[[SSL.Context], object]) -> bool:
    """Does the handshake of a client that nothing but `set_up` limits go well?"""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_cipher_list(b"ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    context.set_alpn_protos([HTTP])
    set_up(context)
    return bool(network(at, alien(context)).server.ready)


GROUPS = ("X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024", "MLKEM768", "X25519", "X448", "prime256v1", "secp384r1",
          "secp521r1", "secp256k1", "secp224r1", "brainpoolP256r1tls13", "ffdhe2048", "ffdhe3072")
TLS13 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
         "TLS_AES_128_CCM_8_SHA256")


def all_suites() -> list[str]:
    """Every suite of TLS 1.2 and before that this OpenSSL has."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_cipher_list(b"ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    return [name for name in SSL.Connection(context, None).get_cipher_list() if not name.startswith("TLS_")]


class TestEverythingElseIsRefused:
    """Both listeners against every version, suite and group that this OpenSSL has: Mozilla's "intermediate" and no more."""

    LISTENERS = (user_context([SERVICE]), tunnel_context(SERVICE, [OURS.certificate]))

    @pytest.mark.parametrize(
        ("listener", "versions"), [(0, [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION]), (1, [SSL.TLS1_3_VERSION])])
    def test_versions(self, listener: int, versions: list[int]) -> None:
        """TLS 1.2 and 1.3 for users, 1.3 alone for connectors."""
        every = range(SSL.TLS1_VERSION, SSL.TLS1_3_VERSION + 1)
        found = [one for one in every if attempt(self.LISTENERS[listener], lambda context, one=one: (  # type: ignore[misc]
            context.set_min_proto_version(one), context.set_max_proto_version(one)))]
        assert found == versions

    @pytest.mark.parametrize("key", ["ECDSA", "RSA"])
    def test_suites_of_tls_1_2(self, key: str) -> None:
        """The three with this kind of key; with a connector's listener none, since it has no TLS 1.2."""
        made = leaf(CONNECT, private=rsa.generate_private_key(65537, 2048))
        users = self.LISTENERS[0] if key == "ECDSA" else user_context([Credential(made.pem, made.key)])
        suites = all_suites()
        assert len(suites) > 50

        def only(suite: str) -> Callable[[SSL.Context], object]:
            return lambda context: (context.set_max_proto_version(SSL.TLS1_2_VERSION),
                                    context.set_cipher_list(f"{suite}:@SECLEVEL=0".encode()))

        assert {one for one in suites if attempt(users, only(one))} == {
            f"ECDHE-{key}-{rest}" for rest in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")}
        assert not any(attempt(self.LISTENERS[1], only(one)) for one in suites)

    @pytest.mark.parametrize("listener", [0, 1])
    def test_suites_of_tls_1_3(self, listener: int) -> None:
        """The three of Mozilla's list."""
        found = [one for one in TLS13 if attempt(self.LISTENERS[listener], lambda context, one=one: (  # type: ignore[misc]
            context.set_min_proto_version(SSL.TLS1_3_VERSION), context.set_tls13_ciphersuites(one.encode())))]
        assert found == list(TLS13[:3])

    @pytest.mark.parametrize("listener", [0, 1])
    def test_groups(self, listener: int) -> None:
        """The four of Mozilla's list."""
        known: list[str] = []

        def only(group: str) -> Callable[[SSL.Context], object]:
            def set_up(context: SSL.Context) -> None:
                if _openssl.SSL_CTX_set1_curves_list(context._context, group.encode()) == 1:
                    known.append(group)
                else:
                    # Something that is refused, so that what OpenSSL does not know is not taken for what is spoken.
                    context.set_max_proto_version(SSL.TLS1_VERSION)
            return set_up

        found = [one for one in GROUPS if attempt(self.LISTENERS[listener], only(one))]
        assert found == ["X25519MLKEM768", "X25519", "prime256v1", "secp384r1"] and len(known) > 8


class Resuming:
    """A client that keeps its session from one connection to the next, as browsers do."""

    requires_protocol = False

    def __init__(self, context: ClientContext) -> None:
        self.context = context
        self.session: SSL.Session | None = None

    def resumed_at(self, server_context: object, host: str = CONNECT) -> bool:
        """Connect to this host, exchange a word, and tell whether the server knew the session."""
        resuming = self

        class Context(ClientContext):
            def clientConnectionForTLS(self, protocol: object) -> SSL.Connection:
                connection = super().clientConnectionForTLS(protocol)  # type: ignore[arg-type]
                if resuming.session is not None:
                    connection.set_session(resuming.session)
                return connection

        context = Context(self.context._context, host)
        net = network(server_context, context)  # type: ignore[arg-type]
        net.server.tls.write(b"word")
        net.flush()
        assert net.client.got == b"word"
        #: What the service believes, and the certificate that it has shown now or then.
        self.server_name = server_name(net.server.tls)
        handle = net.client.tls.getHandle()
        self.shown = handle.get_peer_certificate(as_cryptography=True)
        self.session = handle.get_session()
        resumed = bool(_openssl.SSL_session_reused(handle._ssl))
        net.client.tls.loseConnection()
        net.flush()
        return resumed


def visit(context: object, host: str = CONNECT, trust: Credential = OURS) -> Net:
    """A browser that believes our authority goes to this host."""
    return network(context, origin_context(host, trust.certificate, "", True))  # type: ignore[arg-type]


class TestUsers:
    """The users' listener."""

    def test_a_browser_comes_in(self) -> None:
        """A user with the right anchor is served HTTP/1.1 over TLS 1.3, with a curve that keeps for later."""
        net = visit(user_context([SERVICE]))
        assert net.server.ready
        assert negotiated(net.server.tls) == HTTP
        handle = net.client.tls.getHandle()
        assert handle.get_protocol_version_name() == "TLSv1.3"
        assert handle.get_group_name().lower() == "x25519mlkem768"

    @pytest.mark.parametrize("version", ["TLS1_3_VERSION", "TLS1_2_VERSION"])
    def test_sessions_are_resumed(self, version: str) -> None:
        """A browser that comes back saves itself the expensive half of the handshake."""
        raw = new_context(SSL.TLS1_2_VERSION)
        raw.set_max_proto_version(getattr(SSL, version))
        raw.set_verify(SSL.VERIFY_NONE)
        raw.set_session_cache_mode(SSL.SESS_CACHE_CLIENT)
        context = user_context([server(OTHERS, "first.example.com"), SERVICE])
        for host in (CONNECT, "first.example.com"):
            client = Resuming(ClientContext(raw, host))
            assert [client.resumed_at(context) for _ in range(3)] == [False, True, True]

    @pytest.mark.parametrize("version", ["TLS1_3_VERSION", "TLS1_2_VERSION"])
    def test_a_change_ends_no_session(self, version: str) -> None:
        """A certificate that is added or changed leaves sessions alone, also its own host's; new ticket keys end them."""
        raw = new_context(SSL.TLS1_2_VERSION)
        raw.set_max_proto_version(getattr(SSL, version))
        raw.set_verify(SSL.VERIFY_NONE)
        raw.set_session_cache_mode(SSL.SESS_CACHE_CLIENT)
        default = server(OURS, "first.example.com")
        context = UserContext(default, {CONNECT: SERVICE})
        for host in (CONNECT, "first.example.com"):
            client = Resuming(ClientContext(raw, host))
            assert client.resumed_at(context) is False
            context.replace(default, {CONNECT: server(OURS), "more.example.com": server(OURS, "more.example.com")})
            assert client.resumed_at(context) is True
            context.renew_ticket_keys()
            assert client.resumed_at(context) is False

    @pytest.mark.parametrize("version", ["TLS1_3_VERSION", "TLS1_2_VERSION"])
    @pytest.mark.parametrize(("first", "then"), [("a.example.com", "b.example.org"), ("b.example.org", "a.example.com")])
    def test_a_session_of_another_host(self, version: str, first: str, then: str) -> None:
        """In TLS 1.2 it stays that host's, whatever is asked for; in TLS 1.3 the service believes what is asked for now."""
        raw = new_context(SSL.TLS1_2_VERSION)
        raw.set_max_proto_version(getattr(SSL, version))
        raw.set_verify(SSL.VERIFY_NONE)
        raw.set_session_cache_mode(SSL.SESS_CACHE_CLIENT)
        context = user_context([server(OURS, host) for host in ("a.example.com", "b.example.org")])
        client = Resuming(ClientContext(raw, first))
        assert [client.resumed_at(context, first), client.resumed_at(context, then)] == [False, True]
        assert certificate_names(client.shown) == (first,)
        believed, other = (first, then) if version == "TLS1_2_VERSION" else (then, first)
        assert client.server_name is not None and client.server_name.asked == believed
        assert client.server_name.covers(believed) and not client.server_name.covers(other)

    def test_a_users_session_is_nothing_to_the_tunnel(self) -> None:
        """A ticket of the users' listener does not pass the mutual TLS of the connectors' listener."""
        raw = new_context(SSL.TLS1_3_VERSION)
        raw.set_verify(SSL.VERIFY_NONE)
        raw.set_alpn_protos([HTTP])
        client = Resuming(ClientContext(raw, CONNECT))
        assert client.resumed_at(user_context([SERVICE])) is False
        assert client.resumed_at(tunnel_context(SERVICE, [OURS.certificate])) is False

    @pytest.mark.parametrize(
        ("host", "expected"),
        [
            ("wiki.example.com", 0),
            ("WIKI.Example.COM", 0),
            ("wiki.example.com.", 0),
            ("example.com", 0),
            ("shop.example.org", 1),
            ("SHOP.Example.ORG", 1),
            ("shop.example.org.", 1),
            ("deep.shop.example.org", 2),
            ("a.shop.example.org", 3),
            ("other.net", 0),
            ("a.b.example.com", 0),
            ("", 0),
        ],
    )
    def test_the_certificate_fits_the_host(self, host: str, expected: int) -> None:
        """Exact name, then wildcard of one label, then the first certificate."""
        certificates = [
            server(OURS, "example.com", "*.example.com"),
            server(OURS, "shop.example.org"),
            server(OURS, "deep.shop.example.org"),
            server(OURS, "*.shop.example.org"),
        ]
        raw = new_context(SSL.TLS1_2_VERSION)
        raw.set_verify(SSL.VERIFY_NONE)
        net = network(user_context(certificates), ClientContext(raw, host or None))
        shown = net.client.tls.getHandle().get_peer_certificate(as_cryptography=True)
        fits = [index for index, one in enumerate(certificates) if int(serial_of(one), 16) == shown.serial_number]
        assert fits == [expected]

    def test_an_old_tls_is_refused(self) -> None:
        """TLS 1.1 is history."""
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
        context.set_min_proto_version(SSL.TLS1_VERSION)
        context.set_max_proto_version(SSL.TLS1_1_VERSION)
        assert "unsupported protocol" in refused(network(user_context([SERVICE]), alien(context)))

    @pytest.mark.parametrize("suite", ["AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-CCM"])
    def test_a_weak_suite_is_refused(self, suite: str) -> None:
        """Only forward-secret suites with authenticated encryption are spoken."""
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_cipher_list(suite.encode() + b":@SECLEVEL=0")
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        assert "no shared cipher" in refused(network(user_context([SERVICE]), alien(context)))

    @pytest.mark.parametrize("curve", [b"secp521r1", b"X448"])
    def test_a_curve_that_is_not_pinned_is_refused(self, curve: bytes) -> None:
        """Only the pinned curves are spoken."""
        context = new_context(SSL.TLS1_3_VERSION)
        assert _openssl.SSL_CTX_set1_curves_list(context._context, curve) == 1
        assert refused(network(user_context([SERVICE]), alien(context)))

    def test_the_pins_are_mozillas(self) -> None:
        """Suites and curves are exactly those of Mozilla's "intermediate" configuration, version 6.0."""
        assert TLS12_SUITES.split(b":") == [
            b"ECDHE-ECDSA-AES128-GCM-SHA256",
            b"ECDHE-RSA-AES128-GCM-SHA256",
            b"ECDHE-ECDSA-AES256-GCM-SHA384",
            b"ECDHE-RSA-AES256-GCM-SHA384",
            b"ECDHE-ECDSA-CHACHA20-POLY1305",
            b"ECDHE-RSA-CHACHA20-POLY1305",
        ]
        assert TLS13_SUITES.split(b":") == [
            b"TLS_AES_128_GCM_SHA256",
            b"TLS_AES_256_GCM_SHA384",
            b"TLS_CHACHA20_POLY1305_SHA256",
        ]
        assert CURVES.split(b":") == [b"X25519MLKEM768", b"X25519", b"prime256v1", b"secp384r1"]

    def test_a_user_is_never_asked_for_a_certificate(self) -> None:
        """Nor is one believed that shows it anyway."""
        client = connector_context([OURS.certificate], CONNECT, CONNECTOR, [HTTP])
        net = network(user_context([SERVICE]), client)
        assert net.server.ready
        assert peer_certificate(net.server.tls) is None

    def test_a_client_with_other_protocols_is_served(self) -> None:
        """A client that offers only HTTP/2 still gets HTTP/1.1, as one without ALPN does."""
        client = connector_context([OURS.certificate], CONNECT, None, [b"h2"])
        net = network(user_context([SERVICE]), client)
        assert net.server.ready
        assert negotiated(net.server.tls) is None

    def test_a_new_certificate_holds_for_the_next_connection(self) -> None:
        """Certificates change without a restart; connections under way go on."""
        context = user_context([SERVICE])
        before = visit(context)
        context.replace(server(OTHERS), {})
        assert not visit(context).client.ready
        assert visit(context, trust=OTHERS).client.ready
        before.client.tls.write(b"still here")
        before.flush()
        assert before.server.got == b"still here"

    def test_no_certificate_is_an_error(self) -> None:
        """A listener without a certificate does not start."""
        with pytest.raises(ConfigError, match="certificate"):
            user_context([])

    def test_an_unusable_replacement_changes_nothing(self) -> None:
        """A broken new certificate is refused, and the old one goes on serving."""
        context = user_context([SERVICE])
        with pytest.raises(ConfigError):
            context.replace(Credential(SERVICE.certificate, CONNECTOR.key), {})
        assert visit(context).client.ready


def user_context_of(credential: Credential, wants: Credential | None = None) -> object:
    """A server that shows this certificate, whatever it says; it `wants` one of that authority in return."""

    class Server:
        requires_protocol = False

        def serverConnectionForTLS(self, protocol: object) -> SSL.Connection:
            context = new_context(SSL.TLS1_2_VERSION)
            for one in load_chain(credential.certificate)[1:]:
                context.add_extra_chain_cert(one)
            context.use_certificate(load_chain(credential.certificate)[0])
            context.use_privatekey(load_key(credential.key))
            if wants is not None:
                context.get_cert_store().add_cert(X509.from_cryptography(load_chain(wants.certificate)[0]))  # type: ignore[union-attr]
                context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *found: bool(found[-1]))
            return SSL.Connection(context, None)

    return implementer(IOpenSSLServerConnectionCreator)(Server)()


class TestOrigins:
    """The connector towards applications."""

    def test_a_wrong_name_is_refused(self) -> None:
        """An application's certificate must be for its host."""
        net = visit(user_context([SERVICE]), "intranet.example.com")
        assert not net.client.ready
        assert "not for intranet.example.com" in str(net.client.reason)

    def test_another_name_can_be_expected(self) -> None:
        """With a server name set, that one is asked for and checked instead of the host."""
        client = origin_context("10.0.0.7", OURS.certificate, CONNECT, True)
        assert network(user_context([SERVICE]), client).client.ready

    def test_an_address_is_checked_as_one(self) -> None:
        """A certificate without the IP address is refused, and no name is sent for one."""
        net = network(user_context([SERVICE]), origin_context("10.0.0.7", OURS.certificate, "", True))
        assert not net.client.ready
        assert "not for 10.0.0.7" in str(net.client.reason)

    def test_names_that_cannot_be_read_are_refused(self) -> None:
        """A malformed certificate ends the handshake with a reason, and nothing worse."""
        net = visit(user_context_of(unreadable(OURS)))
        assert not net.client.ready
        assert "cannot be read" in str(net.client.reason)

    def test_an_unknown_authority_is_refused(self) -> None:
        """With a bundle set, only its authorities count."""
        assert not visit(user_context([SERVICE]), trust=OTHERS).client.ready

    def test_a_bundle_takes_the_place_of_the_machines_store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a bundle this machine's authorities count, with one they do not."""
        (tmp_path / "store.pem").write_text(OURS.certificate)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store.pem"))
        users = user_context([SERVICE])
        assert network(users, origin_context(CONNECT, "", "", True)).client.ready
        assert not network(users, origin_context(CONNECT, OTHERS.certificate, "", True)).client.ready

    def test_a_path_ends_at_the_first_trusted_key(self) -> None:
        """An intermediate or the certificate itself may be what is trusted; what else is shown, ended or not, does no harm."""
        ended = make("Test Intermediate", ROOT, authority=True, private=BETWEEN.private, ends=NOW - DAY / 2)
        made = leaf(CONNECT)
        for trusted, shown, good in (
            (ROOT, [BETWEEN], True), (BETWEEN, [], True), (made, [], True), (BETWEEN, [ended], True),
            (ROOT, [ended, BETWEEN], True), (ROOT, [ended], False), (ROOT, [], False), (leaf(CONNECT), [], False),
        ):
            server = user_context_of(Credential(made.pem + "".join(one.pem for one in shown), made.key))
            net = network(server, origin_context(CONNECT, trusted.pem, "", True))  # type: ignore[arg-type]
            assert net.client.ready is good

    def test_verification_can_be_switched_off(self) -> None:
        """Off only by saying so; and then nobody is told that the certificate were verified."""
        net = network(user_context([SERVICE]), origin_context("intranet.example.com", "", "", False))
        assert net.client.ready
        assert peer_certificate(net.client.tls) is None

    def test_the_machines_own_store_does_not_know_us(self) -> None:
        """Without a bundle, the authorities of the machine count, and ours is not among them."""
        net = network(user_context([SERVICE]), origin_context(CONNECT, "", "", True))
        assert not net.client.ready

    def test_a_client_certificate_is_shown(self) -> None:
        """An application that asks for a certificate gets the one that is set."""
        client = origin_context(CONNECT, OURS.certificate, "", True, CONNECTOR)
        net = network(tunnel_context(SERVICE, [OURS.certificate]), client)
        shown = peer_certificate(net.server.tls)
        assert shown is not None and connector_id(shown) == "c0ffee"

    def test_the_first_contact_checks_nothing_and_says_nothing(self) -> None:
        """Looking at a stranger's chain works, and does not count as verified."""
        net = network(tunnel_context(server(OTHERS), [OTHERS.certificate]), first_contact_context(CONNECT))
        assert net.client.ready
        assert peer_certificate(net.client.tls) is None
        net.client.tls.loseConnection()
        net.flush()
        assert isinstance(net.client.reason, ConnectionDone)

    def test_the_client_certificate_is_shown(self) -> None:
        """An application that asks for one gets it."""
        for client, welcome in ((CONNECTOR, True), (None, False)):
            ours = origin_context(CONNECT, OURS.certificate, "", True, client)
            net = network(user_context_of(SERVICE, OURS), ours)  # type: ignore[arg-type]
            assert net.server.ready is welcome


def serial_of(credential: Credential) -> str:
    """Serial number, hex."""
    return serial(credential.certificate)


class TestAsking:
    """Where clients are asked for certificates."""

    DEVICE = make("laptop-7", BETWEEN, extensions=(CLIENT, usage(True, False)))

    def dial(self, host: str, *shown: Made, version: int = SSL.TLS1_3_VERSION, alpn: Sequence[bytes] = (HTTP,)) -> Net:
        """A browser that has these certificates, at a listener that asks at one host."""
        at = user_context([SERVICE])
        at.ask_for_certificates({"device.example.com": [ROOT.certificate]})
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_max_proto_version(version)
        context.set_verify(SSL.VERIFY_NONE)
        context.set_alpn_protos(list(alpn))
        if shown:
            context.use_certificate(shown[0].certificate)
            context.use_privatekey(shown[0].private)
            for one in shown[1:]:
                context.add_extra_chain_cert(one.certificate)
        return network(at, ClientContext(context, host))

    @pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
    def test_what_is_shown_is_told(self, version: int) -> None:
        """Its own first, then those above it; it leads to whoever looks at them, not to an end of the handshake."""
        net = self.dial("device.example.com", self.DEVICE, BETWEEN, version=version)
        assert net.server.ready and net.client.ready
        assert shown_certificates(net.server.tls) == [
            one.certificate.public_bytes(Encoding.DER) for one in (self.DEVICE, BETWEEN)]
        assert [one.CN for one in net.client.tls.getHandle().get_client_ca_list()] == ["Test Root"]

    @pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
    def test_a_stranger_reaches_the_page(self, version: int) -> None:
        """Who has nothing to show, or something that nobody knows, hears why."""
        stranger = make("stranger", extensions=(CLIENT,))
        assert shown_certificates(self.dial("device.example.com", version=version).server.tls) == []
        net = self.dial("device.example.com", stranger, version=version)
        assert net.server.ready
        assert shown_certificates(net.server.tls) == [stranger.certificate.public_bytes(Encoding.DER)]

    @pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
    def test_no_other_host_asks(self, version: int) -> None:
        """Also not one whose name is nearly the same; and nothing is known of what a client could show."""
        for host in (CONNECT, "xdevice.example.com", "device.example.com.example.net"):
            net = self.dial(host, self.DEVICE, version=version)
            assert net.server.ready
            assert net.client.tls.getHandle().get_client_ca_list() == []
            assert shown_certificates(net.server.tls) == [] and peer_certificate(net.server.tls) is None

    def test_nothing_but_http_1_1_is_spoken_at_hosts_that_are_alone(self) -> None:
        """So that no browser sends requests for other hosts over it; what programs have for themselves speaks HTTP/2, too."""
        at = UserContext(SERVICE, http2=True)
        at.ask_for_certificates(dict.fromkeys(("device.example.com", "plant.example.com"), [ROOT.certificate]),
                                ["device.example.com"])
        for host, spoken in (("device.example.com", HTTP), ("DEVICE.example.com", HTTP), ("plant.example.com", b"h2"),
                             (CONNECT, b"h2")):
            context = SSL.Context(SSL.TLS_METHOD)
            context.set_verify(SSL.VERIFY_NONE)
            context.set_alpn_protos([b"h2", HTTP])
            assert negotiated(network(at, ClientContext(context, host)).server.tls) == spoken, host

    @pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
    def test_a_program_that_speaks_http_2_shows_its_own(self, version: int) -> None:
        """As over HTTP/1.1."""
        at = UserContext(SERVICE, http2=True)
        at.ask_for_certificates({"plant.example.com": [ROOT.certificate]})
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_max_proto_version(version)
        context.set_verify(SSL.VERIFY_NONE)
        context.set_alpn_protos([b"h2"])
        context.use_certificate(self.DEVICE.certificate)
        context.use_privatekey(self.DEVICE.private)
        net = network(at, ClientContext(context, "plant.example.com"))
        assert negotiated(net.server.tls) == b"h2"
        assert shown_certificates(net.server.tls) == [self.DEVICE.certificate.public_bytes(Encoding.DER)]

    @pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
    def test_no_session_is_resumed_there(self, version: int) -> None:
        """Each connection proves the key anew, and shows all that it has."""
        at = user_context([SERVICE])
        at.ask_for_certificates({"device.example.com": [ROOT.certificate]})
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_max_proto_version(version)
        client = Resuming(alien(context))
        client.resumed_at(at, "device.example.com")
        assert not client.resumed_at(at, "device.example.com")

    def test_nobody_is_asked_any_more(self) -> None:
        """Once there is no authority."""
        at = user_context([SERVICE])
        at.ask_for_certificates({"device.example.com": [ROOT.certificate]})
        at.ask_for_certificates({})
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_verify(SSL.VERIFY_NONE)
        net = network(at, ClientContext(context, "device.example.com"))
        assert net.client.tls.getHandle().get_client_ca_list() == []


@pytest.mark.parametrize(("protocol", "shown"), [(HTTP, 2), (SIGNAL, 1), (DATA, 1)])
def test_anchors_are_shown_to_those_alone_who_may_not_have_them(protocol: bytes, shown: int) -> None:
    """At the first contact. In the tunnel either side keeps what the other shows for as long as the connection lasts."""
    net = dial(CONNECTOR, protocol)
    assert len(peer_chain(net.client.tls)) == shown
    assert len(shown_certificates(net.server.tls)) == 1
