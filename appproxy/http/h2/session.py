"""HTTP/2 sessions, of both our ends: nghttp2 with our windows and limits (RFC 9113, 8441, 9218).

nghttp2 bounds by itself what costs memory or time without being a request: unanswered SETTINGS and PING, CONTINUATION
frames, the decoded size of a head, empty DATA, PRIORITY and frames of unknown types (`glitch`), streams beyond the number
that was announced. What it does not count is counted by `service.front.h2.flood_limits`. The connector's end: `h2.client`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ngh2 import Configuration, Connection, NGH2Error, Role, Setting

from appproxy.http.h1.request import HeadLimits

#: Requests under way on one connection, as nginx has it: RFC 9113 section 6.5.2 asks for no fewer. To an application as
#: many at a time as one connection of HTTP/1.1 could serve one after the other; those that announce fewer get fewer.
STREAMS = 100
#: Bytes of a body that may come before anybody has asked for it: those of an HTTP/1.1 user, too, wait in 64 KiB.
FIRST_WINDOW = 65_535
#: Bytes of a body, of either direction, under way that whoever takes it has not taken yet: 5 MB/s at a round trip of 50 ms.
WINDOW = 262_144
#: Of all streams together, so that one whose reader has stopped holds up no other. Twice the sum of theirs, because
#: nghttp2 opens it again only when half of it has been used.
CONNECTION_WINDOW = 2 * STREAMS * WINDOW
#: A head that is somewhat too large is answered with 431; only beyond this the whole connection ends.
_ROOM = 2
#: Cookies that may come one by one (RFC 9113 section 8.2.3). They are one field line, and browsers keep 180 for a host.
COOKIES = 1_000
#: What a field counts for beside its name and value in the size of a field section (RFC 9113 section 6.5.2).
_OF_A_FIELD = 32

_SETTINGS = {
    Setting.MAX_CONCURRENT_STREAMS: STREAMS,
    Setting.INITIAL_WINDOW_SIZE: FIRST_WINDOW,
    Setting.ENABLE_CONNECT_PROTOCOL: 1,
    # The priorities of RFC 9218, which browsers send today, in place of the old tree.
    Setting.NO_RFC7540_PRIORITIES: 1,
}


class H2Session(Connection):
    """What both ends ask of a session, where it may have ended, or the stream: then it is not done, and False is given.

    Whoever has the stream hears of its end by an event.
    """

    def begin(self, settings: Mapping[Setting, int]) -> None:
        """Have the preface and these SETTINGS ready to be sent, with the window of all streams together."""
        self.initiate_connection(settings)
        self.set_local_window_size(CONNECTION_WINDOW)

    def acknowledge(self, stream: int, size: int) -> bool:
        """So many bytes of the stream have been taken: its window, and the connection's, open again."""
        try:
            self.acknowledge_received_data(size, stream)
        except NGH2Error:
            return False
        return True

    def open_window(self, stream: int) -> bool:
        """Somebody reads this stream's body: `WINDOW` of it may be on its way."""
        try:
            self.set_local_window_size(WINDOW, stream_id=stream)
        except NGH2Error:
            return False
        return True

    def send(self, stream: int, data: bytes) -> bool:
        """Send a piece of a body."""
        try:
            self.send_data(stream, data)
        except NGH2Error:
            return False
        return True

    def finish(self, stream: int, trailers: Sequence[tuple[bytes, bytes]] = ()) -> bool:
        """The body is complete."""
        try:
            if trailers:
                self.send_trailers(stream, trailers)
            else:
                self.end_stream(stream)
        except NGH2Error:
            return False
        return True

    def reset(self, stream: int, code: int) -> bool:
        """Break a stream off."""
        try:
            self.reset_stream(stream, code)
        except NGH2Error:
            return False
        return True

    def waiting(self, stream: int) -> int:
        """Bytes of the stream's body that wait for the peer's windows."""
        try:
            return self.queued_body_size(stream)
        except NGH2Error:
            return 0


def new_session(limits: HeadLimits) -> H2Session:
    """The service's side, its SETTINGS ready to be sent."""
    session = H2Session(Role.SERVER, Configuration(
        auto_window_update=False,
        max_inbound_header_list_size=_ROOM * limits.head + COOKIES * (len(b"cookie") + _OF_A_FIELD),
        max_inbound_header_count=_ROOM * limits.fields + COOKIES,
        # A head takes at most four frames of 16 KiB; nghttp2's own bound, and what servers at large agree on.
        max_continuations=8,
        # Answers to PING and SETTINGS that wait because the user does not read.
        max_outbound_ack=100,
        # A burst as a browser with hundreds of images makes it, then 100 a second.
        glitch_rate_limit=(2_000, 100),
    ))
    # Programs that heed it send no larger one, and they count more for a field than a head of HTTP/1.1 has bytes.
    session.begin({**_SETTINGS, Setting.MAX_HEADER_LIST_SIZE: limits.head + _OF_A_FIELD * limits.fields})
    return session
