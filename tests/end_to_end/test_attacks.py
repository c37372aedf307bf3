"""Requests that two readers could understand in two ways, over TLS: the application gets each of them once, or not at all.

The oracle is the same for all: the origin stamps its answers with the name of the request that it answered, so as many
requests have reached it as answers of its own have come back, with the same bodies; and it has met nothing malformed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.end_to_end.system import System, shared_system
from tests.end_to_end.wire import Reply, Wire

#: What an attacker wants the application to take for a request of its own.
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: HOST\r\nX-Case: smuggled\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked"
LENGTH = b"Content-Length: 5"


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that is attacked."""
    return shared_system(request, tmp_path_factory)


@dataclass(frozen=True, slots=True)
class Attack:
    """A POST with these field lines and this body, byte by byte; `line` is its request line, `means` what the body says.

    HOST stands for the host with its port, NAME and PORT for its parts.
    """

    name: str
    lines: tuple[bytes, ...] = ()
    body: bytes = b""
    line: bytes = b"POST /attack HTTP/1.1"
    host: bytes = b"Host: HOST"
    end: bytes = b"\r\n"
    means: bytes = b"hello"

    def bytes_to(self, host: str, case: str) -> bytes:
        """What goes over the wire: the attack, and behind it what it would smuggle."""
        lines = [self.line, self.host, b"X-Case: " + case.encode(), *self.lines]
        head = self.end.join(line for line in lines if line) + self.end * 2
        name, _, port = host.encode().partition(b":")
        whole = (head + self.body + SMUGGLED).replace(b"HOST", host.encode())
        return whole.replace(b"NAME", name).replace(b"PORT", port)


def chunks(*parts: bytes) -> bytes:
    """A chunked body out of these parts, exactly as they are."""
    return b"".join(parts)


#: All of these get 400 (or what is told) and the connection closes: nothing behind them can be trusted.
REFUSED = (
    Attack("a length and a coding", (LENGTH, CHUNKED), b"0\r\n\r\n"),
    Attack("a coding and a length", (CHUNKED, LENGTH), b"0\r\n\r\n"),
    Attack("two lengths that differ", (LENGTH, b"Content-Length: 6"), b"hello"),
    Attack("a list of lengths that differ", (b"Content-Length: 5, 6",), b"hello"),
    Attack("two lengths that agree, and a coding", (LENGTH, LENGTH, CHUNKED), b"0\r\n\r\n"),
    Attack("a length with a sign", (b"Content-Length: +5",), b"hello"),
    Attack("a length below zero", (b"Content-Length: -5",), b"hello"),
    Attack("a length in hex", (b"Content-Length: 0x5",), b"hello"),
    Attack("a length with an underscore", (b"Content-Length: 0_5",), b"hello"),
    Attack("a length in other digits", (b"Content-Length: \xd9\xa5",), b"hello"),
    Attack("an empty length", (b"Content-Length:",), b"hello"),
    Attack("a length beyond 2^64", (b"Content-Length: 18446744073709551621",), b"hello"),
    Attack("a length of 2^64 - 1", (b"Content-Length: 18446744073709551615",), b"hello"),
    Attack("a length with a space within", (b"Content-Length: 5 0",), b"hello"),
    Attack("another coding before chunked", (b"Transfer-Encoding: gzip, chunked",), b"0\r\n\r\n"),
    Attack("another coding behind chunked", (b"Transfer-Encoding: chunked, identity",), b"0\r\n\r\n"),
    Attack("identity", (b"Transfer-Encoding: identity", LENGTH), b"hello"),
    Attack("a coding that is nearly chunked", (b"Transfer-Encoding: xchunked",), b"0\r\n\r\n"),
    Attack("a coding in quotes", (b'Transfer-Encoding: "chunked"',), b"0\r\n\r\n"),
    Attack("a coding behind a vertical tab", (b"Transfer-Encoding: \x0bchunked",), b"0\r\n\r\n"),
    Attack("chunked with a parameter", (b"Transfer-Encoding: chunked;a=b",), b"0\r\n\r\n"),
    Attack("chunked twice", (CHUNKED, CHUNKED), b"0\r\n\r\n"),
    Attack("an empty coding", (b"Transfer-Encoding:", LENGTH), b"hello"),
    Attack("a coding in HTTP/1.0", (CHUNKED,), b"0\r\n\r\n", b"POST /attack HTTP/1.0"),
    Attack("a space before the colon", (b"Transfer-Encoding : chunked", LENGTH), b"hello"),
    Attack("a tab before the colon", (b"Content-Length\t: 5",), b"hello"),
    Attack("a space before the name", (b"X-One: 1", b" Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    Attack("a folded line", (b"X-Folded: one", b"\ttwo", LENGTH), b"hello"),
    Attack("a line without a colon", (b"nothing here", LENGTH), b"hello"),
    Attack("an empty name", (b": value", LENGTH), b"hello"),
    Attack("a name with a control character", (b"Transfer-Encoding\x01: chunked",), b"0\r\n\r\n"),
    Attack("a NUL in a value", (b"X-Nul: a\x00b", LENGTH), b"hello"),
    Attack("a bare CR in a value", (b"X-Return: a\rContent-Length: 0", LENGTH), b"hello"),
    Attack("a bare LF in a value", (b"X-Feed: a\nTransfer-Encoding: chunked", LENGTH), b"hello"),
    Attack("lines that end in LF alone", (LENGTH,), b"hello", end=b"\n"),
    Attack("two hosts", (b"Host: dead.appproxy.localhost", LENGTH), b"hello"),
    Attack("the same host twice", (b"Host: HOST", LENGTH), b"hello"),
    Attack("no host", (LENGTH,), b"hello", host=b""),
    Attack("an empty host", (LENGTH,), b"hello", host=b"Host:"),
    Attack("a host with a path", (LENGTH,), b"hello", host=b"Host: HOST/admin"),
    Attack("a host with a user", (LENGTH,), b"hello", host=b"Host: me@HOST"),
    Attack("a list of hosts", (LENGTH,), b"hello", host=b"Host: HOST, other.example"),
    Attack("a host with a space", (LENGTH,), b"hello", host=b"Host: HOST other"),
    Attack("the address of another host", (LENGTH,), b"hello", b"POST http://other.example/attack HTTP/1.1"),
    Attack("an address with a user", (LENGTH,), b"hello", b"POST https://me@HOST/attack HTTP/1.1"),
    Attack("an address of another kind", (LENGTH,), b"hello", b"POST ftp://HOST/attack HTTP/1.1"),
    Attack("a target without a slash", (LENGTH,), b"hello", b"POST attack HTTP/1.1"),
    Attack("a target of @", (LENGTH,), b"hello", b"POST @other.example/ HTTP/1.1"),
    Attack("an asterisk with POST", (LENGTH,), b"hello", b"POST * HTTP/1.1"),
    Attack("a fragment", (LENGTH,), b"hello", b"POST /attack#here HTTP/1.1"),
    Attack("two spaces in the request line", (LENGTH,), b"hello", b"POST  /attack HTTP/1.1"),
    Attack("a space in the target", (LENGTH,), b"hello", b"POST /att ack HTTP/1.1"),
    Attack("a tab in the request line", (LENGTH,), b"hello", b"POST\t/attack HTTP/1.1"),
    Attack("a CR in the target", (LENGTH,), b"hello", b"POST /att\rack HTTP/1.1"),
    Attack("a NUL in the target", (LENGTH,), b"hello", b"POST /att\x00ack HTTP/1.1"),
    Attack("HTTP/0.9", (LENGTH,), b"hello", b"POST /attack"),
    Attack("HTTP/1.2", (LENGTH,), b"hello", b"POST /attack HTTP/1.2"),
    Attack("HTTP/2.0", (LENGTH,), b"hello", b"POST /attack HTTP/2.0"),
    Attack("http/1.1 in small letters", (LENGTH,), b"hello", b"POST /attack http/1.1"),
    Attack("a method that is too long", (LENGTH,), b"hello", b"S" * 33 + b" /attack HTTP/1.1"),
    Attack("a method that is no token", (LENGTH,), b"hello", b"POST/1 /attack HTTP/1.1"),
    Attack("trace in small letters", (), b"", b"trace /attack HTTP/1.1"),
    Attack("a port where nothing is published", (LENGTH,), b"hello", host=b"Host: NAME:1"),
    Attack("CONNECT", (), b"", b"CONNECT HOST HTTP/1.1"),
    Attack("TRACE", (), b"", b"TRACE /attack HTTP/1.1"),
    Attack("an upgrade with a length and a coding", (b"Connection: Upgrade", b"Upgrade: websocket", LENGTH, CHUNKED),
           b"0\r\n\r\n"),
    Attack("another expectation", (b"Expect: a miracle", LENGTH), b"hello"),
    Attack("more than 100 fields", tuple(b"X-Many-%d: 1" % number for number in range(101))),
    Attack("a head of 40 kB", (b"X-Large: " + b"x" * 40_000,)),
    Attack("a target of 9 kB", (), b"", b"GET /" + b"x" * 9_000 + b" HTTP/1.1"),
)

#: The head is fine, so the application may see the request begin; what it may never see is an end of it.
BROKEN_BODIES = (
    Attack("a chunk size with a sign", (CHUNKED,), chunks(b"+5\r\nhello\r\n", b"0\r\n\r\n")),
    Attack("a chunk size with 0x", (CHUNKED,), chunks(b"0x5\r\nhello\r\n", b"0\r\n\r\n")),
    Attack("a chunk size with a space before", (CHUNKED,), chunks(b" 5\r\nhello\r\n", b"0\r\n\r\n")),
    Attack("a chunk size with an underscore", (CHUNKED,), chunks(b"0_5\r\nhello\r\n", b"0\r\n\r\n")),
    Attack("a chunk size of 2^64", (CHUNKED,), chunks(b"10000000000000000\r\nhello\r\n", b"0\r\n\r\n")),
    Attack("an empty chunk size", (CHUNKED,), chunks(b"\r\nhello\r\n", b"0\r\n\r\n")),
    Attack("a chunk size of letters", (CHUNKED,), chunks(b"five\r\nhello\r\n", b"0\r\n\r\n")),
    Attack("a chunk size that ends in LF", (CHUNKED,), chunks(b"5\nhello\r\n", b"0\r\n\r\n")),
    Attack("a chunk size that ends in CR", (CHUNKED,), chunks(b"5\rXhello\r\n", b"0\r\n\r\n")),
    Attack("a chunk that ends in LF", (CHUNKED,), chunks(b"5\r\nhello\n", b"0\r\n\r\n")),
    Attack("a chunk that is too long", (CHUNKED,), chunks(b"5\r\nhello world\r\n", b"0\r\n\r\n")),
    Attack("a chunk that is too short", (CHUNKED,), chunks(b"5\r\nhel\r\n", b"0\r\n\r\n")),
    Attack("an extension with LF", (CHUNKED,), chunks(b"5;a=\nb\r\nhello\r\n", b"0\r\n\r\n")),
    Attack("a trailer with a space before the colon", (CHUNKED,), chunks(b"0\r\nX-Trailer : 1\r\n\r\n")),
    Attack("a trailer that ends in LF", (CHUNKED,), chunks(b"0\r\nX-Trailer: 1\n\r\n")),
    Attack("a trailer without a colon", (CHUNKED,), chunks(b"0\r\nGET /smuggled HTTP/1.1\r\n\r\n")),
    Attack("trailers of 20 kB", (CHUNKED,), chunks(b"0\r\nX-Large: " + b"x" * 20_000 + b"\r\n\r\n")),
)

#: These are proper, if rare: they are answered, and then what follows them is.
ACCEPTED = (
    Attack("no body", (b"Content-Length: 0",), means=b""),
    Attack("a length with zeros", (b"Content-Length: 0005",), b"hello"),
    Attack("a body that looks like a request", (b"Content-Length: %d" % len(b"GET /x HTTP/1.1\r\n\r\n"),),
           b"GET /x HTTP/1.1\r\n\r\n", means=b"GET /x HTTP/1.1\r\n\r\n"),
    Attack("chunks", (CHUNKED,), chunks(b"5\r\nhello\r\n", b"6;ext=1\r\n world\r\n", b"0\r\n\r\n"),
           means=b"hello world"),
    Attack("CHUNKED", (b"Transfer-Encoding: CHUNKED",), chunks(b"5\r\nhello\r\n", b"0\r\n\r\n")),
    Attack("a trailer of framing", (CHUNKED,), chunks(b"0\r\nContent-Length: 70\r\nTransfer-Encoding: chunked\r\n\r\n"),
           means=b""),
    Attack("a trailer of routing", (CHUNKED,), chunks(b"0\r\nHost: other.example\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"),
           means=b""),
    Attack("the address of this host", (LENGTH,), b"hello", b"POST https://HOST/attack HTTP/1.1"),
    Attack("an empty line before it", (LENGTH,), b"hello", b"\r\nPOST /attack HTTP/1.1"),
    Attack("a length that Connection names", (b"Connection: content-length", LENGTH), b"hello"),
    Attack("a coding that Connection names", (b"Connection: transfer-encoding", CHUNKED), b"5\r\nhello\r\n0\r\n\r\n"),
    Attack("a host that Connection names", (b"Connection: host", LENGTH), b"hello"),
    Attack("an upgrade to HTTP/2", (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
           b"", b"GET /attack HTTP/1.1", means=b""),
    Attack("the same length twice", (LENGTH, LENGTH), b"hello"),
    Attack("a list of the same length", (b"Content-Length: 5, 5",), b"hello"),
    Attack("a chunk size with blanks behind it", (CHUNKED,), chunks(b"5  \r\nhello\r\n", b"0\t\r\n\r\n")),
    Attack("a method that few know", (LENGTH,), b"hello", b"RPC_IN_DATA /attack HTTP/1.1"),
    Attack("a method in small letters", (LENGTH,), b"hello", b"post /attack HTTP/1.1"),
    Attack("bytes beyond ASCII in the target", (LENGTH,), b"hello", b"POST /att\xe4ck HTTP/1.1"),
    Attack("a host with an empty port", (LENGTH,), b"hello", host=b"Host: NAME:"),
    Attack("a host with a last dot", (LENGTH,), b"hello", host=b"Host: NAME.:PORT"),
    Attack("an upgrade with a length", (b"Connection: Upgrade", b"Upgrade: websocket", LENGTH), b"hello"),
    Attack("an upgrade with a length of 0", (b"Connection: Upgrade", b"Upgrade: websocket", b"Content-Length: 0"), means=b""),
    Attack("an upgrade with a coding", (b"Connection: Upgrade", b"Upgrade: websocket", CHUNKED), b"5\r\nhello\r\n0\r\n\r\n"),
    Attack("an upgrade that nobody wants, with a length", (b"Connection: Upgrade", b"Upgrade: foo/1", LENGTH), b"hello"),
    Attack("an upgrade to HTTP/2 with a body", (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c",
                                                b"HTTP2-Settings: AAMAAABk", LENGTH), b"hello"),
    Attack("lengths by other names", (b"Content_Length: 70", b"X-Content-Length: 70", b"Transfer_Encoding: chunked", LENGTH),
           b"hello"),
)  # fmt: skip


def attack(system: System, what: Attack) -> tuple[str, list[Reply]]:
    """Do it; gives the name of the request, and all answers until the service closes or has answered two."""
    case = re.sub("[^a-z0-9]+", "-", what.name.lower())
    before = len(system.origin.broken), len(system.origin.about("smuggled"))
    with Wire(system, "raw") as wire:
        wire.send(what.bytes_to(wire.host, case))
        replies = [wire.reply()]
        if replies[0].status == 200:
            replies.append(wire.reply())
        else:
            replies += wire.replies()
    assert len(system.origin.broken) == before[0], system.origin.broken
    smuggled = len(system.origin.about("smuggled")) - before[1]
    assert smuggled == sum(reply.answers == "smuggled" for reply in replies)
    return case, replies


@pytest.mark.parametrize("what", REFUSED, ids=lambda what: what.name)
def test_ambiguous_requests_are_refused(system: System, what: Attack) -> None:
    """A request that could be read in two ways gets an error of ours and the end of its connection, and goes nowhere."""
    case, replies = attack(system, what)
    assert len(replies) == 1
    assert replies[0].status in (400, 404, 405, 414, 417, 431, 501, 505)
    assert replies[0].answers is None
    assert system.origin.about(case) == []


@pytest.mark.parametrize("what", BROKEN_BODIES, ids=lambda what: what.name)
def test_broken_chunks_never_look_complete(system: System, what: Attack) -> None:
    """A body whose chunks are malformed ends the connection; the application never takes it for complete."""
    case, replies = attack(system, what)
    assert [reply.status for reply in replies] in ([400], [431])
    assert not any(seen.whole for seen in system.origin.about(case))


@pytest.mark.parametrize("what", ACCEPTED, ids=lambda what: what.name)
def test_rare_but_proper_requests_pass(system: System, what: Attack) -> None:
    """What is unusual but has one meaning only reaches the application once, and so does the request behind it."""
    case, replies = attack(system, what)
    assert [(reply.status, reply.answers) for reply in replies] == [(200, case), (200, "smuggled")]
    (seen,) = system.origin.about(case)
    assert seen.whole
    assert seen.body == replies[0].body == what.means
    assert seen.trailers == []


def one_byte(system: System, case: str, template: bytes) -> list[Reply]:
    """One request, alone on its connection; HOST and CASE are filled in."""
    with Wire(system, "raw") as wire:
        wire.send(template.replace(b"HOST", wire.host.encode()).replace(b"CASE", case.encode()))
        return wire.replies()


def test_every_byte_in_a_value_arrives_or_is_refused(system: System) -> None:
    """Whatever byte stands within a field's value, the application gets the very same value, or the user gets 400."""
    for number in range(256):
        case, value = f"value-{number}", b"a" + bytes([number]) + b"b"
        lines = b"Host: HOST\r\nX-Case: CASE\r\nConnection: close\r\nX-Byte: " + value
        (reply,) = one_byte(system, case, b"GET /byte HTTP/1.1\r\n" + lines + b"\r\n\r\n")
        seen = system.origin.about(case)
        if number == 9 or 32 <= number != 127:
            assert (reply.status, reply.answers) == (200, case), number
            assert [one.values("x-byte") for one in seen] == [[value]], number
        else:
            assert (reply.status, seen) == (400, []), number


def test_every_byte_in_a_name_arrives_or_is_refused(system: System) -> None:
    """Whatever byte stands within a field's name: the same name arrives, or the user gets 400."""
    token = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    for number in range(256):
        if number == ord(":"):
            continue  # the name ends there
        case, name = f"name-{number}", b"X-a" + bytes([number]) + b"b"
        lines = b"Host: HOST\r\nX-Case: CASE\r\nConnection: close\r\n" + name + b": 1"
        (reply,) = one_byte(system, case, b"GET /byte HTTP/1.1\r\n" + lines + b"\r\n\r\n")
        seen = system.origin.about(case)
        if number in token:
            assert (reply.status, [one.values(name.decode()) for one in seen]) == (200, [[b"1"]]), number
        else:
            assert (reply.status, seen) == (400, []), number


def test_every_byte_in_a_target_arrives_or_is_refused(system: System) -> None:
    """Whatever byte stands within path or query, the application gets the very same target, or the user gets 400.

    Bytes beyond ASCII, which no URI has, arrive percent-encoded.
    """
    for template in (b"/path-%b-", b"/path?query-%b-", b"/path-%%%02X-"):
        for number in range(256):
            target = template % (number if b"X" in template else bytes([number]))
            case = f"target-{template.decode()}-{number}".replace("%", "")
            lines = b"Host: HOST\r\nX-Case: CASE\r\nConnection: close"
            (reply,) = one_byte(system, case, b"GET " + target + b" HTTP/1.1\r\n" + lines + b"\r\n\r\n")
            seen = system.origin.about(case)
            assert reply.status in (200, 400, 501), target
            same = target if target.isascii() else template % (b"%%%02X" % number)
            assert [one.target for one in seen] == ([same] if reply.status == 200 else []), target
            printable = 33 <= number != 127 and chr(number) not in "#"
            assert reply.status == 200 or b"X" in template or not printable, target
