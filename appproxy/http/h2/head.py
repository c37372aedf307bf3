"""Heads of HTTP/2 (RFC 9113 section 8) as heads of HTTP/1.1 have it: nothing after this knows which version carried them.

nghttp2 has checked before: the order and number of pseudo-fields, lower-case names, no control characters and no blanks
around values, no fields of a connection, `te` only for trailers. What would be dangerous in an HTTP/1.1 message is checked
here once more, and what it leaves to us: host against `:authority`, the target, the size.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence

from appproxy.errors import Code, RequestError
from appproxy.http.fields import decode_block
from appproxy.http.h1.chunked import NOT_IN_TRAILERS
from appproxy.http.h1.request import COMMON_METHODS, HeadLimits, check_method, encode_raw
from appproxy.http.head import Fields, RepeatedSection, RequestHead
from appproxy.http.host import parse_host
from appproxy.http.lines import TOKEN, parse_length

VERSION = 20

#: Origin-form: a path and a query of visible characters, without a fragment.
_TARGET = re.compile(rb"/[!\"$-~\x80-\xff]*+")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]++")
_VALUE = re.compile(rb"(?:[!-~\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*+(?<![\t ]))?)?")
_PROTOCOL = re.compile(TOKEN + rb"++")
_SCHEMES = (b"https", b"http")
#: RFC 9113 section 8.2.2; `http2-settings` belongs to an upgrade that there is not.
_OF_A_CONNECTION = frozenset(
    [b"connection", b"http2-settings", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"])
#: Fields that are read here; all others are only passed on.
_READ_HERE = frozenset([b"content-length", b"expect", b"host", b"te"]) | _OF_A_CONNECTION
#: What a line of an HTTP/1.1 head has beside name and value: a colon, a blank, CRLF. The same limits mean the same.
_LINE = 4
#: And what a whole one has beside method, target and lines: two blanks and the version, CRLF, and the empty line at its end.
_HEAD = 14
#: About so many bytes a line has, for a head that is refused before its size is known.
_USUAL_LINE = 64
#: The empty line at the end of a trailer section.
_END = 2

#: A field section: what comes after the pseudo-fields.
_Section = tuple[tuple[bytes, bytes], ...]


class HeadReader:
    """Reads the request heads of one connection. `random_bytes` gives random bytes, for the handshake of WebSockets."""

    __slots__ = ("_last", "_limits", "_random_bytes", "size")

    def __init__(self, limits: HeadLimits, random_bytes: Callable[[int], bytes]) -> None:
        #: Bytes of the head that was read last, as HTTP/1.1 has them; of a refused one about so many.
        self.size = 0
        self._limits = limits
        self._random_bytes = random_bytes
        #: Authority and field section of the last head, their size, and what they were read as.
        self._last: tuple[bytes, _Section, int, RequestHead] | None = None

    def read(self, headers: _Section, ended: bool) -> RequestHead:
        """One request. `ended`: it has no body. Raises RequestError with the code to answer."""
        pseudo: dict[bytes, bytes] = {}
        for name, value in headers:
            if name[:1] != b":":
                break
            pseudo[name] = value
        section = headers[len(pseudo):]
        method = pseudo.get(b":method", b"")
        authority = pseudo.get(b":authority", b"")
        target = pseudo.get(b":path", b"")
        protocol = pseudo.get(b":protocol")
        if protocol is not None:
            method = _method_of_tunnel(method, protocol)
        elif method not in COMMON_METHODS:
            check_method(method)
        target = self._read_target(method, target, pseudo.get(b":scheme", b""))
        last = self._last
        if ended and last is not None and last[0] == authority and last[1] == section and protocol is None:
            self._check_size(last[2] + len(method) + len(target))
            known = last[3]
            return RequestHead(method, target, VERSION, known.fields, known.authority, known.host, 0, True, None, False,
                               known.repeated)
        self.size = _USUAL_LINE * len(section)
        fields, read = _gather(section)
        authority = _read_authority(authority, read.get(b"host"))
        fields.insert(0, (b"host", authority))
        if len(fields) > self._limits.fields:
            raise RequestError(Code.HEAD_TOO_LARGE, f"more than {self._limits.fields} fields")
        size = sum([len(name) + len(value) + _LINE for name, value in fields]) + _HEAD
        self._check_size(size + len(method) + len(target))
        head = _read_section(method, target, authority, fields, read, ended)
        if protocol is not None:
            self._open_tunnel(head, protocol)
        elif ended and not head.expects_continue:
            head.repeated = RepeatedSection()
            self._last = pseudo.get(b":authority", b""), section, size, head
        return head

    def _read_target(self, method: bytes, target: bytes, scheme: bytes) -> bytes:
        if _TARGET.fullmatch(target) is None and not (target == b"*" and method == b"OPTIONS"):
            raise RequestError(Code.BAD_REQUEST, "the target is malformed")
        if not target.isascii() and len(target) <= self._limits.target:
            target = encode_raw(target)
        if len(target) > self._limits.target:
            raise RequestError(Code.TARGET_TOO_LONG, f"a target of {len(target)} bytes")
        if scheme not in _SCHEMES:
            raise RequestError(Code.BAD_REQUEST, "the scheme is neither http nor https")
        return target

    def _check_size(self, size: int) -> None:
        self.size = size
        if size > self._limits.head:
            raise RequestError(Code.HEAD_TOO_LARGE, f"a head of {size} bytes")

    def _open_tunnel(self, head: RequestHead, protocol: bytes) -> None:
        """What asks for an upgrade in HTTP/1.1. RFC 8441 has no key for a WebSocket: over HTTP/2 it proves nothing."""
        if head.expects_continue or any(name == b"content-length" for name, _ in head.fields):
            raise RequestError(Code.UPGRADE_WITH_BODY, "an upgrade with a body")
        head.length = 0
        head.upgrade = protocol.lower()
        if head.upgrade == b"websocket":
            head.fields = [field for field in head.fields if field[0] != b"sec-websocket-key"]
            head.fields.append((b"sec-websocket-key", b64encode(self._random_bytes(16))))


def _method_of_tunnel(method: bytes, protocol: bytes) -> bytes:
    """The method that HTTP/1.1 has for an extended CONNECT (RFC 8441): a GET that asks for an upgrade."""
    if method != b"CONNECT" or _PROTOCOL.fullmatch(protocol) is None or protocol.lower() == b"h2c":
        raise RequestError(Code.BAD_REQUEST, ":protocol is malformed")
    return b"GET"


def _read_section(
    method: bytes, target: bytes, authority: bytes, fields: Fields, read: dict[bytes, bytes], ended: bool
) -> RequestHead:
    """A head whose target and size are good."""
    try:
        host = parse_host(authority)
        length = _read_length(read.get(b"content-length"), ended)
    except ValueError as error:
        raise RequestError(Code.BAD_REQUEST, str(error)) from error
    if read.get(b"te", b"trailers").lower() != b"trailers":
        raise RequestError(Code.BAD_REQUEST, "te has more than trailers")
    expects = read.get(b"expect", b"").lower()
    if expects not in (b"", b"100-continue"):
        raise RequestError(Code.EXPECTATION_FAILED, "only 100-continue can be expected")
    expects_continue = bool(expects) and length != 0
    return RequestHead(method, target, VERSION, fields, authority, host, length, True, None, expects_continue)


def _gather(section: _Section) -> tuple[Fields, dict[bytes, bytes]]:
    """The fields without host, cookies joined, and those that are read here."""
    fields: Fields = []
    cookies: list[bytes] = []
    cookies_at = 0
    read: dict[bytes, bytes] = {}
    for name, value in section:
        if name == b"cookie":
            if value:  # a piece without one would be a semicolon too many
                cookies_at = cookies_at if cookies else len(fields)
                cookies.append(value)
            continue
        if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
            raise RequestError(Code.BAD_REQUEST, "a field has a byte that no field may have")
        if name in _READ_HERE:
            if name in read or name in _OF_A_CONNECTION:
                raise RequestError(Code.BAD_REQUEST, f"{name.decode()} twice, or where HTTP/2 has none")
            read[name] = value
            if name == b"host":
                continue
        fields.append((name, value))
    if cookies:  # browsers send them one by one, for the sake of compression (RFC 9113 section 8.2.3)
        cookie = b"; ".join(cookies)
        if _VALUE.fullmatch(cookie) is None:
            raise RequestError(Code.BAD_REQUEST, "a cookie has a byte that no field may have")
        fields.insert(cookies_at, (b"cookie", cookie))
    return fields, read


def _read_authority(authority: bytes, host: bytes | None) -> bytes:
    """The one that all others go by. A host field that says something else would send two readers to two places."""
    if host is not None and authority and host.lower() != authority.lower():
        raise RequestError(Code.BAD_REQUEST, "host and :authority differ")
    return authority or host or b""


def _read_length(value: bytes | None, ended: bool) -> int | None:
    """The size of the body, None for one whose end will tell. Raises ValueError."""
    length = None if value is None else parse_length(value)
    if ended and length:
        raise ValueError("a length, and no body")
    return 0 if ended else length


#: Never sent (RFC 9113 section 8.2.2), nor what only the answer to an HTTP/1.1 handshake says (RFC 8441 section 5).
_NOT_SENT = _OF_A_CONNECTION | {b"sec-websocket-accept"}
_NOT_SENT_START = re.compile(rb"^(?:" + b"|".join(sorted(_NOT_SENT)) + rb"): ", re.MULTILINE)
_LINES = re.compile(rb"(?<![^\n])([^:\n]++): ([^\n]*+)\n")


def answer_headers(status: int, block: bytes) -> list[tuple[bytes, bytes]]:
    """The header list of an answer. `block` is a checked field block."""
    headers = _LINES.findall(block)
    if _NOT_SENT_START.search(block) is not None:
        headers = [field for field in headers if field[0] not in _NOT_SENT]
    headers.insert(0, (b":status", b"%d" % status))
    return headers


def trailer_headers(block: bytes) -> list[tuple[bytes, bytes]]:
    """The header list of trailers. `block` is a checked field block."""
    return [field for field in decode_block(block) if field[0] not in _NOT_SENT]


def request_trailers(headers: Sequence[tuple[bytes, bytes]], limits: HeadLimits) -> Fields:
    """A request's trailers. Raises RequestError for too many or malformed ones."""
    size = sum([len(name) + len(value) + _LINE for name, value in headers]) + _END
    if size > limits.trailers or len(headers) > limits.trailer_lines:
        raise RequestError(Code.HEAD_TOO_LARGE, "trailers are too long")
    for name, value in headers:
        if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
            raise RequestError(Code.BAD_REQUEST, "a trailer has a byte that no field may have")
    return [(name, value) for name, value in headers if name not in NOT_IN_TRAILERS]
