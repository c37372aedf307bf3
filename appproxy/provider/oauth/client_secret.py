"""Client authentication with a secret (RFC 6749 section 2.3.1): in the Authorization field, or in the form."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import unquote_plus

from appproxy.errors import Code, IdentityError


def with_secret(parameters: Mapping[str, str], authorization: str | None) -> Mapping[str, str]:
    """The parameters of a request with the id and secret of its Authorization field, "" or None for none.

    Raises IdentityError(TOKEN_REFUSED): the field cannot be read, or a secret comes in the form, too.
    """
    if not authorization:
        return parameters
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise _refuse("the Authorization field is not Basic")
    if "client_secret" in parameters:
        raise _refuse("two secrets")
    try:
        id, mark, secret = b64decode(encoded, validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _refuse("the Authorization field cannot be read") from error
    id, secret = unquote_plus(id), unquote_plus(secret)
    if not mark or not secret or parameters.get("client_id", id) != id:
        raise _refuse("the Authorization field names another client, or has no secret")
    return {**parameters, "client_id": id, "client_secret": secret}


def _refuse(detail: str) -> IdentityError:
    return IdentityError(Code.TOKEN_REFUSED, f"client authentication: {detail}")
