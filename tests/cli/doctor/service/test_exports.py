"""The doctor's look at where the audit is exported to."""

from __future__ import annotations

from pathlib import Path

from appproxy.admin.transport.direct import open_store
from appproxy.cli.doctor.findings import Finding, Health, Walk
from appproxy.cli.doctor.service.exports import examine
from appproxy.config import StatePaths
from appproxy.store.service import audit, audit_exports
from appproxy.store.service.actions import USER_SIGN_IN
from appproxy.store.service.audit_exports import NewExport
from appproxy.twistd.state import read_settings
from tests.cli.conftest import NOW


def test_what_waits_and_what_is_lacking(state: Path) -> None:
    """Nothing is said of an audit that is exported nowhere; five minutes of waiting are a warning, with the reason."""
    store = open_store(StatePaths(state), read_settings(state), {}, print)

    def found(now: float) -> list[Finding]:
        walk = Walk(lambda finding: None)
        examine(walk, store, now)
        return walk.findings

    assert found(NOW) == []
    with store.transaction(NOW) as tx:
        id_ = audit_exports.add(tx, "logs", NewExport("syslog://logs"), None).id
        audit.record(tx, "user:ann", USER_SIGN_IN)
        audit_exports.claim(tx, id_, "node")
        audit_exports.failed(tx, id_, "node", "Connection refused", 1)
    assert [one.health for one in found(NOW + 200)] == [Health.GOOD]
    (late,) = found(NOW + 400)
    assert late.health is Health.WARNING and "logs: 1 entries wait, the first for 400 s (Connection refused)" in late.detail
    with store.transaction(NOW + 400) as tx:
        audit_exports.claim(tx, id_, "node")
        audit_exports.left_out(tx, id_, "node", audit_exports.find(tx, id_).position + 1)
    (lacking,) = found(NOW + 400)
    assert lacking.health is Health.WARNING and "logs: 1 refused, 0 lost" in lacking.detail
    store.close()
