"""Operations over the store of a running node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, succeed

from appproxy.admin.base.principal import Principal
from appproxy.admin.operations import Call
from appproxy.admin.transport.api import AdminApi
from appproxy.config.service import ServiceSettings


@dataclass
class Quiet:
    """A node of which nothing is to be told but who is online."""

    online: Mapping[str, object]
    given_certificate: str | None = None

    def live(self) -> Mapping[str, object]:
        """As the test says."""
        return self.online

    def limits_met(self) -> Sequence[Mapping[str, object]]:
        """Nobody has met any."""
        return ()

    def symptoms(self) -> Sequence[tuple[str, str, int]]:
        """There are none."""
        return ()

    def probe(self) -> Deferred[Mapping[str, Any]]:
        """Nothing is published."""
        return succeed({})


class TestApi:
    """Operations over the store of a node."""

    def api(self, desk: Any, settings: ServiceSettings) -> AdminApi:
        """An API whose store works at once."""

        class Live:
            """Runs transactions in the caller's thread."""

            reachable = True

            def write(self, do: Any, *args: Any) -> Deferred[Any]:
                """As LiveStore.write."""
                with desk.store.transaction(7.0) as tx:
                    return succeed(do(tx, *args))

            def read(self, do: Any, *args: Any) -> Deferred[Any]:
                """As LiveStore.read."""
                with desk.store.reading() as reading:
                    return succeed(do(reading, *args))

        live: Any = Live()
        return AdminApi(live, settings, lambda name, password: "hash", Quiet(desk.live), wall_clock=lambda: 7.0)

    def test_queries_and_commands(self, desk: Any, settings: ServiceSettings) -> None:
        """Each gets what it needs; the audit names the caller."""
        api = self.api(desk, settings)
        desk.live["c"] = {"online": True}
        found: list[Any] = []
        api.call("POST", "/groups", {"name": "staff"}, Principal.full("local:5")).addCallback(found.append)
        api.call("GET", "/status", None, Principal.full("local:5")).addCallback(found.append)
        assert found[0]["name"] == "staff"
        assert (found[1]["running"], found[1]["connectors_online"]) == (True, 1)
        assert [(row.actor, row.action) for row in desk.audit()] == [("local:5", "group.add")]

    def test_what_is_online_is_copied(self, desk: Any, settings: ServiceSettings) -> None:
        """Operations run in another thread, while the node goes on changing its own."""
        taken: list[Any] = []

        class Keeping:
            """Keeps the call instead of running it."""

            def read(self, do: Any, call: Call) -> Deferred[Any]:
                """As LiveStore.read."""
                taken.append(call.context.live())
                return succeed(None)

        live: Any = Keeping()
        desk.live["c"] = {"online": True}
        api = AdminApi(live, settings, lambda name, password: "", Quiet(desk.live))
        api.call("GET", "/connectors", None, Principal.full("x"))
        desk.live["c"]["online"] = False
        desk.live["d"] = {}
        assert taken == [{"c": {"online": True}}]
