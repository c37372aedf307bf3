"""Two refreshes at once with one token get the same next one, whatever the token is of, and on whichever nodes they ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from appproxy.store.database.store import Store
from appproxy.store.engine import make_engine
from appproxy.store.machines import client_grants, command_lines, native_grants
from appproxy.store.machines.refresh_tokens import AGAIN, NewRefreshToken, RefreshTokenKind, TokenUse, hash_of
from appproxy.store.sealing import Sealer
from appproxy.store.transaction import Row, Transaction
from tests.store.machines import test_client_grants, test_native_grants

KIND = RefreshTokenKind("tt_")
ID = "a" * 32


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


def three(store: Store, now: float) -> list[NewRefreshToken]:
    """Tokens of one id, one after the other."""
    with store.transaction(now) as tx:
        first = KIND.new(tx, ID)
        second = KIND.next(tx, first.text)
        return [first, second, KIND.next(tx, second.text)]


def row(last: NewRefreshToken, former: NewRefreshToken | None, rotated: float) -> Row:
    """What is kept, once `last` was given for `former`."""
    made: dict[str, object] = {**last.columns, "former_hash": "" if former is None else former.secret_hash, "rotated": rotated}
    return made  # type: ignore[return-value]


def test_tokens_of_one_id_have_a_family(store: Store, now: float) -> None:
    """They begin with the same secret, which is all that they have in common; hashes alone are kept."""
    first, second, third = three(store, now)
    with store.transaction(now) as tx:
        other = KIND.new(tx, ID)
    families = [KIND.family_of(one.text) for one in (first, second, third, other)]
    assert len(families[0]) == 22 and families[0] == families[1] == families[2] != families[3]
    assert len({one.text for one in (first, second, third, other)}) == 4 and all(KIND.is_one(one.text) for one in (first,
        other))
    assert KIND.id_of(first.text) == ID
    assert first.columns == {"secret_hash": hash_of(first.text), "family_hash": hash_of(families[0])}
    assert first.text not in repr(first) and first.text[36:] not in str(first.columns)


@pytest.mark.parametrize("text", [
    "", "tt_", "tt_" + "a" * 32, "tt_" + "a" * 31 + "_" + "b" * 43, "tt_" + "a" * 33 + "_" + "b" * 43,
    "tt_" + "a" * 32 + "_" + "b" * 42, "tt_" + "a" * 32 + "_" + "b" * 44, "xx_" + "a" * 32 + "_" + "b" * 43,
    "a" * 32 + "_" + "b" * 43, "tt_" + "a" * 32 + "_" + "ä" * 43])
def test_what_looks_like_none(text: str) -> None:
    """Nobody asks the database about it."""
    assert not KIND.is_one(text) and KIND.is_one("tt_" + "a" * 32 + "_" + "b" * 43)


def test_which_one_is_shown(store: Store, now: float) -> None:
    """The last is good; the one before for a moment, since an answer may be lost; each older one is in two hands."""
    first, second, third = three(store, now)
    kept = row(third, second, now)
    assert KIND.judge(kept, third.text, now + 1e6) is TokenUse.GOOD
    assert KIND.judge(kept, second.text, now + AGAIN - 0.1) is TokenUse.GOOD
    assert KIND.judge(kept, second.text, now + AGAIN) is TokenUse.STOLEN
    assert KIND.judge(kept, first.text, now) is TokenUse.STOLEN
    begun = row(first, None, now)
    assert KIND.judge(begun, first.text, now) is TokenUse.GOOD and KIND.judge(begun, second.text, now) is TokenUse.STOLEN


def test_one_that_was_made_up(store: Store, now: float) -> None:
    """With the id alone, which is no secret, nobody ends anything; rows from before there were families are careful."""
    first, second, _ = three(store, now)
    made_up = f"tt_{ID}_" + "x" * 43
    assert KIND.judge(row(second, first, now), made_up, now) is TokenUse.MADE_UP
    older = {**row(second, first, now), "family_hash": ""}
    assert KIND.judge(older, made_up, now) is TokenUse.STOLEN  # type: ignore[arg-type]


def test_the_last_and_the_one_before(store: Store, now: float) -> None:
    """However long ago; none before that."""
    first, second, third = three(store, now)
    kept = row(third, second, now)
    assert [KIND.is_last(kept, one.text) for one in (first, second, third)] == [False, False, True]
    assert [KIND.is_current(kept, one.text) for one in (first, second, third)] == [False, True, True]
