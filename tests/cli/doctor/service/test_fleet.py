"""The doctor's look at nodes and connectors as the database knows them: where each judgement begins."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import appproxy
from appproxy.admin.transport.direct import open_store
from appproxy.cli.doctor.findings import Finding, Health, Walk
from appproxy.cli.doctor.service.fleet import examine
from appproxy.config import StatePaths
from appproxy.config.values import WORKERS_APART
from appproxy.store.connectors import connectors, groups, sightings
from appproxy.store.connectors.connectors import Shown
from appproxy.store.connectors.sightings import INACTIVE, Sighting
from appproxy.store.database.store import Store
from appproxy.store.service import nodes
from appproxy.store.service.nodes import SILENCE, NodeRecord
from appproxy.twistd.state import read_settings
from tests.cli.conftest import NOW
from tests.cli.faults import closed_port

DAY = 86400.0
GOOD, WARNING, BROKEN = Health.GOOD, Health.WARNING, Health.BROKEN
MINOR = int(appproxy.__version__.split(".")[1])


@dataclass
class Fleet:
    """The database of a service, and what the doctor says of it."""

    state: Path
    store: Store
    ids: dict[str, str] = field(default_factory=dict)

    def node(self, name: str, at: float = NOW, **others: Any) -> None:
        """A node gives a sign of life."""
        record = NodeRecord(others.pop("id", name), name, **{"directory": name, "address": "", "version": "1.0", **others})
        with self.store.transaction(at) as tx:
            nodes.beat(tx, record)

    def connector(self, name: str, *at: str, when: float = NOW, version: str = "0.1.0", ends: float = NOW + 100 * DAY) -> None:
        """A connector is at these nodes."""
        with self.store.transaction(when) as tx:
            if name not in self.ids:
                self.ids[name] = connectors.enrol(tx, tx.new_id(), name, "default", Shown("1", NOW, ends)).id
            for node in at:
                sightings.seen(tx, node, Sighting(self.ids[name], version, "192.0.2.7"))

    def findings(self, now: float = NOW) -> dict[str, Finding]:
        """All of them, by step."""
        walk = Walk(lambda finding: None)
        examine(walk, self.store, read_settings(self.state), now)
        found = {one.step: one for one in walk.findings}
        assert len(found) == len(walk.findings)
        return found

    def said(self, step: str, now: float = NOW) -> tuple[Health, str]:
        """One of them."""
        found = self.findings(now)[step]
        return found.health, found.detail


@pytest.fixture
def fleet(state: Path) -> Iterator[Fleet]:
    """Without nodes and connectors."""
    store = open_store(StatePaths(state), read_settings(state), {}, print)
    yield Fleet(state, store)
    store.close()


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """What answers at a node's address is right, as far as TLS tells: certificates of the tests are dated otherwise."""
    monkeypatch.setattr("appproxy.cli.doctor.service.fleet.shake_hands", lambda plain, *_: plain)


@pytest.fixture
def port() -> Iterator[int]:
    """Somebody accepts there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_nothing_to_say_of_nothing(fleet: Fleet) -> None:
    """A service that has never run has neither."""
    assert fleet.findings() == {}


def test_connectors_without_a_node(fleet: Fleet) -> None:
    """The service is stopped: what is known of connectors is told all the same."""
    fleet.connector("web")
    assert list(fleet.findings()) == [
        "approval", "inactive connectors", "certificates of connectors", "versions of connectors"]


def test_one_node_needs_no_address(fleet: Fleet) -> None:
    """Nobody has to tell it from others; neither have several processes of one service."""
    fleet.node("a")
    assert fleet.said("nodes") == (GOOD, "1: a, version 1.0")
    fleet.node(f"a{WORKERS_APART}1", directory="a")
    fleet.node(f"a{WORKERS_APART}2", directory="a")
    assert fleet.said("nodes")[0] is GOOD
    fleet.node("b", address="127.0.0.1:1")
    assert fleet.findings()["nodes"].health is BROKEN
    assert fleet.said("nodes")[1].startswith("connectors cannot tell a")


def test_workers_share_their_address(fleet: Fleet) -> None:
    """The server's name tells them apart; two services do not share one."""
    for name in (f"a{WORKERS_APART}1", f"a{WORKERS_APART}2"):
        fleet.node(name, directory="/a", address="one.example.com:8443")
    fleet.node("b", address="two.example.com:8443")
    assert fleet.said("nodes")[0] is GOOD
    fleet.node("c", address="one.example.com:8443")
    assert fleet.said("nodes") == (
        BROKEN, "one.example.com:8443 is tunnel_advertise of several nodes: " + f"a{WORKERS_APART}1; a{WORKERS_APART}2; c")


def test_a_node_is_silent_from_its_third_beat_on(fleet: Fleet) -> None:
    """Until then it lives; what it says counts no more afterwards."""
    fleet.node("a", NOW)
    fleet.node("b", NOW + 10.0, address="127.0.0.1:1", version="9.9")
    assert fleet.said("nodes", NOW + SILENCE - 0.1)[0] is BROKEN, "both live, and one has no address"
    assert fleet.said("nodes", NOW + SILENCE) == (WARNING, "a has said nothing for 15 s")
    hint = fleet.findings(NOW + SILENCE)["nodes"].hint
    assert "appproxy node remove a" in hint
    assert fleet.said("nodes", NOW + 60.0) == (WARNING, "a has said nothing for 60 s; b has said nothing for 50 s")


def test_more_than_five_are_counted(fleet: Fleet) -> None:
    """A list of hundreds would hide the rest."""
    for number in range(6):
        fleet.node(f"n{number}", address=f"127.0.0.1:{number + 1}")
    assert fleet.said("nodes") == (GOOD, "6: n0; n1; n2; n3; n4; and 1 more, version 1.0")


def test_where_nobody_answers(fleet: Fleet) -> None:
    """The node's own step says so; the other one's is its own."""
    fleet.node("a", address=f"127.0.0.1:{closed_port()}")
    health, detail = fleet.said("node a")
    assert health is BROKEN and "refused" in detail


def test_where_this_machine_alone_gets_no_answer(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A firewall may let connectors through and not us: it is a warning, and says from where it was tried."""
    def silent(*_: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr("appproxy.cli.doctor.probes.socket.create_connection", silent)
    fleet.node("a", address="[::1]:8443")
    health, detail = fleet.said("node a")
    assert (health, detail) == (WARNING, "::1 port 8443: timed out, from this machine")
    assert fleet.findings()["node a"].hint.startswith("if connectors reach it, all is well; else tunnel_advertise of node a")


@pytest.mark.usefixtures("resolved")
def test_a_node_that_began_a_moment_ago(fleet: Fleet, port: int) -> None:
    """Connectors may not have found it yet: they are missed a minute later, and it is broken where it has none at all."""
    fleet.node("a", NOW, address="127.0.0.1:1")
    fleet.node("b", NOW, address=f"127.0.0.1:{port}")
    for name in ("one", "two"):
        fleet.connector(name, "a", when=NOW + 55.0)
    for node in ("a", "b"):
        fleet.node(node, NOW + 60.0, address="127.0.0.1:1" if node == "a" else f"127.0.0.1:{port}")
    assert fleet.said("node b", NOW + 60.0)[0] is GOOD
    assert "0 connectors are there" in fleet.said("node b", NOW + 60.0)[1]
    assert fleet.said("node b", NOW + 60.1) == (BROKEN, "2 of 2 connectors do not reach it: one; two")
    fleet.connector("one", "b", when=NOW + 60.0)
    assert fleet.said("node b", NOW + 60.1) == (WARNING, "1 of 2 connectors do not reach it: two")
    fleet.connector("two", "b", when=NOW + 60.0)
    health, detail = fleet.said("node b", NOW + 60.1)
    assert health is GOOD and detail.endswith("2 connectors are there")


def test_who_waits_for_approval(fleet: Fleet) -> None:
    """All of them, with the address where there is one, and the commands for the first."""
    with fleet.store.transaction(NOW) as tx:
        groups.set_approval(tx, "default", True)
    fleet.connector("web")
    fleet.connector("mail", "a")
    web, mail = fleet.ids["web"], fleet.ids["mail"]
    found = fleet.findings()["approval"]
    assert found.health is WARNING
    assert set(found.detail.partition(": ")[2].split("; ")) == {f"web ({web})", f"mail ({mail}) from 192.0.2.7"}
    with fleet.store.transaction(NOW) as tx:
        for one in (web, mail):
            connectors.approve(tx, one)
    assert fleet.said("approval") == (GOOD, "no connector waits for it")


def test_who_is_inactive(fleet: Fleet) -> None:
    """From two minutes without a sign on; who waits for approval, or was revoked, is not told of here."""
    fleet.node("a")
    fleet.connector("web", "a")
    fleet.connector("gone")
    assert fleet.said("inactive connectors", NOW + INACTIVE)[1] == "gone (has never come)"
    words = "gone (has never come); web (seen 2 minutes ago)"
    assert fleet.said("inactive connectors", NOW + INACTIVE + 0.1) == (WARNING, words)
    with fleet.store.transaction(NOW) as tx:
        for one in fleet.ids.values():
            connectors.revoke(tx, one)
    assert fleet.said("inactive connectors", NOW + 10 * DAY) == (GOOD, "none")


@pytest.mark.parametrize(("days", "health", "words"), [
    (86.0, GOOD, "all are renewed in time"), (86.1, WARNING, "web (ends in 14 days)"),
    (99.5, WARNING, "web (ends in 12 hours)"), (100.0, BROKEN, "web (ended 0 hours ago)"),
    (107.0, BROKEN, "web (ended 7 days ago)"),
])  # fmt: skip
def test_certificates_that_were_not_renewed(fleet: Fleet, days: float, health: Health, words: str) -> None:
    """From two weeks before the end on; a revoked connector needs none."""
    fleet.connector("web")
    assert fleet.said("certificates of connectors", NOW + days * DAY) == (health, words)
    with fleet.store.transaction(NOW) as tx:
        connectors.revoke(tx, fleet.ids["web"])
    assert fleet.said("certificates of connectors", NOW + days * DAY)[0] is GOOD


@pytest.mark.parametrize(("version", "health"), [
    (appproxy.__version__, GOOD), (f"0.{MINOR + 1}.7", GOOD), (f"0.{MINOR + 2}.0", WARNING), ("1.0.0", WARNING), ("own", GOOD),
])  # fmt: skip
def test_versions_at_most_one_release_apart(fleet: Fleet, version: str, health: Health) -> None:
    """What is no version of ours somebody has built themselves."""
    fleet.connector("web", "a", version=version)
    assert fleet.said("versions of connectors")[0] is health


def test_versions_of_nobody_who_was_seen(fleet: Fleet) -> None:
    """There is none to compare with."""
    fleet.connector("web")
    assert fleet.said("versions of connectors") == (GOOD, f"none was seen, ours is {appproxy.__version__}")
