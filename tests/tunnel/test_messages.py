"""The heads of requests, answers and codes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.status import Status
from appproxy.tunnel.frames import Flag, Kind
from appproxy.tunnel.messages import (
    Request,
    check_finality,
    check_trailers,
    decode_code,
    decode_request,
    decode_response,
    encode_code,
    encode_request,
    encode_response,
    request_flags,
)

REQUEST = Request(
    application="wiki", configuration=17, method=b"GET", target=b"/pages?q=1", authority=b"wiki.example.com:8443",
    client="2001:db8::7", scheme="https", correlation="0123456789abcdef0123456789abcdef", timeout=85.0, length=0,
    upgrade=None, user=b'{"sub":"ann"}', block=b"accept: */*\ncookie: a=b\n",
    share=b"Zm9vYmFyYmF6cXV4", owner=b"b3duZXJvd25lcm93",
)

TOKENS = st.text("abcXYZ019-_", min_size=1, max_size=12)
NAMES = st.text("abcxyz019-_!#", min_size=1, max_size=10).map(str.encode)
VALUES = st.binary(max_size=20).map(lambda raw: bytes(b for b in raw if (b >= 32 and b != 127) or b == 9))
BLOCKS = st.lists(st.tuples(NAMES, VALUES), max_size=10).map(
    lambda lines: b"".join(name + b": " + value + b"\n" for name, value in lines)
)
REQUESTS = st.builds(
    Request,
    application=TOKENS,
    configuration=st.integers(0, 10**15 - 1),
    method=TOKENS.map(str.encode),
    target=st.binary(max_size=30).map(lambda raw: b"/" + bytes(b for b in raw if b > 32 and b != 127)),
    authority=st.text("abc.:[]019", min_size=1, max_size=20).map(str.encode),
    client=st.ip_addresses().map(str),
    scheme=st.sampled_from(["http", "https"]),
    correlation=TOKENS,
    timeout=st.integers(1, 10**8).map(lambda ms: ms / 1000),
    length=st.none() | st.integers(0, 2**53),
    upgrade=st.none() | st.sampled_from([b"websocket", b"h2c/1,x"]),
    user=st.sampled_from([b"null", b'{"sub":"ann"}', '{"sub":"Zoë"}'.encode()]),
    block=BLOCKS,
    share=st.text("abcXYZ019-_", min_size=16, max_size=22).map(str.encode) | st.just(b"-"),
    owner=st.text("abcXYZ019-_", min_size=16, max_size=22).map(str.encode) | st.just(b"-"),
)
ANYTHING = st.binary(max_size=60) | st.text(st.characters(max_codepoint=255), max_size=80).map(
    lambda text: text.encode("latin-1")
)


class TestRequest:
    """REQ."""

    def test_a_request_byte_by_byte(self) -> None:
        """Two lines of our own, then the fields as the application is to see them."""
        assert encode_request(REQUEST) == (
            b"wiki 17 GET /pages?q=1 wiki.example.com:8443 2001:db8::7 https 0123456789abcdef0123456789abcdef 85.000 0 - "
            b"Zm9vYmFyYmF6cXV4 b3duZXJvd25lcm93\n"
            b'{"sub":"ann"}\n'
            b"accept: */*\ncookie: a=b\n"
        )

    @given(REQUESTS)
    @settings(max_examples=80)
    def test_a_request_comes_out_as_it_went_in(self, request_: Request) -> None:
        """Every part of a request survives the tunnel unchanged."""
        assert decode_request(encode_request(request_)) == request_

    def test_a_list_of_upgrades_loses_only_its_spaces(self) -> None:
        """An Upgrade field with several protocols travels without the optional spaces."""
        head = encode_request(replace(REQUEST, upgrade=b"websocket, h2c"))
        assert decode_request(head).upgrade == b"websocket,h2c"

    @pytest.mark.parametrize(
        "change",
        [
            {"application": "a b"}, {"application": "wi\nki"}, {"application": ""}, {"application": "\ud800"},
            {"configuration": -1}, {"configuration": 10**15},
            {"method": b"G ET"}, {"method": b""}, {"method": b"G\nET"},
            {"target": b""}, {"target": b"/a b"}, {"target": b"/a\r"}, {"target": b"/a\0"}, {"target": b"/\x7f"},
            {"target": b"/ h 192.0.2.1 https c 1.000 0 x"},
            {"authority": b""}, {"authority": b"a b"}, {"authority": b"\xe9"},
            {"client": "a b"}, {"client": "é"}, {"scheme": "ftp"}, {"correlation": "a b"}, {"correlation": ""},
            {"timeout": -1.0}, {"timeout": float("nan")}, {"timeout": 1e7},
            {"length": -1}, {"upgrade": b""}, {"upgrade": b"-"}, {"upgrade": b"a\nb"},
            {"share": b""}, {"share": b"x" * 15}, {"share": b"x" * 23}, {"share": b"x" * 15 + b" "}, {"share": b"--"},
            {"owner": b""}, {"owner": b"x" * 15}, {"owner": b"x" * 23}, {"owner": b"x" * 15 + b"\n"}, {"owner": b"--"},
            {"user": b""}, {"user": b"null\nx: y"}, {"user": b"nul"},
            {"block": b"a: b"}, {"block": b"A: b\n"}, {"block": b"a: b\r\n"}, {"block": b"a b: c\n"}, {"block": b"\n"},
            {"block": b": b\n"}, {"block": b"a:b\n"}, {"block": b"a: b\0\n"}, {"block": b"a: b\n c\n"},
            {"block": b"a: \x7f\n"}, {"block": b"\xe9: b\n"}, {"block": b"a: b\nc"},
        ],
        ids=str,
    )
    def test_what_could_add_a_token_or_line_cannot_be_sent(self, change: dict[str, object]) -> None:
        """A part that would be read as something else at the other end is refused before it leaves."""
        with pytest.raises(LocalProtocolError) as caught:
            encode_request(replace(REQUEST, **change))  # type: ignore[arg-type]
        assert caught.value.code is Code.PROTOCOL

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"target": b"/" * 8193}, Code.TARGET_TOO_LONG),
            ({"block": b"a: b\n" * 101}, Code.HEAD_TOO_LARGE),
            ({"block": b"a: " + b"b" * 32768 + b"\n"}, Code.HEAD_TOO_LARGE),
            ({"block": b"a: " + b"b" * 32764 + b"\n", "user": b"x" * 16384, "target": b"/" * 8192}, None),
        ],
        ids=["target", "lines", "block", "all at most"],
    )
    def test_too_large_requests(self, change: dict[str, object], code: Code | None) -> None:
        """A request that is too large fails with the status that the user is to see; at the limits it passes."""
        request = replace(REQUEST, **change)  # type: ignore[arg-type]
        if code is None:
            assert decode_request(encode_request(request)) == request
            return
        with pytest.raises(LocalProtocolError) as caught:
            encode_request(request)
        assert caught.value.code is code

    @pytest.mark.parametrize("bad", [b"", b"\n", b"A: b\n", b"a: b\r\n", b"a: b", b"a b: c\n", b": b\n", b"a: b\nc"])
    def test_bad_field_lines_are_refused_on_arrival(self, bad: bytes) -> None:
        """The end that receives a request checks its field lines as well."""
        own = encode_request(replace(REQUEST, block=b""))
        if bad:
            with pytest.raises(RemoteProtocolError):
                decode_request(own + bad)
        else:
            assert decode_request(own).block == b""

    def test_a_hundred_lines_and_no_more_arrive(self) -> None:
        """The hundred-and-first field line is refused on arrival, as is a block over 32 KiB."""
        own = encode_request(replace(REQUEST, block=b""))
        assert decode_request(own + b"a: b\n" * 100).block == b"a: b\n" * 100
        for bad in (b"a: b\n" * 101, b"a: " + b"b" * 32768 + b"\n"):
            with pytest.raises(RemoteProtocolError):
                decode_request(own + bad)

    @given(ANYTHING)
    @settings(max_examples=80)
    def test_any_head_is_fine_or_blamed_on_the_peer(self, head: bytes) -> None:
        """No bytes in a head of any kind raise anything but a fault of the peer."""
        for decode in (decode_request, decode_response, decode_code):
            with suppress(RemoteProtocolError):
                decode(head)

    @given(st.integers(0, 200), st.binary(min_size=1, max_size=3))
    @settings(max_examples=80)
    def test_a_request_changed_on_the_way(self, place: int, patch: bytes) -> None:
        """A request with some bytes replaced is read or refused, and never makes a line of its own."""
        head = encode_request(REQUEST)
        changed = head[:place] + patch + head[place + len(patch) :]
        with suppress(RemoteProtocolError):
            request = decode_request(changed)
            assert encode_request(request).count(b"\n") == changed.count(b"\n")

    def test_checking_takes_linear_time(self) -> None:
        """A field block made to be slow to check is refused at once."""
        bad = b"a: " + b"a" * 32000 + b"\r\n"
        with pytest.raises(RemoteProtocolError):
            decode_response(b"200\n" + bad)
        with pytest.raises(RemoteProtocolError):
            decode_response(b"200\n" + b"a" * 32000)


class TestFlags:
    """The flags of REQ."""

    @pytest.mark.parametrize(
        ("change", "flags"),
        [
            ({}, Flag.IDEMPOTENT),
            ({"method": b"HEAD"}, Flag.IDEMPOTENT | Flag.HEAD),
            ({"method": b"POST"}, 0),
            ({"method": b"POST", "length": 5}, Flag.BODY | Flag.LENGTH),
            ({"method": b"POST", "length": None}, Flag.BODY),
            ({"method": b"PUT", "length": 5}, Flag.BODY | Flag.LENGTH | Flag.IDEMPOTENT),
            ({"upgrade": b"websocket"}, Flag.UPGRADE | Flag.IDEMPOTENT),
        ],
    )
    def test_flags_follow_from_the_request(self, change: dict[str, object], flags: int) -> None:
        """Body, length, upgrade, HEAD and idempotence are told by the request itself."""
        request = replace(REQUEST, **change)  # type: ignore[arg-type]
        assert request_flags(request) == flags
        assert request_flags(request, strict=True) == flags | Flag.STRICT


class TestResponse:
    """The heads of RSP, HEAD and INFO."""

    @given(st.integers(100, 999), BLOCKS)
    @settings(max_examples=60)
    def test_an_answer_comes_out_as_it_went_in(self, status: int, block: bytes) -> None:
        """Status and field lines survive, two Set-Cookie included."""
        assert decode_response(encode_response(status, block)) == (status, block)

    @given(st.integers(100, 999), VALUES, BLOCKS)
    @settings(max_examples=60)
    def test_a_phrase_of_the_applications_own(self, status: int, reason: bytes, block: bytes) -> None:
        """It survives, an empty one too."""
        got, rest = decode_response(encode_response(Status(status, reason), block))
        assert isinstance(got, Status)
        assert (got, got.reason, rest) == (status, reason, block)

    @pytest.mark.parametrize("reason", [b"x" * 201, b"a\nb", b"a\0"])
    def test_a_phrase_that_cannot_travel_is_left_out(self, reason: bytes) -> None:
        """The answer is worth more than its phrase."""
        assert encode_response(Status(200, reason), b"a: b\n") == b"200\na: b\n"

    def test_a_phrase_leaves_the_fields_their_room(self) -> None:
        """Head and phrase together are no longer than a head alone may be."""
        block = b"a: " + b"b" * (32768 - 4) + b"\n"
        assert encode_response(Status(200, b"Fine"), block) == b"200\n" + block

    @pytest.mark.parametrize("status", [0, 99, 1000, -200])
    def test_impossible_statuses(self, status: int) -> None:
        """A status that HTTP does not have cannot be sent."""
        with pytest.raises(LocalProtocolError):
            encode_response(status, b"")

    @pytest.mark.parametrize(
        ("block", "code"),
        [
            (b"a: b\r\n", Code.ORIGIN_MALFORMED),
            (b"a: b\n" * 101, Code.ORIGIN_HEAD_TOO_LARGE),
            (b"a: " + b"b" * 32768 + b"\n", Code.ORIGIN_HEAD_TOO_LARGE),
        ],
    )
    def test_bad_answers_cannot_be_sent(self, block: bytes, code: Code) -> None:
        """An answer that the tunnel cannot carry fails with the code that tells why."""
        with pytest.raises(LocalProtocolError) as caught:
            encode_response(200, block)
        assert caught.value.code is code

    @pytest.mark.parametrize("head", [b"", b"200", b"20\n", b"2000\n", b"099\n", b"1000\n", b"200\na: b", b"200  OK\r\n",
                                      b"099 x\n",
                                      b"200 " + b"x" * 201 + b"\n", b"200 a\0\n", b"200 OK",
                                      b"200\na: " + b"b" * 32768 + b"\n"])
    def test_bad_answers_are_refused_on_arrival(self, head: bytes) -> None:
        """The end that receives an answer checks it as well."""
        with pytest.raises(RemoteProtocolError):
            decode_response(head)

    @pytest.mark.parametrize(
        ("kind", "status", "fine"),
        [
            (Kind.RSP, 200, True), (Kind.RSP, 103, False), (Kind.RSP, 101, False), (Kind.RSP, 100, False),
            (Kind.HEAD, 404, True), (Kind.HEAD, 101, True), (Kind.HEAD, 100, False),
            (Kind.INFO, 103, True), (Kind.INFO, 100, True), (Kind.INFO, 101, False), (Kind.INFO, 200, False),
        ],
    )
    def test_interim_and_final_are_not_confused(self, kind: Kind, status: int, fine: bool) -> None:
        """An interim status in the place of a final one would shift all later answers of the user's connection."""
        head = encode_response(status, b"")
        if fine:
            check_finality(kind, head)
        else:
            with pytest.raises(RemoteProtocolError):
                check_finality(kind, head)


class TestTrailers:
    """The tail of END."""

    @pytest.mark.parametrize("block", [b"", b"grpc-status: 0\n", b"a: b\n" * 32])
    def test_good_trailers(self, block: bytes) -> None:
        """Up to 32 lines in 8 KiB pass."""
        check_trailers(block)

    @pytest.mark.parametrize("block", [b"a: b\n" * 33, b"a: " + b"b" * 8192 + b"\n", b"a: b\r\n", b"A: b\n"])
    def test_bad_trailers(self, block: bytes) -> None:
        """More lines, more bytes or malformed ones do not."""
        with pytest.raises(LocalProtocolError):
            check_trailers(block)


class TestCode:
    """The heads of REJECT, FAIL, ABORT, STOP, DETACH and CANCEL."""

    @given(st.sampled_from(Code), st.text(max_size=300))
    def test_a_code_survives_any_text(self, code: Code, text: str) -> None:
        """The code arrives whatever the text; the text arrives without control characters, cut to 200 bytes."""
        head = encode_code(code, text)
        assert len(head) <= 206
        found, told = decode_code(head)
        assert found is code
        if text.isprintable() and len(text.encode()) <= 200:
            assert told == text

    def test_a_code_of_a_later_version(self) -> None:
        """A number that is unknown here is an internal fault of the peer."""
        assert decode_code(b"60000 new") == (Code.INTERNAL, "new")

    @pytest.mark.parametrize("head", [b"", b"x", b"1x", b"1 a\nb", b"123456", b"-1", b"1 \xff", b"1 " + b"x" * 201])
    def test_malformed_codes(self, head: bytes) -> None:
        """A head without a number, or with control characters, is refused."""
        with pytest.raises(RemoteProtocolError):
            decode_code(head)
