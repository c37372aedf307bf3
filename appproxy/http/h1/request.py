"""One request head, from bytes to a checked `RequestHead`: all that httptools lets pass and a proxy must not.

httptools reads the field lines (strictly, and faster than Python could). It also accepts two Host lines or none, a
transfer coding in 1.0 and lengths of 2^64, so these rules are ours. So is the whole request line, which it never sees: it
knows a fixed list of methods, where RFC 9110 section 9.1 allows any token.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

import httptools

from appproxy.errors import Code, RequestError
from appproxy.http.head import Fields, RequestHead
from appproxy.http.host import parse_host
from appproxy.http.lines import TOKEN, is_chunked, members, parse_head, parse_length

_REQUEST_LINE = re.compile(rb"(" + TOKEN + rb"++) ([!-~\x80-\xff]++) HTTP/([0-9])\.([0-9])\r\n")
#: What httptools gets in place of the request line.
_LINE_FOR_PARSER = b"GET / HTTP/1.1"
_ABSOLUTE = re.compile(rb"https?://([^/?#]*+)([^#]*+)", re.IGNORECASE)

#: Members of Connection or Upgrade: browsers send two. Each of Connection costs a look at every field.
_OPTIONS_LIMIT = 32

#: The longest method that the tunnel carries; the longest registered one has 17 characters.
LONGEST_METHOD = 32
#: CONNECT would make a tunnel, and TRACE would show the user's scripts all that we and the browser add to a request (fields of
#: identity, HttpOnly cookies). In any case of letters: methods are case-sensitive, but not every application knows that.
_NOT_ALLOWED = frozenset([b"CONNECT", b"TRACE"])
#: What browsers send, which needs no closer look.
COMMON_METHODS = frozenset([b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"])
_METHOD = re.compile(TOKEN + rb"{1,%d}+" % LONGEST_METHOD)
#: Bytes that a URI cannot have (RFC 3986 section 2), and that programs send all the same: what they are written as.
_RAW = {byte: f"%{byte:02X}" for byte in range(0x80, 0x100)}
_LENGTHS = re.compile(rb"\r\ncontent-length:([\t 0-9,]*+)(?=\r\n)", re.IGNORECASE)

#: Fields that this module reads; all others are only passed on.
_READ_HERE = frozenset([b"host", b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"expect"])


@dataclass(frozen=True, slots=True)
class HeadLimits:
    """How much one message may have beside its body, in bytes and lines."""

    #: What common servers take (Apache 8 KiB a line, nginx 32 KiB in all), and room for cookies.
    head: int = 32768
    fields: int = 100
    #: The longest address that common servers and browsers take.
    target: int = 8192
    trailers: int = 8192
    trailer_lines: int = 32


def parse_request(head: bytes, limits: HeadLimits) -> RequestHead:
    """Read one complete head, its closing empty line included. Raises RequestError with the code to answer."""
    method, target, version = read_request_line(head, limits)
    if head.count(b"\r\n") - 2 > limits.fields:
        raise RequestError(Code.HEAD_TOO_LARGE, f"more than {limits.fields} fields")
    fields = _parse_fields(head[head.find(b"\r\n"):])
    read = _gather(fields)
    authority = read.get(b"host", b"")
    try:
        host = parse_host(authority)
    except ValueError as error:
        raise RequestError(Code.BAD_REQUEST, str(error)) from error
    if target[:1] != b"/":
        target = _rewrite_target(method, target, authority)
    elif b"#" in target:
        raise RequestError(Code.BAD_REQUEST, "a fragment in the target")
    if len(read) == 1 or len(read) == 2 and read.get(b"connection") == b"keep-alive":  # what browsers send
        keep_alive = version == 11 or len(read) == 2
        return RequestHead(method, target, version, fields, authority, host, 0, keep_alive, None, False)
    length = _read_length(read, version)
    options = _read_options(read.get(b"connection", b""))
    keep_alive = b"close" not in options and (version == 11 or b"keep-alive" in options)
    upgrade = _read_upgrade(read, version, options)
    expects = _read_expectation(read, version) and length != 0
    return RequestHead(method, target, version, fields, authority, host, length, keep_alive, upgrade, expects)


def read_request_line(head: bytes, limits: HeadLimits) -> tuple[bytes, bytes, int]:
    """Method, target as sent, version as 10 or 11, of a head whose first line at least is complete."""
    line = _REQUEST_LINE.match(head)
    if line is None:
        raise RequestError(Code.BAD_REQUEST, "the request line is malformed")
    method, target, major, minor = line.groups()
    if major != b"1" or minor not in b"01":
        raise RequestError(Code.VERSION_NOT_SUPPORTED, f"HTTP/{major.decode()}.{minor.decode()}")
    if method not in COMMON_METHODS:
        check_method(method)
    if not target.isascii() and len(target) <= limits.target:
        target = encode_raw(target)
    if len(target) > limits.target:
        raise RequestError(Code.TARGET_TOO_LONG, f"a target of {len(target)} bytes")
    return method, target, 11 if minor == b"1" else 10


def check_method(method: bytes) -> None:
    """Check the method of a request, in any version of HTTP.

    Raises RequestError: METHOD_NOT_ALLOWED for CONNECT and TRACE, METHOD_UNKNOWN for what is no token (RFC 9110 section 9.1)
    of at most `LONGEST_METHOD` characters.
    """
    if method.upper() in _NOT_ALLOWED:
        raise RequestError(Code.METHOD_NOT_ALLOWED, method.decode())
    if _METHOD.fullmatch(method) is None:
        shown = method[:40].decode("latin-1")
        raise RequestError(Code.METHOD_UNKNOWN, f"{shown!r}: a token of at most {LONGEST_METHOD} characters is needed")


def encode_raw(target: bytes) -> bytes:
    """A target with its bytes beyond ASCII percent-encoded, which every reader takes for the same (RFC 3986 section 2.1)."""
    return target.decode("latin-1").translate(_RAW).encode("ascii")


def _parse_fields(section: bytes) -> Fields:
    """The fields of a head without its request line. Raises RequestError(BAD_REQUEST)."""
    try:
        return parse_head(httptools.HttpRequestParser, _LINE_FOR_PARSER + section)
    except ValueError as error:
        once = _with_one_length(section)
        if once is section:
            raise RequestError(Code.BAD_REQUEST, str(error)) from error
        return _parse_fields(once)


def _with_one_length(section: bytes) -> bytes:
    """A section that httptools refuses, with a length that it says several times said once (RFC 9110 section 8.6).

    nginx and HAProxy take these, too. The very section where nothing is said twice, or different things are.
    """
    first = _LENGTHS.search(section)
    if first is None or b"," not in first[1] and _LENGTHS.search(section, first.end()) is None:
        return section
    said: set[bytes] = {one.strip(b"\t ") for value in _LENGTHS.findall(section) for one in value.split(b",")}
    if len(said) != 1:
        return section
    start, end = first.span()
    return section[:start] + b"\r\ncontent-length: " + said.pop() + _LENGTHS.sub(b"", section[end:])


def _gather(fields: Fields) -> dict[bytes, bytes]:
    """The fields that are read here. Several lines of one name are joined by commas, which is the same for a list field
    (RFC 9110 section 5.3), and is refused in a Host or a length.
    """
    read: dict[bytes, bytes] = {}
    for name, value in fields:
        if name in _READ_HERE:
            read[name] = read[name] + b"," + value if name in read else value
    return read


def _rewrite_target(method: bytes, target: bytes, authority: bytes) -> bytes:
    """Origin-form of a target that does not begin with a slash (RFC 9112 section 3.2)."""
    if target == b"*":
        if method != b"OPTIONS":
            raise RequestError(Code.BAD_REQUEST, "only OPTIONS may ask for *")
        return target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None or absolute[1].lower() != authority.lower():
        raise RequestError(Code.BAD_REQUEST, "the target is not of this host")
    path = absolute[2]
    if not path and method == b"OPTIONS":
        return b"*"
    return path if path[:1] == b"/" else b"/" + path


def _read_length(read: dict[bytes, bytes], version: int) -> int | None:
    """The size of the body, 0 for none, None for a chunked one (RFC 9112 section 6.3)."""
    try:
        if is_chunked(read, version):
            return None
        return parse_length(read[b"content-length"]) if b"content-length" in read else 0
    except ValueError as error:
        raise RequestError(Code.BAD_REQUEST, str(error)) from error


def _read_options(connection: bytes) -> list[bytes]:
    """The members of Connection in lower case."""
    if connection.count(b",") > _OPTIONS_LIMIT:
        raise RequestError(Code.BAD_REQUEST, "too many members of Connection")
    return members(connection)


def _read_upgrade(read: dict[bytes, bytes], version: int, options: list[bytes]) -> bytes | None:
    """What the connection is to be upgraded to, in lower case, or None.

    HTTP/1.0 has no upgrade (RFC 9110 section 7.8), and who offers more protocols than there are is taken to offer none. `h2c`
    is never forwarded: the two ends would speak HTTP/2 past us. A body comes before the upgrade, framed like any other (the
    same section): what follows it is the new protocol's.
    """
    said = read.get(b"upgrade")
    if version == 10 or said is None or b"upgrade" not in options or said.count(b",") > _OPTIONS_LIMIT:
        return None
    offered = [member for member in members(said) if member and member.partition(b"/")[0] != b"h2c"]
    return b",".join(offered) or None


def choose_upgrade(offered: bytes, allowed: Container[str]) -> bytes | None:
    """The first of the protocols that a user offers which the application may switch to; None: the offer is left out.

    RFC 9110 section 7.8: who does not want to switch goes on as if the offer was not there.
    """
    return next((one for one in offered.split(b",") if one.decode("latin-1") in allowed), None)


def _read_expectation(read: dict[bytes, bytes], version: int) -> bool:
    """Does the user wait for `100 Continue`? HTTP/1.0 does not know it (RFC 9110 section 10.1.1)."""
    if b"expect" not in read:
        return False
    if read[b"expect"].lower() != b"100-continue":
        raise RequestError(Code.EXPECTATION_FAILED, "only 100-continue can be expected")
    return version == 11
