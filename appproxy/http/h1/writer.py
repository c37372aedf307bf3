"""Messages to bytes: request heads for applications, answer heads for users, chunks."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Literal

from appproxy.errors import Code, RequestError
from appproxy.http.fields import drop
from appproxy.http.lines import TOKEN
from appproxy.status import Status

#: What is put between the parts of a request head must not be able to end a line or a part.
_REQUEST_START = re.compile(TOKEN + rb"++ [!-~]++ HTTP/1\.1\r\nhost: [!-~]*+\r\n")
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
#: A member of an enumeration costs a call to look up.
_SWITCHING_PROTOCOLS = int(HTTPStatus.SWITCHING_PROTOCOLS)
#: Methods that mean nothing by a body: without one, no length is sent.
_BODILESS = frozenset([b"GET", b"HEAD", b"OPTIONS", b"DELETE", b"TRACE"])


def request_bytes(method: bytes, target: bytes, host: bytes, block: bytes, *,
                  length: int | None, upgrade: bytes | None) -> bytes:
    """The head of an HTTP/1.1 request. `block` is a checked field block without hop-by-hop fields, host and length.

    `length` is the size of the body, 0 for none, None for a chunked one. Raises RequestError(BAD_REQUEST) when method,
    target or host would break the head.
    """
    start = b"%b %b HTTP/1.1\r\nhost: %b\r\n" % (method, target, host)
    if _REQUEST_START.fullmatch(start) is None:
        raise RequestError(Code.BAD_REQUEST, "method, target or host has a byte that it may not have")
    if length is None:
        framing = b"transfer-encoding: chunked\r\n"
    elif length or method not in _BODILESS:
        framing = b"content-length: %d\r\n" % length
    else:
        framing = b""
    offers_trailers = block.startswith(b"te: ") or b"\nte: " in block
    if upgrade is not None:
        if _REQUEST_START.fullmatch(b"A / HTTP/1.1\r\nhost: %b\r\n" % upgrade) is None:
            raise RequestError(Code.BAD_REQUEST, "the upgrade has a byte that it may not have")
        framing += b"connection: upgrade%b\r\nupgrade: %b\r\n" % (b", te" if offers_trailers else b"", upgrade)
    elif offers_trailers:  # RFC 9110 section 10.1.4: whoever sends TE also names it in Connection
        framing += b"connection: te\r\n"
    return b"%b%b%b\r\n" % (start, block.replace(b"\n", b"\r\n"), framing)


def response_bytes(status: int, block: bytes, *, length: int | None | Literal["none"],
                   close: bool, chunked: bool) -> bytes:
    """The head of an HTTP/1.1 answer. `block` is a checked field block without hop-by-hop fields.

    `length`: the size of the body; None: unknown, chunked or ended by closing; "none": no body follows and no framing
    is added, a content-length of the block then stands (HEAD, 304). In all other cases ours replaces it. A 101 keeps
    the `upgrade` of its block and gets the Connection that belongs to it.
    """
    if length != "none" and b"content-length: " in block:
        block = drop(block, b"content-length")
    framing = b""
    if isinstance(length, int):
        framing = b"content-length: %d\r\n" % length
    elif chunked and length is None:
        framing = b"transfer-encoding: chunked\r\n"
    if status == _SWITCHING_PROTOCOLS:
        framing += b"connection: upgrade\r\n"
    elif close:
        framing += b"connection: close\r\n"
    if status.__class__ is Status:
        start = b"HTTP/1.1 %d %b\r\n" % (status, status.reason)
    else:
        start = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    return b"%b%b%b\r\n" % (start, block.replace(b"\n", b"\r\n"), framing)


def chunk(data: bytes) -> bytes:
    """One chunk; b"" for no data, because an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def last_chunk(trailers_block: bytes = b"") -> bytes:
    """The end of a chunked body, with a checked block of trailers."""
    return b"0\r\n%b\r\n" % trailers_block.replace(b"\n", b"\r\n")
