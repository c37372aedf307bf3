"""A node among others, on one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from appproxy.errors import AppProxyError, ConfigError
from appproxy.service.tunnel.nodes.membership import SUCCESSION, Membership, place_of
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.sealing import Sealer
from appproxy.store.service import nodes
from appproxy.store.service.nodes import BEAT, SILENCE, NodeRecord
from appproxy.testing.network import InlinePool, MemoryNetwork
from appproxy.tunnel.json_heads.node_list import NodePlace

NOW = 1782864000.0
ONE = NodeRecord("0001", "one", "/one", "one.example.com:8443", "1.0")
TWO = NodeRecord("0002", "two", "/two", "[2001:db8::2]:8443", "1.0")


class World:
    """Nodes on one database and one clock."""

    def __init__(self, store: Store) -> None:
        self.network = MemoryNetwork()
        self.live = LiveStore(self.network, store, self.wall, InlinePool())
        self.network.run(self.live.start())
        self.changes = 0

    def wall(self) -> float:
        return NOW + self.network.seconds()

    def node(self, own: NodeRecord) -> Membership:
        """One more, not yet there."""
        member = Membership(own, self.live, self.network, self.wall)
        member.changed = self._changed
        return member

    def _changed(self) -> None:
        self.changes += 1

    def run(self, do: Callable[[], object]) -> None:
        self.network.run(Deferred.fromCoroutine(do()))  # type: ignore[arg-type]

    def wait(self, seconds: float) -> None:
        """Signs of life are given meanwhile."""
        for _ in range(int(seconds / BEAT)):
            self.network.advance(BEAT)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Without nodes yet. A file is enough: what SQL does is tested elsewhere."""
    world = World(Store.create(f"sqlite:///{tmp_path}/appproxy.db", Sealer(bytes(32))))
    yield world
    world.network.run(world.live.stop())


def ids(member: Membership) -> list[str]:
    return [one.id for one in member.living]


def test_nodes_find_each_other_and_part(world: World) -> None:
    """Each tells connectors of all that live, itself among them; one that leaves is no more in its own list."""
    one, two = world.node(ONE), world.node(TWO)
    world.run(one.join)
    assert one.places == (NodePlace("0001", "one.example.com", 8443),)
    world.run(two.join)
    world.wait(BEAT)
    assert set(one.places) == set(two.places) == {place_of(ONE), NodePlace("0002", "2001:db8::2", 8443)}
    before = world.changes
    two.leave()
    assert ids(two) == ["0001"] and world.changes == before + 1
    world.wait(BEAT)
    assert ids(one) == ["0001"] and world.changes == before + 2
    world.wait(SILENCE)
    assert world.changes == before + 2
    one.leave()
    assert ids(one) == []


def test_a_node_that_dies_is_dropped_after_a_silence(world: World) -> None:
    """Nobody has to say so."""
    one = world.node(ONE)
    world.run(one.join)
    world.network.run(world.live.write(nodes.beat, TWO))
    world.wait(BEAT)
    assert ids(one) == ["0001", "0002"]
    world.wait(SILENCE + BEAT)
    assert ids(one) == ["0001"]


def test_without_the_database_all_stays_as_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is taken for dead who could not say a word."""
    one = world.node(ONE)
    world.run(one.join)
    world.network.run(world.live.write(nodes.beat, TWO))
    world.wait(BEAT)

    def away(*_: object) -> None:
        raise ConfigError("away")

    with monkeypatch.context() as patch:
        patch.setattr(nodes, "beat", away)
        world.wait(10 * SILENCE)
    assert ids(one) == ["0001", "0002"]
    world.wait(BEAT)
    assert ids(one) == ["0001", "0002"]
    world.wait(SILENCE + BEAT)
    assert ids(one) == ["0001"]


def test_an_address_is_needed_where_others_are(world: World) -> None:
    """A second node without one would get data connections of the first: it does not start."""
    world.run(world.node(ONE).join)
    nameless = world.node(replace(TWO, address=""))
    with pytest.raises(AppProxyError, match="tunnel_advertise: is needed, for node one serves.*service.toml"):
        world.run(nameless.check)
    world.run(world.node(TWO).check)
    # The next process of the first itself is not another node.
    world.run(world.node(replace(ONE, id="0003", address="")).check)


def test_a_first_node_without_an_address_says_so_when_others_come(world: World) -> None:
    """Once."""
    one = world.node(replace(ONE, address=""))
    world.run(one.join)
    with capturedLogs() as events:
        world.run(world.node(TWO).join)
        world.wait(10 * BEAT)
    assert len([event for event in events if "tunnel_advertise" in str(event.get("log_format"))]) == 1
    assert one.places[0] == NodePlace("0001", "", 0)


def test_places() -> None:
    """As addresses are written."""
    assert place_of(replace(ONE, address="192.0.2.1:1")) == NodePlace("0001", "192.0.2.1", 1)


def test_a_successor_waits_until_the_process_before_has_left(world: World) -> None:
    """Both accept at one address meanwhile; then the row is the successor's, and connectors never hear of none of both."""
    one, again = world.node(ONE), world.node(replace(ONE, id="0009"))
    world.run(one.join)
    before = world.changes
    world.run(lambda: again.join(True))
    one.hand_over()
    one.leave()
    world.network.advance(SUCCESSION - 0.1)
    assert (ids(one), ids(again), world.changes) == (["0001"], ["0009"], before)
    assert [row.id for row in world.network.run(world.live.read(nodes.list_all))] == ["0001"]
    world.network.advance(0.2)
    assert [row.id for row in world.network.run(world.live.read(nodes.list_all))] == ["0009"]
    again.leave()
    assert ids(again) == []
