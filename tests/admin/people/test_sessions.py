"""Operations on sessions."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.store.names import NotFound
from appproxy.store.people.session import rows as session_rows
from tests.admin.conftest import NOW
from tests.store.people.session.test_rows import made


@pytest.fixture
def signed_in(desk: Any) -> str:
    """Ann of the built-in provider has two sessions, and somebody of corp one; gives Ann's id."""
    ann = desk.record("POST", "/users", {"name": "ann", "password": "long enough"})["id"]
    corp = desk.record("POST", "/providers", {
        "name": "corp", "issuer": "https://corp.example", "client_id": "c", "client_secret": "s"})["id"]
    wiki, crm = (desk.record("POST", "/applications", {
        "name": name, "internal": "http://x/", "external": f"https://{name}.example.com/"})["id"] for name in ("wiki", "crm"))
    with desk.store.transaction(NOW) as tx:
        session_rows.begin(tx, made(NOW, "a1", provider="builtin", subject=ann, application=wiki))
        session_rows.begin(tx, made(NOW, "a1", provider="builtin", subject=ann, application=crm), "a1")
        session_rows.begin(tx, made(NOW, "a2", provider="builtin", subject=ann, application=crm, sid="p2"))
        session_rows.begin(tx, made(NOW, "c1", provider=corp, subject="ann", application="gone", sid="p3"))
        session_rows.begin(tx, made(NOW, "c2", provider=corp, subject="ann", sid="p4", expires=NOW))
    assert isinstance(ann, str)
    return ann


@pytest.mark.parametrize(("body", "ids"), [
    ({}, {"a1", "a2", "c1"}), ({"user": "ann"}, {"a1", "a2"}), ({"provider": "corp"}, {"c1"}),
    ({"subject": "ann"}, {"c1"}), ({"application": "wiki"}, {"a1"}), ({"application": "crm", "user": "ann"}, {"a1", "a2"}),
    ({"application": "wiki", "provider": "corp"}, set()),
])
def test_who_is_signed_in(desk: Any, signed_in: str, body: dict[str, object], ids: set[str]) -> None:
    """All that last, or some of them."""
    assert {row["id"] for row in desk.call("GET", "/sessions", body)} == ids


def test_sessions_go_in_pages(desk: Any, signed_in: str) -> None:
    """By id, from the first one with an empty `after`; of the chosen ones only."""
    pages = [
        [row["id"] for row in desk.call("GET", "/sessions", {"limit": 2, "after": after})] for after in ("", "a2", "c1")]
    assert pages == [["a1", "a2"], ["c1"], []]
    found = desk.call("GET", "/sessions", {"user": "ann", "limit": 2, "after": "a1"})
    assert [row["id"] for row in found] == ["a2"]


def test_a_session(desk: Any, signed_in: str) -> None:
    """What is known of it, with names; no token."""
    found = desk.record("GET", "/sessions/a1")
    assert (found["applications"], found["provider"], found["subject"]) == (["crm", "wiki"], "builtin", signed_in)
    assert (found["address"], found["amr"], found["began"]) == ("192.0.2.1", ["pwd", "otp"], NOW)
    assert "canary" not in repr(found)
    assert desk.record("GET", "/sessions/c1")["applications"] == []
    with pytest.raises(NotFound, match="appproxy session list"):
        desk.call("GET", "/sessions/none")


def test_one_that_is_ended(desk: Any, signed_in: str) -> None:
    """It is in no list any more."""
    desk.call("POST", "/sessions/revoke", {"session": "a1"})
    assert {row["id"] for row in desk.rows("/sessions")} == {"a2", "c1"}
    desk.call("POST", "/sessions/revoke", {"user": "ann"})
    assert {row["id"] for row in desk.rows("/sessions")} == {"c1"}
    assert desk.record("GET", "/sessions/a2")["ended"] == NOW
    # p1 is the built-in provider's own session, which else would let the browser in again.
    assert desk.store.build_snapshot().revoked_sessions == {"a1", "p1"}


@pytest.mark.parametrize("body", [
    {"user": "ann", "provider": "builtin"}, {"user": "ann", "subject": "x"}, {"limit": 0}, {"limit": 10_001},
    {"user": "nobody"}, {"provider": "nobody"}, {"application": "nothing"},
])
def test_lists_of_nobody(desk: Any, signed_in: str, body: dict[str, object]) -> None:
    """What cannot be meant is an error."""
    with pytest.raises((ConfigError, NotFound)):
        desk.call("GET", "/sessions", body)


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
