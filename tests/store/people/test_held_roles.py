"""What goes with a user or a group that is removed."""

from __future__ import annotations

from appproxy.store.database.store import Store
from appproxy.store.people.held_roles import forget_holder
from appproxy.store.roles import assignments, entitlements
from appproxy.store.roles.assignments import Holder
from appproxy.store.roles.entitlements import Asking
from appproxy.store.snapshot import BUILTIN, Entitlement
from appproxy.store.tables.core import GROUP, USER
from appproxy.store.transaction import Transaction

ANN, BOB = Holder(BUILTIN, USER, "u1", "ann"), Holder(BUILTIN, USER, "u2", "bob")
STAFF, SAME = Holder(BUILTIN, GROUP, "g1", "staff"), Holder(BUILTIN, GROUP, "u1", "called like a user's id")


def active(tx: Transaction, entitlement: Entitlement, subject: str) -> None:
    """Somebody has a role for a time."""
    asked = entitlements.ask(tx, entitlement, Asking(BUILTIN, subject, subject, "why", 60.0))
    entitlements.grant(tx, asked, entitlement, "")


def filled(tx: Transaction) -> None:
    """Roles for good, roles that may be asked for, and some that are had."""
    for holder in (ANN, BOB, STAFF, SAME):
        assignments.assign(tx, "reader", holder)
    mine, theirs = (entitlements.entitle(tx, "auditor", holder, "", 60.0, False, 0.0) for holder in (ANN, STAFF))
    active(tx, mine, "u1")
    active(tx, theirs, "u1")
    active(tx, theirs, "u2")


def left(tx: Transaction) -> tuple[set[tuple[str, str, str]], set[str], set[str]]:
    """Roles with their holders and groups, who may ask, and whose requests there are."""
    return ({(one.role, one.value, one.through) for one in assignments.list_all(tx)},
            {one.value for one in entitlements.list_all(tx)}, {one.subject for one in entitlements.list_requests(tx)})


def test_a_user_who_is_gone(store: Store, now: float) -> None:
    """Has no role and no request left, by whatever it was had; all others keep theirs."""
    with store.transaction(now) as tx:
        filled(tx)
        forget_holder(tx, BUILTIN, USER, "u1")
        roles, entitled, asked = left(tx)
    assert roles == {("reader", "u2", ""), ("reader", "g1", ""), ("reader", "u1", ""), ("auditor", "u2", "g1")}
    assert (entitled, asked) == ({"g1"}, {"u2"})


def test_a_group_that_is_gone(store: Store, now: float) -> None:
    """Takes along what its members have by it, and nothing else of theirs."""
    with store.transaction(now) as tx:
        filled(tx)
        forget_holder(tx, BUILTIN, GROUP, "g1")
        roles, entitled, asked = left(tx)
    assert roles == {("reader", "u1", ""), ("reader", "u2", ""), ("auditor", "u1", "")}
    assert (entitled, asked) == ({"u1"}, {"u1"})


def test_of_another_provider(store: Store, now: float) -> None:
    """It is somebody else."""
    with store.transaction(now) as tx:
        filled(tx)
        before = left(tx)
        forget_holder(tx, "corp", USER, "u1")
        assert left(tx) == before
