"""The life of one request at each end, as two tables and one reader.

The owner keeps the state and what belongs to it (attached connections, `handed_over`, timers); the tables say which
step may follow. Keys are ints: this is the hot path.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import TypeVar

from appproxy.errors import LocalProtocolError


class State(IntEnum):
    """Where a request is. The first group is the service's, the second the connector's, the last both have."""

    QUEUED = 1  # waits for a connector
    SENT = 2  # a connector has the REQ; nothing of a body was handed over
    BODY = 3  # body (or GO) was handed over; no final head yet
    STREAM = 4  # the final head went to the user
    LIMBO = 5  # its signal connection is gone; the next HELLO tells its fate

    RECEIVED = 11  # REQ is here, and being judged
    GATE = 12  # the body was asked for; nothing may be written to the application yet
    ORIGIN = 13  # at the application, no final answer yet
    ANSWERING = 14  # the final head is on a data connection

    CANCELLED = 21  # the user left or it took too long; the slot is taken until the final frame or loss
    DONE = 22


class Step(IntEnum):
    """What happens to a request."""

    DISPATCH = 1  # REQ written
    ATTACH = 2  # a data connection was attached
    HANDED_OVER = 3  # the first BODY, END or GO of the body
    INFO = 4  # an interim answer
    HEAD = 5  # the final head, on a data connection
    END = 6  # the answer is complete, on a data connection
    ANSWER = 7  # RSP: the complete answer in line
    REJECT = 8  # not processed, another connector may have it
    FAIL = 9  # final failure; the service also takes it when `may_retry` says no
    ABORT = 10  # the data connection's ABORT, or its loss
    RETRY = 11  # `may_retry` said yes after a loss; from BODY by way of LIMBO
    LOST = 12  # service: the signal connection died; connector: the node is gone or has a new epoch
    LISTED = 13  # HELLO lists it as open, nothing was handed over
    LISTED_BODY = 14  # HELLO lists it as open, body was handed over
    NOT_LISTED = 15  # HELLO does not list it; after a cancel: or lists it as ended
    TIMEOUT = 16
    USER_LEFT = 17  # at the connector: CANCEL
    NEED_BODY = 18  # connector: ATTACH for the body was sent
    FORWARD = 19  # connector: without a body, on to the application


Table = Mapping[int, Mapping[int, State]]

_S = State
_T = Step

#: The service's side.
SERVICE_TRANSITIONS: dict[int, dict[int, State]] = {
    _S.QUEUED: {_T.DISPATCH: _S.SENT, _T.FAIL: _S.DONE, _T.TIMEOUT: _S.DONE, _T.USER_LEFT: _S.DONE},
    _S.SENT: {
        _T.ATTACH: _S.SENT,
        _T.INFO: _S.SENT,
        _T.HANDED_OVER: _S.BODY,
        _T.HEAD: _S.STREAM,
        _T.ANSWER: _S.DONE,
        _T.REJECT: _S.QUEUED,
        _T.RETRY: _S.QUEUED,
        _T.FAIL: _S.DONE,
        # A stale data connection: the connector attaches once more on a fresh one.
        _T.ABORT: _S.SENT,
        _T.LOST: _S.LIMBO,
        _T.TIMEOUT: _S.CANCELLED,
        _T.USER_LEFT: _S.CANCELLED,
    },
    _S.BODY: {
        _T.ATTACH: _S.BODY,
        _T.INFO: _S.BODY,
        _T.HANDED_OVER: _S.BODY,
        _T.HEAD: _S.STREAM,
        _T.ANSWER: _S.DONE,
        # It crossed the first of the body. Whether the body is still here is for `may_retry`; if not: FAIL.
        _T.REJECT: _S.QUEUED,
        _T.FAIL: _S.DONE,
        # The connector's own FAIL or answer is still to come.
        _T.ABORT: _S.CANCELLED,
        _T.LOST: _S.LIMBO,
        _T.TIMEOUT: _S.CANCELLED,
        _T.USER_LEFT: _S.CANCELLED,
    },
    _S.STREAM: {
        # The body may still be asked for, and handed over, after an early answer has begun.
        _T.ATTACH: _S.STREAM,
        _T.HANDED_OVER: _S.STREAM,
        _T.END: _S.DONE,
        _T.FAIL: _S.DONE,
        _T.ABORT: _S.DONE,
        # The stream has a connection of its own.
        _T.LOST: _S.STREAM,
        _T.TIMEOUT: _S.CANCELLED,
        _T.USER_LEFT: _S.CANCELLED,
    },
    _S.LIMBO: {
        # Answers may come on any connection.
        _T.ATTACH: _S.LIMBO,
        _T.INFO: _S.LIMBO,
        _T.HANDED_OVER: _S.LIMBO,
        _T.HEAD: _S.STREAM,
        _T.ANSWER: _S.DONE,
        _T.REJECT: _S.QUEUED,
        _T.ABORT: _S.LIMBO,
        _T.RETRY: _S.QUEUED,
        _T.FAIL: _S.DONE,
        _T.LISTED: _S.SENT,
        _T.LISTED_BODY: _S.BODY,
        # It was never received.
        _T.NOT_LISTED: _S.QUEUED,
        _T.LOST: _S.LIMBO,
        _T.TIMEOUT: _S.CANCELLED,
        _T.USER_LEFT: _S.CANCELLED,
    },
    # The slot stays taken until the connector has spoken, or is gone.
    _S.CANCELLED: {
        _T.ATTACH: _S.CANCELLED,
        _T.INFO: _S.CANCELLED,
        _T.HEAD: _S.CANCELLED,
        _T.END: _S.DONE,
        _T.ANSWER: _S.DONE,
        _T.REJECT: _S.DONE,
        _T.FAIL: _S.DONE,
        _T.ABORT: _S.DONE,
        _T.LOST: _S.DONE,
        _T.NOT_LISTED: _S.DONE,
        _T.TIMEOUT: _S.CANCELLED,
        _T.USER_LEFT: _S.CANCELLED,
    },
    _S.DONE: {},
}

#: The connector's side.
CONNECTOR_TRANSITIONS: dict[int, dict[int, State]] = {
    _S.RECEIVED: {
        _T.NEED_BODY: _S.GATE,
        _T.FORWARD: _S.ORIGIN,
        _T.REJECT: _S.DONE,
        _T.FAIL: _S.DONE,
        _T.LOST: _S.DONE,
        _T.TIMEOUT: _S.CANCELLED,
        _T.USER_LEFT: _S.CANCELLED,
    },
    _S.GATE: {
        _T.ATTACH: _S.GATE,
        _T.HANDED_OVER: _S.ORIGIN,
        # Nothing was written to the application, so another connector may have it.
        _T.REJECT: _S.DONE,
        _T.FAIL: _S.DONE,
        # A stale data connection: attach once more on a fresh one.
        _T.ABORT: _S.GATE,
        _T.LOST: _S.DONE,
        _T.TIMEOUT: _S.CANCELLED,
        _T.USER_LEFT: _S.CANCELLED,
    },
    _S.ORIGIN: {
        _T.ATTACH: _S.ORIGIN,
        _T.HANDED_OVER: _S.ORIGIN,
        _T.INFO: _S.ORIGIN,
        _T.HEAD: _S.ANSWERING,
        _T.ANSWER: _S.DONE,
        # No connection could be opened, for want of a file: the application was given nothing.
        _T.REJECT: _S.DONE,
        _T.FAIL: _S.DONE,
        _T.ABORT: _S.CANCELLED,
        _T.LOST: _S.DONE,
        _T.TIMEOUT: _S.CANCELLED,
        _T.USER_LEFT: _S.CANCELLED,
    },
    _S.ANSWERING: {
        _T.ATTACH: _S.ANSWERING,
        _T.END: _S.DONE,
        _T.FAIL: _S.DONE,
        _T.ABORT: _S.DONE,
        _T.LOST: _S.DONE,
        _T.TIMEOUT: _S.CANCELLED,
        _T.USER_LEFT: _S.CANCELLED,
    },
    # One final frame is owed: FAIL on the signal connection, or ABORT where the answer had begun.
    _S.CANCELLED: {
        _T.FAIL: _S.DONE,
        _T.ABORT: _S.DONE,
        _T.ANSWER: _S.DONE,
        _T.END: _S.DONE,
        _T.REJECT: _S.DONE,
        _T.LOST: _S.DONE,
        _T.TIMEOUT: _S.CANCELLED,
        _T.USER_LEFT: _S.CANCELLED,
    },
    _S.DONE: {},
}

_Key = TypeVar("_Key", bound=IntEnum)


def advance(table: Table, state: int, step: int) -> State:
    """The state that follows. Raises LocalProtocolError when `step` cannot happen in `state`."""
    try:
        return table[state][step]
    except KeyError:
        raise LocalProtocolError(f"{_name(State, step=state)}: no {_name(Step, step=step)} is possible") from None


def to_dot(table: Table, name: str) -> str:
    """The table as a drawing for Graphviz."""
    lines = [
        f'    {State(state).name} -> {after.name} [label="{Step(step).name}"];'
        for state, steps in table.items()
        for step, after in steps.items()
    ]
    return "\n".join([f"digraph {name} {{", *lines, "}", ""])


def _name(enum: type[_Key], step: int) -> str:
    return enum(step).name if step in enum.__members__.values() else str(step)
