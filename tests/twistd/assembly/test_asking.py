"""What a running service says to an operation before it begins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IResolutionReceiver

from appproxy.admin.base.body import Body
from appproxy.admin.base.operation import Ask
from appproxy.errors import Code
from appproxy.publish.application import Application, Segment, Url
from appproxy.service.signin.openid.trial import TrialStep
from appproxy.store.snapshot import ConnectorRecord, ConnectorState
from appproxy.twistd.assembly.asking import AskedService, connector_named, named
from tests.fakes.outcome import got

WIKI = Application("a1", "Wiki", Url.parse("https://wiki.example.com/"), Url.parse("http://wiki/"))
FILES = Application("a2", "files", Url.parse("https://files.example.com/"), Url.parse("http://files/"))


class Resolver:
    """Knows some names, and no others."""

    def __init__(self) -> None:
        self.known: dict[str, list[IPv4Address | IPv6Address]] = {
            "signin.example.com": [IPv4Address("TCP", "192.0.2.1", 0)],
            "wiki.example.com": [IPv4Address("TCP", "192.0.2.1", 0), IPv4Address("UDP", "192.0.2.1", 0),
                                 IPv6Address("TCP", "2001:db8::1", 0)],
        }
        self.asked: list[str] = []

    def resolveHostName(self, receiver: IResolutionReceiver, host: str) -> None:
        """As IHostnameResolver has it."""
        self.asked.append(host)
        receiver.resolutionBegan(cast("Any", None))
        for address in self.known.get(host, []):
            receiver.addressResolved(address)
        receiver.resolutionComplete()


@dataclass
class Node:
    """What is asked of a node."""

    applications: list[Application]
    connectors: dict[str, ConnectorRecord] = field(default_factory=dict)
    examined: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def snapshot(self) -> Any:
        """What is published."""
        return SimpleNamespace(applications={one.id: one for one in self.applications}, connectors=self.connectors)

    settings = SimpleNamespace(signin_host="signin.example.com")

    async def examine(self, id_: str) -> str:
        """A connector looks at itself."""
        self.examined.append(id_)
        return "findings"

    async def probe(self, id_: str) -> dict[str, Any]:
        """An application answers."""
        return self.answers

    @property
    def status(self) -> Node:
        """What it knows and its database does not."""
        return self


def ask(node: Node, what: Ask, resolver: Resolver | None = None, **path: str) -> Any:
    """What an operation gets to know."""
    return got(Deferred.fromCoroutine(service(node, resolver)(what, path, Body({}, ()), "user:ann")))


def service(node: Node, resolver: Resolver | None = None, **parts: Any) -> AskedService:
    """A service with this node, and other parts where they are asked."""
    nothing = cast("Any", None)
    return AskedService(
        nothing, cast("Any", node), nothing, parts.get("trial", nothing), parts.get("replay", nothing),
        SimpleNamespace(nameResolver=resolver or Resolver()))


def connector(id_: str, name: str) -> ConnectorRecord:
    """One that is approved."""
    return ConnectorRecord(id_, name, "default", ConnectorState.APPROVED, 0.0)


@pytest.mark.parametrize(("text", "found"), [
    ("a1", WIKI), ("Wiki", WIKI), ("wiki", WIKI), ("WIKI", WIKI), ("a2", FILES), ("wik", None), ("", None)])
def test_an_application_by_id_or_name(text: str, found: Application | None) -> None:
    """As it is at all operations: capitals of a name do not matter."""
    assert named(cast("Any", Node([WIKI, FILES])), text) is found


def test_an_id_comes_before_a_name() -> None:
    """Somebody who calls an application like another one's id gets no answers of that one."""
    taken = replace(FILES, name="a1")
    assert named(cast("Any", Node([taken, WIKI])), "a1") is WIKI


def test_a_connector_by_id_or_name() -> None:
    """A name that two have means none of them."""
    known = {one.id: one for one in (connector("c1", "rack"), connector("c2", "rack"), connector("c3", "lab"))}
    node = Node([], known)
    assert [connector_named(cast("Any", node), text) for text in ("c1", "lab", "rack", "other")] == ["c1", "c3", None, None]
    assert ask(node, Ask.EXAMINATION, connector="lab") == "findings" and node.examined == ["c3"]
    assert ask(node, Ask.EXAMINATION, connector="rack") is None and node.examined == ["c3"]


def test_what_is_not_there_is_told_by_the_store() -> None:
    """Here nothing is looked up for it."""
    resolver, node = Resolver(), Node([WIKI])
    assert ask(node, Ask.REACH, resolver, application="other") is None and resolver.asked == []
    assert ask(node, Ask.FAILURES, application="other") == []


def test_where_an_application_is_reached() -> None:
    """Each of its hosts once, with all addresses; one that is not there has none. The service's own host beside them."""
    segment = Segment(Url.parse("https://missing.example.com/"), Url.parse("http://wiki/b/"))
    wild = Segment(Url.parse("https://*.apps.example.com/"), Url.parse("http://*.apps/"))
    here = Segment(Url.parse("https://wiki.localhost/"), Url.parse("http://wiki/c/"))
    resolver = Resolver()
    node = Node([replace(WIKI, segments=(segment, wild, here))])
    reached = ask(node, Ask.REACH, resolver, application="wiki")
    assert reached == {
        "hosts": {"wiki.example.com": ["192.0.2.1", "2001:db8::1"], "missing.example.com": []}, "own": ["192.0.2.1"],
        "probe": None}
    assert resolver.asked == ["wiki.example.com", "missing.example.com", "signin.example.com"]
    node.answers = {"Wiki": SimpleNamespace(status=0, failure=Code.ORIGIN_REFUSED.name, detail="refused")}
    assert ask(node, Ask.REACH, application="wiki")["probe"] == {"status": 0, "failure": "ORIGIN_REFUSED", "detail": "refused"}


def test_so_many_hosts_are_looked_up() -> None:
    """A resolver that does not answer costs seconds for each."""
    segments = tuple(Segment(Url.parse(f"https://h{at}.example.com/"), Url.parse(f"http://wiki/{at}/")) for at in range(40))
    resolver = Resolver()
    ask(Node([replace(WIKI, segments=segments)]), Ask.REACH, resolver, application="wiki")
    assert len(resolver.asked) == 21 and resolver.asked[-1] == "signin.example.com"


def test_a_provider_and_the_log_are_asked_as_the_call_says() -> None:
    """Steps become objects of JSON; what is left out of a replay is nothing, and an age is seconds."""
    asked: list[Any] = []

    async def trial(named: str) -> list[TrialStep]:
        asked.append(named)
        return [TrialStep("metadata", "good", "answers")]

    async def replay(policies: object, without: object, age: float | None, caller: str) -> str:
        asked.append((policies, without, age, caller))
        return "report"

    here = service(Node([]), trial=trial, replay=replay)
    assert got(Deferred.fromCoroutine(here(Ask.PROVIDER, {"provider": "corp"}, Body({}, ()), "user:ann"))) == [
        {"check": "metadata", "health": "good", "detail": "answers", "hint": ""}]
    fields = ("policies", "without", "age")
    for body in ({}, {"policies": [{"name": "a"}], "without": ["b"], "age": "7d"}):
        assert got(Deferred.fromCoroutine(here(Ask.REPLAY, {}, Body(body, fields), "user:ann"))) == "report"
    assert asked == ["corp", ([], (), None, "user:ann"), ([{"name": "a"}], ("b",), 604_800.0, "user:ann")]
