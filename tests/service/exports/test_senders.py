"""Each way to a destination."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from appproxy.service.exports.delivery import TIMEOUT, DeliveryFailed, Payload
from appproxy.service.exports.senders import Senders, writer_for
from appproxy.store.service.audit_exports import LEASE, AuditExport
from tests.export.test_formats import ADDED


def export(url: str, format_name: str = "json") -> AuditExport:
    """A destination."""
    return AuditExport("1", "x", url, format_name, "", "", 0.0, 0, 0.0, 0, "", 0.0, 0, 0, 0, b"k" * 32, "")


@pytest.mark.parametrize(("url", "start"), [
    ("file:///a", b"{"), ("https://hooks/", b"{"), ("syslog://logs", b"<109>1 "), ("syslog+tls://logs", b"<109>1 "),
])
def test_how_an_entry_is_written(url: str, start: bytes) -> None:
    """As JSON, or as a message with its length; in the format that the destination has."""
    piece = writer_for(export(url, "ocsf"))(ADDED)
    message = piece.partition(b" ")[2] if b"syslog" in url.encode() else piece
    assert message.startswith(start)
    assert json.loads(message[message.index(b"{") :])["class_uid"] == 3001


def test_to_a_file(tmp_path: Path) -> None:
    """Lines, in a thread of their own."""
    senders = Senders(Clock(), lambda: 0.0, maybeDeferred)
    done: list[object] = []
    senders(export(f"file://{tmp_path}/a"), Payload("1", (b"one", b"two"))).addCallback(done.append)
    assert done == [None] and (tmp_path / "a").read_text() == "one\ntwo\n"


def test_one_that_says_nothing() -> None:
    """Is given up before another node would take over."""
    clock = Clock()
    senders = Senders(clock, lambda: 0.0, lambda do: Deferred())
    failed: list[object] = []
    senders(export("syslog://logs"), Payload("1", (b"x",))).addErrback(lambda failure: failed.append(failure.value))
    clock.advance(TIMEOUT - 1)
    assert failed == []
    clock.advance(2)
    assert isinstance(failed[0], DeliveryFailed) and TIMEOUT < LEASE


def test_a_file_that_cannot_be_moved_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch counts as arrived, or the same would be written until the disk is full; the log has it once an hour."""

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", denied)
    clock = Clock()
    senders = Senders(clock, lambda: 0.0, maybeDeferred)
    done: list[object] = []
    with capturedLogs() as logs:
        for _ in range(3):
            senders(export(f"file://{tmp_path}/a?size=1"), Payload("1", (b"-" * (1 << 20),))).addBoth(done.append)
        clock.advance(3601)
        senders(export(f"file://{tmp_path}/a?size=1"), Payload("1", (b"-",))).addBoth(done.append)
    assert done == [None] * 4
    assert ["Permission denied" in str(one["problem"]) for one in logs] == [True, True]


def test_a_thread_that_hangs() -> None:
    """Is the only one of its destination until it ends, however often it is tried; other destinations have their own."""
    clock = Clock()
    begun: list[Callable[[], OSError | None]] = []

    def hang(do: Callable[[], OSError | None]) -> Deferred[OSError | None]:
        begun.append(do)
        return Deferred()

    senders = Senders(clock, lambda: 0.0, hang)
    failed: list[str] = []
    one, other = export("file:///nowhere/at/all"), replace(export("file:///nowhere/at/all"), id="2")
    for _ in range(3):
        senders(one, Payload("1", (b"x",))).addErrback(lambda failure: failed.append(str(failure.value)))
        clock.advance(TIMEOUT + 1)
    assert len(begun) == 1 and failed[1:] == ["a try before hangs still"] * 2
    senders(other, Payload("1", (b"x",))).addErrback(lambda _: None)
    assert len(begun) == 2
    with pytest.raises(OSError):
        begun[0]()  # it ends at last
    senders(one, Payload("1", (b"x",))).addErrback(lambda _: None)
    assert len(begun) == 3
