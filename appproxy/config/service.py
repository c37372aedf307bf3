"""Settings of the service: what a node needs before it can open the database. All else is in the database."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from appproxy.config.setting import dump, load, needed, setting, settings_of, table
from appproxy.config.traces import SampledTraceSettings
from appproxy.config.values import (
    Address,
    address,
    choice,
    database_url,
    dial_address,
    domain,
    flag,
    master_key,
    names,
    networks,
    node_name,
    number,
    optional,
    text,
    whole,
)
from appproxy.errors import ConfigError
from appproxy.http.proxies.trusted_proxies import FORWARDED, PROXY_PROTOCOL, X_FORWARDED_FOR

#: Workers of one service on one machine: as many as there are nodes of which connectors are told.
MOST_WORKERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLimits:
    """What users and connectors may cost us."""

    in_flight: int = setting(
        1_000, whole(1, 100_000), "Requests that one connector has at the same time; the others wait.", "requests")
    queue: int = setting(
        1_000, whole(0, 100_000), "Requests that wait for a connector of one group; the next gets 503.", "requests")
    queue_seconds: float = setting(
        10.0, number(0.1, 600), "How long a request waits for a connector before it gets 503.", "seconds")
    head_bytes: int = setting(
        32_768, whole(4_096, 32_768), "The head of a user's request; a larger one gets 431.", "bytes")
    head_fields: int = setting(100, whole(20, 100), "Field lines in the head of a user's request.", "lines")
    target_bytes: int = setting(
        8_192, whole(1_024, 8_192), "Path and query of a user's request; a longer one gets 414.", "bytes")
    user_connections: int = setting(
        0, whole(0, 1_000_000), "Connections of users at the same time; beyond it, the address with the most gives way.",
        "connections", default_text="half of the open files that the system allows this process")
    address_rate: float = setting(
        0.0, number(0, 1_000_000), "Requests that one address, of IPv6 one /64, may send to all hosts on average; one too\n"
        "many gets 429. 0: any number.", "requests a second")
    address_burst: int = setting(
        1_000, whole(1, 1_000_000), "With `address_rate`: how many of them at once.", "requests")
    total_rate: float = setting(
        0.0, number(0, 1_000_000), "Requests that all users together may send on average. 0: any number.",
        "requests a second")
    total_burst: int = setting(10_000, whole(1, 1_000_000), "With `total_rate`: how many of them at once.", "requests")
    handshake_seconds: float = setting(
        30.0, number(1, 300), "How long a TLS handshake may take, of users and of connectors.", "seconds")
    head_seconds: float = setting(20.0, number(1, 300), "How long the head of a request may take in all.", "seconds")
    body_rate: float = setting(
        240.0, number(0, 1e9), "The slowest upload that is waited for, over any 30 s; 0 for no limit.",
        "bytes a second")
    keep_alive_seconds: float = setting(
        75.0, number(1, 3_600), "How long a user's connection may be idle between requests.", "seconds")
    stall_seconds: float = setting(
        90.0, number(5, 3_600), "How long a user may take nothing of an answer before the connection is cut.",
        "seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSettings:
    """How risk is told: see docs/risk.md."""

    judge_sign_ins: bool = setting(
        True, flag, "Judge each sign-in by those of before, which are kept for it: who was where, with which browser.\n"
        "Without it the risk of sign-ins is unknown.")
    medium: float = setting(
        12.0, number(1, 100), "From how many points on a sign-in is of medium risk; `appproxy risk rates` says how often.",
        "points")
    high: float = setting(22.0, number(1, 100), "The same of high risk.", "points")
    lists: tuple[str, ...] = setting(
        (), names, "Files with networks that speak against a sign-in, such as those of anonymizers: one address or network\n"
        "a line. Each is called like its file. A file that changes is taken up.", "paths")

    def __post_init__(self) -> None:
        """Check them together."""
        if self.high <= self.medium:
            raise ConfigError("risk.high: must be more than risk.medium", hint="give more points")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """The file service.toml, checked. Paths are as written: relative ones count from the state directory."""

    domain: str = needed(
        domain, "The domain of this service. Users sign in at signin.DOMAIN and find their applications at\n"
        "apps.DOMAIN; connectors come to connect.DOMAIN.")
    listen: Address = setting(Address("0.0.0.0", 443), address, "Where users come in (HTTPS).", "HOST:PORT")
    tunnel_listen: Address = setting(
        Address("0.0.0.0", 8_443), address, "Where connectors come in; never the users' address.", "HOST:PORT")
    public_port: int = setting(
        0, whole(0, 65_535), "The port in the URLs that users see, where something in front of us translates it.\n"
        "It stays what it was at `init`: the URLs in the database have it.",
        default_text="the port of `listen`")
    tunnel_address: str = setting(
        "", optional(dial_address), "What connectors dial; it is written into join tokens.", "HOST:PORT",
        default_text="connect.DOMAIN, or this machine for NAME.localhost, and the port of `tunnel_listen`")
    tunnel_advertise: str | None = setting(
        None, optional(dial_address), "Where connectors dial this very node. Needed where several nodes share a database:\n"
        "each has an address of its own, where nothing else answers. Empty: it tells none.", "HOST:PORT")
    node_name: str | None = setting(
        None, optional(node_name), "What this node is called in `appproxy node list`.", "name",
        default_text="the machine's name")
    workers: int = setting(
        1, whole(1, MOST_WORKERS),
        "Processes that serve. More than one share the listeners behind a parent that starts them again,\n"
        "and each is a node: limits of connections and of what is under way count in each of them.", "processes")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = setting(
        (), networks, "Load balancers and proxies in front of us that are believed when they say who the client is.",
        "addresses and networks")
    trusted_proxies_say: str = setting(
        PROXY_PROTOCOL, choice(PROXY_PROTOCOL, X_FORWARDED_FOR, FORWARDED), "How they say it: `proxy-protocol` (version "
        "1 or 2, before TLS; a connection of theirs\nwithout it is closed) or the field `x-forwarded-for` or `forwarded` "
        "of each request.")
    admin_api: bool = setting(
        False, flag, "Let people and programs that have a role administer the service from elsewhere, at\n"
        "https://admin.DOMAIN. Without it only this machine's administrator can, by the commands here.")
    machine_sign_in_minutes: float = setting(
        15.0, number(1, 1_440), "How long ago somebody may have signed in who lets a command line elsewhere, or a\n"
        "connector, in by its code at https://admin.DOMAIN/device.", "minutes")
    certificate: str | None = setting(
        None, optional(text), "Certificate chain of the users' listener (PEM file, leaf first), for DOMAIN and\n"
        "*.DOMAIN. Without it the certificate is one of this service's own making, see trust-anchor.pem.", "path")
    key: str | None = setting(
        None, optional(text), "Private key of that certificate (PEM file without a passphrase).", "path")
    database_url: str | None = setting(
        None, optional(database_url), "The database: sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME.", "URL",
        default_text="the SQLite file appproxy.db in the state directory", secret=True)
    master_key: str = setting(
        "file", master_key, "Where the key that seals all secrets in the database comes from: `file` (master.key in\n"
        "the state directory), `env:NAME` (the environment variable NAME is the path of a file) or\n"
        "`credential:NAME` (a systemd credential).")
    kept_snapshot_hours: float = setting(
        24.0, number(0, 8_760), "With a database on a server: for how long after it was last seen a start may do without it,\n"
        "from what is kept sealed in snapshot.sealed. 0: never, and nothing is kept.", "hours")
    country_database: str | None = setting(
        None, optional(text), "The countries of addresses, for policies that ask about them: a file in MaxMind's format,\n"
        "such as GeoLite2-Country.mmdb. A new file in its place is taken up at once. Empty: no country is known.", "path")
    http2: bool = setting(
        True, flag, "Speak HTTP/2 with users whose programs offer it; HTTP/1.1 is spoken in any case.")
    metrics_listen: Address | None = setting(
        None, optional(address), "Where Prometheus reads metrics, and others /live and /ready, without sign-in; give an\n"
        "address that only they can reach. Empty: nowhere.", "HOST:PORT")
    acme_listen: Address | None = setting(
        None, optional(address), "Where certificate authorities look at our hosts without TLS (http-01), which they do at\n"
        "port 80; everybody else is sent to https. Empty: nowhere.", "HOST:PORT")
    audit_days: int = setting(
        0, whole(0, 36_500), "How long entries of the audit are kept; 30 days longer, if an export lacks them. 0: for ever.\n"
        "Those about nobody who is known: 90 days.",
        "days")
    access_log: str | None = setting(
        "access.log", optional(text), "The access log, one JSON object a line. Empty: none is written.", "path")
    decision_log: str | None = setting(
        None, optional(text), "What policies have decided, and from what: `appproxy policy replay` reads it. It has who\n"
        "asked for what from where. Empty: none is written.", "path")
    decision_log_size: int = setting(
        200, whole(2, 1_000_000), "How large it may become, in two files: the older one (PATH.1) is dropped in time.", "MiB")
    decision_log_sample: int = setting(
        100, whole(0, 1_000_000), "Beside each new decision, every so many-th request is in it; 0 for none.", "requests")
    decision_log_addresses: str = setting(
        "full", choice("full", "truncated"), "How addresses are in it: `full`, or `truncated` to the /24, of IPv6 the /48.")
    log_format: str = setting(
        "text", choice("text", "json"), "How the program's own log is written: text for people, json for machines.")
    stages: tuple[str, ...] = setting(
        (), names, "Stages of dispatching that other installed distributions bring, by the names of their entry points\n"
        "in the group appproxy.stages. Only what is named here is loaded.", "names")
    signer: str | None = setting(
        None, optional(text), "What signs requests on their way to applications, by the name of its entry point in the group\n"
        "appproxy.request_signers of another installed distribution. Empty: nothing does.", "name")
    drain_seconds: float = setting(
        30.0, number(0, 180), "At a stop: how long requests under way may go on.", "seconds")
    drain_streams_after: float = setting(
        0.5, number(0, 1), "At a stop, and when a connector stops: from which share of drain_seconds on open WebSockets and\n"
        "event streams are ended, one after the other, so that their users come back. 1: all are cut at its end.", "share")
    unready_seconds: float = setting(
        0.0, number(0, 180), "At a stop, before that: how long `/ready` says 503 while everybody is still served as ever, so\n"
        "that a load balancer which asks it sends nobody any more.", "seconds")
    strict: bool = setting(
        False, flag, "Send every body and every answer over a data connection of its own, none within a signal\n"
        "connection. Slower; for comparison and for networks that inspect each connection.")
    certificate_days: int = setting(
        365, whole(1, 825), "How long a new connector's certificate holds.", "days")
    renew_after_days: int = setting(
        180, whole(1, 824), "A connector asks for a new certificate when its own is this old.", "days")
    connector_days: int = setting(
        10, whole(0, 36_500), "A connector that no node has seen for so long is forgotten, and has to join again. 0: none is.",
        "days")
    risk: RiskSettings = table(RiskSettings)
    limits: ServiceLimits = table(ServiceLimits)
    traces: SampledTraceSettings = table(SampledTraceSettings)

    def __post_init__(self) -> None:
        """Fill in what follows from other settings, then check them together; ConfigError names the key."""
        if not self.public_port:
            object.__setattr__(self, "public_port", self.listen.port)
        if not self.tunnel_address:
            object.__setattr__(self, "tunnel_address", self._usual_tunnel_address())
        listeners = {"listen": self.listen, "tunnel_listen": self.tunnel_listen, "metrics_listen": self.metrics_listen,
                     "acme_listen": self.acme_listen}
        taken: dict[str, Address] = {}
        for key, one in listeners.items():
            if one is None:
                continue
            for other, another in taken.items():
                if one.clashes(another):
                    raise ConfigError(f"{key}: {one} is the address of {other} too", hint="give it a port of its own")
            taken[key] = one
        if (self.certificate is None) != (self.key is None):
            given, missing = ("certificate", "key") if self.key is None else ("key", "certificate")
            raise ConfigError(f"{missing}: is needed with {given}", hint="give both or none")
        if self.renew_after_days >= self.certificate_days:
            raise ConfigError(f"renew_after_days: a number below certificate_days ({self.certificate_days}) is needed")

    @property
    def signin_host(self) -> str:
        """Where users sign in."""
        return f"signin.{self.domain}"

    @property
    def apps_host(self) -> str:
        """The lists of applications."""
        return f"apps.{self.domain}"

    @property
    def device_host(self) -> str:
        """Where browsers are asked for a certificate of their device."""
        return f"device.{self.domain}"

    @property
    def device_origin(self) -> str:
        """`https://device.DOMAIN[:PORT]`."""
        return f"https://{self.device_host}{self.port_suffix}"

    @property
    def admin_host(self) -> str:
        """The admin API, where the setting `admin_api` has it."""
        return f"admin.{self.domain}"

    @property
    def admin_origin(self) -> str:
        """`https://admin.DOMAIN[:PORT]`."""
        return f"https://{self.admin_host}{self.port_suffix}"

    def _usual_tunnel_address(self) -> str:
        """A name below `localhost` is this machine (RFC 6761 section 6.3), but only some resolvers know that."""
        listen = self.tunnel_listen
        if not self.domain.endswith(".localhost"):
            return f"{self.connect_host}:{listen.port}"
        return str(Address("127.0.0.1", listen.port) if listen.everywhere else listen)

    @property
    def connect_host(self) -> str:
        """The TLS name of the connectors' listener."""
        return f"connect.{self.domain}"

    @property
    def port_suffix(self) -> str:
        """`:8443`, or nothing when users come in at 443."""
        return "" if self.public_port == 443 else f":{self.public_port}"

    @property
    def signin_origin(self) -> str:
        """`https://signin.DOMAIN[:PORT]`: the issuer of the built-in identity provider."""
        return f"https://{self.signin_host}{self.port_suffix}"

    @property
    def apps_origin(self) -> str:
        """`https://apps.DOMAIN[:PORT]`."""
        return f"https://{self.apps_host}{self.port_suffix}"


SERVICE_SETTINGS = settings_of(ServiceSettings)


def load_service(text: str, where: str) -> ServiceSettings:
    """Read service.toml; `where` is its name in errors. Raises ConfigError `WHERE: KEY: what is needed`."""
    return load(ServiceSettings, text, where)


def dump_service(settings: ServiceSettings) -> str:
    """The file that `appproxy init` writes: every setting explained, those at their default commented out."""
    plain = ServiceSettings(domain=settings.domain, listen=settings.listen, tunnel_listen=settings.tunnel_listen)
    shown = ServiceSettings(domain=settings.domain)
    heading = "Settings of the application proxy's service. Restart it after a change."
    return dump(settings, _Plain(plain, shown), heading)


class _Plain:
    """Defaults to compare with: computed ones follow the listeners in force, the listeners themselves do not."""

    def __init__(self, computed: ServiceSettings, shown: ServiceSettings) -> None:
        self._computed = computed
        self.listen = shown.listen
        self.tunnel_listen = shown.tunnel_listen

    def __getattr__(self, name: str) -> object:
        return getattr(self._computed, name)
