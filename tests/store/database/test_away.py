"""A start while the database's server is away, and what follows when it is back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import capturedLogs

from appproxy.errors import StoreAway, StoreError
from appproxy.store.applications import applications
from appproxy.store.database.away import TRY_EVERY, AwayStore
from appproxy.store.database.kept import Keeper, open_kept
from appproxy.store.database.live import POLL, LiveStore
from appproxy.store.database.store import Store
from appproxy.store.people.session import sessions
from appproxy.store.sealing import Sealer
from appproxy.store.service import keys
from tests.store.database.test_live import Node

WIKI = ("wiki", "http://wiki/", "https://wiki.example.com/")


class AwayNode(Node):
    """A node that starts while its server is away."""

    def __init__(self, store: Store, sealer: Sealer, now: float, path: Path) -> None:
        Keeper(path, lambda: now).look(store, store.revision())
        super().__init__(store, now)
        self.server = store
        self.is_there = False
        self.tries = 0
        self.away = AwayStore(open_kept(path, sealer, now, 60.0), "connection refused", self._open, self.reactor.seconds)
        self.live = LiveStore(self.reactor, self.away, lambda: now + self.reactor.seconds(), self.pool)
        self.back: list[bool] = []
        self.live.when_back(lambda: self.back.append(self.live.reachable))
        self.live.subscribe(lambda old, new: self.seen.append((old.revision, new.revision)))

    def _open(self, begun: Callable[[Store], None]) -> Store:
        self.tries += 1
        begun(self.server)
        if not self.is_there:
            raise StoreAway("still refused")
        return self.server


@pytest.fixture
def node(store: Store, sealer: Sealer, now: float, tmp_path: Path) -> AwayNode:
    """It has started with the wiki, and knows of a revoked session."""
    with store.transaction(now) as tx:
        applications.publish(tx, *WIKI)
        sessions.revoke_session(tx, "5" * 16, now + 1000)
    node = AwayNode(store, sealer, now, tmp_path / "kept")
    node.result(node.live.start())
    return node


def test_it_serves(node: AwayNode, now: float) -> None:
    """Applications and revocations are there, and so is what a start reads; all else is refused at once, with the reason."""
    snapshot = node.live.snapshot
    assert [one.name for one in snapshot.applications.values()] == ["wiki"] and snapshot.revoked_sessions == {"5" * 16}
    assert (node.live.reachable, node.live.kept_at, node.live.kept_for_next) == (False, now, now)
    assert node.result(node.live.read_kept(keys.server_leaf)) is not None
    asked: list[Callable[[], Any]] = [
        lambda: node.live.read(lambda reading: None), lambda: node.live.write(applications.remove, "wiki")]
    for ask in asked:
        with pytest.raises(StoreError, match="the database is away, and this service works from what it knew on 2026-07-01"):
            node.result(ask())


def test_it_is_tried_again(node: AwayNode) -> None:
    """Every few seconds, without a line of the log for each."""
    with capturedLogs() as logs:
        for _ in range(10):
            node.second()
    assert node.tries == 10 * POLL // TRY_EVERY and logs == []


def test_it_goes_over(node: AwayNode, now: float) -> None:
    """What has changed meanwhile is found, users go on in the same moment, and commands work."""
    with node.server.transaction(now) as tx:
        sessions.revoke_session(tx, "6" * 16, now + 1000)
    node.is_there = True
    for _ in range(int(TRY_EVERY) + 1):
        node.second()
    assert (node.live.reachable, node.live.kept_at, node.back) == (True, None, [True])
    assert node.live.snapshot.revoked_sessions == {"5" * 16, "6" * 16} and len(node.seen) == 1
    node.result(node.live.write(applications.remove, "wiki"))
    assert not node.live.snapshot.applications
    with node.server.reading() as reading:
        assert applications.list_all(reading) == []
    node.second()
    assert node.tries == 1 and node.back == [True]
    node.result(node.live.stop())


def test_an_attempt_that_hangs_can_be_ended(node: AwayNode) -> None:
    """By the connection of that very attempt."""
    ended: list[bool] = []
    node.server.interrupt = lambda: ended.append(True)  # type: ignore[method-assign]
    node.away.interrupt()
    assert ended == []
    node.second()
    node.away.interrupt()
    assert ended == [True]


def test_what_the_next_start_needs_is_kept(store: Store, now: float, tmp_path: Path, sealer: Sealer) -> None:
    """Within a poll of a change, but not where a snapshot could not be made of it."""
    node = Node(store, now)
    keeper = Keeper(tmp_path / "kept", lambda: now + node.reactor.seconds())
    node.live = LiveStore(node.reactor, store, lambda: now, node.pool, keeper)
    node.result(node.live.start())
    node.second()
    assert node.live.kept_for_next == now + 1.0

    def names() -> list[str]:
        with open_kept(tmp_path / "kept", sealer, now, 60.0).store.reading() as reading:
            return [one.name for one in applications.list_all(reading)]

    node.result(node.live.write(applications.publish, *WIKI))
    assert names() == []
    node.second()
    assert names() == ["wiki"]



def test_what_is_made_of_the_master_key_is_as_ever(node: AwayNode) -> None:
    """Without a look at the database: users stay where they are, whether it answers or not."""
    assert node.live.secret("shares") == node.away.secret("shares") == node.server.secret("shares")
    assert node.live.secret("shares") != node.live.secret("others")
