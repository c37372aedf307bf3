"""Operations on the service as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.store.names import NotFound


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


def test_sessions_end(desk: Any) -> None:
    """One, or all of a user by name, or all of a subject of another provider."""
    ann = desk.record("POST", "/users", {"name": "ann", "password": "long enough"})["id"]
    desk.call("POST", "/sessions/revoke", {"session": "s1"})
    desk.call("POST", "/sessions/revoke", {"user": "ann"})
    desk.call("POST", "/sessions/revoke", {"subject": "other"})
    snapshot = desk.store.build_snapshot()
    assert snapshot.revoked_sessions == {"s1"}
    assert set(snapshot.not_before) == {("builtin", ann), ("builtin", "other")}
    assert [row.target for row in desk.audit()[:3]] == ["other", ann, "s1"]


def test_a_subject_is_one_of_a_provider(desk: Any) -> None:
    """Two providers may call different people so: whose is meant has to be said where there is a choice."""
    corp = desk.record("POST", "/providers", {
        "name": "corp", "issuer": "https://corp.example", "client_id": "c", "client_secret": "s"})["id"]
    with pytest.raises(ConfigError, match="provider: .*builtin, corp"):
        desk.call("POST", "/sessions/revoke", {"subject": "ann"})
    with pytest.raises(NotFound):
        desk.call("POST", "/sessions/revoke", {"subject": "ann", "provider": "crop"})
    with pytest.raises(ConfigError, match="provider: goes with subject"):
        desk.call("POST", "/sessions/revoke", {"session": "s1", "provider": "corp"})
    desk.call("POST", "/sessions/revoke", {"subject": "ann", "provider": "corp"})
    assert set(desk.store.build_snapshot().not_before) == {(corp, "ann")}
    assert desk.audit()[0].detail == {"by": "subject", "provider": corp}
    desk.call("DELETE", "/providers/corp")
    assert desk.store.build_snapshot().not_before == {}


@pytest.mark.parametrize(
    ("body", "error"),
    [({}, ConfigError), ({"session": "a", "user": "b"}, ConfigError), ({"session": ""}, ConfigError),
     ({"session": "x" * 65}, ConfigError), ({"subject": "x" * 256}, ConfigError), ({"user": "nobody"}, NotFound)],
)  # fmt: skip
def test_sessions_that_are_none(desk: Any, body: dict[str, object], error: type[Exception]) -> None:
    """Exactly one, and one that can be."""
    with pytest.raises(error):
        desk.call("POST", "/sessions/revoke", body)


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
