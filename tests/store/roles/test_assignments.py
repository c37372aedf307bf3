"""Who has which role."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError, NotFound
from appproxy.store.applications import applications
from appproxy.store.database.store import Store
from appproxy.store.machines import service_tokens
from appproxy.store.machines.service_tokens import NewToken
from appproxy.store.people import providers, user_groups, users
from appproxy.store.roles import assignments
from appproxy.store.roles.assignments import Holder, Labels, NamedHolder
from appproxy.store.snapshot import BUILTIN, TOKEN
from appproxy.store.tables.core import GROUP, USER
from appproxy.store.tables.roles import role_assignments as table
from appproxy.store.transaction import Transaction

ANN = NamedHolder(user="ann")


@pytest.fixture
def staffed(store: Store, now: float) -> Store:
    """Two users, one of them in a group; another provider; a service token; an application."""
    with store.transaction(now) as tx:
        users.add(tx, "ann", "hash", groups=["staff"])
        users.add(tx, "bob", "hash")
        providers.add(tx, "corp", "https://corp.example", "client", "secret")
        wiki = applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")
        service_tokens.add(tx, NewToken("ci", [wiki.id], now + 86400.0))
    return store


def given(tx: Transaction, role: str, who: NamedHolder, application: str = "", expires: float = 0.0) -> str:
    """Gives a role; the assignment's id."""
    return assignments.assign(tx, role, assignments.resolve(tx, who), application, expires).id


def test_whom_an_admin_means(staffed: Store, now: float) -> None:
    """A name of our own is an id; of another provider it is that one's word; a token is nobody's of a provider."""
    with staffed.transaction(now) as tx:
        ann, staff = users.find(tx, "ann").id, user_groups.find(tx, "staff").id
        corp, token = providers.find(tx, "corp").id, service_tokens.find(tx, "ci").id
        resolved = [assignments.resolve(tx, who) for who in (
            ANN, NamedHolder(group="STAFF", provider="builtin"), NamedHolder(token="ci"), NamedHolder(user="x|1",
            provider="corp"),
            NamedHolder(group="x" * 255, provider=corp))]
    assert resolved == [
        Holder(BUILTIN, USER, ann, "ann"), Holder(BUILTIN, GROUP, staff, "staff"), Holder("", TOKEN, token, "ci"),
        Holder(corp, USER, "x|1", "x|1"), Holder(corp, GROUP, "x" * 255, "x" * 255)]


@pytest.mark.parametrize(("who", "error", "said"), [
    (NamedHolder(), ConfigError, "give one of user, group and token"),
    (NamedHolder(user="ann", group="staff"), ConfigError, "give one of user, group and token"),
    (NamedHolder(user="ann", token="ci"), ConfigError, "give one of user, group and token"),
    (NamedHolder(token="ci", provider="corp"), ConfigError, "provider: goes with user and group only"),
    (NamedHolder(user="eve"), NotFound, "there is no user 'eve'"), (NamedHolder(group="eve"), NotFound,
    "there is no group 'eve'"),
    (NamedHolder(token="eve"), NotFound, "there is no service token 'eve'"),
    (NamedHolder(user="x", provider="gone"), NotFound, "there is no identity provider"),
    (NamedHolder(user="x" * 256, provider="corp"), ConfigError, "user: 1 to 255 printable characters"),
    (NamedHolder(group="a\nb", provider="corp"), ConfigError, "group: 1 to 255 printable characters"),
])
def test_whom_nobody_can_mean(staffed: Store, now: float, who: NamedHolder, error: type[Exception], said: str) -> None:
    """The error says what to give."""
    with staffed.transaction(now) as tx, pytest.raises(error, match=said):
        assignments.resolve(tx, who)


def test_a_role_is_given_once(staffed: Store, now: float) -> None:
    """Again it gets another end; for one application, of another provider or to a group it is another."""
    with staffed.transaction(now) as tx:
        wiki = applications.find(tx, "wiki").id
        first = given(tx, "reader", ANN)
        same = assignments.assign(tx, "reader", assignments.resolve(tx, ANN), "", now + 60)
        assert (same.id, same.expires, same.created, same.application) == (first, now + 60, now, "")
        others = {given(tx, "reader", ANN, wiki), given(tx, "auditor", ANN), given(tx, "reader", NamedHolder(group="staff")),
                  given(tx, "reader", NamedHolder(user="ann", provider="corp")), given(tx, "reader", NamedHolder(token="ci"))}
        assert len(others | {first}) == 6 == len(assignments.list_all(tx))
        assert given(tx, "reader", NamedHolder(token="ci")) in others
        assert assignments.find(tx, first) == same
        with pytest.raises(NotFound, match="there is no role assignment 'gone'"):
            assignments.find(tx, "gone")


def test_a_role_is_taken_away(staffed: Store, now: float) -> None:
    """That one alone; one that nobody has is answered with who has it."""
    with staffed.transaction(now) as tx:
        wiki, ann, bob = applications.find(tx, "wiki").id, *(assignments.resolve(tx, NamedHolder(user=one)) for one in ("ann",
            "bob"))
        everywhere, there = given(tx, "reader", ANN), given(tx, "reader", ANN, wiki)
        with pytest.raises(NotFound) as caught:
            assignments.unassign(tx, "reader", bob)
        assert "there is no user with the role reader: 'bob'" in str(caught.value) and "ann" in caught.value.hint
        assert assignments.unassign(tx, "reader", ann).id == everywhere
        assert [one.id for one in assignments.list_all(tx)] == [there]
        with pytest.raises(NotFound):
            assignments.unassign(tx, "reader", ann)


def test_what_holds_now(staffed: Store, now: float) -> None:
    """Of these, and not what has ended."""
    with staffed.transaction(now) as tx:
        ann, bob = users.find(tx, "ann").id, users.find(tx, "bob").id
        lasting, ending = given(tx, "reader", ANN), given(tx, "auditor", ANN, expires=now + 60)
        given(tx, "reader", NamedHolder(user="bob"))
        given(tx, "reader", NamedHolder(user=ann, provider="corp"))
        holders = [(BUILTIN, USER, ann), (BUILTIN, GROUP, bob)]
        assert {one.id for one in assignments.of(tx, holders, now + 59)} == {lasting, ending}
        assert [one.id for one in assignments.of(tx, holders, now + 60)] == [lasting]


def test_what_was_asked_for_is_kept_apart(staffed: Store, now: float) -> None:
    """It changes nothing that its holder was given, and goes by its entitlement alone."""
    with staffed.transaction(now) as tx:
        ann = assignments.resolve(tx, ANN)
        given_ = given(tx, "reader", ANN)
        active = assignments.activate(tx, "reader", ann, "", now + 60, ("e1", "g1"))
        assert (active.entitlement, active.through, active.expires) == ("e1", "g1", now + 60) and active.id != given_
        assert given(tx, "reader", ANN) == given_ and assignments.of_entitlement(tx, "e1") == [active]
        assert assignments.of_entitlement(tx, "") == [assignments.find(tx, given_)]
        assert assignments.deactivate(tx, "e1") == [active] and [one.id for one in assignments.list_all(tx)] == [given_]


@pytest.mark.parametrize(("who", "more", "has"), [
    (ANN, {}, True), (NamedHolder(group="staff"), {}, True), (NamedHolder(user="x", provider="corp"), {}, True),
    (NamedHolder(token="ci"), {}, False), (NamedHolder(group="x", provider="corp"), {}, False),
    (ANN, {"expires": 2e9}, False), (ANN, {"application": "wiki"}, False), (NamedHolder(group="empty"), {}, False),
])
def test_is_there_anybody(staffed: Store, now: float, who: NamedHolder, more: dict[str, float | str], has: bool) -> None:
    """Somebody who can sign in, for all and for good, as far as is known here."""
    with staffed.transaction(now) as tx:
        user_groups.add(tx, "empty")
        application = applications.find(tx, "wiki").id if "application" in more else ""
        given(tx, "administrator", who, application, float(more.get("expires", 0.0)))
        assert assignments.has_person(tx, "administrator") is has
        assert not assignments.has_person(tx, "reader")


def test_who_is_disabled_is_nobody(staffed: Store, now: float) -> None:
    """Nor in a group."""
    with staffed.transaction(now) as tx:
        given(tx, "administrator", ANN)
        given(tx, "reader", NamedHolder(group="staff"))
        users.disable(tx, "ann")
        assert not assignments.has_person(tx, "administrator") and not assignments.has_person(tx, "reader")


def test_what_holders_are_called(staffed: Store, now: float) -> None:
    """Now; who is gone is shown by id, and of other providers by what they call them."""
    with staffed.transaction(now) as tx:
        labels = Labels.now(tx)
        ids = {"ann": users.find(tx, "ann").id, "staff": user_groups.find(tx, "staff").id, "ci": service_tokens.find(tx,
            "ci").id}
        corp = providers.find(tx, "corp").id
    assert labels.of_holder((BUILTIN, USER, ids["ann"])) == "ann" and labels.of_holder((BUILTIN, GROUP,
        ids["staff"])) == "staff"
    assert labels.of_holder(("", TOKEN, ids["ci"])) == "ci" and labels.of_holder(("", TOKEN, "gone")) == "gone"
    assert labels.of_holder((BUILTIN, GROUP, ids["ann"])) == ids["ann"] and labels.of_holder((corp, USER,
        ids["ann"])) == ids["ann"]
    assert labels.providers[corp] == "corp" and list(labels.applications.values()) == ["wiki"]


def test_what_is_forgotten(staffed: Store, now: float) -> None:
    """What has ended, and what a token had that is gone."""
    with staffed.transaction(now) as tx:
        kept = {given(tx, "reader", ANN), given(tx, "auditor", ANN, expires=now + 60)}
        given(tx, "reader", NamedHolder(user="bob"), expires=now + 59)
        given(tx, "reader", NamedHolder(token="ci"))
    with staffed.transaction(now + 60) as tx:
        assignments.purge(tx)
        assert len(assignments.list_all(tx)) == 3
        service_tokens.revoke(tx, "ci")
        assignments.purge(tx)
        assert {one.id for one in assignments.list_all(tx)} == kept


def test_what_was_asked_for_ends_whatever_others_write(store: Store, now: float) -> None:
    """A release that knows of no entitlements takes the row for one that was given, and has it last for good."""
    with store.transaction(now) as tx:
        users.add(tx, "ann", password_hash="hash")
        ann = assignments.resolve(tx, NamedHolder(user="ann"))
        assignments.activate(tx, "administrator", ann, "", now + 3600.0, ("an entitlement", ""))
    for expires in (0.0, now + 9e6):
        with store.transaction(now) as tx:
            tx.change(sa.update(table).where((table.c.role == "administrator") & (table.c.value == ann.value)).values(
                expires=expires))
            (one,) = assignments.list_all(tx)
            assert one.expires == now + 3600.0 and one.holds(now + 3599.0) and not one.holds(now + 3600.0)
            assert not assignments.has_person(tx, "administrator")
        (shown,) = store.build_snapshot().roles
        assert shown.expires == now + 3600.0
    with store.transaction(now + 3601.0) as tx:
        assignments.purge(tx)
        assert assignments.list_all(tx) == []


def test_one_whose_end_nobody_knows_has_ended(store: Store, now: float) -> None:
    """It was made by a release that knew entitlements and not this column, and then changed by one that knew neither."""
    with store.transaction(now) as tx:
        users.add(tx, "ann", password_hash="hash")
        ann = assignments.resolve(tx, NamedHolder(user="ann"))
        made = assignments.activate(tx, "reader", ann, "", now + 60.0, ("an entitlement", ""))
        tx.change(sa.update(table).values(asked_until=0.0))
        assert assignments.find(tx, made.id).expires == now + 60.0
        tx.change(sa.update(table).values(expires=0.0))
        assert not assignments.find(tx, made.id).holds(now)


def test_one_that_was_given_is_as_it_was(store: Store, now: float) -> None:
    """For good, or until an end; beside one that was asked for."""
    with store.transaction(now) as tx:
        users.add(tx, "ann", password_hash="hash")
        ann = assignments.resolve(tx, NamedHolder(user="ann"))
        assignments.activate(tx, "administrator", ann, "", now + 60.0, ("an entitlement", ""))
        assert assignments.assign(tx, "administrator", ann).expires == 0.0
        assert assignments.has_person(tx, "administrator")
        assert assignments.assign(tx, "administrator", ann, expires=now + 30.0).expires == now + 30.0
    with store.transaction(now + 31.0) as tx:
        assignments.purge(tx)
        assert [one.expires for one in assignments.list_all(tx)] == [now + 60.0]
