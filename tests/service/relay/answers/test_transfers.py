"""Policies' rules for downloads and uploads: on heads, on bytes as they come, and on what is under way when a rule does."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import Code
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.policy.conditional.parts.transfers import Rule, Transfers
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.answers.streamed_answer import StreamedAnswer
from appproxy.service.relay.answers.transfers import Counted, refused_block, refused_head
from appproxy.service.relay.revocation import why_cut
from tests.service.exchanges import head_for
from tests.service.relay.test_relay import ANN, RelayRig
from tests.service.relay.test_revocation import WIKI as ASSIGNED
from tests.service.relay.test_revocation import snapshot
from tests.service.world import GET, POST, World, only_request

URL = "https://wiki.example.com/"
NO_DOWNLOAD = Transfers(download=Rule("Guests", "Ask at the desk.", 20.0))
NO_UPLOAD = Transfers(upload=Rule("Guests", "Ask at the desk.", 20.0))
SHOWN, FILE = b"content-type: text/html\n", b"content-type: application/zip\n"


class Limited(World):
    """A world whose users are under rules."""

    transfers: Transfers | None = None

    def handle(self, exchange: Exchange) -> None:
        route = self.snapshot.router.find(exchange.head.host, exchange.head.target)
        self.relay.start(exchange, route, None, self.transfers)


@pytest.fixture
def world() -> Limited:
    """Without rules until a test has some."""
    return Limited()


def test_a_head_says_what_it_is() -> None:
    """Types, sizes, also of a range, and an upgrade that the application takes."""
    upgrade = head_for(URL, upgrade=b"websocket")
    assert refused_head(NO_DOWNLOAD, upgrade, {"websocket"}) is not None
    assert refused_head(NO_DOWNLOAD, upgrade, set()) is None
    assert refused_head(NO_UPLOAD, head_for(URL, b"POST", [(b"content-type", b"image/png")], b"x"), ()) is not None
    assert refused_block(NO_DOWNLOAD, b"GET", 206, SHOWN + b"content-range: bytes 0-1/2000\ncontent-length: 2\n") is not None
    assert refused_block(NO_DOWNLOAD, b"GET", 206, SHOWN + b"content-range: bytes 0-1/*\ncontent-length: 2\n") is None


def test_bytes_are_counted_to_the_last() -> None:
    """What is too much does not pass, nor what comes behind it, and it is said once."""
    passed: list[bytes] = []
    said: list[str] = []

    class Ends:
        def write(self, data: bytes) -> None:
            passed.append(data)

        def finish(self, trailers: bytes) -> None:
            passed.append(b"end")

    full = Counted(Ends(), 10.0, lambda: said.append("over"))
    full.write(b"x" * 10)
    full.finish(b"")
    over = Counted(Ends(), 10.0, lambda: said.append("over"))
    for _ in range(3):
        over.write(b"y" * 6)
    over.finish(b"")
    assert passed == [b"x" * 10, b"end", b"y" * 6]
    assert said == ["over"]


@pytest.mark.parametrize("block", [FILE, SHOWN + b"content-disposition: attachment\n"])
def test_a_file_in_one_piece_is_refused(world: Limited, block: bytes) -> None:
    """The user reads why, the log has the policy; the connector's place is free again."""
    world.transfers = NO_DOWNLOAD
    signal, user = world.welcomed(), world.user()
    user.send(GET)
    signal.answer(only_request(signal), 200, block, b"secret")
    answer = user.wire.take()
    assert answer.startswith(b"HTTP/1.1 403 ") and b"Ask at the desk." in answer and b"secret" not in answer
    assert world.relay.roster.peers["c1"].in_flight == {}
    assert world.log[0].failure is Code.POLICY_BLOCKED and "'Guests' lets through no download" in world.log[0].detail


def test_a_page_in_one_piece_passes(world: Limited) -> None:
    """As long as it is small."""
    world.transfers = NO_DOWNLOAD
    signal, user = world.welcomed(), world.user()
    for body, status in ((b"x" * 20, b"200"), (b"x" * 21, b"403")):
        user.send(GET)
        signal.answer(only_request(signal), 200, SHOWN, body)
        assert user.wire.take().startswith(b"HTTP/1.1 " + status)


def test_a_file_that_begins_is_refused_before_its_first_byte(world: Limited) -> None:
    """And the application is told to stop."""
    world.transfers = NO_DOWNLOAD
    signal, user = world.welcomed(), world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, FILE))
    data.say(data.session.body(b"secret"))
    answer = user.wire.take()
    assert answer.startswith(b"HTTP/1.1 403 ") and b"secret" not in answer


def test_a_page_that_grows_too_large_is_broken_off(world: Limited) -> None:
    """It must not look complete."""
    world.transfers = NO_DOWNLOAD
    signal, user = world.welcomed(), world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, SHOWN))
    data.say(data.session.body(b"a" * 15))
    data.say(data.session.body(b"b" * 15))
    answer = user.wire.take()
    assert answer.startswith(b"HTTP/1.1 200 ") and b"a" * 15 in answer and b"b" not in answer.rpartition(b"\r\n\r\n")[2]
    assert user.wire.aborted
    assert "more than 20 bytes" in world.log[0].detail


def test_an_upload_of_unknown_size_is_counted(world: Limited) -> None:
    """It is cut when more comes, and the user reads why."""
    world.transfers = NO_UPLOAD
    signal, user = world.welcomed(), world.user()
    user.send(POST.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked"))
    data = world.attach(only_request(signal), body=True)
    assert not user.send(b"14\r\n" + b"a" * 20 + b"\r\n")
    answer = user.send(b"1\r\nb\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ") and b"Ask at the desk." in answer
    assert b"b" not in b"".join(frame[4] for frame in data.frames())


def under(**session: Any) -> PolicySet:
    """A policy for everybody and everything."""
    return PolicySet([read_policy({"name": "p", "state": "on", "users": {"include": ["all"]},
                                   "applications": {"include": ["all"]}, "session": session})])


@pytest.mark.parametrize(("session", "head", "block", "is_cut"), [
    ({"read_only": True}, {"method": b"POST"}, None, True), ({"read_only": True}, {}, SHOWN, False),
    ({"read_only": True}, {"upgrade": b"websocket"}, None, True),
    ({"read_only": True, "upgrades": True}, {"upgrade": b"websocket"}, None, False),
    ({"no_download": True}, {}, FILE, True), ({"no_download": True}, {}, SHOWN, False),
    ({"no_download": True}, {}, None, False),
    ({"no_upload": True}, {"method": b"PUT", "body": b"x" * 20}, None, True), ({"idle": "1h"}, {}, FILE, False),
])
def test_what_is_under_way_is_judged_by_a_new_rule(
    session: dict[str, object], head: dict[str, Any], block: bytes | None, is_cut: bool
) -> None:
    """Like the next request, and by what the answer has shown."""

    rig = RelayRig()
    exchange = rig.start(ASSIGNED, ANN, "https://wiki.example.com/in/", **head)
    [request] = rig.relay.under_way.all()
    if block is not None:
        request.answer = StreamedAnswer(exchange, 200, block, 5.0)
    why = why_cut(request, snapshot(ASSIGNED, policies=under(**session)), 1000.0)
    assert (why is not None and why[0] is Code.POLICY_BLOCKED and "'p' lets through no" in why[1]) is is_cut
