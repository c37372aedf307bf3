"""Tokens by which connectors join."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.errors import Code, ConfigError, IdentityError
from appproxy.pki.tokens import hash_secret
from appproxy.store.connectors import groups, join_tokens
from appproxy.store.database.store import Store
from appproxy.store.names import NotFound
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Transaction


def refused(tx: Transaction, id_: str, secret: bytes) -> str:
    """Why the token is refused."""
    with pytest.raises(IdentityError) as caught:
        join_tokens.use_token(tx, id_, hash_secret(secret))
    assert caught.value.code is Code.TOKEN_REFUSED
    return caught.value.detail


def test_a_token_has_its_uses_and_its_group(store: Store, now: float) -> None:
    """Two uses, and no third."""
    with store.transaction(now) as tx:
        lab = groups.add(tx, "lab")
        id_, secret = join_tokens.new_token(tx, "Lab", 2, now + 60)
        assert [join_tokens.use_token(tx, id_, hash_secret(secret)) for _ in range(2)] == [lab.id, lab.id]
        assert "used up" in refused(tx, id_, secret)
        assert [(one.uses, one.uses_left) for one in join_tokens.list_all(tx)] == [(2, 0)]


def test_a_wrong_secret_uses_nothing_up(store: Store, now: float) -> None:
    """And tells no more than an unknown id does."""
    with store.transaction(now) as tx:
        id_, secret = join_tokens.new_token(tx, "default", 1, now + 60)
        assert refused(tx, id_, b"wrong") == refused(tx, "none", secret)
        assert join_tokens.use_token(tx, id_, hash_secret(secret)) == "default"


def test_a_token_ends(store: Store, now: float) -> None:
    """At its moment, and is forgotten later."""
    with store.transaction(now) as tx:
        id_, secret = join_tokens.new_token(tx, "default", 1, now + 60)
    with store.transaction(now + 60) as tx:
        assert "expired" in refused(tx, id_, secret)
        join_tokens.purge(tx)
        assert len(join_tokens.list_all(tx)) == 1
    with store.transaction(now + 61) as tx:
        join_tokens.purge(tx)
        assert join_tokens.list_all(tx) == []


def test_a_token_can_be_taken_back(store: Store, now: float) -> None:
    """It lets nobody join from then on."""
    with store.transaction(now) as tx:
        id_, secret = join_tokens.new_token(tx, "default", 1, now + 60)
        join_tokens.remove(tx, id_)
        assert "no such" in refused(tx, id_, secret)
        with pytest.raises(NotFound):
            join_tokens.remove(tx, id_)


@pytest.mark.parametrize(("uses", "life"), [(0, 60), (-1, 60), (1001, 60), (1, 0), (1, -1), (1, 91 * 86400)])
def test_uses_and_life_are_bounded(store: Store, now: float, uses: int, life: float) -> None:
    """A token for everybody and for ever would be a password."""
    with pytest.raises(ConfigError, match="^(uses|expires): "), store.transaction(now) as tx:
        join_tokens.new_token(tx, "default", uses, now + life)


def test_only_a_hash_is_kept(store: Store, now: float) -> None:
    """Whoever reads the database cannot join."""
    with store.transaction(now) as tx:
        _, secret = join_tokens.new_token(tx, "default", 1, now + 60)
        stored = [str(value) for row in tx.rows(sa.select(schema.join_tokens)) for value in row.values()]
    assert not any(secret.hex() in value for value in stored)
    assert hash_secret(secret) in stored
