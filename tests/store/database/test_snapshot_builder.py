"""Snapshots: built part by part, what did not change shared."""

from __future__ import annotations

import gc
import json

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store.applications import applications, assignments
from appproxy.store.connectors import groups
from appproxy.store.database import snapshot_builder
from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.people.session import sessions
from appproxy.store.snapshot import Snapshot
from appproxy.store.tables import core as schema
from tests.cost.growth import compared
from tests.cost.machine import cost

PARTS = tuple(snapshot_builder.PARTS)
PARTS_OF_APPLICATIONS = snapshot_builder.PARTS["applications"]


def changed(old: Snapshot, new: Snapshot) -> set[str]:
    """The parts of `new` that are not the very objects of `old`."""
    return {part for part in PARTS if getattr(old, part) is not getattr(new, part)}


def publish(store: Store, now: float, *names: str) -> None:
    """Publish some applications."""
    with store.transaction(now) as tx:
        for name in names:
            applications.publish(tx, name, f"http://{name}/", f"https://{name}.example.com/")


def test_an_unchanged_store_gives_the_same_snapshot(store: Store, now: float) -> None:
    """The very object."""
    first = store.build_snapshot()
    with store.transaction(now) as tx:
        users.add(tx, "ann", "hash")
    assert store.build_snapshot(first) is first


def test_only_what_changed_is_built_again(store: Store, now: float) -> None:
    """A revoked session leaves the applications and the router as they are."""
    publish(store, now, "wiki")
    first = store.build_snapshot()
    with store.transaction(now) as tx:
        sessions.revoke_session(tx, "s", now + 60)
    second = store.build_snapshot(first)
    assert changed(first, second) == {"revoked_sessions"}
    assert second.router is first.router and second.revision == first.revision + 1


def test_other_applications_are_the_same_objects(store: Store, now: float) -> None:
    """One that changed is new, and so is one whose assignments changed; the rest is shared."""
    publish(store, now, "wiki", "mail", "crm")
    first = store.build_snapshot()
    with store.transaction(now) as tx:
        applications.set_values(tx, "wiki", {"strict": "yes"})
        users.add(tx, "ann", "hash")
        assignments.assign(tx, "mail", user="ann")
    second = store.build_snapshot(first)
    same = {one.name for one in second.applications.values() if first.applications[one.id] is one}
    assert changed(first, second) == {"applications"}
    assert same == {"crm"}
    assert second.router is not first.router
    assert len(next(one for one in second.applications.values() if one.name == "mail").assigned_users) == 1


def test_a_snapshot_from_elsewhere_is_not_shared_with(store: Store, now: float) -> None:
    """Without the one that was built last, everything is built."""
    first = store.build_snapshot()
    second = store.build_snapshot()
    assert second.settings == first.settings and {"settings", "keys", "providers"} <= changed(first, second)


@pytest.mark.parametrize("column", ["external", "internal", "settings", "preauthentication"])
def test_a_row_that_cannot_be_read_is_an_error(store: Store, now: float, column: str) -> None:
    """No application is silently left out; the next good state builds again."""
    publish(store, now, "wiki")
    first = store.build_snapshot()
    bad = json.dumps({"strict": "maybe"}) if column == "settings" else "nonsense"
    with store.transaction(now) as tx:
        row = tx.row(sa.select(schema.applications))
        tx.change(sa.update(schema.applications).values({column: bad}))
    with pytest.raises((ConfigError, ValueError)):
        store.build_snapshot(first)
    assert row is not None
    with store.transaction(now) as tx:
        tx.change(sa.update(schema.applications).values({column: row[column]}))
    assert store.build_snapshot(first).applications == first.applications


def test_the_router_knows_what_is_published(store: Store, now: float) -> None:
    """What was removed is not there any more."""
    publish(store, now, "wiki", "mail")
    first = store.build_snapshot()
    with store.transaction(now) as tx:
        applications.remove(tx, "wiki")
        groups.add(tx, "lab")
    second = store.build_snapshot(first)
    assert first.router.knows_host("wiki.example.com") and not second.router.knows_host("wiki.example.com")
    assert second.router.find("mail.example.com", b"/").application.name == "mail"


def test_only_tables_that_have_changed_are_read(store: Store, now: float) -> None:
    """An application has rows in several. What is kept of the others is what a look at all of them would find."""
    publish(store, now, "wiki", "mail")
    with store.transaction(now) as tx:
        ann = users.add(tx, "ann", "hash")
        assignments.assign(tx, "wiki", user="ann")
    read: list[str] = []
    engine = store.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *given: read.append(given[2]))
    latest = store.build_snapshot()
    for change, again in (
        (lambda tx: applications.set_values(tx, "wiki", {"strict": "yes"}), {"applications"}),
        (lambda tx: assignments.assign(tx, "mail", user="ann"), {"applications", "assignments"}),
        (lambda tx: applications.remove(tx, "wiki"), {"applications", "assignments"}),
        (lambda tx: users.remove(tx, ann.id), {"applications", "assignments"}),
        (lambda tx: applications.publish(tx, "new", "http://new/", "https://new.example.com/"), {"applications"}),
    ):
        with store.transaction(now) as tx:
            change(tx)
        read.clear()
        latest = store.build_snapshot(latest)
        tables = {table.name for table in PARTS_OF_APPLICATIONS if any(f"FROM {table.name}" in one for one in read)}
        assert tables <= again and "applications" in tables
        with store.reading() as reading:
            assert latest.applications == snapshot_builder.Builder().build(reading, None).applications


def test_ten_thousand_applications(store: Store, now: float) -> None:
    """They are built in two seconds of processor time, and one change among them in much less."""
    rows = [
        {
            "id": f"{number:016x}", "name": f"app {number}", "name_key": f"app {number}",
            "external": f"https://app{number}.example.com/", "external_host": f"app{number}.example.com",
            "external_path": "/", "internal": f"http://host{number}.internal:8080/", "preauthentication": "oidc",
            "connector_group": "default", "provider": "builtin", "created": now,
            "settings": json.dumps({"backend_timeout": "long", "header.x-user": "email"}),
        }
        for number in range(10_000)
    ]  # fmt: skip
    with store.transaction(now) as tx:
        if tx.connection.dialect.name != "sqlite":
            pytest.skip("the database is not what this is about")
        tx.connection.execute(sa.insert(schema.applications), rows)

    def built() -> None:
        with store.reading() as reading, snapshot_builder.uncollected():
            snapshot_builder.Builder().build(reading, None)

    latest = store.build_snapshot()
    assert len(latest.applications) == 10_000 and latest.router.knows_host("app9999.example.com")

    def built_again() -> None:
        nonlocal latest
        strict = latest.applications[f"{5:016x}"].strict
        with store.transaction(now) as tx:
            applications.set_values(tx, "app 5", {"strict": "no" if strict else "yes"})
        latest = store.build_snapshot(latest)
        assert latest.applications[f"{5:016x}"].strict is not strict

    assert cost(built, 2) <= 2
    assert compared(built, built_again, 0.5) <= 0.5


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_pauses_while_a_snapshot_is_built(enabled: bool) -> None:
    """Afterwards it is as before, also when building fails."""
    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(ValueError), snapshot_builder.uncollected():
            assert not gc.isenabled()
            raise ValueError
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was else gc.disable)()


def test_each_table_of_the_snapshot_says_so() -> None:
    """A write to one that does not would be seen by nobody before the next one."""
    made_of = {table.name for tables in snapshot_builder.PARTS.values() for table in tables}
    assert made_of == {table.name for table in schema.metadata.tables.values() if table.info == schema.IN_SNAPSHOT}
