"""Heads of HTTP/2 come out as those of HTTP/1.1, and nothing passes that could mean something else there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appproxy.errors import Code, RequestError
from appproxy.http.fields import check_block
from appproxy.http.forwarding import forwarded_block
from appproxy.http.h1.request import HeadLimits, parse_request
from appproxy.http.h2.head import HeadReader, answer_headers, request_trailers, trailer_headers
from appproxy.http.refused import refused_fields

Section = tuple[tuple[bytes, bytes], ...]


def reader() -> HeadReader:
    return HeadReader(HeadLimits(), lambda size: b"t" * size)


def headers(
    *fields: tuple[bytes, bytes], method: bytes = b"GET", path: bytes = b"/a?b",
    authority: bytes | None = b"H.example.com:8443", scheme: bytes = b"https",
) -> Section:
    pseudo = [(b":method", method), (b":scheme", scheme), (b":path", path)]
    if authority is not None:
        pseudo.insert(2, (b":authority", authority))
    return (*pseudo, *fields)


def tunnel(*fields: tuple[bytes, bytes], protocol: bytes = b"websocket") -> Section:
    return ((b":protocol", protocol), *headers(*fields, method=b"CONNECT"))


def refused(section: Section, ended: bool = True) -> Code:
    with pytest.raises(RequestError) as error:
        reader().read(section, ended)
    return error.value.code


@pytest.mark.parametrize(
    ("fields", "ended"),
    [
        ([], True),
        ([(b"user-agent", b"x"), (b"accept", b"*/*"), (b"cookie", b"a=b; c=d"), (b"x", b"1"), (b"x", b"2")], True),
        ([(b"content-length", b"5"), (b"content-type", b"text/plain")], False),
        ([(b"content-length", b"5"), (b"expect", b"100-continue")], False),
        ([(b"content-length", b"0")], True),
        ([(b"te", b"trailers"), (b"origin", b"https://h.example.com")], True),
    ],
)
def test_a_head_is_the_same_in_both_versions(fields: list[tuple[bytes, bytes]], ended: bool) -> None:
    """What is known of a request does not depend on how it came, but for the version."""
    lines = b"".join(b"%b: %b\r\n" % field for field in [(b"Host", b"H.example.com:8443"), *fields])
    text = b"POST /a?b HTTP/1.1\r\n" + lines + b"\r\n"
    old = parse_request(text, HeadLimits())
    new = reader().read(headers(*fields, method=b"POST"), ended)
    assert new.version == 20
    assert replace(new, version=11) == old


def test_a_body_without_a_length() -> None:
    """Only its end will tell its size."""
    assert reader().read(headers(method=b"POST"), False).length is None


def test_cookies_are_joined() -> None:
    """Browsers send them one by one; applications and we ourselves read one field."""
    head = reader().read(headers((b"cookie", b"a=b"), (b"x", b"y"), (b"cookie", b"c=d")), True)
    assert head.fields == [(b"host", b"H.example.com:8443"), (b"cookie", b"a=b; c=d"), (b"x", b"y")]


@pytest.mark.parametrize("pieces", [[b"", b"a=b"], [b"a=b", b""], [b"a=b", b"", b""]])
def test_a_piece_without_a_cookie_says_nothing(pieces: list[bytes]) -> None:
    """As in an HTTP/1.1 line that ends in a semicolon, nobody is confused by it."""
    head = reader().read(headers(*[(b"cookie", piece) for piece in pieces], (b"x", b"y")), True)
    assert head.fields[1:] == [(b"cookie", b"a=b"), (b"x", b"y")]


def test_many_cookies_are_one_field_line() -> None:
    """They are joined before lines and bytes are counted, as they would have come over HTTP/1.1."""
    head = reader().read(headers(*[(b"cookie", b"name-%d=value" % n) for n in range(160)]), True)
    assert len(head.fields) == 2
    assert (head.get(b"cookie") or b"").count(b"; ") == 159


@pytest.mark.parametrize("method", [b"LIST", b"RDG_OUT_DATA", b"get", b"VERSION-CONTROL"])
def test_every_token_is_a_method(method: bytes) -> None:
    """As over HTTP/1.1."""
    assert reader().read(headers(method=method), True).method == method


def test_bytes_beyond_ascii_in_a_target() -> None:
    """They are percent-encoded, as over HTTP/1.1."""
    assert reader().read(headers(path="/ä".encode()), True).target == b"/%C3%A4"


def test_host_alone_is_the_authority() -> None:
    """Without :authority the host field stands for it."""
    head = reader().read(headers((b"host", b"h.example.com"), authority=None), True)
    assert (head.authority, head.host) == (b"h.example.com", "h.example.com")


def test_host_and_authority_must_agree() -> None:
    """Whatever their case; it is then said once."""
    head = reader().read(headers((b"host", b"h.EXAMPLE.com:8443")), True)
    assert head.fields == [(b"host", b"H.example.com:8443")] and head.host == "h.example.com"
    assert refused(headers((b"host", b"h.example.com"))) is Code.BAD_REQUEST
    assert refused(headers((b"host", b"other.example.com:8443"))) is Code.BAD_REQUEST
    assert refused(headers((b"host", b"H.example.com:8443"), (b"host", b"H.example.com:8443"))) is Code.BAD_REQUEST


@pytest.mark.parametrize(
    ("section", "code"),
    [
        (headers(authority=None), Code.BAD_REQUEST),
        (headers(authority=b""), Code.BAD_REQUEST),
        (headers(authority=b"user@h.example.com"), Code.BAD_REQUEST),
        (headers(authority=b"h.example.com/x"), Code.BAD_REQUEST),
        (headers(authority=b"h.example.com\r\nx: y"), Code.BAD_REQUEST),
        (headers(path=b""), Code.BAD_REQUEST),
        (headers(path=b"a"), Code.BAD_REQUEST),
        (headers(path=b"*"), Code.BAD_REQUEST),
        (headers(path=b"/a#b"), Code.BAD_REQUEST),
        (headers(path=b"/a b"), Code.BAD_REQUEST),
        (headers(path=b"/a HTTP/1.1\r\nx: y"), Code.BAD_REQUEST),
        (headers(path=b"https://other.example.com/"), Code.BAD_REQUEST),
        (headers(path=b"/" + b"a" * 8192), Code.TARGET_TOO_LONG),
        (headers(scheme=b"ftp"), Code.BAD_REQUEST),
        (headers(scheme=b""), Code.BAD_REQUEST),
        (headers(method=b"CONNECT"), Code.METHOD_NOT_ALLOWED),
        (headers(method=b"TRACE"), Code.METHOD_NOT_ALLOWED),
        (headers(method=b"trace"), Code.METHOD_NOT_ALLOWED),
        (headers(method=b""), Code.METHOD_UNKNOWN),
        (headers(method=b"x" * 33), Code.METHOD_UNKNOWN),
        (headers(method=b"GET / HTTP/1.1\r\nx: y"), Code.METHOD_UNKNOWN),
        (headers((b"connection", b"close")), Code.BAD_REQUEST),
        (headers((b"keep-alive", b"5")), Code.BAD_REQUEST),
        (headers((b"proxy-connection", b"close")), Code.BAD_REQUEST),
        (headers((b"transfer-encoding", b"chunked")), Code.BAD_REQUEST),
        (headers((b"upgrade", b"websocket")), Code.BAD_REQUEST),
        (headers((b"http2-settings", b"x")), Code.BAD_REQUEST),
        (headers((b"te", b"gzip")), Code.BAD_REQUEST),
        (headers((b"content-length", b"1")), Code.BAD_REQUEST),
        (headers((b"content-length", b"+1")), Code.BAD_REQUEST),
        (headers((b"content-length", b"0"), (b"content-length", b"0")), Code.BAD_REQUEST),
        (headers((b"expect", b"tea")), Code.EXPECTATION_FAILED),
        (headers((b"X-Upper", b"y")), Code.BAD_REQUEST),
        (headers((b":path", b"/b")), Code.BAD_REQUEST),
        (headers((b"x", b"y"), (b":path", b"/b")), Code.BAD_REQUEST),
        (headers((b"", b"y")), Code.BAD_REQUEST),
        (headers((b"a: b", b"y")), Code.BAD_REQUEST),
        (headers((b"a b", b"y")), Code.BAD_REQUEST),
        (headers((b"a\r\nb", b"y")), Code.BAD_REQUEST),
        (headers(*[(b"x", b"y")] * 101), Code.HEAD_TOO_LARGE),
        (headers(*[(b"x", b"y" * 3300)] * 10), Code.HEAD_TOO_LARGE),
        (tunnel((b"content-length", b"0")), Code.UPGRADE_WITH_BODY),
        (tunnel(protocol=b"h2c"), Code.BAD_REQUEST),
        (tunnel(protocol=b""), Code.BAD_REQUEST),
        (tunnel(protocol=b"web socket"), Code.BAD_REQUEST),
        (tunnel(protocol=b"websocket\r\nx: y"), Code.BAD_REQUEST),
        (((b":protocol", b"websocket"), *headers()), Code.BAD_REQUEST),
    ],
)
def test_what_is_refused(section: Section, code: Code) -> None:
    """Each would be something else, or somebody else's, in an HTTP/1.1 message."""
    assert refused(section) is code


@pytest.mark.parametrize("byte", range(256))
def test_each_byte_in_a_value(byte: int) -> None:
    """It arrives as it is, or the request is refused."""
    value = b"a%cb" % byte
    if byte in b"\t" or 0x20 <= byte != 0x7F:
        assert (b"x", value) in reader().read(headers((b"x", value)), True).fields
    else:
        assert refused(headers((b"x", value))) is Code.BAD_REQUEST


@pytest.mark.parametrize("value", [b" a", b"a ", b"\ta", b"a\t", b" "])
def test_blanks_around_a_value(value: bytes) -> None:
    """RFC 9113 section 8.2.1: two readers would disagree whether they belong to it."""
    assert refused(headers((b"x", value))) is Code.BAD_REQUEST


def test_a_web_socket() -> None:
    """An extended CONNECT asks for what a GET with Upgrade asks for; the key is ours, whatever the user says."""
    head = reader().read(tunnel((b"sec-websocket-key", b"theirs"), (b"sec-websocket-version", b"13")), False)
    assert (head.method, head.upgrade, head.length, head.version) == (b"GET", b"websocket", 0, 20)
    assert [value for name, value in head.fields if name == b"sec-websocket-key"] == [b"dHR0dHR0dHR0dHR0dHR0dA=="]


def test_another_protocol_has_no_key() -> None:
    """Only WebSocket has a handshake of its own."""
    head = reader().read(tunnel(protocol=b"Chat"), False)
    assert head.upgrade == b"chat" and head.get(b"sec-websocket-key") is None


class TestRepeated:
    """A connection's requests often repeat their fields to the letter."""

    def test_they_are_read_once(self) -> None:
        """The same fields are the same list, and target and method are the request's own."""
        one = reader()
        first = one.read(headers((b"x", b"y")), True)
        second = one.read(headers((b"x", b"y"), path=b"/c", method=b"HEAD"), True)
        assert second.fields is first.fields and second.repeated is first.repeated is not None
        assert (second.method, second.target) == (b"HEAD", b"/c")

    @pytest.mark.parametrize(
        "other",
        [headers((b"x", b"z")), headers((b"x", b"y"), authority=b"other.example.com"), headers((b"x", b"y"), (b"z", b"a"))],
    )
    def test_others_are_read_anew(self, other: Section) -> None:
        """Another host or field is another head."""
        one = reader()
        first = one.read(headers((b"x", b"y")), True)
        assert one.read(other, True).fields != first.fields

    def test_a_body_after_a_request_without(self) -> None:
        """The same fields with a body are no repetition, nor is an upgrade."""
        one = reader()
        one.read(headers((b"x", b"y")), True)
        assert one.read(headers((b"x", b"y")), False).length is None
        one.read(headers((b"x", b"y")), True)
        for ended in (False, True):
            assert one.read(tunnel((b"x", b"y")), ended).upgrade == b"websocket"
        assert one.read(headers((b"x", b"y")), True).upgrade is None

    @pytest.mark.parametrize("path", [b"/a#b", b"/" + b"a" * 8192, b"a"])
    def test_the_target_is_checked_each_time(self, path: bytes) -> None:
        """A repetition is no way around the rules."""
        one = reader()
        one.read(headers(), True)
        with pytest.raises(RequestError):
            one.read(headers(path=path), True)

    def test_the_size_counts_each_time(self) -> None:
        """Fields that just fit do not with a longer target."""
        one = reader()
        section = [(b"x", b"y" * 3200)] * 10
        one.read(headers(*section), True)
        with pytest.raises(RequestError) as error:
            one.read(headers(*section, path=b"/" + b"a" * 2000), True)
        assert error.value.code is Code.HEAD_TOO_LARGE


_ANY = st.binary(max_size=12)


@given(st.lists(st.tuples(_ANY, _ANY), max_size=6), _ANY, _ANY, _ANY, st.booleans())
@example([(b"a", b"b\n")], b"GET", b"/", b"h", True)
def test_whatever_comes_makes_a_good_block(
    fields: list[tuple[bytes, bytes]], method: bytes, path: bytes, authority: bytes, ended: bool
) -> None:
    """Any bytes at all are refused, or become a field block that the tunnel takes."""
    try:
        head = reader().read(headers(*fields, method=method, path=path, authority=authority), ended)
    except RequestError:
        return
    block = forwarded_block(head, client="192.0.2.1", place=None, drop=refused_fields(),
                            request_id=b"0")
    check_block(block)
    assert b" " not in head.target and b"\n" not in head.target and head.target.isascii()


def test_grpc_hears_that_trailers_are_welcome() -> None:
    """`te: trailers` goes on to the application."""
    head = reader().read(headers((b"te", b"trailers")), True)
    assert b"te: trailers\n" in forwarded_block(
        head, client="192.0.2.1", place=None, drop=refused_fields(), request_id=b"0")


def test_answers() -> None:
    """The status first, the fields in their order; none that HTTP/2 forbids."""
    block = b"content-type: text/html\nset-cookie: a=b\nset-cookie: c: d\nempty: \nupgrade: x\nsec-websocket-accept: y\n"
    assert answer_headers(200, block) == [
        (b":status", b"200"), (b"content-type", b"text/html"), (b"set-cookie", b"a=b"), (b"set-cookie", b"c: d"),
        (b"empty", b""),
    ]
    assert answer_headers(204, b"") == [(b":status", b"204")]
    assert trailer_headers(b"grpc-status: 0\nconnection: close\n") == [(b"grpc-status", b"0")]


class TestTrailers:
    """Of a request."""

    def test_they_pass(self) -> None:
        """But for those that a head alone may say."""
        assert request_trailers([(b"checksum", b"1"), (b"cookie", b"a=b")], HeadLimits()) == [(b"checksum", b"1")]

    @pytest.mark.parametrize(
        ("trailers", "code"),
        [
            ([(b"x", b"y")] * 33, Code.HEAD_TOO_LARGE), ([(b"x", b"y" * 9000)], Code.HEAD_TOO_LARGE),
            ([(b":path", b"/")], Code.BAD_REQUEST), ([(b"x", b"a\nb")], Code.BAD_REQUEST),
        ],
    )
    def test_they_are_bounded_and_checked(self, trailers: list[tuple[bytes, bytes]], code: Code) -> None:
        """As a head's fields."""
        with pytest.raises(RequestError) as error:
            request_trailers(trailers, HeadLimits())
        assert error.value.code is code
