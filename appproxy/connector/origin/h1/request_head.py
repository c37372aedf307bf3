"""What the connector makes of a request's head that the service has prepared.

It adds Host, framing, and the upgrade that is allowed; and it reads whom the request counts for.
"""

from __future__ import annotations

from appproxy.connector.config.configuration import Target
from appproxy.http.h1.writer import request_bytes
from appproxy.tunnel.messages import Request
from appproxy.tunnel.shares import ADDRESS

#: Of a request that names nobody.
NOBODY = b"-"


def request_head(request: Request, target: Target, has_body: bool) -> tuple[bytes, bool]:
    """The head's bytes, and whether it asks for an upgrade. Raises RequestError(BAD_REQUEST)."""
    upgrade = request.upgrade
    if upgrade is not None and upgrade.lower() not in target.upgrades:
        upgrade = None
    host = request.authority if target.keep_host else target.authority
    length = request.length if has_body else 0
    head = request_bytes(request.method, request.target, host, request.block, length=length, upgrade=upgrade)
    return head, upgrade is not None


def share_of(request: Request) -> bytes:
    """Whom fair shares are counted for: a user, or an address where nobody signed in."""
    share = request.share
    return share if request.user != b"null" or share == NOBODY else ADDRESS + share
