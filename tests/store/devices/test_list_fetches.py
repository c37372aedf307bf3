"""Lists that the service fetches itself: when, by whom, and what counts of them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.pki.revocation.crl import Revocations, read_fetched
from appproxy.policy.lifetimes import Lifetimes
from appproxy.store.database.store import Store
from appproxy.store.devices import authorities, list_fetches
from appproxy.store.snapshot import RevocationSources
from appproxy.store.tables.devices import device_authorities
from tests.pki.chains import DAY, crl
from tests.store.devices.test_authorities import BEGINS, ENDS, LAPTOP, ROOT

FETCHED = RevocationSources(crl_urls=("http://pki.corp/a.crl",))


def read(pem: str, now: float) -> Revocations:
    """As it is before it comes to the store."""
    return read_fetched([pem.encode()], [ROOT.certificate], now)


def test_from_a_url_to_a_list(store: Store, now: float) -> None:
    """At once, by one node at a time; when it has come it is due again, and the same once more changes nothing."""
    with store.transaction(now) as tx:
        id_ = authorities.add(tx, "Company", ROOT.pem, sources=FETCHED).id
        assert list_fetches.is_due(tx, now)
        record = list_fetches.claim(tx, "me")
        assert record is not None and record.authority.sources == FETCHED
        assert list_fetches.claim(tx, "you") is None
        new = read(crl(ROOT, LAPTOP, ends=ENDS, begins=BEGINS, number=5), now)
        assert list_fetches.fetched(tx, id_, "you", new) is None
        made = list_fetches.fetched(tx, id_, "me", new)
        assert made is not None and len(made.authority.revoked) == 1
        [state] = list_fetches.all_of(tx).values()
        assert state == list_fetches.ListFetch(now + list_fetches.LATEST, now, 0, "")
    with store.transaction(now + list_fetches.LATEST) as tx:
        assert list_fetches.claim(tx, "you") is not None
        assert list_fetches.fetched(tx, id_, "you", new) is None
        assert tx.touched <= {"device_list_fetches"} or "device_authorities" not in tx.touched


def test_a_clock_that_is_set_back(store: Store, now: float) -> None:
    """Lists are due at once, and the same list once more was heard now: it counts as it says, by the clock of now."""
    lifetimes = Lifetimes()
    lifetimes.look(now, 0.0)
    new = read(crl(ROOT, LAPTOP, ends=ENDS, begins=BEGINS, number=5), now)
    with store.transaction(now) as tx:
        id_ = authorities.add(tx, "Company", ROOT.pem, sources=FETCHED).id
        list_fetches.claim(tx, "me")
        list_fetches.fetched(tx, id_, "me", new)
        [said] = authorities.bounded(tx, lifetimes)[id_].lists.values()
        list_fetches.claim(tx, "me")
    lifetimes.look(now - DAY, 0.0)
    with store.transaction(now - DAY) as tx:
        assert set(authorities.bounded(tx, lifetimes)[id_].lists.values()) == {said - DAY}
        assert authorities.bounded(tx, lifetimes)[id_].trusted.until == said - DAY
        assert list_fetches.claim(tx, "me") is not None
        assert list_fetches.fetched(tx, id_, "me", new) is not None
        assert set(authorities.bounded(tx, lifetimes)[id_].lists.values()) == {said}
        assert not list_fetches.is_due(tx, now - DAY)


def test_what_goes_wrong(store: Store, now: float) -> None:
    """An older list is refused, as from an administrator; the one that is there stays."""
    with store.transaction(now) as tx:
        id_ = authorities.add(
            tx, "Company", ROOT.pem, crl(ROOT, LAPTOP, ends=ENDS, begins=BEGINS, number=5), FETCHED).id
        list_fetches.claim(tx, "me")
        with pytest.raises(ConfigError, match="crl: the list number 4 .* is older"):
            list_fetches.fetched(tx, id_, "me", read(crl(ROOT, ends=ENDS, begins=BEGINS, number=4), now))
        list_fetches.failed(tx, id_, "me", "x" * 1000, now + 9.0)
        state = list_fetches.all_of(tx)[id_]
        assert (state.due, state.fetched, state.failures, len(state.problem)) == (now + 9.0, 0.0, 1, 300)
        assert len(authorities.find(tx, id_).authority.revoked) == 1
        assert list_fetches.claim(tx, "me") is None
    with store.transaction(now + 9.0) as tx:
        assert list_fetches.claim(tx, "me") is not None
        list_fetches.release(tx, "me")
        assert list_fetches.claim(tx, "you") is not None
        authorities.set_sources(tx, "Company", FETCHED)
        assert list_fetches.all_of(tx)[id_].due == tx.now
        authorities.set_sources(tx, "Company", RevocationSources())
        assert list_fetches.all_of(tx) == {}
        assert list_fetches.fetched(tx, id_, "you", Revocations({}, frozenset())) is None


def test_the_pauses() -> None:
    """A quarter of what is left, between a minute and an hour; after failures longer each time, yet sooner near the end."""
    assert [list_fetches.pause(left) for left in (1.0, 4000.0, 1e9)] == [60.0, 1000.0, 3600.0]
    assert [list_fetches.retry_pause(count, 1e9, 0.0) for count in (1, 2, 3, 50)] == [60.0, 120.0, 240.0, 3600.0]
    assert list_fetches.retry_pause(50, 800.0, 1.0) == 250.0
    assert list_fetches.retry_pause(50, -5.0, 0.0) == 900.0


@pytest.mark.parametrize("url", [
    "", "ldap://pki/x", "http:///x", "http://user@pki/x", "http://pki/x#y", "http://pki:0/", "http://pki:99999/",
    "http://pk i/", "http://[::1/", "http://pki/" + "x" * 500, "file:///etc/passwd", "http://pkí/"])
def test_what_is_no_url(store: Store, now: float, url: str) -> None:
    """Nothing but http and https, and nothing hidden in it."""
    with store.transaction(now) as tx:
        for sources, key in ((RevocationSources(crl_urls=(url,)), "crl_urls"), (RevocationSources(ocsp=(url,)), "ocsp")):
            with pytest.raises(ConfigError, match=f"^{key}: .* is no URL"):
                authorities.add(tx, f"C{key}", ROOT.pem, sources=sources)
            tx.change(sa.delete(device_authorities))
        with pytest.raises(ConfigError, match="^ocsp: 11 are too many"):
            authorities.add(tx, "C", ROOT.pem, sources=RevocationSources(ocsp=("http://x/",) * 11))
