"""What becomes of a request whose signal connection, data connection, connector or time is lost.

A lost signal connection may have taken an answer, or the request, with it: the request is in limbo until the connector
says in its next HELLO what it knows of it. What is lost for good goes to another connector where that can do no harm
(`tunnel.retry`); else the user is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from appproxy.errors import Code, Retry
from appproxy.tunnel.exchanges import State, Step

if TYPE_CHECKING:
    from appproxy.service.relay.proxied_request import ProxiedRequest
    from appproxy.service.relay.roster import SignalChannel


def link_lost(request: ProxiedRequest, now: float) -> None:
    """The signal connection that carried it has gone; the next HELLO tells what became of it."""
    cancelled = request.state == State.CANCELLED
    request.step(Step.LOST)
    if cancelled:
        request.free()
    elif request.state == State.LIMBO:
        request.deadline = now + request.relay.limits.limbo_seconds


def told(request: ProxiedRequest, listed_open: bool, listed_ended: bool, link: SignalChannel, now: float) -> None:
    """A HELLO after limbo: the connector has it, has ended it, or never received it."""
    if request.state != State.LIMBO:
        return
    if listed_open:
        request.link = link
        request.step(Step.LISTED_BODY if _handed_over(request) else Step.LISTED)
        request.deadline = now + request.plan.application.backend_timeout
    elif listed_ended:
        _lose(request, "the answer was lost with its connection", Retry.IDEMPOTENT)
    else:
        request.peer, peer = None, request.peer  # it is here again: nothing speaks against the same connector
        if peer is not None:
            request.leave(peer)
        _lose(request, "the request was lost with its connection", Retry.ANY)


def data_lost(request: ProxiedRequest) -> None:
    """The data connection is gone, with no word why."""
    request.data = None
    # The signal connection may have gone first: with both lost, waiting in limbo could bring nothing back.
    if request.state == State.BODY or (request.state == State.LIMBO and _handed_over(request)):
        request.cancel()
        _lose(request, "the data connection was lost", Retry.IDEMPOTENT)
    elif request.state != State.DONE:
        # Before anything was handed over, the connector attaches once more on a fresh one.
        request.aborted(Code.CONNECTOR_LOST, "the data connection was lost")


def peer_lost(request: ProxiedRequest) -> None:
    """The connector has gone for good."""
    state = request.state
    if state == State.CANCELLED or state == State.STREAM:
        request.step(Step.ABORT)
        request.free()
        request.fail(Code.CONNECTOR_LOST, "the connector was lost")
    elif state not in (State.DONE, State.QUEUED):
        _lose(request, "the connector was lost", Retry.IDEMPOTENT)


def deadline_passed(request: ProxiedRequest, now: float) -> None:
    """Its time is over, whatever it waits for."""
    state = request.state
    if state == State.QUEUED:
        request.unpark()
        request.step(Step.TIMEOUT)
        over = request.relay.roster.is_over(request.plan.application.connector_group, request.whose)
        if over:
            request.fail(Code.SHARE_EXCEEDED, "too many requests of this user are under way, and this one waited for them")
        else:
            request.fail(Code.QUEUE_TIMEOUT, "parked too long")
    elif state == State.CANCELLED:
        request.step(Step.LOST)
        request.free()
    elif state == State.LIMBO:
        _lose(request, "no signal connection came back", Retry.IDEMPOTENT)
    elif _waits_for_user(request):
        request.deadline = now + request.plan.application.backend_timeout
    else:
        _time_out(request, now)


def _waits_for_user(request: ProxiedRequest) -> bool:
    """While the user still sends, and nobody pauses them, the application is not late."""
    upload, data = request.upload, request.data
    return (
        upload is not None and data is not None and request.answer is None and upload.handed_over
        and not upload.over and not data.paused
    )


def _time_out(request: ProxiedRequest, now: float) -> None:
    upload, streaming = request.upload, request.answer is not None
    no_attach = upload is not None and request.data is None and not upload.handed_over and not streaming
    if no_attach and request.peer is not None:
        request.relay.roster.timed_out(request.peer, now)
    request.step(Step.TIMEOUT)
    request.cancel()
    seconds = f"{request.plan.application.backend_timeout:g} s"
    if no_attach:
        request.fail(Code.NO_ATTACH, f"the connector asked for no body within {seconds}")
    else:
        what = "nothing more of the answer" if streaming else "no answer"
        request.fail(Code.BACKEND_TIMEOUT, f"{what} within backend_timeout, {seconds}")


def _lose(request: ProxiedRequest, text: str, processed: Retry) -> None:
    """It broke at the connector: once more elsewhere, if that cannot do harm."""
    if request.state != State.LIMBO:
        request.step(Step.LOST)
    peer = request.peer
    request.free()
    if request.exchange is not None and request.may_retry(request.state, processed):
        request.step(Step.RETRY)
        request.try_another(peer)
    else:
        request.step(Step.FAIL)
        request.fail(Code.CONNECTOR_LOST, text)


def _handed_over(request: ProxiedRequest) -> bool:
    return request.upload is not None and request.upload.handed_over
