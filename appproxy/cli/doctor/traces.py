"""The doctor at either end: does the collector of traces take what it is posted?"""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from appproxy.cli.doctor.findings import Ailing, Health, Walk
from appproxy.cli.doctor.probes import PATIENCE, connect, shake_hands, trusting
from appproxy.config.traces import TraceSettings
from appproxy.http.shown_url import shown_url
from appproxy.trace.otlp import CONTENT_TYPE, encode_export

_HINT = "start the collector, or correct traces.collector; requests do not wait for it, but their traces are lost"
_TRUST = "put the collector's certificate right, or name who vouches for it by traces.ca_bundle"


def examine(walk: Walk, settings: TraceSettings, directory: Path) -> None:
    """Post an export without a span. `directory`: where relative paths count from."""
    if settings.collector is None:
        return
    with walk.step("traces", "correct [traces] in the settings") as notes:
        from appproxy.net.traces.collector import read_files  # with it comes twisted.web

        fields, ca_bundle = read_files(settings, directory)
        try:
            status = _post(settings.collector, dict(fields), ca_bundle)
        except Ailing as error:
            raise Ailing(error.message, error.hint, Health.WARNING) from error
        if not 200 <= status < 300:
            raise Ailing(f"{shown_url(settings.collector)} answers {status}",
                         f"{_HINT}; its key is in traces.collector_fields", Health.WARNING)
        notes.append(shown_url(settings.collector))


def _post(url: str, fields: dict[str, str], ca_bundle: str) -> int:
    """The status. Raises Ailing."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    connection: socket.socket = connect(host, port, _HINT)
    if parts.scheme == "https":
        connection = shake_hands(connection, trusting(ca_bundle), host, _TRUST)
    with connection:
        asking = HTTPConnection(host, port, timeout=PATIENCE)
        asking.sock = connection
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            asking.request("POST", target, encode_export({}, "appproxy", "", []),
                           {"Content-Type": CONTENT_TYPE, "Host": parts.netloc, **fields})
            return asking.getresponse().status
        except (OSError, HTTPException) as error:
            raise Ailing(f"{shown_url(url)}: {error}", _HINT) from error
