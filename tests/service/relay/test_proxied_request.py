"""One request through the tunnel, told as transcripts: what the user sends, what the connector says, who gets what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import FAILURES, Code
from appproxy.http.streams.websocket import POLICY_VIOLATION, close_frame
from appproxy.identity.session import Session
from appproxy.publish.application import Preauthentication, Url
from appproxy.publish.routing import Router
from appproxy.service.exchange.exchange import Exchange
from appproxy.store.snapshot import ProviderRecord
from appproxy.tunnel.frames import Flag, Kind
from appproxy.tunnel.messages import decode_request, encode_code, encode_response
from tests.service.world import GET, POST, WIKI, Signal, User, World, only_request, requests, under_way


def test_a_small_answer_goes_straight_to_the_user(world: World) -> None:
    """Status, fields and body of an in-line answer arrive in one piece, and the connection stays."""
    signal = world.welcomed()
    user = world.user()
    assert user.send(GET) == b""
    signal.answer(only_request(signal), 200, b"content-type: text/plain\ncontent-length: 5\n", b"hello")
    answer = user.wire.take()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n")
    assert answer.count(b"\r\ncontent-length: 5\r\n") == 1 and answer.endswith(b"\r\n\r\nhello")
    assert not user.wire.disconnecting
    assert world.relay.roster.peers["c1"].in_flight == {}


def test_the_application_sees_no_cookie_of_ours(world: World) -> None:
    """The access cookie ends at the service; no frame holds it."""
    signal = world.welcomed()
    world.user().send(b"GET / HTTP/1.1\r\nHost: wiki.example.com\r\nCookie: a=1; __Host-appproxy=CANARY; b=2\r\n\r\n")
    raw = signal.wire.value()
    assert b"CANARY" not in raw
    ((frame),) = signal.frames()
    assert b"cookie: a=1; b=2\n" in decode_request(frame[3]).block


def test_urls_in_fields_are_internal_inside_and_public_outside(world: World) -> None:
    """Where the user comes from is told in the application's own terms, where it sends them in the public ones."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET[:-2] + b"Origin: https://wiki.example.com\r\nReferer: https://wiki.example.com/from\r\n\r\n")
    ((frame),) = signal.frames()
    block = decode_request(frame[3]).block
    assert b"origin: http://internal:8080\nreferer: http://internal:8080/from\n" in block
    assert b"wiki.example.com" not in block and b"proto" not in block
    signal.answer(frame[2], 302, b"location: http://internal:8080/to\n")
    assert b"\r\nlocation: https://wiki.example.com/to\r\n" in user.wire.take()


def test_pipelined_requests_are_answered_in_order(world: World) -> None:
    """The second request is not even sent before the first is answered."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET.replace(b"/page", b"/1") + GET.replace(b"/page", b"/2"))
    ((first, target),) = requests(signal.frames())
    assert target == b"/1"
    signal.answer(first, 200, b"", b"one")
    ((second, target),) = requests(signal.frames())
    assert target == b"/2"
    signal.answer(second, 200, b"", b"two")
    answers = user.wire.take()
    assert answers.index(b"one") < answers.index(b"two")


def test_the_body_is_read_only_when_the_connector_asks_for_it(world: World) -> None:
    """100 Continue goes out with the ATTACH, and not before."""
    signal = world.welcomed()
    user = world.user()
    assert user.send(POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")) == b""
    id = only_request(signal)
    data = world.attach(id, body=True)
    assert user.wire.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert data.kinds() == [Kind.ATTACHED]
    user.send(b"hello")
    frames = data.frames()
    assert [(frame[0], frame[4]) for frame in frames] == [(Kind.BODY, b"hello"), (Kind.END, b"")]
    signal.answer(id, 204)
    assert user.wire.take().startswith(b"HTTP/1.1 204 No Content\r\n")
    assert not user.wire.disconnecting


def test_a_small_upload_is_answered_in_line(world: World) -> None:
    """RSP frees the data connection without a frame on it."""
    signal = world.welcomed()
    user = world.user()
    user.send(CHUNKED + b"5\r\nhello\r\n0\r\n\r\n")
    id = only_request(signal)
    data = world.attach(id, body=True)
    assert data.kinds() == [Kind.ATTACHED, Kind.BODY, Kind.END]
    signal.answer(id, 200, b"", b"done")
    assert user.wire.take().endswith(b"\r\n\r\ndone")
    assert data.kinds() == []
    assert data.link.session.idle


def test_the_next_upload_may_overtake_the_answer_in_line(world: World) -> None:
    """The connector reuses the data connection at once; the answer before, which comes later, does not touch it."""
    signal = world.welcomed()
    first, second = world.user(), world.user()
    first.send(CHUNKED + b"5\r\nhello\r\n0\r\n\r\n")
    second.send(CHUNKED + b"3\r\nhel\r\n")
    ids = [id for id, _ in requests(signal.frames())]
    data = world.attach(ids[0], body=True)
    data.kinds()
    data.session.answered_in_line()
    data.say(data.session.attach(ids[1], b"\0\0\0\0n678", True, True))
    assert data.kinds() == [Kind.ATTACHED, Kind.BODY]
    signal.answer(ids[0], 200, b"", b"one")
    assert first.wire.take().endswith(b"one")
    assert data.kinds() == []
    second.send(b"2\r\nlo\r\n0\r\n\r\n")
    assert data.kinds() == [Kind.BODY, Kind.END]
    signal.answer(ids[1], 200, b"", b"two")
    assert second.wire.take().endswith(b"two")
    assert world.relay.roster.peers["c1"].in_flight == {}


def test_go_is_said_to_a_connector_whose_user_waits_too(world: World) -> None:
    """A tenth of a second without a body byte: the application may speak first (gRPC)."""
    signal = world.welcomed()
    user = world.user()
    user.send(b"POST / HTTP/1.1\r\nHost: wiki.example.com\r\nTransfer-Encoding: chunked\r\n\r\n")
    data = world.attach(only_request(signal), body=True)
    assert data.kinds() == [Kind.ATTACHED]
    world.clock.advance(0.1)
    assert data.kinds() == [Kind.GO]
    assert user.send(b"1\r\nx\r\n") == b""
    assert data.kinds() == [Kind.BODY]


def test_a_long_answer_streams(world: World) -> None:
    """Head and pieces go out as they come; the end of a chunked answer bears its trailers."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, b"content-type: text/event-stream\n"))
    assert user.wire.take().endswith(b"transfer-encoding: chunked\r\n\r\n")
    data.say(data.session.body(b"data: 1\n\n"))
    assert user.wire.take() == b"9\r\ndata: 1\n\n\r\n"
    data.say(data.session.end(b"x-sum: 9\n"))
    assert user.wire.take() == b"0\r\nx-sum: 9\r\n\r\n"
    assert world.relay.roster.peers["c1"].in_flight == {}
    assert data.link.session.idle


def test_a_broken_answer_never_looks_complete(world: World) -> None:
    """ABORT in the middle resets the user's connection."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, b""))
    data.say(data.session.body(b"half"))
    data.say(data.session.abort(Code.ORIGIN_TRUNCATED))
    assert user.wire.aborted
    assert world.log[-1].failure is Code.ORIGIN_TRUNCATED


@pytest.mark.parametrize("sent", [b"short", b"much too long"])
def test_an_answer_of_another_length_than_announced_is_broken(sent: bytes, world: World) -> None:
    """The user sees a broken transfer, never a clean short or long one."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, b"content-length: 8\n"))
    data.say(data.session.body(sent))
    data.say(data.session.end())
    assert user.wire.aborted
    assert user.wire.take().count(b"HTTP/1.1") == 1


def test_a_user_who_leaves_is_told_to_the_connector_at_once(world: World) -> None:
    """CANCEL goes out in the same turn; the slot is free only after the connector's last word."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    user.leave()
    assert [frame[:3:2] for frame in signal.frames()] == [(Kind.CANCEL, id)]
    assert list(world.relay.roster.peers["c1"].in_flight) == [id]
    signal.fail(Kind.FAIL, id, Code.CANCELLED)
    assert world.relay.roster.peers["c1"].in_flight == {}
    assert world.log[-1].failure is Code.CANCELLED


def test_leaving_in_a_stream_breaks_both_directions(world: World) -> None:
    """ABORT and STOP go to the data connection, CANCEL to the signal connection."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, b""))
    data.frames()
    user.leave()
    assert data.kinds() == [Kind.STOP]
    assert Kind.CANCEL in [frame[0] for frame in signal.frames()]


def test_a_rejected_request_goes_to_another_connector(world: World) -> None:
    """REJECT means not processed: any method may be tried elsewhere."""
    first, second = world.welcomed("c1"), world.welcomed("c2", instance=b"j" * 16)
    user = world.user()
    user.send(POST + b"hello")
    tried, other = (first, second) if requests(both := first.frames()) else (second, first)
    ((id, _),) = requests(both) or requests(tried.frames())
    tried.fail(Kind.REJECT, id, Code.CONNECTOR_BUSY)
    assert requests(other.frames())


def test_three_rejects_are_enough(world: World) -> None:
    """A request is given to three connectors at most."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    signal.fail(Kind.REJECT, id, Code.CONNECTOR_BUSY)
    # The only connector was tried, so the request waits; when it is served, the same one may have it again.
    world.relay.serve("default")
    for _ in range(2):
        frames = requests(signal.frames())
        if not frames:
            world.relay.serve("default")
            frames = requests(signal.frames())
        signal.fail(Kind.REJECT, frames[0][0], Code.CONNECTOR_BUSY)
    assert user.wire.take().startswith(b"HTTP/1.1 503 ")


def test_a_lone_connector_that_is_too_busy_says_so(world: World) -> None:
    """After a second in which no place came free, and not after the time that a restart may take; the log has its reason."""
    signal = world.welcomed()
    user = world.user()
    user.send(POST + b"hello")
    signal.say(Kind.REJECT, only_request(signal), encode_code(Code.CONNECTOR_BUSY, "no file is free"))
    assert user.wire.take() == b""
    world.keep_alive(signal, 2)
    answer = user.wire.take()
    assert answer.startswith(b"HTTP/1.1 503 ") and b"retry-after: 5" in answer
    (line,) = world.log
    assert line.failure is Code.CONNECTOR_BUSY
    assert line.detail == "the connector gave it back (no file is free), and no other is here"


def test_a_place_that_comes_free_in_that_second_is_taken(world: World) -> None:
    """Whatever was given back, and by whom."""
    signal = world.welcomed()
    other, user = world.user(), world.user()
    other.send(GET)
    held = only_request(signal)
    user.send(GET)
    signal.fail(Kind.REJECT, only_request(signal), Code.CONNECTOR_BUSY)
    assert requests(signal.frames()) == []
    signal.answer(held, 200, b"", b"done")
    signal.answer(only_request(signal), 200, b"", b"in the end")
    assert user.wire.take().endswith(b"in the end")


def test_what_a_busy_connector_gives_back_waits_for_another(world: World) -> None:
    """As long as any request does: the other one has all that it takes, or is being restarted."""
    first, second = world.welcomed("c1"), world.welcomed("c2", instance=b"j" * 16)
    user = world.user()
    user.send(GET)
    tried, other = (first, second) if (frames := requests(first.frames())) else (second, first)
    other.say(Kind.DRAIN, 0)
    tried.fail(Kind.REJECT, (frames or requests(tried.frames()))[0][0], Code.CONNECTOR_BUSY)
    world.keep_alive(tried, 5)
    assert user.wire.take() == b""
    world.keep_alive(tried, 8)
    assert b" 503 " in user.wire.take() and world.log[0].failure is not None


def test_a_failing_application_is_named_on_the_page(world: World) -> None:
    """FAIL becomes the status and the Proxy-Status of its code."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    signal.fail(Kind.FAIL, only_request(signal), Code.ORIGIN_REFUSED)
    answer = user.wire.take()
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert b"error=connection_refused" in answer


def test_nobody_there_and_nobody_expected() -> None:
    """With no connector enrolled in the group the user hears so at once."""
    world = World(connectors=())
    answer = world.user().send(GET)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 10" in answer


def test_a_request_waits_for_a_connector_that_may_come_back(world: World) -> None:
    """A short outage of the tunnel is not seen by users."""
    user = world.user()
    assert user.send(GET) == b""
    world.advance(3)
    signal = world.welcomed()
    signal.answer(only_request(signal), 200, b"", b"late but here")
    assert user.wire.take().endswith(b"late but here")


def test_one_who_leaves_while_waiting_waits_no_more(world: World) -> None:
    """The queue holds only those who still want an answer."""
    user = world.user()
    user.send(GET)
    user.leave()
    assert world.relay.roster.waiting == 0


CHUNKED = b"PUT /form HTTP/1.1\r\nHost: wiki.example.com\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_an_early_answer_stops_the_upload(world: World) -> None:
    """The answer arrives, the rest of the upload is thrown away for a moment, and the connection closes."""
    signal = world.welcomed()
    user = world.user()
    user.send(POST.replace(b"5", b"500000"))
    id = only_request(signal)
    data = world.attach(id, body=True)
    user.send(b"x" * 1000)
    data.say(data.session.stop(Code.CANCELLED))
    assert data.kinds()[-1] == Kind.ABORT
    signal.answer(id, 413, b"", b"too much")
    answer = user.wire.take()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer
    assert answer.endswith(b"too much")
    assert user.wire.half_closed
    assert user.send(b"x" * 1000) == b""
    world.advance(3)
    assert user.wire.aborted


@pytest.mark.parametrize("answered", [False, True])
def test_a_body_of_unknown_length_grows_too_large(answered: bool) -> None:
    """413, or an answer that breaks off; the connector is told, and what was too much is with nobody."""
    world = World(applications=(replace(WIKI, max_body=1000),))
    signal = world.welcomed()
    user = world.user()
    user.send(CHUNKED)
    data = world.attach(only_request(signal), body=True)
    user.send(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
    if answered:
        data.say(data.session.head(200, b"content-type: text/plain\n"))
        assert user.wire.take().startswith(b"HTTP/1.1 200 ")
    answer = user.send(b"1\r\ny\r\n")
    if answered:
        assert answer == b"" and user.wire.aborted
    else:
        assert answer.startswith(b"HTTP/1.1 413 ") and b"\r\nconnection: close\r\n" in answer
    kinds = data.frames()
    assert b"".join(frame[4] for frame in kinds if frame[0] == Kind.BODY) == b"x" * 1000
    assert Kind.END not in [frame[0] for frame in kinds]
    assert Kind.CANCEL in [frame[0] for frame in signal.frames()]


def test_an_upgrade_becomes_a_stream_both_ways(world: World) -> None:
    """101, then bytes; each side closes its own direction."""
    signal = world.welcomed()
    user = world.user()
    user.send(
        b"GET /chat HTTP/1.1\r\nHost: wiki.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    )
    data = world.attach(only_request(signal), body=True)
    data.say(data.session.head(101, b"upgrade: websocket\nset-cookie: a=b\n"))
    head = user.wire.take()
    assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"set-cookie: a=b; Secure\r\n" in head and b"connection: upgrade\r\n" in head
    user.send(b"ping")
    assert (Kind.BODY, b"ping") in [(frame[0], frame[4]) for frame in data.frames()]
    data.say(data.session.body(b"pong"))
    assert user.wire.take() == b"pong"
    data.say(data.session.end())
    assert user.wire.half_closed
    user.send(b"bye")
    user.connection.readConnectionLost()
    assert [frame[0] for frame in data.frames()] == [Kind.BODY, Kind.END]
    assert world.relay.roster.peers["c1"].in_flight == {}
    assert len(world.log) == 1


@pytest.mark.parametrize("how", ["leaves", "is silent"])
def test_a_stream_that_the_application_has_closed_frees_its_slot(how: str, world: World) -> None:
    """END was the connector's final frame: when the user then breaks off, nothing more is waited for."""
    signal = world.welcomed()
    user = world.user()
    user.send(b"GET /chat HTTP/1.1\r\nHost: wiki.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    data = world.attach(only_request(signal), body=True)
    data.say(data.session.head(101, b"upgrade: websocket\n"))
    data.say(data.session.end())
    (peer,) = world.relay.roster.peers.values()
    (relayed,) = under_way(peer)
    assert peer.streams == 1
    if how == "leaves":
        user.leave()
    else:
        relayed.deadline_passed(relayed.deadline)
    assert (peer.in_flight, peer.streams) == ({}, 0)
    assert Kind.ABORT in data.kinds()


def test_a_refused_upgrade_is_the_applications_own_answer(world: World) -> None:
    """Whatever it says instead of 101 is what the user gets, and the connection is an ordinary one again."""
    signal = world.welcomed()
    user = world.user()
    user.send(
        b"GET /chat HTTP/1.1\r\nHost: wiki.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    )
    data = world.attach(only_request(signal), body=True)
    data.say(data.session.head(403, b"content-length: 2\n"))
    data.say(data.session.body(b"no") + data.session.end())
    assert user.wire.take().startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert data.link.session.idle
    user.send(GET)
    assert requests(signal.frames())


def test_an_upgrade_that_the_application_does_not_allow_is_an_ordinary_request(world: World) -> None:
    """The field is dropped, and the request goes on."""
    signal = world.welcomed()
    world.user().send(b"GET / HTTP/1.1\r\nHost: wiki.example.com\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n")
    ((frame),) = signal.frames()
    assert decode_request(frame[3]).upgrade is None


def test_a_slow_reader_pauses_the_connector_and_nobody_else(world: World) -> None:
    """The data connection is the producer of the user's transport."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, b""))
    assert user.wire.producer is not None
    user.wire.producer.pauseProducing()
    assert not data.wire.reading
    user.wire.producer.resumeProducing()
    assert data.wire.reading


def test_a_slow_connector_pauses_the_user(world: World) -> None:
    """The user's connection is the producer of the data connection."""
    signal = world.welcomed()
    user = world.user()
    user.send(POST.replace(b"5", b"50"))
    world.advance(1)
    data = world.attach(only_request(signal), body=True)
    producer = data.wire.producer
    assert producer is not None
    producer.pauseProducing()
    assert not user.wire.reading
    producer.resumeProducing()
    assert user.wire.reading


def test_a_reader_who_stops_for_good_is_cut_off(world: World) -> None:
    """90 s without taking anything."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, b""))
    assert user.wire.producer is not None
    user.wire.producer.pauseProducing()
    world.keep_alive(signal, 85)
    assert not user.wire.aborted
    world.keep_alive(signal, 10)
    assert user.wire.aborted


def test_a_connector_cannot_attach_to_what_it_was_not_given(world: World) -> None:
    """An id that names no request of this connector is answered by DETACH."""
    signal = world.welcomed("c1")
    world.welcomed("c2", instance=b"j" * 16)
    world.user().send(GET)
    world.user().send(GET)
    ids = [id for id, _ in requests(signal.frames())]
    data = world.attach((ids or [1])[0] + 77, id="c2")
    assert data.kinds() == [Kind.DETACH]


def test_late_and_unknown_answers_break_nothing(world: World) -> None:
    """A frame for a request that nobody waits for is dropped."""
    signal = world.welcomed()
    signal.answer(4711, 200, b"", b"?")
    signal.fail(Kind.FAIL, 4712, Code.ORIGIN_REFUSED)
    assert not signal.wire.disconnecting


def test_what_the_tables_forbid_is_the_connectors_fault(world: World) -> None:
    """An in-line answer to a request whose answer has begun: the connection ends, and the connector is told why."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    data = world.attach(id)
    data.say(data.session.head(200, b""))
    signal.answer(id, 200, b"", b"again")
    assert signal.wire.disconnecting
    assert world.end_point.protocol_errors == 1


def test_interim_answers_have_an_end(world: World) -> None:
    """Eight reach the user; a ninth ends the connector's connection."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    for _ in range(8):
        signal.say(Kind.INFO, id, encode_response(103, b"link: x\n"))
    assert user.wire.take().count(b"HTTP/1.1 103 ") == 8
    assert not signal.wire.disconnecting
    signal.say(Kind.INFO, id, encode_response(103, b"link: x\n"))
    assert signal.wire.disconnecting

IDP = ProviderRecord("builtin", "builtin", "https://signin.example.com", "appproxy", "")
ANN = Session("s1", "ann", "https://signin.example.com", "builtin", "Ann", 1e9 - 60, 1e9 + 3600, 1e9 - 60)

GUARDED = replace(WIKI, preauthentication=Preauthentication.OIDC, assigned_users=frozenset({"ann"}))


class Guarded(World):
    """A world in which everybody is Ann, and the application is assigned to her."""

    def __init__(self) -> None:
        super().__init__(applications=(GUARDED,))
        self.snapshot = replace(self.snapshot, providers={"builtin": IDP})

    def handle(self, exchange: Exchange) -> None:
        route = self.snapshot.router.find(exchange.head.host, exchange.head.target)
        self.relay.start(exchange, route, ANN)

    def change(self, **parts: object) -> int:
        """What a change of the store does."""
        self.snapshot = replace(self.snapshot, **parts)  # type: ignore[arg-type]
        return self.relay.judge_again(self.snapshot, 1e9)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"revoked_sessions": frozenset({"s1"})}, Code.SIGN_IN_REQUIRED),
        ({"not_before": {("builtin", "ann"): 1e9}}, Code.SIGN_IN_REQUIRED),
        ({"applications": {"wiki": replace(GUARDED, provider="other")}}, Code.SIGN_IN_REQUIRED),
        ({"providers": {}}, Code.SIGN_IN_REQUIRED),
        ({"providers": {"builtin": replace(IDP, issuer="https://other.example.com")}}, Code.SIGN_IN_REQUIRED),
        ({"applications": {"wiki": replace(GUARDED, assigned_users=frozenset({"bob"}))}}, Code.NOT_ASSIGNED),
        ({"applications": {}}, Code.UNKNOWN_HOST),
        ({"router": Router([replace(GUARDED, external=Url.parse("https://elsewhere.example.com/"))])}, Code.UNKNOWN_HOST),
    ],
)
def test_what_is_under_way_ends_with_the_right_to_it(parts: dict[str, object], code: Code) -> None:
    """A stream is broken, a request that waits is answered, and the connector is told; all in the same turn."""
    world = Guarded()
    signal = world.welcomed()
    streaming, asking = world.user(), world.user()
    streaming.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, b""))
    asking.send(GET)
    only_request(signal)
    assert world.change(**parts) == 2
    assert streaming.wire.aborted
    assert asking.wire.take().startswith(b"HTTP/1.1 %d " % FAILURES[code].status)
    assert [frame[0] for frame in signal.frames()] == [Kind.CANCEL, Kind.CANCEL]
    assert {exchange.failure for exchange in world.log} == {code}


def test_a_parked_request_ends_too() -> None:
    """It waits for no connector any more."""
    world = Guarded()
    user = world.user()
    user.send(GET)
    assert world.change(revoked_sessions=frozenset({"s1"})) == 1
    assert user.wire.take().startswith(b"HTTP/1.1 401 ")
    assert world.relay.roster.waiting == 0


def test_a_request_whose_body_still_comes_ends_too() -> None:
    """No connector has heard of it, nor will."""
    world = Guarded()
    signal, user = world.welcomed(), world.user()
    user.send(POST + b"he")
    assert world.change(revoked_sessions=frozenset({"s1"})) == 1
    assert user.wire.take().startswith(b"HTTP/1.1 401 ")
    world.advance(1)
    assert signal.frames() == []


@pytest.mark.parametrize(
    "parts", [{"revoked_sessions": frozenset({"another"})}, {"not_before": {"bob": 2e9, "ann": 1.0}}, {"revision": 2}]
)
def test_what_concerns_others_cuts_nobody(parts: dict[str, object]) -> None:
    """Another session, another user, an older moment."""
    world = Guarded()
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    assert world.change(**parts) == 0
    signal.answer(only_request(signal), 200, b"", b"fine")
    assert user.wire.take().endswith(b"fine")


def test_a_cookie_that_only_grew_old_cuts_nobody() -> None:
    """A download that began with a good cookie may end after its time; the next request needs a new one."""
    world = Guarded()
    world.welcomed()
    world.user().send(GET)
    assert world.relay.judge_again(world.snapshot, ANN.expires + 1) == 0


@pytest.mark.parametrize("kind", [b"text/event-stream", b"application/grpc+proto"])
def test_a_stream_without_end_ends_with_its_session(kind: bytes) -> None:
    """Events and gRPC; before that moment, and other answers, nothing is cut."""
    world = Guarded()
    signal = world.welcomed()
    streaming, loading = world.user(), world.user()
    for user, content in ((streaming, kind), (loading, b"text/plain")):
        user.send(GET)
        data = world.attach(only_request(signal))
        data.say(data.session.head(200, b"content-type: %b\n" % content))
    assert world.relay.end_expired(world.snapshot, ANN.expires - 1) == 0
    assert world.relay.end_expired(world.snapshot, ANN.expires) == 1
    assert streaming.wire.aborted
    assert not loading.wire.aborted


def test_a_websocket_ends_with_its_session() -> None:
    """The connector is told, and the application's connection ends. The user's program hears why."""
    world = Guarded()
    signal = world.welcomed()
    user = world.user()
    user.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"))
    data = world.attach(only_request(signal), body=True)
    data.say(data.session.head(101, b"upgrade: websocket\n"))
    data.frames()
    user.wire.take()
    assert world.relay.end_expired(world.snapshot, ANN.expires) == 1
    assert user.wire.take() == close_frame(POLICY_VIOLATION) and user.wire.closed
    assert data.kinds() == [Kind.ABORT, Kind.STOP]


def test_an_old_cookie_is_no_shelter() -> None:
    """What is revoked is cut, however old its cookie has grown meanwhile."""
    world = Guarded()
    world.welcomed()
    world.user().send(GET)
    world.snapshot = replace(world.snapshot, revoked_sessions=frozenset({"s1"}))
    assert world.relay.judge_again(world.snapshot, ANN.expires + 1) == 1


class TestUpgradeWithABody:
    """The body first, framed; what follows it on the user's connection belongs to the stream."""

    HEAD = (b"POST /exec HTTP/1.1\r\nHost: wiki.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Content-Length: 5\r\n\r\n")

    def handed_over(self, world: World) -> tuple[Signal, User, int]:
        """Such a request, whose body a connector has got, and the first bytes of a stream that came right behind it."""
        signal = world.welcomed()
        user = world.user()
        user.send(self.HEAD + b"hel")
        id = only_request(signal)
        body = world.attach(id, body=True, response=False)
        user.send(b"loSTREAM")
        frames = body.frames()
        assert [Kind(frame[0]) for frame in frames] == [Kind.ATTACHED, Kind.BODY, Kind.BODY, Kind.END]
        assert b"".join(frame[4] for frame in frames if frame[0] == Kind.BODY) == b"hello"
        assert body.session.idle and body.link.session.idle
        return signal, user, id

    def test_it_becomes_a_stream(self, world: World) -> None:
        """On a second data connection, with exactly what is behind the body."""
        _, user, id = self.handed_over(world)
        data = world.attach(id, body=True)
        data.say(data.session.head(101, b"upgrade: websocket\n"))
        assert user.wire.take().startswith(b"HTTP/1.1 101 ")
        frames = data.frames()
        assert [(Kind(frame[0]), frame[4]) for frame in frames] == [(Kind.ATTACHED, b""), (Kind.BODY, b"STREAM")]
        data.say(data.session.body(b"back"))
        assert user.wire.take() == b"back"

    def test_a_body_that_is_here_whole(self, world: World) -> None:
        """It is over in the turn in which it is asked for: its data connection is idle then, and lives on for the stream."""
        signal = world.welcomed()
        user = world.user()
        user.send(self.HEAD + b"helloSTREAM")
        id = only_request(signal)
        data = world.attach(id, body=True, response=False)
        world.keep_alive(signal, 2)
        assert not data.wire.aborted
        assert data.kinds() == [Kind.ATTACHED, Kind.BODY, Kind.END]
        data.say(data.session.attach(id, b"\0\0\0\0n678", True, True) + data.session.head(101, b"upgrade: websocket\n"))
        assert [(Kind(frame[0]), frame[4]) for frame in data.frames()] == [(Kind.ATTACHED, b""), (Kind.BODY, b"STREAM")]

    def test_a_body_that_was_lost_behind_its_end(self, world: World) -> None:
        """It is not there any more, and bytes of a stream go nowhere without an answer: who asks for it again is refused."""
        _, _, id = self.handed_over(world)
        assert world.attach(id, body=True, response=False).kinds() == [Kind.DETACH]
        assert world.attach(id, body=True).kinds() == [Kind.ATTACHED], "the stream is another thing"

    def test_a_refusal_in_line(self, world: World) -> None:
        """What followed the body is read as the next request, as it was meant to be then."""
        signal, user, id = self.handed_over(world)
        signal.answer(id, 403, b"", b"no")
        assert b"403" in user.wire.take()

    def test_a_switch_before_the_body_is_complete(self, world: World) -> None:
        """A connector that says so is not believed: the rest of the body is no stream."""
        signal = world.welcomed()
        user = world.user()
        user.send(self.HEAD + b"hel")
        data = world.attach(only_request(signal), body=True)
        data.say(data.session.head(101, b"upgrade: websocket\n"))
        assert user.wire.aborted and b"101" not in user.wire.take()

    def test_a_switch_that_nobody_asked_for(self, world: World) -> None:
        """Is a fault of the connector's."""
        signal = world.welcomed()
        user = world.user()
        user.send(GET)
        data = world.attach(only_request(signal))
        data.say(data.session.head(101, b"upgrade: websocket\n"))
        assert data.wire.aborted and b"101" not in user.wire.take()

    def test_a_body_is_given_once(self, world: World) -> None:
        """While it is under way nobody else may attach for it."""
        signal = world.welcomed()
        user = world.user()
        user.send(self.HEAD + b"hel")
        id = only_request(signal)
        world.attach(id, body=True, response=False)
        assert world.attach(id, body=True).kinds() == [Kind.DETACH]


class TestAsking:
    """A large upload, about which the connector asks the application first."""

    HEAD = (b"%b /big HTTP/1.1\r\nHost: wiki.example.com\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n")

    @pytest.mark.parametrize(("allowed", "asked"), [(True, True), (False, False)])
    def test_the_setting(self, allowed: bool, asked: bool) -> None:
        """Says it with the request."""
        world = World(applications=(replace(WIKI, expect_continue=allowed),))
        signal = world.welcomed()
        world.user().send(self.HEAD % b"POST")
        (frame,) = signal.frames()
        assert bool(frame[1] & Flag.ASK) is asked

    @pytest.mark.parametrize(("body", "asked"), [
        (b"5\r\nhello\r\n0\r\n\r\n", False), (b"5\r\nhello\r\n", True), (b"", True),
    ], ids=["whole", "part", "nothing"])  # fmt: skip
    def test_a_small_body_of_unknown_size_that_is_here(self, body: bytes, asked: bool, world: World) -> None:
        """The application is not asked: one that ignores the question would keep the user waiting for a second."""
        signal = world.welcomed()
        world.user().send(b"POST /small HTTP/1.1\r\nHost: wiki.example.com\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
        (frame,) = signal.frames()
        assert bool(frame[1] & Flag.ASK) is asked

    def test_a_refusal_costs_the_head_alone(self, world: World) -> None:
        """No 100 goes to the user, not a byte of the body is read, and the connection ends, for a body would follow."""
        signal = world.welcomed()
        user = world.user()
        assert user.send(self.HEAD % b"POST") == b""
        signal.answer(only_request(signal), 401, b"content-length: 2\n", b"no")
        answer = user.wire.take()
        assert answer.startswith(b"HTTP/1.1 401 ") and b"\r\nconnection: close\r\n" in answer
        assert world.log[0].received == 0

    @pytest.mark.parametrize(("method", "again"), [(b"POST", False), (b"PUT", True)])
    def test_a_connector_that_is_lost_meanwhile(self, method: bytes, again: bool, world: World) -> None:
        """The application may have had the head: another connector gets only what may be done twice."""
        signal, other = world.welcomed("c1"), world.welcomed("c2")
        user = world.user()
        user.send(self.HEAD % method)
        lost, left = (signal, other) if requests(signal.kept + signal.frames()) else (other, signal)
        lost.link.connectionLost()
        for _ in range(8):
            world.keep_alive(left, 1)
        answer = user.wire.take()
        assert answer == b"" if again else answer.startswith(b"HTTP/1.1 502 ")

    @pytest.mark.parametrize("method", [b"POST", b"PUT"])
    def test_a_connector_that_rejects_it(self, method: bytes, world: World) -> None:
        """It promises that the application was given nothing: another one gets it, whatever the method."""
        signal = world.welcomed("c1")
        user = world.user()
        user.send(self.HEAD % method)
        id = only_request(signal)
        other = world.welcomed("c2")
        signal.say(Kind.REJECT, id, encode_code(Code.CONNECTOR_BUSY))
        assert requests(other.frames()) and user.wire.take() == b""


def test_an_interim_answer_gives_the_application_more_time() -> None:
    """It says that it is at work (RFC 9110 section 15.2)."""
    world = World(applications=(replace(WIKI, backend_timeout=10.0),))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    for _ in range(3):
        world.keep_alive(signal, 8)
        signal.say(Kind.INFO, id, encode_response(102, b""))
    assert b"504" not in user.wire.take()
    world.keep_alive(signal, 12)
    assert b" 504 " in user.wire.take()
