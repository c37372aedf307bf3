"""Which session a browser has with a provider: a sealed cookie of the sign-in host names it.

By it the next application that the browser signs in to belongs to the same session, and a sign-out there ends that. It is
sent to no application.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256

from twisted.web.iweb import IRequest

from appproxy.errors import IdentityError
from appproxy.identity.cookie import SIGNED_IN_COOKIE, clear_cookie, name_on_port, set_cookie
from appproxy.identity.sealing import seal_bytes, unseal_bytes
from appproxy.service.signin.request.browser_request import cookie_of
from appproxy.service.signin.request.context import SignInContext
from appproxy.store.snapshot import ProviderRecord

_PURPOSE = "signed in"


@dataclass(frozen=True, slots=True)
class SignedInBrowser:
    """The session's id, and whose it is."""

    session: str
    subject: str


def keep(context: SignInContext, record: ProviderRecord, signed_in: SignedInBrowser) -> bytes:
    """A Set-Cookie value."""
    plain = json.dumps([signed_in.session, signed_in.subject]).encode()
    return set_cookie(_name(context, record), seal_bytes(_PURPOSE, plain, context.key, context.nonce(), (record.id,)))


def read(context: SignInContext, request: IRequest, record: ProviderRecord) -> SignedInBrowser | None:
    """The browser's, for this provider."""
    value = cookie_of(request, _name(context, record))
    if value is None:
        return None
    try:
        plain = unseal_bytes(_PURPOSE, value, context.snapshot.keys, (record.id,))
    except IdentityError:
        return None
    return SignedInBrowser(*json.loads(plain))  # sealed by us


def gone(context: SignInContext, record: ProviderRecord) -> bytes:
    """A Set-Cookie value that takes it away."""
    return clear_cookie(_name(context, record))


def _name(context: SignInContext, record: ProviderRecord) -> bytes:
    return name_on_port(SIGNED_IN_COOKIE + sha256(record.id.encode()).hexdigest()[:8].encode(), context.port)
