"""An application at two addresses that keeps in memory what it knows of each user."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.end_to_end.origins import Origin, Seen
from tests.end_to_end.system import System, shared_system
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import until

#: Users of a passthrough application are told apart by their address. That all of so many have one home is 1 in 8 million.
ADDRESSES = [f"127.0.0.{number}" for number in range(10, 34)]
Homes = dict[str, set[Origin]]


@pytest.fixture
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Two connectors; whole again afterwards."""
    found = shared_system(request, tmp_path_factory)
    yield found
    found.repair()


@pytest.fixture
def pair(system: System) -> Iterator[tuple[Origin, Origin]]:
    """Both addresses of `memory`, which is open to all, and of `rooms`, where one signs in."""
    first, second = Origin(), Origin()
    settings = {"origins": second.url, "affinity": "user"}
    system.application_heard_of("memory", first.url, preauth="passthrough", settings=settings)
    system.application_heard_of("rooms", first.url, settings=settings)
    system.call("POST", "/applications/rooms/assignments", group="staff")
    yield first, second
    for name in ("memory", "rooms"):
        system.call("DELETE", f"/applications/{name}")
    first.stop()
    second.stop()


def about(pair: tuple[Origin, Origin], case: str) -> list[tuple[Origin, Seen]]:
    """Where requests of this name came."""
    return [(origin, seen) for origin in pair for seen in origin.about(case)]


def ask(visitor: Visitor, url: str, case: str) -> None:
    """One request, on a connection of its own."""
    assert visitor.request("GET", url, {"X-Case": case}).status == 200


def visits(system: System, pair: tuple[Origin, Origin], turn: str) -> Homes:
    """Three requests of each user, the users in turn; where each of them was."""
    for _ in range(3):
        for address in ADDRESSES:
            ask(system.visitor(address), system.url("memory", "/page"), f"{turn}-{address}")
    homes: Homes = defaultdict(set)
    for address in ADDRESSES:
        homes[address] = {origin for origin, _ in about(pair, f"{turn}-{address}")}
    return homes


def test_each_user_stays_at_one_address(system: System, pair: tuple[Origin, Origin]) -> None:
    """However many connections they come on, also after a start of the service; when an address dies only its users move."""
    before = visits(system, pair, "before")
    assert {len(homes) for homes in before.values()} == {1}
    assert set.union(*before.values()) == set(pair)

    system.kill("service")
    system.repair()
    assert visits(system, pair, "restarted") == before

    pair[1].stop()
    after = visits(system, pair, "after")
    assert set.union(*after.values()) == {pair[0]}
    assert {address for address in ADDRESSES if after[address] != before[address]} == {
        address for address in ADDRESSES if before[address] == {pair[1]}}


def test_a_user_comes_by_one_connector(system: System, pair: tuple[Origin, Origin]) -> None:
    """And meets its judgement of the addresses and its connections, as long as it is there; then the other one's."""
    def connectors(turn: str) -> dict[str, set[str]]:
        visits(system, pair, turn)
        return {address: {system.connector_of(seen.port) for _, seen in about(pair, f"{turn}-{address}")}
                for address in ADDRESSES}

    before = connectors("both")
    assert {len(names) for names in before.values()} == {1}
    both = set.union(*before.values())
    assert len(both) == 2
    gone = sorted(both)[0]
    system.kill(gone)
    until(lambda: system.online() == 1, "a killed connector still counts")
    after = connectors("one")
    assert set.union(*after.values()) == both - {gone}


def test_who_has_signed_in_is_known_everywhere(system: System, pair: tuple[Origin, Origin]) -> None:
    """In two browsers at different addresses: it is the user that counts."""
    for number, address in enumerate(ADDRESSES[:3]):
        visitor = system.visitor(address)
        assert visitor.sign_in(system.url("rooms", f"/in-{number}"), "alice").status == 200
        for _ in range(3):
            ask(visitor, system.url("rooms", "/page"), "alice")
    found = about(pair, "alice")
    assert len(found) == 9
    assert len({origin for origin, _ in found}) == 1
