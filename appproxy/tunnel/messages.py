"""What the heads of frames say: requests, answers and codes. Heads that are JSON are in `json_heads`.

A head is text: one or two short lines of our own, then the HTTP field lines, ordered, LF-ended. Both ends refuse CR,
NUL, other control characters and bad names, so nothing that goes through the tunnel can add a line of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.regex import compiled
from appproxy.status import Status
from appproxy.tunnel.frames import Flag, Kind
from appproxy.tunnel.json_heads.handshake import (
    Attach,
    Goodbye,
    Hello,
    Load,
    Welcome,
    decode_attach,
    decode_configuration,
    decode_error,
    decode_hello,
    decode_load,
    decode_welcome,
    encode_attach,
    encode_configuration,
    encode_error,
    encode_hello,
    encode_load,
    encode_welcome,
)
from appproxy.tunnel.json_heads.json_head import printable
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.retry import IDEMPOTENT

__all__ = [
    "INLINE_BODY",
    "Attach",
    "Goodbye",
    "Hello",
    "Load",
    "Request",
    "Welcome",
    "check_body",
    "check_finality",
    "check_trailers",
    "decode_attach",
    "decode_code",
    "decode_configuration",
    "decode_error",
    "decode_hello",
    "decode_load",
    "decode_request",
    "decode_response",
    "decode_welcome",
    "encode_attach",
    "encode_code",
    "encode_configuration",
    "encode_error",
    "encode_hello",
    "encode_load",
    "encode_request",
    "encode_response",
    "encode_welcome",
    "request_flags",
]

# RFC 9110 section 5.6.2 in lower case, and section 5.5 with obs-text; the loops are possessive, so time is linear.
_LINE = rb"[!#$%&'*+.^_`|~0-9a-z-]++: [\t\x20-\x7e\x80-\xff]*+\n"
_BLOCK = rb"(?:" + _LINE + rb"){0,%d}+" % DEFAULT_LIMITS.field_lines
_REQUEST_LINES = (
    rb"([A-Za-z0-9_.-]{1,64}) "  # application
    rb"([0-9]{1,15}) "  # configuration
    rb"([!#$%%&'*+.^_`|~0-9A-Za-z-]{1,32}) "  # method
    rb"([!-~\x80-\xff]{1,%d}+) "  # target
    rb"([!-~]{1,300}+) "  # authority: a host name of 253, a port, and room
    rb"([0-9A-Za-z.:%%_-]{1,64}+) "  # client
    rb"(https?) "  # scheme
    rb"([0-9A-Za-z_-]{1,64}+) "  # correlation
    rb"([0-9]{1,6}\.[0-9]{3}) "  # timeout
    rb"(-|[0-9]{1,16}+) "  # length
    rb"([!-~]{1,128}+) "  # upgrade
    rb"(-|[0-9A-Za-z_-]{16,22}+) "  # share
    rb"(-|[0-9A-Za-z_-]{16,22}+)\n"  # owner
    rb"([\x20-\x7e\x80-\xff]{4,%d}+)\n"  # user
) % (DEFAULT_LIMITS.target, DEFAULT_LIMITS.user)

# Two matches are faster than one with a group around the block.
_own_lines = compiled(_REQUEST_LINES).fullmatch
_leading_lines = compiled(_REQUEST_LINES).match
_block = compiled(_BLOCK).fullmatch
_trailers = compiled(rb"(?:" + _LINE + rb"){0,%d}+" % DEFAULT_LIMITS.trailer_lines).fullmatch
_code = compiled(rb"([0-9]{1,5})(?: ([^\x00-\x1f\x7f]{0,200}))?").fullmatch
_KNOWN_CODES = {int(code): code for code in Code}
_STATUS_LINES = {status: b"%d\n" % status for status in range(100, 1000)}
_phrased = compiled(rb"([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]{0,%d}+)\n" % DEFAULT_LIMITS.reason).match
_STATUSES = {line: status for status, line in _STATUS_LINES.items()}
_HEAD = DEFAULT_LIMITS.head
#: The capability of a connector that takes small bodies in the REQ itself.
INLINE_BODY = "inline_body"
#: A body of more bytes is worth a round trip to the application before it is sent.
ASKED_SIZE = 1 << 20


@dataclass(slots=True)
class Request:
    """REQ: one user's request. Not frozen: made once a request at each end, on the hot path.

    `configuration` is the version in which `application` was found. `authority` is the Host that the user typed,
    `client` the user's address, `scheme` http or https, `correlation` the id shown on error pages, `timeout` the
    back-end timeout in seconds (milliseconds survive). `length` is the body's size, 0 for no body, None for an unknown
    size. `upgrade` is the Upgrade field. `share` names whom fair shares are counted for, `owner` whom a connection that the
    application authenticates may belong to: tokens to be compared, and no more; b"-" is nobody. `user` is one line of JSON,
    `null` for nobody. `block` holds the field lines exactly as the application is to see them. `body` is all of the body where
    that came in the REQ's tail.
    """

    application: str
    configuration: int
    method: bytes
    target: bytes
    authority: bytes
    client: str
    scheme: str
    correlation: str
    timeout: float
    length: int | None
    upgrade: bytes | None
    user: bytes
    block: bytes
    share: bytes = b"-"
    owner: bytes = b"-"
    body: bytes = b""


def encode_request(r: Request) -> bytes:
    """The head of a REQ. Raises LocalProtocolError: HEAD_TOO_LARGE or TARGET_TOO_LONG for too much, PROTOCOL for a
    token or line that the tunnel refuses.
    """
    lines = b"%b %d %b %b %b %b %b %b %.3f %b %b %b %b\n%b\n" % (
        r.application.encode("ascii", "replace"),
        r.configuration,
        r.method,
        r.target,
        r.authority,
        r.client.encode("ascii", "replace"),
        r.scheme.encode("ascii", "replace"),
        r.correlation.encode("ascii", "replace"),
        r.timeout,
        b"-" if r.length is None else b"%d" % r.length,
        b"-" if r.upgrade is None else r.upgrade.replace(b" ", b""),
        r.share,
        r.owner,
        r.user,
    )
    block = r.block
    if _own_lines(lines) is None or _block(block) is None or len(block) > _HEAD or r.upgrade == b"-":
        raise _request_fault(r, lines)
    head = lines + block
    if len(head) > DEFAULT_LIMITS.request_head:
        raise LocalProtocolError(f"a request head of {len(head)} bytes", Code.HEAD_TOO_LARGE)
    return head


def _request_fault(r: Request, lines: bytes) -> LocalProtocolError:
    """Why a request cannot be written."""
    if len(r.target) > DEFAULT_LIMITS.target:
        return LocalProtocolError(f"a target of {len(r.target)} bytes", Code.TARGET_TOO_LONG)
    if len(r.block) > _HEAD or r.block.count(b"\n") > DEFAULT_LIMITS.field_lines:
        return LocalProtocolError(f"{len(r.block)} bytes of field lines", Code.HEAD_TOO_LARGE)
    if _own_lines(lines) is None or r.upgrade == b"-":
        return LocalProtocolError("a token of the request cannot be written")
    return LocalProtocolError("a field line of the request cannot be written")


def decode_request(head: bytes) -> Request:
    """Read the head of a REQ. Raises RemoteProtocolError for anything that `encode_request` would not write."""
    match = _leading_lines(head)
    if match is None:
        raise RemoteProtocolError("the lines of a REQ are malformed")
    (application, configuration, method, target, authority, client, scheme, correlation, timeout, length, upgrade,
     share, owner, user) = match.groups()
    block = head[match.end() :]
    if _block(block) is None:
        raise RemoteProtocolError("the field lines of a REQ are malformed")
    if len(block) > _HEAD:
        raise RemoteProtocolError(f"a REQ with {len(block)} bytes of field lines", Code.TOO_LARGE)
    return Request(
        application.decode(),
        int(configuration),
        method,
        target,
        authority,
        client.decode(),
        scheme.decode(),
        correlation.decode(),
        float(timeout),
        None if length == b"-" else int(length),
        None if upgrade == b"-" else upgrade,
        user,
        block,
        share,
        owner,
    )


def check_body(flags: int, length: int | None, body: bytes) -> None:
    """Check the tail of a received REQ: without the flag BODY it is all of the body. Raises RemoteProtocolError."""
    if flags & _F_BODY:
        if body:
            raise RemoteProtocolError("a REQ with a body that is still to be asked for")
    elif length != len(body):
        raise RemoteProtocolError(f"a REQ with {len(body)} bytes of a body of {length}")
    elif len(body) > DEFAULT_LIMITS.inline_body:
        raise RemoteProtocolError(f"a REQ with {len(body)} bytes of body", Code.TOO_LARGE)


def request_flags(r: Request, *, strict: bool = False, ask: bool = False) -> int:
    """The flags of the REQ that carries `r`, its body apart. `ask`: the application is asked before a large one is sent."""
    flags = 0
    if r.length is None:
        flags = _F_BODY
    elif r.length:
        flags = _F_BODY | _F_LENGTH
    if r.upgrade is not None:
        flags |= _F_UPGRADE
    if r.method in IDEMPOTENT:
        flags |= _F_IDEMPOTENT
    if r.method == b"HEAD":
        flags |= _F_HEAD
    if ask and (r.length is None or r.length > ASKED_SIZE) and r.upgrade is None:
        flags |= _F_ASK
    return flags | _F_STRICT if strict else flags


# Looking up an enum's member costs as much as the rest of a line.
_F_BODY, _F_LENGTH, _F_UPGRADE = int(Flag.BODY), int(Flag.LENGTH), int(Flag.UPGRADE)
_F_HEAD, _F_IDEMPOTENT, _F_STRICT = int(Flag.HEAD), int(Flag.IDEMPOTENT), int(Flag.STRICT)
_F_ASK = int(Flag.ASK)


def encode_response(status: int, block: bytes) -> bytes:
    """The head of RSP, HEAD and INFO: status, its phrase if it has one (`appproxy.status`), and field lines.

    A phrase that is longer than the tunnel takes is left out. Raises LocalProtocolError.
    """
    line = _STATUS_LINES.get(status)
    if status.__class__ is Status and line is not None:
        line = _with_phrase(line, status.reason, len(block))
    if line is None:
        raise LocalProtocolError(f"status {status} cannot be written")
    if len(block) > _HEAD:
        raise LocalProtocolError(f"{len(block)} bytes of field lines", Code.ORIGIN_HEAD_TOO_LARGE)
    if _block(block) is None:
        if block.count(b"\n") > DEFAULT_LIMITS.field_lines:
            raise LocalProtocolError("too many field lines", Code.ORIGIN_HEAD_TOO_LARGE)
        raise LocalProtocolError("a field line of the answer cannot be written", Code.ORIGIN_MALFORMED)
    return line + block


def _with_phrase(line: bytes, reason: bytes, rest: int) -> bytes:
    """A status line of the tunnel with its phrase, unless that is too long; head and phrase have one limit."""
    phrased = line[:-1] + b" " + reason + b"\n"
    found = _phrased(phrased)
    fits = found is not None and found.end() == len(phrased) and len(phrased) + rest <= _HEAD + len(line)
    return phrased if fits else line


def decode_response(head: bytes) -> tuple[int, bytes]:
    """Status, perhaps with its phrase, and field lines of RSP, HEAD and INFO. Raises RemoteProtocolError."""
    status = _STATUSES.get(head[:4])
    block = head[4:]
    if status is None and (line := _phrased(head)) is not None:
        status, block = Status(int(line[1]), line[2]), head[line.end() :]
    if status is None or _block(block) is None:
        raise RemoteProtocolError("the head of an answer is malformed")
    if len(block) > _HEAD:
        raise RemoteProtocolError(f"an answer with {len(block)} bytes of field lines", Code.TOO_LARGE)
    return status, block


def check_end(head: bytes, tail: bytes) -> None:
    """Check a received END: no head, and a tail of trailers. Raises RemoteProtocolError."""
    try:
        check_trailers(tail)
    except LocalProtocolError as error:
        raise RemoteProtocolError(str(error)) from error
    if head:
        raise RemoteProtocolError("END has a head")


def check_finality(kind: int, head: bytes) -> None:
    """INFO must be interim (1xx but 101), RSP final, HEAD final or 101. Raises RemoteProtocolError."""
    interim = head[:1] == b"1"
    if head[:3] == b"101":
        interim = kind != Kind.HEAD
        if kind == Kind.INFO:
            raise RemoteProtocolError("INFO with status 101")
    if interim != (kind == Kind.INFO):
        raise RemoteProtocolError(f"{Kind(kind).name} with status {head[:3]!r}")


def check_trailers(block: bytes) -> None:
    """Check a trailer section (tail of END). Raises LocalProtocolError: malformed, or over 8 KiB or 32 lines."""
    if len(block) > DEFAULT_LIMITS.trailers or _trailers(block) is None:
        raise LocalProtocolError("malformed or too many trailers")


def encode_code(code: Code, text: str = "") -> bytes:
    """The head of REJECT, FAIL, ABORT, STOP, DETACH and CANCEL: a number, and for logs a text.

    Control characters become spaces, and 200 bytes of text are kept.
    """
    if not text:
        return b"%d" % code
    kept = printable(text).encode("utf-8", "replace")[:200].decode("utf-8", "ignore")
    return b"%d %b" % (code, kept.encode())


def decode_code(head: bytes) -> tuple[Code, str]:
    """Read what `encode_code` wrote; a number that is unknown here is INTERNAL. Raises RemoteProtocolError."""
    match = _code(head)
    if match is None:
        raise RemoteProtocolError("a code is malformed")
    number, text = match.groups()
    try:
        return _KNOWN_CODES.get(int(number), Code.INTERNAL), (text or b"").decode()
    except UnicodeDecodeError as error:
        raise RemoteProtocolError("the text of a code is not UTF-8") from error
