"""No anonymous request costs more than 5 ms of CPU, TLS and argon2 apart, and no call of the reactor more than 20 ms, or
10 where one read brings many small things.

The bounds are for a core of a usual server (`machine`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from struct import pack

import pytest

from appproxy.service.front.h1.connection import UserConnection
from appproxy.service.front.h2.connection import H2Connection
from tests.cost.measured_node import MeasuredNode, measured_node

WHOLE, LONGEST = 0.005, 0.020
#: For one call, where many small things come in one read.
SHORT = 0.010
#: Just below what a head may have.
LONG = 30_000
WIKI, SIGN_IN, OPEN = b"wiki.example.org", b"signin.example.org", b"open.example.org"
HOSTS = (WIKI, SIGN_IN, OPEN)
NAVIGATION = b"accept: text/html\r\nsec-fetch-mode: navigate\r\n"
FORM = b"content-type: application/x-www-form-urlencoded\r\n"

TARGETS = [
    b"/" + b"." * 8000 + b"x", b"/a" * 4000, b"/" * 8000, b"/" + b"%20" * 2600 + b"x", b"/" + b"%CC%95%CC%80" * 660,
    b"/" + b"%EF%B7%BA" * 900, b"/" + b"%EF%BE%9E%E0%BD%B3" * 450, b"/" + b"%41" * 2700, b"/" + b"%FF" * 2700,
    b"/?" + b"a&" * 4000, b"/?" + b"a=b&" * 2000, b"/?" + b";" * 8000, b"/.appproxy/" + b"a/" * 4000,
    b"/.appproxy/finish?t=" + b"A" * 8000, b"/start?r=" + b"A" * 8000,
    b"/callback?state=" + b"a" * 32 + b"&code=" + b"%41" * 2000,
    b"/authorize?" + b"&".join(b"a%d=b" % number for number in range(900)),
    b"/authorize?response_type=code&scope=" + b"a+" * 2000,
    b"/logout?id_token_hint=" + b"A" * 7000, b"/" + b"\xff" * 2700, b"/" + b"\xff" * 8000, b"/" + b"\xff" * LONG,
]
COOKIES = [
    b";" * LONG, b"=;" * (LONG // 2), b" " * LONG + b"x", b"=" * LONG, b'"' * LONG,
    *(b"; ".join([name + b"=x"] * (LONG // (len(name) + 4)))
      for name in (b"__Host-appproxy", b"__Host-appproxy-start", b"__Host-appproxy-session", b"__Host-appproxy-form")),
    b"; ".join([b"__Host-appproxy-oidc-%08x=x" % number for number in range(LONG // 32)]),
]
FIELDS = [
    b"accept", b"accept-encoding", b"authorization", b"connection", b"content-type", b"destination", b"forwarded", b"if",
    b"if-none-match", b"origin", b"range", b"referer", b"te", b"x-forwarded-for",
]
VALUES = [
    b"," * LONG, b" " * LONG + b"x", b";" * LONG, b'"' * LONG, b"<" * LONG, b"1" * LONG, b"a," * (LONG // 2), b"(" * LONG,
    b"https://wiki.example.org/" * (LONG // 25), b"<https://wiki.example.org/>" * (LONG // 27),
    b"Bearer " + b"A" * LONG, b"%" * LONG, b"https://wiki.example.org/docs/" + b"\xef\xb7\xba" * (LONG // 3),
]
POSTS = [b"/.appproxy/x", b"/.appproxy/sign-out", b"/token", b"/sign-in", b"/authorize", b"/logout", b"/"]
BODIES = [
    (b"content-type: x/y" + b";" * LONG + b"\r\n", b"x"), (b"content-type: x/y" + b'"' * LONG + b"\r\n", b"x"),
    (b"content-type: x/y" + b"(" * 2000 + b"\r\n", b"x"), (FORM, b"&" * 60_000), (FORM, b"a=b&" * 15_000),
    (FORM, b"&".join(b"a%d=b" % number for number in range(8000))), (FORM, b"csrf=" + b"%41" * 5000),
    (FORM, b"csrf=x&username=" + b"%CC%95%CC%80" * 1300),
    (FORM, b"grant_type=authorization_code&client_id=x&code=" + b"A" * 15_000),
    (b"content-type: multipart/form-data; boundary=x\r\n", b"--x\r\n" * 12_000),
]
ENROLMENTS = [
    b"[" * 16_000, b'{"a":' * 3000, b'["",' * 4000, b'"' + b'\\"' * 7000, b"1" * 16_000, b"[" + b"[]," * 5000 + b"1]",
    b'"' + b"\\u0041" * 2600 + b'"', json.dumps({f"k{number}": number for number in range(1000)}).encode(),
    json.dumps({"token": "t", "secret": "AAAA", "csr": "-" * 8190, "name": "x"}).encode(),
    json.dumps({"token": "t", "secret": "\u0660" * 60, "csr": "x", "name": "x"}).encode(),
    json.dumps({"token": "t", "secret": "AAAA", "name": "x",
                "csr": "-----BEGIN CERTIFICATE REQUEST-----\n" + "A" * 8000}).encode(),
]


def ask(host: bytes, target: bytes = b"/", fields: bytes = NAVIGATION, body: bytes | None = None) -> bytes:
    """A request of HTTP/1.1; with a body a POST."""
    method, length = (b"GET", b"") if body is None else (b"POST", b"content-length: %d\r\n" % len(body))
    return b"%b %b HTTP/1.1\r\nhost: %b\r\n%b%b\r\n%b" % (method, target, host, fields, length, body or b"")


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame of HTTP/2 (RFC 9113 section 4.1)."""
    return pack(">I", len(payload))[1:] + bytes([kind, flags]) + pack(">I", stream) + payload


def literal(name: bytes, value: bytes, *, kept: bool = False) -> bytes:
    """A field of HPACK that is written out (RFC 7541 section 6.2); `kept`: the next ones may refer to it as `0xBE`."""
    rest = len(value) - 127
    length = bytes([len(value)]) if rest < 0 else bytes([127, rest % 128 | 128, rest // 128])
    return (b"\x40" if kept else b"\x00") + bytes([len(name)]) + name + length + value


def section(host: bytes, fields: bytes = b"", method: bytes = b"\x82") -> bytes:
    """The field section of a request for `/`."""
    return method + b"\x87\x84\x01" + bytes([len(host)]) + host + literal(b"accept", b"text/html") + fields


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"")


@pytest.fixture(scope="module")
def node() -> Iterator[MeasuredNode]:
    """One for all."""
    with measured_node() as made:
        yield made


def _one_by_one() -> Iterator[bytes]:
    for host in HOSTS:
        yield from (ask(host, target) for target in TARGETS)
        for cookies in COOKIES:
            yield from (ask(host, target, NAVIGATION + b"cookie: " + cookies + b"\r\n")
                        for target in (b"/", b"/.appproxy/session", b"/start?r=x", b"/authorize?x=y"))
        for name in FIELDS:
            yield from (ask(host, b"/userinfo" if name == b"authorization" else b"/", name + b": " + value + b"\r\n")
                        for value in VALUES)
        yield ask(host, fields=b"".join(b"x-%d: %b\r\n" % (number, b"v" * 300) for number in range(98)))
        yield ask(host, fields=b"connection: upgrade\r\nupgrade: " + b"a," * (LONG // 2) + b"\r\n")
        for target in POSTS:
            yield from (ask(host, target, fields, body) for fields, body in BODIES)
    preflight = b"origin: https://other.example\r\naccess-control-request-method: PUT\r\naccess-control-request-headers: "
    yield ask(WIKI, b"/api/x", preflight + b"x-a," * 7000 + b"\r\n").replace(b"GET", b"OPTIONS", 1)


def test_one_request_of_http1(node: MeasuredNode) -> None:
    """Whatever its target, fields and body are made of."""
    dear = []
    for data in _one_by_one():
        cost = node.cheapest(node.users, UserConnection, data, WHOLE, LONGEST)
        assert cost.answer.startswith(b"HTTP/1.1 ")
        if cost.whole > WHOLE:
            dear.append((round(cost.whole * 1000, 1), data[:80], data[-20:]))
    assert dear == []


def test_one_enrolment(node: MeasuredNode) -> None:
    """Anybody may ask to enrol a connector; what is no request is refused, and not with a fault of ours."""
    for body in ENROLMENTS:
        data = ask(WIKI, b"/enrol", b"", body)
        cost = node.cheapest(node.control, UserConnection, data, WHOLE, LONGEST)
        assert cost.answer[9:12] in (b"400", b"403", b"502"), cost.answer[:400]
        assert cost.whole <= WHOLE, body[:40]


@pytest.mark.parametrize("host", HOSTS)
def test_many_requests_in_one_read(node: MeasuredNode, host: bytes) -> None:
    """Two thousand requests in one read are answered, and others have their turn between them."""
    for target, fields in ((b"/", b""), (b"/", NAVIGATION), (b"/start", NAVIGATION), (b"/?" + b"%41" * 2000, NAVIGATION)):
        one = ask(host, target, fields)
        cost = node.cheapest(node.users, UserConnection, one * (65_536 // len(one)), 60, LONGEST)
        assert cost.answer.count(b"HTTP/1.1 ") == 65_536 // len(one)
        assert cost.longest <= LONGEST, (target, fields)


@pytest.mark.parametrize("host", HOSTS)
def test_bodies_in_tiny_chunks(node: MeasuredNode, host: bytes) -> None:
    """A read of ten thousand chunks of one byte is no more work than it has to be."""
    head = b"POST / HTTP/1.1\r\nhost: %b\r\ntransfer-encoding: chunked\r\n\r\n" % host
    sixteen = b"10\r\n" + b"a" * 16 + b"\r\n"
    for data in (b"1\r\na\r\n" * 20_000 + b"0\r\n\r\n", b"01\r\na\r\n" * 9_000, b"1;a\r\na\r\n" * 8_000,
                 b"1;\r\na\r\n" * 9_000, (sixteen + b"1\r\na\r\n") * 2_300, (sixteen + b"1\r\na\r\n" * 3) * 1_600,
                 b"0\r\n" + b"a: b\r\n" * 3_000 + b"\r\n"):
        cost = node.cheapest(node.users, UserConnection, head + data, 60, SHORT)
        assert cost.longest <= SHORT, data[:20]


def _frames() -> Iterator[tuple[str, bytes]]:
    for host in HOSTS:
        yield "requests", b"".join(frame(1, 5, 1 + 2 * number, section(host)) for number in range(1000))
        yield "broken", b"".join(
            frame(1, 5, 1 + 2 * number, section(host)) + frame(3, 0, 1 + 2 * number, b"\0\0\0\x08") for number in range(1000))
        first = section(host, literal(b"a", b"b" * 352, kept=True) + b"\xbe" * 80)
        yield "large heads", frame(1, 5, 1, first) + b"".join(
            frame(1, 5, 1 + 2 * number, section(host, b"\xbe" * 80)) for number in range(1, 300))
        first = section(host, literal(b"cookie", b"__Host-appproxy=x;" * 20, kept=True) + b"\xbe" * 80)
        yield "cookies", frame(1, 5, 1, first) + b"".join(
            frame(1, 5, 1 + 2 * number, section(host, b"\xbe" * 80)) for number in range(1, 300))
        many = section(host, literal(b"a", b"b" * 60, kept=True) + b"\xbe" * 900)
        yield "too many fields", frame(1, 5, 1, many) + b"".join(
            frame(1, 5, 1 + 2 * number, section(host, b"\xbe" * 900)) for number in range(1, 68))
        begun = frame(1, 4, 1, section(host, method=b"\x83"))
        yield "a byte in each frame", begun + frame(0, 0, 1, b"a") * 12_000
        yield "padding", begun + frame(0, 8, 1, b"\x05" + b"\0" * 5) * 8_000
        yield "empty frames", begun + frame(0, 0, 1, b"") * 12_000
        yield "trailers", begun + frame(1, 5, 1, literal(b"x", b"y") * 9_000)
    for kind, stream, payload in ((6, 0, b"12345678"), (4, 0, b""), (99, 0, b""), (8, 0, b"\0\0\0\1"), (16, 0, b"\0\0\0\1u=1"),
                                  (2, 1, b"\0\0\0\0\x10")):
        yield f"frames of type {kind}", frame(kind, 0, stream, payload) * 20_000


def test_frames_of_http2(node: MeasuredNode) -> None:
    """Floods of frames, and heads that are a few bytes each and large when they are read."""
    dear = []
    for name, frames in _frames():
        cost = node.cheapest(node.users, H2Connection, PREFACE + frames, 60, SHORT)
        if cost.longest > SHORT:
            dear.append((name, round(cost.longest * 1000, 1), round(cost.whole * 1000, 1)))
    assert dear == []
