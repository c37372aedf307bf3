"""Applications are asked through their connectors whether they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from twisted.internet.protocol import Factory, Protocol
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from appproxy.service.relay.connectors.probe import PATIENCE, ProbeResult
from appproxy.testing import Playground


class Page(Resource):
    """Answers a HEAD with a status, or never; counts the requests."""

    isLeaf = True

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status
        self.asked: list[tuple[bytes, bytes]] = []

    def render_HEAD(self, request: Request) -> bytes | int:
        self.asked.append((request.method, request.uri))
        if not self.status:
            return NOT_DONE_YET
        request.setResponseCode(self.status)
        return b""


class Mute(Protocol):
    """Closes at once."""

    def connectionMade(self) -> None:
        self.transport.loseConnection()  # type: ignore[union-attr]


@pytest.fixture
def playground() -> Iterator[Playground]:
    """A service with a connector."""
    with Playground() as playground:
        yield playground


def probes(playground: Playground, seconds: float = PATIENCE + 5) -> Mapping[str, ProbeResult]:
    """What the node finds."""
    found: Mapping[str, ProbeResult] = playground.network.run(playground.service.node.status.probe(), seconds)
    return found


def test_who_answers_and_who_does_not(playground: Playground) -> None:
    """Whatever is answered is an answer; what fails has the name that the access log would have."""
    page = Page(401)
    playground.publish("wiki", page, users=[])
    playground.publish("ill", Page(503))
    playground.publish("mute", Factory.forProtocol(Mute))
    body = {"internal": "http://127.0.0.1:9/", "preauth": "passthrough"}
    playground.admin("POST", "/applications", {"name": "gone", "external": "https://gone.example.org/", **body})
    playground.admin("POST", "/connector-groups", {"name": "empty"})
    far = {"name": "far", "external": "https://far.example.org/", "connector_group": "empty", **body}
    playground.admin("POST", "/applications", far)
    playground.network.pass_time(1)
    found = probes(playground)
    assert {name: (one.status, one.failure) for name, one in found.items()} == {
        "wiki": (401, ""), "ill": (503, ""), "mute": (0, "ORIGIN_CLOSED"), "gone": (0, "ORIGIN_REFUSED"),
        "far": (0, "NO_CONNECTOR"),
    }
    assert page.asked == [(b"HEAD", b"/")]
    assert found["gone"].detail.startswith("http://127.0.0.1:9: ")
    rows = playground.admin("GET", "/probes")
    assert {"application": "wiki", "status": 401, "failure": "", "detail": ""} in rows


def test_one_that_is_silent_holds_nobody_up(playground: Playground) -> None:
    """After some seconds it counts as failed, and its request is cancelled."""
    playground.publish("slow", Page(0))
    playground.publish("wiki", Page(200))
    found = probes(playground)
    assert found["wiki"] == ProbeResult(200)
    assert found["slow"].failure == "BACKEND_TIMEOUT"
    playground.network.pass_time(1)
    assert all(not peer.in_flight for peer in playground.service.node.relay.roster.peers.values())


def test_what_has_only_wildcards_or_takes_no_head_is_not_asked(playground: Playground) -> None:
    """Nobody knows a host of the one; the other would answer 405."""
    body = {"name": "many", "internal": "http://*.corp.example/", "external": "https://*.example.org/"}
    playground.admin("POST", "/applications", body)
    playground.publish("strict", Page(200), methods="GET")
    assert probes(playground) == {}
