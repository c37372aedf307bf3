"""Operations on the service as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.base.body import Body
from appproxy.admin.base.operation import AdminContext, Call
from appproxy.admin.base.principal import Principal
from appproxy.admin.running.service import status_without_database
from appproxy.config import ServiceSettings
from appproxy.errors import ConfigError
from appproxy.publish.routing import Router
from appproxy.store.snapshot import Snapshot


def test_status(desk: Any) -> None:
    """What there is, whether a service runs, and until when certificates hold."""
    desk.live["a"] = {"online": True}
    desk.live["b"] = {"online": False}
    found = desk.record("GET", "/status")
    assert (found["domain"], found["running"], found["connectors_online"]) == ("example.com", False, 1)
    assert (found["applications"], found["users"], found["connectors"]) == (0, 0, 0)
    assert found["tunnel_certificate_expires"] == found["user_certificate_expires"]
    assert len(found["instance"]) == 16 and found["revision"] == 1


def test_the_trust_anchor(desk: Any) -> None:
    """For those who must import it."""
    assert desk.record("GET", "/trust-anchor")["certificate"].startswith("-----BEGIN CERTIFICATE")
    assert "PRIVATE" not in repr(desk.record("GET", "/trust-anchor"))


def test_audit(desk: Any) -> None:
    """The newest first, as many as asked for."""
    for name in ("a", "b", "c"):
        desk.call("POST", "/groups", {"name": name})
    found = desk.call("GET", "/audit", {"limit": 2})
    assert [(row["actor"], row["action"], row["detail"]) for row in found] == [
        ("local:0", "group.add", {"name": "c"}), ("local:0", "group.add", {"name": "b"}),
    ]  # fmt: skip
    for limit in (0, 1001, "2"):
        with pytest.raises(ConfigError, match="limit: "):
            desk.call("GET", "/audit", {"limit": limit})


def test_without_the_database() -> None:
    """What is known is said, and that it is all from memory."""
    snapshot = Snapshot(
        7, {}, Router([], []), {}, {}, {}, (), (), settings={"instance": "f" * 16})
    call = Call({}, Body({}, ()), AdminContext(
        Principal.full("local:0"), 100.0, ServiceSettings(domain="example.com"), lambda name, password: "",
        lambda: {"a": {"online": True}, "b": {"online": False}}))
    found = status_without_database(snapshot, call, 40.0)
    assert found["database"] == {"reachable": False, "kept_at": 40.0, "age": 60.0}
    assert (found["instance"], found["revision"], found["connectors_online"], found["users"]) == ("f" * 16, 7, 1, None)
    assert status_without_database(snapshot, call, None)["database"] == {"reachable": False, "kept_at": None, "age": None}
