"""Who hears of which entry of the audit."""

from __future__ import annotations

import pytest

from appproxy.admin.base.principal import FULL, Permission, Principal
from appproxy.admin.base.roles import ROLES
from appproxy.admin.events import heard, last_event, may_hear
from appproxy.admin.operations import OPERATIONS, Command
from appproxy.errors import ConfigError
from appproxy.store.service.actions import EVENTS
from appproxy.store.service.audit import AuditRow


def row(action: str, target: str = "w") -> AuditRow:
    """An entry."""
    return AuditRow(7, 5.0, "user:ann", action, target, {"name": "secret to some"})


def who(role: str) -> Principal:
    """Who has this role for everything."""
    return Principal("user:bob", ROLES[role].permissions)


def test_readers_of_the_audit_have_it_whole() -> None:
    """Whatever it is about."""
    for action in (*EVENTS, *(one.action for one in OPERATIONS if isinstance(one, Command))):
        assert heard(row(action), who("auditor")) == {
            "number": 7, "time": 5.0, "action": action, "target": "w", "actor": "user:ann",
            "detail": {"name": "secret to some"}}


@pytest.mark.parametrize(("role", "hears", "not_of"), [
    ("reader", ["application.set", "policy.set", "connector.inactive", "certificate.issue", "application.set_logo"],
     ["user.add", "sign-in", "role.request", "role.assign", "access.approve", "session.revoke", "user.sign_in_failed"]),
    ("help-desk", ["user.set", "session.revoke", "application.set"], ["connector.join", "role.assign", "audit_export.add"]),
    ("connector-administrator", ["connector.join", "connector.approve", "application.set"],
     ["user.add", "sign-in", "policy.set"]),
    ("application-administrator", ["access.approve", "application.assign"], ["role.request", "audit_export.add", "sign-in"]),
])
def test_others_hear_what_happened_to_what_they_may_read(role: str, hears: list[str], not_of: list[str]) -> None:
    """And not who has done it, nor how."""
    for action in hears:
        assert heard(row(action), who(role)) == {"number": 7, "time": 5.0, "action": action, "target": "w"}, action
    for action in not_of:
        assert heard(row(action), who(role)) is None, action


def test_nobody_hears_more_than_they_may_read() -> None:
    """With one permission after the other: of each action exactly those hear who can read what it changes, or the audit."""
    for one in (one for one in OPERATIONS if isinstance(one, Command)):
        hearing = {each for each in Permission if heard(row(one.action), Principal("user:x", frozenset({each})))}
        assert Permission.READ_AUDIT in hearing and len(hearing) <= 2, one.action
        assert hearing <= {each for each in FULL if each.value.endswith(".read")} | {one.permission}, one.action


def test_of_some_applications_alone() -> None:
    """Nothing of others, and nothing of what is no application."""
    bob = Principal("user:bob", frozenset(), {
        Permission.READ_APPLICATIONS: frozenset({"w"}), Permission.READ_ACCESS: frozenset({"w"})})
    assert heard(row("application.set", "w"), bob) and heard(row("access.deny", "w"), bob)
    assert heard(row("application.set", "other"), bob) is None and heard(row("access.deny", "other"), bob) is None
    assert heard(row("connector.approve", "w"), bob) is None
    assert may_hear(bob) and not may_hear(Principal("user:x", frozenset()))


def test_where_it_goes_on() -> None:
    """By the field, before the query; from now on without both."""
    assert last_event("/events", {}) is None and last_event("/events?after=", {}) is None
    assert last_event("/events?after=3", {}) == 3 and last_event("/events?after=3", {"last-event-id": "9"}) == 9
    for target, fields in (("/events?after=x", {}), ("/events", {"last-event-id": "-1"}), ("/events?limit=1", {}),
                           ("/events?a&b&c&d&e", {}), ("/events", {"last-event-id": "\u0661"}),
                           ("/events?after=" + "9" * 16, {})):
        with pytest.raises(ConfigError):
            last_event(target, fields)
