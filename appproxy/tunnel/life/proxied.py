"""The words for the life of a proxied request: what is true, what happens, what is done. `proxied_rows` says what follows.

A life is one number: in its lowest bits where the request is (`exchanges.State`), above them what is true of it (`Fact`) and
how often a connector had it.
"""

from __future__ import annotations

from enum import IntEnum

from appproxy.errors import Retry
from appproxy.tunnel import retry
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Flag

#: Where in a life the state is.
STATE = 0x1F
_EVENT_SHIFT = 5
#: Where the event is, in a key of the rows; in a life there is none.
EVENT = 0x1F << _EVENT_SHIFT


class Fact(IntEnum):
    """What is true of a request beside its state. The first four are so from the start."""

    IDEMPOTENT = 1 << 10
    #: The user asked for another protocol.
    UPGRADE = 1 << 11
    #: The application may have the head before anything of the body is handed over (flag ASK).
    ASKED = 1 << 12
    #: The user has a body that the connector has to ask for; after 101 a direction of the stream.
    BODY = 1 << 13
    #: All that was handed over of the body is still here.
    KEPT = 1 << 14
    #: BODY, END or GO of the body was written.
    HANDED_OVER = 1 << 15
    #: Nothing more of the user's will be written: it is complete, or the connector wants no more.
    USER_OVER = 1 << 16
    #: It has a data connection.
    ATTACHED = 1 << 17
    #: 101: a stream of bytes each way.
    UPGRADED = 1 << 18
    #: Of a stream: the application has closed its direction.
    ORIGIN_OVER = 1 << 19


#: From this bit on: how often a connector had it.
ATTEMPTS = 20
# As plain numbers: members of an enum take a call to combine with ~.
_BODY, _KEPT, _HANDED, _OVER = int(Fact.BODY), int(Fact.KEPT), int(Fact.HANDED_OVER), int(Fact.USER_OVER)
_ATTACHED = int(Fact.ATTACHED)
#: What is left of a life where the body travels in the REQ.
WITHOUT_BODY = ~(_BODY | _KEPT)


class Event(IntEnum):
    """What happens. Where the same may mean two things, there are two."""

    # What this node does.
    PARKED = 1 << _EVENT_SHIFT  # it waits for a connector
    REFUSED = 2 << _EVENT_SHIFT  # there is no point in waiting
    DISPATCHED = 3 << _EVENT_SHIFT  # a connector was chosen: its REQ is about to be written
    CUT = 4 << _EVENT_SHIFT  # the user may no longer
    DEADLINE = 5 << _EVENT_SHIFT
    DEADLINE_UNREAD = 6 << _EVENT_SHIFT  # and its data connection is full: the connector reads slowly
    # What the connector says, or what becomes of it.
    ANSWERED = 7 << _EVENT_SHIFT  # RSP
    INFORMED = 8 << _EVENT_SHIFT
    REJECTED = 9 << _EVENT_SHIFT
    FAILED = 10 << _EVENT_SHIFT
    LINK_LOST = 11 << _EVENT_SHIFT  # its signal connection
    LISTED = 12 << _EVENT_SHIFT  # HELLO: the connector has it
    ENDED = 13 << _EVENT_SHIFT  # HELLO: it has said its last word, which never came
    NOT_LISTED = 14 << _EVENT_SHIFT  # HELLO: it never came there
    PEER_LOST = 15 << _EVENT_SHIFT  # the connector, for good
    ATTACH = 16 << _EVENT_SHIFT  # for the answer alone
    ATTACH_BODY = 17 << _EVENT_SHIFT
    HEADED = 18 << _EVENT_SHIFT
    SWITCHED = 19 << _EVENT_SHIFT  # 101, right after HEADED
    ORIGIN_ENDED = 20 << _EVENT_SHIFT  # END
    ABORTED = 21 << _EVENT_SHIFT
    STOPPED = 22 << _EVENT_SHIFT  # it reads no more of the user's
    DATA_LOST = 23 << _EVENT_SHIFT  # its data connection, with no word why
    DETACHED = 24 << _EVENT_SHIFT  # the data connection is another's now; nothing was lost
    # What the user does.
    HANDED_OVER = 25 << _EVENT_SHIFT
    OUTGROWN = 26 << _EVENT_SHIFT  # more of the body was handed over than is kept
    USER_ENDED = 27 << _EVENT_SHIFT
    USER_LEFT = 28 << _EVENT_SHIFT
    ENDLESS = 29 << _EVENT_SHIFT  # its answer may go on for ever
    # Of the connector again.
    STUCK = 30 << _EVENT_SHIFT  # it does not answer, and others do


class Action(IntEnum):
    """What is to be done. Those that tell the user are the last thing that they hear."""

    FREE = 0  # its slot at the connector, and the data connection
    VACATE = 1  # its slot, with no turn for who waits: the connector is in the middle of its HELLO
    FORGET = 2  # it is over
    SHUN = 3  # the connector that has it gets it no more
    RETRY = 4  # have it dispatched from its beginning
    CANCEL = 5  # tell the connector that nobody wants it
    LEAVE_DATA = 6
    UNPARK = 7  # it waits for a connector no more
    REST = 8  # it has no deadline any more
    SUSPECT = 9  # the connector took it, and asked for nothing
    READ_BODY = 10
    LENGTHEN = 11  # it takes no place from others any more
    TELL = 12  # the failure that came with the event
    TELL_NO_TURN = 13
    TELL_NO_ATTACH = 14
    TELL_NO_ANSWER = 15
    TELL_NO_HELLO = 16
    # Deadlines, from now on.
    WAIT_TURN = 17
    WAIT_ATTACH = 18
    WAIT_ATTACH_STREAM = 19
    WAIT_ANSWER = 20
    WAIT_SILENCE = 21  # as long as the answer may be silent
    WAIT_HELLO = 22
    WAIT_LAST_WORD = 23


TELLING = frozenset({Action.TELL, Action.TELL_NO_TURN, Action.TELL_NO_ATTACH, Action.TELL_NO_ANSWER, Action.TELL_NO_HELLO})
#: Actions from here on set the deadline.
WAITS = Action.WAIT_TURN


class Born(dict[int, int]):
    """The life of a request that waits for its first connector, by the flags of its REQ (`frames.Flag`)."""

    def __missing__(self, flags: int) -> int:
        life: int = State.QUEUED
        for flag, fact in ((Flag.IDEMPOTENT, Fact.IDEMPOTENT), (Flag.UPGRADE, Fact.UPGRADE), (Flag.ASK, Fact.ASKED)):
            if flags & flag:
                life |= fact
        self[flags] = life = with_body(life) if flags & Flag.BODY else life
        return life


BORN = Born()


def with_body(life: int) -> int:
    """The same where the connector has to ask for the body after all."""
    return life | _BODY | (_KEPT if life & Fact.IDEMPOTENT else 0)


def may_attach(life: int, body: bool, response: bool) -> bool:
    """May the connector attach for this? Not for a body that is over, and never on two connections at once.

    A stream is attached both ways. Who asks for the bytes alone has lost the body, and would wait for ever.
    """
    if life & STATE in (State.QUEUED, State.CANCELLED, State.DONE) or life & _ATTACHED:
        return False
    if not body:
        return response
    if response and life & Fact.UPGRADE and (not life & _BODY or life & _OVER):
        return True
    return bool(life & _BODY) and not life & _HANDED


def may_retry(life: int, processed: Retry) -> bool:
    """May another connector have what broke here? `processed`: what is known of it. The rule itself is `retry.may_retry`."""
    has_body, handed_over = bool(life & _BODY), bool(life & _HANDED)
    return retry.may_retry(
        life & STATE, processed=processed, idempotent=bool(life & Fact.IDEMPOTENT), attempts=life >> ATTEMPTS,
        # Without a body all is handed over with the REQ itself, and nothing is missing to send it again. Where the
        # application was to be asked, it may have had the head before anything of the body was handed over.
        handed_over=not has_body or handed_over or bool(life & Fact.ASKED),
        body_held=not has_body or bool(life & _KEPT) or not handed_over,
    )
