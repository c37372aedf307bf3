"""Each way to a destination: how an entry is written for it, and what sends a batch there."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger

from appproxy.export.destination import Destination, Way
from appproxy.export.entry import ExportedEntry
from appproxy.export.formats import written
from appproxy.export.syslog import syslog_frame
from appproxy.net.loop.seldom import LogThinning
from appproxy.net.secure.contexts import origin_context
from appproxy.service.exports.delivery import TIMEOUT, DeliveryFailed, Payload
from appproxy.service.exports.line_store import append_lines
from appproxy.service.exports.syslog_client import send_frames
from appproxy.service.exports.webhook_client import WebhookClient
from appproxy.service.own.certificate_orders import Runner, in_own_thread
from appproxy.store.service.audit_exports import AuditExport

#: Seconds between two lines of the log about a file that cannot be moved away.
_SAID_EVERY = 3600.0


def writer_for(export: AuditExport) -> Callable[[ExportedEntry], bytes]:
    """Writes an entry as this destination gets it."""
    if export.destination.way in (Way.SYSLOG, Way.SYSLOG_TLS):
        return lambda entry: syslog_frame(entry, export.format)
    return lambda entry: written(entry, export.format)


class Senders:
    """Sends batches (`delivery.Deliver`). What blocks runs in a thread of its own, which nobody waits for at a stop."""

    log = Logger()

    def __init__(self, reactor: Any, wall_clock: Callable[[], float], run: Runner[OSError | None] | None = None) -> None:
        self._reactor = reactor
        self._run: Runner[OSError | None] = run or (lambda do: in_own_thread(reactor, do))
        self._webhooks = WebhookClient(reactor, wall_clock)
        self._seldom = LogThinning(_SAID_EVERY)
        #: The ends of threads that were given up and may be alive yet, by destination.
        self._given_up: dict[str, Event] = {}

    def __call__(self, export: AuditExport, load: Payload) -> Deferred[None]:
        """Send it, in `TIMEOUT` seconds."""
        place = export.destination
        if place.way is Way.WEBHOOK:
            return self._webhooks(export, load).addTimeout(TIMEOUT, self._reactor, _late)
        if place.way is Way.FILE:
            sent = self._in_thread(export.id, lambda: append_lines(place, load.pieces))
        else:
            sent = self._in_thread(export.id, lambda: _send_syslog(export, place, load))
        return sent.addCallback(self._said, place)

    def _in_thread(self, id_: str, do: Callable[[], OSError | None]) -> Deferred[OSError | None]:
        """A thread that is stuck, in a dead network file system for example, is not joined by one more at each try."""
        self._given_up = {one: ended for one, ended in self._given_up.items() if not ended.is_set()}
        if id_ in self._given_up:
            return fail(DeliveryFailed("a try before hangs still"))
        ended = Event()

        def work() -> OSError | None:
            try:
                return do()
            finally:
                ended.set()

        def late(result: object, seconds: float) -> None:
            self._given_up[id_] = ended
            _late(result, seconds)

        return self._run(work).addTimeout(TIMEOUT, self._reactor, late)

    def _said(self, problem: OSError | None, place: Destination) -> None:
        if problem is not None and self._seldom.is_due(place.path, self._reactor.seconds()):
            self.log.error("{path} is longer than it should be, and no new file can be begun: {problem}",
                           path=place.path, problem=problem)


def _send_syslog(export: AuditExport, place: Destination, load: Payload) -> None:
    context = None
    if place.way is Way.SYSLOG_TLS:
        context = origin_context(place.host, export.ca_bundle, "", True, export.credential)
    send_frames(place.host, place.port, context, load.pieces, TIMEOUT)


def _late(result: object, seconds: float) -> None:
    raise DeliveryFailed(f"nothing was heard in {seconds:g} s")
