"""Sessions of command lines, and their refresh tokens."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.database.store import Store
from appproxy.store.machines import command_lines
from appproxy.store.machines.command_lines import CommandLine, KnownCommandLine
from appproxy.store.people.session import rows as session_rows
from appproxy.store.tables.roles import command_lines as table
from tests.store.people.session.test_rows import made

ID = "a" * 32
SESSION = {"i": ID, "u": "ann"}


def begun(store: Store, now: float, id_: str = ID) -> CommandLine:
    """One of a session that is in the list of sessions, too."""
    with store.transaction(now) as tx:
        session_rows.begin(tx, made(now, id_))
        return command_lines.begin(tx, id_, SESSION, now + 3600)


def test_each_token_brings_the_next(store: Store, now: float) -> None:
    """Its session is used with it; what is kept is a hash."""
    first = begun(store, now)
    with store.transaction(now + 60) as tx:
        second = command_lines.refresh(tx, first.refresh_token)
        assert second is not None and (second.id, second.session, second.expires, second.stolen) == (ID, SESSION, now + 3600,
            False)
        (row,) = session_rows.list_all(tx, now + 60)
        assert row.seen == now + 60
        kept = tx.row(sa.select(table))
        assert kept is not None and second.refresh_token[40:] not in str(dict(kept))
    assert second.refresh_token != first.refresh_token and second.refresh_token not in repr(second)
    with store.transaction(now + 120) as tx:
        third = command_lines.refresh(tx, second.refresh_token)
        assert third is not None and third.refresh_token not in ("", second.refresh_token)


def test_an_answer_that_was_lost(store: Store, now: float) -> None:
    """The same token brings the same one for a moment, and what came before these ends the session."""
    first = begun(store, now)
    with store.transaction(now + 60) as tx:
        lost, again = (command_lines.refresh(tx, first.refresh_token) for _ in range(2))
        assert lost is not None and lost == again and not lost.stolen
        assert command_lines.refresh(tx, lost.refresh_token) is not None
        found = command_lines.refresh(tx, first.refresh_token)
        assert found is not None and found.stolen


def test_one_that_comes_back_ends_the_session(store: Store, now: float) -> None:
    """On all nodes; nothing of it counts afterwards."""
    first = begun(store, now)
    with store.transaction(now + 60) as tx:
        second = command_lines.refresh(tx, first.refresh_token)
    assert second is not None
    with store.transaction(now + 71) as tx:
        found = command_lines.refresh(tx, first.refresh_token)
        assert found is not None and (found.stolen, found.refresh_token, found.session) == (True, "", SESSION)
        assert command_lines.refresh(tx, second.refresh_token) is None
        assert command_lines.known(tx, second.refresh_token) is None and session_rows.list_all(tx, now + 71) == []
    assert ID in store.build_snapshot().revoked_sessions


def test_one_that_was_made_up_ends_nothing(store: Store, now: float) -> None:
    """Nor does what looks like none."""
    first = begun(store, now)
    with store.transaction(now + 60) as tx:
        for text in (f"apcr_{ID}_" + "x" * 43, f"apcr_{'b' * 32}_" + "x" * 43, "", first.refresh_token[:-1]):
            assert command_lines.refresh(tx, text) is None is command_lines.give_back(tx, text)
            assert command_lines.known(tx, text) is None
        assert command_lines.refresh(tx, first.refresh_token) is not None


def test_it_ends_by_itself(store: Store, now: float) -> None:
    """At its second, and its row a little later."""
    first = begun(store, now)
    with store.transaction(now + 3600) as tx:
        assert command_lines.refresh(tx, first.refresh_token) is None
        command_lines.purge(tx)
        assert tx.row(sa.select(table)) is not None
    with store.transaction(now + 3601) as tx:
        command_lines.purge(tx)
        assert tx.row(sa.select(table)) is None


def test_a_program_is_done_with_it(store: Store, now: float) -> None:
    """By the last token or the one before; the session is over, and another one's is not."""
    first, other = begun(store, now), begun(store, now, "b" * 32)
    with store.transaction(now + 60) as tx:
        assert command_lines.refresh(tx, first.refresh_token) is not None
    with store.transaction(now + 600) as tx:
        assert command_lines.known(tx, first.refresh_token) == KnownCommandLine(SESSION, "")
        ended = command_lines.give_back(tx, first.refresh_token)
        assert ended == CommandLine(ID, SESSION, now + 3600)
        assert command_lines.give_back(tx, first.refresh_token) is None
        assert [one.id for one in session_rows.list_all(tx, now + 600)] == ["b" * 32]
        assert command_lines.known(tx, other.refresh_token) == KnownCommandLine(SESSION, "")
    assert set(store.build_snapshot().revoked_sessions) == {ID}


def test_an_older_token_gives_nothing_back(store: Store, now: float) -> None:
    """It may be in other hands, which are not to end it so."""
    first = begun(store, now)
    with store.transaction(now + 60) as tx:
        second = command_lines.refresh(tx, first.refresh_token)
        assert second is not None
        third = command_lines.refresh(tx, second.refresh_token)
        assert third is not None and command_lines.give_back(tx, first.refresh_token) is None
        assert command_lines.refresh(tx, third.refresh_token) is not None


def test_one_that_is_not_there_ends_without_a_word(store: Store, now: float) -> None:
    """Sessions of browsers end in the same way."""
    with store.transaction(now) as tx:
        command_lines.end(tx, "gone")
    assert not store.build_snapshot().revoked_sessions
