"""Several workers with one certificate."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from appproxy.config.state import ConnectorPaths
from appproxy.connector.enrol.control import Issued
from appproxy.connector.enrol.identity import Identity, IdentityFiles
from appproxy.connector.enrol.renewal import CertificateRenewal
from appproxy.connector.enrol.shared_identity import LOOK_EVERY, SharedIdentity
from tests.connector.authority import DAY, NOW, Authority
from tests.connector.enrol.test_renewal import Service

DUE = NOW + 200 * DAY


class Worker:
    """One of several on one directory."""

    def __init__(self, directory: Path, clock: Clock, service: Service) -> None:
        paths = ConnectorPaths(directory)
        self.files = IdentityFiles(paths)
        self.identity = self.files.load()
        self.shared = SharedIdentity(self.files, paths.renewal_lock, self.use)
        self.renewal = CertificateRenewal(clock, lambda: DUE, service, lambda: self.identity, self.keep, self.shared)

    def keep(self, identity: Identity) -> None:
        """It has renewed it itself."""
        self.files.renew(identity)
        self.identity = identity

    def use(self, identity: Identity) -> None:
        """Another has."""
        self.identity = identity


class Several:
    """Two workers, whose certificate is due."""

    def __init__(self, directory: Path) -> None:
        self.authority, self.clock, self.service = Authority(), Clock(), Service()
        IdentityFiles(ConnectorPaths(directory)).create(self.authority.identity(), "")
        self.workers = [Worker(directory, self.clock, self.service) for _ in range(2)]
        for one in self.workers:
            one.renewal.watch()

    def answer(self) -> None:
        """The service signs what it was asked for last."""
        csr, answer = self.service.asked[-1]
        answer.callback(Issued(self.authority.sign(csr), self.workers[0].identity.trust))


@pytest.fixture
def several(tmp_path: Path) -> Several:
    """Nothing is asked for yet."""
    return Several(tmp_path)


def test_one_renews_and_the_other_takes_it(several: Several) -> None:
    """Both find it due at once."""
    one, two = several.workers
    for worker in (one, two):
        worker.renewal.welcome(180)
    assert len(several.service.asked) == 1
    before = two.identity
    several.answer()
    with capturedLogs() as events:
        several.clock.advance(LOOK_EVERY)
    assert one.identity == two.identity != before
    assert [formatEvent(event) for event in events] == ["another worker has renewed the certificate"]
    several.clock.advance(LOOK_EVERY)
    assert len(several.service.asked) == 1


def test_what_was_renewed_a_moment_ago_is_not_renewed_again(several: Several) -> None:
    """By a worker that has not looked yet: the service would refuse it."""
    one, two = several.workers
    one.renewal.welcome(180)
    several.answer()
    two.renewal.welcome(180)
    assert len(several.service.asked) == 1 and two.identity == one.identity


def test_the_next_one_may_when_the_first_has_failed(several: Several) -> None:
    """Or has ended meanwhile."""
    one, two = several.workers
    one.renewal.welcome(180)
    several.service.asked[-1][1].errback(RuntimeError("away"))
    two.renewal.welcome(180)
    assert len(several.service.asked) == 2
    two.renewal.stop()
    assert one.shared.begin()


def test_nothing_is_read_while_another_writes(several: Several) -> None:
    """Key and certificate are two files, and a reader completes what was cut off."""
    one, two = several.workers
    assert one.shared.begin()
    assert not two.shared.take_newer(two.identity) and not two.shared.begin()
    one.shared.end()
    assert not two.shared.take_newer(two.identity) and two.shared.begin()


def test_a_directory_that_cannot_be_written_is_told(several: Several, tmp_path: Path) -> None:
    """And the certificate of before stays in use."""
    one = several.workers[0]
    lock = ConnectorPaths(tmp_path).renewal_lock
    lock.unlink()
    lock.mkdir()
    with capturedLogs() as events:
        one.renewal.welcome(180)
    assert several.service.asked == [] and "cannot be renewed" in str(formatEvent(events[-1]))
