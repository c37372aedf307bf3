"""The doctor at the service: does the audit reach where it is exported to?"""

from __future__ import annotations

from appproxy.cli.doctor.findings import Ailing, Health, Walk
from appproxy.store.database.store import Store
from appproxy.store.service import audit_exports

#: Seconds that an entry may wait before it is of interest: longer than the longest time between two tries.
_PATIENCE = 300.0
_HINT = "put the receiver right, then: appproxy audit export test NAME (docs/audit-export.md says what each state means)"


def examine(walk: Walk, store: Store, now: float) -> None:
    """What waits, and what was refused or lost."""
    with store.reading() as reading:
        found = audit_exports.backlogs(reading, now)
    if not found:
        return
    with walk.step("audit export") as notes:
        late = [f"{one.export.name}: {one.waiting} entries wait, the first for {now - one.since:.0f} s"
                + (f" ({one.export.problem})" if one.export.problem else "")
                for one in found if one.waiting and now - one.since > _PATIENCE]
        gone = [f"{one.export.name}: {one.export.refused} refused, {one.export.lost} lost"
                for one in found if one.export.refused or one.export.lost]
        if late or gone:
            raise Ailing("; ".join((*late, *gone)), _HINT, Health.WARNING)
        notes.append(", ".join(one.export.name for one in found))
