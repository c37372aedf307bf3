"""A connector as a service of somebody's own program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.application.service import IService
from twisted.web.resource import Resource
from twisted.web.static import Data
from zope.interface.verify import verifyObject

from appproxy.errors import ConfigError
from appproxy.testing import Playground
from appproxy.twistd.connector_service import connector_service, join


@pytest.fixture
def playground() -> Iterator[Playground]:
    """A service with an application that anybody may use, and no connector."""
    made = Playground()
    made.start()
    root = Resource()
    root.putChild(b"", Data(b"hello", "text/plain"))
    made.publish("open", root, preauth="passthrough")
    yield made
    made.stop()


def test_it_joins_serves_and_drains(playground: Playground, tmp_path: Path) -> None:
    """From a token to an answered request, and to the end; it can be started again."""
    network = playground.network
    token = playground.admin("POST", "/connector-tokens", {"group": "default"})["token"]
    network.run(join(token, tmp_path / "state", network, name="mine"))
    service = connector_service(tmp_path / "state", network, access_log=tmp_path / "log")
    assert verifyObject(IService, service)
    assert network.run(service.stopService()) is None  # it was never started
    for _ in range(2):
        service.startService()
        network.run(service.ready)
        assert playground.browser().get("https://open.example.org/").body == b"hello"
        assert service.in_flight == 0
        network.run(service.stopService())
        assert [each.online for each in playground.service.node.relay.roster.peers.values() if each.online] == []
    assert len((tmp_path / "log").read_text().splitlines()) == 2


def test_nobody_has_joined_there(playground: Playground, tmp_path: Path) -> None:
    """The error names the command, and comes before anything is started."""
    with pytest.raises(ConfigError, match="appproxy connector join"):
        connector_service(tmp_path, playground.network)


def test_a_wrong_token_is_refused(playground: Playground, tmp_path: Path) -> None:
    """And leaves no directory behind that a connector could start from."""
    with pytest.raises(ConfigError, match="token"):
        playground.network.run(join("nonsense", tmp_path / "state", playground.network, name="mine"))
    assert not (tmp_path / "state" / "connector.toml").exists()
