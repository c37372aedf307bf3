"""The parts of a service: in which order they start, what is left alone that never started, and what settings add."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from appproxy.admin.transport.direct import open_store
from appproxy.config import ServiceSettings, StatePaths
from appproxy.errors import AppProxyError
from appproxy.store.database.store import Store
from appproxy.store.policies import documents
from appproxy.store.policies.documents import DocumentKind
from appproxy.testing.network import InlinePool, MemoryNetwork
from appproxy.twistd.assembly.assemble import ADMIN, Assembly, assemble
from appproxy.twistd.state import create_state
from tests.fakes.outcome import got
from tests.fakes.threads import run_at_once
from tests.pki.authorities import NOW
from tests.store.policies.test_countries import written


class Parts:
    """Stands in for each part of a node; all of them write what they are asked into one list."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ready: Deferred[None] = Deferred()
        self.running = False
        self.waits: Deferred[None] = succeed(None)

    def part(self, name: str, **has: Any) -> Any:
        """One of them."""
        said = self.said

        class Part:
            """What is asked of it is noted."""

            def __getattr__(self, word: str) -> Callable[..., Any]:
                def asked(*given: object) -> Any:
                    said.append(" ".join([name, word, *map(str, given)]))
                    return has.get(word)

                return asked

        made = Part()
        for key, value in has.items():
            if not callable(value):
                setattr(made, key, value)
        return made


class Node:
    """A node that is ready when the test says so."""

    def __init__(self, parts: Parts) -> None:
        self.ready, self.running, self._said = parts.ready, False, parts.said
        self.succession, self.membership = parts.part("succession"), parts.part("membership")
        self.succession.hand_over = lambda: {"users": 3}

    def startService(self) -> None:
        self.running = True
        self._said.append("node start")

    def stopService(self) -> Deferred[None]:
        self._said.append("node stop")
        return succeed(None)


class Admin:
    """The socket of commands."""

    descriptor = 7

    def __init__(self, parts: Parts) -> None:
        self._parts, self._said = parts, parts.said

    def startService(self) -> None:
        self._said.append("admin start")

    def stopService(self) -> Deferred[None]:
        self._said.append("admin stop")
        return self._parts.waits

    def adopt(self, descriptor: int) -> None:
        self._said.append(f"admin adopt {descriptor}")

    def serve_handed(self, open_: Callable[[Any], object], process: int, reloads: int) -> None:
        self._said.append(f"admin handed {process} {reloads} {open_('site')}")

    def enter(self) -> None:
        self._said.append("admin enter")

    def leave(self) -> None:
        self._said.append("admin leave")


class Tracing:
    """What sends traces."""

    def __init__(self, parts: Parts) -> None:
        self._said = parts.said

    async def stop(self) -> None:
        self._said.append("tracing stop")


class Rig:
    """A node of stand-ins."""

    def __init__(self, *, tracing: bool = True) -> None:
        parts = self.parts = Parts()
        self.said = parts.said
        node: Any = Node(parts)
        admin: Any = Admin(parts)
        traces: Any = Tracing(parts) if tracing else None
        unused: Any = None
        self.assembly = Assembly(
            unused, node, parts.part("provider"), unused, admin, parts.part("issuer"), parts.part("exporter"), traces,
            parts.part("revocation"))

    def run(self, asked: Coroutine[Any, Any, None]) -> list[object]:
        """Begin it; what it comes to, once it does."""
        found: list[object] = []
        Deferred.fromCoroutine(asked).addBoth(found.append)
        return found


def test_commands_are_taken_once_the_node_is_ready() -> None:
    """Then what works in the background begins; before that nothing does."""
    rig = Rig()
    done = rig.run(rig.assembly.start())
    assert rig.said == ["node start"] and done == []
    rig.parts.ready.callback(None)
    assert rig.said == ["node start", "provider start", "admin start", "issuer start", "exporter start", "revocation start"]
    assert done == [None]


@pytest.mark.parametrize(("descriptor", "how"), [(None, "admin start"), (0, "admin adopt 0"), (9, "admin adopt 9")])
def test_the_socket_of_a_predecessor(descriptor: int | None, how: str) -> None:
    """Is taken where there is one, whatever its number."""
    rig = Rig()
    rig.parts.ready.callback(None)
    got(rig.assembly.start(descriptor))
    assert [line for line in rig.said if line.startswith("admin")] == [how]


def test_a_worker_answers_what_its_parent_hands_over() -> None:
    """By the parent's number of processes and reloads."""
    class Parent:
        """Of a worker."""

        process, reloads = 42, 3

        def open(self, name: str, at: object, site: str) -> str:
            return f"{name} {at} {site}"

    rig = Rig()
    rig.parts.ready.callback(None)
    got(rig.assembly.start(5, Parent()))  # type: ignore[arg-type]
    assert [line for line in rig.said if line.startswith("admin")] == [f"admin handed 42 3 {ADMIN} None site"]


def test_a_part_that_fails_to_start() -> None:
    """Its reason comes through; what is behind it has not begun."""
    rig = Rig()
    done = rig.run(rig.assembly.start())
    rig.parts.ready.errback(AppProxyError("no port"))
    (failure,) = done
    assert failure.check(AppProxyError) and rig.said == ["node start"]  # type: ignore[attr-defined]


def test_a_stop_goes_the_other_way() -> None:
    """Background first, then commands, then the provider and the node, and traces last: they tell of the end, too."""
    rig = Rig()
    rig.parts.ready.callback(None)
    got(rig.assembly.start())
    rig.said.clear()
    rig.parts.waits = Deferred()
    done = rig.run(rig.assembly.stop())
    assert rig.said == ["issuer stop", "exporter stop", "revocation stop", "admin stop"] and done == []
    rig.parts.waits.callback(None)
    assert rig.said[4:] == ["provider stop", "node stop", "tracing stop"] and done == [None]


def test_what_was_never_started_is_left_alone() -> None:
    """All of it, or what waits for a node that never was ready; a node without traces stops as well."""
    rig = Rig()
    got(rig.assembly.stop())
    assert rig.said == []
    rig = Rig(tracing=False)
    rig.run(rig.assembly.start())
    got(rig.assembly.stop())
    assert "provider stop" not in rig.said and "node stop" not in rig.said and "admin stop" in rig.said


def test_another_process_goes_on() -> None:
    """It gets all sockets; then nothing new is taken here, commands first."""
    rig = Rig()
    assert rig.assembly.hand_over() == {"users": 3, ADMIN: 7}
    rig.assembly.enter()
    rig.assembly.leave()
    assert rig.said == ["admin enter", "admin leave", "membership hand_over", "succession leave"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """As `init` leaves it."""
    settings = ServiceSettings(domain="example.com")
    create_state(tmp_path / "state", settings, NOW, {})
    made = open_store(StatePaths(tmp_path / "state"), settings, {}, lambda text: None)
    yield made
    made.close()


def built(directory: Path, store: Store, **settings: Any) -> Assembly:
    """A node with these settings."""
    return assemble(ServiceSettings(domain="example.com", **settings), directory, store, MemoryNetwork(), lambda: NOW,
                    pool=InlinePool(), run=run_at_once)


def test_each_part_is_the_one_that_the_others_know(tmp_path: Path, store: Store) -> None:
    """One exporter, one sign-in, one store: what one part notes the others see."""
    made = built(tmp_path / "state", store)
    assert made.node.exporter is made.exporter and made.node.store is made.live
    assert made.node.revocation is not None and made.tracing is None and not made.node.running


def test_countries_are_looked_for_beside_the_settings(tmp_path: Path, store: Store) -> None:
    """A relative path counts from the directory of the state; policies of the store know them, too."""
    written(tmp_path / "state" / "c.mmdb", {"192.0.2.0/24": "DE"})
    built(tmp_path / "state", store, country_database="c.mmdb")
    with store.transaction(NOW) as tx:
        documents.put(tx, DocumentKind.LOCATION, "home", {"countries": ["DE"]})
        documents.put(tx, DocumentKind.POLICY, "closed", {
            "name": "closed", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
            "conditions": {"locations": {"exclude": ["home"]}}, "grant": {"block": True}})
    locations = store.build_snapshot().policies.locations
    assert (locations.of("192.0.2.7"), locations.of("198.51.100.1")) == (frozenset({"home"}), frozenset())


def test_a_file_of_countries_that_is_not_there(tmp_path: Path, store: Store) -> None:
    """Stops the start: policies would judge everybody as from nowhere."""
    with pytest.raises(AppProxyError, match=r"none\.mmdb"):
        built(tmp_path / "state", store, country_database="none.mmdb")
