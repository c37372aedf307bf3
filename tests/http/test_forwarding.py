"""A request's fields as the application is to see them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.http import forwarding
from appproxy.http.fields import check_block, decode_block, values
from appproxy.http.forwarding import forwarded_block, forwarded_trailers, public_place
from appproxy.http.h1.server import RequestReader
from appproxy.http.head import Fields, RepeatedSection, RequestHead
from appproxy.http.refused import RefusedFields, refused_fields, same_spelling
from tests.cost.machine import cost

PLACE = public_place("https://wiki.example:8443")
IDENTITY = refused_fields(frozenset([b"x-user", b"x-who"]))
OURS = [
    (b"x-forwarded-for", b"192.0.2.7"), (b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"wiki.example:8443"),
    (b"x-forwarded-port", b"8443"), (b"forwarded", b'for=192.0.2.7;host="wiki.example:8443";proto=https'),
    (b"x-request-id", b"0123")]


def block_of(*lines: bytes, client: str = "192.0.2.7", drop: RefusedFields = IDENTITY,
    version: bytes = b"1.1") -> bytes:
    """The block that the application gets for a request with these field lines."""
    reader = RequestReader()
    reader.receive(b"\r\n".join([b"GET / HTTP/" + version, b"Host: Wiki.example:8443", *lines]) + b"\r\n\r\n")
    head = reader.next_head()
    assert head is not None
    block = forwarded_block(head, client=client, place=PLACE, drop=drop, request_id=b"0123", via=False)
    check_block(block)
    return block


def forwarded(*lines: bytes, version: bytes = b"1.1") -> Fields:
    """What of these lines reaches the application, besides our own fields at the end."""
    fields = decode_block(block_of(*lines, version=version))
    assert fields[-len(OURS):] == OURS
    return fields[:-len(OURS)]


def test_ordinary_fields_pass() -> None:
    """They stay in their order, repeated ones too; traces of other systems pass."""
    assert forwarded(b"Accept: */*", b"X-A: 1", b"traceparent: 00-1", b"tracestate: x", b"x-a: 2",
        b"Authorization: Basic x") == [
        (b"accept", b"*/*"), (b"x-a", b"1"), (b"traceparent", b"00-1"), (b"tracestate", b"x"), (b"x-a", b"2"),
        (b"authorization", b"Basic x")]


@pytest.mark.parametrize("line", [
    b"Connection: keep-alive", b"Keep-Alive: timeout=5", b"Proxy-Connection: keep-alive", b"Trailer: x",
    b"Upgrade: websocket",
    b"HTTP2-Settings: x", b"Proxy-Authorization: Basic x", b"Proxy-Authenticate: x", b"Expect: 100-continue",
    b"Content-Length: 0",
    b"TE: gzip", b"Transfer_Encoding: chunked", b"Content_Length: 5", b"Proxy: http://evil"])
def test_fields_of_the_connection_stay_behind(line: bytes) -> None:
    """What was meant for us, frames the message, or becomes HTTP_PROXY in a CGI, is not passed on."""
    assert forwarded(line, b"X-A: 1") == [(b"x-a", b"1")]


@pytest.mark.parametrize("name", [
    b"Forwarded", b"X-Forwarded-For", b"X-Forwarded-Host", b"X-Forwarded-Proto", b"X-Forwarded-Port",
    b"X-Forwarded-Prefix",
    b"X-Forwarded-Anything", b"X-Real-IP", b"X-Request-ID", b"X-AppProxy-User", b"X-AppProxy-Anything", b"X-User",
    b"Remote-User", b"X-Original-URL", b"X-Rewrite-URL", b"True-Client-IP"])
def test_users_cannot_speak_for_a_proxy_or_for_us(name: bytes) -> None:
    """Forwarding and identity fields of users are dropped in every spelling that some server reads as the same name."""
    for spelling in (name, name.lower(), name.upper(), name.swapcase(), name.replace(b"-", b"_"), name.replace(b"-",
        b"_", 1),
                     name.replace(b"-", b"_").upper(), name.replace(b"-", b".")):
        assert forwarded(spelling + b": evil") == []
        assert b"evil" not in block_of(spelling + b": evil", b"Connection: close, " + spelling)


@given(st.lists(st.tuples(st.sampled_from([same for name in (b"x-user", b"x-forwarded-for", b"x-appproxy-a",
    b"cookie", b"x-a")
                                           for same in (name, name.upper(), name.replace(b"-", b"_"))]),
                          st.sampled_from([b"evil", b"a=b", b"__Host-appproxy=secret"])), max_size=8),
       st.sampled_from([b"close", b"x-forwarded-for", b"x-user, forwarded", b"upgrade, x-request-id"]))
@settings(max_examples=100)
def test_no_mixture_gets_through(lines: list[tuple[bytes, bytes]], connection: bytes) -> None:
    """However spelled, repeated and named in Connection: no value of a user appears under a name of ours,
        nor our cookie."""
    block = block_of(*[name + b": " + value for name, value in lines], b"Connection: " + connection)
    seen = [(same_spelling(name), value) for name, value in decode_block(block)]
    for name, value in OURS:
        assert [each for spelled, each in seen if spelled == name] == [value]
    assert not [name for name, _ in seen if name in (b"x-user", b"x-who") or name.startswith(b"x-appproxy")]
    assert b"secret" not in b"".join(value for name, value in seen if name == b"cookie")


class TestConnection:
    def test_what_it_names_is_dropped(self) -> None:
        """In any case and spelling; the options themselves are no names."""
        assert forwarded(b"Connection: X-Private, close", b"x-private: 1", b"X_Private: 2",
            b"X-Kept: 3") == [(b"x-kept", b"3")]
        assert forwarded(b"Connection: x-a", b"Connection: X-B", b"X-A: 1", b"X-B: 2", b"X-C: 3") == [(b"x-c", b"3")]

    def test_it_cannot_take_out_ours(self) -> None:
        """Naming our fields in Connection does not remove them."""
        names = b", ".join(name for name, _ in OURS)
        assert forwarded(b"Connection: " + names) == []

    def test_an_upgrade_is_not_in_the_block(self) -> None:
        """Whoever writes the request makes these two fields; the rest of a WebSocket's head passes."""
        assert forwarded(b"Connection: Upgrade", b"Upgrade: websocket",
            b"Sec-WebSocket-Key: x") == [(b"sec-websocket-key", b"x")]


class TestTrailersOffered:
    @pytest.mark.parametrize("value", [b"trailers", b"Trailers", b"gzip, trailers", b"trailers,deflate"])
    def test_kept(self, value: bytes) -> None:
        """gRPC needs `TE: trailers`; other codings are between the user and us."""
        assert forwarded(b"TE: " + value, b"Connection: TE") == [(b"te", b"trailers")]

    def test_not_in_the_old_version(self) -> None:
        """HTTP/1.0 has no trailers."""
        assert forwarded(b"TE: trailers", version=b"1.0") == []


class TestCookies:
    def test_ours_are_cut_out(self) -> None:
        """The application never sees them; its own arrive byte for byte."""
        assert forwarded(b'Cookie: a="1 ";  __Host-appproxy=secret; b=2;__Host-appproxy-start=s') == [(b"cookie",
            b'a="1 "; b=2')]

    def test_an_empty_rest(self) -> None:
        """No other cookie: no Cookie field."""
        assert forwarded(b"Cookie: __Host-appproxy=secret", b"Cookie: a=b", b"Cookie:") == [(b"cookie", b"a=b")]


class TestOurs:
    def test_an_application_that_sees_the_internal_place(self) -> None:
        """It is told who asks, and of no public host, scheme or port."""
        head = RequestHead(b"GET", b"/", 11, [], b"a.example", "a.example", 0, True, None, False)
        block = forwarded_block(head, client="192.0.2.1", place=None, drop=IDENTITY, request_id=b"1", via=False)
        assert block == b"x-forwarded-for: 192.0.2.1\nforwarded: for=192.0.2.1\nx-request-id: 1\n"

    @pytest.mark.parametrize(("origin", "port"), [
        ("https://a.example", b"443"), ("https://a.example:8443", b"8443"), ("http://a.example", b"80"),
        ("https://[2001:db8::1]", b"443"), ("https://[2001:db8::1]:444", b"444")])
    def test_the_public_port(self, origin: str, port: bytes) -> None:
        """Also where the URL does not name it."""
        assert public_place(origin).lines.endswith(b"\nx-forwarded-port: %b\n" % port)

    def test_an_address_with_colons(self) -> None:
        """RFC 7239 wants it in brackets and quotes; X-Forwarded-For has it bare."""
        block = block_of(client="2001:db8::7")
        assert values(block, b"x-forwarded-for") == [b"2001:db8::7"]
        assert values(block, b"forwarded") == [b'for="[2001:db8::7]";host="wiki.example:8443";proto=https']


def test_trailers() -> None:
    """What a head may not say, a trailer may not either."""
    fields = [(b"x-checksum", b"1"), (b"x_user", b"evil"), (b"x-forwarded-for", b"evil"), (b"x-appproxy-a", b"evil"),
        (b"host", b"a")]
    assert forwarded_trailers(fields, IDENTITY) == b"x-checksum: 1\n"
    assert forwarded_trailers([], IDENTITY) == b""


def test_same_spelling() -> None:
    """All that CGI and WSGI fold into one variable is one name."""
    assert {same_spelling(name) for name in (b"X-User", b"x_user", b"X.USER", b"x-useR", b"x|user")} == {b"x-user"}
    assert same_spelling(b"X-User1") != same_spelling(b"X-User2")


def test_the_lists_do_not_contradict_each_other() -> None:
    """A name that passes without a closer look is in no list of refused ones."""
    passed = (forwarding._COMMON - {b"host"}) | forwarding._WITH_URLS | {b"cookie"}
    assert not any(map(refused_fields().holds, passed)) and b"host" in refused_fields().names
    assert b"user-agent" in forwarding._COMMON
    for name in (b"user-agent", b"referer"):
        assert values(block_of(name + b": evil", drop=refused_fields(frozenset([name]))), name) == []


def test_it_is_fast() -> None:
    """It runs once a request: twelve fields take some 10 microseconds; 100 would be noticed in the throughput."""
    reader = RequestReader()
    lines = b"".join(b"X-Field-%d: some value\r\n" % number for number in range(10))
    reader.receive(b"GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b; __Host-appproxy=x\r\n" + lines + b"\r\n")
    head = reader.next_head()
    assert head is not None

    def often() -> None:
        for _ in range(500):
            forwarded_block(head, client="192.0.2.7", place=PLACE, drop=IDENTITY, request_id=b"0")

    assert cost(often, 500 * 100e-6) <= 500 * 100e-6


def test_repeated_fields_are_cleaned_for_each_application_anew() -> None:
    """What was worked out for one application is not given to another."""
    repeated = RepeatedSection()
    fields = [(b"x-user", b"me"), (b"cookie", b"__Host-appproxy=1; theirs=2")]

    def block(drop: RefusedFields, request_id: bytes) -> bytes:
        head = RequestHead(b"GET", b"/", 11, fields, b"a", "a", 0, True, None, False, repeated)
        return forwarded_block(head, client="192.0.2.1", place=PLACE, drop=drop, request_id=request_id)

    strict, loose = refused_fields(), refused_fields(allowed=frozenset({b"x-user"}))
    for _ in range(2):
        first = block(strict, b"1")
        assert b"x-user" not in first and b"__Host-" not in first and b"cookie: theirs=2\n" in first
        assert first.endswith(b"x-request-id: 1\n")
        assert block(strict, b"2").endswith(b"x-request-id: 2\n")
        assert b"x-user: me" in block(loose, b"3")


@pytest.mark.parametrize("line", [
    b"Cookie: __Host-appproxy=s", b"Cookie: a=1; __Host-appproxy-0123abcd=s", b"Cookie:a=1;\t__HOST-APPPROXY-8443=s",
    b"COOKIE: appproxy=s; a=1", b'cookie: "appproxy-8443-0123abcd"="s"', b"Cookie: =__Host-appproxy-start=s",
    b"Cookie: __Host-appproxy-oidc-01234567=s; __Host-appproxy-form=s; __Host-appproxy-session=s",
    b"Cookie: __Host-appproxy-of-tomorrow=s", b"Cookie: $Version=1; __Host-appproxy=s; $Path=/", b"Cookie: a=1;;appproxy=s;"])
def test_no_cookie_of_ours_is_passed_on(line: bytes) -> None:
    """Whichever it is, however it is written, and whatever is published: those of other applications on the host, too."""
    assert not [value for name, value in forwarded(line, b"Cookie: b=2") if b"=s" in value or b"appproxy" in value.lower()]
    assert (b"cookie", b"b=2") in forwarded(line, b"Cookie: b=2")


def test_trailers_bring_no_cookies() -> None:
    """Nobody looks for ours there, and no browser sends any."""
    assert forwarded_trailers([(b"cookie", b"__Host-appproxy=s"), (b"grpc-status", b"0")], IDENTITY) == b"grpc-status: 0\n"


class Shouting:
    """Stands for the translation of URLs."""

    def field(self, name: bytes, value: bytes) -> bytes:
        return value.upper()


def test_fields_with_urls_are_translated_and_no_others() -> None:
    """Also when a field section repeats: what one translation has made is not given to another."""
    repeated = RepeatedSection()

    def block(inward: Shouting | None) -> bytes:
        fields = [(b"referer", b"me"), (b"x-a", b"me")]
        head = RequestHead(b"GET", b"/", 11, fields, b"a.example", "a.example", 0, True, None, False, repeated)
        return forwarded_block(head, client="192.0.2.1", place=PLACE, drop=IDENTITY,
                               request_id=b"1", inward=inward)

    one = Shouting()
    for inward, said in ((one, b"referer: ME\n"), (None, b"referer: me\n"), (one, b"referer: ME\n"), (one, b"referer: ME\n")):
        seen = block(inward)
        assert seen.startswith(said + b"x-a: me\nvia: 1.1 appproxy\nx-forwarded-for: 192.0.2.1\n")
        assert b"x-forwarded-host: wiki.example:8443\n" in seen


@pytest.mark.parametrize(("version", "said"), [(10, b"1.0"), (11, b"1.1"), (20, b"2.0")])
def test_via_says_how_the_request_came(version: int, said: bytes) -> None:
    """After those before us, whatever Connection names; and again for the next request of another version."""
    repeated = RepeatedSection()

    def lines(version: int, via: bool) -> list[bytes]:
        fields = [(b"via", b"1.1 cache.example"), (b"connection", b"x-a"), (b"x-a", b"1")]
        head = RequestHead(b"GET", b"/", version, fields, b"a", "a", 0, True, None, False, repeated)
        return values(forwarded_block(
            head, client="192.0.2.1", place=None, drop=IDENTITY, request_id=b"1", via=via), b"via")

    assert lines(11, True)[-1] == b"1.1 appproxy"
    for _ in range(2):
        assert lines(version, True) == [b"1.1 cache.example", said + b" appproxy"]
        assert lines(version, False) == [b"1.1 cache.example"]


def test_a_users_correlation_id_passes() -> None:
    """Programs follow a call through several services by it; ours is X-Request-ID."""
    assert forwarded(b"X-Correlation-ID: abc") == [(b"x-correlation-id", b"abc")]
