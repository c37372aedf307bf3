"""Reconnecting: spread by chance, patient, obedient to the service, and clear when it is hopeless."""

from __future__ import annotations

import pytest
from twisted.internet.error import ConnectionRefusedError
from twisted.logger import capturedLogs

from appproxy.connector.tunnel.signal_reconnector import HINTS
from appproxy.errors import Code
from appproxy.tunnel.messages import Goodbye
from tests.connector.rig import Rig, send


def signals(rig: Rig) -> int:
    """How many signal connections are being dialled."""
    return [each.alpn for each in rig.dialled].count(b"appproxy-signal/1")


def test_the_first_retry_is_spread_too(rig: Rig) -> None:
    """With chance 0.5 of at most half a second: a quarter of one."""
    rig.uplink.start()
    rig.dialled.pop(0).fail(ConnectionRefusedError())
    assert signals(rig) == 1
    rig.clock.advance(0.2)
    assert signals(rig) == 1
    rig.clock.advance(0.06)
    assert signals(rig) == 2


def test_delays_grow_to_20_seconds() -> None:
    """Each is half of the time that the service has been away, at least half a second."""
    rig = Rig(random=1.0)
    rig.uplink.start()
    rig.dialled.pop(1)
    delays = []
    for _ in range(13):
        rig.dialled.pop(0).fail(ConnectionRefusedError())
        start = rig.clock.seconds()
        while not rig.dialled:
            rig.clock.advance(1 / 256)
        delays.append(rig.clock.seconds() - start)
    expected, away = [], 0.0
    for _ in range(13):
        expected.append(min(20.0, max(0.5, away / 2)))
        away += expected[-1]
    assert delays == pytest.approx(expected, abs=0.1)
    assert delays[-1] == 20.0


def broken(rig: Rig, up: float) -> None:
    """The first slot is welcomed, and lost after `up` seconds; the other one is left out of it."""
    signal = rig.signal()
    signal.welcome()
    rig.dialled[:] = [each for each in rig.dialled if each.alpn == b"appproxy-signal/1"]
    rig.clock.advance(up)
    signal.wire.lose()


def test_five_quick_breaks_are_made_up_for_at_once() -> None:
    """The sixth in a row waits up to twice as long, and the next longer: a flapping service is not hammered."""
    rig = Rig(random=1.0)
    rig.uplink.start()
    rig.dialled.pop(1)
    waits = []
    for _ in range(8):
        broken(rig, 1.0)
        start = rig.clock.seconds()
        while not signals(rig):
            rig.clock.advance(0.25)
        waits.append(rig.clock.seconds() - start)
    assert waits == [0.5] * 5 + [1.0, 2.0, 4.0]


@pytest.mark.parametrize(("up", "wait"), [(29.0, 1.0), (31.0, 0.5)])
def test_a_connection_that_held_starts_anew(up: float, wait: float) -> None:
    """After 30 s up, all breaks before are forgotten."""
    rig = Rig(random=1.0)
    rig.uplink.start()
    rig.dialled.pop(1)
    for _ in range(5):
        broken(rig, 1.0)
        rig.clock.advance(0.5)
    broken(rig, up)
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


def test_a_permanent_error_stops(rig: Rig) -> None:
    """A revoked connector does not dial again, and says what to do."""
    rig.uplink.start()
    signal = rig.signal()
    rig.dialled.clear()
    signal.read()
    with capturedLogs() as events:
        signal.goodbye(Goodbye(Code.REVOKED, None, True, "an administrator has revoked this connector"))
    rig.clock.advance(300)
    assert signals(rig) == 0
    assert [each.code for each in rig.goodbyes] == [Code.REVOKED]
    assert [event["hint"] for event in events if "hint" in event] == [f"; {HINTS[Code.REVOKED]}"]


def test_only_one_dial_at_a_time(rig: Rig) -> None:
    """A renewal while the slot is dialling does not dial twice."""
    rig.uplink.start()
    rig.uplink.renew()
    assert signals(rig) == 2


def test_a_replaced_connection_that_ends_is_not_dialled_again(rig: Rig) -> None:
    """The service closes the old connection once the new one is there."""
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


def test_stop_while_dialling(rig: Rig) -> None:
    """The dial is given up."""
    rig.uplink.start()
    rig.uplink.stop()
    rig.clock.advance(60)
    assert signals(rig) == 2
    assert all(each.answer.called for each in rig.dialled)
    assert rig.clock.getDelayedCalls() == []
