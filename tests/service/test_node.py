"""One node: its start, whole or not at all, and its end, users first and watchers last."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from twisted.internet.defer import succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ClientFactory, Factory, Protocol
from twisted.logger import capturedLogs

from appproxy.admin.transport.direct import open_store
from appproxy.config import ServiceSettings, StatePaths
from appproxy.config.service import ServiceLimits
from appproxy.config.values import Address
from appproxy.net.descriptors.open_files import raise_limit, shares
from appproxy.service.node import ServiceNode
from appproxy.service.own.metrics import NodeCollector
from appproxy.store.applications import applications
from appproxy.store.connectors import groups
from appproxy.store.people.session import sessions
from appproxy.store.transaction import Transaction
from appproxy.testing.network import InlinePool, MemoryNetwork
from appproxy.twistd.assembly.assemble import assemble
from appproxy.twistd.state import create_state
from tests.pki.authorities import NOW

HERE = "127.0.0.1"
USERS, TUNNEL, METRICS = 443, 8443, 9100


class NodeRig:
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
    rig = NodeRig(tmp_path)
    rig.start()
    assert rig.ports == {USERS, TUNNEL, METRICS}
    assert (rig.node.user_port, rig.node.tunnel_port) == (USERS, TUNNEL)
    rig.stop()
    assert rig.ports == set()


def test_a_start_that_fails_leaves_no_port_open(tmp_path: Path) -> None:
    """The connectors' port is taken: the reason is told once the users' port is closed again."""
    rig = NodeRig(tmp_path)
    rig.network.listenTCP(TUNNEL, Factory())
    with pytest.raises(CannotListenError):
        rig.start()
    assert rig.ports == {TUNNEL}
    rig.stop()


def test_a_node_that_drains_takes_nobody_and_can_be_watched(tmp_path: Path) -> None:
    """Users who have an answer coming keep it for `drain_seconds`; the metrics say how many they are."""
    rig = NodeRig(tmp_path)
    rig.start()
    busy = Busy()
    rig.node.front.connections.add(busy)
    ended: list[None] = []
    rig.node.stopService().addCallback(ended.append)
    rig.network.advance(19)
    assert (rig.ports, busy.asked, ended) == ({METRICS}, "drain ", [])
    rig.network.advance(2)
    assert (rig.ports, busy.asked, ended) == (set(), "drain abort ", [None])


@pytest.mark.parametrize("beyond", [False, True])
def test_more_users_than_open_files_allow_are_warned_of(beyond: bool, tmp_path: Path) -> None:
    """Before the first of them is refused, and with the fix."""
    most = shares(raise_limit()).users
    rig = NodeRig(tmp_path, limits=ServiceLimits(user_connections=most + beyond))
    with capturedLogs() as events:
        rig.start()
    rig.stop()
    warnings = [event for event in events if "LimitNOFILE" in str(event.get("log_format"))]
    assert [(event["wanted"], event["found"]) for event in warnings] == ([(most + 1, most)] if beyond else [])


def test_what_others_do_makes_no_plan_again(tmp_path: Path) -> None:
    """A sign-out, a revoked subject, a group that is made: what was worked out for an application stays until one changes."""
    rig = NodeRig(tmp_path)
    rig.start()
    store, relay = rig.node.store, rig.node.relay
    rig.network.run(store.write(applications.publish, "wiki", "http://wiki/", "https://wiki.example.com/"))
    plan = relay.plans.of(store.snapshot.router.routes_of("wiki.example.com")[0])

    def change(tx: Transaction) -> None:
        sessions.revoke_session(tx, "s1")
        sessions.revoke_subject(tx, "builtin", "ann")
        groups.add(tx, f"branch {tx.new_id()}")

    for _ in range(2):
        rig.network.run(store.write(change))
        assert relay.plans.of(store.snapshot.router.routes_of("wiki.example.com")[0]) is plan
    rig.network.run(store.write(applications.publish, "crm", "http://crm/", "https://crm.example.com/"))
    assert relay.plans.of(store.snapshot.router.routes_of("wiki.example.com")[0]) is not plan
    rig.stop()


def test_the_page_names_all_metrics(tmp_path: Path) -> None:
    """docs/observation.md has a row for each, and none besides."""
    rig = NodeRig(tmp_path)
    rig.start()
    families = {f"{one.name}{'_total' if one.type == 'counter' else ''}" for one in NodeCollector(rig.node).collect()}
    rig.stop()
    page = (Path(__file__).parents[2] / "docs" / "observation.md").read_text()
    table = page.split("## Metrics of the service")[1].split("## Metrics of a connector")[0]
    assert set(re.findall(r"^\| `(appproxy_[a-z0-9_]+)`", table, re.MULTILINE)) == families


def asked(rig: NodeRig, path: bytes) -> tuple[int, bytes]:
    """What the listener for those who watch answers."""
    came: list[bytes] = []

    class Reader(Protocol):
        def dataReceived(self, data: bytes) -> None:
            came.append(data)

    reader, factory = Reader(), ClientFactory()
    factory.buildProtocol = lambda addr: reader  # type: ignore[method-assign]
    rig.network.connectTCP(HERE, METRICS, factory)
    rig.network.advance(0)
    assert reader.transport is not None
    reader.transport.write(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)
    rig.network.advance(0)
    head, _, body = b"".join(came).partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_live_and_ready(tmp_path: Path) -> None:
    """From the first moment of a drain it is not ready, and lives."""
    rig = NodeRig(tmp_path)
    rig.start()
    assert [asked(rig, path)[0] for path in (b"/metrics", b"/live", b"/ready", b"/", b"/metric")] == [200, 200, 200, 404, 404]
    rig.node.front.connections.add(Busy())
    rig.node.stopService()
    rig.network.advance(0)
    assert (asked(rig, b"/ready"), asked(rig, b"/live")) == ((503, b"draining\n"), (200, b"ok\n"))
