"""Node tokens: one line with which a machine becomes a node of a service; a secret, good once.

`appproxy-node1.` and base64url (no padding) of a JSON object: `v` 1, `d` the database's URL, `i` the token's id, `s` its
secret (32 bytes, base64url), `e` its expiry in seconds since 1970, `m` the database's schema and `p` the version of appproxy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from appproxy.errors import ConfigError
from appproxy.json_input import read_json
from appproxy.pki.tokens import SECRET_BYTES, from_base64, to_base64

PREFIX = "appproxy-node1."
_ANY = "appproxy-node"
_AGAIN = "copy the whole line that `appproxy node token` printed"


@dataclass(frozen=True, slots=True)
class NodeToken:
    """What a node token says. `database` may hold a password; `expires` in seconds since 1970."""

    database: str = field(repr=False)
    id: str
    secret: bytes = field(repr=False)
    expires: float
    schema: str
    program: str


def encode_node_token(token: NodeToken) -> str:
    """The one line that an admin copies."""
    body = {
        "v": 1, "d": token.database, "i": token.id, "s": to_base64(token.secret), "e": token.expires, "m": token.schema,
        "p": token.program,
    }
    return PREFIX + to_base64(json.dumps(body, separators=(",", ":")).encode())


def decode_node_token(text: str) -> NodeToken:
    """Read one; whether it has expired is not looked at. Raises ConfigError, which quotes nothing of it."""
    text = text.strip()
    if not text.startswith(PREFIX):
        if text.startswith(_ANY):
            raise ConfigError("node token: made by a newer appproxy", hint="upgrade appproxy on this machine")
        if text.startswith("appproxy"):
            raise ConfigError("node token: this one is for a connector", hint="`appproxy node token` prints one for a node")
        raise ConfigError(f"node token: must start with {PREFIX}", hint=_AGAIN)
    try:
        body = read_json(from_base64(text[len(PREFIX) :]))
    except ValueError as error:
        raise ConfigError("node token: cut off or mistyped", hint=_AGAIN) from error
    if not isinstance(body, dict) or body.get("v") != 1:
        raise ConfigError("node token: not of a version that this appproxy knows", hint=_AGAIN)
    expires = body.get("e")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or not 0 < expires < 1e11:
        raise ConfigError("node token: damaged (field e)", hint=_AGAIN)
    return NodeToken(
        database=_text(body, "d"), id=_text(body, "i"), secret=_secret(body), expires=float(expires), schema=_text(body, "m"),
        program=_text(body, "p"),
    )


def _text(body: dict[str, object], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ConfigError(f"node token: damaged (field {key})", hint=_AGAIN)
    return value


def _secret(body: dict[str, object]) -> bytes:
    try:
        secret = from_base64(_text(body, "s"))
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise ConfigError("node token: damaged (field s)", hint=_AGAIN)
    return secret
