"""The life of an origin request, at the connector: `(life, event) -> (life, actions)`.

As `proxied_rows`: a life is one number, in its lowest bits the state of `CONNECTOR_TRANSITIONS`, above them what else is true.
`LIFE[life | event]` is a constant row. It holds for requests and for the streams that they may become. Each ends with one
final frame: RSP, REJECT or FAIL on a signal connection, END or ABORT on the data connection of its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from appproxy.tunnel.exchanges import CONNECTOR_TRANSITIONS, State, Step, advance

#: Where in a life the state is.
STATE = 0x1F
_EVENT_SHIFT = 5
_EVENT = 0x1F << _EVENT_SHIFT
#: The life of a REQ that has come.
BORN = int(State.RECEIVED)


class Fact(IntEnum):
    """What is true beside the state."""

    #: The head of the answer was put on a data connection: the answer can be broken off, and no longer fail.
    BEGUN = 1 << 10
    #: All of the answer was put there.
    WHOLE = 1 << 11


_BEGUN, _WHOLE = int(Fact.BEGUN), int(Fact.WHOLE)


class Event(IntEnum):
    """What happens."""

    FORWARD = 1 << _EVENT_SHIFT  # without a body, or the application is asked for its consent first
    NEED_BODY = 2 << _EVENT_SHIFT
    HANDED_OVER = 3 << _EVENT_SHIFT  # the first of the body has come: the gate opens
    # What the application says, or what becomes of it.
    INFORMED = 4 << _EVENT_SHIFT
    ANSWERED = 5 << _EVENT_SHIFT  # the whole answer goes in line
    HEADED = 6 << _EVENT_SHIFT  # it begins on a data connection; of a stream: 101
    COMPLETE = 7 << _EVENT_SHIFT  # its end was put there
    BROKEN = 8 << _EVENT_SHIFT  # there is no answer, or not the rest of it
    DEADLINE = 9 << _EVENT_SHIFT
    DEADLINE_EXCUSED = 10 << _EVENT_SHIFT  # but the application waits for us
    # What this program cannot or will not do.
    REJECTED = 11 << _EVENT_SHIFT  # nothing was done of it: another connector may have it
    FAILED = 12 << _EVENT_SHIFT
    GAVE_WAY = 13 << _EVENT_SHIFT  # others need its data connection
    # What the service says, or what becomes of it.
    CANCELLED = 14 << _EVENT_SHIFT
    NODE_LOST = 15 << _EVENT_SHIFT
    DATA_FAILED = 16 << _EVENT_SHIFT  # no data connection, or no more
    DATA_OVER = 17 << _EVENT_SHIFT  # both directions of the answer's are over, and the service knows of it
    BODY_OVER = 18 << _EVENT_SHIFT  # the same of one for the body alone


class Action(IntEnum):
    """What is to be done."""

    DROP_ORIGIN = 0
    STOP_BODY = 1  # STOP, where the service still sends
    LOSE_BODY = 2  # where it cannot any more
    BREAK_ANSWER = 3  # ABORT, where it had begun on a data connection
    LOSE_ANSWER = 4
    FORGET_ANSWER = 5  # nothing of it was put anywhere
    SAY_FAIL = 6
    SAY_FAIL_UNHEARD = 7  # unless the service has taken the data connection, and so hears ABORT
    SAY_REJECT = 8
    TELL_GAVE_WAY = 9  # of what has ended here: the service may not have come to its end
    FINISH = 10
    EXTEND = 11  # the application has the whole time again
    SEND = 12  # to the application, if there is a connection
    ATTACH_ANSWER = 13  # it has waited until the body's data connection was free
    RESUME_SWITCH = 14  # 101 has waited for the same


Row = tuple[int, tuple[Action, ...]]
_A = Action
_FAILED = (_A.DROP_ORIGIN, _A.STOP_BODY, _A.BREAK_ANSWER, _A.SAY_FAIL, _A.FINISH)
#: The service may never look at what was written to a data connection that it has not taken.
_BROKEN = (_A.DROP_ORIGIN, _A.STOP_BODY, _A.SAY_FAIL_UNHEARD, _A.BREAK_ANSWER, _A.FINISH)
#: It stops reading that while the user does, so FAIL goes before ABORT.
_GAVE_WAY = (_A.DROP_ORIGIN, _A.STOP_BODY, _A.SAY_FAIL, _A.BREAK_ANSWER, _A.FINISH)


def _to(life: int, step: Step, *actions: Action) -> Row:
    state = advance(CONNECTOR_TRANSITIONS, life & STATE, step)
    return life & ~STATE | state, actions


def _over(life: int) -> bool:
    return life & STATE >= State.CANCELLED


def _failed(life: int) -> Row:
    return _to(life, Step.FAIL, *_FAILED) if life & STATE != State.DONE else (life, ())


def _broken(life: int) -> Row:
    if life & STATE == State.DONE:
        return life, ()
    return _to(life, Step.ABORT, *_BROKEN) if life & _BEGUN else _failed(life)


def _cancelled(life: int) -> Row:
    if _over(life):
        return life, ()
    after, _ = _to(life, Step.USER_LEFT)
    return _broken(after)


def _gave_way(life: int) -> Row:
    if life & STATE == State.DONE:
        return life, (_A.TELL_GAVE_WAY,)
    return _to(life, Step.ABORT, *_GAVE_WAY) if life & _BEGUN else _failed(life)


def _data_failed(life: int) -> Row:
    if life & STATE == State.DONE:
        return life, ()
    if life & _BEGUN:
        after, actions = _broken(life)
        return after, (_A.LOSE_BODY, _A.LOSE_ANSWER, *actions)
    after, actions = _failed(life)
    return after, (_A.LOSE_BODY, _A.FORGET_ANSWER, *actions)


def _data_over(life: int) -> Row:
    if _over(life) or not life & _WHOLE:
        return life, ()
    return _to(life, Step.END, _A.DROP_ORIGIN, _A.FINISH)


def _body_over(life: int) -> Row:
    if _over(life):
        return life, ()
    return life, (_A.ATTACH_ANSWER if life & _BEGUN else _A.RESUME_SWITCH,)


_RULES: dict[Event, Callable[[int], Row]] = {
    Event.FORWARD: lambda life: _to(life, Step.FORWARD),
    Event.NEED_BODY: lambda life: _to(life, Step.NEED_BODY),
    Event.HANDED_OVER: lambda life: _to(life, Step.HANDED_OVER, _A.EXTEND, _A.SEND),
    Event.INFORMED: lambda life: _to(life, Step.INFO, _A.EXTEND),
    Event.ANSWERED: lambda life: _to(life, Step.ANSWER, _A.FINISH),
    Event.HEADED: lambda life: _to(life | _BEGUN, Step.HEAD),
    Event.COMPLETE: lambda life: (life | _WHOLE, ()),
    Event.BROKEN: _broken,
    Event.DEADLINE: _broken,
    Event.DEADLINE_EXCUSED: lambda life: (life, () if _over(life) else (_A.EXTEND,)),
    Event.REJECTED: lambda life: _to(life, Step.REJECT, _A.SAY_REJECT, _A.FINISH),
    Event.FAILED: _failed,
    Event.GAVE_WAY: _gave_way,
    Event.CANCELLED: _cancelled,
    Event.NODE_LOST: lambda life: _to(life, Step.LOST, _A.DROP_ORIGIN, _A.FINISH),
    Event.DATA_FAILED: _data_failed,
    Event.DATA_OVER: _data_over,
    Event.BODY_OVER: _body_over,
}


class Rows(dict[int, Row]):
    """All rows that were needed so far, by `life | event`."""

    def __missing__(self, key: int) -> Row:
        row = self[key] = _RULES[Event(key & _EVENT)](key & ~_EVENT)
        return row


LIFE = Rows()
