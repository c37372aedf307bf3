"""The provider as a whole."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.logger import capturedLogs

from appproxy.errors import StoreError
from appproxy.store.service.keys import read_signing_keys
from tests.provider.house import Browser, Flow, House, sign_in, tokens


class TestRotation:
    def test_by_itself(self, house: House, browser: Browser) -> None:
        """After 90 days a new key signs, without anybody doing anything; old tokens can still be verified."""
        (first,) = house.read(read_signing_keys)
        house.clock.advance(90 * 86400)
        keys = house.read(read_signing_keys)
        assert len(keys) == 2
        assert keys[1].id == first.id
        flow = Flow(house.application("wiki").id)
        assert tokens(browser, flow, sign_in(browser, flow).query["code"])

    def test_a_database_that_is_gone_for_a_while(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """An hour without database does not end the watch over the key."""
        calls: list[object] = []

        def gone(*_: object) -> Deferred[object]:
            calls.append(1)
            return fail(StoreError("gone"))

        monkeypatch.setattr(house.live, "write", gone)
        with capturedLogs() as events:
            house.clock.advance(3600)
            house.clock.advance(3600)
        assert len(calls) == 2
        assert [event["log_level"].name for event in events if "signing keys" in str(event.get("log_format"))] == [
            "critical", "critical",
        ]  # fmt: skip
