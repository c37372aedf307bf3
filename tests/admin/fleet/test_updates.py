"""The plan of updates, as admins see it."""

from __future__ import annotations

from typing import Any

import appproxy
from appproxy.store.connectors import sightings
from appproxy.store.connectors.sightings import Sighting
from appproxy.store.tables.fleet import update_leases
from tests.admin.conftest import NOW
from tests.admin.fleet.test_connectors import enrol


def test_whose_turn_it_is(desk: Any) -> None:
    """With how far its version is from the service's; one that this node has is connected, whatever the database knows."""
    old, new = enrol(desk, "old"), enrol(desk, "new")
    with desk.store.transaction(NOW) as tx:
        for id_, version in ((old, "0.0.9"), (new, appproxy.__version__)):
            sightings.left(tx, "n", Sighting(id_, version, "192.0.2.9"))
    desk.live.update({old: {"online": True}, new: {"online": True}})
    rows = {one["id"]: one for one in desk.rows("/connector-updates")}
    assert [(one["name"], one["turn"]) for one in desk.rows("/connector-updates")] == [("old", "next"), ("new", "done")]
    assert (rows[old]["releases_apart"], rows[new]["releases_apart"]) == (1, 0)
    row = rows[old]
    assert (row["group"], row["status"], row["service_version"]) == ("default", "active", appproxy.__version__)
    with desk.store.transaction(NOW) as tx:
        tx.change(update_leases.insert().values(connector_group="default", connector=old, begun=NOW, until=NOW + 60))
    row = desk.rows("/connector-updates")[0]
    assert (row["turn"], row["until"]) == ("now", NOW + 60)
