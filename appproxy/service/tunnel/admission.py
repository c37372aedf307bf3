"""What a connector hears that is not let in, as its record says."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred

from appproxy.errors import Code
from appproxy.store.connectors.connectors import AGAIN
from appproxy.store.snapshot import ConnectorRecord, ConnectorState, Snapshot
from appproxy.tunnel.messages import Goodbye


class ListenerStore(Protocol):
    """The store, as far as who may come in depends on it."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture of it."""
        ...

    def look(self) -> Deferred[bool]:
        """Take up what other nodes have committed; fires with whether the database has answered."""
        ...


UNKNOWN = Goodbye(Code.OVERLOADED, 5.0, False, "the database cannot be asked who this connector is")
OTHER_NODE = Goodbye(Code.OVERLOADED, 3.0, False, "this is another node, which has this connection already")
DUPLICATE = Goodbye(Code.DUPLICATE, 20.0, False, "another process uses this connector's certificate")
TOO_MANY_WORKERS = Goodbye(Code.OVERLOADED, 20.0, False, "this connector has as many workers here as a node takes")
REVOKED = Goodbye(Code.REVOKED, None, True, f"an administrator has revoked this connector; {AGAIN}")
_FORGOTTEN = Goodbye(Code.REVOKED, None, True, f"the service does not know this connector (any more); {AGAIN}")
_DRAINING = Goodbye(Code.SHUTTING_DOWN, 2.0, False, "this node is shutting down")


def refusal_of(id: str, record: ConnectorRecord | None, draining: bool) -> Goodbye | None:
    """Why the connector of this id may not come in; None: it may. `record`: what the store has of it, None for nothing.

    `draining`: this node takes nobody any more.
    """
    if record is None:
        return _FORGOTTEN
    if record.state is ConnectorState.REVOKED:
        return REVOKED
    if record.state is ConnectorState.PENDING:
        words = f"it waits for an administrator's approval, at the service: appproxy connector approve {id}"
        return Goodbye(Code.NOT_APPROVED, 15.0, False, words)
    return _DRAINING if draining else None
