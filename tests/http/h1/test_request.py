"""One request head, from bytes to a checked head."""

from __future__ import annotations

import httptools
import pytest

from appproxy.errors import Code, RequestError
from appproxy.http.h1.request import LONGEST_METHOD, HeadLimits, choose_upgrade, parse_request
from appproxy.http.head import RequestHead

LIMITS = HeadLimits()


def parse(start: bytes, *fields: bytes, host: bool = True) -> RequestHead:
    """Read a head made of a start line and field lines."""
    lines = [start, *([b"Host: a.example"] if host else []), *fields]
    return parse_request(b"\r\n".join(lines) + b"\r\n\r\n", LIMITS)


def refused(start: bytes, *fields: bytes, host: bool = True) -> Code:
    """The code with which such a head is refused."""
    with pytest.raises(RequestError) as caught:
        parse(start, *fields, host=host)
    return caught.value.code


def get(*fields: bytes) -> RequestHead:
    return parse(b"GET / HTTP/1.1", *fields)


def test_a_browser_s_head() -> None:
    """All parts of an ordinary head are there."""
    fields = [b"Host: WIKI.example:8443", b"Accept: */*", b"Connection: keep-alive"]
    head = parse(b"GET /a?b=c HTTP/1.1", *fields, host=False)
    assert head == RequestHead(
        b"GET", b"/a?b=c", 11,
        [(b"host", b"WIKI.example:8443"), (b"accept", b"*/*"), (b"connection", b"keep-alive")],
        b"WIKI.example:8443", "wiki.example", 0, True, None, False)


class TestRequestLine:
    @pytest.mark.parametrize("line", [
        b"GET  / HTTP/1.1", b"GET / HTTP/1.1 ", b" GET / HTTP/1.1", b"GET\t/ HTTP/1.1", b"GET /", b"GET", b"",
        b"GET / http/1.1", b"GET / HTTP/1", b"GET / HTTP/11.1", b"GET / HTTP/1.1x", b"GET / HTTP/+1.1",
        b"GET / /b HTTP/1.1",
        b"G(T / HTTP/1.1", b"GET /\x00 HTTP/1.1", b"GET /\x7f HTTP/1.1",
        b"GET /\x0b HTTP/1.1",
        b"\x16\x03\x01 / HTTP/1.1", b"GET / HTTP/1.1\nX: y"])
    def test_malformed_lines(self, line: bytes) -> None:
        """Exactly three parts with one blank between them; the address in visible ASCII; HTTP/0.9 is not spoken."""
        assert refused(line) is Code.BAD_REQUEST

    @pytest.mark.parametrize("version", [b"0.9", b"1.2", b"2.0", b"3.0", b"9.9"])
    def test_other_versions(self, version: bytes) -> None:
        """Only 1.0 and 1.1."""
        assert refused(b"GET / HTTP/" + version) is Code.VERSION_NOT_SUPPORTED
        assert refused(b"PRI * HTTP/2.0") is Code.VERSION_NOT_SUPPORTED

    @pytest.mark.parametrize("method", [
        b"GET", b"LIST", b"RDG_OUT_DATA", b"RPC_IN_DATA", b"VERSION-CONTROL", b"MKWORKSPACE", b"BAN", b"PROPFIND", b"get",
        b"!", b"#$%&'*+-.^_`|~", b"PRI", b"GETGET", b"x" * LONGEST_METHOD])
    def test_every_token_is_a_method(self, method: bytes) -> None:
        """Whatever RFC 9110 section 9.1 allows is for the application to know, letter by letter."""
        assert parse(method + b" / HTTP/1.1").method == method
        assert parse(method + b" / HTTP/1.1", b"Content-Length: 5").length == 5

    @pytest.mark.parametrize("method", [b"CONNECT", b"TRACE", b"connect", b"Trace"])
    def test_what_is_dangerous_is_not_allowed(self, method: bytes) -> None:
        """CONNECT would make a tunnel and TRACE show what we add; not every application minds the case of letters."""
        assert refused(method + b" / HTTP/1.1") is Code.METHOD_NOT_ALLOWED

    def test_a_method_that_the_tunnel_cannot_carry(self) -> None:
        """More than 32 characters."""
        assert refused(b"x" * (LONGEST_METHOD + 1) + b" / HTTP/1.1") is Code.METHOD_UNKNOWN

    def test_the_length_of_the_target(self) -> None:
        """8,192 bytes pass, one more is 414."""
        assert len(parse(b"GET /" + b"a" * 8191 + b" HTTP/1.1").target) == 8192
        assert refused(b"GET /" + b"a" * 8192 + b" HTTP/1.1") is Code.TARGET_TOO_LONG


class TestTarget:
    def test_bytes_beyond_ascii(self) -> None:
        """They are percent-encoded, so that routing, policy and application read one and the same URI."""
        assert parse("GET /ä?q=ü HTTP/1.1".encode()).target == b"/%C3%A4?q=%C3%BC"
        assert parse(b"GET /\xe4\xff%2f HTTP/1.1").target == b"/%E4%FF%2f"
        assert parse(b"GET http://a.example/\xe4 HTTP/1.1").target == b"/%E4"

    def test_their_encoded_form_counts(self) -> None:
        """What is forwarded is no longer than the limit."""
        assert len(parse(b"GET /a" + b"\xe4" * 2730 + b" HTTP/1.1").target) == 8192
        assert refused(b"GET /" + b"\xe4" * 2731 + b" HTTP/1.1") is Code.TARGET_TOO_LONG

    def test_star(self) -> None:
        """`*` is for OPTIONS only."""
        assert parse(b"OPTIONS * HTTP/1.1").target == b"*"
        assert refused(b"GET * HTTP/1.1") is Code.BAD_REQUEST
        assert refused(b"OPTIONS ** HTTP/1.1") is Code.BAD_REQUEST

    @pytest.mark.parametrize(("target", "rewritten"), [
        (b"http://a.example/x?y", b"/x?y"), (b"HTTPS://A.Example/x", b"/x"), (b"http://a.example", b"/"),
        (b"http://a.example?x", b"/?x"), (b"http://a.example//x", b"//x")])
    def test_absolute_form_of_this_host(self, target: bytes, rewritten: bytes) -> None:
        """An absolute target that names the Host is brought to origin-form."""
        assert parse(b"GET " + target + b" HTTP/1.1").target == rewritten

    def test_options_of_a_whole_server(self) -> None:
        """An absolute target without path means `*` with OPTIONS (RFC 9112 section 3.2.4)."""
        assert parse(b"OPTIONS http://a.example HTTP/1.1").target == b"*"

    @pytest.mark.parametrize("target", [
        b"http://b.example/", b"http://a.example:80/", b"http://user@a.example/", b"http:///x", b"http:/a.example/",
        b"ftp://a.example/", b"//", b"a.example/", b"a", b"?x", b"http://a.example.evil/", b"http://a.example\\@b/",
        b"http://a.example/#x", b"/#x", b"/a#", b"javascript:x", b"http://", b"\\x", b"%2f"])
    def test_other_targets(self, target: bytes) -> None:
        """Other hosts, schemes and forms, and fragments, never reach an application."""
        if target == b"//":
            assert parse(b"GET // HTTP/1.1").target == b"//"  # the routing decides
        else:
            assert refused(b"GET " + target + b" HTTP/1.1") is Code.BAD_REQUEST


class TestHost:
    def test_exactly_one(self) -> None:
        """None, two, two equal ones, an empty one: refused, in HTTP/1.0 too."""
        for version in (b"1.0", b"1.1"):
            line = b"GET / HTTP/" + version
            assert refused(line, host=False) is Code.BAD_REQUEST
            for fields in ((b"Host: a", b"Host: b"), (b"Host: a", b"hOsT: a"), (b"Host:",), (b"Host: ", b"Host: a"),
                           (b"Host:", b"Host:"), (b"Host: a, a",)):
                assert refused(line, *fields, host=False) is Code.BAD_REQUEST

    def test_its_syntax_is_checked(self) -> None:
        """A user, a path or a word for a port is refused."""
        for host in (b"u@a", b"a/b", b"a:http"):
            assert refused(b"GET / HTTP/1.1", b"Host: " + host, host=False) is Code.BAD_REQUEST


class TestBody:
    def test_its_size(self) -> None:
        """No field: none; a length: so many bytes; chunked: unknown."""
        post = b"POST / HTTP/1.1"
        assert parse(post).length == 0
        assert parse(post, b"Content-Length: 0").length == 0
        assert parse(post, b"Content-Length: 12").length == 12
        assert parse(post, b"Content-Length: 9007199254740992").length == 2**53
        assert parse(post, b"Transfer-Encoding: Chunked").length is None
        assert get(b"Content-Length: 12").length == 12

    @pytest.mark.parametrize("fields", [
        [b"Content-Length: 1", b"Content-Length: 2"], [b"Content-Length: 1, 2"], [b"Content-Length: 1", b"Content-Length: 01"],
        [b"Content-Length: 1", b"Content-Length:"], [b"Content-Length: 1,"], [b"Content-Length: ,"], [b"Content-Length: 1 1"],
        [b"Content-Length: 1", b"Content-Length: 1x"], [b"Content-Length: 1", b"Content-Length: 1", b"Content-Length: 2"],
        [b"Content-Length: 1", b"Content-Length: 1", b" 2"], [b"Content-Length: 1", b"X: y", b"Content-Length: 1", b" z"],
        [b"Content-Length: 1", b"Content-Length: 1", b"Transfer-Encoding: chunked"],
        [b"Content-Length: 1", b"Content-Length: 1", b"X : y"], [b"Content-Length: 1", b"Content-Length : 1"],
        [b"Content-Length:"], [b"Content-Length: -1"], [b"Content-Length: +1"], [b"Content-Length: 1a"],
        [b"Content-Length: 0x1"], [b"Content-Length: 9007199254740993"], [b"Content-Length: 18446744073709551616"],
        [b"Content-Length: 1", b"Transfer-Encoding: chunked"], [b"Transfer-Encoding: chunked", b"Content-Length: 1"],
        [b"Transfer-Encoding: gzip, chunked"], [b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"], [b"Transfer-Encoding: chunked, identity"],
        [b"Transfer-Encoding: identity"], [b"Transfer-Encoding: xchunked"], [b"Transfer-Encoding:"],
        [b"Transfer-Encoding: chunked;a"], [b"Transfer-Encoding:\x0bchunked"], [b"Transfer-Encoding : chunked"],
        [b"Transfer-Encoding\t: chunked"], [b" Transfer-Encoding: chunked"], [b"X: y", b" Transfer-Encoding: chunked"],
        [b"X: y\nTransfer-Encoding: chunked"], [b"X: y\rTransfer-Encoding: chunked"], [b"X\x00: y"], [b": y"], [b"X"],
        [b"Content-Length: 1\x00"], [b"Content\x00-Length: 1"], ["Content-Length: ١".encode()]])
    def test_what_has_been_used_for_smuggling(self, fields: list[bytes]) -> None:
        """Two lengths, length and coding, other codings, folded and malformed lines are refused."""
        assert refused(b"POST / HTTP/1.1", *fields) is Code.BAD_REQUEST

    @pytest.mark.parametrize("fields", [
        [b"Content-Length: 5", b"Content-Length: 5"], [b"Content-Length: 5, 5"], [b"content-length:5 ,\t5"],
        [b"Content-Length: 5", b"X: y", b"CONTENT-LENGTH: 5", b"Z: 1", b"Content-Length: 5,5"]])
    def test_the_same_length_several_times(self, fields: list[bytes]) -> None:
        """It is said once from here on (RFC 9110 section 8.6)."""
        head = parse(b"POST / HTTP/1.1", *fields)
        assert head.length == 5
        assert [value for name, value in head.fields if name == b"content-length"] == [b"5"]
        assert [name for name, _ in head.fields if name not in (b"host", b"content-length")] == [
            line[:1].lower() for line in fields if line[:1] in b"XZ"]

    def test_chunked_in_the_old_version(self) -> None:
        """HTTP/1.0 has no chunks: whoever sends them so is understood differently by different servers."""
        assert refused(b"POST / HTTP/1.0", b"Transfer-Encoding: chunked") is Code.BAD_REQUEST


class TestConnection:
    @pytest.mark.parametrize(("version", "connection", "kept"), [
        (b"1.1", [], True), (b"1.1", [b"close"], False), (b"1.1", [b"Keep-Alive"], True),
        (b"1.1", [b"x , CLOSE"], False), (b"1.1", [b"x", b"close"], False), (b"1.1", [b"closed"], True),
        (b"1.1", [b""], True), (b"1.0", [], False), (b"1.0", [b"keep-alive"], True), (b"1.0", [b"Keep-Alive"], True),
        (b"1.0", [b"close, keep-alive"], False), (b"1.0", [b"x,keep-alive"], True),
        (b"1.0", [b"x"], False)])
    def test_keeping_it(self, version: bytes, connection: list[bytes], kept: bool) -> None:
        """1.1 keeps the connection unless told `close`, 1.0 only when told `keep-alive`, in any case and order."""
        fields = [b"Connection: " + value for value in connection]
        assert parse(b"GET / HTTP/" + version, *fields).keep_alive is kept

    def test_upgrade(self) -> None:
        """An upgrade needs both fields, in any case; it is given in lower case."""
        assert get(b"Connection: Upgrade", b"Upgrade: WebSocket").upgrade == b"websocket"
        assert get(b"Connection: keep-alive, UPGRADE", b"Upgrade: websocket").upgrade == b"websocket"
        assert get(b"Upgrade: websocket").upgrade is None
        assert get(b"Connection: upgrade").upgrade is None
        assert get(b"Connection: upgrade", b"Upgrade:").upgrade is None
        assert get(b"Connection: upgrade").keep_alive

    def test_very_many_protocols_are_no_offer(self) -> None:
        """Each would be looked at several times; the request goes on as an ordinary one."""
        assert get(b"Connection: upgrade", b"Upgrade: " + b"a," * 32 + b"websocket").upgrade is not None
        assert get(b"Connection: upgrade", b"Upgrade: " + b"a," * 33 + b"websocket").upgrade is None

    def test_the_old_version_has_no_upgrade(self) -> None:
        """HTTP/1.0: the field is ignored."""
        assert parse(b"GET / HTTP/1.0", b"Connection: upgrade", b"Upgrade: websocket").upgrade is None

    def test_h2c_is_not_forwarded(self) -> None:
        """Two ends that switch to HTTP/2 would speak past us; the request goes on as an ordinary one."""
        for upgrade, left in ((b"h2c", None), (b"H2C", None), (b"h2c/1", None), (b"websocket, h2c", b"websocket")):
            head = get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: " + upgrade, b"HTTP2-Settings: AAMAAABk")
            assert head.upgrade == left

    @pytest.mark.parametrize("field", [b"Content-Length: 5", b"Content-Length: 0", b"Transfer-Encoding: chunked"])
    def test_upgrade_with_a_body(self, field: bytes) -> None:
        """The body is framed as any other; what follows it is the new protocol's, if there is to be one."""
        for upgrade, left in ((b"websocket", b"websocket"), (b"h2c", None)):
            fields = (b"Connection: upgrade", b"Upgrade: " + upgrade, field)
            head = parse(b"POST / HTTP/1.1", *fields)
            assert (head.upgrade, head.length) == (left, parse(b"POST / HTTP/1.1", field).length)

    def test_an_upgrade_beside_two_framings(self) -> None:
        """Is refused like anything else with them."""
        fields = (b"Connection: upgrade", b"Upgrade: x", b"Content-Length: 1", b"Transfer-Encoding: chunked")
        assert refused(b"POST / HTTP/1.1", *fields) is Code.BAD_REQUEST

    @pytest.mark.parametrize(("offered", "chosen"), [
        (b"websocket", b"websocket"), (b"foo", None), (b"foo,spdy/3.1,websocket", b"spdy/3.1"), (b"spdy", None),
        (b"spdy/3.0", None), (b"websocket/13", None)])
    def test_which_is_chosen(self, offered: bytes, chosen: bytes | None) -> None:
        """The first that is allowed, with its version."""
        assert choose_upgrade(offered, frozenset({"websocket", "spdy/3.1"})) == chosen

    def test_members_are_bounded(self) -> None:
        """Each member costs a look at each field."""
        assert get(b"Connection: " + b"a," * 32 + b"close").keep_alive is False
        assert refused(b"GET / HTTP/1.1", b"Connection: " + b"a," * 33 + b"close") is Code.BAD_REQUEST


class TestExpect:
    def test_continue(self) -> None:
        """It is waited for when there is a body, in 1.1."""
        assert parse(b"POST / HTTP/1.1", b"Expect: 100-Continue", b"Content-Length: 5").expects_continue
        assert parse(b"POST / HTTP/1.1", b"Expect: 100-continue", b"Transfer-Encoding: chunked").expects_continue
        assert not get(b"Expect: 100-continue").expects_continue
        assert not parse(b"POST / HTTP/1.0", b"Expect: 100-continue", b"Content-Length: 5").expects_continue

    @pytest.mark.parametrize("value", [b"", b"200-ok", b"100-continue, x", b"100-continue;x"])
    def test_anything_else(self, value: bytes) -> None:
        """Other expectations fail."""
        assert refused(b"POST / HTTP/1.1", b"Expect: " + value, b"Content-Length: 5") is Code.EXPECTATION_FAILED


def test_fields_are_counted() -> None:
    """100 fields pass, 101 do not."""
    assert len(get(*[b"x: y"] * 99).fields) == 100
    assert refused(b"GET / HTTP/1.1", *[b"x: y"] * 100) is Code.HEAD_TOO_LARGE


def test_httptools_alone_would_take_these() -> None:
    """Why the rules are here: the parser itself lets all this pass. Should that change, some of them can go."""

    class Anything:
        """Listens to nothing."""

    for head in (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /#x HTTP/1.1\r\n\r\n",
                 b"GET  / HTTP/1.1\r\n\r\n", b"GET /\r\n\r\n",
                 b"GET / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n"):
        httptools.HttpRequestParser(Anything()).feed_data(head)
