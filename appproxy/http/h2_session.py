"""The HTTP/2 session of one user's connection: nghttp2 with our limits (RFC 9113, 8441, 9218).

nghttp2 bounds by itself what costs memory or time without being a request: unanswered SETTINGS and PING, CONTINUATION
frames, the decoded size of a head, empty DATA, PRIORITY and frames of unknown types (`glitch`), streams beyond the number
that was announced. What it does not count is counted by `service.h2_connection`.
"""

from __future__ import annotations

from ngh2 import Configuration, Connection, Role, Setting

from appproxy.http.request import HeadLimits

#: Requests under way on one connection, as nginx has it: RFC 9113 section 6.5.2 asks for no fewer.
STREAMS = 100
#: Bytes of a body that may come before anybody has asked for it: those of an HTTP/1.1 user, too, wait in 64 KiB.
FIRST_WINDOW = 65_535
#: Bytes of a body under way that whoever takes it has not taken yet: 5 MB/s at a round trip of 50 ms.
WINDOW = 262_144
#: Of all streams together, so that one whose reader has stopped holds up no other. Twice the sum of theirs, because
#: nghttp2 opens it again only when half of it has been used.
CONNECTION_WINDOW = 2 * STREAMS * WINDOW
#: A head that is somewhat too large is answered with 431; only beyond this the whole connection ends.
_ROOM = 2

_SETTINGS = {
    Setting.MAX_CONCURRENT_STREAMS: STREAMS,
    Setting.INITIAL_WINDOW_SIZE: FIRST_WINDOW,
    Setting.ENABLE_CONNECT_PROTOCOL: 1,
    # The priorities of RFC 9218, which browsers send today, in place of the old tree.
    Setting.NO_RFC7540_PRIORITIES: 1,
}


def new_session(limits: HeadLimits) -> Connection:
    """The service's side, its SETTINGS ready to be sent."""
    session = Connection(Role.SERVER, Configuration(
        auto_window_update=False,
        max_inbound_header_list_size=_ROOM * limits.head,
        max_inbound_header_count=_ROOM * limits.fields,
        # A head takes at most four frames of 16 KiB; nghttp2's own bound, and what servers at large agree on.
        max_continuations=8,
        # Answers to PING and SETTINGS that wait because the user does not read.
        max_outbound_ack=100,
        # A burst as a browser with hundreds of images makes it, then 100 a second.
        glitch_rate_limit=(2_000, 100),
    ))
    session.initiate_connection({**_SETTINGS, Setting.MAX_HEADER_LIST_SIZE: limits.head})
    session.set_local_window_size(CONNECTION_WINDOW)
    return session
