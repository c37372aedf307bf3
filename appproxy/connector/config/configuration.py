"""What the connector knows of the applications: their targets, read from the service and kept on disk.

The service's answer to `GET /configuration` is a JSON object:

    {"version": 17, "trust": ["PEM", ...], "renew_after_days": 180, "applications": {"wiki": {
      "id": "wiki", "name": "Wiki", "internal": "https://wiki.corp:8443/base/", "external": "https://wiki.example.com/",
      "verify_tls": true, "connect_timeout": 10.0, ...}}}

where `...` are the settings of `publish.settings.table.OriginSettings`, and `segments` by their ids. Only what is listed there
is ever dialled. Unknown keys are passed over, so that a newer service can say more.

With `tag` the service names the applications that it tells of. Asked for what has changed since such a tag, it may answer with
that tag as `since`, only those applications that are new or changed, and the ids of those that are gone as `removed`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from appproxy.connector.config.files import write_private
from appproxy.errors import ConfigError
from appproxy.json_input import read_json
from appproxy.publish.application import Segment
from appproxy.publish.settings.table import ORIGIN_SETTINGS, OriginSettings, check_together
from appproxy.publish.url import Url

#: 10,000 applications with a few segments each, many of them with certificates; more is not a configuration but a
#: mistake.
MOST_BYTES = 32 * 1024 * 1024


_TAG = re.compile("[A-Za-z0-9]{0,64}")


@dataclass(frozen=True, slots=True)
class OriginAddress:
    """Where connections go, and how they are secured: targets of one application with an equal one share connections."""

    scheme: str
    host: str
    port: int
    verify_tls: bool = True
    ca_bundle: str = field(default="", repr=False)
    #: The name in the certificate and in SNI; empty: the host's.
    server_name: str = ""
    #: Of the connector's files that with the certificate to show; empty: none.
    client_certificate: str = ""
    #: `http1`, or `h2`: HTTP/2, agreed on by ALPN with TLS, and known beforehand (h2c) without.
    protocol: str = "http1"
    #: At the same time, from this connector; 0: any number.
    max_connections: int = 0
    #: Whose they are: two applications share none, whatever machine they lead to.
    application: str = ""
    #: Does the application authenticate connections, and not each request? "auto", "always" or "never".
    connection_authentication: str = "auto"

    @property
    def secure(self) -> bool:
        """Does it want TLS?"""
        return self.scheme == "https"


@dataclass(frozen=True, slots=True)
class Target:
    """One application as the connector sees it. Times in seconds."""

    application: str
    address: OriginAddress
    #: What its own Host field says: its name, and the port unless that is the scheme's own.
    authority: bytes
    #: The application sees the name that the user typed instead.
    keep_host: bool
    connect_timeout: float
    upgrade_idle_timeout: float
    upgrades: frozenset[bytes]
    #: For a wildcard: both URLs, of which `address` and `authority` then have a star, too; and hosts that it does not
    #: stand for.
    wildcard: Segment | None = None
    excluded_hosts: frozenset[str] = frozenset()
    #: Where else it lives; a wildcard, and further segments, have none.
    others: tuple[OriginAddress, ...] = ()
    #: What tells whether an address is well; empty: nothing is asked. Only with `others`.
    health_path: str = ""
    health_interval: float = 10.0
    #: What admins call it; for logs.
    name: str = ""
    #: All that the service says of it. What is above was worked out of them, once for all requests.
    settings: OriginSettings = OriginSettings()


@dataclass(frozen=True, slots=True)
class Configuration:
    """All targets by name, and the service's version number of them; 0: none was ever read.

    The name is the application's id; for one of its segments, a dot and the segment's id follow.
    """

    version: int = 0
    #: The anchors that the service's certificate may come from, PEM; empty: as before.
    trust: tuple[str, ...] = ()
    targets: Mapping[str, Target] = field(default_factory=dict)
    #: What the service said of each application, by its id: what it says again need not be read again.
    entries: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False, compare=False)
    #: How the service calls what it said of them; "": it does not.
    tag: str = ""

    def text(self) -> bytes:
        """The same as `parse_configuration` reads it. One application at a time: other threads can do something in between."""
        said = json.dumps({"version": self.version, "trust": self.trust, "tag": self.tag})
        entries = ", ".join(f"{json.dumps(id_)}: {json.dumps(entry)}" for id_, entry in self.entries.items())
        return f'{said[:-1]}, "applications": {{{entries}}}}}'.encode()


def parse_configuration(text: bytes, before: Configuration | None = None) -> Configuration:
    """Read what the service, or the file, says. Raises ConfigError, which names the application and the key.

    `before`: the configuration until now; of applications that are the same there, the targets are its very objects, and
    what has changed since its tag is put together with it.
    """
    if len(text) > MOST_BYTES:
        raise ConfigError(f"configuration: {len(text)} bytes are more than the {MOST_BYTES} that are taken")
    try:
        data = read_json(text, None)  # megabytes of somebody who is trusted: not looked through twice
    except ValueError as error:
        raise ConfigError(f"configuration: not JSON ({error})") from error
    if not isinstance(data, dict) or not isinstance(data.get("applications"), dict):
        raise ConfigError("configuration: an object with applications by id is needed")
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise ConfigError("configuration: version: a whole number is needed")
    trust = data.get("trust", [])
    if not isinstance(trust, list) or not all(isinstance(each, str) for each in trust):
        raise ConfigError("configuration: trust: a list of certificates is needed")
    tag = data.get("tag", "")
    if not isinstance(tag, str) or not _TAG.fullmatch(tag):
        raise ConfigError("configuration: tag: up to 64 letters and digits are needed")
    before = before or Configuration()
    entries = _put_together(data, before) if "since" in data else data["applications"]
    return Configuration(version, tuple(trust), _targets(entries, before), entries, tag)


def _put_together(data: Mapping[str, Any], before: Configuration) -> dict[str, Mapping[str, object]]:
    """All applications, from those of before and what is another. Raises ConfigError."""
    removed = data.get("removed")
    if not before.tag or data["since"] != before.tag:
        raise ConfigError("configuration: since: what has changed is told of another configuration than the one that is here")
    if not isinstance(removed, list) or not all(isinstance(each, str) for each in removed):
        raise ConfigError("configuration: removed: a list of ids is needed")
    gone = frozenset(removed)
    entries = {id_: entry for id_, entry in before.entries.items() if id_ not in gone}
    entries.update(data["applications"])
    return entries


def _targets(entries: Mapping[str, object], before: Configuration) -> dict[str, Target]:
    targets: dict[str, Target] = {}
    for name, entry in entries.items():
        if not isinstance(entry, dict):
            raise ConfigError(f"configuration: {name}: an object is needed")
        known = entry == before.entries.get(name)
        own = targets[name] = before.targets[name] if known else _target(name, entry)
        segments = entry.get("segments")
        if segments and known:
            targets.update((f"{name}.{id_}", before.targets[f"{name}.{id_}"]) for id_ in segments)
        elif segments:
            targets.update(_segments(name, own, segments))
    return targets


def _segments(name: str, own: Target, segments: object) -> Iterator[tuple[str, Target]]:
    """An application's other targets: what is said of the first holds for them, but for the URLs."""
    if not isinstance(segments, dict):
        raise ConfigError(f"configuration: {name}: segments: an object is needed")
    for id_, entry in segments.items():
        where = f"{name}.{id_}"
        if not isinstance(entry, dict):
            raise ConfigError(f"configuration: {where}: an object is needed")
        url = Url.parse(_text(entry, "internal", where), f"configuration: {where}: internal")
        address = replace(own.address, scheme=url.scheme, host=url.host, port=url.port)
        yield where, replace(own, others=(), health_path="", address=address, authority=url.authority.encode("ascii"),
                             wildcard=_wildcard(where, entry, url))


def _wildcard(name: str, entry: Mapping[str, object], internal: Url) -> Segment | None:
    if not internal.is_wildcard:
        return None
    external = Url.parse(_text(entry, "external", name), f"configuration: {name}: external")
    if not external.is_wildcard:
        raise ConfigError(f"configuration: {name}: external: {external} is no wildcard, and {internal} is")
    return Segment(external, internal)


def _target(name: str, entry: Mapping[str, object]) -> Target:
    url = Url.parse(_text(entry, "internal", name), f"configuration: {name}: internal")
    settings = _settings(name, entry)
    address = OriginAddress(
        url.scheme, url.host, url.port, settings.verify_tls, settings.ca_bundle, settings.server_name,
        settings.client_certificate, settings.protocol, settings.max_connections, name, settings.connection_authentication)
    others = () if url.is_wildcard else tuple(
        replace(address, scheme=one.scheme, host=one.host, port=one.port) for one in settings.origins)
    return Target(
        name, address, url.authority.encode("ascii"), settings.view == "public", settings.connect_timeout,
        settings.upgrade_idle_timeout, frozenset(each.encode("ascii") for each in settings.upgrades),
        _wildcard(name, entry, url), settings.excluded_hosts, others, settings.health_path if others else "",
        settings.health_interval, _text(entry, "name", name, name), settings,
    )


def _settings(name: str, entry: Mapping[str, object]) -> OriginSettings:
    """The rows of the table that are sent to connectors; what is not there has its default. Raises ConfigError."""
    found: dict[str, Any] = {}
    for one in ORIGIN_SETTINGS:
        if one.wire in entry:
            try:
                found[one.key] = one.kind.from_json(entry[one.wire])
            except ValueError as error:
                raise ConfigError(f"configuration: {name}: {one.wire}: {error}") from error
    settings = OriginSettings(**found)
    try:
        check_together(settings)
    except ConfigError as error:
        raise error.at(f"configuration: {name}") from None
    return settings


def _text(entry: Mapping[str, object], key: str, where: str, default: str | None = None) -> str:
    value = entry.get(key, default)
    if not isinstance(value, str):
        raise ConfigError(f"configuration: {where}: {key}: a text is needed")
    return value


class ConfigurationCache:
    """The last good configuration on disk, so that a connector can start while the service is away."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Configuration:
        """What was kept; an empty configuration when there is no file. Raises ConfigError that names the file."""
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return Configuration()
        except OSError as error:
            raise ConfigError(f"{self._path}: cannot be read ({error.strerror})") from error
        try:
            return parse_configuration(text)
        except ConfigError as error:
            raise ConfigError(f"{self._path}: {error}", hint="delete the file, it will be read again") from error

    def save(self, text: bytes) -> None:
        """Keep this text, all of it or nothing."""
        write_private(self._path, text)


#: Told of every new configuration.
Taker = Callable[[Configuration], None]
