"""The applications: from the file at once, from the service as soon as it answers, and never asked for without end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from appproxy.connector.applications.applications import LEAST_GAP, REFRESH_SECONDS, Applications
from appproxy.connector.config.configuration import Configuration, ConfigurationCache
from appproxy.connector.enrol.control import ControlError
from appproxy.connector.origin.origins import Origins
from appproxy.net.loop.deadlines import Deadlines


def text(version: int, *names: str) -> bytes:
    """A configuration with these applications."""
    return json.dumps({
        "version": version, "applications": {name: {"internal": f"http://{name}.corp/"} for name in names}}).encode()


class Service:
    """A configuration end point: each call waits until the test answers."""

    def __init__(self) -> None:
        self.asked: list[Deferred[bytes]] = []
        #: What each call wants to hear of.
        self.since: list[str] = []

    async def configuration(self, since: str = "") -> bytes:
        """Wait for the test."""
        self.since.append(since)
        answer: Deferred[bytes] = Deferred()
        self.asked.append(answer)
        return await answer


class ApplicationsRig:
    """Applications with a service that answers when told."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.service = Service()
        self.file = ConfigurationCache(folder / "configuration.json")
        self.taken: list[Configuration] = []
        self.deadlines = Deadlines(self.clock)
        origins = Origins(self.clock, self.deadlines, lambda address, factory, timeout: Deferred())
        self.applications = Applications(self.clock, self.service, self.file, origins, self.taken.append)
        self.told = 0

    def tell(self) -> None:
        """Called after a refresh."""
        self.told += 1


def test_works_from_the_file(tmp_path: Path) -> None:
    """While the service does not answer, the last configuration serves."""
    rig = ApplicationsRig(tmp_path)
    rig.file.save(text(4, "wiki"))
    rig.applications.start()
    assert set(rig.applications.routes) == {"wiki"}
    rig.clock.advance(0)
    rig.service.asked[0].errback(ControlError("the service cannot be reached"))
    assert set(rig.applications.routes) == {"wiki"}
    assert rig.applications.version == 4


def test_what_did_not_change_is_kept(tmp_path: Path) -> None:
    """With its connections, also those of a wildcard's hosts; what changed is made again."""
    entry = {"internal": "http://*.corp/", "external": "https://*.example.com/"}

    def said(version: int, **changes: object) -> bytes:
        plain = {"internal": "http://wiki.corp/"}
        return json.dumps({"version": version, "applications": {"wiki": plain, "wild": entry | changes}}).encode()

    rig = ApplicationsRig(tmp_path)
    rig.file.save(said(1))
    rig.applications.start()
    rig.clock.advance(0)
    wiki, wild = rig.applications.routes["wiki"], rig.applications.routes["wild"]
    assert wild.hosts is not None
    host = wild.hosts.of(b"a.example.com")
    assert host is not None and host.target.address in rig.applications.addresses()
    rig.service.asked[0].callback(said(2))
    assert rig.applications.version == 2
    assert rig.applications.routes == {"wiki": wiki, "wild": wild} and wild.hosts.of(b"a.example.com") is host
    rig.applications.refresh()
    rig.clock.advance(LEAST_GAP)
    rig.service.asked[1].callback(said(3, host_header="original"))
    changed = rig.applications.routes["wild"]
    assert rig.applications.routes["wiki"] is wiki
    assert changed is not wild and changed.hosts is not None
    assert host.target.address not in rig.applications.addresses()


def changes(version: int, since: str, *names: str, removed: tuple[str, ...] = ()) -> bytes:
    """What is another than in the configuration with this tag."""
    return json.dumps({
        "version": version, "tag": f"t{version}", "since": since, "removed": removed,
        "applications": {name: {"internal": f"http://{name}.corp/"} for name in names}}).encode()


def tagged(version: int, *names: str) -> bytes:
    """A whole configuration that the service has a name for."""
    return json.dumps({**json.loads(text(version, *names)), "tag": f"t{version}"}).encode()


def test_only_what_has_changed_is_asked_for(tmp_path: Path) -> None:
    """Also after a restart; the file has all of it."""
    rig = ApplicationsRig(tmp_path)
    rig.applications.start()
    rig.clock.advance(0)
    rig.service.asked[0].callback(tagged(5, "wiki", "mail"))
    rig.applications.refresh()
    rig.clock.advance(LEAST_GAP)
    rig.service.asked[1].callback(changes(6, "t5", "news", removed=("mail",)))
    assert set(rig.applications.routes) == {"wiki", "news"} and rig.applications.version == 6
    assert set(rig.file.load().targets) == {"wiki", "news"}
    later = ApplicationsRig(tmp_path)
    later.applications.start()
    later.clock.advance(0)
    assert set(later.applications.routes) == {"wiki", "news"}
    assert (rig.service.since, later.service.since) == (["", "t5"], ["t6"])


def test_changes_that_fit_nothing_bring_all_of_it(tmp_path: Path) -> None:
    """At once, and not in ten minutes."""
    rig = ApplicationsRig(tmp_path)
    rig.file.save(tagged(5, "wiki"))
    rig.applications.start()
    rig.clock.advance(0)
    rig.service.asked[0].callback(changes(7, "t6", "news"))
    assert set(rig.applications.routes) == {"wiki"}
    rig.service.asked[1].callback(tagged(7, "news"))
    assert set(rig.applications.routes) == {"news"} and rig.service.since == ["t5", ""]


def test_what_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    """A megabyte for each change that concerns others would be much."""
    rig = ApplicationsRig(tmp_path)
    rig.file.save(tagged(5, "wiki"))
    rig.applications.start()
    rig.clock.advance(0)
    before = (tmp_path / "configuration.json").stat().st_ino
    rig.service.asked[0].callback(json.dumps({**json.loads(changes(6, "t5")), "tag": "t5"}).encode())
    assert rig.applications.version == 6 and set(rig.applications.routes) == {"wiki"}
    assert (tmp_path / "configuration.json").stat().st_ino == before


def test_the_newest_is_kept_however_long_writing_takes(tmp_path: Path) -> None:
    """Files are written in another thread, one after the other."""
    rig = ApplicationsRig(tmp_path)
    waiting: list[tuple[Callable[[], None], Deferred[None]]] = []

    def in_thread(do: Callable[[], None]) -> Deferred[None]:
        waiting.append((do, Deferred()))
        return waiting[-1][1]

    rig.applications._in_thread = in_thread
    rig.applications.start()
    rig.clock.advance(0)
    rig.service.asked[0].callback(text(1, "a"))
    for version in (2, 3):
        rig.applications.refresh()
        rig.clock.advance(LEAST_GAP)
        rig.service.asked[-1].callback(text(version, "a", "b"))
    assert len(waiting) == 1
    for number in (0, 1):
        do, done = waiting[number]
        do()
        done.callback(None)
    assert len(waiting) == 2 and rig.file.load().version == 3


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """What is new is used all the same, and the next one is tried again."""
    rig = ApplicationsRig(tmp_path / "missing")
    with capturedLogs() as logs:
        rig.applications.start()
        rig.clock.advance(0)
        rig.service.asked[0].callback(text(1, "a"))
    assert set(rig.applications.routes) == {"a"} and not rig.applications._saving
    assert any("cannot be kept" in str(event.get("log_format")) for event in logs)


def test_a_version_is_read_once_however_many_tell_of_it(tmp_path: Path) -> None:
    """Each node does, on two connections; a newer one than was read is asked for, once."""
    rig = ApplicationsRig(tmp_path)
    rig.applications.start()
    rig.clock.advance(0)
    rig.service.asked[0].callback(tagged(5, "wiki"))
    rig.clock.advance(LEAST_GAP)
    for _ in range(8):
        rig.applications.hinted(6)
        rig.clock.advance(0)
    rig.service.asked[1].callback(changes(6, "t5", "news"))
    for _ in range(8):
        rig.applications.hinted(6)
    rig.clock.advance(LEAST_GAP)
    assert len(rig.service.asked) == 2
    rig.applications.hinted(7)
    rig.clock.advance(0)
    rig.applications.hinted(8)
    rig.service.asked[2].callback(changes(7, "t6"))
    rig.clock.advance(LEAST_GAP)
    rig.service.asked[3].callback(changes(7, "t7"))
    rig.clock.advance(10 * LEAST_GAP)
    assert len(rig.service.asked) == 4


def test_a_damaged_file_does_not_stop_it(tmp_path: Path) -> None:
    """It is logged, and the service is asked."""
    (tmp_path / "configuration.json").write_bytes(b"{")
    rig = ApplicationsRig(tmp_path)
    rig.applications.start()
    rig.clock.advance(0)
    rig.service.asked[0].callback(text(5, "wiki"))
    assert set(rig.applications.routes) == {"wiki"}


def test_what_the_service_says_is_kept(tmp_path: Path) -> None:
    """Its answer is used and written to the file."""
    rig = ApplicationsRig(tmp_path)
    rig.applications.start()
    rig.clock.advance(0)
    rig.service.asked[0].callback(text(5, "wiki", "mail"))
    assert set(rig.applications.routes) == {"wiki", "mail"}
    assert rig.file.load().version == 5
    assert [each.version for each in rig.taken] == [5]


def test_nonsense_changes_nothing(tmp_path: Path) -> None:
    """An answer that is no configuration is logged; the old one stays, also in the file."""
    rig = ApplicationsRig(tmp_path)
    rig.file.save(text(4, "wiki"))
    rig.applications.start()
    rig.clock.advance(0)
    rig.service.asked[0].callback(b'{"version": 5, "applications": {"a": {"internal": "file:///etc/passwd"}}}')
    assert set(rig.applications.routes) == {"wiki"}
    assert rig.file.load().version == 4


def test_every_10_minutes(tmp_path: Path) -> None:
    """For the hint that was lost, and after a failure."""
    rig = ApplicationsRig(tmp_path)
    rig.applications.start()
    rig.clock.advance(0)
    rig.service.asked[0].errback(ControlError("down"))
    rig.clock.advance(REFRESH_SECONDS - 1)
    assert len(rig.service.asked) == 1
    rig.clock.advance(1)
    assert len(rig.service.asked) == 2


def test_many_who_ask_are_one_question(tmp_path: Path) -> None:
    """All are told when the answer is there."""
    rig = ApplicationsRig(tmp_path)
    rig.applications.start()
    rig.clock.advance(0)
    rig.service.asked[0].callback(text(1))
    rig.clock.advance(LEAST_GAP)
    for _ in range(100):
        rig.applications.refresh(rig.tell)
    rig.clock.advance(0)
    assert len(rig.service.asked) == 2
    assert rig.told == 0
    rig.service.asked[1].callback(text(2, "wiki"))
    assert rig.told == 100


def test_a_question_during_an_answer(tmp_path: Path) -> None:
    """The answer under way may be too old: one more is asked for, and only then those who wait are told."""
    rig = ApplicationsRig(tmp_path)
    rig.applications.start()
    rig.clock.advance(0)
    rig.applications.refresh(rig.tell)
    rig.service.asked[0].callback(text(1))
    assert rig.told == 0
    rig.clock.advance(LEAST_GAP)
    rig.service.asked[1].callback(text(2, "wiki"))
    assert rig.told == 1


def test_not_more_than_twice_a_second(tmp_path: Path) -> None:
    """Requests for unknown applications do not become questions without end."""
    rig = ApplicationsRig(tmp_path)
    rig.applications.start()
    rig.clock.advance(0)
    rig.service.asked[0].callback(text(1))
    for _ in range(50):
        rig.applications.refresh(rig.tell)
        rig.clock.advance(0.1)
        for answer in rig.service.asked:
            if not answer.called:
                answer.callback(text(1))
    assert len(rig.service.asked) <= 11
    rig.clock.advance(1)


def test_failure_tells_those_who_wait(tmp_path: Path) -> None:
    """They are not left waiting."""
    rig = ApplicationsRig(tmp_path)
    rig.applications.start()
    rig.clock.advance(0)
    rig.service.asked[0].callback(text(1))
    rig.clock.advance(LEAST_GAP)
    rig.applications.refresh(rig.tell)
    rig.clock.advance(0)
    rig.service.asked[1].errback(ControlError("down"))
    assert rig.told == 1


def test_stop(tmp_path: Path) -> None:
    """No timer and no question stays."""
    rig = ApplicationsRig(tmp_path)
    rig.applications.start()
    rig.clock.advance(0)
    rig.applications.refresh(rig.tell)
    rig.applications.stop()
    assert rig.told == 1
    assert rig.clock.getDelayedCalls() == []
    rig.applications.refresh(rig.tell)
    assert rig.told == 2


def test_health_checks_end_with_their_application(tmp_path: Path) -> None:
    """Those of an application that has changed or gone; those of one that stayed go on, with what they know."""

    def several(version: int, *names: str, path: str = "/ok") -> bytes:
        entry = {"internal": "http://a.corp/", "origins": ["http://b.corp/"], "health_path": path}
        return json.dumps({"version": version, "applications": {name: entry for name in names}}).encode()

    rig = ApplicationsRig(tmp_path)
    rig.file.save(several(1, "wiki", "mail"))
    rig.applications.start()
    assert len(rig.deadlines) == 4
    kept = rig.applications.routes["wiki"].origin
    rig.clock.advance(0)
    rig.service.asked[0].callback(several(2, "wiki"))
    assert rig.applications.routes["wiki"].origin is kept
    assert len(rig.deadlines) == 2
    rig.applications.stop()
    assert len(rig.deadlines) == 0
