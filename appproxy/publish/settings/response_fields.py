"""How an admin writes what every answer of an application gets, and what is left out of it."""

from __future__ import annotations

from appproxy.errors import ConfigError
from appproxy.publish.response_policy import UNTOUCHABLE, UNTOUCHABLE_PREFIXES, ResponseField
from appproxy.publish.settings.kinds import FIELD_VALUE, TOKEN

RESPONSE = "response."
#: Ten years; browsers cap it lower themselves.
LONGEST_HSTS = 315_360_000
#: More would eat the room that a head has for the application's own fields.
_MOST = 30


def hsts_max_age(text: str) -> int | None:
    """Seconds, or none. Raises ValueError."""
    if text.lower() == "none":
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) > LONGEST_HSTS:
        raise ValueError(f"must be none, or whole seconds from 0 to {LONGEST_HSTS}, such as 31536000 (a year)")
    return int(text)


def removed_fields(text: str) -> frozenset[str]:
    """Names with commas between, or none. Raises ValueError."""
    if text.lower() == "none":
        return frozenset()
    names = frozenset(name.strip().lower() for name in text.split(","))
    for name in names:
        if not TOKEN.fullmatch(name):
            raise ValueError("must be none, or names of fields with commas between, such as server,x-powered-by")
        if _is_untouchable(name):
            raise ValueError(f"cannot leave out {name}, which HTTP or appproxy needs")
    if len(names) > _MOST:
        raise ValueError(f"has more than {_MOST} names")
    return names


def response_field(key: str, value: str) -> ResponseField:
    """One `response.NAME=VALUE`. Raises ConfigError."""
    name = key.removeprefix(RESPONSE).lower()
    if not TOKEN.fullmatch(name):
        raise ConfigError(f"{key}: after `{RESPONSE}` the name of a field is needed, such as {RESPONSE}x-frame-options")
    if name == "strict-transport-security":
        raise ConfigError(f"{key}: has settings of its own", hint="use hsts_max_age and hsts_subdomains")
    if name.startswith("access-control-"):
        raise ConfigError(f"{key}: answers to other origins are not set by hand", hint="use the application's CORS rules")
    if _is_untouchable(name):
        raise ConfigError(f"{key}: this field belongs to HTTP or to appproxy", hint="choose another")
    if not FIELD_VALUE.fullmatch(value):
        raise ConfigError(f"{key}: the value must be 1 to 1024 printable ASCII characters, without blanks at its ends")
    return ResponseField(name, value)


def response_fields(fields: list[ResponseField]) -> tuple[ResponseField, ...]:
    """All of them, in order of their names. Raises ConfigError for too many."""
    if len(fields) > _MOST:
        raise ConfigError(f"{RESPONSE}*: {len(fields)} fields are set, {_MOST} are possible", hint="remove some")
    return tuple(sorted(fields, key=lambda field: field.name))


def _is_untouchable(name: str) -> bool:
    return name in UNTOUCHABLE or name.startswith(UNTOUCHABLE_PREFIXES)
