"""When a connector counts as started."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from appproxy.connector.node import ConnectorNode

#: How long a start waits for the service, in seconds. After that the connector counts as started and goes on dialling:
#: it must come up by itself when the service does.
PATIENCE = 20.0


async def is_welcomed(node: ConnectorNode, reactor: Any) -> bool:
    """Has the service welcomed it within a moment? Raises TurnedAway when the service does not want this connector."""
    connected: Deferred[bool] = Deferred()

    def go_on(answered: bool) -> None:
        if not connected.called:
            connected.callback(answered)

    node.ready.addCallbacks(lambda _: go_on(True), connected.errback)
    later = reactor.callLater(PATIENCE, go_on, False)
    try:
        return await connected
    finally:
        if later.active():
            later.cancel()


def said_when_ready(address: object, welcomed: bool) -> str:
    """What follows "ready" in the log."""
    if welcomed:
        return f"and connected to {address}"
    return f"but {address} does not answer yet; it is dialled again and again"
