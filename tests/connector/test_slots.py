"""Reconnecting: spread by chance, patient, obedient to the service, and clear when it is hopeless."""

from __future__ import annotations

import pytest
from twisted.internet.error import ConnectionRefusedError
from twisted.logger import capturedLogs

from appproxy.connector.slots import MENDS
from appproxy.errors import Code
from appproxy.tunnel.messages import Goodbye
from tests.connector.rig import Rig, send


def signals(rig: Rig) -> int:
    """How many signal connections are being dialled."""
    return [each.alpn for each in rig.dialled].count(b"appproxy-signal/1")


def test_the_first_retry_is_spread_too() -> None:
    """With chance 0.5 of at most half a second: a quarter of one."""
    rig = Rig()
    rig.uplink.start()
    rig.dialled.pop(0).fail(ConnectionRefusedError())
    assert signals(rig) == 1
    rig.clock.advance(0.2)
    assert signals(rig) == 1
    rig.clock.advance(0.06)
    assert signals(rig) == 2


def test_delays_grow_to_20_seconds() -> None:
    """The tenth failure waits no longer than that."""
    rig = Rig(random=1.0)
    rig.uplink.start()
    rig.dialled.pop(1)
    delays = []
    for _ in range(8):
        rig.dialled.pop(0).fail(ConnectionRefusedError())
        start = rig.clock.seconds()
        while not rig.dialled:
            rig.clock.advance(0.25)
        delays.append(rig.clock.seconds() - start)
    assert delays == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


@pytest.mark.parametrize(
    ("lives", "wait"),
    [([31], 0.5), ([1] * 5, 0.5), ([1] * 6, 1.0), ([1] * 8, 4.0), ([1] * 8 + [31], 0.5), ([1] * 20, 20.0)],
)
def test_a_connection_that_was_up_starts_anew(lives: list[int], wait: float) -> None:
    """Five short lives in a row are excused, or any that held for 30 s; a service that always falls is not hammered."""
    rig = Rig(random=1.0)
    rig.uplink.start()
    rig.dialled.pop(1)
    for _ in (1, 2):
        rig.dialled.pop(0).fail(ConnectionRefusedError())
        rig.clock.advance(1)
    for life in lives:
        while not signals(rig):
            rig.clock.advance(1)
        signal = rig.signal()
        signal.welcome()
        rig.dialled.clear()
        rig.clock.advance(life)
        signal.wire.lose()
    rig.clock.advance(wait - 0.1)
    assert signals(rig) == 0
    rig.clock.advance(0.2)
    assert signals(rig) == 1


def test_the_service_says_when() -> None:
    """Its retry-after wins over the delay of our own."""
    rig = Rig(random=0.0)
    rig.uplink.start()
    signal = rig.signal()
    rig.dialled.clear()
    signal.read()
    signal.goodbye(Goodbye(Code.NOT_APPROVED, 30.0, False, "an administrator has to approve this connector"))
    rig.clock.advance(29)
    assert signals(rig) == 0
    rig.clock.advance(1)
    assert signals(rig) == 1


def test_a_permanent_error_stops() -> None:
    """A revoked connector does not dial again, and says what to do."""
    rig = Rig()
    rig.uplink.start()
    signal = rig.signal()
    rig.dialled.clear()
    signal.read()
    with capturedLogs() as events:
        signal.goodbye(Goodbye(Code.REVOKED, None, True, "an administrator has revoked this connector"))
    rig.clock.advance(300)
    assert signals(rig) == 0
    assert [each.code for each in rig.goodbyes] == [Code.REVOKED]
    assert [event["mend"] for event in events if "mend" in event] == [f"; {MENDS[Code.REVOKED]}"]


def test_only_one_dial_at_a_time() -> None:
    """A renewal while the slot is dialling does not dial twice."""
    rig = Rig()
    rig.uplink.start()
    rig.uplink.renew()
    assert signals(rig) == 2


def test_a_replaced_connection_that_ends_is_not_dialled_again() -> None:
    """The service closes the old connection once the new one is there."""
    rig = Rig()
    old = rig.online()
    send(old, 1)
    rig.uplink.renew()
    old.read()
    old.wire.deliver(old.session.drained())
    rig.signal().welcome()
    old.wire.lose()
    for _ in range(6):
        rig.clock.advance(10)
        rig.second.read()
        rig.second.keep_alive()
    assert signals(rig) == 1  # for the new one, which has said nothing for a minute


def test_stop_while_dialling() -> None:
    """The dial is given up."""
    rig = Rig()
    rig.uplink.start()
    rig.uplink.stop()
    rig.clock.advance(60)
    assert signals(rig) == 2
    assert all(each.answer.called for each in rig.dialled)
    assert rig.clock.getDelayedCalls() == []
