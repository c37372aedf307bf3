"""Applications in the connector's own process: found by name, reached without a socket."""

from __future__ import annotations

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock

from appproxy.connector.applications.in_process import CONNECTOR, InProcess
from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.connector.origin.origin_stream import OriginSource
from appproxy.errors import ConfigError

PLACE = OriginAddress("http", "wiki.internal", 80, application="w1")
SECURE = OriginAddress("https", "wiki.internal", 443, application="w1")


class Unused:
    """A source of connections that nobody asks: the route is only looked up."""


class Echo(Protocol):
    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data[::-1])


class Caller(Protocol):
    got = b""

    def dataReceived(self, data: bytes) -> None:
        self.got += data


class Closed(Factory):
    """Wants no connection."""

    def buildProtocol(self, addr: object) -> None:
        return None


def place(*addresses: OriginAddress, factories: dict[str, Any] | None = None) -> tuple[Clock, InProcess]:
    """A connector that knows the application `wiki`, and the servers of its process."""
    first, *others = addresses or (PLACE,)
    target = Target("w1", first, b"wiki.internal", False, 10.0, 60.0, frozenset(), others=tuple(others), name="wiki")
    routes = {"w1": OriginRoute(target, cast("OriginSource", Unused()))}
    clock = Clock()
    return clock, InProcess(clock, {"wiki": Factory.forProtocol(Echo)} if factories is None else factories, lambda: routes)


def outcome(dialled: Deferred[Any] | None) -> Any:
    """What came of it at once."""
    assert dialled is not None
    found: list[Any] = []
    dialled.addBoth(found.append)
    return found[0]


def test_bytes_go_both_ways_without_a_socket() -> None:
    """Each end sees the other by a name."""
    clock, here = place()
    caller = outcome(here.dial(PLACE, Factory.forProtocol(Caller)))
    caller.transport.write(b"abc")
    clock.pump([0.0] * 5)
    assert caller.got == b"cba"
    assert caller.transport.getHost() == CONNECTOR
    peer = caller.transport.getPeer()
    assert (peer.name, peer.host, peer.port) == ("wiki", "wiki.internal", 80)


@pytest.mark.parametrize(("address", "factories"), [
    (PLACE, {}), (PLACE, {"other": Factory.forProtocol(Echo)}), (OriginAddress("http", "x", 80, application="gone"), None),
])
def test_what_is_not_of_this_process_is_dialled_as_ever(address: OriginAddress, factories: dict[str, Any] | None) -> None:
    """No server of that name here, or no such application any more."""
    _, here = place(factories=factories)
    assert here.dial(address, Factory.forProtocol(Caller)) is None


def test_a_server_or_a_caller_that_wants_no_connection() -> None:
    """It fails as a port would at which nobody listens."""
    _, here = place(factories={"wiki": Closed()})
    assert outcome(here.dial(PLACE, Factory.forProtocol(Caller))).type is ConnectionRefusedError
    _, here = place()
    assert outcome(here.dial(PLACE, Closed())).type is ConnectionRefusedError


def test_the_check_names_the_command_that_helps() -> None:
    """For an application that is not published here, and for one whose internal URL is https."""
    place()[1].check()
    with pytest.raises(ConfigError, match=r"'shop' is not published .*there: wiki.*`appproxy app publish shop"):
        place(factories={"shop": Factory.forProtocol(Echo)})[1].check()
    with pytest.raises(ConfigError, match=r"'wiki': its internal URL is https.*`appproxy app set wiki internal=http://"):
        place(PLACE, SECURE)[1].check()
