"""Frames: what every byte of a tunnel connection belongs to.

A frame is 12 bytes, `!IBBHI` = payload length, kind, flags, head length, request id; then the payload = head, tail.
`docs/protocol.md` is the specification. Frames are plain tuples and kinds plain ints here: this is the hot path.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, IntFlag
from functools import cache
from struct import Struct
from struct import error as StructError

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits


class Kind(IntEnum):
    """The kinds of frames; 0x01 to 0x1f on signal connections, 0x20 to 0x2f on data connections.

    PING, PONG and ERROR are used on both. 0x30 to 0x3f are kept for a multiplexed stream; kinds with bit 0x80 may be
    ignored by whoever does not know them: NODES, EXAMINE and FINDINGS, on signal connections, came after the first release.
    """

    HELLO = 1
    WELCOME = 2
    PING = 3
    PONG = 4
    REQ = 5
    RSP = 6
    INFO = 7
    CANCEL = 8
    REJECT = 9
    FAIL = 10
    DRAIN = 11
    DRAINED = 12
    CONFIG = 13
    ERROR = 14
    ATTACH = 0x20
    ATTACHED = 0x21
    DETACH = 0x22
    HEAD = 0x23
    BODY = 0x24
    END = 0x25
    ABORT = 0x26
    STOP = 0x27
    GO = 0x28
    NODES = 0x81
    EXAMINE = 0x82
    FINDINGS = 0x83


class Flag(IntFlag):
    """The flags of REQ, and of ATTACH (the last two). Other kinds have none; unknown flags are ignored."""

    BODY = 1  # a body is to be asked for
    LENGTH = 2  # the body's length is known
    UPGRADE = 4  # the request asks for another protocol
    HEAD = 8  # the method is HEAD: the answer has no body
    IDEMPOTENT = 16  # the method is idempotent (RFC 9110 section 9.2.2, IANA's registry)
    STRICT = 32  # no in-line answer
    ASK = 64  # the application may have the head before the body: it is to be asked whether it wants that

    WANT_BODY = 1
    WANT_RESPONSE = 2


#: kind, flags, request id, head, tail
Frame = tuple[int, int, int, bytes, bytes]

HEADER = Struct("!IBBHI")
HEADER_SIZE = HEADER.size
#: Unknown kinds with this bit may be ignored.
IGNORABLE = 0x80

_BODY = int(Kind.BODY)
_unpack = HEADER.unpack_from
_pack = HEADER.pack


def signal_limits(limits: TunnelLimits = DEFAULT_LIMITS) -> dict[int, int]:
    """The largest payload of each kind that a signal connection knows."""
    answer = len(b"200\n") + limits.head
    return {
        Kind.HELLO: limits.hello,
        Kind.WELCOME: limits.control,
        Kind.PING: 8,
        Kind.PONG: 8 + 12,
        Kind.REQ: limits.request_head + limits.inline_body,
        Kind.RSP: answer + limits.inline,
        Kind.INFO: answer,
        Kind.CANCEL: limits.control,
        Kind.REJECT: limits.control,
        Kind.FAIL: limits.control,
        Kind.DRAIN: 0,
        Kind.DRAINED: 0,
        Kind.CONFIG: 20,
        Kind.ERROR: limits.control,
        Kind.NODES: limits.nodes,
        Kind.EXAMINE: 0,
        Kind.FINDINGS: limits.findings,
    }


def data_limits(limits: TunnelLimits = DEFAULT_LIMITS) -> dict[int, int]:
    """The largest payload of each kind that a data connection knows."""
    answer = len(b"200\n") + limits.head
    return {
        Kind.PING: 8,
        Kind.PONG: 8,
        Kind.ERROR: limits.control,
        Kind.ATTACH: 16,
        Kind.ATTACHED: 0,
        Kind.DETACH: limits.control,
        Kind.HEAD: answer,
        Kind.INFO: answer,
        Kind.BODY: limits.chunk,
        Kind.END: limits.trailers,
        Kind.ABORT: limits.control,
        Kind.STOP: limits.control,
        Kind.GO: 0,
    }


SIGNAL_LIMITS = signal_limits()
DATA_LIMITS = data_limits()

# Indexed by kind; -1: no such kind.
_MOST = tuple(max(SIGNAL_LIMITS.get(kind, -1), DATA_LIMITS.get(kind, -1)) for kind in range(256))


def encode(kind: int, request_id: int = 0, head: bytes = b"", tail: bytes = b"", flags: int = 0) -> bytes:
    """One frame's bytes. Raises LocalProtocolError (TOO_LARGE) when the payload is over the limit of its kind."""
    length = len(head) + len(tail)
    if length > _MOST[kind]:
        raise LocalProtocolError(f"{Kind(kind).name} of {length} bytes is over {_MOST[kind]}", Code.TOO_LARGE)
    try:
        return _pack(length, kind, flags, len(head), request_id) + head + tail
    except StructError as error:
        raise LocalProtocolError(f"{Kind(kind).name} cannot be written: {error}", Code.TOO_LARGE) from error


def body_frames(request_id: int, data: bytes, most: int) -> list[bytes]:
    """BODY frames of at most so many bytes each, header and piece in turn, without a copy of what fits into one."""
    frames = []
    for at in range(0, len(data), most):
        piece = data[at : at + most]
        frames += [_pack(len(piece), _BODY, 0, 0, request_id), piece]
    return frames


@cache
def _by_kind(limits: tuple[tuple[int, int], ...], through: int) -> tuple[int, ...]:
    """The limits indexed by kind, once for all connections: 2 KiB. -1, unknown or passed through, leads to `_seldom`."""
    known = dict(limits)
    return tuple(-1 if kind == through else known.get(kind, -1) for kind in range(256))


class FrameReader:
    """Cuts a stream of bytes into frames.

    `limits` gives the largest payload of each kind that is known here. The payload of the kind `pass_through` is not
    collected: it comes in pieces as it arrives, each as a frame of its own with an empty head.

    After an error the stream cannot be read any further: drop the connection.
    """

    __slots__ = ("_frame", "_left", "_limits", "_need", "_pending", "_through", "_through_limit")

    def __init__(self, limits: Mapping[int, int], *, pass_through: int | None = None) -> None:
        self._through = -1 if pass_through is None else int(pass_through)
        self._through_limit = limits.get(self._through, -1)
        self._limits = _by_kind(tuple(limits.items()), self._through)
        # An incomplete frame, and how many bytes of it are needed for the next step. Bytes are moved at most twice.
        self._pending: bytes | bytearray = b""
        self._need = HEADER_SIZE
        # Bytes still to come of a payload that is passed through (its frame) or skipped (None).
        self._left = 0
        self._frame: tuple[int, int, int] | None = None

    @property
    def held(self) -> int:
        """Bytes that wait for those that follow them."""
        return len(self._pending)

    def receive(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order.

        Raises RemoteProtocolError: TOO_LARGE before anything of such a frame is kept, PROTOCOL for an unknown kind
        without bit 0x80 and for a head that is longer than its frame.
        """
        frames: list[Frame] = []
        if self._pending:
            self._pending += data
            if len(self._pending) < self._need:
                return frames
            data, self._pending = bytes(self._pending), b""
        at = self._pass_on(data, 0, frames) if self._left else 0
        size = len(data)
        limits = self._limits
        while size - at >= 12:
            length, kind, flags, head, request_id = _unpack(data, at)
            if length > limits[kind] or head > length:
                at = self._seldom(data, at, frames)
                continue
            start = at + 12
            end = start + length
            if end > size:
                self._need = 12 + length
                break
            middle = start + head
            frames.append((kind, flags, request_id, data[start:middle], data[middle:end]))
            at = end
        else:
            self._need = HEADER_SIZE
        if at < size:
            self._pending = bytearray(data[at:] if at else data)
        return frames

    def whole(self, data: bytes, request_id: int) -> bytes:
        """The payload, if `data` is just one frame of the kind `pass_through` for this request, and no frame is under way;
        b"" if not: then it is for `receive`. A message on a stream mostly comes so.
        """
        size = len(data) - 12
        if size <= 0 or self._left or self._pending:
            return b""
        length, kind, _, head, for_request = _unpack(data)
        if length != size or kind != self._through or for_request != request_id or head or size > self._through_limit:
            return b""
        return data[12:]

    def _seldom(self, data: bytes, at: int, frames: list[Frame]) -> int:
        """A frame to pass through, to skip, or to refuse; the position behind what could be used of it."""
        length, kind, flags, head, request_id = _unpack(data, at)
        if kind == self._through:
            if length > self._through_limit:
                raise RemoteProtocolError(f"{_name(kind)} of {length} bytes", Code.TOO_LARGE)
            if head:
                raise RemoteProtocolError(f"{_name(kind)} has a head")
            if not length:
                frames.append((kind, flags, request_id, b"", b""))
            self._frame = (kind, flags, request_id)
        elif self._limits[kind] < 0 and kind & IGNORABLE:
            if length > DEFAULT_LIMITS.ignored:
                raise RemoteProtocolError(f"{_name(kind)} of {length} bytes", Code.TOO_LARGE)
            self._frame = None
        elif self._limits[kind] < 0:
            raise RemoteProtocolError(f"{_name(kind)} is unknown here")
        elif length > self._limits[kind]:
            raise RemoteProtocolError(f"{_name(kind)} of {length} bytes", Code.TOO_LARGE)
        else:
            raise RemoteProtocolError(f"{_name(kind)}: a head of {head} bytes in a payload of {length}")
        self._left = length
        return self._pass_on(data, at + HEADER_SIZE, frames)

    def _pass_on(self, data: bytes, at: int, frames: list[Frame]) -> int:
        """Deliver or skip what has arrived of the payload under way."""
        end = min(at + self._left, len(data))
        if end > at:
            self._left -= end - at
            if self._frame is not None:
                frames.append((*self._frame, b"", data[at:end]))
        return end


def _name(kind: int) -> str:
    return Kind(kind).name if kind in Kind.__members__.values() else f"kind {kind:#04x}"
