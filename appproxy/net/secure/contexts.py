"""TLS contexts: who speaks TLS with whom, with which certificates, versions and protocols.

Four ends, four kinds of context, which never share a session or a ticket key:

- users (`UserContext`): browsers and API clients; TLS 1.2 and 1.3 as Mozilla's "intermediate" wants it, resumption on;
- connectors at the service (`TunnelContext`): TLS 1.3, only our own authority, no resumption;
- the connector towards the service, and towards applications (`ClientContext`).

A context is a connection creator for `TLSMemoryBIOFactory`, so it also works where Twisted wants one (treq's policy).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cryptography import x509
from OpenSSL import SSL
from OpenSSL._util import lib as _openssl  # Twisted too reaches for it: pyOpenSSL itself has no call for a curve list
from OpenSSL.crypto import X509, X509StoreFlags
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IOpenSSLServerConnectionCreator
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from appproxy.errors import ConfigError
from appproxy.net.secure.peer_verdict import is_address, judge, judge_named, take_any
from appproxy.pki import Credential, certificate_names, load_chain, load_key
from appproxy.pki.selection import by_name

_log = Logger()

#: The protocols of the tunnel (docs/protocol.md): each is a promise to show a connector's certificate.
TUNNEL_PROTOCOLS = (b"appproxy-signal/1", b"appproxy-data/1")
#: The control end points beside the tunnel, and all that users speak.
HTTP = b"http/1.1"
HTTP2 = b"h2"
#: By this an authority asks whether we answer for a host (RFC 8737); nothing is spoken after the handshake.
ACME_TLS = b"acme-tls/1"

#: Mozilla's "intermediate" configuration, version 6.0: suites and curves; the client's order decides. Its first curve
#: is the one that keeps what is recorded today from a quantum computer of tomorrow, for some 6 kB a connection.
TLS12_SUITES = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    b"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)
TLS13_SUITES = b"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
CURVES = b"X25519MLKEM768:X25519:prime256v1:secp384r1"

#: SSL_MODE_ENABLE_PARTIAL_WRITE of OpenSSL's ssl.h, which pyOpenSSL sets and does not name. With it SSL_write stops
#: after each record of 16 KiB; into memory nothing ever blocks, so one call can take 64 KiB.
_PARTIAL_WRITE = 0x1
#: SSL_MODE_NO_AUTO_CHAIN of the same: OpenSSL else adds the anchors that it trusts itself to what it shows. Who has them
#: already keeps another copy of each for as long as the connection lasts, 4 KiB.
_NO_AUTO_CHAIN = 0x8

class CertifiedContext(SSL.Context):
    """One that knows for which names its certificate is, as `pki.selection.by_name` reads them."""

    names: Mapping[str, object] = {}


def new_context(minimum: int) -> CertifiedContext:
    """A context with our suites, curves and buffers, for TLS from `minimum` (SSL.TLS1_2_VERSION, ...) to 1.3."""
    context = CertifiedContext(SSL.TLS_METHOD)
    context.set_min_proto_version(minimum)
    context.set_max_proto_version(SSL.TLS1_3_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    context.set_cipher_list(TLS12_SUITES)
    context.set_tls13_ciphersuites(TLS13_SUITES)
    if _openssl.SSL_CTX_set1_curves_list(context._context, CURVES) != 1:
        raise RuntimeError("this OpenSSL does not know our curves")
    # An idle connection then keeps no 16 KiB record buffers.
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.clear_mode(_PARTIAL_WRITE)
    # Tickets alone carry a session, where there are any: a store of 20,480 sessions (OpenSSL's default) costs 30 MB.
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    return context


@implementer(IOpenSSLServerConnectionCreator)
class UserContext:
    """The users' listener: a certificate for each host by SNI, sessions resumed by ticket.

    `replace` takes new certificates up for the connections to come. A certificate's own context is made when its host
    is first asked for (0.4 ms, 27 kB), so that thousands of them cost nothing at the start. `http2` offers it by ALPN.
    """

    requires_protocol = False

    def __init__(
        self, default: Credential, names: Mapping[str, Credential] | None = None, *, http2: bool = False
    ) -> None:
        #: What is spoken here, the best first.
        self._protocols = (HTTP2, HTTP) if http2 else (HTTP,)
        self._contexts: dict[Credential, SSL.Context] = {}
        self._names: Mapping[str, Credential] = {}
        #: The proofs that an authority looks for, by host.
        self.challenges: Mapping[str, Credential] = {}
        self._asking: Mapping[str, Sequence[x509.Certificate]] = {}
        self._alone: Collection[str] = ()
        self._asking_contexts: dict[tuple[str, Credential], SSL.Context] = {}
        self.replace(default, names or {})

    def replace(self, default: Credential, names: Mapping[str, Credential]) -> None:
        """Serve these from now on: `default` to hosts that `names` (see `pki.selection`) does not cover.

        Contexts of certificates that stay are kept, and with the default one's the ticket keys of all sessions.
        ConfigError: the default certificate is unusable; nothing is changed then.
        """
        context = self._contexts.get(default)
        first = self._make(default) if context is None else context
        wanted = {default, *names.values()}
        self._contexts = {one: made for one, made in self._contexts.items() if one in wanted} | {default: first}
        self._asking_contexts.clear()
        self._names = names
        self._default = default
        self._first = first
        if context is not first:
            # OpenSSL looks for tickets' keys and for this callback in the context that a connection begins with.
            first.set_tlsext_servername_callback(self._choose)

    def ask_for_certificates(self, hosts: Mapping[str, Sequence[x509.Certificate]], alone: Collection[str] = ()) -> None:
        """At the handshakes of these hosts, and of no others, clients are asked for a certificate of these authorities.

        Whatever they show is taken, so that a page can say what is wrong with it: who believes it has to check all but that
        the client has its key, and that the request is for the host that the connection was made for. At hosts that are
        `alone` nothing but HTTP/1.1 is spoken, so that browsers keep no connection there, and send nothing for another host.
        """
        self._asking = hosts
        self._alone = frozenset(alone)
        self._asking_contexts.clear()

    def renew_ticket_keys(self) -> None:
        """Sessions until now are resumed no more: who learns a key later can read back no further than to this moment."""
        self._contexts.pop(self._default)
        self.replace(self._default, self._names)

    def _choose(self, connection: SSL.Connection) -> None:
        """Called by OpenSSL once the client has said what host it wants."""
        asked = connection.get_servername()
        credential = None if asked is None else by_name(self._names, asked.decode("latin-1"))
        if self._asking and asked is not None and (host := asked.decode("latin-1").lower()) in self._asking:
            self._ask(connection, host, credential or self._default)
            return
        if credential is None:
            return
        context = self._contexts.get(credential)
        if context is None:
            try:
                context = self._make(credential)
            except ConfigError as error:
                # It was checked when it was added; tried once, not at each handshake.
                _log.error("{host}: its certificate cannot be used: {reason}", host=asked, reason=str(error))
                context = self._first
            self._contexts[credential] = context
        if context is not self._first:
            connection.set_context(context)

    def _ask(self, connection: SSL.Connection, host: str, credential: Credential) -> None:
        """Ask for a certificate. No ticket is given: with one a client would come back without what is above its own."""
        context = self._asking_contexts.get((host, credential))
        if context is None:
            context = self._asking_contexts[host, credential] = self._make(credential)
            if host in self._alone:
                context.set_alpn_select_callback(self._choose_h1)
            for authority in self._asking[host]:
                context.add_client_ca(authority)
        connection.set_context(context)
        # Of a context that is changed in a handshake, OpenSSL takes neither of these over.
        connection.set_options(SSL.OP_NO_TICKET)
        connection.set_verify(SSL.VERIFY_PEER, take_any)

    def _make(self, credential: Credential) -> SSL.Context:
        context = new_context(SSL.TLS1_2_VERSION)
        _use(context, credential)
        context.names = dict.fromkeys(certificate_names(load_chain(credential.certificate)[0]), True)
        context.set_alpn_select_callback(self._choose_protocol)
        return context

    def _choose_protocol(self, connection: SSL.Connection, offered: list[bytes]) -> bytes | SSL._NoOverlappingProtocols:
        """Our best one that is offered; who offers only others is served HTTP/1.1 anyway, as clients without ALPN are."""
        for protocol in self._protocols:
            if protocol in offered:
                return protocol
        return self._prove(connection) if ACME_TLS in offered else SSL.NO_OVERLAPPING_PROTOCOLS

    def _choose_h1(self, connection: SSL.Connection, offered: list[bytes]) -> bytes | SSL._NoOverlappingProtocols:
        """The same at hosts that are `alone`."""
        return HTTP if HTTP in offered else self._choose_protocol(connection, [one for one in offered if one != HTTP2])

    def _prove(self, connection: SSL.Connection) -> bytes | SSL._NoOverlappingProtocols:
        """Show an authority the proof for its host. In TLS 1.2 the certificate is settled before we are asked here."""
        credential = self.challenges.get((connection.get_servername() or b"").decode("latin-1").lower())
        if credential is None or connection.get_protocol_version() != SSL.TLS1_3_VERSION:
            return SSL.NO_OVERLAPPING_PROTOCOLS
        context = new_context(SSL.TLS1_3_VERSION)
        _use(context, credential)
        connection.set_context(context)
        return ACME_TLS

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Called by Twisted for each connection."""
        return SSL.Connection(self._first, None)


@implementer(IOpenSSLServerConnectionCreator)
class TunnelContext:
    """The connectors' listener: TLS 1.3, only our own authority, no session ever resumed.

    A client that speaks a tunnel protocol must show its certificate; one that speaks HTTP may, and then it must be
    good. A client that offers neither is cut off right after the handshake (`requires_protocol`). The anchor is shown to those
    alone who speak HTTP, for whom it may be the first contact.
    """

    requires_protocol = True

    def __init__(self, leaf: Credential, trust_bundle: Sequence[str]) -> None:
        self.replace(leaf, trust_bundle)

    def replace(self, leaf: Credential, trust_bundle: Sequence[str]) -> None:
        """Use this leaf and these anchors (PEM) for the connections to come. ConfigError: one is unusable."""
        whole, brief = _tunnel_side(leaf, trust_bundle), _tunnel_side(leaf, trust_bundle, anchors=False)
        whole.set_alpn_select_callback(self._choose)
        self._context, self._brief = whole, brief

    def _choose(self, connection: SSL.Connection, offered: list[bytes]) -> bytes | SSL._NoOverlappingProtocols:
        """A tunnel protocol makes the certificate compulsory, before the server has asked for it."""
        for protocol in TUNNEL_PROTOCOLS:
            if protocol in offered:
                connection.set_context(self._brief)
                connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, judge)
                return protocol
        return HTTP if HTTP in offered else SSL.NO_OVERLAPPING_PROTOCOLS

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Called by Twisted for each connection."""
        return SSL.Connection(self._context, None)


@implementer(IOpenSSLClientConnectionCreator)
class ClientContext:
    """Our side when we dial: checks the peer's chain, dates, use and name, and shows our certificate when asked.

    `name` is a DNS name or an IP address, None when there is nothing to check.
    """

    requires_protocol = False

    def __init__(self, context: SSL.Context, name: str | None) -> None:
        self._context = context
        self._server_name = None if name is None or is_address(name) else name.encode("ascii")

    def clientConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Called by Twisted for each connection."""
        connection = SSL.Connection(self._context, None)
        if self._server_name is not None:
            connection.set_tlsext_host_name(self._server_name)
        return connection

    def asking_for(self, server_name: str) -> ClientContext:
        """The same, with another name in SNI. The certificate must be for the name that was checked before."""
        return ClientContext(self._context, server_name)


def user_context(certificates: Sequence[Credential]) -> UserContext:
    """The users' listener; the first certificate also answers for unknown names. ConfigError: none, or it is unusable."""
    if not certificates:
        raise ConfigError("certificate: at least one is needed")
    names: dict[str, Credential] = {}
    for credential in certificates:
        for name in certificate_names(load_chain(credential.certificate)[0]):
            names.setdefault(name, credential)
    return UserContext(certificates[0], names)


def tunnel_context(leaf: Credential, trust_bundle: Sequence[str]) -> TunnelContext:
    """The connectors' listener; `leaf.certificate` is the chain to show, the anchor included."""
    return TunnelContext(leaf, trust_bundle)


def connector_context(
    trust_bundle: Sequence[str], tls_name: str, credential: Credential | None, alpn: Sequence[bytes]
) -> ClientContext:
    """The connector's side of the tunnel and of the control end points: TLS 1.3, only these anchors (PEM)."""
    context = new_context(SSL.TLS1_3_VERSION)
    context.set_mode(_NO_AUTO_CHAIN)
    _trust(context, trust_bundle)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, judge_named(tls_name))
    context.set_alpn_protos(list(alpn))
    if credential is not None:
        _use(context, credential)
    return ClientContext(context, tls_name)


def first_contact_context(tls_name: str) -> ClientContext:
    """Believes nobody and so checks nothing: only to look at a service's chain before anything is sent to it.

    See `shown_chain` in `appproxy.net.secure.tls`, its one user.
    """
    context = new_context(SSL.TLS1_3_VERSION)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_alpn_protos([HTTP])
    return ClientContext(context, tls_name)


def origin_context(
    host: str, ca_bundle: str, server_name: str, verify: bool, client: Credential | None = None, protocol: bytes = HTTP
) -> ClientContext:
    """The connector towards an application at `host` (DNS name or IP address).

    `ca_bundle` is PEM, "" for this machine's own store; `server_name` is the name to ask for and to check instead of
    the host, "" for the host; `protocol` is offered by ALPN. ConfigError: the bundle or the credential is unusable.
    """
    name = (server_name or host).rstrip(".").lower()
    context = new_context(SSL.TLS1_2_VERSION)
    trust_keys_of(context, ca_bundle)
    if verify:
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, judge_named(name))
    else:
        context.set_verify(SSL.VERIFY_NONE)
    context.set_alpn_protos([protocol])
    if client is not None:
        _use(context, client)
    return ClientContext(context, name)


def _tunnel_side(leaf: Credential, trust_bundle: Sequence[str], *, anchors: bool = True) -> SSL.Context:
    """The service's side of the tunnel; without `anchors` they are left out of what is shown."""
    context = new_context(SSL.TLS1_3_VERSION)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_mode(_NO_AUTO_CHAIN)
    _use(context, leaf, anchors=anchors)
    _trust(context, trust_bundle)
    context.set_session_id(b"appproxy tunnel")
    context.set_verify(SSL.VERIFY_PEER, judge)
    return context


def _use(context: SSL.Context, credential: Credential, *, anchors: bool = True) -> None:
    """Show this certificate chain, and prove it with this key. `anchors`: with those of it that vouch for themselves."""
    leaf, *rest = load_chain(credential.certificate)
    try:
        context.use_certificate(leaf)
        for one in rest:
            if anchors or one.issuer != one.subject:
                context.add_extra_chain_cert(one)
        context.use_privatekey(load_key(credential.key))
        context.check_privatekey()
    except SSL.Error as error:
        raise ConfigError(f"certificate: does not belong to its key ({error})", hint="give both of one pair") from error


def _trust(context: SSL.Context, bundle: Sequence[str]) -> None:
    """Believe these anchors (PEM, each text one or several) and no others; an empty bundle is an error."""
    anchors: list[x509.Certificate] = [one for pem in bundle for one in load_chain(pem, "trust bundle")]
    store = context.get_cert_store()
    if not anchors or store is None:
        raise ConfigError("trust bundle: at least one authority's certificate is needed")
    for anchor in anchors:
        store.add_cert(X509.from_cryptography(anchor))


def trust_keys_of(context: SSL.Context, ca_bundle: str) -> None:
    """Believe whatever leads to one of these certificates' keys (PEM), also an intermediate's; "": this machine's store.

    A path ends at the first key that is trusted, as with `openssl verify -partial_chain`. ConfigError: no certificate.
    """
    if ca_bundle:
        _trust(context, [ca_bundle])
    else:
        context.set_default_verify_paths()
    store = context.get_cert_store()
    if store is not None:
        store.set_flags(X509StoreFlags.PARTIAL_CHAIN)
