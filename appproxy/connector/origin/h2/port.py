"""What the streams of one HTTP/2 connection to an application ask of it: a few verbs. All of it leaves at the end of a turn.

A verb for a stream that has gone does nothing: it hears of that by itself.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from ngh2 import NGH2Error
from ngh2 import Setting as H2Setting
from twisted.internet.interfaces import IReactorTime

from appproxy.connector.transport import Transport
from appproxy.errors import Code, RequestError
from appproxy.http.fields import decode_block
from appproxy.http.h2.session import H2Session
from appproxy.net.loop.flush_scheduler import at_turn_end
from appproxy.net.secure.sockets import send_now

#: What is taken from the session at once.
_BATCH = 65_536


class OriginH2Stream(Protocol):
    """One request's stream, as its connection sees it."""

    #: Of HTTP/2; 0 until the request is sent.
    id: int
    open: bool

    def __hash__(self) -> int:
        """By identity."""

    def refuse(self) -> None:
        """Nothing of its request has left, so another may carry it."""

    def lost(self, error: RequestError) -> None:
        """The stream is no more."""

    def drained(self) -> bool:
        """The session has sent something: may its sender go on? True when it is not paused, or not any more."""


S = TypeVar("S", bound=OriginH2Stream)
S_contra = TypeVar("S_contra", bound=OriginH2Stream, contravariant=True)


class H2Pool(Protocol[S_contra]):
    """Where the connections of an application are kept."""

    clock: IReactorTime
    #: HTTP/2 has no authentication of connections, and many users share one.
    refuses_credentials: bool

    def give_back(self, stream: S_contra) -> None:
        """A stream is over; twice is as once."""


class OriginH2Port(Generic[S]):
    """The sending side. A connection adds what comes, and how it ends."""

    #: The transport.
    out: Transport

    def __init__(self, pool: H2Pool[S]) -> None:
        self._pool = pool
        self._session: H2Session | None = None
        self._streams: dict[int, S] = {}
        #: Streams that were given out and have not yet sent their request.
        self._given: set[S] = set()
        #: Streams whose senders are paused.
        self._paused: dict[S, None] = {}
        self._blocked = False
        self._left = False
        self._enlisted = False
        self._at_turn_end = at_turn_end(pool.clock)

    # What streams ask.

    @property
    def refuses_credentials(self) -> bool:
        """May no request carry what would authenticate its connection?"""
        return self._pool.refuses_credentials

    @property
    def offers_upgrades(self) -> bool:
        """Does the application take extended CONNECT (RFC 8441)?"""
        session = self._session
        return session is not None and session.remote_settings.get(H2Setting.ENABLE_CONNECT_PROTOCOL) == 1

    def begin(self, stream: S, headers: list[tuple[bytes, bytes]], ended: bool) -> int:
        """Send a request's head; gives the stream's id, or 0 where nothing can be sent any more: then it will be lost."""
        session = self._session
        self._given.discard(stream)
        assert session is not None  # streams are given out when it is up
        try:
            id = session.send_request(headers, end_stream=ended)
        except NGH2Error:
            self._pool.give_back(stream)
            # It has closed since the stream was given out: nothing has left.
            stream.refuse()
            self._pool.clock.callLater(0, stream.lost, RequestError(Code.ORIGIN_CLOSED, "the connection is closing"))
            return 0
        self._streams[id] = stream
        self.enlist()
        return id

    def send(self, stream: S, data: bytes) -> None:
        """Send a piece of body."""
        session = self._session
        assert session is not None  # as in `begin`
        if session.send(stream.id, data):
            self.enlist()

    def end(self, stream: S, trailers: bytes) -> None:
        """End a body."""
        session = self._session
        assert session is not None  # as in `begin`
        if session.finish(stream.id, decode_block(trailers)):
            self.enlist()

    def reset(self, stream: S, code: int) -> None:
        """Break a stream off."""
        if stream in self._given:
            self._given.discard(stream)
            self._pool.give_back(stream)
        if stream.id and self._session is not None:
            if not self._session.reset(stream.id, code):
                return
            self.enlist()
        self._freed()

    def acknowledge(self, stream: S, size: int) -> None:
        """So many bytes were taken: the windows open again."""
        if self._session is not None and self._session.acknowledge(stream.id, size):
            self.enlist()

    def waiting(self, stream: S) -> int:
        """Bytes of the stream's body that wait for the application."""
        session = self._session
        return 0 if session is None or not stream.id else session.waiting(stream.id)

    def await_room(self, stream: S) -> None:
        """Its sender is paused: have it `drained` when something has left."""
        self._paused[stream] = None

    # What goes out.

    def enlist(self) -> None:
        """Something is to be sent: at the end of this turn, with all else."""
        if not self._enlisted:
            self._enlisted = True
            self._at_turn_end(self.flush_turn)

    def flush_turn(self) -> None:
        """Called at the end of the reactor's turn."""
        self._enlisted = False
        if self._session is None or self._left:
            return
        try:
            self._pump()
            self._take_events(self._session)
        except NGH2Error as error:
            self._broken(str(error))
            return
        session = self._session
        if not self._left and session is not None and not session.want_read and not session.want_write and not self._blocked:
            self._end_of_session()

    def _pump(self) -> None:
        session = self._session
        while session is not None and not self._blocked and (output := session.data_to_send(_BATCH)):
            send_now(self.out, output)
        for stream in [stream for stream in self._paused if not stream.open or stream.drained()]:
            self._paused.pop(stream, None)

    # What a connection adds.

    def _freed(self) -> None:
        """A stream has ended: there is room for another, or nothing is under way any more."""
        raise NotImplementedError

    def _take_events(self, session: H2Session) -> None:
        """Hear what the session has understood."""
        raise NotImplementedError

    def _broken(self, reason: str) -> None:
        """The application does not keep to HTTP/2."""
        raise NotImplementedError

    def _end_of_session(self) -> None:
        """The session wants nothing any more: it was told to end, or what came was no HTTP/2."""
        raise NotImplementedError
