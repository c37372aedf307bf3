"""The immutable picture of the store that a node works from: nothing on the hot path asks the database."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from math import inf

from appproxy.branding import PLAIN, Brand
from appproxy.identity.openid.client_authentication import ProviderClient
from appproxy.identity.openid.client_keys import ClientKey, public_signing_keys, shown_key, signing_key
from appproxy.identity.openid.encrypted_token import EncryptionKey, public_keys
from appproxy.identity.openid.oidc_settings import BY_CERTIFICATE, OidcSettings
from appproxy.pki.issuing.authority import Credential
from appproxy.policy.conditional.compiled import NO_POLICIES, PolicySet
from appproxy.policy.conditional.parts.devices import TrustedAuthority
from appproxy.policy.networks import is_within
from appproxy.policy.risk.user_risk import NO_RISK, UserRisk
from appproxy.publish.application import Application
from appproxy.publish.portal import Portal
from appproxy.publish.routing import Router
from appproxy.publish.urls import Translation

#: Id, name and kind of the provider that is part of the service.
BUILTIN = "builtin"
#: Id and name of the device authority that is part of the service.
OWN_AUTHORITY = "builtin"
#: The kind of providers that speak OpenID Connect over HTTPS.
OIDC = "oidc"


class ConnectorState(Enum):
    """What the admin has decided about a connector; whether it is online is known only to the nodes."""

    APPROVED = "approved"
    PENDING = "pending approval"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ConnectorRecord:
    """One enrolled connector. `not_after` is its newest certificate's, in seconds since 1970."""

    id: str
    name: str
    group: str
    state: ConnectorState
    not_after: float


@dataclass(frozen=True, slots=True)
class ProviderRecord:
    """One identity provider. The built-in one has the id `builtin`.

    Its kind says who makes sense of the other fields: `oidc`, `builtin`, or an entry point of `appproxy.identity_providers`.
    """

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    groups_claim: str = "groups"
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    #: PEM of the authorities that alone vouch for its TLS certificate; "" for the system's.
    ca_bundle: str = field(default="", repr=False)
    #: Authorization requests are pushed `always`, or where the provider requires it: `auto`.
    pushed_requests: str = "auto"
    #: How long a session lasts at most, whatever its applications say, and how long without a request; 0: for ever.
    session_hours: float = 12.0
    idle_minutes: float = 240.0
    #: May groups that do not fit into a token be fetched from where the token says they are?
    fetch_groups: bool = False
    kind: str = OIDC
    #: How OpenID Connect is spoken with it.
    settings: OidcSettings = OidcSettings()
    #: When the secret was set, in seconds since 1970; 0.0: before that was noted.
    secret_changed: float = 0.0
    #: By which we prove to be its client, where it is not by the secret.
    keys: tuple[ClientKey, ...] = ()
    #: What it encrypts ID tokens to.
    encryption_keys: tuple[EncryptionKey, ...] = ()

    def key_set(self, now: float) -> dict[str, object] | None:
        """What is published for this provider (RFC 7517); None where it needs no key of ours."""
        encryption = public_keys(self.encryption_keys, self.settings.id_token_encryption, now)
        if not self.settings.needs_key and not encryption:
            return None
        return {"keys": [*(public_signing_keys(self.keys) if self.settings.needs_key else ()), *encryption]}

    def client(self, client_id: str, now: float) -> ProviderClient:
        """Who we are to it under this id; `now`: seconds since 1970."""
        settings = self.settings
        return ProviderClient(
            client_id, self.client_secret, settings.client_authentication,
            signing_key(self.keys, settings.key_type, now), settings.client_algorithm,
            settings.client_assertion_audience == "token_endpoint",
        )

    def tls_credential(self, now: float) -> Credential | None:
        """The certificate that is shown to it in TLS, None for none."""
        method = self.settings.client_authentication
        if method not in BY_CERTIFICATE:
            return None
        key = shown_key(self.keys, self.settings.key_type, now, given=method == "tls_client_auth")
        return None if key is None else Credential(key.certificate, key.key)

    @property
    def discovery_url(self) -> str:
        """Where its metadata is (OpenID Connect Discovery 1.0 section 4)."""
        return self.settings.discovery_url or self.issuer.rstrip("/") + "/.well-known/openid-configuration"

    @property
    def callback_path(self) -> str:
        """The path of its redirect URI on the sign-in host."""
        return f"/callback/{self.id}" if self.settings.redirect_uri == "own" else "/callback"

    @property
    def idle(self) -> float:
        """Seconds without a request after which a session counts no longer."""
        return self.idle_minutes * 60.0 or inf


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A 32-byte AES-256-GCM key of the service; `id` is 1 to 255 and travels in the sealed text."""

    id: int
    secret: bytes = field(repr=False)
    created: float


@dataclass(frozen=True, slots=True)
class ServedCertificate:
    """A certificate of the users' listener for these DNS names. Times are seconds since 1970."""

    id: str
    name: str
    source: str
    names: tuple[str, ...]
    credential: Credential
    not_before: float
    not_after: float


@dataclass(frozen=True, slots=True)
class AcmeChallenge:
    """What an authority looks for at `host` before it issues: `kind` is `http-01` or `tls-alpn-01`, `answer` the key
    authorization (RFC 8555 section 8.1).
    """

    kind: str
    host: str
    token: str
    answer: str


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """What a program signs in with. `secrets`: hashes of those that count, each with its end in seconds since 1970.

    `applications`: ids of those that it opens. `networks`: where it may come from; empty: from everywhere.
    """

    id: str
    name: str
    applications: frozenset[str]
    secrets: Mapping[str, float] = field(repr=False)
    networks: tuple[IPv4Network | IPv6Network, ...]
    claims: Mapping[str, str]
    created: float

    def takes(self, client: str) -> bool:
        """May it be used from this address?"""
        return not self.networks or is_within(client, self.networks)


@dataclass(frozen=True, slots=True)
class RevocationSources:
    """Where the service asks which certificates are revoked. `crl_urls`: of lists, all of which are fetched; `ocsp`: URLs of
    responders; `ocsp_soft`: does a device count, too, whose responder does not answer?
    """

    crl_urls: tuple[str, ...] = ()
    ocsp: tuple[str, ...] = ()
    ocsp_soft: bool = False


NO_SOURCES = RevocationSources()


@dataclass(frozen=True, slots=True)
class DeviceAuthority:
    """Who vouches for devices. `certificates`: PEM. `lists`: until when the list of revoked certificates of each issuer counts
    (`pki.crl.issuer_id`, seconds since 1970), empty where none is known; `revoked`: what is in them, by
    `pki.crl.certificate_id`. `sources`: where both are asked for. `answers`: of certificates that a responder was asked about
    again, until when its answer counts. `begun`: since when the list counts that ends first, 0.0 where that is not known.
    """

    name: str
    certificates: tuple[str, ...] = field(repr=False)
    lists: Mapping[str, float] = field(default_factory=dict)
    revoked: Set[str] = frozenset()
    sources: RevocationSources = NO_SOURCES
    answers: Mapping[str, float] = field(default_factory=dict)
    begun: float = 0.0

    @property
    def trusted(self) -> TrustedAuthority:
        """As policies see it. Where lists are fetched and none has come, nothing is known, and nothing counts."""
        asks = bool(self.sources.ocsp) and not self.sources.ocsp_soft
        until = min(self.lists.values(), default=0.0 if self.sources.crl_urls else inf)
        return TrustedAuthority(self.name, until, self.revoked, self.answers if asks else None)


#: What kind of holder of a role a service token is; users and groups are called as in `store.schema`.
TOKEN = "token"


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """Who has which role. `provider` is "" for a service token, `value` what their tokens carry, of a service token its id.

    `application`: for that one (its id) alone, "" for all. Times are seconds since 1970; `expires`: 0 for good.
    `entitlement`: the id of that by which it was asked for, "" for one that was given; `through`: the group whose members may
    ask, which its holder must be in still, "" where the holder may.
    """

    id: str
    role: str
    provider: str
    kind: str
    value: str
    application: str
    created: float
    expires: float
    entitlement: str = ""
    through: str = ""

    def holds(self, now: float) -> bool:
        """Does it count now?"""
        return not self.expires or now < self.expires


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Who may ask for which role: a user or a group of a provider, as in `RoleAssignment`.

    `longest`: for how many seconds at most; `approval`: once another person has approved.
    """

    id: str
    role: str
    provider: str
    kind: str
    value: str
    application: str
    longest: float
    approval: bool
    created: float
    expires: float

    @property
    def holder(self) -> tuple[str, str, str]:
        """Provider, kind and value."""
        return self.provider, self.kind, self.value

    def reach(self, now: float) -> float:
        """For how many seconds a role is had that is asked for now: no longer than one may ask for it."""
        return min(self.longest, self.expires - now) if self.expires else self.longest

    def holds(self, now: float) -> bool:
        """Does it count now?"""
        return not self.expires or now < self.expires


@dataclass(frozen=True, slots=True)
class LogoRecord:
    """What is known of an application's logo: its media type, and the digest that its address ends with."""

    kind: str
    digest: str


@dataclass(frozen=True, slots=True)
class NativeClient:
    """A program on people's machines that signs them in at the built-in provider, for these applications (ids)."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    applications: frozenset[str]
    created: float
    #: May it have a code that its user types elsewhere (RFC 8628)?
    device_codes: bool


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """An application that is not published here, and signs people in at the built-in provider: a client with a secret.

    `secrets`: hashes of those that count, each with its end in seconds since 1970. Each URI counts to the letter.
    """

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    secrets: Mapping[str, float] = field(repr=False)
    created: float
    #: Where it hears that a session has ended, "" for nowhere; does it have to be told which one (`sid`)?
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    #: PEM of the authorities that alone vouch for its TLS certificate; "" for the system's.
    ca_bundle: str = field(default="", repr=False)
    #: What a frame of the user's browser loads for it, "" for nothing.
    frontchannel_logout_uri: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a node decides with. Replaced whole when `revision` changes; unchanged parts are shared.

    `keys` holds the sealing keys of cookies and of sign-in state, newest first. `revoked_sessions` are session ids,
    `not_before` maps a provider and a subject to the time before which its sessions do not count.
    """

    revision: int
    applications: Mapping[str, Application]
    router: Router
    connectors: Mapping[str, ConnectorRecord]
    connector_groups: Mapping[str, str]
    providers: Mapping[str, ProviderRecord]
    keys: tuple[SealingKey, ...]
    trust_bundle: tuple[str, ...]
    revoked_sessions: frozenset[str] = frozenset()
    not_before: Mapping[tuple[str, str], float] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    certificates: tuple[ServedCertificate, ...] = ()
    challenges: tuple[AcmeChallenge, ...] = ()
    service_tokens: Mapping[str, ServiceToken] = field(default_factory=dict)
    native_clients: Mapping[str, NativeClient] = field(default_factory=dict)
    relying_parties: Mapping[str, RelyingParty] = field(default_factory=dict)
    #: Who administers the service.
    roles: tuple[RoleAssignment, ...] = ()
    #: Who may ask for which.
    entitlements: tuple[Entitlement, ...] = ()
    #: Which applications have a logo, by id.
    logos: Mapping[str, LogoRecord] = field(default_factory=dict)
    #: Who vouches for devices, by id.
    device_authorities: Mapping[str, DeviceAuthority] = field(default_factory=dict)
    #: From internal URLs to public ones and back, of all applications.
    urls: Translation = field(default_factory=Translation)
    #: How our own pages look.
    brand: Brand = PLAIN
    #: The lists of applications at `apps.DOMAIN`, which users sign in to like to an application.
    portal: Portal = field(default_factory=Portal)
    #: The admin API at `admin.DOMAIN`, which those sign in to who have a role.
    administration: Portal = field(default_factory=Portal)
    #: Conditional access: the policies that are on.
    policies: PolicySet = NO_POLICIES
    #: Those that are only reported, as if they were on.
    reported: PolicySet = NO_POLICIES
    #: By provider and subject: what is held against users.
    user_risks: Mapping[tuple[str, str], UserRisk] = field(default_factory=dict)

    def next_end(self, now: float) -> float:
        """When an assignment ends next by itself, after `now`; infinity where none does."""
        return min((ends for one in self.applications.values() for ends in one.ends if ends > now), default=inf)

    def user_risk(self, provider: str, subject: str, now: float) -> str:
        """The level of risk of a user `now`."""
        return self.user_risks.get((provider, subject), NO_RISK).level(now)

    def signed_in_to(self, id: str) -> Application | None:
        """What of this id users sign in to: a published application, a list of the portal, or the administration."""
        return self.applications.get(id) or self.portal.find(id) or self.administration.find(id)

    def has_connectors(self, group: str) -> bool:
        """Is any connector approved in this group?"""
        approved = ConnectorState.APPROVED
        return any(one.group == group and one.state is approved for one in self.connectors.values())

    def router_of(self, host: str) -> Router:
        """The router that knows a host: for their own the portal's and the administration's, else that of the published
        applications, of which one may be at `admin.DOMAIN` where there is no administration.
        """
        if self.portal.router.knows_host(host):
            return self.portal.router
        own = self.administration.router
        return own if own.knows_host(host) and not self.router.knows_host(host) else self.router
