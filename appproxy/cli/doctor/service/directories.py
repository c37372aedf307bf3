"""The doctor at the service: do the directories answer that users come from? The running service asks them."""

from __future__ import annotations

from typing import Any

from appproxy.admin.transport.client import AdminClient
from appproxy.cli.doctor.findings import Ailing, Health, Walk
from appproxy.store.database.store import Store
from appproxy.store.people import directories


def examine(walk: Walk, store: Store, client: AdminClient | None) -> None:
    """A step for each directory. `client`: None where no service runs."""
    with store.reading() as reading:
        found = directories.list_all(reading)
    for one in found:
        with walk.step(f"directory {one.name}") as notes:
            if client is None:
                raise Ailing("not asked, because no service runs", "start the service, then look again", Health.WARNING)
            report: Any = client.call("GET", f"/directories/{one.id}/report")
            notes.append(_judge(one.name, report["servers"], report["problems"]))


def _judge(name: str, servers: list[dict[str, str]], problems: list[str]) -> str:
    """What to say when all is well. Raises Ailing: as a warning while some server answers."""
    failing = [f"{one['server']}: {one['problem']}" for one in servers if one["problem"]]
    if failing:
        raise Ailing("; ".join(failing), f"correct what is named, there or with appproxy directory set {name}, and then: "
                     f"appproxy directory test {name}", Health.BROKEN if len(failing) == len(servers) else Health.WARNING)
    if problems:
        raise Ailing("; ".join(problems), f"appproxy directory set {name} --user-base DN --group-base DN, or let its account "
                     "read there")
    return f"{len(servers)} of {len(servers)} servers answer, and take the account"
