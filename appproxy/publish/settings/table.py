"""The table of an application's settings, in two parts: what connectors are sent, and what stays with the service.

To add a setting: a row here, the code that acts on it, its test, and what docs/publishing.md says of it (CONTRIBUTING.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from appproxy.errors import ConfigError
from appproxy.policy.rates import Rate
from appproxy.publish.response_policy import ResponseField
from appproxy.publish.settings import kinds, own_kinds
from appproxy.publish.settings.request_fields import HEADER, REQUEST, HeaderRule, RequestField, header_rule, request_field
from appproxy.publish.settings.response_fields import RESPONSE, response_field
from appproxy.publish.settings.setting import ValueKind, families_of, family, setting, settings_of
from appproxy.publish.url import Url

#: What settings are about, in the order of the page.
TOPICS = {
    "connection": "The connection to the application",
    "requests": "Requests",
    "place": "The place that it sees itself at",
    "sign-in": "Sign-in and its cookie",
    "list": "In users' list of applications",
    "programs": "Programs that sign in without a browser",
    "answers": "Answers",
    "hosts": "Hosts",
    "maintenance": "Maintenance",
}
#: The longest session in hours; `keys.SEALING_KEY_KEEP` and `sessions.LONGEST` depend on it.
LONGEST_SESSION_HOURS = 720.0
#: Cookies tell the last request to within five minutes (`identity.session.SEEN_EVERY`): less could not be told well.
LEAST_IDLE_MINUTES = 15.0
#: Entra's two named back-end timeouts, in seconds.
_TIMEOUTS = {"default": 85.0, "long": 180.0}
#: `internal`: requests speak of the internal URL only, as if the user had typed that. `public`: of the public one, and say
#: so as trusted proxies do.
VIEWS = ("internal", "public")
_VIEW = kinds.choice(
    *VIEWS, needed="must be internal (requests speak of the application's own URL) or public (of what the user typed)")
#: As messages to connectors have called it from the beginning, when it was about Host alone.
_HOST_HEADERS = {"internal": "internal", "public": "original"}
#: Where a user's requests go: anywhere; always to one address; to one, as long as that has not much more than others.
AFFINITIES = NO_AFFINITY, STRICT_AFFINITY, BOUNDED_AFFINITY = ("none", "user", "user-bounded")
_SAME_SITE = kinds.choice(
    "lax", "none", needed="must be lax or none; with strict a user who comes from the sign-in page would have no cookie")


def _view_from_json(value: object) -> str:
    for view, word in _HOST_HEADERS.items():
        if value == word:
            return view
    raise ValueError(f"{kinds.a_text(value)!r} is neither internal nor original")


VIEW = ValueKind(_VIEW.parse, _VIEW.text, _HOST_HEADERS.__getitem__, _view_from_json, _VIEW.examples)


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginSettings:
    """What connectors are sent. A newer service may say more, and an older one less: then the default holds.

    Rows that were added later are `sparse`, so that ten thousand applications do not pay for what few use.
    """

    connect_timeout: float = setting(
        10.0, kinds.number(0.5, 60, "seconds"), "connection", "seconds to connect to the application", "seconds")
    upgrade_idle_timeout: float = setting(
        5 * 3600.0, kinds.number(10, 604_800, "seconds"), "connection",
        "seconds of silence that end a WebSocket or an event stream", "seconds")
    #: One of `VIEWS`: which place Host, Origin, Referer and the forwarding fields of its requests speak of.
    view: str = setting(
        "internal", VIEW, "place", "the place that requests speak of: internal (its own URL) or public (what the user typed)",
        wire="host_header")
    verify_tls: bool = setting(True, kinds.SWITCH, "connection", "no: believe any certificate of the application")
    ca_bundle: str = setting(
        "", own_kinds.CA_BUNDLE, "connection", "PEM certificates that vouch for the application's: ca_bundle=@FILE")
    server_name: str = setting(
        "", own_kinds.SERVER_NAME, "connection", "the name in the application's certificate, when its URL has another")
    #: The name of a file of the connector: the certificate that it shows to the application.
    client_certificate: str = setting(
        "", own_kinds.CLIENT_CERTIFICATE, "connection",
        "NAME of client-certificates/NAME.pem on the connector, shown to the application")
    protocol: str = setting(
        "http1", kinds.choice("http1", "h2"), "connection",
        "what the application speaks: http1 (HTTP/1.1) or h2 (HTTP/2, over http without negotiation)")
    #: At the same time, from each connector; 0: any number.
    max_connections: int = setting(
        0, kinds.count(10_000), "connection", "most connections to the application from each connector at the same time")
    #: Does it authenticate connections, as with NTLM, and not each request?
    connection_authentication: str = setting(
        "auto", kinds.choice("auto", "always", "never"), "connection",
        "connections that serve one user: auto (after NTLM or Negotiate), always, never", sparse=True)
    #: Where else it lives beside `internal`; only scheme, host and port count.
    origins: tuple[Url, ...] = setting(
        (), own_kinds.ORIGINS, "connection",
        "further URLs at which the same application lives: the least busy gets the next request", sparse=True)
    #: What tells whether one of them is well; empty: nothing is asked. Seconds between two questions.
    health_path: str = setting(
        "", own_kinds.HEALTH_PATH, "connection",
        "with origins: what each is asked for; only those with a good answer get requests", sparse=True)
    health_interval: float = setting(
        10.0, kinds.number(1, 3600, "seconds"), "connection", "seconds between two such questions", "seconds", sparse=True)
    #: One of `AFFINITIES`.
    affinity: str = setting(
        NO_AFFINITY, kinds.choice(*AFFINITIES), "connection",
        "with origins: whether a user's requests stay at one address: none, user (until it is down), or user-bounded (or "
        "has much more to do than the others)", sparse=True)
    upgrades: frozenset[str] = setting(
        frozenset({"websocket"}), own_kinds.UPGRADES, "connection", "protocols that a connection may change to, or none",
        sparse=True)
    #: Hosts that none of its wildcards stands for.
    excluded_hosts: frozenset[str] = setting(
        frozenset(), own_kinds.EXCLUDED_HOSTS, "hosts", "hosts that its wildcards do not stand for, with commas between",
        sparse=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSettings(OriginSettings):
    """All settings. Only the service needs those that this class adds."""

    #: 85 s is what Entra calls the default back-end timeout; 180 s its long one.
    backend_timeout: float = setting(
        85.0, kinds.number(1, 86_400, "seconds", _TIMEOUTS), "connection",
        "seconds that the application may take to begin its answer; or default, or long (180)", "seconds")
    max_body: int | None = setting(None, kinds.SIZE, "requests", "the largest upload, such as 20M", "bytes")
    #: Those that reach it; empty: all that HTTP has.
    methods: frozenset[bytes] = setting(
        frozenset(), own_kinds.METHODS, "requests",
        "the only methods that reach the application, such as GET,HEAD,POST; none is all")
    #: How many requests it may be sent: by all together, by one address (of IPv6 its /64), by one user.
    rate: Rate | None = setting(
        None, own_kinds.RATE, "requests",
        "requests a second that all may send together, and how many at once, such as 200/1000; or none", "requests a second")
    address_rate: Rate | None = setting(
        None, own_kinds.RATE, "requests", "the same of one address, of IPv6 of its /64, such as 20/100", "requests a second")
    user_rate: Rate | None = setting(
        None, own_kinds.RATE, "requests", "the same of one user, or of one address where nobody signs in",
        "requests a second")
    #: Ask it before a large body is sent (`Expect: 100-continue`).
    expect_continue: bool = setting(
        True, kinds.SWITCH, "requests",
        "yes: ask the application before an upload over 1 MiB, or of unknown size, is sent")
    headers: tuple[HeaderRule, ...] = family(
        HEADER, header_rule, "requests",
        "the user's claim that the application gets in this request field, such as header.x-user=email")
    #: Fields that every request gets, with values of the admin's choice.
    request_fields: tuple[RequestField, ...] = family(
        REQUEST, request_field, "requests", "this field, with this value, in every request: request.x-region=north")
    #: Of the fields that usually tell who the user is, those that users may send themselves (lower case).
    user_fields: frozenset[str] = setting(
        frozenset(), own_kinds.USER_FIELDS, "requests",
        "fields that usually name a user and that users may send here, such as x-user-email")
    #: Every body and every answer on its own data connection: the published Entra flow, exactly.
    strict: bool = setting(
        False, kinds.SWITCH, "requests", "yes: every body and answer on its own connection of the tunnel")
    #: It is told in X-Forwarded-Prefix which path users have before its own.
    forwarded_prefix: bool = setting(
        False, kinds.SWITCH, "place", "yes: X-Forwarded-Prefix tells it the path that users have before its own")
    #: Requests and answers say that they came through us.
    via: bool = setting(
        True, kinds.SWITCH, "place",
        "no: neither requests nor answers have our Via, which keeps some servers from compressing")
    #: Internal URLs in fields become public ones and the other way round.
    translate_headers: bool = setting(
        True, kinds.SWITCH, "place", "yes: internal URLs and cookies in fields become public ones, and back")
    #: Of these kinds of bodies internal URLs become public ones.
    translate_body: frozenset[str] = setting(
        frozenset(), own_kinds.BODIES, "place",
        "answers whose URLs become public: some of html,css,javascript,json,xml,events,ndjson")
    assignment_required: bool = setting(
        True, kinds.SWITCH, "sign-in", "yes: only assigned users and groups may enter")
    #: For users, in their list of applications.
    listed: bool = setting(
        True, kinds.SWITCH, "list", "no: users who may open it do not find it in their list, and go to its address")
    description: str = setting(
        "", own_kinds.NOTICE, "list", "what users read about it in their list of applications, in one line")
    collections: frozenset[str] = setting(
        frozenset(), own_kinds.COLLECTIONS, "list",
        "the headings under which users find it there, such as Travel,Human resources")
    requestable: bool = setting(
        False, kinds.SWITCH, "list", "yes: users who may not open it find it there, too, and may ask for it")
    new_tab: bool = setting(False, kinds.SWITCH, "list", "yes: the list opens it in a tab of its own")
    #: By which policies name it together with others.
    tags: frozenset[str] = setting(
        frozenset(), own_kinds.TAGS, "sign-in", "tags by which policies name it, such as payroll,sensitive")
    #: Hours that an access cookie lasts at most.
    session_hours: float = setting(
        12.0, kinds.number(0.1, LONGEST_SESSION_HOURS, "hours"), "sign-in", "hours until users must sign in again", "hours")
    #: Minutes without a request after which a session counts no longer here; what the provider says of it counts, too.
    idle_minutes: float = setting(
        LONGEST_SESSION_HOURS * 60, kinds.number(LEAST_IDLE_MINUTES, LONGEST_SESSION_HOURS * 60, "minutes"), "sign-in",
        "minutes without a request until users must sign in again; their provider's idle_minutes counts, too", "minutes")
    #: One of `auto`, `always`, `never`: see `service.signin.freshness`.
    reauthentication: str = setting(
        "auto", kinds.choice("auto", "always", "never"), "sign-in",
        "who comes without a session must have proved who they are within: auto (session_hours and idle_minutes that are set "
        "here), always (those of the provider, too), or never has to")
    #: What programs may show in place of a cookie, and in which field.
    bearer: str = setting(
        "off", kinds.choice("off", "service-token", "provider", "both"), "programs",
        "what programs may sign in with: off (nothing), service-token, provider (an access token of the application's "
        "identity provider), or both")
    bearer_header: str = setting(
        "authorization", own_kinds.BEARER_HEADER, "programs",
        "the request field that programs send it in; with another one the application keeps Authorization for itself")
    bearer_basic: bool = setting(
        False, kinds.SWITCH, "programs", "yes: also as the password of Basic, which git and other old clients can send")
    bearer_forward: bool = setting(
        False, kinds.SWITCH, "programs", "yes: the application gets it too; otherwise it is cut out")
    #: What an access token of the provider must be; without audiences the application's own URLs count.
    bearer_audience: frozenset[str] = setting(
        frozenset(), own_kinds.WORDS, "programs",
        "what access tokens must be for, in place of the application's URL: names with commas between")
    bearer_scopes: frozenset[str] = setting(
        frozenset(), own_kinds.WORDS, "programs", "scopes that access tokens must have, all of them")
    bearer_clients: frozenset[str] = setting(
        frozenset(), own_kinds.WORDS, "programs", "client ids that access tokens may have been given to; none is any")
    bearer_issuers: frozenset[str] = setting(
        frozenset(), own_kinds.WORDS, "programs",
        "what access tokens may call their issuer, where that is not what the provider's ID tokens do")
    bearer_types: str = setting(
        "at+jwt", kinds.choice("at+jwt", "any"), "programs",
        "at+jwt: access tokens must say that they are; any: providers from before RFC 9068")
    bearer_introspection: bool = setting(
        False, kinds.SWITCH, "programs", "yes: the provider is asked about access tokens that are opaque")
    #: Programs that prove a certificate in TLS. The authority counts at this application alone.
    machine_authority: str = setting(
        "", own_kinds.CA_BUNDLE, "programs",
        "PEM certificates of the authority whose client certificates programs may show: machine_authority=@FILE")
    machine_subjects: frozenset[str] = setting(
        frozenset(), own_kinds.MACHINE_SUBJECTS, "programs",
        "which of them: parts of their subjects with commas between, one of which must be there, such as CN=press-*; * is all")
    machine_crl: str = setting(
        "", own_kinds.MACHINE_CRL, "programs", "PEM lists of those that are revoked: machine_crl=@FILE; none: nobody looks")
    #: Bytes of a posted form that are kept while its sender signs in again; None or 0: none is kept.
    kept_body: int | None = setting(
        2**20, kinds.SIZE, "sign-in",
        "the largest form that is kept, and sent after the sign-in, when a session has ended; none: none is", "bytes")
    #: The access cookie's attributes. Persistent: it outlives the browser, until the session ends.
    cookie_secure: bool = setting(
        True, kinds.SWITCH, "sign-in", "no: the access cookie lacks Secure and its safe name")
    cookie_http_only: bool = setting(
        True, kinds.SWITCH, "sign-in", "no: scripts of the application can read the access cookie")
    cookie_persistent: bool = setting(
        False, kinds.SWITCH, "sign-in", "yes: the access cookie outlives the browser, for session_hours at most")
    cookie_same_site: str = setting(
        "lax", _SAME_SITE, "sign-in", "lax, or none: the application works inside pages of other sites")
    #: Its own cookies may be for all hosts of its wildcard.
    wildcard_cookies: bool = setting(
        False, kinds.SWITCH, "hosts", "yes: its own cookies may be for all hosts of its wildcard, which is its alone")
    #: Other host names under which `external` answers too.
    alternate_hosts: tuple[str, ...] = setting(
        (), own_kinds.ALTERNATE_HOSTS, "hosts", "other host names of its external URL, with commas between")
    robots_disallow: bool = setting(
        True, kinds.SWITCH, "answers", "yes: tell search engines to stay away")
    #: Seconds for which browsers are to use https only (RFC 6797); None: the application's own field stays.
    hsts_max_age: int | None = setting(
        None, own_kinds.HSTS, "answers", "seconds for which browsers are to use https only, such as 31536000", "seconds")
    hsts_subdomains: bool = setting(
        False, kinds.SWITCH, "answers", "yes: hsts_max_age counts for names below the host too")
    #: Fields that every answer gets, and names (lower case) that none has.
    response_fields: tuple[ResponseField, ...] = family(
        RESPONSE, response_field, "answers", "this field, with this value, in every answer: response.x-frame-options=DENY")
    removed_fields: frozenset[str] = setting(
        frozenset(), own_kinds.REMOVED_FIELDS, "answers", "fields that no answer is to have, such as server,x-powered-by")
    #: Only maintainers reach it; everybody else is told so, and perhaps why, and when (seconds since 1970) it will be back.
    maintenance: bool = setting(
        False, kinds.SWITCH, "maintenance", "yes: only maintainers reach it; others get a page that says so")
    maintenance_text: str = setting("", own_kinds.NOTICE, "maintenance", "what that page says besides, in one line")
    maintenance_until: float | None = setting(
        None, own_kinds.MOMENT, "maintenance", "when it will be back, such as 2026-12-01T18:00+01:00")


SETTINGS = {one.key: one for one in settings_of(ApplicationSettings)}
#: Those that connectors are sent.
ORIGIN_SETTINGS = settings_of(OriginSettings)
#: By what their keys begin with.
FAMILIES = {one.start: one for one in families_of(ApplicationSettings)}


def check_together(settings: OriginSettings) -> None:
    """Raises ConfigError for two settings that do not go together."""
    if settings.connection_authentication == "always" and settings.protocol == "h2":
        raise ConfigError("connection_authentication: always needs protocol=http1: connections of HTTP/2 are everybody's")
    if isinstance(settings, ApplicationSettings) and settings.cookie_same_site == "none" and not settings.cookie_secure:
        raise ConfigError("cookie_same_site: none needs cookie_secure=yes, or browsers refuse the cookie")
