"""What carries one request to an application, and its answer back: a connection, or a stream of one."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IPushProducer

from appproxy.connector.config.configuration import Target
from appproxy.errors import RequestError
from appproxy.http.connection_authentication import Leg
from appproxy.http.h1.client import Event
from appproxy.net.read_gate import ReadGate
from appproxy.tunnel.messages import Request
from appproxy.tunnel.shares import Held


class Consumer(Protocol):
    """Where the request's bytes wait for the application: it pauses whoever sends them."""

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None: ...

    def unregisterProducer(self) -> None: ...


class RequestBody(Protocol):
    """A request's body, as what carries it needs it: `requests.upload`."""

    #: No more comes.
    over: bool
    #: Once it is over: a checked block.
    trailers: bytes

    @property
    def can_rewind(self) -> bool:
        """Is all that has gone to a stream still here, for another one?"""

    def flow_to(self, origin: OriginStream) -> bytes:
        """From now on bytes go to this stream; gives those that have come already, framed."""


class StreamUser(Protocol):
    """Who uses a carrier after it was upgraded."""

    def raw_received(self, data: bytes) -> None:
        """Bytes of the stream."""

    def raw_ended(self) -> None:
        """The application has closed its direction."""

    def origin_lost(self, error: RequestError) -> None:
        """The carrier is gone before both directions were closed."""


class OriginStream(Protocol):
    """Its user's until `release` or `abort`."""

    #: Whose it is.
    user: OriginUser | None

    @property
    def open(self) -> bool:
        """Can bytes still be written?"""

    @property
    def served(self) -> int:
        """How many requests its connection has served before this one."""

    @property
    def answered(self) -> bool:
        """Has a byte come since the request was sent?"""

    @property
    def refused(self) -> bool:
        """Is it gone, and the request has certainly not been looked at?"""

    @property
    def read_gate(self) -> ReadGate:
        """The reading side."""

    @property
    def authenticated(self) -> bool:
        """Has the application authenticated its connection, so that another one would be answered differently?"""

    @property
    def most_tries(self) -> int:
        """How often an idempotent request is sent in all while such carriers break before any answer."""

    @property
    def out(self) -> Consumer:
        """The writing side."""

    def carry(self, request: Request, target: Target, upload: RequestBody | None) -> None:
        """Send the request, and its body so far. Raises RequestError."""

    def reserve(self, user: OriginUser) -> None:
        """The request of its user will be sent later: its body is still to come."""

    def write(self, data: bytes) -> None:
        """More of the body, or of the upgraded stream."""

    def end_body(self, trailers: bytes) -> None:
        """The body is complete; for carriers whose bodies end by themselves (`Framing.OWN`)."""

    def become_raw(self, user: StreamUser) -> None:
        """The application has accepted the upgrade: all bytes are the stream's."""

    def close_write(self) -> None:
        """End our direction of the upgraded stream."""

    def release(self, reusable: bool) -> None:
        """The answer is complete."""

    def abort(self) -> None:
        """The application sees at once that nobody wants its answer."""


class GivesWay(Protocol):
    """Who can be told that others need what it has."""

    def give_way(self) -> None:
        """Others need its place."""


class OriginUser(Protocol):
    """Who asked for a carrier, and later uses it. After `origin_lost` or `origin_failed` nothing more comes."""

    @property
    def owner(self) -> bytes:
        """Whom a connection that the application authenticates may belong to (`bindings`)."""

    @property
    def share(self) -> bytes:
        """Whom fair shares are counted for."""

    @property
    def leg(self) -> Leg:
        """What of a handshake that authenticates the connection the request carries."""

    def look(self, now: float) -> Held[GivesWay] | None:
        """How it uses its carrier; None: it is not to give way."""

    def origin_ready(self, connection: OriginStream) -> None:
        """The carrier is yours, until `release` or `abort`."""

    def origin_failed(self, error: RequestError) -> None:
        """There is none to be had; nothing was sent."""

    def answer_received(self, events: list[Event]) -> None:
        """Parts of the answer, as they came in one read."""

    def would_repeat(self, origin_stream: OriginStream) -> bool:
        """Would the request be sent once more if this carrier, its own, were lost now?"""

    def origin_lost(self, error: RequestError) -> None:
        """It is gone before the answer (or the stream) was complete."""


class OriginAttempt(Protocol):
    """One wish for a carrier, under way."""

    def cancel(self) -> None:
        """Nobody wants it any more."""


class OriginSource(Protocol):
    """Where carriers to an application come from."""

    def belongs_to(self, owner: bytes) -> bool:
        """Is there a connection that is this owner's alone?"""

    def take(self, user: OriginUser, repeatable: bool, now: float) -> OriginStream | None:
        """One at once, which then is the user's; None: dial."""

    def dial(self, user: OriginUser, timeout: float, patience: float) -> OriginAttempt:
        """One later; the user hears of it, perhaps even before this returns.

        Seconds: `timeout` is for connecting, `patience` the back-end timeout, most of which may pass with waiting for
        a free connection.
        """
