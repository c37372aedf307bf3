"""Each way to a destination: how an entry is written for it, and what sends a batch there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from appproxy.export.destination import Destination, Way
from appproxy.export.entry import ExportedEntry
from appproxy.export.formats import written
from appproxy.export.syslog import syslog_frame
from appproxy.net.contexts import origin_context
from appproxy.service.exports.delivery import TIMEOUT, DeliveryFailed, Load
from appproxy.service.exports.line_store import append_lines
from appproxy.service.exports.syslog_client import send_frames
from appproxy.service.exports.webhook_client import WebhookClient
from appproxy.service.own.certificate_orders import Runner, in_own_thread
from appproxy.store.service.audit_exports import AuditExport


def writer_for(export: AuditExport) -> Callable[[ExportedEntry], bytes]:
    """Writes an entry as this destination gets it."""
    if export.destination.way in (Way.SYSLOG, Way.SYSLOG_TLS):
        return lambda entry: syslog_frame(entry, export.format)
    return lambda entry: written(entry, export.format)


class Senders:
    """Sends batches (`delivery.Deliver`). What blocks runs in a thread of its own, which nobody waits for at a stop."""

    def __init__(self, reactor: Any, wall_clock: Callable[[], float], run: Runner[None] | None = None) -> None:
        self._reactor = reactor
        self._run: Runner[None] = run or (lambda do: in_own_thread(reactor, do))
        self._webhooks = WebhookClient(reactor, wall_clock)

    def __call__(self, export: AuditExport, load: Load) -> Deferred[None]:
        """Send it, in `TIMEOUT` seconds."""
        place = export.destination
        if place.way is Way.WEBHOOK:
            sent = self._webhooks(export, load)
        elif place.way is Way.FILE:
            sent = self._run(lambda: append_lines(place, load.pieces))
        else:
            sent = self._run(lambda: _send_syslog(export, place, load))
        return sent.addTimeout(TIMEOUT, self._reactor, _late)


def _send_syslog(export: AuditExport, place: Destination, load: Load) -> None:
    context = None
    if place.way is Way.SYSLOG_TLS:
        context = origin_context(place.host, export.ca_bundle, "", True, export.credential)
    send_frames(place.host, place.port, context, load.pieces, TIMEOUT)


def _late(result: object, seconds: float) -> None:
    raise DeliveryFailed(f"nothing was heard in {seconds:g} s")
