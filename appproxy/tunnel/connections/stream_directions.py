"""The two directions of a data connection, as tables."""

from __future__ import annotations

from enum import IntEnum

from appproxy.tunnel.connections.signal import Role
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.messages import check_end, check_finality, decode_code


class StreamDirection(IntEnum):
    """One direction of the attached request."""

    OVER = 0  # ended, broken, or not asked for
    WAITING = 1  # nothing decisive yet: the gate of a body, the time before the final head of an answer
    OPEN = 2
    STOPPED = 3  # STOP was said; what still comes is discarded until END or ABORT


class Attachment(IntEnum):
    """Whether a request is attached."""

    IDLE = 0
    ASKED = 1  # ATTACH was said, the answer not yet
    ATTACHED = 2


_K = Kind
_W = StreamDirection

#: The body, from the service to the connector.
BODY_WAY: dict[int, dict[int, StreamDirection]] = {
    _W.OVER: {},
    _W.WAITING: {_K.GO: _W.OPEN, _K.BODY: _W.OPEN, _K.END: _W.OVER, _K.ABORT: _W.OVER},
    _W.OPEN: {_K.BODY: _W.OPEN, _K.END: _W.OVER, _K.ABORT: _W.OVER},
    _W.STOPPED: {_K.GO: _W.STOPPED, _K.BODY: _W.STOPPED, _K.END: _W.OVER, _K.ABORT: _W.OVER},
}

#: The answer, from the connector to the service.
ANSWER_WAY: dict[int, dict[int, StreamDirection]] = {
    _W.OVER: {},
    _W.WAITING: {_K.INFO: _W.WAITING, _K.HEAD: _W.OPEN, _K.ABORT: _W.OVER},
    _W.OPEN: {_K.BODY: _W.OPEN, _K.END: _W.OVER, _K.ABORT: _W.OVER},
    _W.STOPPED: {
        _K.INFO: _W.STOPPED,
        _K.HEAD: _W.STOPPED,
        _K.BODY: _W.STOPPED,
        _K.END: _W.OVER,
        _K.ABORT: _W.OVER,
    },
}

#: What each end may receive at all.
RECEIVABLE = {
    Role.SERVICE: frozenset({_K.ATTACH, _K.HEAD, _K.INFO, _K.BODY, _K.END, _K.ABORT, _K.STOP}),
    Role.CONNECTOR: frozenset({_K.ATTACHED, _K.DETACH, _K.GO, _K.BODY, _K.END, _K.ABORT, _K.STOP}),
}

#: Frames of the connection itself, at either end and in any state.
OF_CONNECTION = frozenset({_K.PING, _K.PONG, _K.ERROR})


def check_content(kind: int, head: bytes, tail: bytes) -> None:
    """Does a frame of either direction say what its kind may say? Raises ProtocolError."""
    if kind == _K.END:
        check_end(head, tail)
    elif kind == _K.ABORT:
        decode_code(head)
    elif kind in (_K.HEAD, _K.INFO):
        check_finality(kind, head)
