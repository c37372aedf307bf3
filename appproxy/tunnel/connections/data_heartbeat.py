"""Who is alive on a data connection: silence, as on any, and the replies that a peer owes to ATTACH and to STOP."""

from __future__ import annotations

from appproxy.tunnel.connections.heartbeat import Heartbeat
from appproxy.tunnel.limits import TunnelLimits
from appproxy.tunnel.reply import Reply


class DataHeartbeat(Heartbeat):
    """That of one connection, as long as a request is attached.

    `jitter`: 0 to 1, spreads the PINGs of many connections over 54 to 66 s. Of the peer's replies, `asked` says that ATTACH
    has none yet, `stopped` that STOP has none. `reading` is False while the transport is paused: silence then proves nothing.
    """

    __slots__ = ("attach_reply", "now", "stop_reply")

    def __init__(self, limits: TunnelLimits, now: float, jitter: float) -> None:
        super().__init__(
            limits, now, burst=limits.data_ping_burst, every=1 / limits.data_pings,
            ping_after=limits.data_ping_after * (0.9 + 0.2 * jitter), dead_after=limits.data_dead_after,
        )
        #: The last moment that anybody told.
        self.now = now
        self.attach_reply = Reply(limits.attach_answer, now)
        self.stop_reply = Reply(limits.stop_answer, now)

    def is_dead(self, now: float, *, asked: bool, stopped: bool, reading: bool) -> bool:
        """Time has passed: is the peer gone? If not, a PING is queued when it is due."""
        if self.attach_reply.begin(now):
            self.heard = now
        self.stop_reply.begin(now)
        if reading and now >= self._deadline(asked, stopped):
            return True
        self.tick(now)
        if not reading:
            self.excused = now
        return False

    def next_tick(self, *, asked: bool, stopped: bool, reading: bool) -> float:
        """When `is_dead` is to be asked next: in the past when at once (to start a deadline)."""
        if not (self.attach_reply.begun and self.stop_reply.begun):
            return self.now
        ping_at = self.ping_at()
        return min(ping_at, self._deadline(asked, stopped)) if reading else ping_at

    def _deadline(self, asked: bool, stopped: bool) -> float:
        deadline = self.dead_at()
        if asked:
            deadline = min(deadline, self.attach_reply.due(self.excused))
        if stopped:
            deadline = min(deadline, self.stop_reply.due(self.excused))
        return deadline
