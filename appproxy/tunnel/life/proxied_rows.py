"""The life of a proxied request, at the service: `(life, event) -> (life, actions)`, in the words of `proxied`.

`LIFE[life | event]` is the row that follows: the life then, and the actions, in their order. Rows are worked out when they
are needed for the first time, and are constants from then on, so that the hot path is one look-up. There are some thousands at
most. Each follows `SERVICE_TRANSITIONS` step by step; what that forbids raises LocalProtocolError and changes nothing.

A user is there until an action tells them how it ended, the answer is complete, or they leave: exactly in the states before
CANCELLED. A slot at a connector is taken in all states but QUEUED and DONE.
"""

from __future__ import annotations

from collections.abc import Callable

from appproxy.errors import LocalProtocolError, Retry
from appproxy.tunnel.exchanges import SERVICE_TRANSITIONS, State, Step, advance
from appproxy.tunnel.life.proxied import ATTEMPTS, EVENT, STATE, Action, Event, Fact, may_retry

Row = tuple[int, tuple[Action, ...]]
_A = Action
_ATTEMPT = 1 << ATTEMPTS
# As plain numbers: members of an enum take a call to combine with ~.
_BODY, _KEPT, _HANDED, _OVER = int(Fact.BODY), int(Fact.KEPT), int(Fact.HANDED_OVER), int(Fact.USER_OVER)
_ATTACHED, _UPGRADED, _ORIGIN_OVER = int(Fact.ATTACHED), int(Fact.UPGRADED), int(Fact.ORIGIN_OVER)
#: Nothing of these is true of what waits for a connector again.
_OF_ONE_TRY = _HANDED | _OVER | _ATTACHED

# What follows. Each of these makes the rows of some events.


def _to(life: int, step: Step, *actions: Action) -> Row:
    """The row of one step, with the facts as they are; where it ends the request, its slot is freed."""
    return _at(life, advance(SERVICE_TRANSITIONS, life & STATE, step), *actions)


def _at(life: int, state: State, *actions: Action) -> Row:
    before = life & STATE
    if state == State.DONE:
        actions = (_A.FORGET, *actions) if before == State.QUEUED else (_A.FREE, _A.FORGET, *actions)
    return life & ~STATE | state, actions


def _same(life: int, *actions: Action) -> Row:
    """No other state. What is over has nothing more to do, whatever it still hears of."""
    return life, () if life & STATE == State.DONE else actions


def _has_user(life: int) -> bool:
    return life & STATE < State.CANCELLED


def _again(life: int, *actions: Action) -> Row:
    """To another connector, from its beginning."""
    return life & ~(STATE | _OF_ONE_TRY) | State.QUEUED, (*actions, _A.RETRY)


def _lost(life: int, processed: Retry, *before: Action, free: Action = _A.FREE, shun: bool = True) -> Row:
    """It broke at the connector: once more elsewhere, if that can do no harm; else the user hears of it."""
    if life & STATE != State.LIMBO:
        life, _ = _to(life, Step.LOST)
    if may_retry(life, processed):
        _to(life, Step.RETRY)
        return _again(life, *before, *((_A.SHUN,) if shun else ()), free)
    state = advance(SERVICE_TRANSITIONS, life & STATE, Step.FAIL)
    return life & ~STATE | state, (*before, free, _A.FORGET, _A.TELL)


def _dispatched(life: int) -> Row:
    if life & _BODY:
        wait = _A.WAIT_ATTACH
    elif life & Fact.UPGRADE:
        wait = _A.WAIT_ATTACH_STREAM
    else:
        wait = _A.WAIT_ANSWER
    return _to(life + _ATTEMPT, Step.DISPATCH, wait)


def _parked(life: int) -> Row:
    if life & STATE != State.QUEUED:
        raise LocalProtocolError(f"{State(life & STATE).name}: it cannot wait for a connector")
    return _same(life, _A.WAIT_TURN)


def _rejected(life: int) -> Row:
    after, _ = _to(life, Step.REJECT)
    if not _has_user(life):
        return _to(life, Step.REJECT)
    if may_retry(life, Retry.ANY):
        return _again(life, _A.SHUN, _A.FREE)
    state = advance(SERVICE_TRANSITIONS, after & STATE, Step.FAIL)
    return life & ~STATE | state, (_A.FREE, _A.FORGET, _A.TELL)


def _failed(life: int) -> Row:
    return _to(life, Step.FAIL, *((_A.TELL,) if _has_user(life) else ()))


def _informed(life: int) -> Row:
    """It is at work, unless it waits for the user."""
    return _to(life, Step.INFO, *((_A.WAIT_ANSWER,) if not life & _BODY or life & _ATTACHED else ()))


def _link_lost(life: int) -> Row:
    after, actions = _to(life, Step.LOST)
    return (after, (*actions, _A.WAIT_HELLO)) if after & STATE == State.LIMBO else (after, actions)


def _listed(life: int, event: Event) -> Row:
    """A HELLO after limbo. Of what is not in limbo it says nothing: a second connection of the same connector."""
    if life & STATE != State.LIMBO:
        return _same(life)
    if event == Event.LISTED:
        return _to(life, Step.LISTED_BODY if life & _HANDED else Step.LISTED, _A.WAIT_ANSWER)
    if event == Event.ENDED:
        return _lost(life, Retry.IDEMPOTENT)
    return _lost(life, Retry.ANY, free=_A.VACATE, shun=False)  # it is here again: nothing speaks against the same connector


def _peer_lost(life: int) -> Row:
    state = life & STATE
    if state in (State.QUEUED, State.DONE):
        return _same(life)
    if state in (State.STREAM, State.CANCELLED):
        return _to(life, Step.ABORT, *((_A.TELL,) if _has_user(life) else ()))
    return _lost(life, Retry.IDEMPOTENT)


def _stuck(life: int) -> Row:
    """Once more elsewhere, if that can do no harm and the connector has shown nothing of it; else it waits on."""
    if life & STATE != State.SENT or life & _ATTACHED or not may_retry(life, Retry.IDEMPOTENT):
        return _same(life)
    _to(life, Step.RETRY)
    return _again(life, _A.CANCEL, _A.SHUN, _A.FREE)


def _attached(life: int, body: bool) -> Row:
    actions = (_A.WAIT_ANSWER, _A.READ_BODY) if body and life & _BODY and not life & _OVER else ()
    return _to(life | _ATTACHED, Step.ATTACH, *actions)


def _headed(life: int) -> Row:
    return _to(life, Step.HEAD, *((_A.WAIT_SILENCE,) if _has_user(life) else ()))


def _switched(life: int) -> Row:
    """What only the request needed goes: its body is the user's direction from now on."""
    return _same(life & ~(_KEPT | _OVER) | _BODY | _HANDED | _UPGRADED)


def _origin_ended(life: int) -> Row:
    if life & _UPGRADED and not life & _OVER and _has_user(life):
        return _same(life | _ORIGIN_OVER)
    return _to(life, Step.END)


def _aborted(life: int) -> Row:
    state = life & STATE
    left = life & ~_ATTACHED
    if state in (State.STREAM, State.CANCELLED):
        return _to(left, Step.ABORT, *((_A.TELL,) if _has_user(life) else ()))
    if state == State.BODY:  # its FAIL, or an answer, is still to come, and frees the slot
        return _to(left, Step.ABORT, _A.LEAVE_DATA, _A.WAIT_LAST_WORD, _A.TELL)
    return _to(left, Step.ABORT, _A.LEAVE_DATA)  # the connector attaches once more on a fresh one


def _data_lost(life: int) -> Row:
    state = life & STATE
    left = life & ~_ATTACHED
    if state == State.DONE:
        return _same(left)
    # The signal connection may have gone first: with both lost, waiting in limbo could bring nothing back.
    if state == State.BODY or (state == State.LIMBO and life & _HANDED):
        return _lost(left, Retry.IDEMPOTENT, _A.CANCEL)
    return _aborted(life)


def _user_ended(life: int) -> Row:
    over = life | _OVER
    if not life & _UPGRADED:
        return _same(over, _A.WAIT_SILENCE)
    return _to(over, Step.END) if life & _ORIGIN_OVER else _same(over)


def _left(life: int, step: Step, *after: Action) -> Row:
    """Nobody wants it any more. The slot stays taken until the connector's last word, which it may have said."""
    if life & STATE == State.QUEUED:
        return _to(life, step, _A.UNPARK, *after)
    life, _ = _to(life, step)
    if life & _UPGRADED and life & _ORIGIN_OVER:
        state = advance(SERVICE_TRANSITIONS, life & STATE, Step.END)
        return life & ~STATE | state, (_A.CANCEL, _A.FREE, _A.FORGET, *after)
    return life, (_A.WAIT_LAST_WORD, _A.CANCEL, *after)


def _user_left(life: int) -> Row:
    return _left(life, Step.USER_LEFT) if life & STATE != State.DONE else _same(life)


def _cut(life: int) -> Row:
    return _left(life, Step.USER_LEFT, _A.TELL) if _has_user(life) else _same(life)


def _deadline(life: int, unread: bool) -> Row:
    """Its time is over, whatever it waits for."""
    state = life & STATE
    if state == State.DONE:
        return _same(life)
    if state == State.QUEUED:
        return _to(life, Step.TIMEOUT, _A.UNPARK, _A.TELL_NO_TURN)
    if state == State.CANCELLED:
        return _to(life, Step.LOST)
    if state == State.LIMBO:
        after, actions = _lost(life, Retry.IDEMPOTENT)
        return after, tuple(_A.TELL_NO_HELLO if action == _A.TELL else action for action in actions)
    if state != State.STREAM and life & _BODY:
        # While the user still sends, and nobody pauses them, the application is not late.
        if life & _ATTACHED and life & _HANDED and not life & _OVER and not unread:
            return _same(life, _A.WAIT_ANSWER)
        if not life & _ATTACHED and not life & _HANDED:
            after, actions = _left(life, Step.TIMEOUT, _A.TELL_NO_ATTACH)
            return after, (_A.SUSPECT, *actions)
    return _left(life, Step.TIMEOUT, _A.TELL_NO_ANSWER)


_RULES: dict[Event, Callable[[int], Row]] = {
    Event.PARKED: _parked,
    Event.REFUSED: lambda life: _to(life, Step.FAIL, _A.REST, _A.TELL),
    Event.DISPATCHED: _dispatched,
    Event.CUT: _cut,
    Event.DEADLINE: lambda life: _deadline(life, unread=False),
    Event.DEADLINE_UNREAD: lambda life: _deadline(life, unread=True),
    Event.ANSWERED: lambda life: _to(life, Step.ANSWER),
    Event.INFORMED: _informed,
    Event.REJECTED: _rejected,
    Event.FAILED: _failed,
    Event.LINK_LOST: _link_lost,
    Event.LISTED: lambda life: _listed(life, Event.LISTED),
    Event.ENDED: lambda life: _listed(life, Event.ENDED),
    Event.NOT_LISTED: lambda life: _listed(life, Event.NOT_LISTED),
    Event.PEER_LOST: _peer_lost,
    Event.ATTACH: lambda life: _attached(life, body=False),
    Event.ATTACH_BODY: lambda life: _attached(life, body=True),
    Event.HEADED: _headed,
    Event.SWITCHED: _switched,
    Event.ORIGIN_ENDED: _origin_ended,
    Event.ABORTED: _aborted,
    Event.STOPPED: lambda life: _same(life | _OVER),
    Event.DATA_LOST: _data_lost,
    Event.DETACHED: lambda life: _same(life & ~_ATTACHED),
    Event.HANDED_OVER: lambda life: _to(life | _HANDED, Step.HANDED_OVER),
    Event.OUTGROWN: lambda life: _same(life & ~_KEPT),
    Event.USER_ENDED: _user_ended,
    Event.USER_LEFT: _user_left,
    Event.STUCK: _stuck,
    Event.ENDLESS: lambda life: _same(life, _A.LENGTHEN),
}


class Rows(dict[int, Row]):
    """All rows that were needed so far, by `life | event`."""

    def __missing__(self, key: int) -> Row:
        row = self[key] = _RULES[Event(key & EVENT)](key & ~EVENT)
        return row


LIFE = Rows()
