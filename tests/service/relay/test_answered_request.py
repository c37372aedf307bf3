"""A request as its user sees it: what each word of the connector comes to for them, and whoever goes first."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from twisted.internet.interfaces import IPushProducer
from twisted.internet.testing import StringTransport

from appproxy.errors import Code, RemoteProtocolError
from appproxy.net.read_gate import HoldReason, ReadGate
from appproxy.policy.conditional.parts.transfers import Rule, Transfers
from appproxy.service.relay.proxied_request import ProxiedRequest
from appproxy.tunnel.exchanges import State
from tests.service.exchanges import FakeExchange
from tests.service.relay.test_relay import ANN, URL, WIKI, RelayRig

TEXT = b"content-type: text/plain\n"


@dataclass
class Data:
    """A data connection that the request is attached to. `said`: what was asked of it, in its order."""

    paused: bool = False
    answer_over: bool = False
    said: list[str] = field(default_factory=list)
    read_gate: ReadGate = field(default_factory=lambda: ReadGate(StringTransport()))

    def feed(self, source: IPushProducer) -> None:
        self.said.append("feed")

    def go(self) -> None:
        self.said.append("go")

    def body(self, data: bytes) -> None:
        self.said.append(f"body {data!r}")

    def end(self, trailers: bytes) -> None:
        self.said.append("end")

    def cancel(self) -> None:
        self.said.append("cancel")

    def answer_elsewhere(self) -> None:
        self.said.append("elsewhere")

    def let_go(self) -> None:
        self.said.append("let go")

    def rest(self) -> None:
        self.said.append("rest")


class Asked(RelayRig):
    """A user has asked, and the connector has the request."""

    def __init__(self, application: Any = WIKI, session: Any = None, **head: Any) -> None:
        super().__init__()
        self.exchange = self.start(application, session, **head)
        self.peer = self.relay.roster.peers["c1"]
        (found,) = self.peer.in_flight.values()
        assert isinstance(found, ProxiedRequest)
        self.request = found

    def attach(self, body: bool = False) -> Data:
        """The connector attaches a data connection for it."""
        data = Data()
        self.request.attached(data, body)
        return data

    @property
    def is_over(self) -> bool:
        """Does it hold no place any more?"""
        return self.peer.in_flight == {} and self.request.state is State.DONE


def seen(exchange: FakeExchange) -> tuple[str, int, bytes]:
    """What the user has got."""
    return exchange.state, exchange.status, exchange.content


def test_a_whole_answer() -> None:
    """Is the user's, and frees the place; what comes later from the user changes nothing."""
    rig = Asked()
    rig.request.answered(200, TEXT, b"hello")
    assert seen(rig.exchange) == ("answered", 200, b"hello") and rig.is_over
    rig.request.cut(Code.POLICY_BLOCKED, "too late")
    rig.request.fail(Code.INTERNAL, "too late")
    assert seen(rig.exchange) == ("answered", 200, b"hello")


def test_an_answer_for_who_has_gone() -> None:
    """The place is kept until the connector has spoken, and nobody is answered."""
    rig = Asked()
    rig.exchange.leave()
    assert not rig.is_over and rig.request.exchange is None
    rig.request.answered(200, TEXT, b"hello")
    assert rig.is_over and seen(rig.exchange) == ("left", 0, b"")


def test_a_streamed_answer() -> None:
    """Head, pieces and end as they come; each piece gives the application its time again."""
    rig = Asked()
    assert rig.request.wants(False, True) and not rig.request.wants(True, True)
    data = rig.attach()
    rig.request.headed(200, TEXT + b"content-length: 4\n")
    assert (rig.exchange.status, rig.exchange.length, rig.exchange.producer) == (200, 4, data.read_gate)
    before = rig.request.deadline
    rig.clock.advance(7.0)
    rig.request.streamed(b"ab")
    assert rig.request.deadline == before + 7.0
    rig.request.streamed(b"cd")
    rig.request.ended(b"")
    assert seen(rig.exchange) == ("finished", 200, b"abcd") and rig.is_over


def test_a_piece_for_who_has_gone() -> None:
    """Is thrown away, and keeps nothing alive."""
    rig = Asked()
    rig.attach()
    rig.request.headed(200, TEXT)
    rig.exchange.leave()
    before = rig.request.deadline
    rig.clock.advance(1.0)
    rig.request.streamed(b"ab")
    assert rig.request.deadline == before and rig.exchange.content == b""


@pytest.mark.parametrize("how", ["aborted", "data_lost", "deadline"])
def test_an_answer_that_breaks_off(how: str) -> None:
    """Looks complete to nobody; the log has the reason."""
    rig = Asked()
    rig.attach()
    rig.request.headed(200, TEXT)
    rig.request.streamed(b"ab")
    if how == "aborted":
        rig.request.aborted(Code.ORIGIN_CLOSED, "the application went away")
    elif how == "data_lost":
        rig.request.data_lost()
    else:
        rig.request.deadline_passed(rig.clock.seconds() + 1000.0)
    assert rig.exchange.state == "aborted" and rig.request.exchange is None
    assert rig.exchange.failure is {
        "aborted": Code.ORIGIN_CLOSED, "data_lost": Code.CONNECTOR_LOST, "deadline": rig.exchange.failure}[how]
    assert rig.exchange.failure is not None


def test_interim_answers_end() -> None:
    """So many are passed on; then it is the connector that breaks the protocol."""
    rig = Asked()
    told: list[int] = []
    rig.exchange.inform = lambda status, fields: told.append(status)  # type: ignore[method-assign]
    most = rig.relay.limits.interims
    for _ in range(most):
        rig.request.informed(103, b"link: </a>; rel=preload\n")
    with pytest.raises(RemoteProtocolError) as refused:
        rig.request.informed(103, b"")
    assert told == [103] * most and refused.value.code is Code.OVERLOADED


def test_a_switch_that_nobody_asked_for() -> None:
    """101 to an ordinary request would make a stream of its connection."""
    rig = Asked()
    rig.attach()
    with pytest.raises(RemoteProtocolError, match="101 to a request that asked for no upgrade"):
        rig.request.headed(101, b"upgrade: websocket\n")
    assert rig.exchange.state == "open"


def test_no_upgrade_after_all() -> None:
    """The connector was ready for a stream: it is told that nothing comes, and the answer is one like others."""
    rig = Asked(replace(WIKI, upgrades=frozenset({"websocket"})), upgrade=b"websocket")
    data = rig.attach()
    rig.request.headed(426, TEXT)
    assert "end" in data.said and (rig.exchange.status, rig.request.upgraded) == (426, False)


@pytest.mark.parametrize("whole", [True, False])
def test_the_user_may_no_longer(whole: bool) -> None:
    """Before an answer a page says why, after its head it breaks off; the connector is told in the same turn."""
    rig = Asked(session=ANN)
    if not whole:
        rig.attach()
        rig.request.headed(200, TEXT)
    rig.request.cut(Code.POLICY_BLOCKED, "no more")
    assert rig.exchange.state == ("answered" if whole else "aborted")
    assert rig.exchange.failure is Code.POLICY_BLOCKED and rig.request.exchange is None
    rig.request.cut(Code.CANCELLED, "twice")
    assert rig.exchange.failure is Code.POLICY_BLOCKED


class Limited(Asked):
    """Policies let through no answer of more than ten bytes."""

    def __init__(self) -> None:
        super().__init__(session=ANN)
        self.request.transfers = Transfers(download=Rule("small", "Ask the help desk.", 10.0))


@pytest.mark.parametrize(("size", "passes"), [(10, True), (11, False)])
def test_an_answer_that_policies_do_not_let_through(size: int, passes: bool) -> None:
    """Whole, or announced, or as it comes: of none more than the policy allows reaches the user."""
    for rig, whole in ((Limited(), True), (Limited(), False)):
        if whole:
            rig.request.answered(200, TEXT, b"x" * size)
        else:
            rig.attach()
            rig.request.headed(200, TEXT + b"content-length: %d\n" % size)
        assert (rig.exchange.status, rig.exchange.failure) == ((200, None) if passes else (403, Code.POLICY_BLOCKED))
        if not passes:
            assert "'small' lets through no download" in rig.exchange.detail and b"Ask the help desk." in rig.exchange.content
    rig = Limited()
    rig.attach()
    rig.request.headed(200, TEXT)
    for _ in range(size):
        rig.request.streamed(b"x")
    assert rig.exchange.content == b"x" * 10 and (rig.exchange.state == "flowing") is passes
    assert rig.exchange.failure is (None if passes else Code.POLICY_BLOCKED)


def test_an_answer_for_nobody() -> None:
    """Where the application knew somebody else's connection, and the request was tried elsewhere before: nobody gets it."""
    for body in (b"x", None):
        rig = Asked(session=ANN)
        rig.request.known, rig.request.tried = True, ("c0",)
        if body is None:
            rig.attach()
            rig.request.headed(200, TEXT)
        else:
            rig.request.answered(200, TEXT, body)
        assert rig.exchange.failure is Code.CONNECTOR_LOST and rig.exchange.status != 200


def test_a_challenge_is_for_somebody() -> None:
    """The application asks who it is: so nobody gets what was another's."""
    rig = Asked(session=ANN)
    rig.request.known, rig.request.tried = True, ("c0",)
    rig.request.answered(401, b"www-authenticate: NTLM\n" + TEXT, b"who?")
    assert seen(rig.exchange) == ("answered", 401, b"who?")


def test_an_upload_gives_the_application_time() -> None:
    """As long as bytes move, nobody is too slow; when all has come, it has its time once more."""
    rig = Asked(replace(WIKI, backend_timeout=20.0), method=b"POST", body=b"x" * 40_000)
    rig.exchange.body = b"x" * 40_000
    assert rig.request.wants(True, True)
    data = rig.attach(body=True)
    assert [one for one in data.said if one.startswith("body")] and data.said[-1] == "end"
    rig.clock.advance(15.0)
    rig.request.upload_moved()
    assert rig.request.deadline == rig.clock.seconds() + 20.0


def test_who_reads_no_more_of_the_body() -> None:
    """The user is told that they need not send it; an answer comes all the same."""
    rig = Asked(method=b"POST", body=None)
    stopped: list[bool] = []
    rig.exchange.stop_body = lambda: stopped.append(True)  # type: ignore[method-assign]
    rig.attach(body=True)
    rig.request.stopped()
    rig.request.answered(413, TEXT, b"too large")
    assert stopped == [True] and seen(rig.exchange) == ("answered", 413, b"too large")


def test_an_answer_that_is_complete_as_it_is() -> None:
    """Its user has all of it; of the application no more is wanted."""
    rig = Asked()
    rig.attach()
    rig.request.headed(200, TEXT)
    rig.request.end_answer()
    assert rig.exchange.state == "finished" and rig.request.exchange is None
    rig.request.end_answer()


def test_a_stream_that_parts() -> None:
    """Both ends are closed in their turn; a user who read slowly keeps nobody waiting."""
    rig = Asked()
    data = rig.attach()
    rig.request.headed(200, b"content-type: text/event-stream\n")
    data.read_gate.hold(HoldReason.SLOW_PEER)
    rig.request.part()
    assert rig.exchange.state == "finished" and not data.read_gate.held
    assert rig.request.endless


def test_ends_are_counted() -> None:
    """By what it was, and how it was told."""
    rig = Asked()
    rig.request.was_ended("websocket", "told")
    assert rig.relay.moves.ends["websocket", "told"] == 1
    assert rig.request.method == b"GET" and rig.exchange.head.target in URL.encode()
