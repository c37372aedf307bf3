"""Programs that use the gate as a library have no list of applications."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from appproxy.service.signin.panel.needs import NoPanel, PanelStore


def test_nothing_is_remembered() -> None:
    """And nothing fails."""
    panel: PanelStore = NoPanel()
    panel.note_use("builtin", "ann", "wiki")
    found: list[object] = []
    for asked in (panel.logo("wiki", "f0"), panel.recent("builtin", "ann"), panel.clear_recent("builtin", "ann")):
        Deferred.fromCoroutine(asked).addCallback(found.append)
    assert found == [None, (), None]
