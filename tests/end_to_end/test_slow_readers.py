"""Many addresses that hardly read what they ask for keep nobody from a data connection, and do not keep their own.

60 of them ask for six downloads each, more than the connector has places, and whoever is cut asks again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.shares_system import MOST, Others, Shared, second, shared_places
from tests.end_to_end.world import DOMAIN, PATIENCE, until

pytestmark = pytest.mark.alone

ADDRESSES, EACH = 60, 6
#: Seconds: whatever takes no longer is good enough on a machine that does other things too. What needs a data connection may
#: also take so many times as long as what needs none at the same time: that tells a wait for one from a busy machine.
FLOOR = 0.4
TIMES = 4.0
#: A new address may have to wait until others have stood still for half a second, a look, and their farewell.
NEWCOMER = 1.0


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """A system of this file's own."""
    with shared_places(tmp_path_factory.mktemp("slow")) as system:
        yield system


@pytest.fixture(scope="module")
def others(system: Shared) -> Others:
    """They have warmed up: the one without a sign-in is known for having read what it asked for."""
    others = Others(system)
    others.work()
    return others


@pytest.mark.parametrize("trickle", [0, 2048])
def test_many_slow_readers(system: Shared, others: Others, trickle: int) -> None:
    """Unread, or 2 KiB every two seconds: others work as before, a newcomer finds a place soon, and the slow are cut."""
    usual = others.work()
    before = len(system.log())

    def cut() -> list[dict[str, Any]]:
        return [line for line in system.log()[before:] if line.get("failure") == "GAVE_WAY"]

    system.supervisor.start("attack", [
        sys.executable, "-m", "tests.end_to_end.slow_readers", str(system.port), f"attacked.{DOMAIN}", "/kib/4096",
        str(ADDRESSES), str(EACH), str(trickle)], f"ready: {ADDRESSES * EACH}", PATIENCE)
    try:
        began = usual_seconds()
        # Another address than that of the others: nothing is known of it.
        assert system.visitor("127.0.0.77").get(system.url("attacked", "/kib/100")).status == 200
        newcomer = usual_seconds() - began
        small, large = map(second, others.times())
        # Whoever waits for a place gets one of a slow reader's, sooner or later; on a quick machine others are done before.
        until(lambda: len(cut()) >= ADDRESSES * EACH - MOST, "too few slow readers have given way", PATIENCE)
    finally:
        system.supervisor.end("attack")
    print(f"trickle {trickle}: usual p99 {usual:.3f} s, under attack {large:.3f} s, without data connections {small:.3f} s, "
          f"a newcomer {newcomer:.3f} s, {len(cut())} cut")
    assert large <= max(2 * usual, FLOOR, TIMES * small)
    assert newcomer <= NEWCOMER
    assert {str(line["client"]).rpartition(".")[0] for line in cut()} == {"127.1.0"}
    until(lambda: system.in_flight() == 0, "requests of the attack still count", 20)
