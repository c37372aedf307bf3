"""What is under way is cut when its user may no longer: after changes, when a session is over, when a policy's window ends."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from twisted.logger import Logger

from appproxy.service.relay.relay import Relay
from appproxy.service.relay.revocation import EVERYTHING, Affected, change_between
from appproxy.service.signin.sessions.renewal import Renewal
from appproxy.store.snapshot import Snapshot


class Cuts:
    """Of one node. `wall_clock`: seconds since 1970."""

    log = Logger()

    def __init__(
        self, relay: Relay, snapshot: Callable[[], Snapshot], wall_clock: Callable[[], float], renewal: Renewal | None,
        forget: Callable[[], object] = lambda: None,
    ) -> None:
        """`forget`: takes assignments that have ended out of the store, for nodes of a release that knows of no end."""
        self._forget = forget
        self._relay = relay
        self._snapshot = snapshot
        self._wall_clock = wall_clock
        self._renewal = renewal
        #: When a window of some policy begins or ends next, and when the next assignment ends by itself.
        self._edge = self._end = inf
        if renewal is not None:
            renewal.changed = self._session_changed

    def snapshot_changed(self, old: Snapshot | None, new: Snapshot) -> None:
        """Those whom the change concerns are judged again; with `old` None nothing is under way yet."""
        self._edge = new.policies.next_edge(self._wall_clock())
        if old is None or old.applications is not new.applications:
            self._end = new.next_end(self._wall_clock())
        if old is not None:
            self._judge(new, change_between(old, new))

    def end_windows(self) -> None:
        """To be called every second: if a window has begun or ended, everybody is judged again; if an assignment
        has ended, who uses its application.
        """
        now, snapshot = self._wall_clock(), self._snapshot()
        if now >= self._edge:
            self._edge = snapshot.policies.next_edge(now)
            self._judge(snapshot, EVERYTHING)
        if now >= self._end:
            concerned = [one.id for one in snapshot.applications.values() if any(ends <= now for ends in one.ends)]
            self._end = snapshot.next_end(now)
            self._judge(snapshot, Affected(applications=concerned))
            self._forget()

    def end_expired(self) -> None:
        """To be called regularly: open streams end with their sessions, and are a reason to refresh those until then."""
        now = self._wall_clock()
        if self._renewal is not None:
            found = {one.session.id: one.session for one in self._relay.under_way.endless if one.session is not None}
            for session in found.values():
                self._renewal.watch(session, now)
        count = self._relay.end_expired(self._snapshot(), now)
        if count:
            self.log.info("{count} open streams were cut: their users' sessions are over", count=count)

    def _session_changed(self, id: str) -> None:
        """Refreshing has brought something new: what is under way is judged by it, as the next request is."""
        if self._renewal is not None:
            self._relay.renew_sessions(id, self._renewal.current)
            self._judge(self._snapshot(), Affected(sessions=[id]))

    def _judge(self, snapshot: Snapshot, change: Affected) -> None:
        count = self._relay.judge_again(snapshot, self._wall_clock(), change)
        if count:
            self.log.info("{count} requests under way were cut: their users may no longer", count=count)
