"""The doctor's look at lists of revoked certificates and responders; test_doctor_faults.py makes each finding."""

from __future__ import annotations

from pathlib import Path

from appproxy.admin.transport.direct import open_store
from appproxy.cli.doctor.findings import Finding, Health, Walk
from appproxy.cli.doctor.service.revocation import examine
from appproxy.config import StatePaths
from appproxy.store.devices import authorities
from appproxy.store.snapshot import RevocationSources
from appproxy.twistd.state import read_settings
from tests.cli.conftest import NOW
from tests.pki.chains import crl, make

DAY = 86_400.0


def test_when_all_is_well(state: Path) -> None:
    """Nothing is said of what there is not; a short list is no fault while the next one need not be there."""
    store = open_store(StatePaths(state), read_settings(state), {}, print)

    def found(now: float) -> list[Finding]:
        walk = Walk(lambda finding: None)
        examine(walk, store, now)
        return walk.findings

    assert found(NOW) == []
    root = make("Company Devices", authority=True, begins=NOW - DAY, ends=NOW + 900 * DAY)
    with store.transaction(NOW) as tx:
        authorities.add(tx, "company", root.pem, crl(root, begins=NOW, ends=NOW + 7200.0),
                        RevocationSources(("http://pki.corp/a.crl",), ("http://ocsp.corp/",)))
    assert [(one.step, one.health) for one in found(NOW + 3600.0)] == [
        ("lists of revoked certificates", Health.GOOD), ("lists that are fetched", Health.GOOD),
        ("responders of device authorities", Health.GOOD)]
    assert found(NOW + 5500.0)[0].health is Health.WARNING
    store.close()
