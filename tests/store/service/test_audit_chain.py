"""The chain of the audit: whatever is done to the rows of the database, it is seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appproxy.store.database.resealing import reseal_all
from appproxy.store.database.store import Store
from appproxy.store.sealing import Sealer
from appproxy.store.service.actions import MASTER_CHANGE, USER_SIGN_IN_FAILED
from appproxy.store.service.audit import purge, record
from appproxy.store.service.audit_chain import KNOWN, NOBODYS, Verified, verify
from appproxy.store.service.note import ANONYMOUS, Action
from appproxy.store.tables.core import audit, audit_chains

DAY = 86_400.0


def fill(store: Store, now: float, count: int = 7) -> None:
    """Some entries of each chain, in several transactions."""
    for number in range(count):
        with store.transaction(now + number) as tx:
            record(tx, "local:0", Action("a test"), f"u{number}", {"name": "ann", "number": number})
            record(tx, ANONYMOUS, USER_SIGN_IN_FAILED, "", {"address": "192.0.2.1"})


def looked_at(store: Store, chain: str = KNOWN, most: int = 3) -> Verified:
    """The whole chain, page by page."""
    found = Verified(0, 0, "")
    with store.reading() as reading:
        while not found.is_done and not found.fault:
            found = verify(reading, chain, found.last, found.link, found.checked, most)
    return found


def tamper(store: Store, now: float, statement: sa.sql.dml.UpdateBase) -> None:
    """As somebody does who has the database and nothing else."""
    with store.transaction(now) as tx:
        assert tx.change(statement) != 0


def numbers(store: Store) -> list[int]:
    """Of the entries about somebody."""
    with store.reading() as reading:
        found = sa.select(audit.c.number).where(audit.c.actor != ANONYMOUS).order_by(audit.c.number)
        return list(reading.connection.scalars(found))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 6, 7])
def test_what_was_not_touched_is_good(store: Store, now: float, count: int) -> None:
    """All of both chains, wherever pages end."""
    fill(store, now, count)
    for chain in (KNOWN, NOBODYS):
        found = looked_at(store, chain)
        assert (found.checked, found.fault, found.is_done) == (count, "", True)


def changed(at: int) -> dict[str, Callable[[], sa.sql.dml.UpdateBase]]:
    """What can be done to the entry with this number."""
    this = audit.c.number == at
    return {
        "another actor": lambda: sa.update(audit).where(this).values(actor="local:1"),
        "nobody's": lambda: sa.update(audit).where(this).values(actor=ANONYMOUS),
        "another action": lambda: sa.update(audit).where(this).values(action="user.set"),
        "another target": lambda: sa.update(audit).where(this).values(target="u"),
        "another detail": lambda: sa.update(audit).where(this).values(detail="{}"),
        "another time": lambda: sa.update(audit).where(this).values(time=audit.c.time + 1),
        "no link": lambda: sa.update(audit).where(this).values(link=""),
        "removed": lambda: sa.delete(audit).where(this),
        "moved to the end": lambda: sa.update(audit).where(this).values(number=audit.c.number + 1000),
    }


@pytest.mark.parametrize("deed", list(changed(0)))
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_change_is_seen(store: Store, now: float, deed: str, place: int) -> None:
    """At the first entry, in the middle, and at the last."""
    fill(store, now)
    at = numbers(store)[place]
    tamper(store, now, changed(at)[deed]())
    moved_last = deed == "moved to the end" and place == 6
    found = looked_at(store)
    assert (found.fault == "") is moved_last, "the order of entries is what counts, not their numbers"
    assert found.checked == (7 if moved_last else place)


def test_an_entry_that_was_put_in_is_seen(store: Store, now: float) -> None:
    """Whoever cannot make a link cannot put one in, with or without a link that is there."""
    fill(store, now)
    with store.reading() as reading:
        copied = dict(reading.rows(sa.select(audit).order_by(audit.c.number.desc()))[1])
    del copied["number"]
    for link in (copied["link"], ""):
        with pytest.raises(ZeroDivisionError), store.transaction(now) as tx:
            tx.change(sa.insert(audit).values({**copied, "link": link}))
            found = verify(tx, KNOWN, 0, "", 0, 100)
            assert "was changed, put in or removed" in found.fault and found.checked == 7
            raise ZeroDivisionError


def test_where_a_chain_begins_and_ends_cannot_be_moved(store: Store, now: float) -> None:
    """Else the first or the last entries could go."""
    fill(store, now)
    with store.reading() as reading:
        rows = reading.rows(sa.select(audit).where(audit.c.actor != ANONYMOUS).order_by(audit.c.number))
    cases = (
        ({"start": rows[2]["link"]}, rows[:3]), ({"head": rows[3]["link"]}, rows[4:]),
        ({"begins": rows[3]["number"]}, rows[:3]),
    )  # fmt: skip
    for values, gone in cases:
        with pytest.raises(ZeroDivisionError), store.transaction(now) as tx:
            tx.change(sa.update(audit_chains).where(audit_chains.c.id == KNOWN).values(values))
            tx.change(sa.delete(audit).where(audit.c.number.in_([row["number"] for row in gone])))
            assert verify(tx, KNOWN, 0, "", 0, 100).fault == "where the chain begins and ends was changed"
            raise ZeroDivisionError


def test_a_chain_that_is_gone_is_missed(store: Store, now: float) -> None:
    """Entries with links, and no chain."""
    fill(store, now)
    tamper(store, now, sa.delete(audit_chains))
    assert looked_at(store).fault == "there are entries, and no chain"


def test_what_goes_in_time_tears_nothing(store: Store, now: float) -> None:
    """Entries about nobody after 90 days, or beyond so many; others after as many days as are wanted."""
    for day in (0, 50, 95, 100, 200):
        fill(store, now + day * DAY, 4)
        with store.transaction(now + day * DAY + 60) as tx:
            purge(tx, days=120, most=6)
        assert [looked_at(store, chain).fault for chain in (KNOWN, NOBODYS)] == ["", ""]
    assert (looked_at(store).checked, looked_at(store, NOBODYS).checked) == (3 * 4, 4)


def test_an_entry_from_the_future_is_no_reason_to_forget(store: Store, now: float) -> None:
    """With a clock that was wrong for a while, more is kept, never less."""
    fill(store, now + 1000 * DAY, 1)
    fill(store, now, 2)
    with store.transaction(now + 200 * DAY) as tx:
        purge(tx, days=100)
    assert (looked_at(store).checked, looked_at(store).fault) == (3, "")


def test_everything_may_go(store: Store, now: float) -> None:
    """The chain goes on behind."""
    fill(store, now)
    with store.transaction(now + 200 * DAY) as tx:
        purge(tx, days=100)
    assert numbers(store) == []
    fill(store, now + 201 * DAY, 2)
    assert [(looked_at(store, chain).checked, looked_at(store, chain).fault) for chain in (KNOWN, NOBODYS)] == [(2, "")] * 2


def test_entries_from_before_there_were_chains(store: Store, now: float) -> None:
    """They are in none, and purging them tears nothing."""
    with store.transaction(now) as tx:
        for actor in ("local:0", ANONYMOUS):
            tx.change(sa.insert(audit).values(time=now, actor=actor, action="user.add", target="", detail="{}"))
    fill(store, now + 150 * DAY, 3)
    assert [(one.checked, one.fault) for one in (looked_at(store), looked_at(store, NOBODYS))] == [(3, ""), (3, "")]
    with store.transaction(now + 160 * DAY) as tx:
        purge(tx, days=100)
    assert [(one.checked, one.fault) for one in (looked_at(store), looked_at(store, NOBODYS))] == [(3, ""), (3, "")]
    assert len(numbers(store)) == 3


def test_another_master_key_keeps_the_chain(store: Store, now: float) -> None:
    """Its own key stays; only its seal is another."""
    fill(store, now)
    new = Sealer(b"n" * 32)
    with pytest.raises(ZeroDivisionError), store.transaction(now) as tx:
        reseal_all(tx, new)
        record(tx, "local:0", MASTER_CHANGE)
        found = verify(tx, KNOWN, 0, "", 0, 100)
        assert (found.checked, found.fault, found.is_done) == (8, "", True)
        raise ZeroDivisionError


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40), st.floats(0, 1e11))
def test_any_text_and_time(store: Store, now: float, text: str, time: float) -> None:
    """What comes out of the database is what went in, to the last bit."""
    with store.transaction(now) as tx:
        record(tx, text or "a", Action("a test"), text, {"text": text, "list": [1, None, text]}, time)
        found = verify(tx, KNOWN, 0, "", 0, 10_000)
        assert found.fault == ""
