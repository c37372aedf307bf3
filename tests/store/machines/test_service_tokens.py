"""Service tokens in the store."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from appproxy.errors import AlreadyThere, ConfigError
from appproxy.identity.service_token import read_token
from appproxy.store.applications import applications
from appproxy.store.database.store import Store
from appproxy.store.machines import service_tokens
from appproxy.store.machines.service_tokens import NewToken
from appproxy.store.names import NotFound
from appproxy.store.tables import machines as schema_machines
from appproxy.store.transaction import Transaction

DAY = 86400.0


def wanted(now: float, **changes: object) -> NewToken:
    """A good one."""
    return replace(NewToken("ci", [], now + DAY), **changes)  # type: ignore[arg-type]


def publish(tx: Transaction) -> list[str]:
    """An application; its id."""
    return [applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/").id]


def test_only_hashes_are_kept(store: Store, now: float) -> None:
    """The text opens it, and is nowhere in the database."""
    with store.transaction(now) as tx:
        ids = publish(tx)
        made, text = service_tokens.add(tx, wanted(now, applications=ids, networks=["10.0.0.0/8", "2001:db8::/32"]))
        row = tx.row(sa.select(schema_machines.service_tokens))
        assert row is not None and text[22:] not in str(dict(row))
        found = service_tokens.snapshot_tokens(tx)[made.id]
    assert read_token(text.encode()) == (made.id, next(iter(found.secrets)))
    assert found.applications == set(ids) and found.secrets == {row["secret_hash"]: now + DAY}
    assert found.takes("10.1.2.3") and found.takes("::ffff:10.1.2.3") and found.takes("2001:db8::1")
    assert not found.takes("11.1.2.3") and not found.takes("") and not found.takes("x")


def test_two_count_while_it_is_rotated(store: Store, now: float) -> None:
    """The one before for a while, an older one not at all."""
    with store.transaction(now) as tx:
        made, first = service_tokens.add(tx, wanted(now, applications=publish(tx)))
        _, second = service_tokens.rotate(tx, "CI", 3600)
        both = service_tokens.snapshot_tokens(tx)[made.id].secrets
        third_record, third = service_tokens.rotate(tx, made.id, 0, now + 5 * DAY)
        one = service_tokens.snapshot_tokens(tx)[made.id].secrets
    hashes = [read_token(text.encode())[1] for text in (first, second, third)]  # type: ignore[index]
    assert both == {hashes[0]: now + 3600, hashes[1]: now + DAY}
    assert one == {hashes[2]: now + 5 * DAY} and third_record.former_until == 0.0


def test_an_overlap_ends_with_the_token(store: Store, now: float) -> None:
    """No secret lasts longer than it was made for."""
    with store.transaction(now) as tx:
        service_tokens.add(tx, wanted(now, applications=publish(tx), expires=now + 60))
        made, _ = service_tokens.rotate(tx, "ci", 3600, now + DAY)
    assert made.former_until == now + 60


def test_what_is_refused(store: Store, now: float) -> None:
    """With what is wrong; and nothing is made of it."""
    with store.transaction(now) as tx:
        good = wanted(now, applications=publish(tx))
        for change, words in (
            ({"name": ""}, "name"), ({"applications": ()}, "applications"), ({"expires": now}, "expires"),
            ({"expires": now + 731 * DAY}, "expires"), ({"networks": ["10.0.0.1/8"]}, "networks"),
            ({"networks": ["x"]}, "networks"),
            ({"claims": {"sub": "x"}}, "own"), ({"claims": {"a": "b\n"}}, "claims"), ({"claims": {"": "b"}}, "claims"),
            ({"claims": {str(number): "" for number in range(21)}}, "claims"),
        ):
            with pytest.raises(ConfigError, match=words):
                service_tokens.add(tx, replace(good, **change))
        service_tokens.add(tx, good)
        with pytest.raises(AlreadyThere):
            service_tokens.add(tx, replace(good, name="CI"))
        for overlap, expires in ((-1, None), (31 * DAY, None), (0, now)):
            with pytest.raises(ConfigError):
                service_tokens.rotate(tx, "ci", overlap, expires)
        assert len(service_tokens.list_all(tx)) == 1


def test_uses_do_not_change_the_snapshot(store: Store, now: float) -> None:
    """They are told with the token, the latest of them, and of tokens that are gone nothing is."""
    with store.transaction(now) as tx:
        made, _ = service_tokens.add(tx, wanted(now, applications=publish(tx)))
    before = store.build_snapshot()
    for moment in (now + 5, now + 3):
        with store.transaction(now) as tx:
            service_tokens.used(tx, {made.id: (moment, "192.0.2.1"), "gone": (moment, "192.0.2.1")})
    assert store.build_snapshot(before) is before
    with store.reading() as reading:
        found = service_tokens.find(reading, "ci")
        assert (found.used, found.address) == (now + 5, "192.0.2.1")
        assert service_tokens.list_all(reading) == [found]


def test_revoked_and_forgotten(store: Store, now: float) -> None:
    """A token that is gone, or an application that is, opens nothing."""
    with store.transaction(now) as tx:
        ids = publish(tx)
        made, _ = service_tokens.add(tx, wanted(now, applications=ids))
        service_tokens.add(tx, wanted(now, name="other", applications=ids))
        service_tokens.used(tx, {made.id: (now, "192.0.2.1")})
        service_tokens.revoke(tx, "ci")
        assert [one.name for one in service_tokens.list_all(tx)] == ["other"]
        with pytest.raises(NotFound):
            service_tokens.find(tx, "ci")
        applications.remove(tx, "wiki")
        assert [one.applications for one in service_tokens.snapshot_tokens(tx).values()] == [frozenset()]
    with store.transaction(now + 92 * DAY) as tx:
        service_tokens.purge(tx)
        assert service_tokens.list_all(tx) == []
