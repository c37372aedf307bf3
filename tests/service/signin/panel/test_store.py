"""What a node remembers of logos, and what becomes of uses that cannot be written."""

from __future__ import annotations

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from appproxy.errors import StoreError
from appproxy.service.signin.panel import store as panel_store
from appproxy.service.signin.panel.store import LivePanelStore
from appproxy.store.applications import logos


class FakeLive:
    """Pictures of four bytes; counts what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False

    def read(self, do: object, application: str, digest: str) -> Deferred[bytes | None]:
        assert do is logos.picture
        self.asked.append(digest)
        return succeed(None if digest == "gone" else digest.ljust(4).encode())

    def write(self, *what: object) -> Deferred[None]:
        return fail(StoreError("away")) if self.away else succeed(None)


def got(panel: LivePanelStore, digest: str) -> bytes | None:
    """The picture."""
    found: list[Any] = []
    Deferred.fromCoroutine(panel.logo("wiki", digest)).addCallback(found.append)
    return cast("bytes | None", found[0])


def test_what_was_asked_for_last_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as there is room; that there is none is asked again."""
    monkeypatch.setattr(panel_store, "REMEMBERED", 8)
    live = FakeLive()
    panel = LivePanelStore(cast("Any", live))
    assert [got(panel, digest) for digest in ("a", "b", "a", "c", "a", "b", "gone", "gone")] == [
        b"a   ", b"b   ", b"a   ", b"c   ", b"a   ", b"b   ", None, None]
    assert live.asked == ["a", "b", "c", "b", "gone", "gone"]


def test_a_use_that_cannot_be_written_fails_nothing() -> None:
    """It is said once, not for each user."""
    live = FakeLive()
    panel = LivePanelStore(cast("Any", live))
    said: list[object] = []
    panel.log = cast("Any", type("Log", (), {"warn": lambda self, text, **more: said.append(more)})())
    for away in (True, True, False, True):
        live.away = away
        panel.note_use("builtin", "ann", "wiki")
    assert len(said) == 2


class SlowLive:
    """A database that hangs; whether the node knows that already is `reachable`."""

    def __init__(self) -> None:
        self.reachable, self.clock, self.waiting = True, Clock(), list[Deferred[object]]()

    def read(self, do: object, *arguments: object) -> Deferred[object]:
        self.waiting.append(Deferred())
        return self.waiting[-1]


@pytest.mark.parametrize("what", ["recent", "requests"])
def test_nobody_waits_long_for_what_a_page_can_do_without(what: str) -> None:
    """A second where it hangs, and not at all where that is known; what comes later disturbs nothing."""
    live = SlowLive()
    ask = getattr(LivePanelStore(cast("Any", live)), what)
    got: list[Any] = []
    Deferred.fromCoroutine(ask("builtin", "ann")).addBoth(got.append)
    live.clock.advance(panel_store.SOON - 0.1)
    assert got == [] and panel_store.SOON <= 1.0
    live.clock.advance(0.2)
    assert isinstance(got[0], Failure) and got[0].check(StoreError)
    live.waiting[0].callback([])
    Deferred.fromCoroutine(ask("builtin", "ann")).addBoth(got.append)
    live.waiting[1].callback([("wiki", 1.0)])
    assert got[1:] == [[("wiki", 1.0)]] and not live.clock.getDelayedCalls()
    live.reachable = False
    Deferred.fromCoroutine(ask("builtin", "ann")).addBoth(got.append)
    assert got[2].check(StoreError) and len(live.waiting) == 2
