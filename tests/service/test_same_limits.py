"""What a request may have is the same over HTTP/1.1 and HTTP/2: each case is sent over both, and both give one answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appproxy.http.head import RequestHead
from tests.service import h2_rig
from tests.service.front.h1 import test_connection
from tests.service.recording_responder import RecordingResponder

Fields = list[tuple[bytes, bytes]]
_HOST = b"h.example.com"


def over_http_1(method: bytes, target: bytes, fields: Fields, trailers: Fields | None) -> tuple[int, RequestHead | None]:
    """The answer's status, 0 for none, and the head that whoever answers got."""
    rig = test_connection.ConnectionRig(Reading())
    lines = b"".join(b"%b: %b\r\n" % field for field in [(b"host", _HOST), *fields])
    body = b""
    if trailers is not None:
        lines += b"transfer-encoding: chunked\r\n"
        body = b"0\r\n" + b"".join(b"%b: %b\r\n" % field for field in trailers) + b"\r\n"
    answer = rig.send(b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method, target, lines, body))
    return int(answer[9:12] or 0), _head(rig.responder)


def over_http_2(method: bytes, target: bytes, fields: Fields, trailers: Fields | None) -> tuple[int, RequestHead | None]:
    """The same."""
    rig = h2_rig.H2Rig(Reading())
    head = [(b":method", method), (b":scheme", b"https"), (b":authority", _HOST), (b":path", target), *fields]
    stream = rig.user.send_request(head, end_stream=trailers is None)
    if trailers is not None:
        rig.user.send_trailers(stream, trailers)
    rig.turn()
    return int(rig.head(stream).get(b":status", b"0")), _head(rig.responder)


class Reading(RecordingResponder):
    """Answers each request when all of it is there."""

    def __call__(self, exchange: object) -> None:
        super().__call__(exchange)  # type: ignore[arg-type]
        if self.last.head.length == 0:
            self.last.answer(200, b"", b"")
        else:
            self.last.read_body(self)

    def body_ended(self, trailers: Fields) -> None:
        self.last.answer(200, b"", b"")


def _head(responder: RecordingResponder) -> RequestHead | None:
    return responder.last.head if responder.exchanges else None


def lines_of(count: int, size: int) -> Fields:
    """So many field lines, each of so many bytes in a head of HTTP/1.1."""
    return [(b"x-%03d" % number, b"v" * (size - 9)) for number in range(count)]


#: GET / HTTP/1.1, `host: h.example.com` and the empty line.
_REST = 14 + 4 + len(b"host") + 4 + len(_HOST)
_CRUMB = (b"cookie", b"name=value")

CASES: list[tuple[str, int, bytes, bytes, Fields, Fields | None]] = [
    ("the longest target", 200, b"GET", b"/" + b"a" * 8191, [], None),
    ("a longer one", 414, b"GET", b"/" + b"a" * 8192, [], None),
    ("the longest in its encoded form", 200, b"GET", b"/a" + b"\xe4" * 2730, [], None),
    ("a longer one in its encoded form", 414, b"GET", b"/" + b"\xe4" * 2731, [], None),
    ("the most fields", 200, b"GET", b"/", lines_of(99, 20), None),
    ("one more", 431, b"GET", b"/", lines_of(100, 20), None),
    ("the most fields, one a cookie", 200, b"GET", b"/", [*lines_of(98, 20), _CRUMB], None),
    ("one more, one a cookie", 431, b"GET", b"/", [*lines_of(99, 20), _CRUMB], None),
    ("the largest head", 200, b"GET", b"/", [(b"x", b"v" * (32_768 - _REST - 5))], None),
    ("one byte more", 431, b"GET", b"/", [(b"x", b"v" * (32_768 - _REST - 4))], None),
    ("the largest head, with a target", 200, b"GET", b"/" + b"a" * 8000, [(b"x", b"v" * (24_768 - _REST - 5))], None),
    ("the largest head, of a long method", 200, b"MKWORKSPACE", b"/", [(b"x", b"v" * (32_768 - _REST - 13))], None),
    ("one byte more of a long method", 431, b"MKWORKSPACE", b"/", [(b"x", b"v" * (32_768 - _REST - 12))], None),
    ("the longest cookie", 200, b"GET", b"/", [(b"cookie", b"v" * (32_768 - _REST - 10))], None),
    ("a longer cookie", 431, b"GET", b"/", [(b"cookie", b"v" * (32_768 - _REST - 9))], None),
    ("a method that few know", 200, b"RDG_OUT_DATA", b"/", [], None),
    ("a lower-case method", 200, b"get", b"/", [], None),
    ("the longest method", 200, b"M" * 32, b"/", [], None),
    ("a longer method", 501, b"M" * 33, b"/", [], None),
    ("TRACE", 405, b"TRACE", b"/", [], None),
    ("the most trailers", 200, b"POST", b"/", [], lines_of(32, 20)),
    ("one more trailer", 431, b"POST", b"/", [], lines_of(33, 20)),
    ("the largest trailers", 200, b"POST", b"/", [], [(b"x", b"v" * (8_192 - 2 - 5))]),
    ("larger trailers", 431, b"POST", b"/", [], [(b"x", b"v" * (8_192 - 2 - 4))]),
    ("an expectation", 417, b"POST", b"/", [(b"expect", b"tea")], None),
]


@pytest.mark.parametrize("over", [over_http_1, over_http_2], ids=["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize(
    ("status", "method", "target", "fields", "trailers"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_limit(over: Callable[..., tuple[int, RequestHead | None]], status: int, method: bytes, target: bytes,
                 fields: Fields, trailers: Fields | None) -> None:
    """The same case has the same answer."""
    found, head = over(method, target, fields, trailers)
    assert found == status
    if status == 200:
        assert head is not None and head.method == method


@pytest.mark.parametrize("fields", [
    [(b"content-length", b"0"), (b"content-length", b"0")], [(b"content-length", b"0, 0")]], ids=["two lines", "one line"])
def test_a_length_that_is_said_twice(fields: Fields) -> None:
    """The one difference: HTTP/1.1 lets it be the same twice (RFC 9112 section 6.3), to nghttp2 it is malformed."""
    assert over_http_1(b"POST", b"/", fields, None)[0] == 200
    assert over_http_2(b"POST", b"/", fields, None) == (0, None)


@pytest.mark.parametrize("count", [2, 160, 1_000])
def test_cookies_one_by_one(count: int) -> None:
    """Over HTTP/2 they may come as crumbs, and are the one field that they are over HTTP/1.1."""
    crumbs = [(b"cookie", b"c%d=%d" % (number, number)) for number in range(count)]
    whole = b"; ".join(value for _, value in crumbs)
    old, new = over_http_1(b"GET", b"/", [(b"cookie", whole)], None), over_http_2(b"GET", b"/", crumbs, None)
    assert old[0] == new[0] == 200
    assert old[1] is not None and new[1] is not None
    assert old[1].fields == new[1].fields == [(b"host", _HOST), (b"cookie", whole)]


def test_the_sum_of_crumbs_counts_as_the_field_that_they_are() -> None:
    """Not the sum of lines that HTTP/1.1 would not have."""
    most = 32_768 - _REST - 10
    crumbs = [(b"cookie", b"c" * 98)] * (most // 100)
    rest = (b"cookie", b"c" * (most - len(crumbs) * 100))
    assert over_http_2(b"GET", b"/", [*crumbs, rest], None)[0] == 200
    assert over_http_2(b"GET", b"/", [*crumbs, (b"cookie", rest[1] + b"c")], None)[0] == 431
