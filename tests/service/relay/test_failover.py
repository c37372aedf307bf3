"""What becomes of a request whose connection, connector or time is lost: once more elsewhere where that can do no harm.

First each rule by itself, then what users see of them, as transcripts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from appproxy.errors import Code, Retry
from appproxy.service.relay import failover
from appproxy.tunnel.exchanges import SERVICE_TRANSITIONS, State, Step, advance
from appproxy.tunnel.frames import Kind
from tests.service.world import GET, POST, World, only_request, requests

CHUNKED = b"PUT /form HTTP/1.1\r\nHost: wiki.example.com\r\nTransfer-Encoding: chunked\r\n\r\n"
NOW = 1000.0
LIMBO_SECONDS, BACKEND_TIMEOUT = 5.0, 85.0


@dataclass
class Upload:
    handed_over: bool = False
    over: bool = False


@dataclass(eq=False)
class Request:
    """Follows the table, and writes down what is done to it. `retries`: may another connector have it?"""

    state: int
    retries: bool = False
    exchange: object = "the user"
    upload: Upload | None = None
    answer: object = None
    data: Any = None
    link: object = "the old link"
    id: int = 7
    whose: object = "a user"
    #: Has this user more than his part under way?
    over: bool = False
    deadline: float = 0.0
    done: list[object] = field(default_factory=list)
    #: What was asked to decide on another try.
    asked: list[tuple[int, Retry]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.peer: Any = SimpleNamespace(in_flight={self.id: self})
        self.late: list[object] = []
        self.relay = SimpleNamespace(
            limits=SimpleNamespace(limbo_seconds=LIMBO_SECONDS),
            roster=SimpleNamespace(
                timed_out=lambda peer, now: self.late.append((peer, now)), is_over=lambda group, whose: self.over,
            ),
        )
        self.plan = SimpleNamespace(
            application=SimpleNamespace(backend_timeout=BACKEND_TIMEOUT, connector_group="default"))

    def leave(self, peer: Any) -> None:
        del peer.in_flight[self.id]

    def step(self, step: Step) -> None:
        self.state = advance(SERVICE_TRANSITIONS, self.state, step)

    def free(self) -> None:
        self.done.append("free")

    def cancel(self) -> None:
        self.done.append("cancel")

    def unpark(self) -> None:
        self.done.append("unpark")

    def fail(self, code: Code, text: str) -> None:
        self.done.append(code)

    def aborted(self, code: Code, text: str) -> None:
        self.done.append(("aborted", code))

    def may_retry(self, state: int, processed: Retry) -> bool:
        self.asked.append((state, processed))
        return self.retries

    def try_another(self, peer: object) -> None:
        self.done.append(("another than", peer))


def do(loss: Any, request: Request, *arguments: object) -> Request:
    """Let it happen."""
    loss(cast(Any, request), *arguments)
    return request


@pytest.mark.parametrize(("state", "after", "done", "deadline"), [
    (State.SENT, State.LIMBO, [], NOW + LIMBO_SECONDS),
    (State.BODY, State.LIMBO, [], NOW + LIMBO_SECONDS),
    (State.STREAM, State.STREAM, [], 0.0),
    (State.CANCELLED, State.DONE, ["free"], 0.0),
])
def test_a_signal_connection_goes(state: State, after: State, done: list[object], deadline: float) -> None:
    """Its HELLO is waited for; a stream has a connection of its own, and of a cancelled one no last word can come."""
    request = do(failover.link_lost, Request(state), NOW)
    assert (request.state, request.done, request.deadline) == (after, done, deadline)


@pytest.mark.parametrize(("upload", "after"), [
    (None, State.SENT), (Upload(), State.SENT), (Upload(handed_over=True), State.BODY),
])
def test_a_connector_that_still_has_it_goes_on(upload: Upload | None, after: State) -> None:
    """On the new connection, and with the application's time from the start."""
    request = do(failover.told, Request(State.LIMBO, upload=upload), True, False, "the new link", NOW)
    assert (request.state, request.link, request.deadline) == (after, "the new link", NOW + BACKEND_TIMEOUT)
    assert request.done == []


@pytest.mark.parametrize("retries", [False, True])
@pytest.mark.parametrize(("ended", "processed"), [(True, Retry.IDEMPOTENT), (False, Retry.ANY)])
def test_a_connector_that_has_it_no_more(ended: bool, processed: Retry, retries: bool) -> None:
    """What it has ended may have been processed; what it never got has not, and the same connector may have it again."""
    request = Request(State.LIMBO, retries=retries)
    peer = request.peer
    do(failover.told, request, False, ended, "the new link", NOW)
    assert request.asked == [(State.LIMBO, processed)]
    last: object = ("another than", peer if ended else None) if retries else Code.CONNECTOR_LOST
    assert (request.done, request.state) == (["free", last], State.QUEUED if retries else State.DONE)
    assert (peer.in_flight == {}) is not ended, "a slot that `free` finds no more is freed here"


@pytest.mark.parametrize("state", [State.SENT, State.STREAM, State.CANCELLED])
def test_a_hello_says_nothing_of_what_is_not_in_limbo(state: State) -> None:
    """A second connection of the same connector: nothing was lost."""
    request = do(failover.told, Request(state), False, False, "the new link", NOW)
    assert (request.state, request.done, request.link) == (state, [], "the old link")


@pytest.mark.parametrize(("state", "upload", "done", "after"), [
    (State.SENT, Upload(), [("aborted", Code.CONNECTOR_LOST)], State.SENT),
    (State.STREAM, None, [("aborted", Code.CONNECTOR_LOST)], State.STREAM),
    (State.LIMBO, Upload(), [("aborted", Code.CONNECTOR_LOST)], State.LIMBO),
    (State.LIMBO, None, [("aborted", Code.CONNECTOR_LOST)], State.LIMBO),
    (State.DONE, None, [], State.DONE),
    (State.BODY, Upload(True), ["cancel", "free", Code.CONNECTOR_LOST], State.DONE),
    (State.LIMBO, Upload(True), ["cancel", "free", Code.CONNECTOR_LOST], State.DONE),
])
def test_a_data_connection_goes(state: State, upload: Upload | None, done: list[object], after: State) -> None:
    """Before anything was handed over the connector attaches once more; after it the rest could never follow."""
    request = do(failover.data_lost, Request(state, upload=upload, data="the lost one"))
    assert (request.done, request.state, request.data) == (done, after, None)
    assert request.asked == ([(State.LIMBO, Retry.IDEMPOTENT)] if "cancel" in done else [])


@pytest.mark.parametrize(("state", "done", "after"), [
    (State.STREAM, ["free", Code.CONNECTOR_LOST], State.DONE),
    (State.CANCELLED, ["free", Code.CONNECTOR_LOST], State.DONE),
    (State.SENT, ["free", Code.CONNECTOR_LOST], State.DONE),
    (State.BODY, ["free", Code.CONNECTOR_LOST], State.DONE),
    (State.LIMBO, ["free", Code.CONNECTOR_LOST], State.DONE),
    (State.QUEUED, [], State.QUEUED),
    (State.DONE, [], State.DONE),
])
def test_a_connector_goes_for_good(state: State, done: list[object], after: State) -> None:
    """It may have processed what it had; what it did not have waits for another."""
    request = do(failover.peer_lost, Request(state))
    assert (request.done, request.state) == (done, after)
    undecided = state in (State.SENT, State.BODY, State.LIMBO)
    assert request.asked == ([(State.LIMBO, Retry.IDEMPOTENT)] if undecided else [])


@pytest.mark.parametrize("state", [State.SENT, State.BODY, State.LIMBO])
def test_what_can_do_no_harm_goes_to_another(state: State) -> None:
    """After its slot is free; never to the one that was lost, and not for a user who has gone."""
    request = Request(state, retries=True)
    assert do(failover.peer_lost, request).done == ["free", ("another than", request.peer)]
    assert request.state == State.QUEUED
    gone = do(failover.peer_lost, Request(state, retries=True, exchange=None))
    assert (gone.done, gone.state) == (["free", Code.CONNECTOR_LOST], State.DONE)


@pytest.mark.parametrize(("state", "done", "after"), [
    (State.QUEUED, ["unpark", Code.QUEUE_TIMEOUT], State.DONE),
    (State.SENT, ["cancel", Code.BACKEND_TIMEOUT], State.CANCELLED),
    (State.STREAM, ["cancel", Code.BACKEND_TIMEOUT], State.CANCELLED),
    (State.CANCELLED, ["free"], State.DONE),
    (State.LIMBO, ["free", Code.CONNECTOR_LOST], State.DONE),
])
def test_its_time_is_over(state: State, done: list[object], after: State) -> None:
    """Whatever it waits for."""
    request = Request(state, answer="begun" if state == State.STREAM else None)
    do(failover.deadline_passed, request, NOW)
    assert (request.done, request.state, request.late) == (done, after, [])
    assert request.asked == ([(State.LIMBO, Retry.IDEMPOTENT)] if state == State.LIMBO else [])


@pytest.mark.parametrize(("upload", "paused", "answer", "data", "waits"), [
    (Upload(True), False, None, True, True),
    (Upload(True), True, None, True, False),  # the application does not read: it is late
    (Upload(True, over=True), False, None, True, False),  # the user has sent all
    (Upload(True), False, "begun", True, False),
    (Upload(True), False, None, False, False),
    (Upload(), False, None, True, False),
    (None, False, None, True, False),
])
def test_the_application_is_not_late_while_the_user_sends(
    upload: Upload | None, paused: bool, answer: object, data: bool, waits: bool
) -> None:
    """It has the whole time again from each piece, and from each time that one was missed."""
    state = State.STREAM if answer else State.BODY if upload is not None and upload.handed_over else State.SENT
    request = Request(state, upload=upload, answer=answer, data=SimpleNamespace(paused=paused) if data else None)
    do(failover.deadline_passed, request, NOW)
    assert (request.done, request.deadline) == (
        ([], NOW + BACKEND_TIMEOUT) if waits else (["cancel", Code.BACKEND_TIMEOUT], 0.0))


@pytest.mark.parametrize(("upload", "data", "answer", "code"), [
    (Upload(), None, None, Code.NO_ATTACH),
    (Upload(), SimpleNamespace(paused=False), None, Code.BACKEND_TIMEOUT),
    (Upload(True), None, None, Code.BACKEND_TIMEOUT),
    (Upload(), None, "begun", Code.BACKEND_TIMEOUT),
    (None, None, None, Code.BACKEND_TIMEOUT),
])
def test_a_connector_that_asks_for_no_body_is_marked(upload: Upload | None, data: object, answer: object, code: Code) -> None:
    """It is the connector that is late then, and not the application; the roster counts it."""
    state = State.STREAM if answer else State.BODY if upload is not None and upload.handed_over else State.SENT
    request = do(failover.deadline_passed, Request(state, upload=upload, data=data, answer=answer), NOW)
    assert request.done == ["cancel", code]
    assert request.late == ([(request.peer, NOW)] if code is Code.NO_ATTACH else [])


# As transcripts.


def test_a_request_does_not_wait_for_ever() -> None:
    """After ten seconds of waiting the user gets 503."""
    world = World()
    user = world.user()
    user.send(GET)
    world.advance(11)
    assert user.wire.take().startswith(b"HTTP/1.1 503 ")
    assert world.relay.roster.waiting == 0


def test_an_application_that_says_nothing_costs_504_and_a_cancel() -> None:
    """The back-end timeout ends it for the user and at the connector."""
    world = World()
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    came = world.keep_alive(signal, 86)
    assert user.wire.take().startswith(b"HTTP/1.1 504 ")
    assert (Kind.CANCEL, id) in came


def test_a_body_that_nobody_asks_for_costs_504() -> None:
    """No ATTACH in 20 s."""
    world = World()
    signal = world.welcomed()
    user = world.user()
    user.send(POST)
    signal.frames()
    world.keep_alive(signal, 21)
    answer = user.wire.take()
    assert answer.startswith(b"HTTP/1.1 504 ")
    assert b"NO_ATTACH" in answer


def test_a_lost_connector_is_survived_by_idempotent_requests() -> None:
    """GET goes to another connector when the first has not come back in five seconds."""
    world = World()
    first = world.welcomed("c1")
    user = world.user()
    user.send(GET)
    only_request(first)
    second = world.welcomed("c2", instance=b"j" * 16)
    first.lose()
    world.advance(6)
    second_id = only_request(second)
    second.answer(second_id, 200, b"", b"from the other")
    assert user.wire.take().endswith(b"from the other")


def test_a_lost_connector_costs_a_post_502() -> None:
    """Its body was handed over, so it may have been processed: it is never sent twice."""
    world = World()
    first = world.welcomed("c1")
    second = world.welcomed("c2", instance=b"j" * 16)
    user = world.user()
    user.send(POST)
    world.advance(1)
    signal, name = (first, "c1") if only_peer(world) == "c1" else (second, "c2")
    data = world.attach(only_request(signal), body=True, id=name)
    user.send(b"he")
    data.lose()
    assert user.wire.take().startswith(b"HTTP/1.1 502 ")
    other = second if signal is first else first
    assert requests(other.frames()) == []


def test_a_killed_connector_costs_an_upload_502_at_once() -> None:
    """All its connections break, the signal connections first: there is nothing to wait for."""
    world = World()
    signal = world.welcomed()
    user = world.user()
    user.send(POST)
    world.advance(1)
    data = world.attach(only_request(signal), body=True)
    user.send(b"he")
    signal.lose()
    assert user.wire.take() == b""
    data.lose()
    assert user.wire.take().startswith(b"HTTP/1.1 502 ")


def test_a_small_put_is_sent_again_from_its_beginning() -> None:
    """An idempotent request whose body is still here is replayed on another connector, once."""
    world = World()
    first = world.welcomed("c1")
    user = world.user()
    user.send(POST.replace(b"POST", b"PUT"))
    world.advance(1)
    data = world.attach(only_request(first), body=True)
    user.send(b"he")
    second = world.welcomed("c2", instance=b"j" * 16)
    data.lose()
    again = world.attach(only_request(second), body=True, id="c2")
    assert [(frame[0], frame[4]) for frame in again.frames()] == [(Kind.ATTACHED, b""), (Kind.BODY, b"he")]
    user.send(b"llo")
    assert [(frame[0], frame[4]) for frame in again.frames()] == [(Kind.BODY, b"llo"), (Kind.END, b"")]


def test_no_piece_is_lost_between_two_connectors() -> None:
    """What the user sends after the first was lost and before the second asks waits for it; he is read no further."""
    world = World()
    first = world.welcomed("c1")
    user = world.user()
    user.send(CHUNKED)
    data = world.attach(only_request(first), body=True)
    user.send(b"2\r\nhe\r\n")
    second = world.welcomed("c2", instance=b"j" * 16)
    data.lose()
    user.send(b"2\r\nll\r\n")
    assert not user.wire.reading
    again = world.attach(only_request(second), body=True, id="c2")
    assert user.wire.reading
    user.send(b"1\r\no\r\n0\r\n\r\n")
    assert [frame[4] for frame in again.frames()] == [b"", b"he", b"ll", b"o", b""]


def test_no_piece_is_lost_between_two_data_connections() -> None:
    """A stale one is lost before anything was handed over, and the same connector attaches once more."""
    world = World()
    signal = world.welcomed()
    user = world.user()
    user.send(CHUNKED.replace(b"PUT", b"POST"))
    id = only_request(signal)
    world.attach(id, body=True).lose()
    user.send(b"2\r\nhe\r\n")
    again = world.attach(id, body=True)
    user.send(b"3\r\nllo\r\n0\r\n\r\n")
    assert [frame[4] for frame in again.frames()] == [b"", b"he", b"llo", b""]


def test_a_failed_upload_leaves_no_user_paused() -> None:
    """Nobody takes the piece that waited: the user gets his page, and is read on until he closes."""
    world = World(connectors=("c1",))
    signal = world.welcomed("c1")
    user = world.user()
    user.send(CHUNKED.replace(b"PUT", b"POST"))
    id = only_request(signal)
    world.attach(id, body=True).lose()
    user.send(b"2\r\nhe\r\n")
    signal.fail(Kind.FAIL, id, Code.ORIGIN_REFUSED)
    assert user.wire.take().startswith(b"HTTP/1.1 502 ")
    assert user.wire.reading and user.wire.half_closed


def test_a_post_that_was_not_handed_over_goes_elsewhere() -> None:
    """Until the first body byte a POST is provably unprocessed."""
    world = World()
    first = world.welcomed("c1")
    user = world.user()
    user.send(POST)
    world.advance(1)
    only_request(first)
    second = world.welcomed("c2", instance=b"j" * 16)
    first.lose()
    world.advance(6)
    assert requests(second.frames())


def only_peer(world: World) -> str:
    """The connector that has the one request."""
    (name,) = [peer.id for peer in world.relay.roster.peers.values() if peer.in_flight]
    return name


def test_a_reconnect_finds_its_requests_again() -> None:
    """A request that HELLO lists as open goes on; one that it does not list was never received, and is sent again."""
    world = World()
    signal = world.welcomed()
    one, two = world.user(), world.user()
    one.send(GET)
    two.send(POST)
    world.advance(1)
    ids = [id for id, _ in requests(signal.frames())]
    signal.lose()
    back = world.welcomed(open=(ids[0],))
    back.answer(ids[0], 200, b"", b"as if nothing had been")
    assert one.wire.take().endswith(b"as if nothing had been")
    assert not two.wire.take()
    assert [target for _, target in requests(back.frames())] == [b"/form"]


def test_an_answer_that_was_lost_with_its_connection() -> None:
    """HELLO lists it as ended: a POST gets 502, for it was processed."""
    world = World()
    signal = world.welcomed()
    user = world.user()
    user.send(POST)
    world.advance(1)
    id = only_request(signal)
    world.attach(id, body=True)
    user.send(b"hello")
    signal.lose()
    world.welcomed(ended=(id,))
    assert user.wire.take().startswith(b"HTTP/1.1 502 ")


def test_a_revoked_connector_is_cut_at_once() -> None:
    """Its signal connection ends with the reason, its data connections with it, and no request goes there again."""
    world = World()
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, b""))
    world.revoke("c1")
    assert signal.wire.disconnecting
    assert data.wire.aborted
    assert user.wire.aborted
    assert "c1" not in world.relay.roster.peers
