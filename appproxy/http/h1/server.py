"""Requests as they arrive from a user's connection: one head at a time, its body, then the next head.

Heads are cut off first, fed to httptools one by one and checked (`request.py`); bodies never reach it. It cannot be
stopped at the end of a message: of pipelined requests one read of 64 KiB would hold 2,400, and with `Upgrade` it takes
the body for the next request. Here what follows a message stays unread until it is asked for, so a fault in it cannot
disturb the answer under way. A length is counted, chunks are decoded by `chunked.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from appproxy.errors import Code, RequestError
from appproxy.http.h1.chunked import ChunkedDecoder, TrailersTooLong, is_whole
from appproxy.http.h1.request import HeadLimits, parse_request, read_request_line
from appproxy.http.h1.unread import Unread
from appproxy.http.head import Fields, RepeatedSection, RequestHead

__all__ = ["HeadLimits", "RequestReader"]

#: Empty lines in front of a request: RFC 9112 section 2.2 asks for one at least, for the sake of old clients.
_EMPTY_LINES = 4
#: The largest field section that is kept for comparison: with it, ten thousand idle connections cost some 20 MB.
_KEPT = 4096
_ACCEPT = re.compile(rb"\r\naccept:[ \t]*+([^\r\n]*+)(?=\r\n)", re.IGNORECASE)
_LIMITS = HeadLimits()


class RequestReader:
    """Reads the requests of one connection. After a RequestError it only raises that error again: close."""

    __slots__ = ("body_done", "receive", "refused_accept", "trailers", "_chunks", "_empty_lines", "_failure", "_last", "_left",
                 "_limits", "_line_looked_at", "_line_read", "_unread")

    def __init__(self, limits: HeadLimits = _LIMITS) -> None:
        #: The message whose head was last returned is complete.
        self.body_done = True
        #: Of the finished chunked message.
        self.trailers: Fields = []
        #: What a refused head says in Accept, as far as it had arrived; None when it says nothing.
        self.refused_accept: bytes | None = None
        self._limits = limits
        self._unread = Unread()
        #: Keep bytes of the user until they are asked for.
        self.receive: Callable[[bytes], None] = self._unread.add
        self._chunks: ChunkedDecoder | None = None
        self._left = 0
        self._empty_lines = 0
        self._line_read = False
        #: Bytes of a request line whose end was not among them.
        self._line_looked_at = 0
        self._failure: RequestError | None = None
        #: The field section of the last head, and what it was read as.
        self._last: tuple[bytes, RequestHead] | None = None

    @property
    def buffered(self) -> int:
        """Bytes held and not yet read."""
        return len(self._unread)

    @property
    def is_empty(self) -> bool:
        """Is there nothing to be read?"""
        unread = self._unread
        return unread.at == len(unread.data)

    @property
    def started(self) -> bool:
        """Has a byte of a next head arrived? Empty lines in front of it count until `next_head` has skipped them."""
        return self.body_done and len(self._unread) > 0

    def next_head(self) -> RequestHead | None:
        """The next request, or None while its head is incomplete or the body of the one before is not read.

        Raises RequestError with the code to answer; the connection must then be closed.
        """
        if self._failure is not None:
            raise self._failure
        unread = self._unread
        if not self.body_done or unread.at == len(unread.data):
            return None
        head = None
        try:
            head = self._cut_head()
            if head is None:
                return None
            request = self._like_the_last(head) or self._parse(head)
        except RequestError as error:
            self._failure = error
            self.refused_accept = _accept(self._begun() if head is None else head)
            raise
        self._empty_lines = 0
        self._line_read = False
        self.trailers = []
        if request.length is None:
            self._chunks = ChunkedDecoder(self._limits.trailers, self._limits.trailer_lines)
            self.body_done = False
        elif request.length:
            self._left = request.length
            self.body_done = False
        return request

    def read_body(self) -> bytes:
        """Bytes of the body that are there, decoded and joined; b"" when there are none or the message is complete.

        Raises RequestError when the chunks are malformed (BAD_REQUEST) or the trailers too long (HEAD_TOO_LARGE); the
        connection must then be closed.
        """
        if self._failure is not None:
            raise self._failure
        if self._chunks is not None:
            return self._read_chunks(self._chunks)
        piece = self._unread.take(self._left)
        self._left -= len(piece)
        self.body_done = not self._left
        return piece

    @property
    def has_whole_body(self) -> bool:
        """Is all of the body here, of which nothing was read yet? No where that cannot be said at once."""
        if self._chunks is not None:
            return is_whole(self._unread)
        return self.body_done or len(self._unread) >= self._left

    def whole_body(self) -> bytes | None:
        """The body, if its length is known and all of it is here; None: nothing was read."""
        if self._failure is not None or self._chunks is not None or self.body_done or len(self._unread) < self._left:
            return None
        return self.read_body()

    def take_rest(self) -> bytes:
        """All unread bytes: after an upgrade they are not HTTP any more."""
        return self._unread.take(len(self._unread))

    def _cut_head(self) -> bytes | None:
        """The next head, or None. Empty lines in front of it are skipped."""
        unread = self._unread
        while unread.data.startswith(b"\r\n", unread.at):
            unread.at += 2
            self._empty_lines += 1
            if self._empty_lines > _EMPTY_LINES:
                raise RequestError(Code.BAD_REQUEST, "too many empty lines")
        try:
            head = unread.cut_head(self._limits.head)
        except ValueError as error:
            raise RequestError(Code.BAD_REQUEST, str(error)) from error
        except OverflowError as error:
            code = Code.HEAD_TOO_LARGE if self._read_line() else Code.TARGET_TOO_LONG
            raise RequestError(code, str(error)) from error
        if head is None and not self._line_read:
            self._line_read = self._read_line()
        return head

    def _parse(self, head: bytes) -> RequestHead:
        """Read a head, and keep what can be used again: unless it is chunked, upgrades, waits or is large."""
        request = parse_request(head, self._limits)
        section = head[head.find(b"\r\n"):]
        if request.length is not None and request.upgrade is None and not request.expects_continue and len(section) <= _KEPT:
            request.repeated = RepeatedSection()
            self._last = section, request
        else:
            self._last = None
        return request

    def _like_the_last(self, head: bytes) -> RequestHead | None:
        """The request, when its fields are to the letter those of the one before: only its first line is read then."""
        if self._last is None:
            return None
        section, last = self._last
        if not head.endswith(section) or head.find(b"\r\n") != len(head) - len(section):
            return None
        method, target, version = read_request_line(head, self._limits)
        if version != last.version or target[:1] != b"/" or b"#" in target:
            return None
        return RequestHead(method, target, version, last.fields, last.authority, last.host, last.length, last.keep_alive,
                           None, False, last.repeated)

    def _begun(self) -> bytes:
        """What has arrived of a head that is not complete."""
        unread = self._unread
        return bytes(unread.data[unread.at:unread.at + self._limits.head])

    def _read_line(self) -> bool:
        """Check the request line alone if it is there: an HTTP/0.9 request has no more, and would wait for ever."""
        start = self._unread.at
        end = self._unread.data.find(b"\r\n", start + max(0, self._line_looked_at - 1), start + self._limits.head)
        if end < 0:
            self._line_looked_at = len(self._unread)
            return False
        self._line_looked_at = 0
        read_request_line(bytes(self._unread.data[start:end + 2]), self._limits)
        return True

    def _read_chunks(self, chunks: ChunkedDecoder) -> bytes:
        try:
            data = chunks.decode(self._unread)
        except ValueError as error:
            code = Code.HEAD_TOO_LARGE if isinstance(error, TrailersTooLong) else Code.BAD_REQUEST
            self._failure = RequestError(code, str(error))
            raise self._failure from error
        if chunks.done:
            self.trailers = chunks.trailers
            self._chunks = None
            self.body_done = True
        return data


def _accept(head: bytes) -> bytes | None:
    """What a head says in Accept, whatever else is wrong with it: it only decides how the refusal is put."""
    return b", ".join(_ACCEPT.findall(head)) or None
