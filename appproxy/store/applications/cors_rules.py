"""Rules for calls from other origins' pages: one for each path of an application that has any."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.paths import is_ambiguous
from appproxy.publish.application import Application, Url
from appproxy.publish.cors import ANY, CorsRule
from appproxy.store import names
from appproxy.store.paging import among
from appproxy.store.tables.core import cors_rules
from appproxy.store.transaction import Reading, Row, Transaction

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'+.^_`|~-]{1,64}")
_FIELD = re.compile(r"[a-z0-9!#$%&'+.^_`|~-]{1,64}\*?|\*")
_PATH = re.compile(r"/[!$-.0->@-~/]*")
#: Names and origins in one list.
_MOST = 100
#: A day; browsers remember for two hours to a day at most.
_LONGEST = 86_400
#: Browsers never send calls with these methods (Fetch: forbidden methods).
_FORBIDDEN = frozenset({"CONNECT", "TRACE", "TRACK"})
_WHAT = "CORS rule"


def checked(
    resource: str, *, origins: Sequence[str], methods: Sequence[str] = (), headers: Sequence[str] = (),
    exposed: Sequence[str] = (), credentials: bool = False, max_age: int = 5,
) -> CorsRule:
    """A rule as an admin wrote it. Raises ConfigError, which names the field and the fix."""
    if not origins:
        raise ConfigError("origins: name at least one, such as https://app.example.com")
    for key, values in (("origins", origins), ("methods", methods), ("headers", headers), ("exposed", exposed)):
        if len(values) > _MOST:
            raise ConfigError(f"{key}: {len(values)} are given, {_MOST} are possible")
    if not 0 <= max_age <= _LONGEST:
        raise ConfigError(f"max_age: {max_age} must be seconds from 0 to {_LONGEST}")
    fields = frozenset(_name(one, "headers") for one in headers)
    shown = tuple(dict.fromkeys(_name(one, "exposed", patterns=False) for one in exposed))
    allowed = frozenset(_origin(one) for one in origins)
    if credentials and ANY in allowed:
        raise ConfigError("origins: * lets every site in and cannot be together with credentials", hint="name the origins")
    if credentials and ANY in fields:
        raise ConfigError("headers: * cannot be together with credentials", hint="name the fields, or a beginning such as x-*")
    if ANY in allowed and len(allowed) > 1:
        raise ConfigError("origins: * is every origin", hint="leave the others out, or leave * out")
    host, path = _place(resource)
    return CorsRule(
        path, allowed, frozenset(_method(one) for one in methods), fields, shown, credentials, max_age, host
    )


def put(tx: Transaction, application: Application, rule: CorsRule, *, new: bool) -> None:
    """Keep a rule of an application. Raises AlreadyThere (`new`, and its place has one), NotFound, or ConfigError."""
    where = _is(application.id, rule.host, rule.path)
    there = tx.row(sa.select(cors_rules).where(where))
    if new and there is not None:
        raise names.AlreadyThere(f"there is already a CORS rule for {rule.resource}",
                                 hint="change it with `appproxy app cors set`")
    if not new and there is None:
        raise _not_found(tx, application.id, rule.resource)
    if not _is_reached(application, rule):
        raise ConfigError(f"resource: {application.name!r} is not published at {rule.resource}")
    values = {
        "origins": " ".join(sorted(rule.origins)),
        "methods": " ".join(sorted(rule.methods)),
        "headers": " ".join(sorted(rule.headers)),
        "exposed": " ".join(rule.exposed),
        "credentials": rule.credentials,
        "max_age": rule.max_age,
    }
    if new:
        tx.change(sa.insert(cors_rules).values(application=application.id, host=rule.host, path=rule.path, **values))
    else:
        tx.change(sa.update(cors_rules).where(where).values(**values))


def refuse_orphans(application: Application) -> None:
    """Raises ConfigError when a rule is for a place where its application, as it now is, is not published any more.

    Such a rule would do nothing, until somebody publishes that place again and wonders why it is open to others.
    """
    for rule in application.cors:
        if not _is_reached(application, rule):
            raise ConfigError(
                f"{application.name!r} would be published no more at {rule.resource}, for which there is a CORS rule; "
                f"remove that first: appproxy app cors remove {application.name} --resource {rule.resource}")


def remove(tx: Transaction, application: str, resource: str) -> CorsRule:
    """The application speaks for itself there again. Raises NotFound."""
    rule = find(tx, application, resource)
    tx.change(sa.delete(cors_rules).where(_is(application, rule.host, rule.path)))
    return rule


def find(reading: Reading, application: str, resource: str) -> CorsRule:
    """The rule of exactly this place. Raises NotFound or ConfigError."""
    row = reading.row(sa.select(cors_rules).where(_is(application, *_place(resource))))
    if row is None:
        raise _not_found(reading, application, resource)
    return rule_of(row)


def list_for(reading: Reading, application: str) -> list[CorsRule]:
    """All rules of an application, by path."""
    table = cors_rules
    statement = sa.select(table).where(table.c.application == application)
    return [rule_of(row) for row in reading.rows(statement.order_by(table.c.host, table.c.path))]


def by_application(reading: Reading, applications: Iterable[str] | None = None) -> dict[str, tuple[CorsRule, ...]]:
    """The rules of these applications (ids), or all, by the application's id."""
    found: dict[str, list[CorsRule]] = {}
    chosen = sa.select(cors_rules).order_by(cors_rules.c.application, cors_rules.c.host, cors_rules.c.path)
    for which in among(cors_rules.c.application, applications):
        for row in reading.rows(chosen.where(which)):
            found.setdefault(row["application"], []).append(rule_of(row))
    return {id_: tuple(rules) for id_, rules in found.items()}


def rule_of(row: Row) -> CorsRule:
    """The rule of one row."""
    return CorsRule(
        row["path"], frozenset(row["origins"].split()), frozenset(row["methods"].split()),
        frozenset(row["headers"].split()), tuple(row["exposed"].split()), row["credentials"], row["max_age"], row["host"],
    )


def _is_reached(application: Application, rule: CorsRule) -> bool:
    """Can a request to the application be at the rule's place, or below it?"""
    return any(
        (not rule.host or pair.covers(rule.host))
        and (rule.path.startswith(pair.external.path) or pair.external.path.startswith(rule.path))
        for pair in application.pairs)


def _is(application: str, host: str, path: str) -> sa.ColumnElement[bool]:
    table = cors_rules.c
    return (table.application == application) & (table.host == host) & (table.path == path)


def _not_found(reading: Reading, application: str, resource: str) -> names.NotFound:
    return names.not_found(_WHAT, resource, [rule.resource for rule in list_for(reading, application)])


def _place(resource: str) -> tuple[str, str]:
    """Host ("" for all) and path of `/api` or `https://api.example.com/v1`. Raises ConfigError."""
    if resource.startswith("https://"):
        url = Url.parse(resource, "resource")
        if url.is_wildcard:
            raise ConfigError(f"resource: {resource!r} has a star", hint="name one host, or only the path for all hosts")
        host, path = url.host, url.path
    else:
        host, path = "", resource if resource.endswith("/") else resource + "/"
    if not _PATH.fullmatch(path) or len(path) > 512 or is_ambiguous(path.encode("ascii")):
        raise ConfigError(f"resource: {resource!r} must be a plain path such as /api, or a URL such as "
                          "https://api.example.com/v1; all below it is meant, too")
    return host, path


def _origin(text: str) -> str:
    """As browsers write it. Raises ConfigError."""
    if text == ANY:
        return text
    if "*" in text:
        raise ConfigError(f"origins: {text!r} has a star", hint="name each origin exactly, or only * without credentials")
    parts = urlsplit(text) if text.isascii() else None
    if parts is None or parts.path or not text.startswith(("https://", "http://")):
        raise ConfigError(f"origins: {text!r} must be scheme, host and port without a path, such as https://app.example.com")
    return Url.parse(text.lower(), "origins").origin


def _method(text: str) -> str:
    """Browsers write the usual ones in capitals. Raises ConfigError."""
    name = text.upper()
    if not _TOKEN.fullmatch(name) or name in _FORBIDDEN:
        raise ConfigError(f"methods: {text!r} must be a method that a page can use, such as PUT or DELETE")
    return name


def _name(text: str, key: str, *, patterns: bool = True) -> str:
    name = text.lower()
    if not _FIELD.fullmatch(name) or (not patterns and "*" in name):
        star = ", or its beginning and a star" if patterns else ""
        raise ConfigError(f"{key}: {text!r} must be the name of a field{star}")
    return name
