"""Lists of revoked certificates that are fetched: in time, by one node, and never an older one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from appproxy.pki.revocation.crl import LARGEST_FETCHED
from appproxy.service.revocation.fetching import AnswerTooLong
from appproxy.service.revocation.lists import ListFetcher
from appproxy.store.devices import authorities, list_fetches
from appproxy.store.devices.list_fetches import ListFetch
from appproxy.store.service import audit
from appproxy.store.snapshot import RevocationSources
from tests.pki.chains import DAY, NOW, crl
from tests.service.revocation.house import LAPTOP, ROOT, House

URL = "http://pki.corp/a.crl"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """With one URL."""
    made = House(tmp_path, RevocationSources(crl_urls=(URL,)))
    yield made
    made.end()


def node(house: House) -> ListFetcher:
    """One that looks."""
    made = ListFetcher(house.live, house.net, house.clock, house.wall_clock, house.random_bytes)
    made.start()
    return made


def state(house: House) -> ListFetch:
    """How it stands."""
    with house.store.reading() as reading:
        return list_fetches.all_of(reading)[house.id]


def test_a_list_comes_and_is_renewed(house: House) -> None:
    """At once, and again in time; only a new one makes nodes judge again, and is in the audit."""
    number = 1
    house.net.answer = lambda url, body: crl(ROOT, LAPTOP, number=number).encode()
    one, two = node(house), node(house)
    house.pass_by(10.0)
    assert len(house.live.snapshot.device_authorities[house.id].revoked) == 1
    assert one.fetched + two.fetched == {"Company": 1} and house.net.asked == [URL]
    before = house.live.snapshot
    house.pass_by(3600.0, 5.0)
    assert len(house.net.asked) == 2 and house.live.snapshot is before
    number = 2
    house.pass_by(3600.0, 5.0)
    assert len(house.net.asked) == 3 and house.live.snapshot is not before
    with house.store.reading() as reading:
        assert [row.action for row in audit.list_recent(reading, 10)].count("device_authority.fetched") == 2
    one.stop()
    two.stop()


def test_what_does_not_come(house: House) -> None:
    """Is tried again, later each time; what is there counts on, and an older one is not taken."""
    answers = [crl(ROOT, LAPTOP, number=5, ends=NOW + 3 * DAY)]
    house.net.answer = lambda url, body: answers[-1].encode() if answers[-1] else None
    one = node(house)
    house.pass_by(10.0)
    for bad, said in (("", "nothing answers there"), (" \n", "crl: the answer is empty"), ("<html>", "crl: no PEM list"),
                      (crl(ROOT, number=4), "crl: the list number 4")):
        answers.append(bad)
        house.pass_by(3700.0, 5.0)
        assert said in state(house).problem
        assert len(house.live.snapshot.device_authorities[house.id].revoked) == 1
    failures = state(house).failures
    assert failures >= 3 and one.failures["Company"] == failures
    # In a minute, in two, in four, ...: not at each look.
    assert failures < 20
    answers.append(crl(ROOT, number=6))
    house.pass_by(3700.0, 5.0)
    assert state(house).problem == "" and not house.live.snapshot.device_authorities[house.id].revoked
    one.stop()


@pytest.mark.parametrize("size", [LARGEST_FETCHED + 1, LARGEST_FETCHED // 2 + 1])
def test_a_list_that_is_too_long(house: House, size: int) -> None:
    """One alone, or all together: there is another way to know, and the hint names it."""
    with house.store.transaction(NOW) as tx:
        authorities.set_sources(tx, "Company", RevocationSources(crl_urls=(URL, f"{URL}?2")))
    def get(url: str, largest: int, seconds: float = 0.0) -> Deferred[bytes]:
        return fail(AnswerTooLong(f"{url}: too many")) if size > largest else succeed(b"\x30" * size)

    house.net.get = get
    one = node(house)
    house.pass_by(10.0)
    assert "appproxy device authority set Company --ocsp URL" in state(house).problem
    assert "too " in state(house).problem and one.failures["Company"] >= 1
    one.stop()


def test_a_node_that_stops(house: House) -> None:
    """Leaves what it was at to the next."""
    house.net.is_slow = True
    one = node(house)
    house.pass_by(6.0)
    assert house.net.asked == [URL]
    one.stop()
    house.net.is_slow = False
    house.net.answer = lambda url, body: crl(ROOT).encode()
    two = node(house)
    house.pass_by(6.0)
    assert two.fetched == {"Company": 1}
    two.stop()


def test_nothing_is_looked_for_without_urls(house: House) -> None:
    """Once they are taken away."""
    with house.store.transaction(NOW) as tx:
        authorities.set_sources(tx, "Company", RevocationSources())
    one = node(house)
    house.pass_by(60.0)
    assert house.net.asked == []
    one.stop()
