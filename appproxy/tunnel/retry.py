"""May a request go to another connector? The one rule, as a function of values."""

from __future__ import annotations

from appproxy.errors import Retry
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.limits import DEFAULT_LIMITS

#: RFC 9110 section 9.2.2, and those that IANA's registry of methods lists as idempotent: all but CONNECT, LOCK, PATCH and
#: POST. (PRI, which begins HTTP/2, is no request.) What is registered nowhere counts as not idempotent.
IDEMPOTENT = frozenset(
    b"ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY DELETE GET HEAD LABEL LINK MERGE MKACTIVITY MKCALENDAR MKCOL "
    b"MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE UNBIND "
    b"UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL".split()
)

_BEFORE_THE_ANSWER = frozenset({State.SENT, State.BODY, State.LIMBO})


def may_retry(
    state: int,
    *,
    processed: Retry,
    idempotent: bool,
    handed_over: bool,
    attempts: int,
    body_held: bool,
) -> bool:
    """Whether another connector may have the request, which broke in `state`.

    - `processed`: what is known of the failure. ANY: surely not processed (a REJECT; LIMBO and not listed).
      IDEMPOTENT: unknown (the connector was lost; listed as ended, but its answer never came). NEVER: the failure is
      final.
    - `idempotent`: its method is one of `IDEMPOTENT`.
    - `handed_over`: BODY, END or GO was written. **A request without a body is handed over as soon as its REQ is
      written**, and its (empty) body counts as held.
    - `attempts`: how often the request was dispatched so far, this time included.
    - `body_held`: all of the body that was handed over is still here and can be sent again.
    """
    if state == State.QUEUED:
        return True
    if state not in _BEFORE_THE_ANSWER or processed is Retry.NEVER:
        return False
    if handed_over and not body_held:
        return False
    if processed is Retry.ANY or not handed_over:
        return attempts <= DEFAULT_LIMITS.retries
    return idempotent and attempts <= 1
