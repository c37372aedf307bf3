"""WebSocket frames (RFC 6455 section 5) as somebody between the two ends needs them: where one ends, and the Close frame.

Where a frame ends can only be known to whoever has read every header since the first, so a stream is followed from its
beginning; its payload is skipped, not read. Extensions do not matter here: what is registered for compression (RFC 7692)
changes payloads and reserved bits, but neither headers nor control frames.
"""

from __future__ import annotations

#: Close codes (IANA, WebSocket Close Code Number Registry). A client may come back after the last one, which says so.
GOING_AWAY, POLICY_VIOLATION, SERVICE_RESTART = 1001, 1008, 1012
_CLOSE = 0x8
#: First bytes of a frame that is a message of its own, or a ping or pong; the reserved bits are an extension's.
_ALONE = frozenset(0x80 | reserved << 4 | opcode for reserved in range(8) for opcode in (0x1, 0x2, 0x9, 0xA))
#: Bytes of a header at most: two, eight of length, four of a mask.
_LONGEST = 14
#: Frames in one read whose headers are read one by one, some 0.7 us each: what is no short message of its own, but part of
#: one, or long. With fewer, the read itself costs as much. Beyond them each has to bring so many bytes on average, its header
#: among them, which makes 0.05 us for a byte at most: who sends a message in parts sends more than one word in each, and what
#: is long has more than 125. Empty ones, which no program means, would cost eight times that.
MOST_FRAMES, LEAST_BYTES = 256, 16
#: Bytes of payload that a stream has which is not followed any more: no frame has so many (section 5.2).
_FOR_GOOD = 1 << 80


def close_frame(code: int, mask: bytes | None = None) -> bytes:
    """A Close frame with a code and no reason. `mask`: four random bytes, which a client must use and a server must not."""
    payload = code.to_bytes(2, "big")
    if mask is None:
        return bytes((0x80 | _CLOSE, len(payload))) + payload
    masked = bytes(byte ^ mask[at] for at, byte in enumerate(payload))
    return bytes((0x80 | _CLOSE, 0x80 | len(payload))) + mask + masked


class FrameFollower:
    """One direction of a WebSocket. It knows where frames and messages end, at a cost that depends on the number of frames.

    One of absurdly many in one read (`MOST_FRAMES`) is given up: from there on it is in the middle of a frame for good.
    """

    __slots__ = ("_closes", "_head", "_left", "closed", "in_message")

    def __init__(self) -> None:
        #: Bytes of the present frame's payload that are still to come, and those of a header that is not complete.
        self._left = 0
        self._head = b""
        self._closes = False
        #: A message has begun and its last frame has not come.
        self.in_message = False
        #: A Close frame has passed, whole: nothing follows (section 5.5.1).
        self.closed = False

    @property
    def between_frames(self) -> bool:
        """Has the last frame that began ended? A control frame may be put here, also within a message (section 5.4)."""
        return not self._left and not self._head

    @property
    def between_messages(self) -> bool:
        """Has the last message that began ended?"""
        return not self.in_message and not self._left and not self._head

    def follow(self, data: bytes) -> None:
        """The next bytes of the stream, however they are cut; not empty."""
        size = len(data)
        if self._left > size:
            self._left -= size
        elif self._left or self._head or size < 2 or data[0] not in _ALONE:
            self._walk(data, False)
        else:
            second = data[1]
            # Nearly always one short message, of a server or of a client.
            if size != (second + 2 if second < 126 else second - 122) or second & 0x7F > 125:
                self._walk(data, False)

    def to_message_end(self, data: bytes) -> int:
        """Follow only up to the first place between two messages; how many bytes that are, -1 where it is not in them."""
        return self._walk(data, True)

    def _walk(self, data: bytes, stops: bool) -> int:
        at, size = 0, len(data)
        may_begin = max(MOST_FRAMES, size // LEAST_BYTES)
        while at < size and not self.closed:
            if not self._left:
                if not self._head and not (stops and not self.in_message):
                    at = _over_short_ones(data, at)
                    if at == size:
                        break
                if not may_begin:
                    self._left = _FOR_GOOD
                    break
                may_begin -= 1
                at = self._begin(data, at)
            if self._left:
                taken = min(self._left, size - at)
                at += taken
                self._left -= taken
            if not self._left and not self._head:
                self.closed = self._closes
                if stops and not self.in_message:
                    return at
        return -1

    def _begin(self, data: bytes, at: int) -> int:
        """A header begins at this place, or goes on; where its payload begins, or the end of the data."""
        before = len(self._head)
        head = self._head + data[at : at + _LONGEST - before]
        length = head[1] & 0x7F if len(head) > 1 else 0
        size = 2 + (2 if length == 126 else 8 if length == 127 else 0) + (4 if len(head) > 1 and head[1] & 0x80 else 0)
        if len(head) < size:
            self._head = head
            return len(data)
        self._head = b""
        if length == 126:
            length = int.from_bytes(head[2:4], "big")
        elif length == 127:
            length = int.from_bytes(head[2:10], "big")
        self._left = length
        opcode = head[0] & 0x0F
        if opcode < _CLOSE:
            self.in_message = not head[0] & 0x80
        self._closes = opcode == _CLOSE
        return at + size - before


def _over_short_ones(data: bytes, at: int) -> int:
    """Skip frames that are messages of their own, short and here whole; where the first one begins that is not.

    Many small messages in one read are the dearest that can come: this takes a third of what any other frame does.
    """
    last = len(data) - 1
    while at < last and data[at] in _ALONE:
        second = data[at + 1]
        end = at + (second + 2 if second < 126 else second - 122)
        if second & 0x7F > 125 or end > last + 1:
            break
        at = end
    return at
