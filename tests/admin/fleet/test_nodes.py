"""Operations on nodes."""

from __future__ import annotations

import pytest

from appproxy.errors import AppProxyError
from appproxy.store.service import nodes
from appproxy.store.service.nodes import NodeRecord
from tests.admin.conftest import NOW, Desk

ONE = NodeRecord("0001", "one", "/one", "one.example.com:8443", "1.0")
TWO = NodeRecord("0002", "two", "/two", "two.example.com:8443", "1.0")


def test_the_nodes_are_listed_and_forgotten(desk: Desk) -> None:
    """Those that are silent, too, until an admin has seen enough of them; one that lives is no admin's to forget."""
    for own, seen in ((ONE, NOW), (TWO, NOW - nodes.SILENCE)):
        with desk.store.transaction(seen) as tx:
            nodes.beat(tx, own)
    assert [(one["name"], one["status"]) for one in desk.rows("/nodes")] == [("one", "active"), ("two", "silent")]
    assert desk.record("GET", "/nodes/two") == {
        "id": "0002", "name": "two", "status": "silent", "address": "two.example.com:8443", "version": "1.0",
        "directory": "/two", "started": NOW - nodes.SILENCE, "seen": NOW - nodes.SILENCE}
    assert desk.record("DELETE", "/nodes/two")["id"] == "0002"
    with pytest.raises(AppProxyError, match="is alive.*stop its service first"):
        desk.call("DELETE", "/nodes/one")
    assert [one["name"] for one in desk.rows("/nodes")] == ["one"]
    assert [(row.action, row.target) for row in desk.audit()][0] == ("node.remove", "0002")
