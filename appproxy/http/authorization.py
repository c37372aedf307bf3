"""Credentials in a request field (RFC 9110 section 11.6.2): Bearer (RFC 6750 section 2.1), and Basic (RFC 7617)."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error

from appproxy.errors import Code, IdentityError
from appproxy.http.head import Fields

#: Bytes of a credential. A token of a provider with some hundred groups stays below; a head has 32 KiB in all.
LONGEST = 16_384
#: token68 of RFC 9110 section 11.2, which Bearer tokens are made of.
_TOKEN = rb"[A-Za-z0-9._~+/-]+=*"
_BEARER = re.compile(rb"bearer +(%b)" % _TOKEN, re.IGNORECASE)
_BASIC = re.compile(rb"basic +([A-Za-z0-9+/]+=*)", re.IGNORECASE)
_BARE = re.compile(_TOKEN)


class AmbiguousCredential(IdentityError):
    """There are several, or one that cannot be read: which of them counts would be a guess."""


def read_credential(fields: Fields, name: bytes, *, basic: bool) -> bytes | None:
    """The token in the field `name` (lower case); None where there is none that is meant for us.

    `authorization` says its scheme: Bearer, or DPoP (RFC 9449), whose proof nobody here can check; any other is somebody
    else's. In another field a token may stand by itself. `basic`: it may be the password of Basic, with any user name.
    Raises AmbiguousCredential.
    """
    values = [value for key, value in fields if key == name]
    schemes = {value.partition(b" ")[0].lower() for value in values}
    is_standard = name == b"authorization"
    if is_standard and schemes.isdisjoint((b"bearer", b"dpop", b"basic") if basic else (b"bearer", b"dpop")):
        return None
    if not values:
        return None
    value = values[0]
    if len(values) > 1 or len(value) > LONGEST:
        raise AmbiguousCredential(Code.CREDENTIAL_REFUSED, "several credentials, or one that is too long")
    if found := _BEARER.fullmatch(value):
        return found[1]
    if basic and schemes == {b"basic"}:
        return _password(value)
    if not is_standard and _BARE.fullmatch(value):
        return value
    raise AmbiguousCredential(Code.CREDENTIAL_REFUSED, "a credential that cannot be read here")


def _password(value: bytes) -> bytes:
    found = _BASIC.fullmatch(value)
    try:
        _, colon, password = b64decode(found[1] if found else b"!", validate=True).partition(b":")
    except Base64Error as error:
        raise AmbiguousCredential(Code.CREDENTIAL_REFUSED, "Basic that cannot be read") from error
    if not colon or not _BARE.fullmatch(password):
        raise AmbiguousCredential(Code.CREDENTIAL_REFUSED, "Basic without a token as its password")
    return password
