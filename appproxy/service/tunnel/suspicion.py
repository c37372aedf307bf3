"""A connector from which nothing comes while requests wait for it: asked at once, and others get its requests meanwhile.

A process that is frozen, or a machine that swaps, holds its connections open; a heartbeat notices after 40 s, and its users
would wait as long. Here it is asked as soon as it is silent with requests in its hands; without an answer new requests go
elsewhere, and of those that it has, the ones that may be sent twice. Nothing is closed: one that answers again is as good
as ever.
"""

from __future__ import annotations

from twisted.logger import Logger

from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.roster import Roster
from appproxy.tunnel.connections.signal import SignalSession

#: Seconds of silence, while requests wait, after which a connector is asked, and in which it then answers.
QUIET_SECONDS = 1.0
ANSWER_SECONDS = 1.0
#: A connector whose application takes its time is asked again and again, and bounds what it is asked: one PING a second.
ASKED_EVERY = 2.0
#: Somebody looks once a second: after more it was this process that was late, and has not read what may have come.
_OURS = 2.0

_log = Logger()


def look(roster: Roster, peer: Peer, sessions: dict[SignalSession, bytes], heard: float, now: float) -> None:
    """Look at one connector, about once a second. `heard`: when the last byte of it came, on whatever connection.

    `sessions`: those of its signal connections; they get what is to be written there.
    """
    answered = peer.asked is None or peer.asked <= heard
    if peer.suspected:
        if answered:
            peer.suspected = False
            _log.info("connector {id} answers again", id=peer.id)
    elif len(peer.in_flight) <= peer.streams or now - heard < QUIET_SECONDS:
        return
    elif peer.asked is None or (answered and now - peer.asked >= ASKED_EVERY) or now - peer.asked > _OURS:
        peer.asked = now
        for session in sessions:
            sessions[session] = session.ping()
    elif not answered and now - peer.asked >= ANSWER_SECONDS:
        peer.suspected = True
        taken = 0
        if roster.has_another(peer):
            requests = list(peer.in_flight.values())
            for request in requests:
                request.stuck()
            taken = len(requests) - len(peer.in_flight)
        _log.warn("connector {id} does not answer: others get new requests, and {count} of those that it had",
                  id=peer.id, count=taken)
