"""What the exchanges of all HTTP versions have in common: whose they are, what became of them, who is to be told."""

from __future__ import annotations

from twisted.internet.interfaces import IPushProducer

from appproxy.errors import Code
from appproxy.http.head import RequestHead
from appproxy.service.exchange.exchange import Responder

#: Statuses whose answers never have a body (RFC 9110 sections 15.3.5 and 15.4.5).
BODYLESS = frozenset({204, 304})


class ExchangeState:
    """The attributes of `service.exchange.exchange.Exchange`, as they are when a head has come."""

    __slots__ = (
        "_left", "_over", "_producer", "_switched", "application", "attempts", "begun", "client", "connector",
        "detail", "failure", "head", "id", "responder", "own_fields", "received", "scheme", "sent", "started", "status",
        "subject",
    )

    def __init__(self, head: RequestHead, id: str, client: str, scheme: str, started: float) -> None:
        self.head = head
        self.id = id
        self.client = client
        self.scheme = scheme
        self.started = started
        self.responder: Responder | None = None
        self.begun = False
        self._over = False
        self._switched = False
        #: Bytes that a streamed answer still owes, -1 when their number was not announced, -2 when none are to be sent.
        self._left = -1
        self._producer: IPushProducer | None = None
        self.own_fields = b""
        # For the access log.
        self.status = 0
        self.sent = 0
        self.received = 0
        self.application = ""
        self.subject = ""
        self.connector = ""
        self.failure: Code | None = None
        self.detail = ""
        self.attempts = 0

    @property
    def over(self) -> bool:
        """Has our side of the exchange ended?"""
        return self._over

    @property
    def has_whole_body(self) -> bool:
        """Has all of the body arrived? Not where nobody has looked."""
        return False

    def take_body(self) -> bytes | None:
        """All of the body, if it has come with the head; where that cannot be, None."""
        return None

    def abort(self) -> None:
        """Break the answer, in the way of the version."""
        raise NotImplementedError

    def overrun(self) -> None:
        """More bytes came than were announced: the answer breaks, and whoever gives it is told."""
        self.failure = Code.ORIGIN_TRUNCATED
        self.detail = "more bytes than announced"
        responder, self.responder = self.responder, None
        self.abort()
        if responder is not None:
            responder.user_left(Code.ORIGIN_TRUNCATED)

    def tell(self, code: Code) -> bool:
        """Tell whoever answers that the user is at fault or gone; True: it is now for the front to answer."""
        responder, self.responder = self.responder, None
        if self._over:
            return False
        if responder is not None:
            responder.user_left(code)
        return not self._over
