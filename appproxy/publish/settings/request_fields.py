"""How an admin writes which fields of requests tell an application who the user is, and which ones users may send."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from appproxy.errors import ConfigError
from appproxy.http.refused import names_a_user, same_spelling
from appproxy.publish.settings.kinds import FIELD_VALUE, TOKEN

HEADER = "header."
REQUEST = "request."
#: In place of a value that may be secret.
HIDDEN = "(hidden)"
#: More would eat the room that a head has for the user's own fields.
_MOST = 10
_CLAIM = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")
#: Request fields that carry the message itself or where it came from: a claim in them would break or deceive.
_OURS = frozenset({
    "authorization", "cache-control", "connection", "cookie", "date", "expect", "forwarded", "host", "keep-alive",
    "origin", "pragma", "range", "referer", "te", "traceparent", "tracestate", "trailer", "transfer-encoding",
    "upgrade", "user-agent", "via", "x-real-ip", "x-request-id",
})  # fmt: skip
_OUR_PREFIXES = ("x-forwarded-", "x-appproxy-", "sec-", "proxy-", "content-", "accept", "if-", "access-control-")


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """Single sign-on by headers: put the user's `claim` into the request field `name` (lower case)."""

    name: str
    claim: str


@dataclass(frozen=True, slots=True)
class RequestField:
    """A field that every request to the application gets: its name (lower case) and its value."""

    name: str
    value: str = field(repr=False)


def may_be_secret(key: str) -> bool:
    """Fields that every request gets are often a password of the application."""
    return key.lower().startswith(REQUEST)


def user_fields(text: str) -> frozenset[str]:
    """Names with commas between, or none. Raises ValueError."""
    if text.lower() == "none":
        return frozenset()
    names = frozenset(name.strip().lower() for name in text.split(","))
    for name in sorted(names):
        if not TOKEN.fullmatch(name):
            raise ValueError("must be none, or names of fields with commas between, such as x-user-email")
        if not names_a_user(name.encode("ascii")):
            raise ValueError(f"lists {short(name)}, which is none of the fields that are cut because they name a user; "
                             "leave it out")
    return names


def header_rule(key: str, claim: str) -> HeaderRule:
    """One `header.NAME=CLAIM`. Raises ConfigError."""
    name = key.removeprefix(HEADER).lower()
    if not TOKEN.fullmatch(name):
        raise ConfigError(f"{key}: after `{HEADER}` the name of a request field is needed, such as {HEADER}x-user")
    spelled = _spelled(name)
    ours = spelled in _OURS or spelled.startswith(_OUR_PREFIXES)
    if ours and not names_a_user(spelled.encode("ascii")):  # Jenkins, for one, reads X-Forwarded-User
        raise ConfigError(f"{key}: this field belongs to HTTP or to appproxy", hint="choose another, such as x-user")
    if not _CLAIM.fullmatch(claim):
        raise ConfigError(f"{key}: {short(claim)} is not the name of a claim, such as email")
    return HeaderRule(name, claim)


def request_field(key: str, value: str) -> RequestField:
    """One `request.NAME=VALUE`. Raises ConfigError."""
    name = key.removeprefix(REQUEST).lower()
    if not TOKEN.fullmatch(name):
        raise ConfigError(f"{key}: after `{REQUEST}` the name of a request field is needed, such as {REQUEST}x-region")
    spelled = _spelled(name)
    if spelled.startswith("x-forwarded-prefix"):
        raise ConfigError(f"{key}: has a setting of its own", hint="use forwarded_prefix=yes")
    ours = spelled in _OURS or spelled.startswith(_OUR_PREFIXES)
    # An application that wants one password of everybody is one of those that such a field is for.
    if ours and spelled != "authorization" and not names_a_user(spelled.encode("ascii")):
        raise ConfigError(f"{key}: this field belongs to HTTP or to appproxy", hint="choose another, such as x-region")
    if not FIELD_VALUE.fullmatch(value):
        raise ConfigError(f"{key}: the value must be 1 to 1024 printable ASCII characters, without blanks at its ends")
    return RequestField(name, value)


def request_fields(
    fields: list[RequestField], rules: tuple[HeaderRule, ...], user_fields: frozenset[str],
) -> tuple[RequestField, ...]:
    """In order of their names. Raises ConfigError for too many, and for one that is set or let pass in another way, too."""
    if len(fields) > _MOST:
        raise ConfigError(f"{REQUEST}*: {len(fields)} fields are set, {_MOST} are possible", hint="remove some")
    taken = {_spelled(rule.name): HEADER + rule.name for rule in rules}
    taken |= {_spelled(name): "user_fields" for name in user_fields}
    for one in sorted(fields, key=lambda one: one.name):
        other = taken.setdefault(_spelled(one.name), REQUEST + one.name)
        if other != REQUEST + one.name:
            raise ConfigError(f"{REQUEST}{one.name}: is the same to applications as what {other} sets",
                              hint="keep one of them")
    return tuple(sorted(fields, key=lambda one: one.name))


def _spelled(name: str) -> str:
    return same_spelling(name.encode("ascii")).decode("ascii")


def header_rules(rules: list[HeaderRule], user_fields: frozenset[str]) -> tuple[HeaderRule, ...]:
    """In order of their names. Applications read `x_user` and `x-user` as the same, so both at once is refused.

    So is a field that users may send. Raises ConfigError.
    """
    from_users = set(map(_spelled, user_fields))
    seen: dict[str, str] = {}
    for rule in rules:
        if _spelled(rule.name) in from_users:
            raise ConfigError(f"user_fields: {rule.name} is set by {HEADER}{rule.name}, so users may not send it; "
                              "remove one of the two settings")
        other = seen.setdefault(_spelled(rule.name), rule.name)
        if other != rule.name:
            raise ConfigError(f"{HEADER}{rule.name}: is the same to applications as {HEADER}{other}", hint="keep one of them")
    return tuple(sorted(rules, key=lambda rule: rule.name))


def short(text: str) -> str:
    """The text in quotes, shortened for an error."""
    return repr(text if len(text) <= 40 else text[:37] + "...")
