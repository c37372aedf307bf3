"""A new certificate in good time."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from appproxy.connector.enrol.control import ControlError, Issued
from appproxy.connector.enrol.identity import Identity, fits
from appproxy.connector.enrol.renewal import LOOK_SECONDS, CertificateRenewal, is_due
from tests.connector.authority import DAY, NOW, Authority


class Service:
    """Signs when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Deferred[Issued]]] = []

    async def renew(self, csr: str) -> Issued:
        """Wait for the test."""
        answer: Deferred[Issued] = Deferred()
        self.asked.append((csr, answer))
        return await answer


class RenewalRig:
    """A connector's certificate and its renewal."""

    def __init__(self) -> None:
        self.authority = Authority()
        self.identity = self.authority.identity()
        self.clock = Clock()
        self.wall_clock = NOW
        self.service = Service()
        self.taken: list[Identity] = []
        self.renewal = CertificateRenewal(
            self.clock, lambda: self.wall_clock, self.service, lambda: self.identity, self.taken.append)


def test_when() -> None:
    """At the age that the service says, or after two thirds of the certificate's life, whichever is first."""
    identity = Authority().identity(days=365)
    assert not is_due(identity, 180, NOW + 179 * DAY)
    assert is_due(identity, 180, NOW + 180 * DAY)
    assert not is_due(identity, 360, NOW + 240 * DAY)
    assert is_due(identity, 360, NOW + 245 * DAY)


def test_renewed() -> None:
    """A new key is made, signed, and taken up with the new anchors."""
    rig = RenewalRig()
    rig.wall_clock = NOW + 200 * DAY
    rig.renewal.welcome(180)
    csr, answer = rig.service.asked[0]
    answer.callback(Issued(rig.authority.sign(csr), ("A", "B")))
    new = rig.taken[0]
    assert fits(new.credential.key, new.credential.certificate)
    assert new.credential.key != rig.identity.credential.key
    assert new.trust == ("A", "B")


def test_not_before_its_time() -> None:
    """A young certificate is looked at every hour."""
    rig = RenewalRig()
    rig.renewal.welcome(180)
    assert rig.service.asked == []
    rig.wall_clock = NOW + 181 * DAY
    rig.clock.advance(LOOK_SECONDS)
    assert len(rig.service.asked) == 1


def test_once_at_a_time() -> None:
    """Both signal connections are welcomed; one certificate is asked for."""
    rig = RenewalRig()
    rig.wall_clock = NOW + 200 * DAY
    rig.renewal.welcome(180)
    rig.renewal.welcome(180)
    assert len(rig.service.asked) == 1


def test_not_in_a_circle() -> None:
    """A new certificate that is due again at once waits an hour."""
    rig = RenewalRig()
    rig.wall_clock = NOW + 200 * DAY
    for _ in range(3):
        rig.renewal.welcome(180)
        csr, answer = rig.service.asked[-1]
        if not answer.called:
            answer.callback(Issued(rig.authority.sign(csr), ("A",)))
    assert len(rig.service.asked) == 1


def test_a_failure_is_tried_again() -> None:
    """After an hour; the log tells how long the old one holds."""
    rig = RenewalRig()
    rig.wall_clock = NOW + 200 * DAY
    rig.renewal.welcome(180)
    with capturedLogs() as events:
        rig.service.asked[0][1].errback(ControlError("the service refused"))
    assert round(events[-1]["days"]) == 165
    rig.clock.advance(LOOK_SECONDS)
    assert len(rig.service.asked) == 2


def test_another_key() -> None:
    """A certificate for another key is not taken."""
    rig = RenewalRig()
    rig.wall_clock = NOW + 200 * DAY
    rig.renewal.welcome(180)
    rig.service.asked[0][1].callback(Issued(rig.identity.credential.certificate, ("A",)))
    assert rig.taken == []


def test_stop() -> None:
    """No timer stays, and an answer that comes later changes nothing."""
    rig = RenewalRig()
    rig.wall_clock = NOW + 200 * DAY
    rig.renewal.welcome(180)
    rig.renewal.stop()
    assert rig.clock.getDelayedCalls() == []
    assert rig.taken == []


def test_a_certificate_that_has_ended_says_what_to_do() -> None:
    """Whoever was switched off for a year finds it in the log at the start."""
    rig = RenewalRig()
    with capturedLogs() as events:
        rig.renewal.look()
    assert events == []
    rig.wall_clock = NOW + 366 * DAY
    with capturedLogs() as events:
        rig.renewal.look()
    assert "join TOKEN --state DIR --again" in formatEvent(events[0]) and "ended on 2" in formatEvent(events[0])
    rig.renewal.stop()
