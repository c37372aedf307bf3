"""What a field of an operation is made of: for the description of the API, and to read fields that come in a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from appproxy.errors import ConfigError

if TYPE_CHECKING:  # it comes with the store, which commands that ask from elsewhere do without
    from appproxy.admin.base.operation import Operation


class JsonKind(Enum):
    """What JSON has for a field."""

    TEXT = "text"
    TEXTS = "list of texts"
    FLAG = "true or false"
    WHOLE = "whole number"
    NUMBER = "number"
    DURATION = "time from now"
    MAPPING = "object of texts"
    DOCUMENT = "object"
    DOCUMENTS = "list of objects"


_KINDS: Mapping[JsonKind, frozenset[str]] = {
    JsonKind.TEXTS: frozenset({
        "algorithms", "amr", "applications", "contacts", "crl_urls", "exposed", "groups", "headers", "hosts", "keys",
        "methods", "networks", "ocsp", "origins", "post_logout_redirect_uris", "realms", "redirect_uris", "scopes", "servers",
        "sign_in", "users", "without"}),
    JsonKind.FLAG: frozenset({
        "approval",
        "agree_terms", "all", "backchannel_logout_session_required", "brief", "builtin", "credentials", "device_codes",
        "disabled", "dry_run", "fetch_groups", "force", "maintainer", "needs_approval", "ocsp_soft",
        "older", "older_crl", "prune"}),
    JsonKind.WHOLE: frozenset({"before", "checked", "days", "limit", "max_age", "uses", "wrong_passwords"}),
    JsonKind.NUMBER: frozenset({"idle_minutes", "refresh_minutes", "session_hours", "since", "until"}),
    JsonKind.DURATION: frozenset({"age", "duration", "expires", "grace", "longest", "overlap", "sign_in_age"}),
    JsonKind.MAPPING: frozenset({"claims", "device_subject", "settings"}),
    JsonKind.DOCUMENT: frozenset({"document"}),
    JsonKind.DOCUMENTS: frozenset({"policies"}),
}  # fmt: skip
#: Of a field by its name; all others are texts.
_BY_NAME = {name: kind for kind, names in _KINDS.items() for name in names}

#: The fields that a call cannot do without, where there are any.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "POST /applications": ("name", "internal", "external"),
    "PATCH /applications/{application}": ("settings",),
    "POST /applications/{application}/segments": ("external", "internal"),
    "PATCH /applications/{application}/segments/{segment}": ("settings",),
    "POST /applications/{application}/cors": ("origins",),
    "PUT /applications/{application}/logo": ("picture",),
    "POST /access-requests/{request}/approve": ("expires",),
    "POST /access-requests/{request}/deny": ("reason",),
    "POST /users": ("name", "password"),
    "GET /user-check": ("name",),
    "PUT /users/{user}/password": ("password",),
    "POST /groups": ("name",),
    "POST /invitations": ("name",),
    "POST /connectors/{connector}/move": ("group",),
    "POST /connector-groups": ("name",),
    "PATCH /connector-groups/{group}": ("needs_approval",),
    "POST /certificates": ("name", "certificate", "key"),
    "PUT /certificates/{certificate}": ("certificate", "key"),
    "POST /certificate-orders": ("name", "hosts"),
    "POST /providers": ("name",),
    "POST /directories": ("name", "kind"),
    "POST /directories/{directory}/groups": ("group",),
    "PUT /policies/{policy}": ("document",),
    "PUT /locations/{location}": ("document",),
    "PUT /strengths/{strength}": ("document",),
    "PUT /contexts/{context}": ("document",),
    "POST /configuration/difference": ("document",),
    "PUT /configuration": ("document",),
    "POST /device-authorities": ("name", "certificate"),
    "PUT /device-authorities/{authority}/crl": ("crl",),
    "POST /users/{user}/devices": ("name",),
    "GET /policy-explanation": ("application", "user"),
    "PATCH /branding": ("settings",),
    "POST /service-tokens": ("name",),
    "POST /native-clients": ("name", "applications"),
    "POST /clients": ("name", "redirect_uris"),
    "POST /audit-exports": ("name", "url"),
    "POST /role-assignments": ("role",),
    "DELETE /role-assignments": ("role",),
    "POST /role-entitlements": ("role",),
    "DELETE /role-entitlements": ("role",),
    "POST /role-requests": ("role", "reason"),
}


#: Of a number, at most: seconds since 1970 have ten.
_DIGITS = {JsonKind.WHOLE: 9, JsonKind.NUMBER: 10}


def kind_of(name: str) -> JsonKind:
    """What a field is made of."""
    return _BY_NAME.get(name, JsonKind.TEXT)


def required(operation: Operation) -> tuple[str, ...]:
    """The fields that it cannot do without."""
    return REQUIRED.get(f"{operation.method} {operation.path}", ())


def read_query(pairs: Sequence[tuple[str, str]]) -> dict[str, object]:
    """The fields that a query says: numbers as digits, `true` and `false`, lists by a name again and again, and so objects of
    texts, each with `KEY=VALUE`.

    Raises ConfigError for a name that comes twice and is no list's, and for what is not of its kind.
    """
    found: dict[str, object] = {}
    for name, text in pairs:
        kind = kind_of(name)
        if kind is JsonKind.TEXTS:
            texts = found.setdefault(name, [])
            assert isinstance(texts, list)
            texts.append(text)
        elif kind is JsonKind.MAPPING:
            pairs_said = found.setdefault(name, {})
            assert isinstance(pairs_said, dict)
            key, sign, value = text.partition("=")
            if not sign or key in pairs_said:
                raise ConfigError(f"{name}: KEY=VALUE is needed, each KEY once")
            pairs_said[key] = value
        elif name in found:
            raise ConfigError(f"{name}: is there twice")
        else:
            found[name] = _read(name, kind, text)
    return found


def in_query(value: object) -> object:
    """A value as `read_query` reads it, where a list says its name again and again."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return [f"{key}={text}" for key, text in value.items()]
    return list(value) if isinstance(value, tuple) else value


def _read(name: str, kind: JsonKind, text: str) -> object:
    if kind is JsonKind.FLAG:
        if text not in ("true", "false"):
            raise ConfigError(f"{name}: true or false is needed")
        return text == "true"
    if kind in (JsonKind.WHOLE, JsonKind.NUMBER):
        if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS[kind]):
            raise ConfigError(f"{name}: a whole number is needed")
        return int(text)
    if kind in (JsonKind.DOCUMENT, JsonKind.DOCUMENTS):
        raise ConfigError(f"{name}: cannot be said in a query", hint="send it as JSON")
    return text
