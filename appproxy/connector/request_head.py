"""What the connector adds to a request that the service has prepared: Host, framing, and the upgrade that is allowed."""

from __future__ import annotations

from appproxy.connector.configuration import Target
from appproxy.http.writer import request_bytes
from appproxy.tunnel.messages import Request


def request_head(request: Request, target: Target, has_body: bool) -> tuple[bytes, bool]:
    """The head's bytes, and whether it asks for an upgrade. Raises RequestError(BAD_REQUEST)."""
    upgrade = request.upgrade
    if upgrade is not None and upgrade.lower() not in target.upgrades:
        upgrade = None
    host = request.authority if target.keep_host else target.authority
    length = request.length if has_body else 0
    head = request_bytes(request.method, request.target, host, request.block, length=length, upgrade=upgrade)
    return head, upgrade is not None
