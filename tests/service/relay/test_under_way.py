"""The index of what is under way: what is added is found, and nothing stays behind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code
from appproxy.http.head import RequestHead
from appproxy.identity.session import Session
from appproxy.publish.application import Application
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.proxied_request import ProxiedRequest
from appproxy.service.relay.under_way import MOST_NEW, UnderWay
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Kind
from tests.service.exchanges import FakeExchange, head_for
from tests.service.world import WIKI, Signal, World, requests, under_way

ANN = Session("s1", "ann", "https://idp.example.com", "builtin", "Ann", 0.0, 2e9, 0.0)


@dataclass(frozen=True)
class OfApplication:
    """A plan, as far as the index looks at it."""

    application: Application


@dataclass(eq=False)
class Request:
    """A request, as far as the index looks at it."""

    plan: OfApplication
    session: Session | None


def request(application: int, session: int | None, subject: int, provider: int) -> ProxiedRequest:
    """One of these."""
    made = None if session is None else replace(ANN, id=f"s{session}", subject=f"u{subject}", provider=f"p{provider}")
    return cast("ProxiedRequest", Request(OfApplication(replace(WIKI, id=f"a{application}")), made))


few = st.integers(0, 2)


@given(st.lists(st.builds(request, few, st.none() | few, few, few), max_size=12), st.integers(0, 12), st.data())
@settings(max_examples=100, deadline=None)
def test_what_is_added_is_found_until_it_is_taken_away(made: list[ProxiedRequest], most: int, data: st.DataObject) -> None:
    """By each of its keys, by several at once, and never by another's; however many are indexed only when there are more."""
    index, there = UnderWay(most), set()
    for one in made + data.draw(st.permutations(made)):
        if one in there:
            index.discard(one)
            index.discard(one)
            there.discard(one)
        else:
            index.lengthen(one)  # not begun yet, or over: it is none of those without end
            index.add(one)
            if one.session is not None:
                index.lengthen(one)
            there.add(one)
        assert index.all() == there and len(index) == len(there)
        assert index.new <= most
        if data.draw(st.booleans()):
            continue  # nobody asks, and what is new stays so
        assert index.endless == {each for each in there if each.session is not None}
        sessions, names = {"s0", "s1"}, {("p0", "u0"), ("p1", "u2")}
        assert index.of(sessions=sessions) == {each for each in there if each.session and each.session.id in sessions}
        assert index.of(subjects=names) == {
            each for each in there if each.session and (each.session.provider, each.session.subject) in names}
        assert index.of(applications=["a1"]) == {each for each in there if each.plan.application.id == "a1"}
        assert index.of(["s2"], [("p2", "u1")], ["a0"]) == {
            each for each in there if each.plan.application.id == "a0" or (each.session is not None and (
                each.session.id == "s2" or (each.session.provider, each.session.subject) == ("p2", "u1")))}
    assert (index.new, index.keys, index.endless) == (0, 0, set())


def test_a_short_request_is_never_indexed() -> None:
    """It is over before anybody asks."""
    index = UnderWay()
    for number in range(MOST_NEW):
        index.add(request(0, number, number, 0))
    assert (index.new, index.keys) == (MOST_NEW, 0)
    index.add(request(0, 0, 0, 0))
    assert (index.new, index.keys) == (0, MOST_NEW + MOST_NEW + 1)


class RelayRig(World):
    """A node with one connector, whose users are all Ann."""

    def __init__(self) -> None:
        super().__init__(connectors=("c1",))
        self.exchanges: list[FakeExchange] = []
        self.signal_: Signal | None = None

    def start(self, method: bytes, body: bytes | None, upgrade: bytes | None) -> None:
        exchange = FakeExchange(self.head(method, body, upgrade), body)
        self.exchanges.append(exchange)
        route = self.snapshot.router.find(exchange.head.host, exchange.head.target)
        self.relay.start(cast("Exchange", exchange), route, ANN)

    @staticmethod
    def head(method: bytes, body: bytes | None, upgrade: bytes | None) -> RequestHead:
        return head_for("https://wiki.example.com/", method, body=body, upgrade=upgrade)

    def held(self) -> set[ProxiedRequest]:
        """What is not over: a connector has it, or it waits for one."""
        made = [one.responder for one in self.exchanges if isinstance(one.responder, ProxiedRequest)]
        there = {one for one in made if one.state is not State.DONE}
        assert len(there) == self.relay.roster.waiting + sum(
            len(list(under_way(peer))) for peer in self.relay.roster.peers.values())
        return there


USERS = ["ask", "post", "upgrade", "leave"]
CONNECTORS = ["answer", "fail", "reject", "attach", "stream"]


def step(rig: RelayRig, what: str, number: int) -> None:
    """One thing that happens."""
    signal = rig.signal_
    if what in USERS:
        user_step(rig, what, number)
    elif what == "wait":
        rig.advance(12.0)
    elif what == "join" and signal is None:
        rig.signal_ = rig.welcomed()
    elif what == "lose" and signal is not None:
        signal.lose()
        rig.signal_ = None
    elif what in CONNECTORS and signal is not None and not signal.wire.disconnecting:
        connector_step(rig, signal, what, number)


def user_step(rig: RelayRig, what: str, number: int) -> None:
    """A user asks, or goes."""
    if what == "leave":
        if open_ := [one for one in rig.exchanges if not one.over]:
            open_[number % len(open_)].leave()
    else:
        rig.start(b"POST" if what == "post" else b"GET", b"x" * 9 if what == "post" else b"",
                    b"websocket" if what == "upgrade" else None)


def connector_step(rig: RelayRig, signal: Signal, what: str, number: int) -> None:
    """The connector says something of a request that it has."""
    known = sorted({id for peer in rig.relay.roster.peers.values() for id in peer.in_flight})
    if not known:
        return
    id = known[number % len(known)]
    if what == "answer":
        signal.answer(id, 200, b"", b"done")
    elif what in ("fail", "reject"):
        signal.fail(Kind.FAIL if what == "fail" else Kind.REJECT, id, Code.ORIGIN_REFUSED)
    else:
        data = rig.attach(id)
        if what == "stream" and not data.wire.disconnecting:
            data.say(data.session.head(200, b"content-type: text/event-stream\n"))


@given(st.lists(st.tuples(st.sampled_from([*USERS, *CONNECTORS, "lose", "join", "wait"]), st.integers(0, 9)), max_size=25))
@settings(max_examples=150, deadline=None)
def test_whatever_happens_the_index_has_what_is_under_way(steps: list[tuple[str, int]]) -> None:
    """Answers, failures, lost connections, users who leave, time-outs: exactly what a connector has or what waits."""
    rig = RelayRig()
    rig.signal_ = rig.welcomed()
    for what, number in steps:
        step(rig, what, number)
        assert rig.relay.under_way.all() == rig.held()
        assert rig.relay.under_way.endless <= rig.held()
    if rig.signal_ is not None:
        rig.signal_.lose()
    rig.advance(150.0)
    assert len(rig.relay.under_way) == 0 and not rig.held()


def test_who_asks_for_much_is_found_among_many() -> None:
    """A request that is answered leaves nothing behind; one that is not is found by session, user and application."""
    rig = RelayRig()
    signal = rig.signal_ = rig.welcomed()
    for _ in range(3):
        rig.start(b"GET", b"", None)
    first, *_ = [id for id, _ in requests(signal.frames())]
    signal.answer(first)
    under_way = rig.relay.under_way
    assert len(under_way.of(sessions=["s1"])) == len(under_way.of(subjects=[("builtin", "ann")])) == 2
    assert len(under_way.of(applications=["wiki"])) == 2 and not under_way.of(["s2"], [("other", "ann")], ["docs"])
