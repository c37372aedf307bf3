"""What a transaction notices by itself: which parts of the snapshot it has changed, and at which revision."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa

import appproxy
from appproxy.store import transaction
from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.tables.core import applications, providers, settings
from appproxy.store.tables.core import users as user_table
from appproxy.store.transaction import ALL, Transaction

_ROOT = Path(appproxy.__path__[0])
#: Who writes before there is anything that could be out of date: a new database, and a copy in memory.
_BEFORE = {"store/database/store.py", "store/database/kept.py"}
_WRITES = {"insert", "update", "delete"}


def setting(name: str) -> sa.Insert:
    """One more setting, which is part of the snapshot."""
    return sa.insert(settings).values(key=name, value="x")


def parts(store: Store) -> dict[str, int]:
    """When each part of the snapshot has changed last."""
    with store.reading() as reading:
        return transaction.part_revisions(reading)


def test_nobody_has_to_say_what_they_change(store: Store, now: float) -> None:
    """Tables of the snapshot are noticed, with their own revision; other parts keep theirs."""
    before = parts(store)
    with store.transaction(now) as tx:
        tx.change(setting("a"))
        assert tx.touched == {"settings"} and tx.revision == before[ALL]
    assert tx.revision == before[ALL] + 1
    assert parts(store) == {**before, "settings": before[ALL] + 1, ALL: before[ALL] + 1}
    assert store.revision() == before[ALL] + 1


def test_what_is_not_in_the_snapshot_makes_no_revision(store: Store, now: float) -> None:
    """A user who is added is nothing that every node has to read."""
    before = parts(store)
    with store.transaction(now) as tx:
        users.add(tx, "ann", "hash")
        assert tx.touched == set()
    assert parts(store) == before


@pytest.mark.parametrize("statement", [
    sa.update(settings).where(settings.c.key == "nothing").values(value="y"),
    sa.delete(settings).where(settings.c.key == "nothing"),
])
def test_a_change_of_nothing_is_none(store: Store, now: float, statement: sa.Update) -> None:
    """The hourly upkeep deletes what is not there; no node has to look for that."""
    before = parts(store)
    with store.transaction(now) as tx:
        assert tx.change(statement) == 0 and tx.touched == set()
    assert parts(store) == before


def test_each_way_to_change_a_row_is_noticed(store: Store, now: float) -> None:
    """Not only the first."""
    for statement in (
        setting("a"), sa.update(settings).where(settings.c.key == "a").values(value="y"),
        sa.delete(settings).where(settings.c.key == "a"),
    ):
        before = store.revision()
        with store.transaction(now) as tx:
            assert tx.change(statement) in (1, -1)
        assert store.revision() == before + 1


def test_what_is_taken_back_has_changed_nothing(store: Store, now: float) -> None:
    """All or nothing, and the revision with it."""
    before = parts(store)
    with pytest.raises(RuntimeError), store.transaction(now) as tx:
        tx.change(setting("a"))
        raise RuntimeError
    assert parts(store) == before
    with store.reading() as reading:
        assert reading.row(sa.select(settings).where(settings.c.key == "a")) is None


def test_a_look_is_no_change(store: Store, now: float) -> None:
    """Even of tables of the snapshot."""
    with store.transaction(now) as tx:
        tx.rows(sa.select(applications))
        tx.row(sa.select(providers))
        assert tx.touched == set()


def test_ids_are_of_the_transactions_luck(store: Store, now: float) -> None:
    """64 bits, never the same; a test may bring its own."""
    with store.transaction(now) as tx:
        made = {tx.new_id() for _ in range(100)}
        assert len(made) == 100 and all(len(id_) == 16 and int(id_, 16) >= 0 for id_ in made)
        tx.random_bytes = lambda size: b"\xab" * size
        assert tx.new_id() == "ab" * 8


def test_the_master_key_is_in_no_message(store: Store, now: float) -> None:
    """A transaction that is printed, as in a traceback, shows no secret."""
    with store.transaction(now) as tx:
        assert isinstance(tx, Transaction) and "sealer" not in repr(tx)
        assert tx.row(sa.select(user_table)) is None


def _written_past(path: Path) -> list[int]:
    """Lines in which something is written past `Transaction.change`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("execute", "scalar"):
            inside = {one.func.attr for argument in node.args for one in ast.walk(argument)
                      if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)}
            if inside & _WRITES:
                found.append(node.lineno)
    return found


def test_nobody_writes_past_it() -> None:
    """A change that is not noticed would be seen by no node until the next one."""
    places = {str(path.relative_to(_ROOT)): _written_past(path)
              for path in _ROOT.rglob("*.py") if "migrations" not in path.parts}
    assert {place for place, lines in places.items() if lines} <= _BEFORE
    assert places["store/database/store.py"], "the look finds nothing any more"
