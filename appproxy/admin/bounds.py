"""What a field of some operations must be beyond its kind, as far as JSON Schema can say it: for the description of the API.

A bound here is never narrower than what the operation takes, else programs that check it would refuse what the service does
not. Grammars that no schema can say (URLs, PEM, settings, policies, names in any script) are checked by the operation alone:
422. So are lengths that are counted in another normal form of Unicode: as it is sent, a text may be longer or shorter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appproxy.export.formats import FORMATS
from appproxy.policy.conditional.replay import MOST_POLICIES
from appproxy.store.applications.asked import KEY
from appproxy.store.certificates.acme import HTTP_01, TLS_ALPN_01
from appproxy.store.service.audit_chain import KNOWN, NOBODYS

Schema = Mapping[str, Any]

#: In the place of a field: the body itself.
BODY = ""
#: `store.names.title`; what it says of printable signs and spaces has no short expression.
_TITLE: Schema = {"minLength": 1, "pattern": "^[^/]*$"}
#: `store.names.user_name`, before its letters are made small.
_USER_NAME: Schema = {"pattern": "^[a-zA-Z0-9][a-zA-Z0-9._@+-]{0,63}$"}
_SOME: Schema = {"minProperties": 1}
_CHALLENGE: Schema = {"enum": [HTTP_01, TLS_ALPN_01]}
#: `store.names.title` of groups, none of which may be given.
_TITLES: Schema = {"items": {"type": "string", **_TITLE}}
#: By operation and field.
_BOUNDS: Mapping[str, Mapping[str, Schema]] = {
    **{f"POST /{path}": {"name": _TITLE} for path in (
        "applications", "groups", "connector-groups", "providers", "directories", "service-tokens", "native-clients",
        "clients", "certificates", "device-authorities")},
    "PATCH /applications/{application}": {"settings": _SOME},
    "PATCH /applications/{application}/segments/{segment}": {"settings": _SOME},
    "PATCH /branding": {"settings": _SOME},
    "POST /users": {"name": _USER_NAME},
    "GET /user-check": {"name": _USER_NAME, "groups": _TITLES},
    "POST /invitations": {"name": _USER_NAME},
    "PATCH /directories/{directory}": {BODY: _SOME},
    "PATCH /native-clients/{native}": {BODY: _SOME},
    "PATCH /providers/{provider}": {BODY: _SOME},
    "POST /connector-tokens": {"uses": {"minimum": 1, "maximum": 1000}},
    "GET /audit-verification": {"after": {"pattern": "^[0-9]{1,15}$"}, "chain": {"enum": [KNOWN, NOBODYS]}},
    "POST /certificate-orders": {"name": _TITLE, "hosts": {"minItems": 1, "maxItems": 100}, "challenge": _CHALLENGE},
    "POST /certificate-orders/uncovered": {"challenge": _CHALLENGE},
    "POST /audit-exports": {"name": _TITLE, "format": {"enum": sorted(FORMATS)}},
    "GET /access-requests": {"after": {"pattern": f"^{KEY.pattern}$"}},
    "POST /policy-replay/report": {name: {"maxItems": MOST_POLICIES} for name in ("policies", "without")},
    "GET /risk/sign-ins": {"subject": {"minLength": 1, "maxLength": 255}},
}  # fmt: skip


def bounds_of(method: str, path: str, field: str) -> Schema:
    """Keywords of JSON Schema beside the kind of a field; none for most."""
    return _BOUNDS.get(f"{method} {path}", {}).get(field, {})


def bounded() -> Mapping[str, tuple[str, ...]]:
    """The fields that have some, by operation."""
    return {operation: tuple(fields) for operation, fields in _BOUNDS.items()}
