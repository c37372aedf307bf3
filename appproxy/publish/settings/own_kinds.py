"""How the values of settings are written: the kinds that only one setting has."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from appproxy.errors import ConfigError
from appproxy.http.h1.request import LONGEST_METHOD
from appproxy.http.refused import OF_THE_CONNECTION, WORDS_OF_PROXIES
from appproxy.policy.conditional.documents.naming import TAG_NAME
from appproxy.policy.rates import Rate
from appproxy.publish.settings import kinds
from appproxy.publish.settings.request_fields import user_fields
from appproxy.publish.settings.response_fields import LONGEST_HSTS, hsts_max_age, removed_fields
from appproxy.publish.settings.setting import ValueKind, written
from appproxy.publish.url import Url

#: What may stand for a file on the connector: no path leads out of its directory.
FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
#: One application's addresses.
MOST_ORIGINS = 16
#: A name, and perhaps a version (RFC 9110 section 7.8).
_PROTOCOL = re.compile(rf"{kinds.TOKEN.pattern}(/{kinds.TOKEN.pattern})?")
#: Those that applications usually have (RFC 9110 section 9.3, RFC 5789).
_STANDARD = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_PATH = re.compile(r"/[!-\"$-~]{0,1023}")
_BODIES = frozenset({"html", "css", "javascript", "json", "xml", "events", "ndjson"})
#: A scope (RFC 6749 section 3.3), an audience or a client id, but for commas.
_WORD = re.compile(r"[!#-+\--\[\]-~]{1,255}")
_MOST_WORDS = 20
#: Requests a second, and how many at once; without that, what the rate brings in ten seconds.
_RATE = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,4})?)(?:/([0-9]{1,7}))?")
_LEAST_RATE, _MOST_RATE, _USUAL_BURST = 0.001, 1_000_000, 10
#: A part of a certificate's subject, as RFC 4514 calls it, and what it is like.
_SUBJECT = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,31}=[^,=]{1,255}")
#: Signs of what the maintenance page says besides.
_LONGEST_NOTICE = 300
#: Headings of one application, and signs of each: more would not fit on a phone.
_MOST_COLLECTIONS, _LONGEST_COLLECTION = 10, 40


def _rate(text: str) -> Rate | None:
    if text.lower() == "none":
        return None
    found = _RATE.fullmatch(text)
    a_second = float(found[1]) if found else 0.0
    burst = math.ceil(a_second * _USUAL_BURST) if found is None or found[2] is None else int(found[2])
    if not (_LEAST_RATE <= a_second <= _MOST_RATE and 1 <= burst <= _MOST_RATE):
        raise ValueError("must be none, requests a second such as 10 or 0.5, or with so many at once: 10/50")
    return Rate(a_second, burst)


def _rate_text(value: Rate | None) -> str:
    return "none" if value is None else f"{value.a_second!r}/{value.burst}".replace(".0/", "/")


def _ca_bundle(text: str) -> str:
    # Here, because X.509 costs a command of the command line more time than all else that it does.
    from appproxy.pki.pem import load_chain

    try:
        load_chain(text, "ca_bundle")
    except ConfigError as error:
        raise ValueError("must be certificates in PEM form, on the command line ca_bundle=@FILE") from error
    return text


def _machine_crl(text: str) -> str:
    if text.lower() == "none":
        return ""
    if "-----BEGIN X509 CRL-----" not in text:
        raise ValueError("must be lists of revoked certificates in PEM form, on the command line machine_crl=@FILE; or none")
    return text


def _machine_subjects(text: str) -> frozenset[str]:
    if text.lower() == "none":
        return frozenset()
    patterns = frozenset(one.strip() for one in text.split(","))
    if len(patterns) > _MOST_WORDS or not all(one == "*" or _SUBJECT.fullmatch(one) for one in patterns):
        raise ValueError(
            f"must be *, or up to {_MOST_WORDS} parts of subjects with commas between, such as CN=press-*,OU=Plant")
    return patterns


def _server_name(text: str) -> str:
    if not kinds.HOST.fullmatch(text.lower()):
        raise ValueError("must be a host name, as the application's certificate has it")
    return text.lower()


def _client_certificate(text: str) -> str:
    if not FILE_NAME.fullmatch(text):
        raise ValueError("must be the NAME of client-certificates/NAME.pem in the connector's state directory: a to z, "
                         "0 to 9, - and _")
    return text


def _plain_name(text: str) -> str:
    if text and not FILE_NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a plain name")
    return text


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


def _origins_from_json(value: object) -> tuple[Url, ...]:
    try:
        return tuple(Url.parse(text, "") for text in kinds.texts(value, "URLs"))
    except ConfigError as error:
        raise ValueError(str(error).removeprefix(": ")) from error


def _health_path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise ValueError("must be a path, with a query if need be, such as /health")
    return text


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
    if not all(kinds.HOST.fullmatch(host) for host in hosts):
        raise ValueError("must be none, or host names with commas between, without https:// and without a star")
    return hosts


def _excluded_hosts(text: str) -> frozenset[str]:
    return frozenset(_hosts(text))


def _body_kinds(text: str) -> frozenset[str]:
    small = text.lower()
    if small == "none" or kinds.is_no(small):
        return frozenset()
    if kinds.is_yes(small):
        return frozenset({"html", "css"})
    found = frozenset(kind.strip() for kind in small.split(","))
    if not found <= _BODIES:
        raise ValueError(
            "must be yes (html and css), none, or some of html,css,javascript,json,xml,events,ndjson with commas between")
    return found


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


def _moment_text(value: float | None) -> str:
    return "" if value is None else datetime.fromtimestamp(value, UTC).isoformat()


def _bearer_header(text: str) -> str:
    name = text.lower()
    if not kinds.TOKEN.fullmatch(name) or name.encode() in OF_THE_CONNECTION | WORDS_OF_PROXIES | {b"cookie"}:
        raise ValueError("must be the name of a request field, such as authorization or x-service-token")
    return name


def _words(text: str) -> frozenset[str]:
    if text.lower() == "none":
        return frozenset()
    words = frozenset(word.strip() for word in text.split(","))
    if len(words) > _MOST_WORDS or not all(_WORD.fullmatch(word) for word in words):
        raise ValueError(f"must be none, or up to {_MOST_WORDS} names with commas between, without blanks and quotes")
    return words


def _tags(text: str) -> frozenset[str]:
    if text.lower() == "none":
        return frozenset()
    tags = frozenset(tag.strip() for tag in text.split(","))
    if len(tags) > _MOST_WORDS or not all(TAG_NAME.fullmatch(tag) for tag in tags):
        raise ValueError(f"must be none, or up to {_MOST_WORDS} tags with commas between: a to z, 0 to 9, - and _")
    return tags


def _collections(text: str) -> frozenset[str]:
    if text.lower() == "none":
        return frozenset()
    named = frozenset(one.strip() for one in text.split(","))
    if len(named) > _MOST_COLLECTIONS or not all(0 < len(one) <= _LONGEST_COLLECTION and one.isprintable() for one in named):
        raise ValueError(
            f"must be none, or up to {_MOST_COLLECTIONS} headings with commas between, each of at most "
            f"{_LONGEST_COLLECTION} printable signs")
    return named


def _methods(text: str) -> frozenset[bytes]:
    if text.lower() == "none":
        return frozenset()
    names = [name.strip() for name in text.split(",")]
    if not all(kinds.TOKEN.fullmatch(name) and len(name) <= LONGEST_METHOD for name in names):
        raise ValueError("must be none, or methods with commas between, such as GET,HEAD,POST")
    if {"CONNECT", "TRACE"} & {name.upper() for name in names}:
        raise ValueError("names CONNECT or TRACE, which never pass; leave them out")
    if any(name != name.upper() and name.upper() in _STANDARD for name in names):
        raise ValueError("has a method in lower case; methods are case-sensitive, such as GET,HEAD,POST")
    return frozenset(name.encode("ascii") for name in names)


def _methods_text(value: frozenset[bytes]) -> str:
    return kinds.joined([name.decode("ascii") for name in value])


#: With an example that is one: a certificate is too long for a table.
CA_BUNDLE = kinds.text(_ca_bundle, "@FILE")
MACHINE_CRL = kinds.text(_machine_crl, "@FILE")
MACHINE_SUBJECTS = kinds.names(_machine_subjects, "patterns", "none", "CN=press-*,OU=Plant", "*")
SERVER_NAME = kinds.text(_server_name, "wiki.corp", "blog.corp")
CLIENT_CERTIFICATE = kinds.text(_client_certificate, "wiki", "blog-2", check=_plain_name)
ORIGINS: ValueKind[tuple[Url, ...]] = ValueKind(
    _origins, lambda urls: ",".join(map(str, urls)) or "none", lambda urls: [str(url) for url in urls], _origins_from_json,
    ("none", "http://wiki2.corp:8080,http://wiki3.corp:8080"))
HEALTH_PATH = kinds.text(_health_path, "/health", "/health?deep=1")
UPGRADES = kinds.names(_upgrades, "names", "none", "websocket,spdy/3.1", small=True)
ALTERNATE_HOSTS = written(_hosts, lambda hosts: ",".join(hosts) or "none", "none", "store.example.com,buy.example.com")
EXCLUDED_HOSTS = kinds.names(_excluded_hosts, "hosts", "none", "hr.example.com,payroll.example.com")
BODIES = kinds.names(_body_kinds, "names", "none", "html,css", "json")
NOTICE = kinds.text(_notice, "The new version comes.", "Back soon.")
MOMENT = written(_moment, _moment_text, "2026-12-01T18:00+01:00", "2026-12-01T17:30Z")
COLLECTIONS = kinds.names(_collections, "headings", "none", "Travel,Human resources")
TAGS = kinds.names(_tags, "tags", "none", "payroll,sensitive")
WORDS = kinds.names(_words, "names", "none", "api://orders,https://orders.example.com/", "read")
BEARER_HEADER = kinds.text(_bearer_header, "authorization", "x-service-token")
METHODS = written(_methods, _methods_text, "none", "GET,HEAD,POST")
HSTS = written(hsts_max_age, lambda value: "none" if value is None else str(value), "none", "31536000", f"{LONGEST_HSTS}")
USER_FIELDS = kinds.names(user_fields, "names", "none", "x-user-email", "x-webauth-user")
REMOVED_FIELDS = kinds.names(removed_fields, "names", "none", "server,x-powered-by")
RATE: ValueKind[Rate | None] = written(_rate, _rate_text, "none", "10/50", "0.5/5", "200")
