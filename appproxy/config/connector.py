"""Settings of a connector. `appproxy connector join` writes them; the rest of what it knows comes from the service."""

from __future__ import annotations

from dataclasses import dataclass

from appproxy.config.outbound_proxy import credentials_source, proxy_url
from appproxy.config.setting import dump, load, needed, setting, settings_of, table
from appproxy.config.traces import TraceSettings
from appproxy.config.values import Address, choice, dial_address, domain, number, optional, text, whole
from appproxy.config.values import address as listen_address
from appproxy.errors import ConfigError

#: Workers of one connector: half of what a node takes (`tunnel.limits`), for after a reload there are twice as many.
MOST_WORKERS = 16
#: Idle data connections of one connector at one node: it closes the oldest beyond 1,100.
MOST_IDLE_OF_ALL = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """The data connections to each service node: each carries one body at a time."""

    least: int = setting(2, whole(0, 64), "Idle data connections that are kept ready.", "connections")
    most_idle: int = setting(
        64, whole(0, 1_024), "Idle data connections that are kept at most; surplus ones close, one a second.",
        "connections")
    most: int = setting(
        0, whole(0, 4_096), "Data connections in use for bodies and answers at the same time.", "connections",
        default_text="what open files allow, 4096 at most")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSettings:
    """The file connector.toml, checked."""

    address: str = needed(dial_address, "Where the service listens for connectors.", "HOST:PORT")
    name: str = needed(domain, "The name in the service's certificate there.")
    id: str = needed(text, "The id that the service gave to this connector when it joined.")
    outbound_proxy: str | None = setting(
        None, optional(proxy_url), "The HTTP proxy through which the service is dialled, by CONNECT: http://HOST:PORT;\n"
        "`none` for no proxy in any case. Names that NO_PROXY in the environment lists are dialled without one.", "URL",
        default_text="what HTTPS_PROXY in the environment says")
    outbound_proxy_credentials: str | None = setting(
        None, optional(credentials_source), "The user and the password for that proxy (Basic), as USER:PASSWORD: the\n"
        "path of a file, or `env:NAME` for a variable of the environment.", "path")
    lookup_seconds: float = setting(
        60.0, number(0, 86_400), "How often the service's name is looked up while connected, so that connections follow it\n"
        "to another address. 0: only for a new connection. Behind a proxy it is the proxy that looks names up.", "seconds")
    drain_seconds: float = setting(
        30.0, number(0, 180), "At a stop: how long requests under way may go on.", "seconds")
    workers: int = setting(
        1, whole(1, MOST_WORKERS), "Processes that serve, each with connections of its own to the service: for more than one\n"
        "processor core carries. What is bounded here is so in each of them.", "processes")
    in_flight: int = setting(
        1_000, whole(1, 100_000), "Requests that this connector takes at the same time.", "requests")
    streams: int = setting(
        10_000, whole(0, 100_000), "WebSockets, event streams and the like that one user may have here at the same time; an\n"
        "eighth of all is kept for others. Fewer where this machine allows too few open files.", "streams")
    metrics_listen: Address | None = setting(
        None, optional(listen_address),
        "Where Prometheus reads metrics, and others /live and /ready, without sign-in; give an\n"
        "address that only they can reach. Empty: nowhere.", "HOST:PORT")
    log_format: str = setting(
        "text", choice("text", "json"), "How the program's log is written: text for people, json for machines.")
    pool: PoolSettings = table(PoolSettings)
    traces: TraceSettings = table(TraceSettings)

    def __post_init__(self) -> None:
        """Check the settings together; ConfigError names the key."""
        if self.pool.least > self.pool.most_idle:
            raise ConfigError(f"pool.least: a number up to pool.most_idle ({self.pool.most_idle}) is needed")
        if self.workers > 1 and self.workers * self.pool.most_idle > MOST_IDLE_OF_ALL:
            most = MOST_IDLE_OF_ALL // self.workers
            raise ConfigError(f"pool.most_idle: a number up to {most} is needed with {self.workers} workers",
                              hint=f"a node of the service keeps {MOST_IDLE_OF_ALL} idle connections of one connector")


CONNECTOR_SETTINGS = settings_of(ConnectorSettings)


def load_connector(text: str, where: str) -> ConnectorSettings:
    """Read connector.toml; `where` is its name in errors. Raises ConfigError `WHERE: KEY: what is needed`."""
    return load(ConnectorSettings, text, where)


def dump_connector(settings: ConnectorSettings) -> str:
    """The file that `appproxy connector join` writes: every setting explained, those at their default commented."""
    plain = ConnectorSettings(address=settings.address, name=settings.name, id=settings.id)
    return dump(settings, plain, "Settings of an application proxy connector. Restart it after a change.")
