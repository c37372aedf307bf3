"""The immutable picture of the store that a node works from: nothing on the hot path asks the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from appproxy.branding import PLAIN, Brand
from appproxy.pki.authority import Credential
from appproxy.publish.application import Application
from appproxy.publish.portal import Portal
from appproxy.publish.routing import Router
from appproxy.publish.urls import Translation

#: Id and name of the provider that is part of the service.
BUILTIN = "builtin"


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
    """One OpenID Connect provider. The built-in one has the id `builtin`."""

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
    #: From internal URLs to public ones and back, of all applications.
    urls: Translation = field(default_factory=Translation)
    #: How our own pages look.
    brand: Brand = PLAIN
    #: The lists of applications at `apps.DOMAIN`, which users sign in to like to an application.
    portal: Portal = field(default_factory=Portal)

    def signed_in_to(self, id: str) -> Application | None:
        """What of this id users sign in to: a published application, or a list of the portal."""
        return self.applications.get(id) or self.portal.find(id)

    def router_of(self, host: str) -> Router:
        """The router that knows a host: the portal's for its own, else that of the published applications."""
        return self.portal.router if self.portal.router.knows_host(host) else self.router
