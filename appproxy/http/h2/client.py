"""HTTP/2 to applications: a session of nghttp2 with our limits, and heads from and to what HTTP/1.1 calls them.

RFC 9113; RFC 8441 for upgrades. Nothing after this knows which version carried an answer. nghttp2 has checked before:
pseudo-fields and their order, lower-case names, no fields of a connection, the length against what came.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha1

from ngh2 import Configuration, Role, Setting

from appproxy.errors import Code, RequestError
from appproxy.http.fields import decode_block, encode_block, values
from appproxy.http.h1.chunked import NOT_IN_TRAILERS
from appproxy.http.h1.client import Head, Interim
from appproxy.http.h2.session import STREAMS, WINDOW, H2Session
from appproxy.http.lines import TOKEN, parse_length

#: As for answers of HTTP/1.1.
_HEAD_LIMIT = 32_768
_FIELDS_LIMIT = 100
_TRAILERS_LIMIT = 8_192
_TRAILER_LINES = 32
#: What a line of an HTTP/1.1 head has beside name and value.
_LINE = 4

#: What is put into a pseudo-field; the same as for HTTP/1.1, so that both refuse the same.
_METHOD = re.compile(TOKEN + rb"++")
_VISIBLE = re.compile(rb"[!-~]++")
_BODILESS = frozenset([b"GET", b"HEAD", b"OPTIONS", b"DELETE", b"TRACE"])
_OF_A_CONNECTION = frozenset([b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"])
#: RFC 6455 section 1.3.
_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Headers = Iterable[tuple[bytes, bytes]]


def new_client_session() -> H2Session:
    """The connector's side, its preface and SETTINGS ready to be sent."""
    session = H2Session(Role.CLIENT, Configuration(
        auto_window_update=False,
        peer_max_concurrent_streams=STREAMS,
        max_inbound_header_list_size=2 * _HEAD_LIMIT,
        max_inbound_header_count=2 * _FIELDS_LIMIT,
    ))  # fmt: skip
    session.begin({
        Setting.ENABLE_PUSH: 0, Setting.INITIAL_WINDOW_SIZE: WINDOW, Setting.MAX_HEADER_LIST_SIZE: 2 * _HEAD_LIMIT})
    return session


def request_headers(
    method: bytes, target: bytes, host: bytes, scheme: bytes, block: bytes, *, length: int | None, upgrade: bytes | None
) -> list[tuple[bytes, bytes]]:
    """The header list of a request. `block` is a checked field block without hop-by-hop fields, host and length.

    `length` is the size of the body, 0 for none, None for one whose end will tell. With `upgrade` it is an extended
    CONNECT. Raises RequestError(BAD_REQUEST) when method, target or host would break the head.
    """
    if not (_METHOD.fullmatch(method) and _VISIBLE.fullmatch(target) and _VISIBLE.fullmatch(host)):
        raise RequestError(Code.BAD_REQUEST, "method, target or host has a byte that it may not have")
    headers = [(b":method", method), (b":scheme", scheme), (b":authority", host), (b":path", target)]
    if upgrade is not None:
        if _METHOD.fullmatch(upgrade) is None:
            raise RequestError(Code.BAD_REQUEST, "the upgrade has a byte that it may not have")
        headers[0] = (b":method", b"CONNECT")
        headers.insert(1, (b":protocol", upgrade))
    elif length or (length == 0 and method not in _BODILESS):
        headers.append((b"content-length", b"%d" % length))
    for name, value in decode_block(block):
        if name == b"te":
            # The only value that HTTP/2 has for it (RFC 9113 section 8.2.2).
            if b"trailers" in value.lower():
                headers.append((b"te", b"trailers"))
        elif name not in _OF_A_CONNECTION and not (upgrade is not None and name == b"sec-websocket-key"):
            headers.append((name, value))
    return headers


def read_interim(headers: Headers) -> Interim:
    """An interim answer. Raises RequestError(ORIGIN_MALFORMED or ORIGIN_HEAD_TOO_LARGE)."""
    status, block, _ = _read(headers)
    return Interim(status, block)


def read_head(headers: Headers, method: bytes, ended: bool) -> Head:
    """The head of a final answer; `ended`: it ends the stream. Raises RequestError(ORIGIN_MALFORMED or ORIGIN_HEAD_TOO_LARGE).

    A length of 0 comes out where neither body nor trailers can follow, and nowhere else: with it the user's head ends
    the stream too. Clients of gRPC read a status in the head only then (its protocol calls that Trailers-Only).
    """
    status, block, length = _read(headers)
    bodyless = status in (204, 304) or method == b"HEAD"
    if not bodyless and not length:
        length = 0 if ended else None
    if length is not None and status != 204:
        block += b"content-length: %d\n" % length
    return Head(status, block, 0 if bodyless else length, bodyless, False)


def read_switch(headers: Headers, upgrade: bytes, request_block: bytes) -> Head:
    """The head of an extended CONNECT that was accepted, as the 101 that the user waits for."""
    _, block, _ = _read(headers)
    block += b"upgrade: %b\n" % upgrade
    for key in values(request_block, b"sec-websocket-key")[:1]:
        # The proof that HTTP/1.1 asks for; HTTP/2 has none, because its answers cannot be mistaken.
        accept = b64encode(sha1(key + _ACCEPT, usedforsecurity=False).digest())
        block += b"sec-websocket-accept: %b\n" % accept
    return Head(101, block, None, False, True)


def read_trailers(headers: Headers) -> bytes:
    """A field block. Raises RequestError(ORIGIN_MALFORMED)."""
    fields = [(bytes(name), bytes(value)) for name, value in headers]
    if len(fields) > _TRAILER_LINES or sum(len(name) + len(value) + _LINE for name, value in fields) > _TRAILERS_LIMIT:
        raise RequestError(Code.ORIGIN_MALFORMED, "trailers are too long")
    return _block([field for field in fields if field[0] not in NOT_IN_TRAILERS])


def _read(headers: Headers) -> tuple[int, bytes, int | None]:
    status, length, size = 0, None, 0
    fields: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        size += len(name) + len(value) + _LINE
        if name == b":status":
            status = int(value)
        elif name == b"content-length":
            length = _length(value)
        elif name not in _OF_A_CONNECTION and name != b"trailer":
            fields.append((name, value))
    if size > _HEAD_LIMIT or len(fields) > _FIELDS_LIMIT:
        raise RequestError(Code.ORIGIN_HEAD_TOO_LARGE, f"a head of {size} bytes and {len(fields)} fields")
    if not 100 <= status < 1000 or status == 101:
        raise RequestError(Code.ORIGIN_MALFORMED, f"status {status}")
    return status, _block(fields), length


def _length(value: bytes) -> int:
    try:
        return parse_length(value)
    except ValueError as error:
        raise RequestError(Code.ORIGIN_MALFORMED, str(error)) from error


def _block(fields: list[tuple[bytes, bytes]]) -> bytes:
    try:
        return encode_block(fields)
    except RequestError as error:
        raise RequestError(Code.ORIGIN_MALFORMED, error.detail) from error
