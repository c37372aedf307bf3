"""A provider, a service and browsers that sign in through them, all in memory: redirects are followed by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.http.head import Fields
from appproxy.identity.openid.oidc import Metadata, TokenAnswer, challenge, read_metadata
from appproxy.net.chance import TimeAndChance
from appproxy.pages import error_page
from appproxy.policy.verdict import Pass, Refuse, SignInRequired
from appproxy.publish.application import Application, HeaderRule, Preauthentication, Url
from appproxy.publish.routing import Router
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.own.resources import ResourceHandler
from appproxy.service.signin.openid.identity_provider import OidcProvider
from appproxy.service.signin.openid.oidc_client import GrantRefused
from appproxy.service.signin.sign_in import BuiltInPages, SignIn, SignInPlace
from appproxy.service.signin.stores.memory_store import MemorySignInStore
from appproxy.store.snapshot import ProviderRecord, SealingKey, Snapshot
from tests.service.exchanges import FakeExchange, head_for

NOW = 1_800_000_000.0
ISSUER = "https://idp.example.com"
SIGNIN = "https://signin.example.com"
WIKI = Application(
    "wiki", "Wiki", Url("https", "wiki.example.com", 443), Url("http", "10.0.0.1", 80), provider="idp",
    assigned_users=frozenset({"ann"}), assigned_groups=frozenset({"staff"}), headers=(HeaderRule("x-email", "email"),),
)
CRM = Application(
    "crm", "CRM", Url("https", "crm.example.com", 443), Url("http", "10.0.0.2", 80), provider="idp",
    assigned_groups=frozenset({"sales"}),
)
#: On one host, by path.
DOCS = Application(
    "docs", "Docs", Url("https", "wiki.example.com", 443, "/docs/"), Url("http", "10.0.0.3", 80), provider="idp",
    assignment_required=False,
)
OPEN = Application(
    "open", "Open", Url("https", "open.example.com", 443), Url("http", "10.0.0.4", 80),
    preauthentication=Preauthentication.PASSTHROUGH,
)
RECORD = ProviderRecord("idp", "Example", ISSUER, "client-1", "canary-client-secret", ("openid", "email"))
KEY = SealingKey(1, b"k" * 32, NOW)


def snapshot_of(*applications: Application, records: tuple[ProviderRecord, ...] = (RECORD,)) -> Snapshot:
    """A snapshot with these applications."""
    return Snapshot(
        revision=1, applications={each.id: each for each in applications}, router=Router(applications), connectors={},
        connector_groups={}, providers={each.id: each for each in records}, keys=(KEY,), trust_bundle=(),
    )


class Tokens:
    """Not random at all, but never the same twice."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, size: int) -> bytes:
        self.count += 1
        return hashlib.shake_128(self.count.to_bytes(8, "big")).digest(size)


@dataclass
class FakeProvider:
    """An identity provider: implements `OidcClient`, and its authorization end point by `authorize`."""

    issuer: str = ISSUER
    user: str = "ann"
    claims: dict[str, Any] = field(default_factory=lambda: {"groups": ["staff"], "email": "ann@example.com"})
    changes: dict[str, Any] = field(default_factory=dict)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    known: list[ECKey] = field(default_factory=list)
    document: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Codes that it was asked about; the error that it is to be asked in vain with, once.
    tried: list[str] = field(default_factory=list)
    lost: Exception | None = None
    refreshed: int = 0
    #: What UserInfo says, and how often it was asked; the authorization requests that were pushed.
    info: Mapping[str, object] | str | Exception = field(default_factory=dict)
    asked_info: int = 0
    #: What the place says that a token names for groups, and which were asked.
    elsewhere: list[str] | Exception = field(default_factory=list)
    asked_places: list[str] = field(default_factory=list)
    #: What such a place says of distributed claims, and which were asked with which token.
    far: Mapping[str, object] | str | Exception = field(default_factory=dict)
    asked_claims: list[tuple[str, str]] = field(default_factory=list)
    issued: int = 0
    pushed: list[dict[str, str]] = field(default_factory=list)
    down: Code | None = None
    now: Callable[[], float] = lambda: NOW
    #: The refresh token that it gives and takes, "" for none; how long its tokens last; what it was asked with.
    refresh_token: str = ""
    lifetime: float = 0.0
    refreshes: list[str] = field(default_factory=list)
    #: Each sign-in has refresh tokens of its own, each good for one use: those that are.
    one_use: bool = False
    given: set[str] = field(default_factory=set)
    #: Our key that it encrypts ID tokens to (ECDH-ES).
    encrypt_to: ECKey | None = None
    #: Refresh tokens that were given back.
    taken_back: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known = self.known or [self.key]
        self.document = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True, **self.document,
        }

    async def metadata(self) -> Metadata:
        if self.down is not None:
            raise IdentityError(self.down, "the provider is down")
        return read_metadata(self.document, self.issuer)

    async def keys(self, refresh: bool = False) -> KeySet:
        if refresh:
            self.refreshed += 1
            self.known = [self.key]
        return KeySet(list(self.known))

    async def refresh(self, refresh_token: str, client_id: str) -> TokenAnswer:
        self.refreshes.append(refresh_token)
        if self.down is not None:
            raise RequestError(self.down, "the provider is down")
        if refresh_token not in (self.given if self.one_use else {self.refresh_token}):
            raise GrantRefused(Code.PROVIDER_REFUSED, "token end point: 400 'invalid_grant'")
        self.given.discard(refresh_token)
        if not self.one_use:
            self.refresh_token = f"refresh-{len(self.refreshes)}"
        return self._answer(client_id, None)

    async def revoke(self, refresh_token: str, client_id: str) -> None:
        self.taken_back.append(refresh_token)
        if self.down is not None:
            raise RequestError(self.down, "the provider is down")

    def _answer(self, client_id: str, nonce: str | None) -> TokenAnswer:
        now = self.now()
        said = {
            "iss": self.issuer, "aud": client_id, "sub": self.user, "nonce": nonce, "iat": now,
            "exp": now + 3600, "name": self.user.title(), **self.claims, **self.changes,
        }
        said = {name: value for name, value in said.items() if value is not None}
        token = jwt.encode({"alg": "ES256", "kid": self.key.kid}, said, self.key, ["ES256"])
        if self.encrypt_to is not None:
            header = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT"}
            token = jwe.encrypt_compact(header, token, self.encrypt_to, algorithms=["ECDH-ES", "A256GCM"])
        again = self.refresh_token
        if self.one_use:
            self.issued += 1
            again = f"refresh-{self.issued}"
            self.given.add(again)
        return TokenAnswer(token, "access", again, self.lifetime)

    async def exchange(self, code: str, verifier: str, redirect_uri: str, client_id: str) -> TokenAnswer:
        self.tried.append(code)
        lost, self.lost = self.lost, None
        if lost is not None:
            raise lost
        asked = self.codes.pop(code, None)
        if asked is None or asked["redirect_uri"] != redirect_uri or asked["client_id"] != client_id:
            raise IdentityError(Code.PROVIDER_REFUSED, "unknown code")
        assert asked["code_challenge"] == challenge(verifier)
        return self._answer(client_id, asked["nonce"])

    async def member_groups(self, place: str, access_token: str) -> list[str]:
        assert access_token == "access"
        self.asked_places.append(place)
        if isinstance(self.elsewhere, Exception):
            raise self.elsewhere
        return self.elsewhere

    async def user_info(self, access_token: str) -> Mapping[str, object] | str:
        assert access_token == "access"
        self.asked_info += 1
        if isinstance(self.info, Exception):
            raise self.info
        return self.info

    async def claims_at(self, endpoint: str, access_token: str) -> Mapping[str, object] | str:
        self.asked_claims.append((endpoint, access_token))
        if isinstance(self.far, Exception):
            raise self.far
        return self.far

    async def push(self, parameters: Mapping[str, str]) -> Mapping[str, str]:
        self.pushed.append(dict(parameters))
        return {"client_id": parameters["client_id"], "request_uri": f"urn:pushed:{len(self.pushed)}"}

    def authorize(self, url: str, **changes: str | None) -> str:
        """The URL that the provider sends the browser to, once the user has signed in there."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if "request_uri" in asked:
            assert asked.keys() == {"client_id", "request_uri"}
            asked = self.pushed[int(asked["request_uri"].rpartition(":")[2]) - 1]
        self.issued += 1
        code = f"code-{self.issued}"
        self.codes[code] = asked
        answer: dict[str, str | None] = {"code": code, "state": asked["state"], "iss": self.issuer, **changes}
        said = {name: value for name, value in answer.items() if value is not None}
        return f"{asked['redirect_uri']}?{urlencode(said)}"


@dataclass
class World:
    """One node of the service. `ended`: how often the built-in provider's session was ended."""

    provider: FakeProvider = field(default_factory=FakeProvider)
    applications: tuple[Application, ...] = (WIKI, CRM, DOCS, OPEN)
    now: float = NOW
    ended: int = 0
    extra: Mapping[str, FakeProvider] = field(default_factory=dict)
    records: tuple[ProviderRecord, ...] = (RECORD,)
    device_origin: str = "https://device.example.com"

    #: What makes its store.
    store_of: Callable[[Snapshot, Callable[[], float]], MemorySignInStore] = MemorySignInStore

    def __post_init__(self) -> None:
        self.store = self.store_of(snapshot_of(*self.applications, records=self.records), lambda: self.now)
        #: The audit: actor, action, target, detail.
        self.noted: list[tuple[str, str, str, Mapping[str, object]]] = []
        self.store.note = self._note
        records = {record.id: record for record in self.records}
        providers = {
            id: OidcProvider(records.get(id, RECORD), client) for id, client in {"idp": self.provider, **self.extra}.items()
        }
        self.sign_in = SignIn(
            SignInPlace(SIGNIN, 443, self.device_origin), self.store, providers, TimeAndChance(lambda: self.now, Tokens()),
            builtin=BuiltInPages(end_session=self._end),
        )
        self.gate = Gate()
        self.own = ResourceHandler(self.sign_in.application_root)
        self.signin = ResourceHandler(self.sign_in.signin_root)
        self._device = ResourceHandler(self.sign_in.device_root)
        #: What browsers show where they are asked for certificates (DER).
        self.certificates: list[bytes] = []
        #: What reached an application: (application id, subject).
        self.reached: list[tuple[str, str]] = []

    def _note(self, actor: str, action: str, target: str = "", detail: Mapping[str, object] | None = None) -> None:
        self.noted.append((actor, action, target, detail or {}))

    async def _end(self, request: object, subject: str, onward: str) -> tuple[str, bytes]:
        self.ended += 1
        return onward, b"set-cookie: __Host-appproxy-provider=; Path=/; Secure; Max-Age=0\n"

    def handle(self, exchange: FakeExchange) -> None:
        """What the front does with a request."""
        head = exchange.head
        if head.host == "signin.example.com":
            self.signin(exchange)
        elif head.host == "device.example.com":
            exchange.shown_certificates = self.certificates
            self._device(exchange)
        elif head.target.startswith(b"/.appproxy/"):
            self.own(exchange)
        else:
            self._enter(exchange)

    def _enter(self, exchange: FakeExchange) -> None:
        head = exchange.head
        route = self.store.snapshot.router.find(head.host, head.target)
        application = route.application
        verdict = self.gate.check(head, route, self.store.snapshot, self.now)
        match verdict:
            case Pass(session):
                self.reached.append((application.id, "" if session is None else session.subject))
                exchange.answer(200, b"content-type: text/plain\n", b"welcome")
            case Refuse(code, _):
                exchange.answer(*error_page(code, exchange.id, False))
            case SignInRequired(demand=demand):
                exchange.answer(*self.sign_in.begin(head, application, exchange.id, self.now, demand))


NAVIGATION: Fields = [(b"sec-fetch-mode", b"navigate"), (b"accept", b"text/html,*/*;q=0.8")]


@dataclass
class Browser:
    """Keeps `__Host-` cookies by host as browsers do, and follows redirects."""

    world: World
    jars: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    #: All guards of a cookie must be on.
    strict: bool = True

    def request(
        self, url: str, method: bytes = b"GET", form: Mapping[str, str] | None = None, fields: Fields = NAVIGATION
    ) -> FakeExchange:
        """One request, without following."""
        exchange = self.send(url, method, form, fields)
        self.receive(url, exchange)
        return exchange

    def send(
        self, url: str, method: bytes = b"GET", form: Mapping[str, str] | None = None, fields: Fields = NAVIGATION
    ) -> FakeExchange:
        """One request, whose answer is still on its way: the browser does not have its cookies yet."""
        self.seen.append(url)
        host = str(urlsplit(url).hostname)
        lines = list(fields)
        # Cookies of this path alone come first.
        kept = [pair for key in (host + urlsplit(url).path, host) for pair in self.jars.get(key, {}).items()]
        if kept:
            lines.append((b"cookie", b"; ".join(name + b"=" + value for name, value in kept)))
        body = b""
        if form is not None:
            body = urlencode(form).encode()
            lines.append((b"content-type", b"application/x-www-form-urlencoded"))
        exchange = FakeExchange(head_for(url, method, lines, body), body)
        self.world.handle(exchange)
        assert exchange.over, "no answer"
        return exchange

    def receive(self, url: str, exchange: FakeExchange) -> None:
        """The answer has arrived."""
        for value in exchange.fields(b"set-cookie"):
            self._keep(str(urlsplit(url).hostname), value)

    def _keep(self, host: str, line: bytes) -> None:
        pair, *attributes = [part.strip() for part in line.split(b";")]
        name, _, value = pair.partition(b"=")
        [path] = [one.removeprefix(b"Path=").decode() for one in attributes if one.startswith(b"Path=")]
        assert path == "/" or (path.startswith("/.appproxy/at/") and b"Secure" in attributes)
        assert name.startswith(b"__Host-") or not self.strict or path != "/"
        assert b"Secure" in attributes or not name.startswith(b"__Host-"), "browsers refuse such a cookie"
        assert path == "/" or not name.startswith(b"__Host-"), "browsers refuse such a cookie"
        assert len(line) <= 4096, "browsers drop such a cookie"
        jar = self.jars.setdefault(host if path == "/" else host + path, {})
        if b"Max-Age=0" in attributes:
            jar.pop(name, None)
        else:
            assert not self.strict or b"HttpOnly" in attributes
            assert not self.strict or b"SameSite=Lax" in attributes
            jar[name] = value

    def open(self, url: str, until: str = "", limit: int = 10) -> FakeExchange:
        """Follow redirects, the provider's included, to the end, or to an address that begins with `until`."""
        for _ in range(limit):
            if url.startswith(ISSUER + "/authorize"):
                self.seen.append(url)
                url = self.world.provider.authorize(url)
                if until and url.startswith(until):
                    break
                continue
            exchange = self.request(url)
            location = exchange.field(b"location")
            if location is None:
                return exchange
            assert exchange.status == 303
            url = urljoin(url, location.decode())
            if until and url.startswith(until):
                break
        self.stopped_at = url
        return exchange

    def stop_at(self, url: str, until: str) -> str:
        """Follow redirects up to the address that begins with `until`, which is not visited; gives it."""
        self.stopped_at = ""
        self.open(url, until)
        assert self.stopped_at.startswith(until), self.stopped_at
        return self.stopped_at

    def session(self, host: str) -> dict[str, Any]:
        """What /.appproxy/session says."""
        said: dict[str, Any] = json.loads(self.request(f"https://{host}/.appproxy/session", fields=[]).content)
        return said
