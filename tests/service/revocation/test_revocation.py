"""Both kinds of questions begin and end together."""

from __future__ import annotations

from pathlib import Path

from appproxy.service.revocation.revocation import Revocation
from appproxy.store.snapshot import RevocationSources
from tests.pki.chains import crl
from tests.service.revocation.house import ROOT, House


def test_begin_and_end(tmp_path: Path) -> None:
    """Nothing is asked before and after."""
    house = House(tmp_path, RevocationSources(crl_urls=("http://pki.corp/a.crl",)))
    house.net.answer = lambda url, body: crl(ROOT).encode()
    made = Revocation(house.live, house.net, house.clock, house.wall_clock, house.random_bytes)
    house.pass_by(30.0)
    assert house.net.asked == []
    made.start()
    house.pass_by(30.0)
    made.stop()
    house.pass_by(7200.0, 60.0)
    assert len(house.net.asked) == 1 and made.lists.fetched == {"Company": 1}
    house.end()
