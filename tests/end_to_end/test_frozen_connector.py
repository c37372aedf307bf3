"""One of two connectors is frozen: its users are given to the other, and none of them waits for its return."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.load import Load
from tests.end_to_end.origins import Call
from tests.end_to_end.system import CONNECTORS, PROMPT, System, shared_system
from tests.end_to_end.wire import Wire, ask
from tests.end_to_end.world import until

#: Seconds within which it is suspected.
SUSPECTED = 3.0


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system whose connector is frozen."""
    found = shared_system(request, tmp_path_factory)
    found.origin.on("/held", held)
    return found


@pytest.fixture(autouse=True)
def restored(system: System) -> Iterator[None]:
    """Before and after each test everything is there."""
    system.repair()
    yield
    system.repair()


def held(call: Call) -> bool:
    """Never answer the first time."""
    call.body()
    if len(call.origin.about(call.seen.case)) > 1:
        call.answer(b"the second time")
        return True
    call.wait_until_left()
    return False


def test_a_frozen_connector_costs_three_seconds(system: System) -> None:
    """What it had and may be sent twice is answered by the other one, and so is all that comes."""
    wires = {}
    for number in range(6):
        case = f"frozen {number}"
        wire = wires[case] = Wire(system, "raw")
        wire.request("GET", "/held", case)
        until(lambda case=case: system.origin.about(case), f"{case} did not arrive", 10)  # type: ignore[misc]
    mine = [case for case in wires if system.connector_of(system.origin.about(case)[0].port) == CONNECTORS[0]]
    assert 0 < len(mine) < len(wires)
    process = system.supervisor.find(CONNECTORS[0]).process
    process.send_signal(signal.SIGSTOP)
    try:
        frozen = usual_seconds()
        for case in mine:
            assert wires[case].reply().body == b"the second time"
        assert usual_seconds() - frozen < SUSPECTED + PROMPT
        for number in range(10):
            began = usual_seconds()
            assert ask(system, case=f"meanwhile {number}").status == 200
            assert usual_seconds() - began < PROMPT
        with Load(system, users=3) as load:
            load.more(40)
        assert load.faults == []
    finally:
        process.send_signal(signal.SIGCONT)
        for wire in wires.values():
            wire.close()
