"""`appproxy:STATE:application=NAME`: a Twisted server that users reach through a service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.endpoints import quoteStringArgument, serverFromString
from twisted.internet.interfaces import IListeningPort, IStreamServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.logger import capturedLogs as captured
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site
from zope.interface.verify import verifyObject

from appproxy.connector.applications.in_process import InProcess
from appproxy.connector.config.configuration import OriginAddress
from appproxy.errors import AppProxyError, ConfigError
from appproxy.net.descriptors.in_process import InProcessAddress
from appproxy.testing import Playground
from appproxy.twistd.connector_service import connector_service, join
from appproxy.twistd.endpoint import PATIENCE

EXTERNAL = "https://wiki.example.org/"


class Wiki(Resource):
    """Says who asks and how; `/slow` when the test says so."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.slow: list[Request] = []

    def render_GET(self, request: Request) -> bytes | int:
        if request.uri == b"/slow":
            self.slow.append(request)
            return NOT_DONE_YET
        if request.uri == b"/large":
            return b"large " * 100_000
        peer, host = request.getClientAddress(), request.getHost()
        return f"{peer.name} to {host.name} at {host.host}:{host.port}, {request.isSecure()}".encode()

    def render_POST(self, request: Request) -> bytes:
        assert request.content is not None
        sent: bytes = request.content.read()
        return sent[::-1]


class World:
    """A service, an enrolled state directory, and an application that exists nowhere else."""

    def __init__(self, directory: Path) -> None:
        self.playground = Playground()
        self.playground.start()
        self.network = self.playground.network
        self.state = directory / "with:colon"
        token = self.playground.admin("POST", "/connector-tokens", {"group": "default"})["token"]
        self.network.run(join(token, self.state, self.network, name="program"))
        self.wiki = Wiki()
        self.site = Site(self.wiki, reactor=self.network, logFormatter=lambda timestamp, request: "")

    def publish(self, name: str = "wiki", internal: str = "http://wiki.internal/") -> None:
        body = {"name": name, "internal": internal, "external": f"https://{name}.example.org/", "preauth": "passthrough"}
        self.playground.admin("POST", "/applications", body)

    def endpoint(self, fields: str = "application=wiki") -> IStreamServerEndpoint:
        text = f"appproxy:{quoteStringArgument(str(self.state))}:{fields}"
        found: IStreamServerEndpoint = serverFromString(self.network, text)
        return found

    def listen(self, fields: str = "application=wiki") -> IListeningPort:
        port: IListeningPort = self.network.run(self.endpoint(fields).listen(self.site))
        return port

    def stop(self, port: IListeningPort) -> None:
        self.network.run(maybeDeferred(port.stopListening))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.playground.stop()


def test_a_site_is_reached_through_the_service(world: World) -> None:
    """Its peer is the connector and has no address; it opens no port; large bodies pass both ways."""
    world.publish()
    listening = set(world.network.ports)
    port = world.listen()
    assert verifyObject(IListeningPort, port)
    assert port.getHost() == InProcessAddress("wiki")
    assert set(world.network.ports) == listening
    browser = world.playground.browser()
    assert browser.get(EXTERNAL).text == "appproxy-connector to wiki at wiki.internal:80, False"
    assert browser.get(EXTERNAL + "large").body == b"large " * 100_000
    assert browser.request("POST", EXTERNAL, data=b"abc" * 200_000).body == b"cba" * 200_000
    world.stop(port)


def test_a_stop_lets_requests_under_way_finish(world: World) -> None:
    """Those that come later meet an application without a connector; it may listen again afterwards."""
    world.publish()
    port = world.listen()
    browser = world.playground.browser()
    asked: list[Any] = []
    Deferred.fromCoroutine(browser._ask("GET", EXTERNAL + "slow", {}, {})).addBoth(asked.append)
    world.network.pass_time(1)
    stopped: list[object] = []
    for _ in range(2):
        maybeDeferred(port.stopListening).addCallback(stopped.append)
        world.network.pass_time(1)
        assert asked == []
    [request] = world.wiki.slow
    request.write(b"at last")
    request.finish()
    world.network.pass_time(5)
    assert (asked[0].body, stopped) == (b"at last", [None, None])
    assert browser.get(EXTERNAL).status == 503
    port = world.listen()
    assert browser.get(EXTERNAL).status == 200
    world.stop(port)


def test_a_wrong_name_is_refused(world: World) -> None:
    """The names that there are, and the command, are in the error; nothing is left behind."""
    world.publish("blog", "http://blog.internal/")
    with pytest.raises(ConfigError, match=r"'wiki' is not published .*there: blog.*appproxy app publish wiki"):
        world.listen()
    world.network.pass_time(5)
    world.publish()
    world.stop(world.listen())


def test_an_application_with_https_inside_is_refused(world: World) -> None:
    """There is no TLS within a process, and a connection that was waited for would never come to be."""
    world.publish(internal="https://wiki.internal/")
    with pytest.raises(ConfigError, match=r"appproxy app set wiki internal=http://"):
        world.listen()


def test_a_directory_that_nobody_has_joined_from_is_refused(world: World, tmp_path: Path) -> None:
    """Before anything is dialled."""
    failures: list[Any] = []
    serverFromString(world.network, f"appproxy:{tmp_path}:application=wiki").listen(world.site).addErrback(failures.append)
    assert "appproxy connector join" in failures[0].getErrorMessage()


def test_one_directory_is_one_connector(world: World) -> None:
    """Two would take each other's place at the service; the error says what to do instead."""
    world.publish()
    port = world.listen()
    with pytest.raises(ConfigError, match="another endpoint .* directory of its own"):
        world.listen()
    world.stop(port)
    world.stop(world.listen())


def test_it_waits_for_a_service_that_is_not_there(world: World) -> None:
    """And says so; cancelling gives up, and a limit of time can be set."""
    world.publish()
    away = world.network.ports.pop(8443)
    failures: list[Any] = []
    with captured() as events:
        waiting = world.endpoint().listen(world.site)
        waiting.addErrback(failures.append)
        world.network.pass_time(PATIENCE + 1)
    assert failures == []
    assert "{application}: {address} does not answer yet; it is dialled again and again" in [
        event.get("log_format") for event in events]
    waiting.cancel()
    world.network.pass_time(5)
    assert failures[0].check(CancelledError)
    with pytest.raises(AppProxyError, match="has not answered within 7 s"):
        world.listen("application=wiki:timeout=7")
    world.network.ports[8443] = away


def test_a_connector_that_the_service_does_not_want_is_told(world: World) -> None:
    """An endpoint of a revoked connector fails; it does not dial for ever."""
    world.publish()
    [connector] = world.playground.admin("GET", "/connectors")
    world.playground.admin("POST", f"/connectors/{connector['id']}/revoke")
    with pytest.raises(AppProxyError):
        world.listen()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ("", "state directory is missing"),
        (":application=wiki", "state directory is missing"),
        ("/state", "application is missing"),
        ("/state:application=wiki:port=80", "port: no such field"),
        ("/state:application=wiki:timeout=soon", "'soon' is no number"),
        ("/state:application=wiki:timeout=-1", "'-1' is no number"),
        ("/state:application=wiki:timeout=nan", "'nan' is no number"),
    ],
)
def test_a_wrong_string_is_refused(fields: str, why: str) -> None:
    """Each error names the field."""
    with pytest.raises(ValueError, match=why):
        serverFromString(Site(Resource()), f"appproxy:{fields}")


def test_several_applications_in_one_program(world: World) -> None:
    """By a connector service with factories; those that are elsewhere are dialled as ever."""
    world.publish()
    world.publish("blog", "http://blog.internal/")
    elsewhere = world.playground.publish("elsewhere", Wiki(), preauth="passthrough")
    other = Site(Wiki(), reactor=world.network, logFormatter=lambda timestamp, request: "")
    service = connector_service(world.state, world.network, factories={"wiki": world.site, "blog": other})
    service.startService()
    world.network.run(service.ready)
    browser = world.playground.browser()
    assert " to wiki at " in browser.get(EXTERNAL).text
    assert " to blog at " in browser.get("https://blog.example.org/").text
    assert browser.request("POST", elsewhere, data=b"ab").body == b"ba"
    world.network.run(service.stopService())


class Refusing(Factory):
    """Wants no connection."""

    def buildProtocol(self, addr: object) -> Protocol | None:
        assert addr == InProcessAddress("appproxy-connector")
        return None


def test_a_factory_that_wants_no_connection_refuses_it(world: World) -> None:
    """As a closed port would: the user sees 502, and the log why."""
    world.publish()
    port: IListeningPort = world.network.run(world.endpoint().listen(Refusing()))
    assert world.playground.browser().get(EXTERNAL).status == 502
    world.stop(port)


def test_an_application_that_is_not_in_this_process_is_dialled() -> None:
    """None says so: with no factories at all, and for one that is not known."""
    address = OriginAddress("http", "wiki.internal", 80, application="1")
    nothing: dict[str, Factory] = {}
    for factories in (nothing, {"wiki": Factory()}):
        assert InProcess(Clock(), factories, dict).dial(address, Factory()) is None
