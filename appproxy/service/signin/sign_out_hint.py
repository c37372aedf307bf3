"""Whose session the provider is to end: the ID token, kept by the browser in a sealed cookie of the sign-in host.

There it costs no request to an application anything, no row in the store, and it is where the sign-out passes anyway. A token
that does not fit is left out; then the provider is told the subject, and may ask the user.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from hashlib import sha256

from twisted.web.iweb import IRequest

from appproxy.errors import IdentityError
from appproxy.identity.cookie import HINT_COOKIE, clear_cookie, name_on_port, set_cookie
from appproxy.identity.sealing import seal_bytes, unseal_bytes
from appproxy.service.signin.browser_request import cookie_of
from appproxy.service.signin.context import SignInContext
from appproxy.store.snapshot import ProviderRecord

_PURPOSE = "sign-out hint"
#: Browsers keep 4,096 bytes of a cookie, name and attributes included.
_LONGEST = 3900


@dataclass(frozen=True, slots=True)
class SignOutHint:
    """The subject, and the ID token of the last sign-in."""

    subject: str
    id_token: str = field(repr=False)


def keep(context: SignInContext, record: ProviderRecord, hint: SignOutHint) -> bytes:
    """A Set-Cookie value that keeps it, or, when it does not fit, one that takes an older one away."""
    plain = zlib.compress(json.dumps([hint.subject, hint.id_token]).encode(), 9)
    if len(plain) * 4 // 3 < _LONGEST:
        value = seal_bytes(_PURPOSE, plain, context.key, context.nonce(), (record.id,))
        if len(value) <= _LONGEST:
            return set_cookie(_name(context, record), value)
    return gone(context, record)


def read(context: SignInContext, request: IRequest, record: ProviderRecord) -> SignOutHint | None:
    """The browser's, for this provider."""
    value = cookie_of(request, _name(context, record))
    if value is None:
        return None
    try:
        plain = unseal_bytes(_PURPOSE, value, context.snapshot.keys, (record.id,))
    except IdentityError:
        return None
    subject, id_token = json.loads(zlib.decompress(plain))  # sealed by us
    return SignOutHint(subject, id_token)


def gone(context: SignInContext, record: ProviderRecord) -> bytes:
    """A Set-Cookie value that takes it away."""
    return clear_cookie(_name(context, record))


def _name(context: SignInContext, record: ProviderRecord) -> bytes:
    return name_on_port(HINT_COOKIE + sha256(record.id.encode()).hexdigest()[:8].encode(), context.port)
