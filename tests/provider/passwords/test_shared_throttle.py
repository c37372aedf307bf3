"""All processes of the service count together, and a restart forgets nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.logger import capturedLogs

from appproxy.errors import StoreError
from appproxy.policy.networks import block_of
from appproxy.provider.passwords import shared_throttle
from appproxy.provider.passwords.shared_throttle import SharedThrottle
from appproxy.provider.passwords.throttle import CountedAttempt, RepeatedPassword, ThrottleGo, ThrottleWait
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.tables.attempts import password_attempts
from appproxy.testing.network import InlinePool
from tests.fakes.threads import NoThreads
from tests.provider.house import Now

#: More than a notice and a look need.
MOMENT = 1.0
#: More than looks without a notice need.
LONGER = 11.0


@dataclass(slots=True)
class Node:
    """A process with its own clock's time, on the database of all."""

    throttle: SharedThrottle
    live: LiveStore

    def tries(self, clock: NoThreads, name: str, address: str, *, right: bool = False, device: str | None = None) -> bool:
        """A password of its own is tried; False if it has to wait."""
        guess = f"{next(_NUMBERS)}".encode()
        decided = self.throttle.begin(CountedAttempt(name, address, block_of(address), device, guess), clock.seconds())
        assert not isinstance(decided, RepeatedPassword)
        if isinstance(decided, ThrottleWait):
            return False
        (self.throttle.succeeded if right else self.throttle.failed)(decided, clock.seconds())
        return True

    def guesses(self, clock: NoThreads, name: str, address: str) -> int:
        """How many wrong passwords may be tried at once."""
        return sum(itertools.takewhile(bool, (self.tries(clock, name, address) for _ in range(100))))

    def stop(self) -> None:
        """As a node does."""
        self.throttle.stop()
        self.live.stop()


_NUMBERS = itertools.count()


@dataclass(slots=True)
class Nodes:
    """Several of them."""

    store: Store
    clock: NoThreads = field(default_factory=NoThreads)
    there: list[Node] = field(default_factory=list)

    def start(self) -> Node:
        """One more."""
        now = Now(self.clock)
        live = LiveStore(self.clock, self.store, now, pool=InlinePool())
        live.start()
        number = len(self.there)
        throttle = SharedThrottle(live, self.clock, now, lambda size: bytes([number]) * size)
        throttle.start()
        self.clock.advance(0)
        self.there.append(Node(throttle, live))
        return self.there[-1]


@pytest.fixture
def nodes(store: Store, monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """None yet. The fixture's end closes the store, so that stopping one leaves it open for the others."""
    monkeypatch.setattr(store, "close", lambda: None)
    return Nodes(store)


def test_guesses_at_several_nodes_count_together(nodes: Nodes) -> None:
    """Whoever has used up the guesses at one has none left at another."""
    alone = nodes.start().guesses(nodes.clock, "ann", "192.0.2.1")
    nodes.clock.advance(LONGER)
    assert alone > 3 and nodes.start().guesses(nodes.clock, "ann", "192.0.2.1") == 0


def test_those_that_run_learn_it_too(nodes: Nodes) -> None:
    """Within some seconds where nobody tells them; where the database does, at once (end to end)."""
    first, second = nodes.start(), nodes.start()
    alone = first.guesses(nodes.clock, "ann", "192.0.2.1")
    nodes.clock.pump([MOMENT] * int(LONGER))
    assert alone > 3 and not second.tries(nodes.clock, "ann", "192.0.2.1")
    assert second.tries(nodes.clock, "bob", "192.0.2.2")


def test_a_success_at_another_node_counts_too(nodes: Nodes) -> None:
    """A network from which somebody has signed in is in standing for them everywhere."""
    first, second = nodes.start(), nodes.start()
    assert first.tries(nodes.clock, "ann", "192.0.2.1", right=True)
    nodes.clock.pump([MOMENT] * int(LONGER))
    decided = second.throttle.begin(CountedAttempt("ann", "192.0.2.1", "192.0.2.1", None, b"g"), nodes.clock.seconds())
    assert isinstance(decided, ThrottleGo) and decided.standing


def test_known_devices_count_together(nodes: Nodes) -> None:
    """Their own bucket is one for all nodes."""
    first, second = nodes.start(), nodes.start()
    while first.tries(nodes.clock, "ann", "192.0.2.1", device="d"):
        pass
    nodes.clock.pump([MOMENT] * int(LONGER))
    assert not second.tries(nodes.clock, "ann", "192.0.2.1", device="d")
    assert second.tries(nodes.clock, "ann", "192.0.2.1", device="e")


def test_a_restart_forgets_nothing(nodes: Nodes) -> None:
    """What a node has counted last is written before it ends, and drains with time as ever."""
    first = nodes.start()
    first.guesses(nodes.clock, "ann", "192.0.2.1")
    first.stop()
    assert nodes.start().guesses(nodes.clock, "ann", "192.0.2.1") == 0
    nodes.clock.advance(86400)
    assert nodes.start().guesses(nodes.clock, "ann", "192.0.2.1") > 0


def test_what_was_typed_is_not_written(nodes: Nodes) -> None:
    """It may be somebody's password."""
    nodes.start().tries(nodes.clock, "correct horse", "192.0.2.1", device="thing")
    nodes.clock.advance(MOMENT)
    with nodes.store.reading() as reading:
        rows = [dict(row) for row in reading.rows(password_attempts.select())]
    assert len(rows) == 1 and not any(text in str(rows) for text in ("correct", "horse", "thing"))


def test_the_database_is_away(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each node counts by itself, says so once, and what it has counted reaches the others afterwards."""
    first, second = nodes.start(), nodes.start()
    write, read = first.live.write, first.live.read

    def away(*given: object) -> Deferred[object]:
        return fail(StoreError("away"))

    monkeypatch.setattr(LiveStore, "write", away)
    monkeypatch.setattr(LiveStore, "read", away)
    with capturedLogs() as logs:
        first.guesses(nodes.clock, "ann", "192.0.2.1")
        nodes.clock.pump([MOMENT] * int(2 * LONGER))
    said = [event for event in logs if "counted by this node alone" in event["log_format"]]
    assert len(said) == 2  # one by each node
    assert not first.tries(nodes.clock, "ann", "192.0.2.1") and second.tries(nodes.clock, "ann", "192.0.2.1")
    monkeypatch.undo()
    assert (first.live.write, first.live.read) == (write, read)
    monkeypatch.setattr(nodes.store, "close", lambda: None)
    nodes.clock.pump([MOMENT] * int(3 * LONGER))
    assert not second.tries(nodes.clock, "ann", "192.0.2.1")


def test_an_outage_fills_no_memory(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many wait, and no more."""
    monkeypatch.setattr(shared_throttle, "_MOST_WAITING", 3)
    first = nodes.start()
    failing: Callable[..., Deferred[None]] = lambda *given: fail(StoreError("away"))  # noqa: E731 -- one line is enough
    monkeypatch.setattr(first.live, "write", failing)
    for number in range(9):
        assert first.tries(nodes.clock, f"user{number}", f"192.0.2.{number}")
        nodes.clock.advance(MOMENT)
    monkeypatch.undo()
    monkeypatch.setattr(nodes.store, "close", lambda: None)
    nodes.clock.advance(LONGER)
    nodes.clock.advance(MOMENT)
    with nodes.store.reading() as reading:
        assert len(reading.rows(password_attempts.select())) == 3
