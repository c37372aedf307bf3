"""Operations on the nodes of the service."""

from __future__ import annotations

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.store.service import nodes
from appproxy.store.service.nodes import NodeRecord
from appproxy.store.transaction import Reading, Transaction


def _list(reading: Reading, call: Call) -> object:
    return [_node(one, call.context.now) for one in nodes.list_all(reading)]


def _show(reading: Reading, call: Call) -> object:
    return _node(nodes.find(reading, call.path["node"]), call.context.now)


def _remove(tx: Transaction, call: Call) -> Change:
    gone = nodes.remove(tx, call.path["node"])
    return Change(_node(gone, tx.now), gone.id, {"name": gone.name})


def _node(one: NodeRecord, now: float) -> dict[str, object]:
    """By the clocks of both machines: who lives other nodes judge by themselves."""
    silent = max(0.0, now - one.seen)
    return {
        "id": one.id, "name": one.name, "status": "active" if silent < nodes.SILENCE else "silent", "address": one.address,
        "version": one.version, "directory": one.directory, "started": one.started, "seen": one.seen,
    }


#: What a node's record says of it that no admin has changed.
_LIVE = ("status", "seen")

OPERATIONS: tuple[Operation, ...] = (
    Query("/nodes", "All nodes of the service: processes that serve from its database.", _list, page="id",
          permission=Permission.READ_SERVICE),
    Query("/nodes/{node}", "One node, by id or name.", _show, live=_LIVE, permission=Permission.READ_SERVICE),
    Command("DELETE", "/nodes/{node}", "node.remove", "Forget a node that is silent; by itself it is forgotten after a day.",
            _remove, permission=Permission.CHANGE_CONNECTORS),
)  # fmt: skip
