"""Answers as they arrive from an application: bytes in, events out.

As with requests, httptools sees single heads only: it cannot be told that an answer to HEAD has no body, it has no end
of file, and it counts neither interim answers nor bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from appproxy.errors import Code, RequestError
from appproxy.http.fields import encode_block
from appproxy.http.h1.chunked import ChunkedDecoder
from appproxy.http.h1.response import ResponseHead, parse_response
from appproxy.http.h1.unread import Unread
from appproxy.status import status_of

#: 50,000 of them passed through the parser alone; two (103 and 100) is what real applications send.
_INTERIM_LIMIT = 8
#: As for requests; announced trailers of applications are a few hundred bytes (checksums, gRPC status).
_TRAILERS_LIMIT = 8192
_TRAILER_LINES = 32

_BODYLESS = (204, 304)
_IDLE, _HEAD, _LENGTH, _CHUNKS, _UNTIL_CLOSE, _UPGRADED = range(6)


@dataclass(slots=True)
class Interim:
    """An interim answer (1xx but 101)."""

    status: int
    block: bytes


@dataclass(slots=True)
class Head:
    """The head of the final answer, its hop-by-hop fields taken out.

    `status` has its phrase along where that is not the usual one (`appproxy.status`). `length` is how many bytes of body
    follow, None when only the end will tell. `bodyless`: the answer has no body by its nature (HEAD, 204, 304), so a
    content-length in `block` only describes one. `upgraded`: status 101, all that follows is Body, and `block` keeps the
    `upgrade`.
    """

    status: int
    block: bytes
    length: int | None
    bodyless: bool
    upgraded: bool


@dataclass(slots=True)
class BodyPiece:
    """A piece of the body, never empty."""

    data: bytes


@dataclass(slots=True)
class End:
    """The answer is complete. `keep_alive`: the connection can serve another request."""

    trailers: bytes
    keep_alive: bool


Event = Interim | Head | BodyPiece | End


class ResponseReader:
    """Reads the answers of one connection to an application. After a RequestError: close the connection."""

    __slots__ = ("_chunks", "_head_limit", "_interims", "_keep_alive", "_left", "_max_fields", "_method", "_silent",
                 "_spoiled", "_state", "_unread", "_upgrade")

    def __init__(self, *, head_limit: int = 32768, max_fields: int = 100) -> None:
        self._head_limit = head_limit
        self._max_fields = max_fields
        self._unread = Unread()
        self._state = _IDLE
        self._method = b""
        self._upgrade = False
        self._silent = True
        self._spoiled = False
        self._keep_alive = True
        self._interims = 0
        self._left = 0
        self._chunks: ChunkedDecoder | None = None

    def expect(self, method: bytes, upgrade: bool = False) -> None:
        """A request with that method was sent, `upgrade`: with an Upgrade field. Its answer comes next.

        Raises RequestError(ORIGIN_MALFORMED) when the connection cannot be used: the answer before is not over, or more
        came than it had.
        """
        if self._spoiled or self._state != _IDLE:
            raise RequestError(Code.ORIGIN_MALFORMED, "the connection is not free for another request")
        self._state = _HEAD
        self._method = method
        self._upgrade = upgrade
        self._silent = True
        self._interims = 0

    def receive(self, data: bytes) -> list[Event]:
        """Events of the bytes that arrived; body pieces are joined.

        Raises RequestError(ORIGIN_MALFORMED or ORIGIN_HEAD_TOO_LARGE), on a free connection for any byte.
        """
        if not data:
            return []
        if self._state == _IDLE:
            self._spoiled = True
            raise RequestError(Code.ORIGIN_MALFORMED, "bytes that no request asked for")
        self._silent = False
        self._unread.add(data)
        events: list[Event] = []
        try:
            if self._state == _HEAD:
                self._read_heads(events)
            if self._state > _HEAD:
                self._read_body(events)
        except RequestError:
            self._spoiled = True
            raise
        except ValueError as error:
            self._spoiled = True
            raise RequestError(Code.ORIGIN_MALFORMED, str(error)) from error
        return events

    def end_of_file(self, clean: bool) -> list[Event]:
        """The application closed; `clean`: on purpose (TCP: FIN; TLS: close_notify).

        Only that ends a body which has neither length nor chunks. Raises RequestError: ORIGIN_CLOSED when not one byte
        of the answer had come, else ORIGIN_TRUNCATED.
        """
        state, self._state = self._state, _IDLE
        self._spoiled = True
        if state == _IDLE:
            return []
        if clean and state >= _UNTIL_CLOSE:
            return [End(b"", False)]
        if self._silent:
            raise RequestError(Code.ORIGIN_CLOSED, "closed before an answer")
        raise RequestError(Code.ORIGIN_TRUNCATED, "closed within an answer")

    def _read_heads(self, events: list[Event]) -> None:
        """Interim heads and the final one, as far as they are there."""
        while self._state == _HEAD:
            try:
                head = self._unread.cut_head(self._head_limit)
                if head is None:
                    # What speaks another protocol and then waits would be waited for until the time is over.
                    if not self._unread.may_begin(b"HTTP/1."):
                        raise ValueError(_stranger(self._unread.take(4)))
                    return
                answer = parse_response(head, self._max_fields)
            except OverflowError as error:
                raise RequestError(Code.ORIGIN_HEAD_TOO_LARGE, str(error)) from error
            if answer.status >= 200:
                events.append(self._final(answer))
            elif answer.status == 101:
                events.append(self._switch(answer))
            else:
                self._interims += 1
                if self._interims > _INTERIM_LIMIT:
                    raise ValueError(f"more than {_INTERIM_LIMIT} interim answers")
                events.append(Interim(answer.status, answer.block))

    def _final(self, answer: ResponseHead) -> Head:
        """Decide how the body ends (RFC 9112 section 6.3), and whether the connection can be used again."""
        self._keep_alive = answer.keep_alive
        block, length = answer.block, answer.length
        bodyless = answer.status in _BODYLESS or self._method == b"HEAD"
        if answer.status == 204:
            # It must have neither (RFC 9110 section 8.6). What says so may also send a body: do not read on.
            self._keep_alive = self._keep_alive and not length and not answer.chunked
        elif length is not None:
            block += b"content-length: %d\n" % length
        self._left = 0
        if bodyless:
            length, self._state = 0, _LENGTH
        elif answer.chunked:
            self._chunks, self._state = ChunkedDecoder(_TRAILERS_LIMIT, _TRAILER_LINES), _CHUNKS
        elif length is None:
            self._state, self._keep_alive = _UNTIL_CLOSE, False
        else:
            self._left, self._state = length, _LENGTH
        return Head(status_of(answer.status, answer.reason), block, length, bodyless, False)

    def _switch(self, answer: ResponseHead) -> Head:
        if not self._upgrade:
            raise ValueError("101 without having been asked for an upgrade")
        if not answer.upgrade:
            raise ValueError("101 that does not say to what")
        self._state, self._keep_alive = _UPGRADED, False
        return Head(101, answer.block + b"upgrade: %b\n" % answer.upgrade, None, False, True)

    def _read_body(self, events: list[Event]) -> None:
        if self._state == _CHUNKS and self._chunks is not None:
            data, done, trailers = self._chunks.decode(self._unread), self._chunks.done, self._chunks.trailers
        elif self._state == _LENGTH:
            data, trailers = self._unread.take(self._left), []
            self._left -= len(data)
            done = not self._left
        else:
            data, done, trailers = self._unread.take(len(self._unread)), False, []
        if data:
            events.append(BodyPiece(data))
        if done:
            # What follows an answer belongs to nobody, and could be taken for the answer to the next request.
            self._spoiled = self._unread.at < len(self._unread.data) or not self._keep_alive
            self._state, self._chunks = _IDLE, None
            events.append(End(encode_block(trailers) if trailers else b"", not self._spoiled))


def _stranger(start: bytes) -> str:
    """What speaks in place of HTTP/1, and the fix, where its first four bytes tell."""
    if start[:2] == b"\x15\x03":  # an alert of TLS (RFC 8446 section 5.1): our request was no ClientHello
        return "the application speaks TLS: its internal URL must begin with https"
    if start[3:] == b"\x04":  # SETTINGS, with which a server of HTTP/2 begins (RFC 9113 sections 3.4 and 4.1)
        return "the application speaks HTTP/2: set protocol=h2"
    return "not an answer of HTTP/1"
