"""What metrics tell of lists and responders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appproxy.service.revocation.revocation import Revocation
from appproxy.store.devices import authorities
from appproxy.store.snapshot import RevocationSources
from tests.pki.chains import DAY, NOW, crl
from tests.service.dispatch.stage_fakes import WIKI
from tests.service.revocation.house import ROOT, House


def test_the_numbers(tmp_path: Path) -> None:
    """Of each authority and application with lists, of what was fetched and asked; what cannot be read is left out."""
    house = House(tmp_path, RevocationSources(("http://pki.corp/a.crl",), ("http://ocsp.corp/",)))
    with house.store.transaction(NOW) as tx:
        authorities.set_lists(tx, "Company", crl(ROOT, begins=NOW - DAY, ends=NOW + DAY))
    house.pass_by(2.0)
    made = Revocation(house.live, house.net, house.clock, house.wall_clock, house.random_bytes)
    made.lists.failures["Company"] += 2
    made.statuses.asked["Company", "failed"] += 3
    press = replace(WIKI, id="p", name="press", machine_crl=crl(ROOT, begins=NOW - 10.0, ends=NOW - 5.0))
    snapshot = replace(house.live.snapshot, applications={
        "p": press, "w": WIKI, "x": replace(WIKI, id="x", machine_crl="-----BEGIN X509 CRL-----x")})
    for _ in range(2):
        told = {(sample.name, *sample.labels.values()): sample.value
                for family in made.numbers.families(snapshot, NOW) for sample in family.samples}
    near = {
        ("appproxy_crl_seconds_left", "device", "Company"): DAY, ("appproxy_crl_seconds", "device", "Company"): 2 * DAY,
        ("appproxy_crl_seconds_left", "machine", "press"): -5.0, ("appproxy_crl_seconds", "machine", "press"): 5.0,
    }
    counts = {
        ("appproxy_crl_fetches_total", "Company"): 0.0, ("appproxy_crl_fetch_failures_total", "Company"): 2.0,
        ("appproxy_ocsp_questions_total", "Company", "good"): 0.0,
        ("appproxy_ocsp_questions_total", "Company", "revoked"): 0.0,
        ("appproxy_ocsp_questions_total", "Company", "failed"): 3.0,
    }
    assert told == {key: pytest.approx(value, abs=1.0) for key, value in (near | counts).items()}
    house.end()
