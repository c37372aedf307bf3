"""Where field blocks begin and end among an HTTP/2 user's frames (RFC 9113 sections 4.1 and 4.3).

nghttp2 says nothing of a head before all of it is there, so that a deadline for it needs this. Nothing is judged here: what
is no HTTP/2 is nghttp2's to find.
"""

from __future__ import annotations

#: What a connection begins with (RFC 9113 section 3.4).
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#: Length, type, flags, number of the stream.
_FRAME_HEAD = 9
_HEADERS, _CONTINUATION = 1, 9
_END_HEADERS = 4


class FieldBlocks:
    """Follows all that one user sends."""

    __slots__ = ("_ends", "_left", "_start", "begun", "open")

    def __init__(self) -> None:
        #: A field block has begun and not ended: with the head of its first frame, however much of its payload is here.
        self.open = False
        #: How many have begun.
        self.begun = 0
        #: With the current frame ends whatever field block there is.
        self._ends = False
        #: Bytes of the current frame that are still to come.
        self._left = len(PREFACE)
        #: The beginning of the next frame's head.
        self._start = b""

    def feed(self, data: bytes) -> None:
        """More bytes, cut anywhere."""
        at = self._left
        if at > len(data):
            self._left = at - len(data)
            return
        if at and self._ends:
            self.open = False
        if self._start:
            data = self._start + data
        ends, size = False, len(data)
        while size - at >= _FRAME_HEAD:
            kind = data[at + 3]
            if kind in (_HEADERS, _CONTINUATION):
                self.begun += kind == _HEADERS
                self.open = True
                ends = bool(data[at + 4] & _END_HEADERS)
            at += _FRAME_HEAD + int.from_bytes(data[at:at + 3], "big")
            if ends and at <= size:
                self.open = False
        self._ends = ends
        self._left = max(0, at - size)
        self._start = data[at:]
