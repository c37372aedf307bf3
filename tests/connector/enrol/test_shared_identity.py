"""Several workers with one certificate."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from appproxy.config.state import ConnectorPaths
from appproxy.connector.enrol.control import Issued
from appproxy.connector.enrol.identity import Identity, IdentityFiles
from appproxy.connector.enrol.renewal import LOOK_SECONDS, CertificateRenewal
from appproxy.connector.enrol.shared_identity import LOOK_EVERY, SharedIdentity
from appproxy.errors import ConfigError
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
    two.renewal.welcome(180)
    one.renewal.welcome(180)
    assert len(several.service.asked) == 1, "the new one is due by their clock, too, and would be renewed by each in turn"
    several.clock.advance(LOOK_SECONDS)
    assert len(several.service.asked) == 2


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


def test_what_could_not_be_taken_is_tried_again(several: Several, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that could not use it once does at the next look; it says so once."""
    one, two = several.workers
    one.renewal.welcome(180)
    several.answer()
    use, failures = two.use, ["no room", "no room"]

    def fails(identity: Identity) -> None:
        if failures:
            raise ConfigError(failures.pop())
        use(identity)

    two.shared._use = fails
    with capturedLogs() as events:
        for _ in range(4):
            several.clock.advance(LOOK_EVERY)
    assert two.identity == one.identity
    assert [formatEvent(event) for event in events] == [
        "the certificate that another worker has renewed cannot be used: no room",
        "another worker has renewed the certificate"]


def test_one_process_at_a_time(several: Several) -> None:
    """Also when the other has nothing new."""
    one, two = several.workers
    assert one.shared.begin()
    assert not two.shared.begin() and not two.shared.take_newer(two.identity)
    one.shared.end()
    assert two.shared.begin()


def test_another_connector_has_joined(several: Several, tmp_path: Path) -> None:
    """Beside them: they stay who they are, renew nothing in its place, and say that they have to be restarted."""
    other = several.authority.identity("c2")
    before = [one.identity for one in several.workers]
    IdentityFiles(ConnectorPaths(tmp_path)).replace(other, "")
    with capturedLogs() as events:
        for _ in range(3):
            several.clock.advance(LOOK_EVERY)
        for worker in several.workers:
            worker.renewal.welcome(180)
            worker.renewal.trust(("x",))
    assert [one.identity for one in several.workers] == before and several.service.asked == []
    assert several.workers[0].files.load() == other
    said = [formatEvent(event) for event in events]
    assert len(said) == 6 and all("another connector has joined" in line and "restart" in line for line in said)


def test_a_certificate_is_not_asked_for_where_it_cannot_be_kept(several: Several, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service would sign one each hour, for nothing; the next worker may try."""
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, capturedLogs() as events:
        patched.setattr("tempfile.mkstemp", full)
        several.workers[0].renewal.welcome(180)
    assert several.service.asked == []
    assert "cannot be renewed" in str(formatEvent(events[-1])) and "No space left" in str(formatEvent(events[-1]))
    several.workers[1].renewal.welcome(180)
    several.answer()
    assert several.workers[1].identity == several.workers[1].files.load()


def test_a_key_for_which_no_certificate_came(several: Several, tmp_path: Path) -> None:
    """Does not stay."""
    several.workers[0].renewal.welcome(180)
    assert (tmp_path / "connector.key.next").exists()
    several.service.asked[-1][1].errback(RuntimeError("away"))
    assert not (tmp_path / "connector.key.next").exists()


def test_anchors_wait_for_who_renews(several: Several, monkeypatch: pytest.MonkeyPatch) -> None:
    """And for a disk that has room again; of several that came meanwhile the last ones are kept."""
    one, two = several.workers
    first, second = Authority().anchor, Authority().anchor
    assert one.shared.begin()
    two.renewal.trust((first,))
    two.renewal.trust((second,))
    assert two.files.load().trust != (second,)
    one.shared.end()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, capturedLogs() as events:
        patched.setattr("tempfile.mkstemp", full)
        several.clock.advance(LOOK_EVERY)
        several.clock.advance(LOOK_EVERY)
    assert [formatEvent(event) for event in events] == [
        "the service's trust anchors cannot be kept: [Errno 28] No space left on device"]
    several.clock.advance(LOOK_EVERY)
    assert two.files.load().trust == (second,) and one.shared.begin()


def test_a_directory_that_cannot_be_written_is_told(several: Several, tmp_path: Path) -> None:
    """And the certificate of before stays in use."""
    one = several.workers[0]
    lock = ConnectorPaths(tmp_path).renewal_lock
    lock.unlink(missing_ok=True)
    lock.mkdir()
    with capturedLogs() as events:
        one.renewal.welcome(180)
    assert several.service.asked == [] and "cannot be renewed" in str(formatEvent(events[-1]))
