"""Two refreshes at once with one token get the same next one, whatever the token is of, and on whichever nodes they ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from appproxy.store.database.store import Store
from appproxy.store.engine import make_engine
from appproxy.store.machines import client_grants, command_lines, native_grants
from appproxy.store.machines.refresh_tokens import AGAIN, RefreshTokenKind
from appproxy.store.sealing import Sealer
from appproxy.store.transaction import Transaction
from tests.store.machines import test_client_grants, test_native_grants


@dataclass
class Renewing:
    """What has tokens: its first one, and what one brings; "" for nothing."""

    first: str
    renew: Callable[[Transaction, str], str]


def of_client(tx: Transaction) -> Renewing:
    """A relying party."""
    grant = test_client_grants.grant(tx, 1)

    def renew(tx: Transaction, text: str) -> str:
        used = client_grants.use(tx, text, grant.client).grant
        return "" if used is None else client_grants.rotate(tx, used)

    return Renewing(client_grants.begin(tx, grant), renew)


def of_native(tx: Transaction) -> Renewing:
    """A native client."""
    grant, first = test_native_grants.begun(tx, tx.now)

    def renew(tx: Transaction, text: str) -> str:
        used = native_grants.use(tx, text, grant.client)
        return "" if used is None else native_grants.rotate(tx, used)

    return Renewing(first, renew)


def of_command_line(tx: Transaction) -> Renewing:
    """A command line elsewhere."""

    def renew(tx: Transaction, text: str) -> str:
        found = command_lines.refresh(tx, text)
        return "" if found is None else found.refresh_token

    return Renewing(command_lines.begin(tx, "c" * 32, {}, tx.now + 3600).refresh_token, renew)


@pytest.fixture(params=[of_client, of_native, of_command_line])
def renewing(request: pytest.FixtureRequest, store: Store, now: float) -> Renewing:
    """Each kind in turn."""
    with store.transaction(now) as tx:
        made: Renewing = request.param(tx)
    return made


def test_two_at_once(store: Store, database_url: str, sealer: Sealer, now: float, renewing: Renewing) -> None:
    """On two nodes: it does not matter whose answer the program keeps."""
    other = Store(make_engine(database_url), sealer)
    try:
        with store.transaction(now + 60) as tx:
            kept = renewing.renew(tx, renewing.first)
        with other.transaction(now + 60 + AGAIN - 0.1) as tx:
            assert renewing.renew(tx, renewing.first) == kept != ""
        with other.transaction(now + 360) as tx:
            third = renewing.renew(tx, kept)
        with store.transaction(now + 660) as tx:
            assert third not in ("", kept) and renewing.renew(tx, third) != ""
    finally:
        other.close()


def test_the_time_is_that_of_the_first(store: Store, now: float, renewing: Renewing) -> None:
    """Nobody stretches it by asking again and again: whoever has it later is somebody else, and all of it ends."""
    for second in (60.0, 69.0):
        with store.transaction(now + second) as tx:
            kept = renewing.renew(tx, renewing.first)
    with store.transaction(now + 71) as tx:
        assert renewing.renew(tx, renewing.first) == ""
        assert renewing.renew(tx, kept) == ""


def test_who_is_late_gets_nothing_newer(store: Store, now: float, renewing: Renewing) -> None:
    """Once the next token was used, too, the first one is an old one, however soon it comes."""
    with store.transaction(now + 60) as tx:
        second = renewing.renew(tx, renewing.first)
        assert renewing.renew(tx, second) != ""
        assert renewing.renew(tx, renewing.first) == ""


def test_the_next_one_is_nobody_elses_to_know(store: Store, now: float) -> None:
    """It follows from the one before by the master key alone; and from no other token, of whichever kind."""
    kind, other = RefreshTokenKind("aprt_"), RefreshTokenKind("aprp_")
    with store.transaction(now) as tx:
        first = kind.new(tx, "a" * 32).text
        made = kind.next(tx, first)
        assert kind.is_one(made.text) and kind.family_of(made.text) == kind.family_of(first)
        assert made == kind.next(tx, first) and made.text != kind.next(tx, made.text).text
        assert made.text[60:] != other.next(tx, "aprp_" + first[5:]).text[60:]
        elsewhere = Transaction(tx.connection, Sealer(bytes(32)), now)
        assert kind.next(elsewhere, first).text != made.text
