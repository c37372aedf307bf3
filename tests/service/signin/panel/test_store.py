"""What a node remembers of logos, and what becomes of uses that cannot be written."""

from __future__ import annotations

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, fail, succeed

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
