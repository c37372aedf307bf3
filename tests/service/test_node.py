"""One node: its start, whole or not at all, and its end, users first and watchers last."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.defer import succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.logger import capturedLogs

from appproxy.admin.direct import open_store
from appproxy.config import ServiceSettings, StatePaths
from appproxy.config.service import ServiceLimits
from appproxy.config.values import Address
from appproxy.net.open_files import raise_limit, shares
from appproxy.service.node import ServiceNode
from appproxy.store.applications import applications
from appproxy.store.connectors import groups
from appproxy.store.people import sessions
from appproxy.store.transaction import Transaction
from appproxy.testing.network import InlinePool, MemoryNetwork
from appproxy.twistd.assembly import assemble
from appproxy.twistd.state import create_state
from tests.pki.authorities import NOW

HERE = "127.0.0.1"
USERS, TUNNEL, METRICS = 443, 8443, 9100


class Place:
    """A node on a network in memory, not yet started."""

    def __init__(self, directory: Path, **settings: object) -> None:
        self.network = MemoryNetwork()
        made = ServiceSettings(
            domain="example.com", listen=Address(HERE, USERS), tunnel_listen=Address(HERE, TUNNEL),
            metrics_listen=Address(HERE, METRICS), drain_seconds=20, **settings,  # type: ignore[arg-type]
        )
        state = directory / "state"
        create_state(state, made, NOW, {})
        store = open_store(StatePaths(state), made, {}, lambda text: None)
        self.node: ServiceNode = assemble(
            made, state, store, self.network, lambda: NOW, pool=InlinePool(), run=lambda work: succeed(work())
        ).node

    @property
    def ports(self) -> set[int]:
        return set(self.network.ports)

    def start(self) -> None:
        self.node.startService()
        self.network.run(self.node.ready)

    def stop(self) -> None:
        self.network.run(self.node.stopService(), 300)


class Busy:
    """A user's connection with an answer that takes its time."""

    asked = ""
    idle = False

    def drain(self) -> None:
        self.asked += "drain "

    def abort(self) -> None:
        self.asked += "abort "


def test_a_node_that_is_ready_listens(tmp_path: Path) -> None:
    """On the ports that it says; after its end on none."""
    place = Place(tmp_path)
    place.start()
    assert place.ports == {USERS, TUNNEL, METRICS}
    assert (place.node.user_port, place.node.tunnel_port) == (USERS, TUNNEL)
    place.stop()
    assert place.ports == set()


def test_a_start_that_fails_leaves_no_port_open(tmp_path: Path) -> None:
    """The connectors' port is taken: the reason is told once the users' port is closed again."""
    place = Place(tmp_path)
    place.network.listenTCP(TUNNEL, Factory())
    with pytest.raises(CannotListenError):
        place.start()
    assert place.ports == {TUNNEL}
    place.stop()


def test_a_node_that_drains_takes_nobody_and_can_be_watched(tmp_path: Path) -> None:
    """Users who have an answer coming keep it for `drain_seconds`; the metrics say how many they are."""
    place = Place(tmp_path)
    place.start()
    busy = Busy()
    place.node.front.connections.add(busy)
    ended: list[None] = []
    place.node.stopService().addCallback(ended.append)
    place.network.advance(19)
    assert (place.ports, busy.asked, ended) == ({METRICS}, "drain ", [])
    place.network.advance(2)
    assert (place.ports, busy.asked, ended) == (set(), "drain abort ", [None])


@pytest.mark.parametrize("beyond", [False, True])
def test_more_users_than_open_files_allow_are_warned_of(beyond: bool, tmp_path: Path) -> None:
    """Before the first of them is refused, and with the fix."""
    most = shares(raise_limit()).users
    place = Place(tmp_path, limits=ServiceLimits(user_connections=most + beyond))
    with capturedLogs() as events:
        place.start()
    place.stop()
    warnings = [event for event in events if "LimitNOFILE" in str(event.get("log_format"))]
    assert [(event["wanted"], event["found"]) for event in warnings] == ([(most + 1, most)] if beyond else [])


def test_what_others_do_makes_no_plan_again(tmp_path: Path) -> None:
    """A sign-out, a revoked subject, a group that is made: what was worked out for an application stays until one changes."""
    place = Place(tmp_path)
    place.start()
    store, relay = place.node.store, place.node.relay
    place.network.run(store.write(applications.publish, "wiki", "http://wiki/", "https://wiki.example.com/"))
    plan = relay.plans.of(store.snapshot.router.routes_of("wiki.example.com")[0])

    def change(tx: Transaction) -> None:
        sessions.revoke_session(tx, "s1")
        sessions.revoke_subject(tx, "builtin", "ann")
        groups.add(tx, f"branch {tx.new_id()}")

    for _ in range(2):
        place.network.run(store.write(change))
        assert relay.plans.of(store.snapshot.router.routes_of("wiki.example.com")[0]) is plan
    place.network.run(store.write(applications.publish, "crm", "http://crm/", "https://crm.example.com/"))
    assert relay.plans.of(store.snapshot.router.routes_of("wiki.example.com")[0]) is not plan
    place.stop()
