"""What the exchanges of all HTTP versions have in common: whose they are, what became of them, who is to be told."""

from __future__ import annotations

from twisted.internet.interfaces import IPushProducer

from appproxy.errors import Code
from appproxy.http.head import RequestHead
from appproxy.service.exchange.exchange import BodyReader, Responder

#: Bytes: a TLS record holds as many.
_PIECE = 16384


class ExchangeState:
    """The attributes of `service.exchange.exchange.Exchange`, as they are when a head has come."""

    __slots__ = (
        "_given", "_left", "_over", "_producer", "_switched", "application", "attempts", "begun", "client", "connector",
        "detail", "failure", "head", "id", "responder", "own_fields", "received", "renewal", "scheme", "sent", "started",
        "status", "subject",
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
        #: The body that counts in place of what has come; None: what comes does.
        self._given: bytes | None = None
        #: Bytes that a streamed answer still owes, -1 when their number was not announced, -2 when none are to be sent.
        self._left = -1
        self._producer: IPushProducer | None = None
        self.own_fields = b""
        self.renewal = b""
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

    def replace(self, head: RequestHead, body: bytes) -> None:
        """Go on as if the request were this one."""
        self.head, self._given = head, body

    def _give(self, reader: BodyReader, body: bytes) -> None:
        """Hand over a body that is here, in pieces of the size in which others come."""
        for start in range(0, len(body), _PIECE):
            reader.body_received(body[start : start + _PIECE])
        reader.body_ended([])

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
