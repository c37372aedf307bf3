"""The settings of an application as an admin writes them, `KEY=VALUE`: one table of keys, each with its parser.

The database keeps the texts, only of what was set, and the snapshot's builder reads them with the same parsers; so a
default that changes with a new version reaches every application that did not choose otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from appproxy.errors import ConfigError
from appproxy.http.h1.request import LONGEST_METHOD
from appproxy.pki.pem import load_chain
from appproxy.publish.application import (
    CONNECTION_AUTHENTICATION,
    FILE_NAME,
    PROTOCOLS,
    VIEWS,
    Url,
)
from appproxy.store.applications.request_settings import (
    HEADER,
    REQUEST,
    header_rule,
    header_rules,
    request_field,
    request_fields,
    short,
    user_fields,
)
from appproxy.store.applications.response_settings import (
    RESPONSE,
    hsts_max_age,
    removed_fields,
    response_field,
    response_fields,
)

#: The longest session in hours; `keys.SEALING_KEY_KEEP` and `sessions.LONGEST` depend on it.
LONGEST_SESSION_HOURS = 720.0
#: Entra's two named back-end timeouts, in seconds.
_TIMEOUTS = {"default": 85.0, "long": 180.0}
_SWITCH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
#: A name, and perhaps a version (RFC 9110 section 7.8).
_PROTOCOL = re.compile(rf"{_TOKEN.pattern}(/{_TOKEN.pattern})?")
#: Those that applications usually have (RFC 9110 section 9.3, RFC 5789).
_STANDARD = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_PATH = re.compile(r"/[!-\"$-~]{0,1023}")
#: What `view` was called while it was about Host alone: `original` is `public` now. Scripts of admins may have it.
_OLD_VIEW = "host_header"
#: One application's addresses.
MOST_ORIGINS = 16
#: Signs of what the maintenance page says besides.
_LONGEST_NOTICE = 300
_SIZE = re.compile(r"([0-9]{1,12}) ?([kmgt]?)(?:i?b)?")


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: the field of `Application` that it sets, how its text is read, and what to tell an admin."""

    field: str
    parse: Callable[[str], Any]
    explanation: str


def _seconds(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        return _number(text, least, most, "seconds")

    return parse


def _number(text: str, least: float, most: float, unit: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise ValueError(f"must be a number of {unit} from {least:g} to {most:g}")
    return value


def _backend_timeout(text: str) -> float:
    return _TIMEOUTS.get(text.lower()) or _number(text, 1, 86400, "seconds (or default, or long)")


def _hours(text: str) -> float:
    return _number(text, 0.1, LONGEST_SESSION_HOURS, "hours")


def _switch(text: str) -> bool:
    value = _SWITCH.get(text.lower())
    if value is None:
        raise ValueError("must be yes or no")
    return value


def _same_site(text: str) -> str:
    if text.lower() not in ("lax", "none"):
        raise ValueError("must be lax or none; with strict a user who comes from the sign-in page would have no cookie")
    return text.lower()


def _view(text: str) -> str:
    if text.lower() not in VIEWS:
        raise ValueError("must be internal (requests speak of the application's own URL) or public (of what the user typed)")
    return text.lower()


def _ca_bundle(text: str) -> str:
    try:
        load_chain(text, "ca_bundle")
    except ConfigError as error:
        raise ValueError("must be certificates in PEM form, on the command line ca_bundle=@FILE") from error
    return text


def _server_name(text: str) -> str:
    if not _HOST.fullmatch(text.lower()):
        raise ValueError("must be a host name, as the application's certificate has it")
    return text.lower()


def _client_certificate(text: str) -> str:
    if not FILE_NAME.fullmatch(text):
        raise ValueError("must be the NAME of client-certificates/NAME.pem in the connector's state directory: a to z, "
                         "0 to 9, - and _")
    return text


def _max_connections(text: str) -> int:
    if text.lower() == "none":
        return 0
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 10_000:
        raise ValueError("must be none, or a number from 1 to 10000")
    return int(text)


def _origins(text: str) -> tuple[Url, ...]:
    if text.lower() == "none":
        return ()
    try:
        urls = tuple(Url.parse(one.strip(), "origins") for one in text.split(","))
    except ConfigError as error:
        raise ValueError(f"has a wrong one: {str(error).removeprefix('origins: ')}") from error
    if len(urls) > MOST_ORIGINS or any(url.path != "/" or url.is_wildcard for url in urls):
        raise ValueError(f"must be up to {MOST_ORIGINS} URLs with commas between, without path and without *")
    return urls


def _health_path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise ValueError("must be a path, with a query if need be, such as /health")
    return text


def _protocol(text: str) -> str:
    if text.lower() not in PROTOCOLS:
        raise ValueError("must be http1 or h2")
    return text.lower()


def _connection_authentication(text: str) -> str:
    if text.lower() not in CONNECTION_AUTHENTICATION:
        raise ValueError("must be auto, always or never")
    return text.lower()


def _upgrades(text: str) -> frozenset[str]:
    if text.lower() == "none":
        return frozenset()
    names = [name.strip().lower() for name in text.split(",")]
    if not all(_PROTOCOL.fullmatch(name) for name in names) or any(name.partition("/")[0] == "h2c" for name in names):
        raise ValueError("must be none, or protocols with commas between, such as websocket,spdy/3.1; h2c is not possible")
    return frozenset(names)


def _hosts(text: str) -> tuple[str, ...]:
    if text.lower() == "none":
        return ()
    hosts = tuple(dict.fromkeys(host.strip().lower().rstrip(".") for host in text.split(",")))
    if not all(_HOST.fullmatch(host) for host in hosts):
        raise ValueError("must be none, or host names with commas between, without https:// and without a star")
    return hosts


def _excluded_hosts(text: str) -> frozenset[str]:
    return frozenset(_hosts(text))


def _body_kinds(text: str) -> frozenset[str]:
    small = text.lower()
    if small == "none" or _SWITCH.get(small) is False:
        return frozenset()
    if _SWITCH.get(small):
        return frozenset({"html", "css"})
    kinds = frozenset(kind.strip() for kind in small.split(","))
    if not kinds <= {"html", "css", "javascript", "json", "xml", "events", "ndjson"}:
        raise ValueError(
            "must be yes (html and css), none, or some of html,css,javascript,json,xml,events,ndjson with commas between")
    return kinds


def _notice(text: str) -> str:
    if len(text) > _LONGEST_NOTICE or not text.isprintable():
        raise ValueError(f"must be one line of at most {_LONGEST_NOTICE} printable signs")
    return text


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("must be a date, a time and its distance to UTC, such as 2026-12-01T18:00+01:00 or 2026-12-01T17:00Z")
    if not 1970 < moment.year < 2200:
        raise ValueError("must be a time from 1971 to 2199")
    return moment.timestamp()


def _max_body(text: str) -> int | None:
    if text.lower() == "none":
        return None
    found = _SIZE.fullmatch(text.lower())
    if not found:
        raise ValueError("must be none, or a size such as 500k, 20M or 2G")
    return int(found[1]) * _UNITS[found[2]]


def _methods(text: str) -> frozenset[bytes]:
    if text.lower() == "none":
        return frozenset()
    names = [name.strip() for name in text.split(",")]
    if not all(_TOKEN.fullmatch(name) and len(name) <= LONGEST_METHOD for name in names):
        raise ValueError("must be none, or methods with commas between, such as GET,HEAD,POST")
    if {"CONNECT", "TRACE"} & {name.upper() for name in names}:
        raise ValueError("names CONNECT or TRACE, which never pass; leave them out")
    if any(name != name.upper() and name.upper() in _STANDARD for name in names):
        raise ValueError("has a method in lower case; methods are case-sensitive, such as GET,HEAD,POST")
    return frozenset(name.encode("ascii") for name in names)


SETTINGS: Mapping[str, Setting] = {
    "backend_timeout": Setting("backend_timeout", _backend_timeout,
                               "seconds that the application may take to begin its answer; default (85) or long (180)"),
    "connect_timeout": Setting("connect_timeout", _seconds(0.5, 60),
                               "seconds to connect to the application (10)"),
    "upgrade_idle_timeout": Setting("upgrade_idle_timeout", _seconds(10, 604800),
                                    "seconds of silence that end a WebSocket or an event stream (18000)"),
    "session_hours": Setting("session_hours", _hours, "hours until users must sign in again (12)"),
    "assignment_required": Setting("assignment_required", _switch,
                                   "yes: only assigned users and groups may enter (yes)"),
    "view": Setting("view", _view, "the place that requests speak of: internal (its own URL) or public (what the user typed)"),
    "forwarded_prefix": Setting("forwarded_prefix", _switch,
                                "yes: X-Forwarded-Prefix tells it the path that users have before its own (no)"),
    "via": Setting("via", _switch,
                   "no: neither requests nor answers have our Via, which keeps some servers from compressing (yes)"),
    "verify_tls": Setting("verify_tls", _switch, "no: believe any certificate of the application (yes)"),
    "ca_bundle": Setting("ca_bundle", _ca_bundle, "PEM certificates that vouch for the application's: ca_bundle=@FILE"),
    "server_name": Setting("server_name", _server_name,
                           "the name in the application's certificate, when its URL has another"),
    "client_certificate": Setting("client_certificate", _client_certificate,
                                  "NAME of client-certificates/NAME.pem on the connector, shown to the application"),
    "protocol": Setting("protocol", _protocol,
                        "what the application speaks: http1 (HTTP/1.1) or h2 (HTTP/2, over http without negotiation)"),
    "max_connections": Setting("max_connections", _max_connections,
                               "most connections to the application from each connector at the same time (none)"),
    "connection_authentication": Setting("connection_authentication", _connection_authentication,
                                         "connections that serve one user: auto (after NTLM or Negotiate), always, never"),
    "origins": Setting("origins", _origins,
                       "further URLs at which the same application lives: the least busy gets the next request"),
    "health_path": Setting("health_path", _health_path,
                           "with origins: what each is asked for; only those with a good answer get requests (none)"),
    "health_interval": Setting("health_interval", _seconds(1, 3600), "seconds between two such questions (10)"),
    "upgrades": Setting("upgrades", _upgrades, "protocols that a connection may change to (websocket), or none"),
    "robots_disallow": Setting("robots_disallow", _switch, "yes: tell search engines to stay away (yes)"),
    "maintenance": Setting("maintenance", _switch, "yes: only maintainers reach it; others get a page that says so (no)"),
    "maintenance_text": Setting("maintenance_text", _notice, "what that page says besides, in one line"),
    "maintenance_until": Setting("maintenance_until", _moment,
                                 "when it will be back, such as 2026-12-01T18:00+01:00 (not said)"),
    "strict": Setting("strict", _switch, "yes: every body and answer on its own connection of the tunnel (no)"),
    "alternate_hosts": Setting("alternate_hosts", _hosts,
                               "other host names of its external URL, with commas between (none)"),
    "excluded_hosts": Setting("excluded_hosts", _excluded_hosts,
                              "hosts that its wildcards do not stand for, with commas between (none)"),
    "max_body": Setting("max_body", _max_body, "the largest upload, such as 20M (none)"),
    "expect_continue": Setting("expect_continue", _switch,
                               "yes: ask the application before an upload over 1 MiB, or of unknown size, is sent (yes)"),
    "methods": Setting("methods", _methods, "the only methods that reach the application, such as GET,HEAD,POST (none: all)"),
    "cookie_secure": Setting("cookie_secure", _switch, "no: the access cookie lacks Secure and its safe name (yes)"),
    "cookie_http_only": Setting("cookie_http_only", _switch,
                                "no: scripts of the application can read the access cookie (yes)"),
    "cookie_persistent": Setting("cookie_persistent", _switch,
                                 "yes: the access cookie outlives the browser, for session_hours at most (no)"),
    "cookie_same_site": Setting("cookie_same_site", _same_site,
                                "lax, or none: the application works inside pages of other sites (lax)"),
    "wildcard_cookies": Setting("wildcard_cookies", _switch,
                                "yes: its own cookies may be for all hosts of its wildcard, which is its alone (no)"),
    "translate_headers": Setting("translate_headers", _switch,
                                 "yes: internal URLs and cookies in fields become public ones, and back (yes)"),
    "translate_body": Setting("translate_body", _body_kinds,
                              "answers whose URLs become public: some of html,css,javascript,json,xml,events,ndjson (none)"),
    "hsts_max_age": Setting("hsts_max_age", hsts_max_age,
                            "seconds for which browsers are to use https only, such as 31536000 (none)"),
    "hsts_subdomains": Setting("hsts_subdomains", _switch, "yes: hsts_max_age counts for names below the host too (no)"),
    "user_fields": Setting("user_fields", user_fields,
                           "fields that usually name a user and that users may send here, such as x-user-email (none)"),
    "removed_fields": Setting("removed_fields", removed_fields,
                              "fields that no answer is to have, such as server,x-powered-by (none)"),
}  # fmt: skip
#: Keys with a free name after their beginning.
_FAMILIES: Mapping[str, Callable[[str, str], Any]] = {
    HEADER: header_rule, REQUEST: request_field, RESPONSE: response_field,
}
#: Keys that are columns of their own; `applications.set_values` reads them.
COLUMNS: Mapping[str, str] = {
    "name": "what people call the application",
    "internal": "the URL that the connector calls",
    "external": "the URL that users type",
    "preauth": "oidc: users sign in first; passthrough: everybody reaches the application",
    "connector_group": "the group of connectors that can reach the application",
    "provider": "the identity provider that users sign in with",
}


def check_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """The settings (no columns) in the form that is stored: keys as spelled in the table. Raises ConfigError."""
    checked = dict(_renamed(_known(key), value) for key, value in texts.items())
    parse_settings({key: value for key, value in checked.items() if value})
    return checked


def parse_settings(texts: Mapping[str, str]) -> dict[str, Any]:
    """The fields of `Application` that these texts set. Raises ConfigError, which names the key and the fix."""
    fields: dict[str, Any] = {}
    families: dict[str, list[Any]] = {start: [] for start in _FAMILIES}
    for key, text in texts.items():
        start = key.partition(".")[0] + "."
        if start in _FAMILIES:
            families[start].append(_FAMILIES[start](key, text))
            continue
        name, text = _renamed(_known(key), text)
        setting = SETTINGS[name]
        try:
            fields[setting.field] = setting.parse(text)
        except ValueError as error:
            raise ConfigError(f"{key}: {short(text)} {error}") from error
    if fields.get("connection_authentication") == "always" and fields.get("protocol") == "h2":
        raise ConfigError("connection_authentication: always needs protocol=http1: connections of HTTP/2 are everybody's")
    if fields.get("cookie_same_site") == "none" and not fields.get("cookie_secure", True):
        raise ConfigError("cookie_same_site: none needs cookie_secure=yes, or browsers refuse the cookie")
    return fields | _of_families(families, fields.get("user_fields", frozenset()))


def _of_families(families: Mapping[str, list[Any]], from_users: frozenset[str]) -> dict[str, Any]:
    """What settings with free names make, of the families that are there. Raises ConfigError."""
    rules, added = header_rules(families[HEADER], from_users), response_fields(families[RESPONSE])
    made = {"headers": rules, "request_fields": request_fields(families[REQUEST], rules, from_users), "response_fields": added}
    return {field: values for field, values in made.items() if values}


def _renamed(key: str, value: str) -> tuple[str, str]:
    """A setting under the name that it has now."""
    if key == _OLD_VIEW:
        return "view", "public" if value == "original" else value
    return key, value


def _known(key: str) -> str:
    small = key.lower()
    if small.startswith((HEADER, REQUEST, RESPONSE)):
        return small
    name = small.replace("-", "_")
    if name in SETTINGS or name == _OLD_VIEW:
        return name
    keys = [*COLUMNS, *SETTINGS, HEADER + "NAME", REQUEST + "NAME", RESPONSE + "NAME"]
    near = get_close_matches(name, keys, 1)
    hint = f"did you mean {near[0]}?" if near else "`appproxy app keys` lists them"
    raise ConfigError(f"{key}: no such setting; {hint}")
