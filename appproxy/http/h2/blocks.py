"""Where field blocks begin and end among an HTTP/2 user's frames (RFC 9113 sections 4.1 and 4.3).

nghttp2 says nothing of a head before all of it is there, so that a deadline for it needs this. Nothing is judged here: what
is no HTTP/2 is nghttp2's to find, and that of streams which are over `h2_streams`'s.
"""

from __future__ import annotations

from struct import Struct

from appproxy.http.h2.streams import UserStreams

#: What a connection begins with (RFC 9113 section 3.4).
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#: Length, type, flags, number of the stream.
_FRAME_HEAD = 9
#: Its length in two parts, its type, its flags, and the stream's number with a reserved bit.
_read = Struct(">HBBBL").unpack_from
_NUMBER = 0x7FFF_FFFF
#: DATA, HEADERS, PRIORITY and RST_STREAM are 0 to 3.
_LAST_OF_STREAMS = 3
_HEADERS, _CONTINUATION = 1, 9
_OF_BLOCKS = (_HEADERS, _CONTINUATION)
_END_HEADERS = 4


class FieldBlocks:
    """Follows all that one user sends."""

    __slots__ = ("_ends", "_left", "_start", "begun", "open", "streams")

    def __init__(self) -> None:
        #: A field block has begun and not ended: with the head of its first frame, however much of its payload is here.
        self.open = False
        self.streams = UserStreams()
        #: How many have begun.
        self.begun = 0
        #: Not 0: with the current frame ends whatever field block there is.
        self._ends = 0
        #: Bytes of the current frame that are still to come.
        self._left = len(PREFACE)
        #: The beginning of the next frame's head.
        self._start = b""

    def feed(self, data: bytes) -> None:
        """More bytes, cut anywhere."""
        at, size = self._left, len(data)
        if at > size:
            self._left = at - size
            return
        is_open = self.open and not self._ends
        if self._start:
            data = self._start + data
            size = len(data)
        ends = 0
        while size - at >= _FRAME_HEAD:
            long, short, kind, flags, stream = _read(data, at)
            at += _FRAME_HEAD + (long << 8) + short
            if kind <= _LAST_OF_STREAMS:
                self.streams.follow(kind, flags, stream & _NUMBER)
            if kind in _OF_BLOCKS:
                if kind == _HEADERS:
                    self.begun += 1
                ends = flags & _END_HEADERS
                is_open = not ends or at > size
        self.open = is_open
        self._ends = ends
        if at < size:
            self._left, self._start = 0, data[at:]
        else:
            self._left, self._start = at - size, b""
